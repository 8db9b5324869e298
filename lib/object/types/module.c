/* object/types/module.c - module objects, and the table of a runtime's modules.
 *
 * The table holds each module under the name it was made with; a definition
 * finds its module there too. Modules are few: it is searched one by one.
 */
#include "object/types/module.h"

#include <stdio.h>
#include <string.h>

#include "object/types/type.h"

typedef struct kaa_object__module_entry {
    const kaa_module_def *definition; /* or NULL */
    kaa_object *module;               /* held */
    char *name;
} kaa_object__module_entry;

typedef struct kaa_object__module_table {
    kaa_object__module_entry *entries;
    size_t count, capacity;
} kaa_object__module_table;

static kaa_object__module *
module_of(kaa_object *self)
{
    return (kaa_object__module *)(void *)self;
}

/* ---- Module objects */

static int
module_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    kaa_object__module *own = module_of(self);

    KAA_VISIT(own->dict);
    KAA_VISIT(own->name);
    if (own->state != NULL && own->definition->traverse != NULL)
        return own->definition->traverse(own->state, visit, arg);
    return 0;
}

static void
module_clear(kaa_context *ctx, kaa_object *self)
{
    kaa_object__module *own = module_of(self);

    if (own->state != NULL && own->definition->clear != NULL)
        own->definition->clear(ctx, own->state);
    KAA_CLEAR(ctx, own->dict);
}

static void
module_release(kaa_context *ctx, kaa_object *self)
{
    kaa_object__module *own = module_of(self);
    void *state = own->state;

    if (state != NULL) {
        if (own->definition->destroy != NULL)
            own->definition->destroy(ctx, state);
        else if (own->definition->clear != NULL)
            own->definition->clear(ctx, state);
        own->state = NULL;
        kaa_object__memory_free(ctx, state);
    }
    KAA_CLEAR(ctx, own->dict);
    KAA_CLEAR(ctx, own->name);
}

static void
module_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    kaa_object__module *own = module_of(self);

    if (own->dict != NULL && number-- == 0)
        snprintf(buffer, size, "__dict__");
    else if (own->name != NULL && number-- == 0)
        snprintf(buffer, size, "__name__");
    else
        snprintf(buffer, size, "state[%zu]", number);
}

static kaa_object *
module_repr(kaa_context *ctx, kaa_object *self)
{
    char text[300];

    snprintf(text, sizeof(text), "<module '%.200s'>",
             kaa_object__text_of(ctx, module_of(self)->name));
    return kaa_object__message(ctx, text, strlen(text));
}

static kaa_object *
module_get_attr(kaa_context *ctx, kaa_object *self, kaa_object *name)
{
    kaa_object *value = NULL;
    int found = kaa_object__find_generic(ctx, self, name, &value);

    if (found > 0)
        return value;
    if (found == 0)
        kaa_object__raise_text(ctx, KAA_ATTRIBUTE_ERROR,
                               "module '%.200s' has no attribute '%.200s'",
                               kaa_object__text_of(ctx, module_of(self)->name),
                               kaa_object__text_of(ctx, name));
    return NULL;
}

const kaa_object__type kaa_object__template_module = {
    .doc = "A module.",
    .flags =
        KAA_OBJECT__NO_SUBTYPES | KAA_OBJECT__HAS_DICT | KAA_OBJECT__NEEDS_CALL,
    .block_bytes = sizeof(kaa_object__module),
    .dict_offset = offsetof(kaa_object__module, dict),
    .traverse = module_traverse,
    .clear = module_clear,
    .release = module_release,
    .describe_reference = module_describe,
    .repr = module_repr,
    .get_attr = module_get_attr,
};

/* With __name__ and __doc__. */
static kaa_object__module *
make(kaa_context *ctx, const char *name, const char *doc)
{
    kaa_object__module *self = (void *)kaa_object__new_zeroed(
        ctx, kaa_object__builtin(ctx, KAA_MODULE_TYPE), sizeof(*self),
        KAA_HEAP_OBJECT_TRACKED);
    kaa_object *text = NULL;

    if (self == NULL)
        return NULL;
    self->name = kaa_object__message(ctx, name, strlen(name));
    if (self->name != NULL)
        self->dict = kaa_object__dict_new(ctx);
    if (self->dict != NULL)
        text = doc != NULL ? kaa_object__message(ctx, doc, strlen(doc))
                           : kaa_none(ctx);
    if (text == NULL ||
        kaa_object__dict_set_text(ctx, self->dict, "__name__", 8, self->name) !=
            0 ||
        kaa_object__dict_set_text(ctx, self->dict, "__doc__", 7, text) != 0) {
        kaa_decref(ctx, &self->header);
        self = NULL;
    }
    kaa_decref(ctx, text);
    return self;
}

kaa_object *
kaa_object__module_new(kaa_context *ctx, const char *name)
{
    return (kaa_object *)make(ctx, name, NULL);
}

void *
kaa_object__module_state(kaa_context *ctx, kaa_object *module)
{
    if (!kaa_object__check(ctx, module, KAA_MODULE_TYPE)) {
        kaa_object__raise_type(ctx, "module_state()", "a module", module);
        return NULL;
    }
    return module_of(module)->state;
}

/* ---- The table */

static kaa_object__module_table *
table_of(kaa_context *ctx)
{
    return kaa_object__runtime_of(ctx)->modules;
}

int
kaa_object__modules_start(kaa_context *ctx)
{
    (void)ctx; /* made with the first module */
    return 0;
}

static int
reserve(kaa_context *ctx)
{
    kaa_object__module_table *table = table_of(ctx);
    kaa_object__module_entry *entries;
    size_t capacity;

    if (table == NULL) {
        table = kaa_object__memory(ctx, sizeof(*table));
        if (table == NULL)
            return -1;
        memset(table, 0, sizeof(*table));
        kaa_object__runtime_of(ctx)->modules = table;
    }
    if (table->count < table->capacity)
        return 0;
    capacity = table->capacity != 0 ? table->capacity * 2 : 8;
    entries = table->capacity != 0
                  ? kaa_object__memory_resize(ctx, table->entries,
                                              capacity * sizeof(*entries))
                  : kaa_object__memory(ctx, capacity * sizeof(*entries));
    if (entries == NULL)
        return -1;
    table->entries = entries;
    table->capacity = capacity;
    return 0;
}

int
kaa_object__module_register(kaa_context *ctx, const char *name,
                            kaa_object *module)
{
    size_t bytes = strlen(name) + 1, i;
    kaa_object__module_table *table;
    kaa_object *before;
    char *copy;

    if (!kaa_object__check(ctx, module, KAA_MODULE_TYPE))
        return kaa_object__raise_type(ctx, "module_register()", "a module",
                                      module);
    if (reserve(ctx) != 0)
        return -1;
    table = table_of(ctx);
    for (i = 0; i < table->count; i++) {
        if (strcmp(table->entries[i].name, name) == 0) {
            before = table->entries[i].module;
            table->entries[i].module = kaa_incref(ctx, module);
            table->entries[i].definition = module_of(module)->definition;
            kaa_decref(ctx, before);
            return 0;
        }
    }
    copy = kaa_object__memory(ctx, bytes);
    if (copy == NULL)
        return -1;
    memcpy(copy, name, bytes);
    table->entries[table->count].name = copy;
    table->entries[table->count].definition = module_of(module)->definition;
    table->entries[table->count].module = kaa_incref(ctx, module);
    table->count++;
    return 0;
}

kaa_object *
kaa_object__module_create(kaa_context *ctx, const kaa_module_def *definition,
                          const char *full_name)
{
    kaa_object__module *self;
    void *state = NULL;

    if (full_name == NULL)
        full_name = definition->name;
    self = make(ctx, full_name, definition->doc);
    if (self == NULL)
        return NULL;
    if (definition->state_bytes != 0) {
        state = kaa_object__memory(ctx, definition->state_bytes);
        if (state == NULL) {
            kaa_decref(ctx, &self->header);
            return NULL;
        }
        memset(state, 0, definition->state_bytes);
    }
    self->definition = definition;
    self->state = state;
    if (kaa_object__module_register(ctx, full_name, &self->header) != 0) {
        kaa_decref(ctx, &self->header);
        return NULL;
    }
    return &self->header;
}

int
kaa_object__module_by_name(kaa_context *ctx, const char *name, kaa_object **out)
{
    kaa_object__module_table *table = table_of(ctx);
    size_t i;

    for (i = 0; table != NULL && i < table->count; i++) {
        if (strcmp(table->entries[i].name, name) == 0) {
            *out = kaa_incref(ctx, table->entries[i].module);
            return 1;
        }
    }
    return 0;
}

kaa_object *
kaa_object__module_find(kaa_context *ctx, const kaa_module_def *definition)
{
    kaa_object__module_table *table = table_of(ctx);
    size_t i;

    for (i = 0; table != NULL && i < table->count; i++)
        if (table->entries[i].definition == definition)
            return kaa_incref(ctx, table->entries[i].module);
    kaa_object__raise_text(ctx, KAA_IMPORT_ERROR,
                           "module '%.200s' has not been imported",
                           definition->name);
    return NULL;
}

static void
remove_entry(kaa_context *ctx, kaa_object__module_table *table, size_t index)
{
    kaa_object__module_entry entry = table->entries[index];

    table->count--;
    memmove(&table->entries[index], &table->entries[index + 1],
            (table->count - index) * sizeof(entry));
    kaa_object__memory_free(ctx, entry.name);
    kaa_decref(ctx, entry.module);
}

void
kaa_object__module_forget(kaa_context *ctx, kaa_object *module)
{
    kaa_object__module_table *table = table_of(ctx);
    size_t i;

    for (i = table != NULL ? table->count : 0; i-- > 0;)
        if (i < table->count && table->entries[i].module == module)
            remove_entry(ctx, table, i);
}

/* ---- The end
 *
 * The attributes that types were given become None, as those of modules go: an
 * instance without references is not seen by the collector, and if its type has
 * it for an attribute the two hold each other.
 */

#define TYPES_AT_ONCE 32u

typedef struct changed_types {
    const kaa_object__type *type_type;
    kaa_object__own_type *found[TYPES_AT_ONCE];
    size_t count;
} changed_types;

static int
find_changed(const kaa_heap_block *block, void *user)
{
    kaa_object *object = block->block;
    changed_types *all = user;
    kaa_object__own_type *own = (kaa_object__own_type *)(void *)object;

    if (object->type != all->type_type || !own->is_changed)
        return 0;
    own->is_changed = 0;
    object->word++;
    all->found[all->count++] = own;
    return all->count == TYPES_AT_ONCE;
}

static void
drop_values(kaa_context *ctx, kaa_object *dict)
{
    kaa_object *key = NULL, *value = NULL;
    size_t position = 0;

    while (kaa_object__dict_next(ctx, dict, &position, &key, &value) == 1) {
        if (!kaa_is_tagged(value) && value->type->bind == NULL &&
            !kaa_object__check(ctx, value, KAA_FUNCTION_TYPE) &&
            kaa_object__dict_set(ctx, dict, key, kaa_builtin(ctx, KAA_NONE)) !=
                0)
            kaa_object__error_clear(ctx);
        kaa_decref(ctx, key);
        kaa_decref(ctx, value);
    }
}

static void
types_stop(kaa_context *ctx)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    changed_types all = {.type_type = kaa_object__builtin(ctx, KAA_TYPE_TYPE)};
    size_t i;

    if (!runtime->types_changed)
        return;
    do {
        all.count = 0;
        kaa_heap_walk(runtime->heap, 1u << KAA_HEAP_OBJECT_TRACKED,
                      find_changed, &all);
        kaa_object__type_changed(ctx);
        for (i = 0; i < all.count; i++) {
            if (all.found[i]->type.dict != NULL)
                drop_values(ctx, all.found[i]->type.dict);
            kaa_decref(ctx, &all.found[i]->type.header);
        }
    } while (all.count == TYPES_AT_ONCE);
}

/* The newest module first. What runs meanwhile still finds the others. */
void
kaa_object__modules_stop(kaa_context *ctx)
{
    kaa_object__module_table *table = table_of(ctx);
    kaa_object *module;

    while (table != NULL && table->count != 0) {
        module = kaa_incref(ctx, table->entries[table->count - 1].module);
        remove_entry(ctx, table, table->count - 1);
        module_clear(ctx, module);
        kaa_decref(ctx, module);
    }
    if (table != NULL) {
        if (table->capacity != 0)
            kaa_object__memory_free(ctx, table->entries);
        kaa_object__memory_free(ctx, table);
        kaa_object__runtime_of(ctx)->modules = NULL;
    }
    types_stop(ctx);
}
