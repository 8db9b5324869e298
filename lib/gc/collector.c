/* gc/collector.c - the cycle collector. */
#include <kaa/gc.h>

#include "object/object.h"
