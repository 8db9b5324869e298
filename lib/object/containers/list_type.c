/* object/containers/list_type.c - the type of lists: operators, methods, life.
 */
#include "object/containers/list.h"

/* ---- Items by key */

static kaa_object *
get_slice(kaa_context *ctx, kaa_object__list *self, kaa_object *slice)
{
    ptrdiff_t start, step, count;
    kaa_object__list *list = kaa_object__list_make(ctx);

    if (list == NULL)
        return NULL;
    /* The length is asked for after what may run code of others. */
    if (kaa_object__slice_unpack(ctx, slice, &start, &count, &step) != 0 ||
        kaa_object__list_reserve(
            ctx, list,
            (size_t)(count = kaa_object__slice_adjust(
                         (ptrdiff_t)self->count, &start, count, step))) != 0) {
        kaa_object__give(ctx, &list->header);
        return NULL;
    }
    for (ptrdiff_t i = 0; i < count; i++)
        kaa_object__list_put(list,
                             kaa_object__take(self->items[start + i * step]));
    return &list->header;
}

static kaa_object *
list_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    ptrdiff_t index;

    if (kaa_object__has_id(key, KAA_SLICE_TYPE))
        return get_slice(ctx, kaa_object__as_list(self), key);
    if (!kaa_object__is_index(ctx, key, "list"))
        return NULL;
    if (kaa_object__index_of(ctx, key, &index, KAA_OBJECT__INDEX_ERROR) != 0)
        return NULL;
    if (index < 0)
        index += (ptrdiff_t)kaa_object__as_list(self)->count;
    return kaa_object__list_get(ctx, self, index);
}

/* del list[start::step], of `count` items; step is not 1. */
static int
delete_stepped(kaa_context *ctx, kaa_object__list *self, ptrdiff_t start,
               ptrdiff_t step, ptrdiff_t count)
{
    kaa_object **gone;
    size_t to;

    if (count == 0)
        return 0;
    if (step < 0) {
        start += step * (count - 1);
        step = -step;
    }
    gone = kaa_object__memory(ctx, (size_t)count * sizeof(gone[0]));
    if (gone == NULL)
        return -1;
    to = (size_t)start;
    for (size_t from = to, n = 0; from < self->count; from++) {
        if (n < (size_t)count && from == (size_t)(start + (ptrdiff_t)n * step))
            gone[n++] = self->items[from];
        else
            self->items[to++] = self->items[from];
    }
    self->count = to;
    for (ptrdiff_t i = 0; i < count; i++)
        kaa_object__give(ctx, gone[i]);
    kaa_object__memory_free(ctx, gone);
    return 0;
}

static int
set_stepped(kaa_context *ctx, kaa_object__list *self, kaa_object *slice,
            kaa_object *values)
{
    ptrdiff_t start, step, count;
    size_t given;
    kaa_object *const *items;

    if (kaa_object__slice_unpack(ctx, slice, &start, &count, &step) != 0)
        return -1;
    count =
        kaa_object__slice_adjust((ptrdiff_t)self->count, &start, count, step);
    items = kaa_object__sequence(values, &given);
    if (given != (size_t)count)
        return kaa_object__raise_text(
            ctx, KAA_VALUE_ERROR,
            "attempt to assign sequence of size %zu to extended slice of size "
            "%td",
            given, count);
    /* The old items go to `values`, a list of our own, which gives them up. */
    for (ptrdiff_t i = 0; i < count; i++) {
        kaa_object **place = &self->items[start + i * step];
        kaa_object *old = *place;

        *place = items[i];
        kaa_object__as_list(values)->items[i] = old;
        if (!kaa_is_tagged(*place))
            self->refers = 1;
        if (!kaa_is_tagged(old))
            kaa_object__as_list(values)->refers = 1;
    }
    return 0;
}

static int
set_slice(kaa_context *ctx, kaa_object__list *self, kaa_object *slice,
          kaa_object *value)
{
    ptrdiff_t start, step, count;
    kaa_object *own;
    int result;

    if (kaa_object__slice_resolve(ctx, slice, (ptrdiff_t)self->count, &start,
                                  &step, &count) != 0)
        return -1;
    if (step == 1)
        return kaa_object__list_set_slice(ctx, &self->header, start,
                                          start + count, value);
    if (value == NULL)
        return delete_stepped(ctx, self, start, step, count);
    own = kaa_object__to_list(ctx, value);
    if (own == NULL)
        return -1;
    result = set_stepped(ctx, self, slice, own);
    kaa_object__give(ctx, own);
    return result;
}

static int
list_set_item(kaa_context *ctx, kaa_object *self, kaa_object *key,
              kaa_object *value)
{
    kaa_object__list *list = kaa_object__as_list(self);
    ptrdiff_t index;

    if (kaa_object__has_id(key, KAA_SLICE_TYPE))
        return set_slice(ctx, list, key, value);
    if (!kaa_object__is_index(ctx, key, "list") ||
        kaa_object__index_of(ctx, key, &index, KAA_OBJECT__INDEX_ERROR) != 0)
        return -1;
    if (index < 0)
        index += (ptrdiff_t)list->count;
    if (value != NULL)
        return kaa_object__list_set(ctx, self, index, value);
    if (index < 0 || (size_t)index >= list->count)
        return kaa_object__raise_text(ctx, KAA_INDEX_ERROR,
                                      "list assignment index out of range");
    kaa_object__give(ctx, kaa_object__list_pop(ctx, self, index));
    return 0;
}

/* ---- Operations */

static ptrdiff_t
list_length(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return (ptrdiff_t)kaa_object__as_list(self)->count;
}

static kaa_object *
list_repr(kaa_context *ctx, kaa_object *self)
{
    kaa_object__list *list = kaa_object__as_list(self);
    struct kaa_object__showing showing;
    kaa_base__text text = {0};
    int is_failed = kaa_object__show_begin(ctx, &showing, self);

    if (is_failed < 0)
        return NULL;
    if (is_failed > 0)
        return kaa_text(ctx, "[...]");
    kaa_base__text_puts(&text, "[");
    for (size_t i = 0; i < list->count && !is_failed; i++) {
        kaa_object *item = kaa_object__take(list->items[i]);

        if (i > 0)
            kaa_base__text_puts(&text, ", ");
        is_failed = kaa_object__show(ctx, &text, item) != 0;
        kaa_object__give(ctx, item);
    }
    kaa_base__text_puts(&text, "]");
    kaa_object__show_end(ctx, &showing);
    return kaa_object__show_text(ctx, &text, is_failed);
}

static kaa_object *
concat(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    kaa_object *list =
        kaa_object__list_new(ctx, kaa_object__as_list(left)->count +
                                      kaa_object__as_list(right)->count);

    if (list != NULL && (kaa_object__list_extend(ctx, list, left) != 0 ||
                         kaa_object__list_extend(ctx, list, right) != 0)) {
        kaa_object__give(ctx, list);
        return NULL;
    }
    return list;
}

/* Makes `list` of `count` items hold them `times` times. */
static int
repeat_in_place(kaa_context *ctx, kaa_object__list *list, ptrdiff_t times)
{
    size_t count = list->count;

    if (times <= 0) {
        kaa_object__list_empty(ctx, &list->header);
        return 0;
    }
    if (count == 0 || times == 1)
        return 0;
    if ((size_t)times > KAA_OBJECT__COUNT_MAX / count)
        return kaa_object__raise_memory(ctx);
    if (kaa_object__list_reserve(ctx, list, count * (size_t)times) != 0)
        return -1;
    for (size_t i = count; i < count * (size_t)times; i++)
        list->items[i] = kaa_object__take(list->items[i - count]);
    list->count = count * (size_t)times;
    return 0;
}

static kaa_object *
repeat(kaa_context *ctx, kaa_object *self, kaa_object *factor)
{
    ptrdiff_t times;
    kaa_object *list;

    if (kaa_object__index_of(ctx, factor, &times, KAA_OBJECT__OVERFLOW_ERROR) !=
        0)
        return NULL;
    if (times <= 0)
        return kaa_object__list_new(ctx, 0);
    list = kaa_object__list_of(ctx, self, 0, SIZE_MAX);
    if (list != NULL &&
        repeat_in_place(ctx, kaa_object__as_list(list), times) != 0) {
        kaa_object__give(ctx, list);
        return NULL;
    }
    return list;
}

static kaa_object *
list_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    int left_is = kaa_object__has_id(left, KAA_LIST_TYPE);
    int right_is = kaa_object__has_id(right, KAA_LIST_TYPE);

    if (op == KAA_ADD && left_is && right_is)
        return concat(ctx, left, right);
    if (op == KAA_MULTIPLY && left_is && kaa_object__has_index(ctx, right))
        return repeat(ctx, left, right);
    if (op == KAA_MULTIPLY && right_is && kaa_object__has_index(ctx, left))
        return repeat(ctx, right, left);
    return kaa_not_implemented(ctx);
}

static kaa_object *
list_inplace(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    ptrdiff_t times;

    if (op == KAA_ADD) {
        if (kaa_object__list_extend(ctx, left, right) != 0)
            return NULL;
    } else if (op == KAA_MULTIPLY && kaa_object__has_index(ctx, right)) {
        if (kaa_object__index_of(ctx, right, &times,
                                 KAA_OBJECT__OVERFLOW_ERROR) != 0 ||
            repeat_in_place(ctx, kaa_object__as_list(left), times) != 0)
            return NULL;
    } else {
        return kaa_not_implemented(ctx);
    }
    return kaa_object__take(left);
}

static kaa_object *
list_iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__iterator_new(ctx, KAA_OBJECT__INTERNAL_LIST_ITERATOR,
                                    self);
}

static kaa_object *
list_create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    (void)type;
    if (kaa_object__check_args(ctx, "list", nargs, 0, 1, kwnames) != 0)
        return NULL;
    return nargs == 0 ? kaa_object__list_new(ctx, 0)
                      : kaa_object__to_list(ctx, args[0]);
}

/* ---- Methods */

static kaa_object *
method_append(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    return kaa_object__list_append(ctx, self, item) != 0 ? NULL : kaa_none(ctx);
}

static kaa_object *
method_extend(kaa_context *ctx, kaa_object *self, kaa_object *items)
{
    return kaa_object__list_extend(ctx, self, items) != 0 ? NULL
                                                          : kaa_none(ctx);
}

static kaa_object *
method_insert(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs)
{
    ptrdiff_t index;

    if (kaa_object__check_args(ctx, "insert", nargs, 2, 2, NULL) != 0 ||
        kaa_object__index_of(ctx, args[0], &index,
                             KAA_OBJECT__OVERFLOW_ERROR) != 0 ||
        kaa_object__list_insert(ctx, self, index, args[1]) != 0)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
method_pop(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    ptrdiff_t index = -1;

    if (kaa_object__check_args(ctx, "pop", nargs, 0, 1, NULL) != 0 ||
        (nargs > 0 && kaa_object__index_of(ctx, args[0], &index,
                                           KAA_OBJECT__OVERFLOW_ERROR) != 0))
        return NULL;
    if (index < 0)
        index += (ptrdiff_t)kaa_object__as_list(self)->count;
    /* -1 would be the last one again. */
    return kaa_object__list_pop(ctx, self, index < 0 ? PTRDIFF_MIN : index);
}

static kaa_object *
method_remove(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    ptrdiff_t index = kaa_object__sequence_find(ctx, self, item, 0, SIZE_MAX);
    kaa_object *gone;

    if (index == -2)
        return NULL;
    if (index < 0) {
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                               "list.remove(x): x not in list");
        return NULL;
    }
    gone = kaa_object__list_pop(ctx, self, index);
    if (gone == NULL)
        return NULL;
    kaa_object__give(ctx, gone);
    return kaa_none(ctx);
}

static kaa_object *
method_sort(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    size_t named = kwnames == NULL ? 0 : kaa_object__as_tuple(kwnames)->count;
    kaa_object *key = NULL;
    int is_reversed = 0;

    if (nargs != 0) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "sort() takes no positional arguments");
        return NULL;
    }
    for (size_t i = 0; i < named; i++) {
        kaa_object *name = kaa_object__as_tuple(kwnames)->items[i];

        if (kaa_object__str_equals(ctx, name, "key", 3)) {
            key = kaa_is_none(ctx, args[i]) ? NULL : args[i];
        } else if (kaa_object__str_equals(ctx, name, "reverse", 7)) {
            is_reversed = kaa_object__truth(ctx, args[i]);
            if (is_reversed < 0)
                return NULL;
        } else {
            kaa_object__raise_text(
                ctx, KAA_TYPE_ERROR,
                "sort() got an unexpected keyword argument '%s'",
                kaa_object__str_as_utf8(ctx, name, NULL));
            return NULL;
        }
    }
    if (kaa_object__list_sort_by(ctx, self, key, is_reversed) != 0)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
method_reverse(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__list_reverse(ctx, self) != 0 ? NULL : kaa_none(ctx);
}

static kaa_object *
method_clear(kaa_context *ctx, kaa_object *self)
{
    kaa_object__list_empty(ctx, self);
    return kaa_none(ctx);
}

static kaa_object *
method_copy(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__list_of(ctx, self, 0, SIZE_MAX);
}

static const kaa_method methods[] = {
    KAA_METHOD_ONE("append", method_append,
                   "append(item, /)\n--\n\nAdds an item at the end."),
    KAA_METHOD_ONE("extend", method_extend,
                   "extend(iterable, /)\n--\n\nAdds what iterating gives."),
    KAA_METHOD("insert", method_insert,
               "insert(index, item, /)\n--\n\nAdds an item before index."),
    KAA_METHOD("pop", method_pop,
               "pop(index=-1, /)\n--\n\nRemoves an item and gives it."),
    KAA_METHOD_ONE("remove", method_remove,
                   "remove(value, /)\n--\n\nRemoves the first equal item."),
    KAA_METHOD("index", kaa_object__sequence_index,
               "index(value, start=0, stop=maxsize, /)\n--\n\n"
               "Where the value first stands."),
    KAA_METHOD_ONE("count", kaa_object__sequence_count,
                   "count(value, /)\n--\n\nHow often the value is there."),
    KAA_METHOD_KEYWORDS("sort", method_sort,
                        "sort(*, key=None, reverse=False)\n--\n\n"
                        "Sorts in place, stable."),
    KAA_METHOD_NOARGS("reverse", method_reverse,
                      "reverse()\n--\n\nTurns the order round."),
    KAA_METHOD_NOARGS("clear", method_clear,
                      "clear()\n--\n\nRemoves all items."),
    KAA_METHOD_NOARGS("copy", method_copy,
                      "copy()\n--\n\nA list of the same items."),
    KAA_METHODS_END,
};

/* ---- Life */

static int
list_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    const kaa_object__list *list = kaa_object__as_list(self);

    if (!list->refers)
        return 0;
    for (size_t i = 0; i < list->count; i++)
        if (!kaa_is_tagged(list->items[i]))
            KAA_VISIT(list->items[i]);
    return 0;
}

static void
list_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    const kaa_object__list *list = kaa_object__as_list(self);

    kaa_object__describe_item(list->items, list->count, number, buffer, size);
}

const kaa_object__type kaa_object__template_list = {
    .doc = "list(iterable=(), /)\n--\n\nItems in a row.",
    .flags = KAA_OBJECT__NO_WEAKREFS,
    .block_bytes = sizeof(kaa_object__list),
    .methods = methods,
    .traverse = list_traverse,
    .clear = kaa_object__list_empty,
    .release = kaa_object__list_empty,
    .describe_reference = list_describe,
    .create = list_create,
    .repr = list_repr,
    .hash = kaa_object__unhashable,
    .compare = kaa_object__sequence_compare,
    .iter = list_iter,
    .length = list_length,
    .get_item = list_get_item,
    .set_item = list_set_item,
    .contains = kaa_object__sequence_contains,
    .binary = list_binary,
    .inplace = list_inplace,
};
