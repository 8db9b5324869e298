/* object/numbers/number.c - what the types of values share, and bool. */
#include "object/numbers/number.h"

int
kaa_object__check_count(kaa_context *ctx, const char *function, size_t nargs,
                        size_t least, size_t most, kaa_object *kwnames)
{
    if (kwnames != NULL && kaa_object__tuple_size(ctx, kwnames) > 0)
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR, "%s() takes no keyword arguments", function);
    if (nargs >= least && nargs <= most)
        return 0;
    if (least == most)
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR, "%s() takes %zu argument%s (%zu given)",
            function, least, least == 1 ? "" : "s", nargs);
    return kaa_object__raise_text(
        ctx, KAA_TYPE_ERROR, "%s() expected at %s %zu argument%s, got %zu",
        function, nargs < least ? "least" : "most",
        nargs < least ? least : most,
        (nargs < least ? least : most) == 1 ? "" : "s", nargs);
}

static kaa_object *
repr(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__str_intern(
        ctx, self == kaa_object__constant(KAA_TRUE) ? "True" : "False");
}

static int
truth(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return self == kaa_object__constant(KAA_TRUE);
}

static int
is_bool(const kaa_object *object)
{
    return object == kaa_object__constant(KAA_TRUE) ||
           object == kaa_object__constant(KAA_FALSE);
}

/* Of two bools & | ^ give a bool; all else is done with ints. */
static kaa_object *
binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    if (is_bool(left) && is_bool(right)) {
        int a = truth(ctx, left), b = truth(ctx, right);

        if (op == KAA_AND)
            return kaa_object__bool_of(a & b);
        if (op == KAA_OR)
            return kaa_object__bool_of(a | b);
        if (op == KAA_XOR)
            return kaa_object__bool_of(a ^ b);
    }
    return kaa_object__int_binary(ctx, left, right, op);
}

static kaa_object *
create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
       size_t nargs, kaa_object *kwnames)
{
    int value;

    (void)type;
    if (kaa_object__check_count(ctx, "bool", nargs, 0, 1, kwnames) < 0)
        return NULL;
    if (nargs == 0)
        return kaa_object__bool_of(0);
    value = kaa_object__truth(ctx, args[0]);
    return value < 0 ? NULL : kaa_object__bool_of(value);
}

const kaa_object__type kaa_object__template_bool = {
    .doc = "bool(x=False)\n--\n\nTrue or False: the truth of x.",
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .create = create,
    .repr = repr,
    .hash = kaa_object__int_hash,
    .compare = kaa_object__int_compare,
    .truth = truth,
    .binary = binary,
    .unary = kaa_object__int_unary,
    .to_int = kaa_object__int_itself,
    .to_float = kaa_object__int_as_float,
    .index = kaa_object__int_itself,
};
