/* object/containers/container_verify.c - whether lists, dicts and sets are
 * sound. */
#include "object/containers/container.h"
#include "object/containers/set.h"

static const char *
verify_list(const kaa_object__list *list)
{
    if (list->count > list->capacity ||
        (list->items == NULL) != (list->capacity == 0))
        return "a list has more items than room";
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == NULL)
            return "a list has an item that is NULL";
        if (!list->refers && !kaa_is_tagged(list->items[i]))
            return "a list has a reference that it does not visit";
    }
    return NULL;
}

/* Whether a search for the hash of an entry comes to it. */
static int
is_entry_found(const kaa_object__dict *dict, uint32_t number)
{
    uint32_t hash = kaa_object__dict_hashes(dict)[number];
    uint32_t at = kaa_object__home(hash, dict->capacity);
    uint32_t wanted = (number + 1) | (hash & (UINT32_MAX >> dict->bits))
                                         << dict->bits;

    while (dict->index[at] != 0) {
        if (dict->index[at] == wanted)
            return 1;
        if (++at == dict->capacity)
            at = 0;
    }
    return 0;
}

static const char *
verify_dict(const kaa_object__dict *dict)
{
    uint32_t live = 0, taken = 0;

    if (dict->count > dict->used || dict->used > dict->limit ||
        (dict->capacity != 0 && dict->limit >= dict->capacity))
        return "a dict has more entries than room";
    /* An empty place must be left, or a search would not end. */
    for (uint32_t i = 0; i < dict->capacity; i++)
        taken += dict->index[i] != 0;
    if (dict->capacity != 0 && taken >= dict->capacity)
        return "the index of a dict is full";
    for (uint32_t i = 0; i < dict->used; i++) {
        if (dict->entries[i].key == NULL)
            continue;
        live++;
        if (dict->entries[i].value == NULL)
            return "a dict has a key without a value";
        if (!is_entry_found(dict, i))
            return "a dict has a key that is not found";
    }
    return live == dict->count ? NULL : "a dict has another count of keys";
}

static const char *
verify_set(const kaa_object__set *set)
{
    const uint32_t *hashes = kaa_object__set_hashes(set);
    uint32_t live = 0;

    if (set->capacity != 0 && set->count >= set->capacity)
        return "a set has no empty place";
    for (uint32_t i = 0; i < set->capacity; i++) {
        uint32_t at;

        if (set->words[i] == KAA_OBJECT__EMPTY)
            continue;
        live++;
        if ((set->words[i] & 3) == 0 &&
            set->words[i] >> 48 != (hashes[i] & 0xFFFF))
            return "a set has an item under another hash";
        at = kaa_object__home(hashes[i], set->capacity);
        while (at != i) {
            if (set->words[at] == KAA_OBJECT__EMPTY)
                return "a set has an item that is not found";
            if (++at == set->capacity)
                at = 0;
        }
    }
    return live == set->count ? NULL : "a set has another count of items";
}

const char *
kaa_object__container_verify(kaa_object *object)
{
    if (kaa_object__has_id(object, KAA_LIST_TYPE))
        return verify_list(kaa_object__as_list(object));
    if (kaa_object__has_id(object, KAA_DICT_TYPE))
        return verify_dict(kaa_object__as_dict(object));
    if (kaa_object__is_set(object))
        return verify_set(kaa_object__as_set(object));
    return NULL;
}
