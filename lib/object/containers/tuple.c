/* object/containers/tuple.c - tuples.
 *
 * A tuple none of whose items is looked at by the collector is not looked at
 * either: its block is of kind PLAIN. That is decided when it is made, by its
 * items of that moment, which stay the same ever after.
 *
 * Making the block may collect, and finalisers that run then may change the
 * list that items come from: so items are held, or looked at again, after it.
 */
#include "object/containers/container.h"

static kaa_object__tuple *
tuple_alloc(kaa_context *ctx, size_t count, kaa_heap_kind kind)
{
    kaa_object *object;

    if (count > KAA_OBJECT__COUNT_MAX) {
        kaa_object__raise_memory(ctx);
        return NULL;
    }
    object = kaa_object__new(ctx, kaa_object__builtin(ctx, KAA_TUPLE_TYPE),
                             offsetof(kaa_object__tuple, items) +
                                 count * sizeof(kaa_object *),
                             kind);
    if (object == NULL)
        return NULL;
    kaa_object__as_tuple(object)->count = count;
    return kaa_object__as_tuple(object);
}

static kaa_object *
empty_tuple(kaa_context *ctx)
{
    return kaa_object__take(kaa_object__runtime_of(ctx)->empty_tuple);
}

static kaa_heap_kind
kind_for(kaa_object *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!kaa_is_tagged(items[i]) && kaa_object__is_tracked(items[i]))
            return KAA_HEAP_OBJECT_TRACKED;
    return KAA_HEAP_OBJECT_PLAIN;
}

int
kaa_object__tuples_start(kaa_context *ctx)
{
    kaa_object__tuple *tuple = tuple_alloc(ctx, 0, KAA_HEAP_OBJECT_PLAIN);

    if (tuple == NULL)
        return -1;
    tuple->header.word = KAA_OBJECT__IMMORTAL_WORD;
    kaa_object__runtime_of(ctx)->empty_tuple = &tuple->header;
    return 0;
}

/* ---- Making tuples */

kaa_object *
kaa_object__tuple_from_array(kaa_context *ctx, kaa_object *const *items,
                             size_t count)
{
    kaa_object__tuple *tuple;

    if (count == 0)
        return empty_tuple(ctx);
    tuple = tuple_alloc(ctx, count, kind_for(items, count));
    if (tuple == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        tuple->items[i] = kaa_object__take(items[i]);
    return &tuple->header;
}

kaa_object *
kaa_object__tuple_take_array(kaa_context *ctx, kaa_object *const *items,
                             size_t count)
{
    kaa_object__tuple *tuple = NULL;
    int is_whole = 1;

    if (count == 0)
        return empty_tuple(ctx);
    for (size_t i = 0; i < count; i++)
        is_whole &= items[i] != NULL;
    if (is_whole)
        tuple = tuple_alloc(ctx, count, kind_for(items, count));
    if (tuple != NULL) {
        memcpy(tuple->items, items, count * sizeof(items[0]));
        return &tuple->header;
    }
    for (size_t i = 0; i < count; i++)
        if (items[i] != NULL)
            kaa_object__give(ctx, items[i]);
    if (!kaa_object__has_error(ctx))
        kaa_object__raise_text(ctx, KAA_SYSTEM_ERROR,
                               "an item of a new tuple is NULL");
    return NULL;
}

kaa_object *
kaa_object__tuple_of(kaa_context *ctx, kaa_object *sequence, size_t start,
                     size_t end)
{
    for (;;) {
        size_t count, first, last;
        kaa_object *const *items = kaa_object__sequence(sequence, &count);
        kaa_heap_kind kind;
        kaa_object__tuple *tuple;

        last = end < count ? end : count;
        first = start < last ? start : last;
        if (first == last)
            return empty_tuple(ctx);
        kind = kind_for(items + first, last - first);
        tuple = tuple_alloc(ctx, last - first, kind);
        if (tuple == NULL)
            return NULL;
        items = kaa_object__sequence(sequence, &count);
        if (last <= count && (end >= count) == (last == count) &&
            kind == kind_for(items + first, last - first)) {
            for (size_t i = first; i < last; i++)
                tuple->items[i - first] = kaa_object__take(items[i]);
            return &tuple->header;
        }
        /* A finaliser has changed the list meanwhile: again. */
        kaa_object__discard(ctx, &tuple->header);
    }
}

kaa_object *
kaa_object__to_tuple(kaa_context *ctx, kaa_object *items)
{
    kaa_object *list, *tuple;

    if (kaa_object__has_id(items, KAA_TUPLE_TYPE))
        return kaa_object__take(items);
    if (kaa_object__has_id(items, KAA_LIST_TYPE))
        return kaa_object__tuple_of(ctx, items, 0, SIZE_MAX);
    list = kaa_object__to_list(ctx, items);
    if (list == NULL)
        return NULL;
    tuple = kaa_object__tuple_of(ctx, list, 0, SIZE_MAX);
    kaa_object__give(ctx, list);
    return tuple;
}

static kaa_object *
tuple_create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
             size_t nargs, kaa_object *kwnames)
{
    (void)type;
    if (kaa_object__check_args(ctx, "tuple", nargs, 0, 1, kwnames) != 0)
        return NULL;
    return nargs == 0 ? empty_tuple(ctx) : kaa_object__to_tuple(ctx, args[0]);
}

/* ---- Items */

static int
check(kaa_context *ctx, kaa_object *object, const char *what)
{
    if (KAA_LIKELY(kaa_object__has_id(object, KAA_TUPLE_TYPE)))
        return 0;
    return kaa_object__raise_type(ctx, what, "tuple", object);
}

ptrdiff_t
kaa_object__tuple_size(kaa_context *ctx, kaa_object *tuple)
{
    if (check(ctx, tuple, "tuple_size") != 0)
        return -1;
    return (ptrdiff_t)kaa_object__as_tuple(tuple)->count;
}

kaa_object *
kaa_object__tuple_get_borrowed(kaa_context *ctx, kaa_object *tuple,
                               ptrdiff_t index)
{
    if (check(ctx, tuple, "tuple_get") != 0)
        return NULL;
    if (KAA_UNLIKELY((size_t)index >= kaa_object__as_tuple(tuple)->count)) {
        kaa_object__raise_text(ctx, KAA_INDEX_ERROR,
                               "tuple index out of range");
        return NULL;
    }
    return kaa_object__as_tuple(tuple)->items[index];
}

kaa_object *
kaa_object__tuple_get(kaa_context *ctx, kaa_object *tuple, ptrdiff_t index)
{
    kaa_object *item = kaa_object__tuple_get_borrowed(ctx, tuple, index);

    return item == NULL ? NULL : kaa_object__take(item);
}

static ptrdiff_t
tuple_length(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return (ptrdiff_t)kaa_object__as_tuple(self)->count;
}

static kaa_object *
tuple_get_slice(kaa_context *ctx, kaa_object__tuple *self, kaa_object *slice)
{
    ptrdiff_t start, step, count;
    kaa_object__tuple *tuple;
    kaa_heap_kind kind = KAA_HEAP_OBJECT_PLAIN;

    if (kaa_object__slice_resolve(ctx, slice, (ptrdiff_t)self->count, &start,
                                  &step, &count) != 0)
        return NULL;
    if (count == (ptrdiff_t)self->count && step == 1)
        return kaa_object__take(&self->header);
    if (count == 0)
        return empty_tuple(ctx);
    for (ptrdiff_t i = 0; i < count; i++)
        if (kind_for(&self->items[start + i * step], 1) ==
            KAA_HEAP_OBJECT_TRACKED)
            kind = KAA_HEAP_OBJECT_TRACKED;
    tuple = tuple_alloc(ctx, (size_t)count, kind);
    if (tuple == NULL)
        return NULL;
    for (ptrdiff_t i = 0; i < count; i++)
        tuple->items[i] = kaa_object__take(self->items[start + i * step]);
    return &tuple->header;
}

static kaa_object *
tuple_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    kaa_object__tuple *tuple = kaa_object__as_tuple(self);
    ptrdiff_t index;

    if (kaa_object__has_id(key, KAA_SLICE_TYPE))
        return tuple_get_slice(ctx, tuple, key);
    if (!kaa_object__is_index(ctx, key, "tuple"))
        return NULL;
    if (kaa_object__index_of(ctx, key, &index, KAA_OBJECT__INDEX_ERROR) != 0)
        return NULL;
    if (index < 0)
        index += (ptrdiff_t)tuple->count;
    return kaa_object__tuple_get(ctx, self, index);
}

/* ---- Operations */

/* CPython's combination of the items' hashes, which is xxHash's with one lane:
 * a permutation of each, then a mix that depends on the order. */
static int64_t
tuple_hash(kaa_context *ctx, kaa_object *self)
{
    const kaa_object__tuple *tuple = kaa_object__as_tuple(self);
    const uint64_t prime1 = UINT64_C(11400714785074694791);
    const uint64_t prime2 = UINT64_C(14029467366897019727);
    const uint64_t prime5 = UINT64_C(2870177450012600261);
    uint64_t result = prime5;

    if (kaa_object__begin_call(ctx) != 0)
        return -1;
    for (size_t i = 0; i < tuple->count; i++) {
        int64_t hash = kaa_object__hash(ctx, tuple->items[i]);

        if (hash == -1) {
            kaa_object__end_call(ctx);
            return -1;
        }
        result += (uint64_t)hash * prime2;
        result = (result << 31 | result >> 33) * prime1;
    }
    kaa_object__end_call(ctx);
    result += tuple->count ^ (prime5 ^ UINT64_C(3527539));
    return result == UINT64_MAX ? 1546275796 : (int64_t)result;
}

static kaa_object *
tuple_repr(kaa_context *ctx, kaa_object *self)
{
    const kaa_object__tuple *tuple = kaa_object__as_tuple(self);
    struct kaa_object__showing showing;
    kaa_base__text text = {0};
    int is_failed = kaa_object__show_begin(ctx, &showing, self);

    if (is_failed < 0)
        return NULL;
    if (is_failed > 0)
        return kaa_text(ctx, "(...)");
    kaa_base__text_puts(&text, "(");
    for (size_t i = 0; i < tuple->count && !is_failed; i++) {
        if (i > 0)
            kaa_base__text_puts(&text, ", ");
        is_failed = kaa_object__show(ctx, &text, tuple->items[i]) != 0;
    }
    kaa_base__text_puts(&text, tuple->count == 1 ? ",)" : ")");
    kaa_object__show_end(ctx, &showing);
    return kaa_object__show_text(ctx, &text, is_failed);
}

static kaa_object *
tuple_concat(kaa_context *ctx, kaa_object__tuple *left,
             kaa_object__tuple *right)
{
    kaa_object__tuple *tuple;
    kaa_heap_kind kind = kind_for(left->items, left->count);

    if (left->count == 0)
        return kaa_object__take(&right->header);
    if (right->count == 0)
        return kaa_object__take(&left->header);
    if (kind == KAA_HEAP_OBJECT_PLAIN)
        kind = kind_for(right->items, right->count);
    tuple = tuple_alloc(ctx, left->count + right->count, kind);
    if (tuple == NULL)
        return NULL;
    for (size_t i = 0; i < left->count; i++)
        tuple->items[i] = kaa_object__take(left->items[i]);
    for (size_t i = 0; i < right->count; i++)
        tuple->items[left->count + i] = kaa_object__take(right->items[i]);
    return &tuple->header;
}

static kaa_object *
tuple_repeat(kaa_context *ctx, kaa_object__tuple *self, kaa_object *factor)
{
    ptrdiff_t times;
    kaa_object__tuple *tuple;

    if (kaa_object__index_of(ctx, factor, &times, KAA_OBJECT__OVERFLOW_ERROR) !=
        0)
        return NULL;
    if (self->count == 0 || times <= 0)
        return empty_tuple(ctx);
    if (times == 1)
        return kaa_object__take(&self->header);
    if ((size_t)times > KAA_OBJECT__COUNT_MAX / self->count) {
        kaa_object__raise_memory(ctx);
        return NULL;
    }
    tuple = tuple_alloc(ctx, self->count * (size_t)times,
                        kind_for(self->items, self->count));
    if (tuple == NULL)
        return NULL;
    for (size_t i = 0; i < tuple->count; i++)
        tuple->items[i] = kaa_object__take(self->items[i % self->count]);
    return &tuple->header;
}

static kaa_object *
tuple_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    int left_is = kaa_object__has_id(left, KAA_TUPLE_TYPE);
    int right_is = kaa_object__has_id(right, KAA_TUPLE_TYPE);

    if (op == KAA_ADD && left_is && right_is)
        return tuple_concat(ctx, kaa_object__as_tuple(left),
                            kaa_object__as_tuple(right));
    if (op == KAA_MULTIPLY && left_is && kaa_object__has_index(ctx, right))
        return tuple_repeat(ctx, kaa_object__as_tuple(left), right);
    if (op == KAA_MULTIPLY && right_is && kaa_object__has_index(ctx, left))
        return tuple_repeat(ctx, kaa_object__as_tuple(right), left);
    return kaa_not_implemented(ctx);
}

static kaa_object *
tuple_iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__iterator_new(ctx, KAA_OBJECT__INTERNAL_TUPLE_ITERATOR,
                                    self);
}

/* ---- Life */

static int
tuple_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    const kaa_object__tuple *tuple = kaa_object__as_tuple(self);

    for (size_t i = 0; i < tuple->count; i++)
        if (!kaa_is_tagged(tuple->items[i]))
            KAA_VISIT(tuple->items[i]);
    return 0;
}

static void
tuple_release(kaa_context *ctx, kaa_object *self)
{
    const kaa_object__tuple *tuple = kaa_object__as_tuple(self);

    for (size_t i = 0; i < tuple->count; i++)
        kaa_object__give(ctx, tuple->items[i]);
}

static void
tuple_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    const kaa_object__tuple *tuple = kaa_object__as_tuple(self);

    kaa_object__describe_item(tuple->items, tuple->count, number, buffer, size);
}

static const kaa_method methods[] = {
    KAA_METHOD("index", kaa_object__sequence_index,
               "index(value, start=0, stop=maxsize, /)\n--\n\n"
               "Where the value first stands."),
    KAA_METHOD_ONE("count", kaa_object__sequence_count,
                   "count(value, /)\n--\n\nHow often the value is there."),
    KAA_METHODS_END,
};

const kaa_object__type kaa_object__template_tuple = {
    .doc = "tuple(iterable=(), /)\n--\n\nItems that stay the same.",
    .flags = KAA_OBJECT__NO_WEAKREFS,
    .methods = methods,
    .traverse = tuple_traverse,
    .release = tuple_release,
    .describe_reference = tuple_describe,
    .create = tuple_create,
    .repr = tuple_repr,
    .hash = tuple_hash,
    .compare = kaa_object__sequence_compare,
    .iter = tuple_iter,
    .length = tuple_length,
    .get_item = tuple_get_item,
    .contains = kaa_object__sequence_contains,
    .binary = tuple_binary,
};
