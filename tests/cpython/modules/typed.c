/* cpython/modules/typed.c - typed functions that only the bridge converts, and
 * where a typed function may not stand; for test_typed.py. */
#include <kaa/module.h>

#include <stdarg.h>
#include <stdlib.h>

typedef struct point {
    double x, y;
} point;

static point
swap(point value)
{
    return (point){value.y, value.x};
}

static void
mirror(point *value)
{
    value->x = -value->x;
}

static int
count_if(const int *items, size_t count, int (*test)(int item))
{
    int found = 0;

    for (size_t i = 0; i < count; i++)
        found += test(items[i]) != 0;
    return found;
}

static int (*kept)(int);

static void
keep(int (*function)(int))
{
    kept = function;
}

static int
call_kept(int value)
{
    return kept(value);
}

static int
add_up(int count, ...)
{
    va_list more;
    int total = 0;

    va_start(more, count);
    while (count-- > 0)
        total += va_arg(more, int);
    va_end(more);
    return total;
}

static int64_t counter;

/* Right only while one thread at a time is in it. */
static int64_t
bump(int64_t times)
{
    volatile int64_t *at = &counter;

    for (int64_t i = 0; i < times; i++)
        *at = *at + 1;
    return *at;
}

static const kaa_method in_type[] = {
    KAA_FUNCTION("double half(double x)", swap, NULL),
    KAA_METHODS_END,
};

static const kaa_method in_type_static[] = {
    {"", KAA_ANY_FUNCTION(swap), KAA_TYPED | KAA_STATIC, 0, NULL,
     "double half(double x)"},
    KAA_METHODS_END,
};

static const kaa_type_spec types[] = {
    {.size = sizeof(kaa_type_spec), .name = "typed.Bad", .methods = in_type},
    {.size = sizeof(kaa_type_spec),
     .name = "typed.Bad",
     .methods = in_type_static},
};

static kaa_object *
make_type(kaa_context *ctx, kaa_object *self, kaa_object *which)
{
    int64_t number;

    if (kaa_int_as_int64(ctx, which, &number) != 0)
        return NULL;
    return kaa_type_new(ctx, &types[number != 0], self, NULL);
}

static kaa_object *
make_function(kaa_context *ctx, kaa_object *self)
{
    return kaa_function_new(ctx, &in_type[0], self, NULL);
}

static const kaa_method methods[] = {
    KAA_METHOD_ONE("make_type", make_type, NULL),
    KAA_METHOD_NOARGS("make_function", make_function, NULL),
    KAA_FUNCTION("struct point { double x, y; }; "
                 "struct point swap(struct point value)",
                 swap, "swap(value)\n--\n\nThe other way round."),
    KAA_FUNCTION("struct point { double x, y; }; void mirror(struct point *p)",
                 mirror, "mirror(p) without a signature."),
    KAA_FUNCTION("int count_if(const int *items [[kaa::length(count)]], "
                 "size_t count, int (*test)(int item))",
                 count_if, "How many pass."),
    KAA_FUNCTION("void keep(int (*function)(int))", keep, NULL),
    KAA_FUNCTION("[[kaa::hold_gil]] int call_kept(int value);", call_kept,
                 NULL),
    KAA_FUNCTION("int add_up(int count, ...)", add_up, ""),
    KAA_FUNCTION("[[kaa::hold_gil]] int64_t bump(int64_t times)", bump, NULL),
    KAA_METHODS_END,
};

KAA_MODULE(typed, .methods = methods);
