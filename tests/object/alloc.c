/* Birth and death. */
#include "object/help.h"
