/* module/check.c - what a module may say of its functions and types: the checks
 * that do not depend on the context. */
#include <string.h>

#include "module/module.h"

/* Names that the language looks up in a type's slots: a method of that name in
 * a table would not be called by what it is for. */
static const struct {
    const char *name, *slot; /* NULL: there is none yet */
} special[] = {
    {"__init__", "init"},
    {"__new__", "init"},
    {"__del__", "finalize"},
    {"__repr__", "repr"},
    {"__str__", "str"},
    {"__hash__", "hash"},
    {"__lt__", "compare"},
    {"__le__", "compare"},
    {"__eq__", "compare"},
    {"__ne__", "compare"},
    {"__gt__", "compare"},
    {"__ge__", "compare"},
    {"__bool__", "truth"},
    {"__call__", "call"},
    {"__getattr__", "get_attr"},
    {"__getattribute__", "get_attr"},
    {"__setattr__", "set_attr"},
    {"__delattr__", "set_attr"},
    {"__iter__", "iter"},
    {"__next__", "next"},
    {"__len__", "length"},
    {"__getitem__", "get_item"},
    {"__setitem__", "set_item"},
    {"__delitem__", "set_item"},
    {"__contains__", "contains"},
    {"__int__", "to_int"},
    {"__float__", "to_float"},
    {"__index__", "index"},
    {"__buffer__", "get_buffer"},
    {"__release_buffer__", "release_buffer"},
    {"__neg__", "unary"},
    {"__pos__", "unary"},
    {"__abs__", "unary"},
    {"__invert__", "unary"},
    {"__get__", NULL},
    {"__set__", NULL},
    {"__delete__", NULL},
    {"__await__", NULL},
    {"__aiter__", NULL},
    {"__anext__", NULL},
};

/* In __add__, __radd__ and __iadd__. */
static const char *const operators[] = {
    "add", "sub",    "mul", "matmul", "truediv", "floordiv", "mod",
    "pow", "lshift", "and", "or",     "xor",     "rshift",   "divmod"};

static int
is_operator(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (strlen(operators[i]) == length &&
            memcmp(operators[i], name, length) == 0)
            return 1;
    return 0;
}

/* 1 if the name has, or wants, a slot, whose name is in *out (NULL: kaa has
 * none). */
static int
find_slot(const char *name, const char **out)
{
    size_t length = strlen(name);

    if (length < 6 || memcmp(name, "__", 2) != 0 ||
        memcmp(name + length - 2, "__", 2) != 0)
        return 0;
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (strcmp(special[i].name, name) == 0) {
            *out = special[i].slot;
            return 1;
        }
    name += 2;
    length -= 4;
    *out = "binary";
    if (is_operator(name, length) ||
        (*name == 'r' && is_operator(name + 1, length - 1)))
        return 1;
    *out = "inplace";
    return *name == 'i' && is_operator(name + 1, length - 1);
}

/* `what` is what the table holds: "method", "member", "property". */
static int
check_name(kaa_context *ctx, const kaa_type_spec *spec, const char *what,
           const char *name)
{
    kaa_object *error = kaa_builtin(ctx, KAA_SYSTEM_ERROR);
    const char *slot;

    if (!find_slot(name, &slot))
        return 0;
    if (slot == NULL)
        return kaa_raise_format(ctx, error,
                                "type '%s': the %s '%s' would not be called, "
                                "and kaa_type_spec has no slot for it",
                                spec->name, what, name);
    return kaa_raise_format(ctx, error,
                            "type '%s': the %s '%s' would not be called; use "
                            "the slot '%s' of kaa_type_spec",
                            spec->name, what, name, slot);
}

int
kaa_module__check_method(kaa_context *ctx, const kaa_method *method)
{
    const uint32_t kinds =
        KAA_VARARGS | KAA_KEYWORDS | KAA_NOARGS | KAA_ONE | KAA_TYPED;
    uint32_t kind = method->flags & kinds;

    if (method->name != NULL && method->function != NULL && kind != 0 &&
        (kind & (kind - 1)) == 0)
        return 0;
    return kaa_raise_format(
        ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR), "method %s: %s",
        method->name != NULL ? method->name : "without a name",
        method->name == NULL       ? "a name is needed"
        : method->function == NULL ? "it has no function"
                                   : "its flags say no kind, or several");
}

int
kaa_module__check_type(kaa_context *ctx, const kaa_type_spec *spec)
{
    const kaa_method *method = spec->methods;
    const kaa_member *member = spec->members;
    const kaa_property *property = spec->properties;

    for (; method != NULL && method->name != NULL; method++)
        if (check_name(ctx, spec, "method", method->name) != 0 ||
            kaa_module__check_method(ctx, method) != 0)
            return -1;
    for (; member != NULL && member->name != NULL; member++)
        if (check_name(ctx, spec, "member", member->name) != 0)
            return -1;
    for (; property != NULL && property->name != NULL; property++)
        if (check_name(ctx, spec, "property", property->name) != 0)
            return -1;
    return 0;
}
