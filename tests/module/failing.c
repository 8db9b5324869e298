/* tests/module/failing.c - modules whose filling fails, in the way that FAILING
 * says: nothing may be left of them. */
#include <kaa/module.h>

#define EXCEPTION 1  /* exec raises */
#define SILENT 2     /* exec fails and does not say why */
#define UNREPORTED 3 /* exec succeeds with an exception */
#define CONSTANT 4   /* a constant of no kind */
#define DECLARATION 5

static int
failing_exec(kaa_context *ctx, kaa_object *module)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    /* A cycle through the module. */
    if (list == NULL || kaa_list_append(ctx, list, module) != 0 ||
        kaa_set_attr_text(ctx, module, "cycle", list) != 0) {
        kaa_decref(ctx, list);
        return -1;
    }
    kaa_decref(ctx, list);
    *(int64_t *)kaa_module_state(ctx, module) = 1;
    if (FAILING != SILENT)
        kaa_raise(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), "of the module");
    return FAILING == UNREPORTED ? 0 : -1;
}

static int
function(int value)
{
    return value;
}

static const kaa_method methods[] = {
#if FAILING == DECLARATION
    KAA_FUNCTION("int function(int value, )", function, "Not C."),
#else
    KAA_FUNCTION("int function(int value)", function, "The same."),
#endif
    KAA_METHODS_END,
};

static const kaa_constant constants[] = {
    KAA_CONSTANT_INT("one", 1),
#if FAILING == CONSTANT
    {"odd", 0, 0.0, NULL, 'q', 0},
#endif
    KAA_CONSTANTS_END,
};

KAA_MODULE(failing, .methods = methods, .constants = constants,
           .state_bytes = sizeof(int64_t), .exec = failing_exec);
