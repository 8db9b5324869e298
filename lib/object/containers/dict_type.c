/* object/containers/dict_type.c - the type of dicts: operators, methods, life.
 */
#include <stdio.h>

#include "object/containers/dict.h"
#include "object/containers/list.h"
#include "object/text/str.h"

static int
check_dict(kaa_context *ctx, kaa_object *object, const char *what)
{
    if (KAA_LIKELY(kaa_object__has_id(object, KAA_DICT_TYPE)))
        return 0;
    return kaa_object__raise_type(ctx, what, "dict", object);
}

/* ---- Slots of kaa/api.def that read and clear */

ptrdiff_t
kaa_object__dict_size(kaa_context *ctx, kaa_object *dict)
{
    if (check_dict(ctx, dict, "dict_size") != 0)
        return -1;
    return (ptrdiff_t)kaa_object__as_dict(dict)->count;
}

int
kaa_object__dict_next(kaa_context *ctx, kaa_object *dict, size_t *position,
                      kaa_object **out_key, kaa_object **out_value)
{
    if (check_dict(ctx, dict, "dict_next") != 0)
        return -1;
    if (!kaa_object__dict_step(kaa_object__as_dict(dict), position, out_key,
                               out_value))
        return 0;
    if (out_key != NULL)
        kaa_object__take(*out_key);
    if (out_value != NULL)
        kaa_object__take(*out_value);
    return 1;
}

int
kaa_object__dict_clear(kaa_context *ctx, kaa_object *dict)
{
    if (check_dict(ctx, dict, "dict_clear") != 0)
        return -1;
    kaa_object__dict_empty(ctx, dict);
    return 0;
}

/* ---- Making dicts */

static kaa_object *
dict_create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    kaa_object *dict = kaa_object__dict_new(ctx);

    (void)type;
    if (dict != NULL && kaa_object__dict_update_any(ctx, dict, "dict", args,
                                                    nargs, kwnames) != 0) {
        kaa_object__give(ctx, dict);
        return NULL;
    }
    return dict;
}

/* ---- Lists of what is there */

/* A list of keys, values or pairs. Making a pair may collect, and finalisers
 * may change the dict: then all begins again. */
static kaa_object *
list_of(kaa_context *ctx, kaa_object *dict, int has_keys, int has_values)
{
    kaa_object__dict *self = kaa_object__as_dict(dict);
    kaa_object__list *list;
    kaa_object *pair[2];
    uint32_t changes;

    if (check_dict(ctx, dict, "dict_items") != 0)
        return NULL;
    list = kaa_object__list_make(ctx);
    if (list == NULL)
        return NULL;
again:
    changes = self->changes;
    if (kaa_object__list_reserve(ctx, list, self->count) != 0)
        goto failed;
    for (size_t position = 0;
         kaa_object__dict_step(self, &position, &pair[0], &pair[1]);) {
        kaa_object *item;

        if (has_keys && has_values) {
            item = kaa_object__tuple_from_array(ctx, pair, 2);
            if (item == NULL)
                goto failed;
            if (self->changes != changes) {
                kaa_object__give(ctx, item);
                kaa_object__list_empty(ctx, &list->header);
                goto again;
            }
        } else {
            item = kaa_object__take(pair[has_values]);
        }
        kaa_object__list_put(list, item);
    }
    return &list->header;

failed:
    kaa_object__give(ctx, &list->header);
    return NULL;
}

kaa_object *
kaa_object__dict_keys(kaa_context *ctx, kaa_object *dict)
{
    return list_of(ctx, dict, 1, 0);
}

kaa_object *
kaa_object__dict_values(kaa_context *ctx, kaa_object *dict)
{
    return list_of(ctx, dict, 0, 1);
}

kaa_object *
kaa_object__dict_items(kaa_context *ctx, kaa_object *dict)
{
    return list_of(ctx, dict, 1, 1);
}

/* ---- Operations */

static ptrdiff_t
dict_length(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return (ptrdiff_t)kaa_object__as_dict(self)->count;
}

static kaa_object *
dict_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    kaa_object *value;
    int found = kaa_object__dict_find(ctx, self, key, &value);

    if (found == 1)
        return value;
    if (found == 0)
        kaa_object__raise_object(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), key);
    return NULL;
}

static int
dict_set_item(kaa_context *ctx, kaa_object *self, kaa_object *key,
              kaa_object *value)
{
    int found;

    if (value != NULL)
        return kaa_object__dict_set(ctx, self, key, value);
    found = kaa_object__dict_remove(ctx, self, key, NULL);
    if (found == 0)
        return kaa_object__raise_object(ctx, kaa_builtin(ctx, KAA_KEY_ERROR),
                                        key);
    return found < 0 ? -1 : 0;
}

static int
dict_contains(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    return kaa_object__dict_find(ctx, self, key, NULL);
}

static kaa_object *
dict_iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__iterator_new(ctx, KAA_OBJECT__INTERNAL_DICT_ITERATOR,
                                    self);
}

static kaa_object *
dict_repr(kaa_context *ctx, kaa_object *self)
{
    struct kaa_object__showing showing;
    kaa_base__text text = {0};
    kaa_object *key, *value;
    int is_failed = kaa_object__show_begin(ctx, &showing, self);
    const char *comma = "";

    if (is_failed < 0)
        return NULL;
    if (is_failed > 0)
        return kaa_text(ctx, "{...}");
    kaa_base__text_puts(&text, "{");
    for (size_t position = 0;
         !is_failed && kaa_object__dict_step(kaa_object__as_dict(self),
                                             &position, &key, &value);) {
        kaa_object__take(key);
        kaa_object__take(value);
        kaa_base__text_puts(&text, comma);
        comma = ", ";
        is_failed = kaa_object__show(ctx, &text, key) != 0;
        kaa_base__text_puts(&text, ": ");
        if (!is_failed)
            is_failed = kaa_object__show(ctx, &text, value) != 0;
        kaa_object__give(ctx, key);
        kaa_object__give(ctx, value);
    }
    kaa_base__text_puts(&text, "}");
    kaa_object__show_end(ctx, &showing);
    return kaa_object__show_text(ctx, &text, is_failed);
}

/* Whether each key of `left` is in `right` with an equal value. */
static int
is_equal(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    kaa_object__dict *dict = kaa_object__as_dict(left);
    kaa_object *key, *value, *other;
    int equal = dict->count == kaa_object__as_dict(right)->count;

    for (size_t position = 0;
         equal == 1 && kaa_object__dict_step(dict, &position, &key, &value);) {
        uint32_t hash = kaa_object__dict_hashes(dict)[position - 1];

        kaa_object__take(key);
        kaa_object__take(value);
        equal = kaa_object__dict_look(ctx, right, key, hash, &other);
        if (equal == 1) {
            equal = kaa_object__equal(ctx, value, other);
            kaa_object__give(ctx, other);
        }
        kaa_object__give(ctx, key);
        kaa_object__give(ctx, value);
    }
    return equal;
}

static kaa_object *
dict_compare(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    int equal;

    if ((op != KAA_EQ && op != KAA_NE) ||
        !kaa_object__has_id(left, KAA_DICT_TYPE) ||
        !kaa_object__has_id(right, KAA_DICT_TYPE))
        return kaa_not_implemented(ctx);
    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    equal = is_equal(ctx, left, right);
    kaa_object__end_call(ctx);
    return equal < 0 ? NULL : kaa_object__truth_value(equal == (op == KAA_EQ));
}

static kaa_object *
dict_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    kaa_object *dict;

    if (op != KAA_OR || !kaa_object__has_id(left, KAA_DICT_TYPE) ||
        !kaa_object__has_id(right, KAA_DICT_TYPE))
        return kaa_not_implemented(ctx);
    dict = kaa_object__dict_copy(ctx, left);
    if (dict != NULL && kaa_object__dict_update(ctx, dict, right) != 0) {
        kaa_object__give(ctx, dict);
        return NULL;
    }
    return dict;
}

static kaa_object *
dict_inplace(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    if (op != KAA_OR)
        return kaa_not_implemented(ctx);
    if (kaa_object__dict_update_any(ctx, left, "update", &right, 1, NULL) != 0)
        return NULL;
    return kaa_object__take(left);
}

/* ---- Methods */

static kaa_object *
method_get(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    kaa_object *value;
    int found;

    if (kaa_object__check_args(ctx, "get", nargs, 1, 2, NULL) != 0)
        return NULL;
    found = kaa_object__dict_find(ctx, self, args[0], &value);
    if (found < 0)
        return NULL;
    if (found == 1)
        return value;
    return nargs == 2 ? kaa_object__take(args[1]) : kaa_none(ctx);
}

static kaa_object *
method_pop(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    kaa_object *value;
    int found;

    if (kaa_object__check_args(ctx, "pop", nargs, 1, 2, NULL) != 0)
        return NULL;
    /* An empty one does not ask for the hash, as CPython's. */
    found = kaa_object__as_dict(self)->count == 0
                ? 0
                : kaa_object__dict_remove(ctx, self, args[0], &value);
    if (found == 1)
        return value;
    if (found == 0 && nargs == 2)
        return kaa_object__take(args[1]);
    if (found == 0)
        kaa_object__raise_object(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), args[0]);
    return NULL;
}

static kaa_object *
method_setdefault(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                  size_t nargs)
{
    kaa_object *value;
    uint32_t hash;
    int found;

    if (kaa_object__check_args(ctx, "setdefault", nargs, 1, 2, NULL) != 0 ||
        kaa_object__key_hash(ctx, args[0], &hash) != 0)
        return NULL;
    found = kaa_object__dict_look(ctx, self, args[0], hash, &value);
    if (found != 0)
        return found == 1 ? value : NULL;
    value = nargs == 2 ? args[1] : kaa_object__constant(KAA_NONE);
    if (kaa_object__dict_put(ctx, self, args[0], hash, value) != 0)
        return NULL;
    return kaa_object__take(value);
}

static kaa_object *
method_update(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs, kaa_object *kwnames)
{
    if (kaa_object__dict_update_any(ctx, self, "update", args, nargs,
                                    kwnames) != 0)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
method_popitem(kaa_context *ctx, kaa_object *self)
{
    kaa_object__dict_entry last;
    kaa_object *pair[2];

    if (!kaa_object__dict_take_last(kaa_object__as_dict(self), &last)) {
        kaa_object__raise_text(ctx, KAA_KEY_ERROR,
                               "popitem(): dictionary is empty");
        return NULL;
    }
    pair[0] = last.key;
    pair[1] = last.value;
    return kaa_object__tuple_take_array(ctx, pair, 2);
}

static kaa_object *
method_clear(kaa_context *ctx, kaa_object *self)
{
    kaa_object__dict_empty(ctx, self);
    return kaa_none(ctx);
}

static const kaa_method methods[] = {
    KAA_METHOD("get", method_get,
               "get(key, default=None, /)\n--\n\n"
               "The value of a key, or the default."),
    KAA_METHOD_NOARGS("keys", kaa_object__dict_keys,
                      "keys()\n--\n\nA list of the keys."),
    KAA_METHOD_NOARGS("values", kaa_object__dict_values,
                      "values()\n--\n\nA list of the values."),
    KAA_METHOD_NOARGS("items", kaa_object__dict_items,
                      "items()\n--\n\nA list of (key, value)."),
    KAA_METHOD("pop", method_pop,
               "pop(key, default, /)\n\n"
               "Removes a key and gives its value, or the default."),
    KAA_METHOD_NOARGS("popitem", method_popitem,
                      "popitem()\n--\n\nRemoves the last (key, value)."),
    KAA_METHOD("setdefault", method_setdefault,
               "setdefault(key, default=None, /)\n--\n\n"
               "The value of a key, which is set if it is not there."),
    KAA_METHOD_KEYWORDS("update", method_update,
                        "update(other=(), /, **named)\n--\n\n"
                        "Adds the entries of a dict or of pairs."),
    KAA_METHOD_NOARGS("clear", method_clear,
                      "clear()\n--\n\nRemoves all entries."),
    KAA_METHOD_NOARGS("copy", kaa_object__dict_copy,
                      "copy()\n--\n\nA dict with the same entries."),
    KAA_METHODS_END,
};

/* ---- Life */

static int
dict_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    const kaa_object__dict *dict = kaa_object__as_dict(self);

    for (uint32_t i = 0; i < dict->used; i++) {
        const kaa_object__dict_entry *entry = &dict->entries[i];

        if (entry->key == NULL)
            continue;
        if (!kaa_is_tagged(entry->key))
            KAA_VISIT(entry->key);
        if (!kaa_is_tagged(entry->value))
            KAA_VISIT(entry->value);
    }
    return 0;
}

/* "['name']" for a value, "key 'name'" for a key; no code of others is run. */
static void
describe(const kaa_object *key, int is_key, char *buffer, size_t size)
{
    const char *before = is_key ? "key " : "[", *after = is_key ? "" : "]";

    if (kaa_object__is_str(key))
        snprintf(buffer, size, "%s'%s'%s", before, kaa_object__str_text(key),
                 after);
    else if (kaa_object__is_int_tag(key))
        snprintf(buffer, size, "%s%lld%s", before,
                 (long long)kaa_object__tagged_int(key), after);
    else
        snprintf(buffer, size, "%s<%s>%s", before,
                 kaa_is_tagged(key) ? "constant" : key->type->name, after);
}

static void
dict_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    const kaa_object__dict *dict = kaa_object__as_dict(self);

    for (uint32_t i = 0; i < dict->used; i++) {
        const kaa_object__dict_entry *entry = &dict->entries[i];

        if (entry->key == NULL)
            continue;
        if (!kaa_is_tagged(entry->key) && number-- == 0) {
            describe(entry->key, 1, buffer, size);
            return;
        }
        if (!kaa_is_tagged(entry->value) && number-- == 0) {
            describe(entry->key, 0, buffer, size);
            return;
        }
    }
    snprintf(buffer, size, "#%zu", number);
}

const kaa_object__type kaa_object__template_dict = {
    .doc = "dict(other=(), /, **named)\n--\n\nKeys and their values, in the "
           "order in which they came.",
    .flags = KAA_OBJECT__NO_WEAKREFS,
    .block_bytes = sizeof(kaa_object__dict),
    .methods = methods,
    .traverse = dict_traverse,
    .clear = kaa_object__dict_empty,
    .release = kaa_object__dict_empty,
    .describe_reference = dict_describe,
    .create = dict_create,
    .repr = dict_repr,
    .hash = kaa_object__unhashable,
    .compare = dict_compare,
    .iter = dict_iter,
    .length = dict_length,
    .get_item = dict_get_item,
    .set_item = dict_set_item,
    .contains = dict_contains,
    .binary = dict_binary,
    .inplace = dict_inplace,
};
