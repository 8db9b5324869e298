/* ctype/table.c - the owner of types; interning.
 *
 * A derived type is described by a model on the stack, looked up by its parts
 * in one hash set, and copied to the arena only if it is new. Parts are
 * compared by address: names are interned as well, and targets are types that
 * are interned (or are themselves, as records are). Types of other tables may
 * be parts; their tables must live longer.
 */
#include "ctype/intern.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define CAPACITY_MIN 64u

kaa_status
kaa_ctype_table_create(kaa_ctype_table **out_table, kaa_error *err)
{
    kaa_ctype_table *table;

    if (out_table == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "out_table may not be NULL");
    table = kaa_base__alloc_zeroed(sizeof(*table));
    if (table == NULL)
        return kaa_base__fail_memory(err, "a table of types");
    *out_table = table;
    return KAA_OK;
}

void
kaa_ctype_table_destroy(kaa_ctype_table *table)
{
    if (table == NULL)
        return;
#if KAA_CHECKS >= 2
    KAA_ASSERT(kaa_ctype__verify(table) == NULL);
#endif
    kaa_base__free(table->slots);
    kaa_base__table_fini(&table->names);
    kaa_base__arena_fini(&table->arena);
    kaa_base__free(table);
}

const char *
kaa_ctype__intern_name(kaa_ctype_table *table, const char *name, size_t length)
{
    char *copy = kaa_base__table_get(&table->names, name, length);

    if (copy != NULL)
        return copy;
    copy = kaa_base__arena_text(&table->arena, name, length);
    if (copy == NULL || !kaa_base__table_set(&table->names, copy, length, copy))
        return NULL;
    return copy;
}

static uint64_t
mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

uint64_t
kaa_ctype__hash(const kaa_ctype *model)
{
    uint64_t hash = mix(model->kind | (uint64_t)model->flags << 8 |
                            (uint64_t)model->own_qualifiers << 16 |
                            (uint64_t)model->align << 32,
                        (uintptr_t)model->target);

    hash = mix(hash, model->count);
    hash = mix(hash, (uintptr_t)model->name);
    if (model->kind == KAA_CTYPE_FUNCTION) {
        for (uint64_t i = 0; i < model->count; i++) {
            hash = mix(hash, (uintptr_t)model->list.parameters[i].type);
            hash = mix(hash, (uintptr_t)model->list.parameters[i].name);
        }
    }
    return hash;
}

static int
is_like(const kaa_ctype *a, const kaa_ctype *b)
{
    if (a->hash != b->hash || a->kind != b->kind || a->target != b->target ||
        a->count != b->count || a->name != b->name || a->align != b->align ||
        a->own_qualifiers != b->own_qualifiers || a->flags != b->flags)
        return 0;
    if (a->kind != KAA_CTYPE_FUNCTION)
        return 1;
    for (uint64_t i = 0; i < a->count; i++) {
        const kaa_ctype_parameter *left = &a->list.parameters[i];
        const kaa_ctype_parameter *right = &b->list.parameters[i];

        if (left->type != right->type || left->name != right->name)
            return 0;
    }
    return 1;
}

/* The slot of a type like `model`, or the empty one where it would go. */
static kaa_ctype **
find(kaa_ctype **slots, size_t capacity, const kaa_ctype *model)
{
    size_t mask = capacity - 1;
    size_t at = (size_t)model->hash & mask;

    while (slots[at] != NULL && !is_like(slots[at], model))
        at = (at + 1) & mask;
    return &slots[at];
}

static int
grow(kaa_ctype_table *table)
{
    size_t capacity = table->capacity != 0 ? table->capacity * 2 : CAPACITY_MIN;
    kaa_ctype **slots;

    if (capacity > SIZE_MAX / sizeof(*slots))
        return 0;
    slots = kaa_base__alloc_zeroed(capacity * sizeof(*slots));
    if (slots == NULL)
        return 0;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i] != NULL)
            *find(slots, capacity, table->slots[i]) = table->slots[i];
    kaa_base__free(table->slots);
    table->slots = slots;
    table->capacity = capacity;
    return 1;
}

/* A copy of the model on the arena, list and all, or NULL. */
static kaa_ctype *
copy_model(kaa_ctype_table *table, const kaa_ctype *model)
{
    kaa_ctype *type = kaa_base__arena_alloc(&table->arena, sizeof(*type));

    if (type == NULL)
        return NULL;
    *type = *model;
    type->table = table;
    if (type->stripped == NULL)
        type->stripped = type;
    if (type->kind == KAA_CTYPE_FUNCTION && type->count != 0) {
        size_t bytes = (size_t)type->count * sizeof(kaa_ctype_parameter);
        void *copy = kaa_base__arena_alloc(&table->arena, bytes);

        if (copy == NULL)
            return NULL;
        type->list.any = memcpy(copy, model->list.any, bytes);
    }
    return type;
}

kaa_status
kaa_ctype__intern(kaa_ctype_table *table, kaa_ctype *model,
                  const kaa_ctype **out_type, kaa_error *err)
{
    kaa_ctype **slot, *type;

    if (model->depth > KAA_CTYPE__DEPTH_MAX)
        return kaa_base__fail(err, KAA_LIMIT, KAA_NO_ARGUMENT,
                              "the type nests deeper than %u",
                              KAA_CTYPE__DEPTH_MAX);
    if (table->count >= table->capacity / 4 * 3 && !grow(table))
        return kaa_base__fail_memory(err, "a table of types");
    model->hash = kaa_ctype__hash(model);
    slot = find(table->slots, table->capacity, model);
    if (*slot == NULL) {
        type = copy_model(table, model);
        if (type == NULL)
            return kaa_base__fail_memory(err, "a type");
        *slot = type;
        table->count++;
    }
    *out_type = *slot;
    return KAA_OK;
}

kaa_status
kaa_ctype__new(kaa_ctype_table *table, kaa_ctype_kind kind, const char *tag,
               size_t tag_length, const kaa_ctype **out_type, kaa_error *err)
{
    kaa_ctype *type;
    const char *name = NULL;

    if (tag != NULL && tag_length == 0)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "the tag is empty");
    if (tag != NULL) {
        name = kaa_ctype__intern_name(table, tag, tag_length);
        if (name == NULL)
            return kaa_base__fail_memory(err, "a tag");
    }
    type = kaa_base__arena_alloc(&table->arena, sizeof(*type));
    if (type == NULL)
        return kaa_base__fail_memory(err, "a type");
    type->kind = (uint8_t)kind;
    type->align = 1;
    type->stripped = type;
    type->name = name;
    type->table = table;
    *out_type = type;
    return KAA_OK;
}
