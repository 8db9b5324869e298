/* decl/select.c - which of a header's declarations were asked for.
 *
 * Chosen is what a pattern names, or, without patterns, what stands in the
 * headers that were named (the preprocessor's markers say of the others that
 * they are the system's), and what the text itself declares. All else is
 * hidden, but for the types that something chosen mentions, and those that they
 * mention.
 */
#include "decl/internal.h"

#include <fnmatch.h>
#include <string.h>

#include "base/memory.h"

/* Types to their entries: open addressing. */
struct index {
    const kaa_ctype **types;
    uint32_t *entries;
    size_t capacity; /* a power of two */
};

struct walk {
    kaa_decl__parser *p;
    struct index index;
    kaa_decl__vector open; /* of const kaa_ctype *: still to be looked at */
};

static size_t
slot_of(const struct index *index, const kaa_ctype *type)
{
    uint64_t hash = (uint64_t)(uintptr_t)type / 16 * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(hash >> 32) & (index->capacity - 1);

    while (index->types[at] != NULL && index->types[at] != type)
        at = (at + 1) & (index->capacity - 1);
    return at;
}

static int
make_index(struct walk *w)
{
    const kaa_decl *decl = w->p->decl;
    struct index *index = &w->index;

    index->capacity = 64;
    while (index->capacity < 2 * decl->count)
        index->capacity *= 2;
    index->types =
        kaa_base__alloc_zeroed(index->capacity * sizeof(*index->types));
    index->entries =
        kaa_base__alloc_zeroed(index->capacity * sizeof(*index->entries));
    if (index->types == NULL || index->entries == NULL)
        return kaa_decl__fail_memory(w->p);
    for (size_t i = 0; i < decl->count; i++) {
        const kaa_decl_item *item = &decl->entries[i].item;
        size_t at;

        if (item->type == NULL ||
            (item->kind != KAA_DECL_TYPEDEF && item->kind != KAA_DECL_RECORD &&
             item->kind != KAA_DECL_ENUM))
            continue;
        at = slot_of(index, item->type);
        if (index->types[at] == NULL) {
            index->types[at] = item->type;
            index->entries[at] = (uint32_t)i;
        }
    }
    return 1;
}

static int
is_chosen(const kaa_decl__entry *entry, const kaa_decl_options *options)
{
    if (options->only_count == 0)
        return !entry->is_system;
    for (uint32_t i = 0; i < options->only_count; i++)
        if (fnmatch(options->only[i], entry->item.name, 0) == 0)
            return 1;
    return 0;
}

static int
add_open(struct walk *w, const kaa_ctype *type)
{
    const kaa_ctype **slot;

    if (type == NULL)
        return 1;
    slot = kaa_decl__push(w->p, &w->open, sizeof(type));
    if (slot == NULL)
        return 0;
    *slot = type;
    return 1;
}

/* The entry of a type, if it has one that is still hidden: shown from here on.
 * *is_known: there is one, looked at already. */
static void
show(struct walk *w, const kaa_ctype *type, int *is_known)
{
    size_t at = slot_of(&w->index, type);
    kaa_decl_item *item;

    *is_known = 0;
    if (w->index.types[at] != type)
        return;
    item = &w->p->decl->entries[w->index.entries[at]].item;
    *is_known = !(item->flags & KAA_DECL_HIDDEN);
    item->flags &= ~(uint32_t)KAA_DECL_HIDDEN;
}

/* What a type is made of. Chosen items are the roots, so their own types are
 * opened although they are shown. */
static int
open_parts(struct walk *w, const kaa_ctype *type)
{
    kaa_ctype_kind kind = kaa_ctype_kind_of(type);
    const kaa_ctype_member *members = NULL;
    const kaa_ctype_parameter *parameters = NULL;
    uint64_t count;

    if (kind == KAA_CTYPE_STRUCT || kind == KAA_CTYPE_UNION)
        members = kaa_ctype_members(type);
    else if (kind == KAA_CTYPE_FUNCTION)
        parameters = kaa_ctype_parameters(type);
    count = members != NULL || parameters != NULL ? kaa_ctype_count(type) : 0;
    for (uint64_t i = 0; i < count; i++)
        if (!add_open(w,
                      members != NULL ? members[i].type : parameters[i].type))
            return 0;
    return members != NULL || add_open(w, kaa_ctype_target(type));
}

static int
show_needed(struct walk *w)
{
    while (w->open.count != 0) {
        const kaa_ctype *type =
            ((const kaa_ctype **)w->open.items)[--w->open.count];
        int is_known;

        show(w, type, &is_known);
        if (!is_known && !open_parts(w, type))
            return 0;
    }
    return 1;
}

int
kaa_decl__select(kaa_decl__parser *p, const kaa_decl_options *options)
{
    kaa_decl *decl = p->decl;
    struct walk w = {.p = p};
    int is_done;

    if (options->only_count == 0 && !p->is_preprocessed)
        return 1;
    is_done = make_index(&w);
    for (size_t i = 0; is_done && i < decl->count; i++)
        if (!is_chosen(&decl->entries[i], options))
            decl->entries[i].item.flags |= KAA_DECL_HIDDEN;
    for (size_t i = 0; is_done && i < decl->count; i++) {
        const kaa_decl_item *item = &decl->entries[i].item;
        if ((item->flags & KAA_DECL_HIDDEN) || item->type == NULL)
            continue;
        is_done = item->kind == KAA_DECL_TYPEDEF ||
                          item->kind == KAA_DECL_RECORD ||
                          item->kind == KAA_DECL_ENUM
                      ? open_parts(&w, item->type)
                      : add_open(&w, item->type);
    }
    is_done = is_done && show_needed(&w);
    kaa_base__free(w.open.items);
    kaa_base__free(w.index.types);
    kaa_base__free(w.index.entries);
    return is_done;
}
