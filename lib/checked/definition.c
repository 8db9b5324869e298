/* checked/definition.c - which modules are checked, and their definitions with
 * a thunk for each function.
 *
 * A thunk is a closure of five words that returns one: on the machines kaa
 * knows integers and pointers travel alike, and a function does not look at
 * arguments that it has not got. (cpython/context/thunk.c rests on the same.)
 * What is made here lives as long as the process, as modules' files do.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "checked/checked.h"
#include "module/module.h"

static struct {
    pthread_mutex_t lock;
    kaa_checked__module *modules;
    kaa_ctype_table *types; /* has the next */
    const kaa_ctype *type;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- Thunks */

_Static_assert(sizeof(intptr_t) == sizeof(long long), "a word is a long long");

static kaa_status
find_type(const kaa_ctype **out)
{
    const kaa_ctype *word = kaa_ctype_basic(KAA_CTYPE_LLONG);
    const kaa_ctype_parameter parameters[5] = {{.type = word},
                                               {.type = word},
                                               {.type = word},
                                               {.type = word},
                                               {.type = word}};
    kaa_ctype_table *types = NULL;
    kaa_status status = KAA_OK;

    pthread_mutex_lock(&all.lock);
    if (all.type == NULL) {
        status = kaa_ctype_table_create(&types, NULL);
        if (status == KAA_OK)
            status = kaa_ctype_function(types, word, parameters, 5, 0,
                                        &all.type, NULL);
        if (status == KAA_OK)
            all.types = types;
        else
            kaa_ctype_table_destroy(types);
    }
    *out = all.type;
    pthread_mutex_unlock(&all.lock);
    return status;
}

/* The function's name: "name", or "Type.name". */
static char *
make_name(const kaa_checked__spec *spec, const char *name)
{
    const char *dot = spec != NULL ? strrchr(spec->before.name, '.') : NULL;
    const char *type = dot != NULL    ? dot + 1
                       : spec != NULL ? spec->before.name
                                      : "";
    size_t size = strlen(type) + strlen(name) + 2;
    char *text = kaa_base__alloc(size);

    if (text != NULL)
        snprintf(text, size, "%s%s%s", type, spec != NULL ? "." : "", name);
    return text;
}

typedef void any_function(void);

/* What a function is, for wrap(). */
typedef struct about {
    kaa_checked__kind kind;
    kaa_checked__takes takes;
    const kaa_checked__spec *spec; /* of its type; NULL: the module's */
    int has_data;                  /* its first argument is, or has, data */
} about;

/* What stands for `function`; NULL: there is none, or *failed is set. */
static any_function *
wrap(kaa_checked__module *module, any_function *function, const char *name,
     about what, int *failed)
{
    kaa_checked__thunk *thunk;
    const kaa_ctype *type;

    if (function == NULL || *failed)
        return NULL;
    *failed = 1;
    thunk = kaa_base__alloc_zeroed(sizeof(*thunk));
    if (thunk == NULL)
        return NULL;
    thunk->module = module;
    thunk->function = (kaa_checked__function *)function;
    thunk->kind = what.kind;
    thunk->takes = what.takes;
    thunk->name = make_name(what.spec, name);
    if (what.has_data) {
        thunk->spec = what.spec;
        thunk->data_bytes = what.spec->before.data_bytes;
    }
    if (thunk->name == NULL || find_type(&type) != KAA_OK ||
        kaa_closure_create(type, kaa_checked__called, thunk, NULL,
                           &thunk->closure, NULL) != KAA_OK) {
        kaa_base__free(thunk->name);
        kaa_base__free(thunk);
        return NULL;
    }
    thunk->next = module->thunks;
    module->thunks = thunk;
    *failed = 0;
    return kaa_closure_pointer(thunk->closure);
}

/* ---- Methods */

static int
fill_method(kaa_checked__module *module, const kaa_checked__spec *spec,
            const kaa_method *from, kaa_method *to)
{
    about what = {RETURNS_OBJECT, TAKES_NONE, spec, spec != NULL};
    int failed = 0;

    *to = *from;
    if (from->function == NULL || from->name == NULL ||
        (from->flags & KAA_TYPED) != 0)
        return 1;
    if (from->flags & (KAA_STATIC | KAA_CLASS))
        what.has_data = 0;
    if (from->flags & KAA_ONE)
        what.takes = TAKES_ONE;
    else if (from->flags & (KAA_VARARGS | KAA_KEYWORDS))
        what.takes = TAKES_ARRAY;
    to->function = (kaa_varargs_function)wrap(
        module, (any_function *)from->function, from->name, what, &failed);
    return !failed;
}

static kaa_method *
copy_methods(kaa_checked__module *module, const kaa_checked__spec *spec,
             const kaa_method *from)
{
    size_t count = 0;
    kaa_method *to;

    while (from[count].name != NULL)
        count++;
    to = kaa_base__alloc_zeroed((count + 1) * sizeof(*to));
    for (size_t i = 0; to != NULL && i < count; i++)
        if (!fill_method(module, spec, &from[i], &to[i])) {
            kaa_base__free(to);
            return NULL;
        }
    return to;
}

const kaa_method *
kaa_checked__wrap_method(kaa_checked__module *module, const kaa_method *method)
{
    struct kaa_checked__method *own;
    kaa_checked__thunk *before;

    pthread_mutex_lock(&module->lock);
    before = module->thunks;
    for (own = module->methods; own != NULL; own = own->next)
        if (own->original == method &&
            memcmp(&own->before, method, sizeof(*method)) == 0)
            break;
    if (own == NULL) {
        own = kaa_base__alloc_zeroed(sizeof(*own));
        if (own != NULL) {
            own->original = method;
            own->before = *method;
            if (fill_method(module, NULL, method, &own->method)) {
                own->next = module->methods;
                module->methods = own;
            } else {
                kaa_checked__free_thunks(module, before);
                kaa_base__free(own);
                own = NULL;
            }
        }
    }
    pthread_mutex_unlock(&module->lock);
    return own != NULL ? &own->method : NULL;
}

/* ---- Types */

static int
copy_properties(kaa_checked__module *module, const kaa_checked__spec *spec,
                const kaa_property **in_out)
{
    const about get = {RETURNS_OBJECT, TAKES_NONE, spec, 1};
    const about set = {RETURNS_STATUS, TAKES_ONE, spec, 1};
    const kaa_property *from = *in_out;
    kaa_property *to;
    size_t count = 0;
    int failed = 0;

    if (from == NULL)
        return 1;
    while (from[count].name != NULL)
        count++;
    to = kaa_base__alloc_zeroed((count + 1) * sizeof(*to));
    if (to == NULL)
        return 0;
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
        to[i].get = (kaa_object * (*)(kaa_context *, kaa_object *, void *))
            wrap(module, (any_function *)from[i].get, from[i].name, get,
                 &failed);
        to[i].set = (int (*)(kaa_context *, kaa_object *, kaa_object *,
                             void *))wrap(module, (any_function *)from[i].set,
                                          from[i].name, set, &failed);
    }
    *in_out = to; /* also when it failed: who has the spec frees it */
    return !failed;
}

/* For data that nothing else is done for at their end. */
static void
leave_data(kaa_context *ctx, void *data)
{
    (void)ctx;
    (void)data;
}

/* What is called at the end of data; see data.c. */
static any_function *
end_of(void (*destroy)(kaa_context *, void *),
       void (*clear)(kaa_context *, void *))
{
    if (destroy != NULL)
        return (any_function *)destroy;
    return (any_function *)(clear != NULL ? clear : leave_data);
}

#define WRAP(member, kind, takes)                                              \
    do {                                                                       \
        any_function *wrapped =                                                \
            wrap(module, (any_function *)from.member, #member,                 \
                 (about){kind, takes, own, 1}, &failed);                       \
        memcpy(&to->member, &wrapped, sizeof(wrapped));                        \
    } while (0)

static int
fill_ends(kaa_checked__module *module, kaa_checked__spec *own)
{
    const kaa_type_spec from = own->before;
    kaa_type_spec *to = &own->spec;
    any_function *end;
    int failed = 0;

    WRAP(clear, CLEARS_DATA, TAKES_NONE);
    WRAP(finalize, RETURNS_NOTHING, TAKES_NONE);
    if (from.data_bytes == 0)
        WRAP(destroy, ENDS_DATA, TAKES_NONE);
    if (from.data_bytes == 0)
        return !failed;
    end = wrap(module, end_of(from.destroy, from.clear),
               from.destroy != NULL || from.clear == NULL ? "destroy" : "clear",
               (about){ENDS_DATA, TAKES_NONE, own, 1}, &failed);
    memcpy(&to->destroy, &end, sizeof(end));
    return !failed;
}

static int
fill_spec(kaa_checked__module *module, kaa_checked__spec *own)
{
    const kaa_type_spec from = own->before;
    kaa_type_spec *to = &own->spec;
    int failed = 0;

    WRAP(init, RETURNS_STATUS, TAKES_ARRAY);
    WRAP(repr, RETURNS_STR, TAKES_NONE);
    WRAP(str, RETURNS_STR, TAKES_NONE);
    WRAP(hash, RETURNS_HASH, TAKES_NONE);
    WRAP(compare, RETURNS_OBJECT, TAKES_ONE);
    WRAP(truth, RETURNS_TRUTH, TAKES_NONE);
    WRAP(call, RETURNS_OBJECT, TAKES_ARRAY);
    WRAP(get_attr, RETURNS_OBJECT, TAKES_ONE);
    WRAP(set_attr, RETURNS_STATUS, TAKES_TWO);
    WRAP(iter, RETURNS_OBJECT, TAKES_NONE);
    WRAP(next, RETURNS_NEXT, TAKES_NONE);
    WRAP(length, RETURNS_SIZE, TAKES_NONE);
    WRAP(get_item, RETURNS_OBJECT, TAKES_ONE);
    WRAP(set_item, RETURNS_STATUS, TAKES_TWO);
    WRAP(contains, RETURNS_TRUTH, TAKES_ONE);
    WRAP(unary, RETURNS_OBJECT, TAKES_NONE);
    WRAP(to_int, RETURNS_INT_OBJECT, TAKES_NONE);
    WRAP(to_float, RETURNS_FLOAT_OBJECT, TAKES_NONE);
    WRAP(index, RETURNS_INT_OBJECT, TAKES_NONE);
    WRAP(get_buffer, RETURNS_STATUS, TAKES_NONE);
    if (to->get_buffer != NULL)
        module->thunks->is_buffer = 1;
    WRAP(release_buffer, RETURNS_NOTHING, TAKES_NONE);
    if (!failed && from.methods != NULL) {
        to->methods = copy_methods(module, own, from.methods);
        failed = to->methods == NULL;
    }
    return !failed && copy_properties(module, own, &to->properties);
}
#undef WRAP

/* Either operand of an operator may be the instance: no self is looked at. */
static int
fill_operators(kaa_checked__module *module, kaa_checked__spec *own)
{
    const about what = {RETURNS_OBJECT, TAKES_ONE, own, 0};
    any_function *wrapped;
    int failed = 0;

    wrapped = wrap(module, (any_function *)own->before.binary, "binary", what,
                   &failed);
    memcpy(&own->spec.binary, &wrapped, sizeof(wrapped));
    wrapped = wrap(module, (any_function *)own->before.inplace, "inplace", what,
                   &failed);
    memcpy(&own->spec.inplace, &wrapped, sizeof(wrapped));
    return !failed;
}

static kaa_checked__spec *
make_spec(kaa_checked__module *module, const kaa_type_spec *spec,
          const kaa_type_spec *whole)
{
    kaa_checked__spec *own = kaa_base__alloc_zeroed(sizeof(*own));
    kaa_checked__thunk *before = module->thunks;

    if (own == NULL)
        return NULL;
    own->original = spec;
    own->before = own->spec = *whole;
    own->spec.size = sizeof(own->spec);
    if (whole->data_bytes > module->data_bytes_max)
        module->data_bytes_max = whole->data_bytes;
    if (!fill_ends(module, own) || !fill_spec(module, own) ||
        !fill_operators(module, own)) {
        kaa_checked__free_thunks(module, before);
        kaa_checked__free_spec(own);
        return NULL;
    }
    own->next = module->specs;
    module->specs = own;
    return own;
}

int
kaa_checked__can_wrap(const kaa_type_spec *spec)
{
    return spec->size <= sizeof(*spec) && spec->name != NULL &&
           spec->size >= offsetof(kaa_type_spec, data_bytes);
}

kaa_checked__spec *
kaa_checked__wrap_spec(kaa_checked__module *module, const kaa_type_spec *spec)
{
    kaa_checked__spec *own;
    kaa_type_spec whole = {0};

    memcpy(&whole, spec, spec->size);
    pthread_mutex_lock(&module->lock);
    for (own = module->specs; own != NULL; own = own->next)
        if (own->original == spec &&
            memcmp(&own->before, &whole, sizeof(whole)) == 0)
            break;
    if (own == NULL)
        own = make_spec(module, spec, &whole);
    pthread_mutex_unlock(&module->lock);
    return own;
}

/* ---- Modules */

static int
copy_types(kaa_checked__module *module, const kaa_type_spec *const **in_out)
{
    const kaa_type_spec *const *from = *in_out;
    const kaa_type_spec **to;
    size_t count = 0;

    if (from == NULL)
        return 1;
    while (from[count] != NULL)
        count++;
    to = kaa_base__alloc_zeroed((count + 1) * sizeof(*to));
    if (to == NULL)
        return 0;
    for (size_t i = 0; i < count; i++) {
        kaa_checked__spec *own;

        to[i] = from[i];
        if (!kaa_checked__can_wrap(from[i]))
            continue;
        own = kaa_checked__wrap_spec(module, from[i]);
        if (own == NULL) {
            kaa_base__free(to);
            return 0;
        }
        to[i] = &own->spec;
    }
    *in_out = to;
    return 1;
}

static int
fill_state(kaa_checked__module *module)
{
    kaa_module_def *to = &module->definition;
    about what = {CLEARS_DATA, TAKES_NONE, &module->state, 1};
    any_function *wrapped;
    int failed = 0;

    module->state.before.name = "module";
    module->state.before.data_bytes = to->state_bytes;
    module->state.before.traverse = to->traverse;
    if (to->state_bytes == 0)
        return 1;
    what.kind = ENDS_DATA;
    wrapped =
        wrap(module, end_of(to->destroy, to->clear),
             to->destroy != NULL || to->clear == NULL ? "destroy" : "clear",
             what, &failed);
    memcpy(&to->destroy, &wrapped, sizeof(wrapped));
    what.kind = CLEARS_DATA;
    wrapped = wrap(module, (any_function *)to->clear, "clear", what, &failed);
    memcpy(&to->clear, &wrapped, sizeof(wrapped));
    return !failed;
}

static int
fill_definition(kaa_checked__module *module)
{
    const about exec = {RETURNS_STATUS, TAKES_NONE, NULL, 0};
    kaa_module_def *to = &module->definition;
    any_function *wrapped;
    int failed = 0;

    to->size = sizeof(*to);
    if (to->methods != NULL) {
        to->methods = copy_methods(module, NULL, to->methods);
        if (to->methods == NULL)
            return 0;
    }
    wrapped = wrap(module, (any_function *)to->exec, "exec", exec, &failed);
    memcpy(&to->exec, &wrapped, sizeof(wrapped));
    if (wrapped != NULL)
        module->thunks->is_exec = 1;
    return !failed && fill_state(module) && copy_types(module, &to->types) &&
           kaa_checked__add_static(module);
}

kaa_checked__module *
kaa_checked__modules(void)
{
    kaa_checked__module *first;

    pthread_mutex_lock(&all.lock);
    first = all.modules;
    pthread_mutex_unlock(&all.lock);
    return first;
}

static kaa_checked__module *
module_of(const kaa_module_def *definition)
{
    kaa_checked__module *module = kaa_checked__modules();

    while (module != NULL && module->original != definition)
        module = module->next;
    if (module != NULL)
        return module;
    module = kaa_base__alloc_zeroed(sizeof(*module));
    if (module == NULL)
        return NULL;
    pthread_mutex_init(&module->lock, NULL);
    module->original = definition;
    kaa_module__read(definition, &module->definition);
    if (!fill_definition(module)) {
        kaa_checked__free_module(module);
        return NULL;
    }
    pthread_mutex_lock(&all.lock);
    module->next = all.modules;
    all.modules = module;
    pthread_mutex_unlock(&all.lock);
    return module;
}

void
kaa_checked__end(void)
{
    kaa_checked__module *module, *next;

    pthread_mutex_lock(&all.lock);
    module = all.modules;
    all.modules = NULL;
    pthread_mutex_unlock(&all.lock);
    kaa_checked__forget();
    for (; module != NULL; module = next) {
        next = module->next;
        kaa_checked__free_module(module);
    }
    pthread_mutex_lock(&all.lock);
    kaa_ctype_table_destroy(all.types);
    all.types = NULL;
    all.type = NULL;
    pthread_mutex_unlock(&all.lock);
}

kaa_status
kaa_checked__open(const char *path, const char *choice,
                  const kaa_module_def **out, kaa_error *err)
{
    kaa_status status = kaa_module__open(path, out, err);
    kaa_checked__module *module;
    uint32_t mode = KAA_CHECKED_REPORT;
    int chosen;

    if (status != KAA_OK)
        return status;
    status =
        kaa_checked__is_chosen(path, (*out)->name, choice, &mode, &chosen, err);
    if (status != KAA_OK || !chosen)
        return status;
    module = module_of(*out);
    if (module == NULL)
        return kaa_base__fail_memory(err, "a checked module");
    module->mode = mode;
    if (mode == KAA_CHECKED_STACKS || mode == KAA_CHECKED_FAULT)
        atomic_store(&module->is_noting, 1);
    if (mode == KAA_CHECKED_TRACE)
        kaa_checked__trace_begin(module);
    *out = &module->definition;
    return KAA_OK;
}
