/* examplemodule - the smallest module that shows how one is made: a function
 * that takes a text, a plain C function, constants, and an exception type that
 * is made when the module is filled.
 */
#include <math.h>
#include <stdio.h>

#include <kaa/module.h>

/* What the module keeps, once for each runtime or interpreter. */
typedef struct state {
    kaa_object *error; /* examplemodule.Error */
    int64_t calls;
} state;

static state *
state_of(kaa_context *ctx, kaa_object *module)
{
    return kaa_module_state(ctx, module);
}

/* A module's functions are called with the module for self. */
static kaa_object *
example_func(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs)
{
    const char *input;

    if (!kaa_parse_args(ctx, args, nargs, "s:example_func", &input))
        return NULL;
    if (*input == '\0') {
        kaa_raise(ctx, state_of(ctx, self)->error, "nothing to print");
        return NULL;
    }
    state_of(ctx, self)->calls++;
    printf("Received: %s\n", input);
    fflush(stdout);
    return kaa_none(ctx);
}

static kaa_object *
calls(kaa_context *ctx, kaa_object *self)
{
    return kaa_int(ctx, state_of(ctx, self)->calls);
}

static kaa_object *
repeat(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
       size_t nargs, kaa_object *kwnames)
{
    static const char *const names[] = {"item", "count", NULL};
    kaa_object *item, *list;
    ptrdiff_t count = 2;

    (void)self;
    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "O|n:repeat", names,
                            &item, &count))
        return NULL;
    list = kaa_list_new(ctx, 0);
    for (ptrdiff_t i = 0; list != NULL && i < count; i++)
        if (kaa_list_append(ctx, list, item) != 0)
            KAA_CLEAR(ctx, list);
    return list;
}

static double
hypot3(double x, double y, double z)
{
    return sqrt(x * x + y * y + z * z);
}

static int
examplemodule_exec(kaa_context *ctx, kaa_object *module)
{
    state *own = state_of(ctx, module);

    own->error = kaa_exception_new_type(ctx, "examplemodule.Error",
                                        "There was nothing to print.", NULL);
    if (own->error == NULL)
        return -1;
    return kaa_set_attr_text(ctx, module, "Error", own->error);
}

static int
traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((state *)data)->error);
    return 0;
}

static void
clear(kaa_context *ctx, void *data)
{
    KAA_CLEAR(ctx, ((state *)data)->error);
}

static const kaa_method methods[] = {
    KAA_METHOD("example_func", example_func,
               "example_func(text)\n--\n\nPrint a string."),
    KAA_METHOD_NOARGS("calls", calls,
                      "calls()\n--\n\nHow often example_func() has printed."),
    KAA_METHOD_KEYWORDS("repeat", repeat,
                        "repeat(item, count=2)\n--\n\nA list of one item."),
    KAA_FUNCTION(
        "[[kaa::hold_gil]] double hypot3(double x, double y, double z)", hypot3,
        "Length of a vector."),
    KAA_METHODS_END,
};

static const kaa_constant constants[] = {
    KAA_CONSTANT_INT("answer", 42),
    KAA_CONSTANT_DOUBLE("half", 0.5),
    KAA_CONSTANT_TEXT("greeting", "hello"),
    KAA_CONSTANTS_END,
};

KAA_MODULE(examplemodule,
           .doc = "An example of a module that every Python and C can load.",
           .methods = methods, .constants = constants,
           .state_bytes = sizeof(state), .exec = examplemodule_exec,
           .traverse = traverse, .clear = clear, .destroy = clear);
