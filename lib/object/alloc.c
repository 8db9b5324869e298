/* object/alloc.c - birth and death of objects. */
#include "object/object.h"
