/* tests/module/sample.c - a module of everything that a definition can have:
 * state with references, an exec, functions of every kind, typed functions,
 * constants, types.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <kaa/module.h>

/* ---- Typed functions */

enum color { RED, GREEN = 5 };

static int8_t
tiny(int8_t value)
{
    return value;
}

static uint64_t
wide(uint64_t value)
{
    return value;
}

static bool
negate(bool value)
{
    return !value;
}

static char
next_char(char value)
{
    return (char)(value + 1);
}

static float
half(float value)
{
    return value / 2;
}

static enum color
paint(enum color value)
{
    return value;
}

static const char *
skip(const char *text, unsigned count)
{
    return text != NULL && strlen(text) >= count ? text + count : NULL;
}

static double
sum(const double *items, size_t count)
{
    double total = 0;

    for (size_t i = 0; i < count; i++)
        total += items[i];
    return total;
}

static long
dot(const int32_t *a, const int32_t *b, int16_t count)
{
    long total = 0;

    for (int16_t i = 0; i < count; i++)
        total += (long)a[i] * b[i];
    return total;
}

static void
fill(unsigned char *bytes, size_t size, unsigned char value)
{
    memset(bytes, value, size);
}

static int
divide(int a, int b, int *remainder)
{
    *remainder = a % b;
    return a / b;
}

static void
split(double value, double *whole, double *rest)
{
    *rest = modf(value, whole);
}

static int
fail_with(int number)
{
    errno = number;
    return number != 0 ? -1 : 0;
}

static void *
same_address(void *address)
{
    return address;
}

static double
six(double a, int b, float c, long d, double e, short f)
{
    return a + b + (double)c + (double)d + e + f;
}

/* ---- A type */

typedef struct counter {
    int64_t count;
    kaa_object *last;
} counter;

static int
counter_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs, kaa_object *kwnames)
{
    static const char *const names[] = {"start", NULL};
    counter *own = kaa_data(ctx, self);
    long long start = 0;

    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "|L:Counter", names,
                            &start))
        return -1;
    own->count = start;
    return 0;
}

static kaa_object *
counter_add(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    counter *own = kaa_data(ctx, self);
    kaa_object *before = own->last;

    own->last = kaa_incref(ctx, item);
    kaa_decref(ctx, before);
    return kaa_int(ctx, ++own->count);
}

static const kaa_method counter_methods[] = {
    KAA_METHOD_ONE("add", counter_add, "add(item)\n--\n\nCount one more."),
    KAA_METHODS_END,
};

static const kaa_member counter_members[] = {
    {"count", KAA_MEMBER_INT64, KAA_READONLY, offsetof(counter, count), NULL},
    {"last", KAA_MEMBER_OBJECT, 0, offsetof(counter, last), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec counter_spec = {.size = sizeof(kaa_type_spec),
                                           .name = "sample.Counter",
                                           .doc = "Counts.",
                                           .data_bytes = sizeof(counter),
                                           .methods = counter_methods,
                                           .members = counter_members,
                                           .init = counter_init};

/* ---- The module */

typedef struct state {
    kaa_object *made; /* what exec made */
    int64_t execs;
} state;

static kaa_object *
made(kaa_context *ctx, kaa_object *self)
{
    state *own = kaa_module_state(ctx, self);

    return kaa_incref(ctx, own->made);
}

static kaa_object *
first(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs)
{
    (void)self;
    return nargs > 0 ? kaa_incref(ctx, args[0]) : kaa_none(ctx);
}

/* The module, found by its definition. */
static kaa_object *find_self(kaa_context *ctx, kaa_object *self);

static const kaa_method methods[] = {
    KAA_METHOD_NOARGS("made", made, NULL),
    KAA_METHOD("first", first, "first(*args)\n--\n\nThe first argument."),
    KAA_METHOD_NOARGS("find_self", find_self, NULL),
    KAA_FUNCTION("int8_t tiny(int8_t value)", tiny, NULL),
    KAA_FUNCTION("uint64_t wide(uint64_t value);", wide, "As it is."),
    KAA_FUNCTION("_Bool negate(_Bool value)", negate, NULL),
    KAA_FUNCTION("char next_char(char value)", next_char, NULL),
    KAA_FUNCTION("float half(float value)", half, NULL),
    KAA_FUNCTION("enum color { RED, GREEN = 5 }; enum color paint(enum color)",
                 paint, NULL),
    KAA_FUNCTION("const char *skip(const char *text, unsigned count)", skip,
                 NULL),
    KAA_FUNCTION("double sum(const double *items [[kaa::length(count)]], "
                 "size_t count)",
                 sum, NULL),
    KAA_FUNCTION("long dot(const int32_t *a [[kaa::length(count)]], "
                 "const int32_t *b [[kaa::length(count)]], int16_t count)",
                 dot, NULL),
    KAA_FUNCTION("void fill(unsigned char *bytes [[kaa::length(size)]], "
                 "size_t size, unsigned char value)",
                 fill, NULL),
    KAA_FUNCTION("int divide(int a, int b, [[kaa::out]] int *remainder)",
                 divide, NULL),
    KAA_FUNCTION("void split(double value, [[kaa::out]] double *whole, "
                 "[[kaa::out]] double *rest)",
                 split, NULL),
    KAA_FUNCTION("[[kaa::errno]] int fail_with(int number)", fail_with, NULL),
    KAA_FUNCTION("void *same_address(void *address)", same_address, NULL),
    KAA_FUNCTION("[[kaa::hold_gil]] double six(double a, int b, float c, "
                 "long d, double e, short f)",
                 six, NULL),
    KAA_METHODS_END,
};

static const kaa_constant constants[] = {
    KAA_CONSTANT_INT("LEAST", INT64_MIN),
    KAA_CONSTANT_DOUBLE("PI", 3.141592653589793),
    KAA_CONSTANT_TEXT("TEXT", "h\xc3\xa9"),
    KAA_CONSTANT_TEXT("NOTHING", NULL),
    KAA_CONSTANTS_END,
};

static const kaa_type_spec *const types[] = {&counter_spec, NULL};

static int
sample_exec(kaa_context *ctx, kaa_object *module)
{
    state *own = kaa_module_state(ctx, module);

    own->execs++;
    own->made = kaa_build(ctx, "[Oi]", module, 7); /* a cycle */
    return own->made != NULL ? 0 : -1;
}

static int
traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((state *)data)->made);
    return 0;
}

static void
clear(kaa_context *ctx, void *data)
{
    KAA_CLEAR(ctx, ((state *)data)->made);
}

KAA_MODULE(sample, .doc = "Everything.", .methods = methods,
           .constants = constants, .types = types, .state_bytes = sizeof(state),
           .exec = sample_exec, .traverse = traverse, .clear = clear,
           .destroy = clear);

static kaa_object *
find_self(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_module_find(ctx, &kaa_module_definition);
}
