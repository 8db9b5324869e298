/* module/module.c - making a module from its definition. */
#include <kaa/module.h>
