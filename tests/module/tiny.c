/* tests/module/tiny.c - a library whose symbol has a definition's name and no
 * more than a byte. */
#include <kaa/base.h>

KAA_API extern const char kaa_module_definition;
const char kaa_module_definition = 7;
