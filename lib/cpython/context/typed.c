/* cpython/context/typed.c - typed functions of extension modules:
 * KAA_FUNCTION().
 *
 * They are bound functions, as kaa.load() makes them: the same converters, the
 * same calls. What stands for their library is made by the host's hook; it
 * holds a capsule that owns the declaration.
 *
 *     module -> function -> owner (Python) -> capsule -> declaration, types
 */
#include "cpython/call/function.h"
#include "cpython/context/context.h"

#include "base/memory.h"
#include "module/module.h"

#define PARSED_NAME "kaa.declaration"

typedef struct parsed {
    kaa_ctype_table *types;
    kaa_decl *decl;
} parsed;

static void
destroy(void *pointer)
{
    parsed *self = pointer;

    kaa_decl_destroy(self->decl);
    kaa_ctype_table_destroy(self->types);
    kaa_base__free(self);
}

/* ---- locks: on free-threaded builds, for functions that rely on the GIL */

static PyObject *
call_locked(PyObject *object, PyObject *const *args, size_t flagged_count,
            PyObject *names)
{
    const kaa_cpython__function *self = kaa_cpython__function_body(object);
    kaa_cpython__section section;
    PyObject *result;

    begin_section(&section, self->lock);
    result = self->unlocked(object, args, flagged_count, names);
    end_section(&section);
    return result;
}

void
kaa_cpython__lock_function(PyObject *function, PyObject *lock)
{
    kaa_cpython__function *self = kaa_cpython__function_body(function);

    self->lock = new_ref(lock);
    self->unlocked = self->vectorcall;
    self->vectorcall = call_locked;
}

/* ---- making one */

static PyObject *
text_of(const char *text)
{
    if (text == NULL)
        return kaa_cpython__new_none();
    return PY(PyUnicode_DecodeUTF8)(text, (ssize_t)strlen(text), "replace");
}

/* hooks.typed(keep, item, address, module, doc) */
static PyObject *
ask(kaa_cpython *host, PyObject *keep, const kaa_decl_item *item,
    const kaa_method *method, PyObject *module)
{
    PyObject *name = PY(PyObject_GetAttrString)(module, "__name__");
    PyObject *doc = text_of(method->doc), *made = NULL;
    PyObject *at = PY(PyLong_FromUnsignedLongLong)((uint64_t)(uintptr_t)item);
    PyObject *address =
        PY(PyLong_FromUnsignedLongLong)((uint64_t)(uintptr_t)method->function);

    if (name != NULL && doc != NULL && at != NULL && address != NULL)
        made = PY(PyObject_CallFunctionObjArgs)(host->hooks[HOOK_TYPED], keep,
                                                at, address, name, doc, NULL);
    xdecref(name);
    xdecref(doc);
    xdecref(at);
    xdecref(address);
    return made;
}

/* An object that owns what was parsed, and frees it on failure. */
static kaa_object *
keep_parsed(kaa_context *ctx, kaa_ctype_table *types, kaa_decl *decl)
{
    parsed *made = kaa_base__alloc_zeroed(sizeof(*made));
    kaa_object *capsule = NULL;

    if (made == NULL) {
        kaa_decl_destroy(decl);
        kaa_ctype_table_destroy(types);
        kaa_raise_memory(ctx);
        return NULL;
    }
    made->types = types;
    made->decl = decl;
    capsule = kaa_capsule_new(ctx, made, PARSED_NAME, destroy);
    if (capsule == NULL)
        destroy(made);
    return capsule;
}

kaa_object *
kaa_cpython__new_typed(kaa_context *ctx, const kaa_method *method,
                       kaa_object *module, void *user)
{
    kaa_cpython *host = own_of(ctx)->host;
    PyObject *lock = kaa_cpython__lock_of(ctx, as_host(module));
    kaa_ctype_table *types = NULL;
    kaa_decl *decl = NULL;
    const kaa_decl_item *item;
    PyObject *function;
    kaa_object *keep;
    int is_plain;

    (void)user;
    item = kaa_module__parse_typed(ctx, method, &types, &decl);
    /* The generic way has the words for what modules cannot declare. */
    is_plain = item != NULL && (host->hooks[HOOK_TYPED] == NULL ||
                                kaa_convert__says_owner(item));
    if (item == NULL || is_plain) {
        kaa_decl_destroy(decl);
        kaa_ctype_table_destroy(types);
        return is_plain ? kaa_module__new_typed(ctx, method, module) : NULL;
    }
    keep = keep_parsed(ctx, types, decl);
    if (keep == NULL)
        return NULL;
    function = ask(host, as_host(keep), item, method, as_host(module));
    /* Without the GIL it runs unlocked, like any C that has released it. */
    if (function != NULL && lock != NULL &&
        kaa_cpython__type(function) == host->function_type &&
        kaa_cpython__function_body(function)->flags & FUNCTION_HOLDS_GIL)
        kaa_cpython__lock_function(function, lock);
    kaa_decref(ctx, keep);
    return as_kaa(function);
}
