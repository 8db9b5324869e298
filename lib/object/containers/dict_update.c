/* object/containers/dict_update.c - adding to a dict the entries of another
 * one, of an object with keys(), of pairs. */
#include "object/containers/dict.h"

static int
update_by_dict(kaa_context *ctx, kaa_object *self, kaa_object *other)
{
    kaa_object__dict *from = kaa_object__as_dict(other);
    uint32_t changes = from->changes;
    int result = 0;

    if (self == other)
        return 0;
    if (kaa_object__as_dict(self)->count == 0 &&
        kaa_object__dict_reserve(ctx, self, from->count) != 0)
        return -1;
    for (size_t position = 0; result == 0;) {
        kaa_object *key, *value;
        uint32_t hash;

        if (!kaa_object__dict_step(from, &position, &key, &value))
            break;
        hash = kaa_object__dict_hashes(from)[position - 1];
        kaa_object__take(key);
        kaa_object__take(value);
        result = kaa_object__dict_put(ctx, self, key, hash, value);
        kaa_object__give(ctx, key);
        kaa_object__give(ctx, value);
        if (result == 0 && from->changes != changes)
            result = kaa_object__raise_text(ctx, KAA_RUNTIME_ERROR,
                                            "dict mutated during update");
    }
    return result;
}

/* `keys` is what other.keys() gave. */
static int
update_by_keys(kaa_context *ctx, kaa_object *self, kaa_object *other,
               kaa_object *keys)
{
    kaa_object *iterator = kaa_object__iter(ctx, keys), *key;
    int found;

    if (iterator == NULL)
        return -1;
    while ((found = kaa_object__next(ctx, iterator, &key)) == 1) {
        kaa_object *value = kaa_object__get_item(ctx, other, key);
        int result =
            value == NULL ? -1 : kaa_object__dict_set(ctx, self, key, value);

        kaa_object__give(ctx, key);
        if (value != NULL)
            kaa_object__give(ctx, value);
        if (result != 0) {
            found = -1;
            break;
        }
    }
    kaa_object__give(ctx, iterator);
    return found;
}

int
kaa_object__dict_update(kaa_context *ctx, kaa_object *dict, kaa_object *other)
{
    kaa_object *keys;
    int result;

    if (!kaa_object__has_id(dict, KAA_DICT_TYPE))
        return kaa_object__raise_type(ctx, "dict_update", "dict", dict);
    if (kaa_object__has_id(other, KAA_DICT_TYPE))
        return update_by_dict(ctx, dict, other);
    keys = kaa_object__call_method(ctx, "keys", &other, 1, NULL);
    if (keys == NULL)
        return -1;
    result = update_by_keys(ctx, dict, other, keys);
    kaa_object__give(ctx, keys);
    return result;
}

/* An item of an iterable of pairs. */
static int
set_pair(kaa_context *ctx, kaa_object *self, kaa_object *pair, size_t number)
{
    kaa_object *list = kaa_object__to_list(ctx, pair);
    int result;

    if (list == NULL) {
        if (!kaa_object__error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)))
            return -1;
        kaa_object__error_clear(ctx);
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "cannot convert dictionary update sequence element #%zu to a "
            "sequence",
            number);
    }
    if (kaa_object__as_list(list)->count != 2)
        result = kaa_object__raise_text(
            ctx, KAA_VALUE_ERROR,
            "dictionary update sequence element #%zu has length %zu; 2 is "
            "required",
            number, kaa_object__as_list(list)->count);
    else /* the list is ours alone */
        result =
            kaa_object__dict_set(ctx, self, kaa_object__as_list(list)->items[0],
                                 kaa_object__as_list(list)->items[1]);
    kaa_object__give(ctx, list);
    return result;
}

static int
update_by_pairs(kaa_context *ctx, kaa_object *self, kaa_object *pairs)
{
    kaa_object *iterator = kaa_object__iter(ctx, pairs), *pair;
    int found;

    if (iterator == NULL)
        return -1;
    for (size_t i = 0; (found = kaa_object__next(ctx, iterator, &pair)) == 1;
         i++) {
        int result = set_pair(ctx, self, pair, i);

        kaa_object__give(ctx, pair);
        if (result != 0) {
            found = -1;
            break;
        }
    }
    kaa_object__give(ctx, iterator);
    return found;
}

int
kaa_object__dict_update_any(kaa_context *ctx, kaa_object *self,
                            const char *name, kaa_object *const *args,
                            size_t nargs, kaa_object *kwnames)
{
    kaa_object *keys = NULL;
    int result;

    if (kaa_object__check_args(ctx, name, nargs, 0, 1, NULL) != 0)
        return -1;
    if (nargs == 1) {
        result = kaa_object__has_id(args[0], KAA_DICT_TYPE)
                     ? 1
                     : kaa_object__find_attr(ctx, args[0], "keys", &keys);
        if (result >= 0) {
            if (keys != NULL)
                kaa_object__give(ctx, keys);
            result = result ? kaa_object__dict_update(ctx, self, args[0])
                            : update_by_pairs(ctx, self, args[0]);
        }
        if (result != 0)
            return -1;
    }
    for (size_t i = 0;
         kwnames != NULL && i < kaa_object__as_tuple(kwnames)->count; i++)
        if (kaa_object__dict_set(ctx, self,
                                 kaa_object__as_tuple(kwnames)->items[i],
                                 args[nargs + i]) != 0)
            return -1;
    return 0;
}
