/* object/types/function.c - functions of C code as objects, bound methods, and
 * how they are called.
 *
 * A function names the kaa_method it was made of, which tells how it wants its
 * arguments; nothing is copied. What fails leaves a frame with the function's
 * name in the traceback. Typed functions (KAA_TYPED) are turned into functions
 * with keywords by module/; they never come here.
 */
#include <stdio.h>
#include <string.h>

#include "object/types/type.h"

#define KINDS (KAA_NOARGS | KAA_ONE | KAA_VARARGS | KAA_KEYWORDS | KAA_TYPED)
#define NAME_BYTES 256

/* ---- Calling */

/* "module.name", "Type.name" or "name", for messages. */
static void
write_name(kaa_context *ctx, const kaa_method *method, kaa_object *callable,
           char *buffer)
{
    const char *before = NULL, *dot;

    if (callable->type == kaa_object__builtin(ctx, KAA_FUNCTION_TYPE)) {
        kaa_object__function *function = (void *)callable;

        before = function->owner;
        if (before == NULL && function->module != NULL &&
            kaa_object__check(ctx, function->module, KAA_STR_TYPE))
            before = kaa_object__text_of(ctx, function->module);
    } else {
        before = ((kaa_object__descriptor *)(void *)callable)->owner;
    }
    if (before == NULL) {
        snprintf(buffer, NAME_BYTES, "%.200s", method->name);
        return;
    }
    dot = strrchr(before, '.');
    snprintf(buffer, NAME_BYTES, "%.100s.%.100s",
             dot != NULL ? dot + 1 : before, method->name);
}

int
kaa_object__refuse_keywords(kaa_context *ctx, const char *name,
                            kaa_object *kwnames)
{
    if (kwnames == NULL || kaa_object__tuple_size(ctx, kwnames) == 0)
        return 0;
    return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                  "%.200s() takes no keyword arguments", name);
}

/* Whether there are keywords, for a function that has none. */
static int
has_keywords(kaa_context *ctx, const kaa_method *method, kaa_object *callable,
             kaa_object *kwnames)
{
    char name[NAME_BYTES];

    if (kaa_object__tuple_size(ctx, kwnames) == 0)
        return 0;
    write_name(ctx, method, callable, name);
    kaa_object__refuse_keywords(ctx, name, kwnames);
    return 1;
}

static kaa_object *
refuse_count(kaa_context *ctx, const kaa_method *method, kaa_object *callable,
             size_t nargs)
{
    char name[NAME_BYTES];

    write_name(ctx, method, callable, name);
    kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                           (method->flags & KAA_NOARGS) != 0
                               ? "%s() takes no arguments (%zu given)"
                               : "%s() takes exactly one argument (%zu given)",
                           name, nargs);
    return NULL;
}

/* The end of a call that failed or has an exception beside its result. */
static kaa_object *
end_badly(kaa_context *ctx, const kaa_method *method, kaa_object *callable,
          kaa_object *result)
{
    result = kaa_object__check_result(ctx, callable, result);
    kaa_object__error_add_frame(ctx, method->name, NULL, 0);
    return result;
}

kaa_object *
kaa_object__invoke(kaa_context *ctx, const kaa_method *method,
                   kaa_object *callable, kaa_object *self,
                   kaa_object *const *args, size_t nargs, kaa_object *kwnames)
{
    void (*function)(void) = (void (*)(void))method->function;
    kaa_object *result;

    if (KAA_UNLIKELY(kwnames != NULL) && (method->flags & KAA_KEYWORDS) == 0) {
        if (has_keywords(ctx, method, callable, kwnames))
            return NULL;
    }
    switch (method->flags & KINDS) {
    default: /* KAA_VARARGS: the kind was looked at when it was made */
        result = method->function(ctx, self, args, nargs);
        break;
    case KAA_NOARGS:
        if (nargs != 0)
            return refuse_count(ctx, method, callable, nargs);
        result = ((kaa_noargs_function)function)(ctx, self);
        break;
    case KAA_ONE:
        if (nargs != 1)
            return refuse_count(ctx, method, callable, nargs);
        result = ((kaa_one_function)function)(ctx, self, args[0]);
        break;
    case KAA_KEYWORDS:
        result =
            ((kaa_keywords_function)function)(ctx, self, args, nargs, kwnames);
        break;
    }
    if (KAA_UNLIKELY(result == NULL || kaa_object__has_error(ctx)))
        return end_badly(ctx, method, callable, result);
    return result;
}

/* ---- Docs */

/* The end of the signature that a doc begins with: "...)" and then its marker;
 * NULL if it has none. */
static const char *
signature_end(const char *doc)
{
    const char *end = doc != NULL ? strstr(doc, ")\n--\n\n") : NULL;

    if (end == NULL || memchr(doc, '(', (size_t)(end - doc)) == NULL)
        return NULL;
    return end + 1;
}

kaa_object *
kaa_object__doc_text(kaa_context *ctx, const char *doc)
{
    const char *end = signature_end(doc);

    if (doc == NULL)
        return kaa_none(ctx);
    if (end != NULL)
        doc = end + 5;
    return kaa_object__message(ctx, doc, strlen(doc));
}

kaa_object *
kaa_object__doc_signature(kaa_context *ctx, const char *doc)
{
    const char *end = signature_end(doc), *start;

    if (end == NULL)
        return kaa_none(ctx);
    start = strchr(doc, '(');
    return kaa_object__message(ctx, start, (size_t)(end - start));
}

/* ---- Functions as objects */

kaa_object *
kaa_object__function_new(kaa_context *ctx, const kaa_method *method,
                         kaa_object *self, kaa_object *module)
{
    kaa_object__function *function;

    if ((method->flags & KAA_TYPED) != 0) {
        kaa_object__raise_text(ctx, KAA_SYSTEM_ERROR,
                               "a typed function can only stand in the table "
                               "of a module: %s",
                               method->declaration != NULL ? method->declaration
                                                           : "no declaration");
        return NULL;
    }
    function = (void *)kaa_object__new(
        ctx, kaa_object__builtin(ctx, KAA_FUNCTION_TYPE), sizeof(*function),
        (self != NULL && kaa_object__is_tracked(self)) ||
                (module != NULL && kaa_object__is_tracked(module))
            ? KAA_HEAP_OBJECT_TRACKED
            : KAA_HEAP_OBJECT_PLAIN);
    if (function == NULL)
        return NULL;
    function->method = method;
    function->self = kaa_incref(ctx, self);
    function->module = kaa_incref(ctx, module);
    function->owner = NULL;
    return &function->header;
}

static int
function_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    kaa_object__function *function = (void *)self;

    KAA_VISIT(function->self);
    KAA_VISIT(function->module);
    return 0;
}

static void
function_clear(kaa_context *ctx, kaa_object *self)
{
    kaa_object__function *function = (void *)self;

    KAA_CLEAR(ctx, function->self);
    KAA_CLEAR(ctx, function->module);
}

static void
function_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    kaa_object__function *function = (void *)self;

    snprintf(buffer, size, "%s",
             number == 0 && function->self != NULL ? "__self__" : "__module__");
}

static kaa_object *
function_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs, kaa_object *kwnames)
{
    kaa_object__function *function = (void *)self;

    return kaa_object__invoke(ctx, function->method, self, function->self, args,
                              nargs, kwnames);
}

static kaa_object *
function_repr(kaa_context *ctx, kaa_object *self)
{
    kaa_object__function *function = (void *)self;
    char text[NAME_BYTES * 2];

    if (function->self == NULL || function->owner == NULL)
        snprintf(text, sizeof(text), "<built-in function %.200s>",
                 function->method->name);
    else
        snprintf(text, sizeof(text),
                 "<built-in method %.200s of %.200s object at %p>",
                 function->method->name,
                 kaa_object__borrow_type(ctx, function->self)->name,
                 (void *)function->self);
    return kaa_object__message(ctx, text, strlen(text));
}

/* Bound methods are equal where method and object are. */
static kaa_object *
function_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    kaa_object__function *left = (void *)self, *right = (void *)other;

    if ((op != KAA_EQ && op != KAA_NE) || kaa_is_tagged(other) ||
        other->type != self->type)
        return kaa_not_implemented(ctx);
    return kaa_object__truth_value(
        (left->method == right->method && left->self == right->self) ==
        (op == KAA_EQ));
}

static int64_t
function_hash(kaa_context *ctx, kaa_object *self)
{
    kaa_object__function *function = (void *)self;
    uint64_t bits = (uint64_t)(uintptr_t)function->method * 31u +
                    (uint64_t)(uintptr_t)function->self;

    (void)ctx;
    return (int64_t)(bits >> 4 | bits << 60);
}

static kaa_object *
get_name(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__function *function = (void *)self;
    const char *name = function->method->name;

    (void)user;
    return kaa_object__message(ctx, name, strlen(name));
}

static kaa_object *
get_qualname(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__function *function = (void *)self;
    char name[NAME_BYTES];

    if (function->owner == NULL)
        return get_name(ctx, self, user);
    write_name(ctx, function->method, self, name);
    return kaa_object__message(ctx, name, strlen(name));
}

static kaa_object *
get_doc(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_object__doc_text(
        ctx, ((kaa_object__function *)(void *)self)->method->doc);
}

static kaa_object *
get_signature(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_object__doc_signature(
        ctx, ((kaa_object__function *)(void *)self)->method->doc);
}

static kaa_object *
get_self(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__function *function = (void *)self;

    (void)user;
    return function->self != NULL ? kaa_incref(ctx, function->self)
                                  : kaa_none(ctx);
}

static kaa_object *
get_module(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__function *function = (void *)self;

    (void)user;
    return function->module != NULL ? kaa_incref(ctx, function->module)
                                    : kaa_none(ctx);
}

static const kaa_property function_properties[] = {
    {"__name__", get_name, NULL, NULL, NULL},
    {"__qualname__", get_qualname, NULL, NULL, NULL},
    {"__doc__", get_doc, NULL, NULL, NULL},
    {"__text_signature__", get_signature, NULL, NULL, NULL},
    {"__self__", get_self, NULL, NULL, NULL},
    {"__module__", get_module, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const kaa_object__type kaa_object__template_function = {
    .doc = "A function written in C.",
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .block_bytes = sizeof(kaa_object__function),
    .properties = function_properties,
    .traverse = function_traverse,
    .clear = function_clear,
    .release = function_clear,
    .describe_reference = function_describe,
    .repr = function_repr,
    .hash = function_hash,
    .compare = function_compare,
    .call = function_call,
};
