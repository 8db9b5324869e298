/* checked/definition.c - which modules are checked, and their definitions with
 * a thunk for each function.
 *
 * A thunk is a closure of five words that returns one: on the machines kaa
 * knows integers and pointers travel alike, and a function does not look at
 * arguments that it has not got. (cpython/context/thunk.c rests on the same.)
 * What is made here lives as long as the process, as modules' files do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "checked/checked.h"
#include "module/module.h"

struct kaa_checked__spec {
    struct kaa_checked__spec *next;
    const kaa_type_spec *original;
    kaa_type_spec before; /* the original's content */
    kaa_type_spec spec;
};

struct kaa_checked__method {
    struct kaa_checked__method *next;
    const kaa_method *original;
    kaa_method before;
    kaa_method method;
};

static struct {
    pthread_mutex_t lock;
    kaa_checked__module *modules;
    char *selected; /* what kaa_checked_select() was given, with commas */
    const kaa_ctype *type;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- Choosing */

/* The next "name[:mode]" of a list: 1, 0 at its end, -1 if it is wrong. */
static int
next_choice(const char **list, const char **name, size_t *length,
            uint32_t *mode)
{
    static const char *const modes[] = {"report", "raise", "abort"};
    const char *start = *list, *colon = NULL;
    size_t all_of_it = strcspn(start, ",");

    if (*start == '\0')
        return 0;
    *list = start + all_of_it + (start[all_of_it] == ',');
    for (size_t i = 0; i < all_of_it; i++)
        if (start[i] == ':')
            colon = start + i;
    *name = start;
    *length = colon != NULL ? (size_t)(colon - start) : all_of_it;
    *mode = KAA_CHECKED_REPORT;
    if (*length == 0)
        return -1;
    for (uint32_t i = 0; colon != NULL; i++) {
        size_t rest = all_of_it - *length - 1;

        if (i == 3)
            return -1;
        if (strlen(modes[i]) == rest &&
            memcmp(modes[i], colon + 1, rest) == 0) {
            *mode = i;
            break;
        }
    }
    return 1;
}

static int
is_chosen(const char *list, const char *path, const char *name, uint32_t *mode)
{
    const char *chosen;
    uint32_t its_mode;
    size_t length;
    int more;

    if (list == NULL)
        return 0;
    while ((more = next_choice(&list, &chosen, &length, &its_mode)) != 0)
        if (more > 0 &&
            ((strlen(name) == length && memcmp(name, chosen, length) == 0) ||
             (strlen(path) == length && memcmp(path, chosen, length) == 0))) {
            *mode = its_mode;
            return 1;
        }
    return 0;
}

kaa_status
kaa_checked_select(const char *choice, kaa_error *err)
{
    const char *rest = choice, *name;
    size_t length, before;
    uint32_t mode;
    char *longer;
    int more;

    if (choice == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "choice may not be NULL");
    while ((more = next_choice(&rest, &name, &length, &mode)) > 0)
        continue;
    if (more < 0 || *choice == '\0')
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "\"%.80s\": a module, or a module and :report, "
                              ":raise or :abort was expected",
                              choice);
    pthread_mutex_lock(&all.lock);
    before = all.selected != NULL ? strlen(all.selected) : 0;
    length = strlen(choice);
    longer = kaa_base__alloc(before + length + 2);
    if (longer != NULL) { /* the newest first */
        memcpy(longer, choice, length + 1);
        if (before != 0)
            longer[length] = ',';
        if (before != 0)
            memcpy(longer + length + 1, all.selected, before + 1);
        kaa_base__free(all.selected);
        all.selected = longer;
    }
    pthread_mutex_unlock(&all.lock);
    return longer != NULL ? KAA_OK : kaa_base__fail_memory(err, "a choice");
}

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
        if (status != KAA_OK)
            kaa_ctype_table_destroy(types);
    }
    *out = all.type;
    pthread_mutex_unlock(&all.lock);
    return status;
}

/* The function's name: "name", or "Type.name" with a spec. */
static char *
make_name(const kaa_type_spec *spec, const char *name)
{
    const char *dot = spec != NULL ? strrchr(spec->name, '.') : NULL;
    const char *type = dot != NULL ? dot + 1 : spec != NULL ? spec->name : "";
    size_t size = strlen(type) + strlen(name) + 2;
    char *text = kaa_base__alloc(size);

    if (text != NULL)
        snprintf(text, size, "%s%s%s", type, spec != NULL ? "." : "", name);
    return text;
}

typedef void any_function(void);

/* What stands for `function`; NULL: there is none, or *failed is set. */
static any_function *
wrap(kaa_checked__module *module, any_function *function,
     kaa_checked__kind kind, const kaa_type_spec *spec, const char *name,
     int *failed)
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
    thunk->kind = kind;
    thunk->name = make_name(spec, name);
    thunk->data_bytes = spec != NULL ? spec->data_bytes : 0;
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
fill_method(kaa_checked__module *module, const kaa_type_spec *spec,
            const kaa_method *from, kaa_method *to)
{
    int failed = 0;

    *to = *from;
    if (from->function == NULL || from->name == NULL ||
        (from->flags & KAA_TYPED) != 0)
        return 1;
    if (from->flags & (KAA_STATIC | KAA_CLASS)) {
        kaa_type_spec named = {.name = spec != NULL ? spec->name : ""};

        to->function = (kaa_varargs_function)wrap(
            module, (any_function *)from->function, RETURNS_OBJECT,
            spec != NULL ? &named : NULL, from->name, &failed);
        return !failed;
    }
    to->function =
        (kaa_varargs_function)wrap(module, (any_function *)from->function,
                                   RETURNS_OBJECT, spec, from->name, &failed);
    return !failed;
}

static kaa_method *
copy_methods(kaa_checked__module *module, const kaa_type_spec *spec,
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

    pthread_mutex_lock(&module->lock);
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
copy_properties(kaa_checked__module *module, const kaa_type_spec *spec,
                const kaa_property **in_out)
{
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
            wrap(module, (any_function *)from[i].get, RETURNS_OBJECT, spec,
                 from[i].name, &failed);
        to[i].set =
            (int (*)(kaa_context *, kaa_object *, kaa_object *, void *))wrap(
                module, (any_function *)from[i].set, RETURNS_INT, spec,
                from[i].name, &failed);
    }
    *in_out = to; /* kept, also when it failed: thunks refer to nothing in it */
    return !failed;
}

static int
fill_spec(kaa_checked__module *module, kaa_type_spec *to)
{
    const kaa_type_spec from = *to;
    int failed = 0;

#define WRAP(member, kind)                                                     \
    do {                                                                       \
        any_function *wrapped = wrap(module, (any_function *)from.member,      \
                                     kind, &from, #member, &failed);           \
        memcpy(&to->member, &wrapped, sizeof(wrapped));                        \
    } while (0)
    WRAP(clear, ENDS_DATA);
    WRAP(destroy, ENDS_DATA);
    WRAP(finalize, RETURNS_NOTHING);
    WRAP(init, RETURNS_INT);
    WRAP(repr, RETURNS_OBJECT);
    WRAP(str, RETURNS_OBJECT);
    WRAP(hash, RETURNS_HASH);
    WRAP(compare, RETURNS_OBJECT);
    WRAP(truth, RETURNS_INT);
    WRAP(call, RETURNS_OBJECT);
    WRAP(get_attr, RETURNS_OBJECT);
    WRAP(set_attr, RETURNS_INT);
    WRAP(iter, RETURNS_OBJECT);
    WRAP(next, RETURNS_NEXT);
    WRAP(length, RETURNS_SIZE);
    WRAP(get_item, RETURNS_OBJECT);
    WRAP(set_item, RETURNS_INT);
    WRAP(contains, RETURNS_INT);
    WRAP(unary, RETURNS_OBJECT);
    WRAP(to_int, RETURNS_OBJECT);
    WRAP(to_float, RETURNS_OBJECT);
    WRAP(index, RETURNS_OBJECT);
    WRAP(get_buffer, RETURNS_INT);
    WRAP(release_buffer, RETURNS_NOTHING);
#undef WRAP
    if (!failed && from.methods != NULL) {
        to->methods = copy_methods(module, &from, from.methods);
        failed = to->methods == NULL;
    }
    return !failed && copy_properties(module, &from, &to->properties);
}

/* Either operand of an operator may be the instance: no self is looked at. */
static int
fill_operators(kaa_checked__module *module, kaa_type_spec *to)
{
    const kaa_type_spec from = *to;
    kaa_type_spec named = {.name = from.name};
    any_function *wrapped;
    int failed = 0;

    wrapped = wrap(module, (any_function *)from.binary, RETURNS_OBJECT, &named,
                   "binary", &failed);
    memcpy(&to->binary, &wrapped, sizeof(wrapped));
    wrapped = wrap(module, (any_function *)from.inplace, RETURNS_OBJECT, &named,
                   "inplace", &failed);
    memcpy(&to->inplace, &wrapped, sizeof(wrapped));
    return !failed;
}

static struct kaa_checked__spec *
make_spec(kaa_checked__module *module, const kaa_type_spec *spec,
          const kaa_type_spec *whole)
{
    struct kaa_checked__spec *own = kaa_base__alloc_zeroed(sizeof(*own));

    if (own == NULL)
        return NULL;
    own->original = spec;
    own->before = own->spec = *whole;
    own->spec.size = sizeof(own->spec);
    if (whole->data_bytes > module->data_bytes_max)
        module->data_bytes_max = whole->data_bytes;
    if (!fill_spec(module, &own->spec) || !fill_operators(module, &own->spec)) {
        kaa_base__free(own);
        return NULL;
    }
    own->next = module->specs;
    module->specs = own;
    return own;
}

const kaa_type_spec *
kaa_checked__wrap_spec(kaa_checked__module *module, const kaa_type_spec *spec)
{
    struct kaa_checked__spec *own;
    kaa_type_spec whole = {0};

    /* What the inner context refuses, it is shown as it is. */
    if (spec->size > sizeof(whole) || spec->name == NULL ||
        spec->size < offsetof(kaa_type_spec, data_bytes))
        return spec;
    memcpy(&whole, spec, spec->size);
    pthread_mutex_lock(&module->lock);
    for (own = module->specs; own != NULL; own = own->next)
        if (own->original == spec &&
            memcmp(&own->before, &whole, sizeof(whole)) == 0)
            break;
    if (own == NULL)
        own = make_spec(module, spec, &whole);
    pthread_mutex_unlock(&module->lock);
    return own != NULL ? &own->spec : NULL;
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
        to[i] = kaa_checked__wrap_spec(module, from[i]);
        if (to[i] == NULL) {
            kaa_base__free(to);
            return 0;
        }
    }
    *in_out = to;
    return 1;
}

static int
fill_definition(kaa_checked__module *module)
{
    kaa_module_def *to = &module->definition;
    kaa_type_spec state = {.name = "module", .data_bytes = to->state_bytes};
    any_function *wrapped;
    int failed = 0;

    to->size = sizeof(*to);
    if (to->methods != NULL) {
        to->methods = copy_methods(module, NULL, to->methods);
        if (to->methods == NULL)
            return 0;
    }
    wrapped = wrap(module, (any_function *)to->exec, RETURNS_INT, NULL, "exec",
                   &failed);
    memcpy(&to->exec, &wrapped, sizeof(wrapped));
    if (wrapped != NULL)
        module->thunks->is_exec = 1;
    wrapped = wrap(module, (any_function *)to->clear, ENDS_DATA, &state,
                   "clear", &failed);
    memcpy(&to->clear, &wrapped, sizeof(wrapped));
    wrapped = wrap(module, (any_function *)to->destroy, ENDS_DATA, &state,
                   "destroy", &failed);
    memcpy(&to->destroy, &wrapped, sizeof(wrapped));
    return !failed && copy_types(module, &to->types) &&
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
        /* Its thunks are nobody's; a later import makes new ones. */
        return NULL;
    }
    pthread_mutex_lock(&all.lock);
    module->next = all.modules;
    all.modules = module;
    pthread_mutex_unlock(&all.lock);
    return module;
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
    pthread_mutex_lock(&all.lock);
    chosen = is_chosen(all.selected, path, (*out)->name, &mode);
    pthread_mutex_unlock(&all.lock);
    if (!chosen && !is_chosen(choice, path, (*out)->name, &mode) &&
        !is_chosen(getenv("KAA_CHECK"), path, (*out)->name, &mode))
        return KAA_OK;
    module = module_of(*out);
    if (module == NULL)
        return kaa_base__fail_memory(err, "a checked module");
    module->mode = mode;
    *out = &module->definition;
    return KAA_OK;
}
