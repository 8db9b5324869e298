/* cpython/modules/untyped.c - a module whose typed function cannot be had
 * anywhere; for test_typed.py. */
#include <kaa/module.h>

static const char *
text(void)
{
    return "";
}

static const kaa_method methods[] = {
    KAA_FUNCTION("[[kaa::free(release)]] const char *text(void)", text, NULL),
    KAA_METHODS_END,
};

KAA_MODULE(untyped, .methods = methods);
