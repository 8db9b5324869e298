/* object/containers/set_type.c - the types set and frozenset: operators,
 * methods, life.
 *
 * An operation on two sets gives what the left one is. The methods take any
 * iterable, the operators sets alone, as CPython's.
 */
#include <stdio.h>

#include "object/containers/set.h"

static kaa_builtin_id
id_of(const kaa_object *set)
{
    return (kaa_builtin_id)set->type->id;
}

/* ---- Two sets
 *
 * Comparing may run code of others, which may change the sets. A walk ends at
 * what the capacity is by then, and holds the item that it is at. */

/* Adds to `result` (or, if is_removing, removes from it) the items of `from`
 * whose being in `other` is `is_in`; `other` NULL: all of them. */
static int
sift(kaa_context *ctx, kaa_object *result, kaa_object *from, kaa_object *other,
     int is_in, int is_removing)
{
    kaa_object__set *set = kaa_object__as_set(from);

    for (uint32_t i = 0; i < set->capacity; i++) {
        uint64_t word = set->words[i];
        kaa_object *item = kaa_object__word_key(word);
        uint32_t hash;
        int found;

        if (word == KAA_OBJECT__EMPTY)
            continue;
        hash = kaa_object__set_hashes(set)[i];
        kaa_object__take(item);
        found = other == NULL ? is_in
                              : kaa_object__set_look(ctx, other, item, hash);
        if (found == is_in)
            found = is_removing
                        ? kaa_object__set_take_out(ctx, result, item, hash)
                        : kaa_object__set_put(ctx, result, item, hash);
        kaa_object__give(ctx, item);
        if (found < 0)
            return -1;
    }
    return 0;
}

/* 1 if every item of `left` is in `right`, else 0, or -1. */
static int
is_within(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    kaa_object__set *set = kaa_object__as_set(left);

    if (set->count > kaa_object__as_set(right)->count)
        return 0;
    for (uint32_t i = 0; i < set->capacity; i++) {
        uint64_t word = set->words[i];
        kaa_object *item = kaa_object__word_key(word);
        int found;

        if (word == KAA_OBJECT__EMPTY)
            continue;
        kaa_object__take(item);
        found = kaa_object__set_look(ctx, right, item,
                                     kaa_object__set_hashes(set)[i]);
        kaa_object__give(ctx, item);
        if (found != 1)
            return found;
    }
    return 1;
}

/* The set of an operation on two sets. */
static kaa_object *
combine(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    int is_copy = op == KAA_OR || op == KAA_XOR;
    kaa_object *result = is_copy ? kaa_object__set_copy(ctx, left, id_of(left))
                                 : kaa_object__set_make(ctx, id_of(left));
    int failed = 0;

    if (result == NULL)
        return NULL;
    if (op == KAA_OR)
        failed = kaa_object__set_extend(ctx, result, right);
    else if (op == KAA_AND &&
             kaa_object__as_set(right)->count < kaa_object__as_set(left)->count)
        failed = sift(ctx, result, right, left, 1, 0);
    else if (op == KAA_AND)
        failed = sift(ctx, result, left, right, 1, 0);
    else if (op == KAA_SUBTRACT)
        failed = sift(ctx, result, left, right, 0, 0);
    else if (sift(ctx, result, right, left, 1, 1) != 0)
        failed = -1;
    else
        failed = sift(ctx, result, right, left, 0, 0);
    if (failed) {
        kaa_object__give(ctx, result);
        return NULL;
    }
    return result;
}

static int
is_operator(int op)
{
    return op == KAA_OR || op == KAA_AND || op == KAA_SUBTRACT || op == KAA_XOR;
}

static kaa_object *
set_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    if (!is_operator(op) || !kaa_object__is_set(left) ||
        !kaa_object__is_set(right))
        return kaa_not_implemented(ctx);
    return combine(ctx, left, right, op);
}

/* Exchanges what two sets hold. */
static void
exchange(kaa_object__set *left, kaa_object__set *right)
{
    kaa_object__set kept = *left;

    left->words = right->words;
    left->count = right->count;
    left->capacity = right->capacity;
    left->finger = right->finger;
    left->changes++;
    right->words = kept.words;
    right->count = kept.count;
    right->capacity = kept.capacity;
    right->finger = kept.finger;
    right->changes++;
}

/* `left op= right`, of a set that can change. */
static int
combine_in_place(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    kaa_object *result;

    if (op == KAA_OR)
        return kaa_object__set_extend(ctx, left, right);
    result = combine(ctx, left, right, op);
    if (result == NULL)
        return -1;
    exchange(kaa_object__as_set(left), kaa_object__as_set(result));
    kaa_object__give(ctx, result);
    return 0;
}

static kaa_object *
set_inplace(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    if (!is_operator(op) || !kaa_object__is_set(right))
        return kaa_not_implemented(ctx);
    if (combine_in_place(ctx, left, right, op) != 0)
        return NULL;
    return kaa_object__take(left);
}

static kaa_object *
set_compare(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    uint32_t left_count, right_count;
    int result;

    if (!kaa_object__is_set(left) || !kaa_object__is_set(right))
        return kaa_not_implemented(ctx);
    if (op == KAA_GT || op == KAA_GE)
        return set_compare(ctx, right, left, op == KAA_GT ? KAA_LT : KAA_LE);
    left_count = kaa_object__as_set(left)->count;
    right_count = kaa_object__as_set(right)->count;
    if (op == KAA_LT ? left_count >= right_count
                     : op != KAA_LE && left_count != right_count)
        return kaa_object__truth_value(op == KAA_NE);
    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    result = is_within(ctx, left, right);
    kaa_object__end_call(ctx);
    return result < 0 ? NULL
                      : kaa_object__truth_value(result == (op != KAA_NE));
}

/* ---- One set */

/* What to look for: a frozenset in the place of a set, which has no hash. */
static kaa_object *
hashable(kaa_context *ctx, kaa_object *item)
{
    return kaa_object__has_id(item, KAA_SET_TYPE)
               ? kaa_object__set_copy(ctx, item, KAA_FROZENSET_TYPE)
               : kaa_object__take(item);
}

static int
contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    kaa_object *key = hashable(ctx, item);
    int result = key == NULL ? -1 : kaa_object__set_contains(ctx, self, key);

    if (key != NULL)
        kaa_object__give(ctx, key);
    return result;
}

static int
discard(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    kaa_object *key = hashable(ctx, item);
    int result = key == NULL ? -1 : kaa_object__set_discard(ctx, self, key);

    if (key != NULL)
        kaa_object__give(ctx, key);
    return result;
}

/* The sum of what is made of each item's hash does not depend on the order. */
static int64_t
frozenset_hash(kaa_context *ctx, kaa_object *self)
{
    kaa_object__set *set = kaa_object__as_set(self);
    uint64_t sum = set->count * UINT64_C(0x9E3779B97F4A7C15);

    (void)ctx;
    if (set->hash != 0)
        return (int64_t)set->hash;
    for (uint32_t i = 0; i < set->capacity; i++) {
        uint64_t hash;

        if (set->words[i] == KAA_OBJECT__EMPTY)
            continue;
        hash = kaa_object__set_hashes(set)[i] + UINT64_C(0x632BE59BD9B4E019);
        hash = (hash ^ hash >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
        hash = (hash ^ hash >> 32) * UINT64_C(0x94D049BB133111EB);
        sum += hash ^ hash >> 29;
    }
    sum ^= sum >> 32;
    set->hash = sum == 0 || sum == UINT64_MAX ? 590923713 : sum;
    return (int64_t)set->hash;
}

static ptrdiff_t
set_length(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return (ptrdiff_t)kaa_object__as_set(self)->count;
}

static kaa_object *
set_iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__iterator_new(ctx, KAA_OBJECT__INTERNAL_SET_ITERATOR,
                                    self);
}

static kaa_object *
set_repr(kaa_context *ctx, kaa_object *self)
{
    struct kaa_object__showing showing;
    kaa_base__text text = {0};
    const char *name = self->type->name, *comma = "";
    int is_set = id_of(self) == KAA_SET_TYPE;
    int is_empty = kaa_object__as_set(self)->count == 0;
    int is_failed = kaa_object__show_begin(ctx, &showing, self);
    kaa_object *item;

    if (is_failed < 0)
        return NULL;
    if (is_failed > 0) {
        kaa_base__text_printf(&text, "%s(...)", name);
        return kaa_object__show_text(ctx, &text, 0);
    }
    if (!is_set || is_empty)
        kaa_base__text_printf(&text, "%s(", name);
    kaa_base__text_puts(&text, is_empty ? "" : "{");
    for (size_t position = 0;
         !is_failed &&
         kaa_object__set_step(kaa_object__as_set(self), &position, &item);) {
        kaa_object__take(item);
        kaa_base__text_puts(&text, comma);
        comma = ", ";
        is_failed = kaa_object__show(ctx, &text, item) != 0;
        kaa_object__give(ctx, item);
    }
    kaa_base__text_puts(&text, is_empty ? "" : "}");
    kaa_base__text_puts(&text, !is_set || is_empty ? ")" : "");
    kaa_object__show_end(ctx, &showing);
    return kaa_object__show_text(ctx, &text, is_failed);
}

static kaa_object *
set_create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
           size_t nargs, kaa_object *kwnames)
{
    int is_set = ((kaa_object__type *)(void *)type)->id == KAA_SET_TYPE;

    if (kaa_object__check_args(ctx, is_set ? "set" : "frozenset", nargs, 0, 1,
                               kwnames) != 0)
        return NULL;
    return is_set ? kaa_object__set_new(ctx, nargs == 1 ? args[0] : NULL)
                  : kaa_object__frozenset_new(ctx, nargs == 1 ? args[0] : NULL);
}

/* ---- Methods */

/* Any iterable as a set: itself if it is one. */
static kaa_object *
as_set(kaa_context *ctx, kaa_object *items)
{
    return kaa_object__is_set(items) ? kaa_object__take(items)
                                     : kaa_object__set_new(ctx, items);
}

/* Looks in `self` for what iterating over `items` gives, which is no set: adds
 * what is found to `common`, if that is not NULL; else ends at the first item
 * whose being there is `is_last`. 1: none was; 0, or -1. */
static int
meet(kaa_context *ctx, kaa_object *self, kaa_object *items, kaa_object *common,
     int is_last)
{
    kaa_object *iterator = kaa_object__iter(ctx, items), *item;
    int result = iterator == NULL ? -1 : 1, more = result;

    while (more == 1 && result == 1 &&
           (more = kaa_object__next(ctx, iterator, &item)) == 1) {
        uint32_t hash;
        int found = kaa_object__key_hash(ctx, item, &hash) != 0
                        ? -1
                        : kaa_object__set_look(ctx, self, item, hash);

        if (found == 1 && common != NULL)
            found = kaa_object__set_put(ctx, common, item, hash) < 0 ? -1 : 1;
        if (found < 0)
            result = -1;
        else if (common == NULL && found == is_last)
            result = 0;
        kaa_object__give(ctx, item);
    }
    if (iterator != NULL)
        kaa_object__give(ctx, iterator);
    return more < 0 ? -1 : result;
}

/* self.union(*others) and the like. */
static kaa_object *
fold(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
     int op)
{
    kaa_object *result = kaa_object__set_copy(ctx, self, id_of(self));

    for (size_t i = 0; i < nargs && result != NULL; i++) {
        kaa_object *other = as_set(ctx, args[i]);

        if (other == NULL || combine_in_place(ctx, result, other, op) != 0) {
            kaa_object__give(ctx, result);
            result = NULL;
        }
        if (other != NULL)
            kaa_object__give(ctx, other);
    }
    return result;
}

static kaa_object *
method_union(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs)
{
    return fold(ctx, self, args, nargs, KAA_OR);
}

static kaa_object *
method_intersection(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                    size_t nargs)
{
    kaa_object *result = nargs == 0
                             ? kaa_object__set_copy(ctx, self, id_of(self))
                             : kaa_object__take(self);

    for (size_t i = 0; i < nargs && result != NULL; i++) {
        kaa_object *common;

        if (kaa_object__is_set(args[i])) {
            common = combine(ctx, result, args[i], KAA_AND);
        } else {
            common = kaa_object__set_make(ctx, id_of(self));
            if (common != NULL && meet(ctx, result, args[i], common, 0) < 0) {
                kaa_object__give(ctx, common);
                common = NULL;
            }
        }
        kaa_object__give(ctx, result);
        result = common;
    }
    return result;
}

static kaa_object *
method_difference(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                  size_t nargs)
{
    return fold(ctx, self, args, nargs, KAA_SUBTRACT);
}

static kaa_object *
method_symmetric_difference(kaa_context *ctx, kaa_object *self,
                            kaa_object *other)
{
    return fold(ctx, self, &other, 1, KAA_XOR);
}

static kaa_object *
method_issubset(kaa_context *ctx, kaa_object *self, kaa_object *items)
{
    kaa_object *other = as_set(ctx, items), *result;

    if (other == NULL)
        return NULL;
    result = set_compare(ctx, self, other, KAA_LE);
    kaa_object__give(ctx, other);
    return result;
}

static kaa_object *
method_issuperset(kaa_context *ctx, kaa_object *self, kaa_object *other)
{
    int result;

    if (kaa_object__is_set(other))
        return set_compare(ctx, self, other, KAA_GE);
    result = meet(ctx, self, other, NULL, 0);
    return result < 0 ? NULL : kaa_object__truth_value(result);
}

static kaa_object *
method_isdisjoint(kaa_context *ctx, kaa_object *self, kaa_object *items)
{
    int result = meet(ctx, self, items, NULL, 1);

    return result < 0 ? NULL : kaa_object__truth_value(result);
}

static kaa_object *
method_copy(kaa_context *ctx, kaa_object *self)
{
    return id_of(self) == KAA_FROZENSET_TYPE
               ? kaa_object__take(self)
               : kaa_object__set_copy(ctx, self, KAA_SET_TYPE);
}

static kaa_object *
method_add(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    return kaa_object__set_add(ctx, self, item) != 0 ? NULL : kaa_none(ctx);
}

static kaa_object *
method_discard(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    return discard(ctx, self, item) < 0 ? NULL : kaa_none(ctx);
}

static kaa_object *
method_remove(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    int found = discard(ctx, self, item);

    if (found == 0)
        kaa_object__raise_object(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), item);
    return found == 1 ? kaa_none(ctx) : NULL;
}

static kaa_object *
method_update(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs)
{
    for (size_t i = 0; i < nargs; i++)
        if (kaa_object__set_extend(ctx, self, args[i]) != 0)
            return NULL;
    return kaa_none(ctx);
}

static kaa_object *
method_clear(kaa_context *ctx, kaa_object *self)
{
    kaa_object__set_empty(ctx, self);
    return kaa_none(ctx);
}

/* What both have. */
#define COMMON_METHODS                                                         \
    KAA_METHOD("union", method_union,                                          \
               "union(*others)\n--\n\nWhat is in any of them."),               \
        KAA_METHOD("intersection", method_intersection,                        \
                   "intersection(*others)\n--\n\nWhat is in all of them."),    \
        KAA_METHOD("difference", method_difference,                            \
                   "difference(*others)\n--\n\nWhat is in this one alone."),   \
        KAA_METHOD_ONE("symmetric_difference", method_symmetric_difference,    \
                       "symmetric_difference(other, /)\n--\n\n"                \
                       "What is in one of the two."),                          \
        KAA_METHOD_ONE("issubset", method_issubset,                            \
                       "issubset(other, /)\n--\n\n"                            \
                       "Whether all of this is in the other."),                \
        KAA_METHOD_ONE("issuperset", method_issuperset,                        \
                       "issuperset(other, /)\n--\n\n"                          \
                       "Whether all of the other is in this."),                \
        KAA_METHOD_ONE("isdisjoint", method_isdisjoint,                        \
                       "isdisjoint(other, /)\n--\n\n"                          \
                       "Whether nothing is in both."),                         \
        KAA_METHOD_NOARGS("copy", method_copy,                                 \
                          "copy()\n--\n\nA set of the same items.")

static const kaa_method set_methods[] = {
    COMMON_METHODS,
    KAA_METHOD_ONE("add", method_add,
                   "add(item, /)\n--\n\nAdds an item, if it is not there."),
    KAA_METHOD_ONE("discard", method_discard,
                   "discard(item, /)\n--\n\nRemoves an item, if it is there."),
    KAA_METHOD_ONE("remove", method_remove,
                   "remove(item, /)\n--\n\nRemoves an item, or KeyError."),
    KAA_METHOD_NOARGS("pop", kaa_object__set_pop,
                      "pop()\n--\n\nRemoves an item and gives it."),
    KAA_METHOD("update", method_update,
               "update(*others)\n--\n\nAdds what iterating gives."),
    KAA_METHOD_NOARGS("clear", method_clear,
                      "clear()\n--\n\nRemoves all items."),
    KAA_METHODS_END,
};

static const kaa_method frozenset_methods[] = {COMMON_METHODS, KAA_METHODS_END};

/* ---- Life */

static int
set_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    const kaa_object__set *set = kaa_object__as_set(self);

    for (uint32_t i = 0; i < set->capacity; i++)
        if (set->words[i] != KAA_OBJECT__EMPTY && (set->words[i] & 3) == 0)
            KAA_VISIT(kaa_object__word_key(set->words[i]));
    return 0;
}

static void
set_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    (void)self;
    snprintf(buffer, size, "item #%zu", number);
}

#define SET_TYPE                                                               \
    .block_bytes = sizeof(kaa_object__set), .traverse = set_traverse,          \
    .clear = kaa_object__set_empty, .release = kaa_object__set_empty,          \
    .describe_reference = set_describe, .create = set_create,                  \
    .repr = set_repr, .compare = set_compare, .iter = set_iter,                \
    .length = set_length, .contains = contains, .binary = set_binary

const kaa_object__type kaa_object__template_set = {
    .doc = "set(iterable=(), /)\n--\n\nItems, each once.",
    .methods = set_methods,
    .hash = kaa_object__unhashable,
    .inplace = set_inplace,
    SET_TYPE,
};

const kaa_object__type kaa_object__template_frozenset = {
    .doc = "frozenset(iterable=(), /)\n--\n\nItems, each once, that stay.",
    .methods = frozenset_methods,
    .hash = frozenset_hash,
    SET_TYPE,
};
