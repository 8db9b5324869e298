/* object/containers/list.c - lists: an array that grows.
 *
 * The array lies in raw memory of the heap. It grows by an eighth (short ones
 * by more), and where it is long the heap first tries to add pages behind it,
 * so that growing seldom copies. What stands here is the list itself and the
 * slots of kaa/api.def; its operators, methods and type are in list_type.c.
 */
#include "object/containers/list.h"

/* ---- Room */

static size_t
roomier(size_t count)
{
    if (count <= 4)
        return 4;
    if (count < 1024)
        return (count + count / 4 + 3) & ~(size_t)1;
    return (count + count / 8 + 8) & ~(size_t)7;
}

int
kaa_object__list_reserve(kaa_context *ctx, kaa_object__list *list, size_t count)
{
    kaa_object **items;
    size_t capacity;

    if (count <= list->capacity)
        return 0;
    if (count > KAA_OBJECT__COUNT_MAX)
        return kaa_object__raise_memory(ctx);
    /* What a list is first filled with it often keeps. */
    capacity = list->capacity == 0 && count > 1 ? count : roomier(count);
    items = list->items == NULL
                ? kaa_object__memory(ctx, capacity * sizeof(items[0]))
                : kaa_object__memory_resize(ctx, list->items,
                                            capacity * sizeof(items[0]));
    if (items == NULL)
        return -1;
    list->items = items;
    list->capacity = capacity;
    return 0;
}

/* Gives back what a list that has become short does not need. */
static void
tighten(kaa_context *ctx, kaa_object__list *list)
{
    kaa_object **items;
    size_t capacity = roomier(list->count);

    if (list->capacity < 32 || list->count >= list->capacity / 2)
        return;
    items = kaa_heap_realloc(kaa_object__runtime_of(ctx)->heap, list->items,
                             capacity * sizeof(items[0]), KAA_HEAP_RAW, NULL);
    if (items != NULL) { /* else it stays as it is */
        list->items = items;
        list->capacity = capacity;
    }
}

kaa_object__list *
kaa_object__list_make(kaa_context *ctx)
{
    kaa_object *object = kaa_object__new_zeroed(
        ctx, kaa_object__builtin(ctx, KAA_LIST_TYPE), sizeof(kaa_object__list),
        KAA_HEAP_OBJECT_TRACKED);

    return object == NULL ? NULL : kaa_object__as_list(object);
}

/* Gives up the items of an array, and the array. */
static void
drop(kaa_context *ctx, kaa_object **items, size_t count, int refers)
{
    if (items == NULL)
        return;
    for (size_t i = refers ? count : 0; i > 0; i--)
        kaa_object__give(ctx, items[i - 1]);
    kaa_object__memory_free(ctx, items);
}

void
kaa_object__list_empty(kaa_context *ctx, kaa_object *self)
{
    kaa_object__list *list = kaa_object__as_list(self);
    kaa_object **items = list->items;
    size_t count = list->count;
    int refers = (int)list->refers;

    list->items = NULL;
    list->count = list->capacity = 0;
    list->refers = 0;
    drop(ctx, items, count, refers);
}

/* ---- Making lists */

kaa_object *
kaa_object__list_new(kaa_context *ctx, size_t capacity)
{
    kaa_object__list *list = kaa_object__list_make(ctx);

    if (list != NULL && kaa_object__list_reserve(ctx, list, capacity) != 0) {
        kaa_object__discard(ctx, &list->header);
        return NULL;
    }
    return list == NULL ? NULL : &list->header;
}

kaa_object *
kaa_object__list_from_array(kaa_context *ctx, kaa_object *const *items,
                            size_t count)
{
    kaa_object *list = kaa_object__list_new(ctx, count);

    for (size_t i = 0; i < count && list != NULL; i++)
        kaa_object__list_put(kaa_object__as_list(list),
                             kaa_object__take(items[i]));
    return list;
}

kaa_object *
kaa_object__list_take_array(kaa_context *ctx, kaa_object *const *items,
                            size_t count)
{
    kaa_object *list = NULL;
    int is_whole = 1;

    for (size_t i = 0; i < count; i++)
        is_whole &= items[i] != NULL;
    if (is_whole)
        list = kaa_object__list_new(ctx, count);
    if (list != NULL) {
        for (size_t i = 0; i < count; i++)
            kaa_object__list_put(kaa_object__as_list(list), items[i]);
        return list;
    }
    for (size_t i = 0; i < count; i++)
        if (items[i] != NULL)
            kaa_object__give(ctx, items[i]);
    if (!kaa_object__has_error(ctx))
        kaa_object__raise_text(ctx, KAA_SYSTEM_ERROR,
                               "an item of a new list is NULL");
    return NULL;
}

kaa_object *
kaa_object__list_of(kaa_context *ctx, kaa_object *sequence, size_t start,
                    size_t end)
{
    kaa_object__list *list = kaa_object__list_make(ctx);
    kaa_object *const *items;
    size_t count;

    if (list == NULL)
        return NULL;
    items = kaa_object__sequence(sequence, &count);
    end = end < count ? end : count;
    start = start < end ? start : end;
    if (kaa_object__list_reserve(ctx, list, end - start) != 0) {
        kaa_object__discard(ctx, &list->header);
        return NULL;
    }
    for (size_t i = start; i < end; i++)
        kaa_object__list_put(list, kaa_object__take(items[i]));
    return &list->header;
}

kaa_object *
kaa_object__to_list(kaa_context *ctx, kaa_object *items)
{
    kaa_object__list *list;

    if (kaa_object__is_sequence(items))
        return kaa_object__list_of(ctx, items, 0, SIZE_MAX);
    list = kaa_object__list_make(ctx);
    if (list == NULL)
        return NULL;
    if (kaa_object__list_extend(ctx, &list->header, items) != 0) {
        kaa_object__give(ctx, &list->header);
        return NULL;
    }
    tighten(ctx, list);
    return &list->header;
}

/* ---- Items */

static int
check(kaa_context *ctx, kaa_object *object, const char *what)
{
    if (KAA_LIKELY(kaa_object__has_id(object, KAA_LIST_TYPE)))
        return 0;
    return kaa_object__raise_type(ctx, what, "list", object);
}

ptrdiff_t
kaa_object__list_size(kaa_context *ctx, kaa_object *list)
{
    if (check(ctx, list, "list_size") != 0)
        return -1;
    return (ptrdiff_t)kaa_object__as_list(list)->count;
}

kaa_object *
kaa_object__list_get(kaa_context *ctx, kaa_object *list, ptrdiff_t index)
{
    if (check(ctx, list, "list_get") != 0)
        return NULL;
    if (KAA_UNLIKELY((size_t)index >= kaa_object__as_list(list)->count)) {
        kaa_object__raise_text(ctx, KAA_INDEX_ERROR, "list index out of range");
        return NULL;
    }
    return kaa_object__take(kaa_object__as_list(list)->items[index]);
}

int
kaa_object__list_set(kaa_context *ctx, kaa_object *list, ptrdiff_t index,
                     kaa_object *item)
{
    kaa_object__list *self = kaa_object__as_list(list);
    kaa_object *old;

    if (check(ctx, list, "list_set") != 0)
        return -1;
    if (KAA_UNLIKELY((size_t)index >= self->count))
        return kaa_object__raise_text(ctx, KAA_INDEX_ERROR,
                                      "list assignment index out of range");
    if (!kaa_is_tagged(item))
        self->refers = 1;
    old = self->items[index];
    self->items[index] = kaa_object__take(item);
    kaa_object__give(ctx, old);
    return 0;
}

int
kaa_object__list_append(kaa_context *ctx, kaa_object *list, kaa_object *item)
{
    kaa_object__list *self = kaa_object__as_list(list);

    if (check(ctx, list, "list_append") != 0)
        return -1;
    if (KAA_UNLIKELY(self->count == self->capacity) &&
        kaa_object__list_reserve(ctx, self, self->count + 1) != 0)
        return -1;
    kaa_object__list_put(self, kaa_object__take(item));
    return 0;
}

int
kaa_object__list_take_append(kaa_context *ctx, kaa_object *list,
                             kaa_object *item)
{
    kaa_object__list *self = kaa_object__as_list(list);

    if (KAA_UNLIKELY(item == NULL)) {
        if (!kaa_object__has_error(ctx))
            kaa_object__raise_text(ctx, KAA_SYSTEM_ERROR,
                                   "the item to append is NULL");
        return -1;
    }
    if (check(ctx, list, "list_take_append") != 0 ||
        (KAA_UNLIKELY(self->count == self->capacity) &&
         kaa_object__list_reserve(ctx, self, self->count + 1) != 0)) {
        kaa_object__give(ctx, item);
        return -1;
    }
    kaa_object__list_put(self, item);
    return 0;
}

int
kaa_object__list_insert(kaa_context *ctx, kaa_object *list, ptrdiff_t index,
                        kaa_object *item)
{
    kaa_object__list *self = kaa_object__as_list(list);
    size_t at;

    if (check(ctx, list, "list_insert") != 0 ||
        (self->count == self->capacity &&
         kaa_object__list_reserve(ctx, self, self->count + 1) != 0))
        return -1;
    at = kaa_object__bound(index, self->count);
    memmove(&self->items[at + 1], &self->items[at],
            (self->count - at) * sizeof(item));
    self->items[at] = kaa_object__take(item);
    self->count++;
    if (!kaa_is_tagged(item))
        self->refers = 1;
    return 0;
}

static int
extend_by_sequence(kaa_context *ctx, kaa_object__list *self, kaa_object *items)
{
    size_t count;
    kaa_object *const *from;

    kaa_object__sequence(items, &count);
    if (count > KAA_OBJECT__COUNT_MAX)
        return kaa_object__raise_memory(ctx);
    if (kaa_object__list_reserve(ctx, self, self->count + count) != 0)
        return -1;
    from = kaa_object__sequence(items, &count); /* it may be self */
    for (size_t i = 0; i < count; i++)
        kaa_object__list_put(self, kaa_object__take(from[i]));
    return 0;
}

int
kaa_object__list_extend(kaa_context *ctx, kaa_object *list, kaa_object *items)
{
    kaa_object *iterator, *item;
    int found;

    if (check(ctx, list, "list_extend") != 0)
        return -1;
    if (kaa_object__is_sequence(items))
        return extend_by_sequence(ctx, kaa_object__as_list(list), items);
    iterator = kaa_object__iter(ctx, items);
    if (iterator == NULL)
        return -1;
    while ((found = kaa_object__next(ctx, iterator, &item)) == 1)
        if (kaa_object__list_take_append(ctx, list, item) != 0) {
            found = -1;
            break;
        }
    kaa_object__give(ctx, iterator);
    return found;
}

kaa_object *
kaa_object__list_pop(kaa_context *ctx, kaa_object *list, ptrdiff_t index)
{
    kaa_object__list *self = kaa_object__as_list(list);
    kaa_object *item;

    if (check(ctx, list, "list_pop") != 0)
        return NULL;
    if (self->count == 0) {
        kaa_object__raise_text(ctx, KAA_INDEX_ERROR, "pop from empty list");
        return NULL;
    }
    if (index == -1)
        index = (ptrdiff_t)self->count - 1;
    if (index < 0 || (size_t)index >= self->count) {
        kaa_object__raise_text(ctx, KAA_INDEX_ERROR, "pop index out of range");
        return NULL;
    }
    item = self->items[index];
    self->count--;
    memmove(&self->items[index], &self->items[index + 1],
            (self->count - (size_t)index) * sizeof(item));
    if (self->count == 0)
        self->refers = 0;
    tighten(ctx, self);
    return item;
}

/* ---- Slices */

/* list[start:end] in the sense of C: bounds are cut, not counted from the end.
 */
static void
cut(const kaa_object__list *list, ptrdiff_t *start, ptrdiff_t *end)
{
    ptrdiff_t count = (ptrdiff_t)list->count;

    *start = *start < 0 ? 0 : *start > count ? count : *start;
    *end = *end < *start ? *start : *end > count ? count : *end;
}

kaa_object *
kaa_object__list_slice(kaa_context *ctx, kaa_object *list, ptrdiff_t start,
                       ptrdiff_t end)
{
    if (check(ctx, list, "list_slice") != 0)
        return NULL;
    cut(kaa_object__as_list(list), &start, &end);
    return kaa_object__list_of(ctx, list, (size_t)start, (size_t)end);
}

/* Puts `count` items, whose references are taken over, in the place of those
 * from start to before end. The old ones are given up last, when all is right.
 */
static int
replace(kaa_context *ctx, kaa_object__list *self, size_t start, size_t end,
        kaa_object *const *items, size_t count)
{
    size_t removed = end - start, tail = self->count - end;
    size_t total = self->count - removed + count;
    kaa_object **old = NULL;
    int refers = (int)self->refers;

    if (total > self->capacity &&
        kaa_object__list_reserve(ctx, self, total) != 0)
        return -1;
    if (removed != 0 && refers) {
        old = kaa_object__memory(ctx, removed * sizeof(old[0]));
        if (old == NULL)
            return -1;
        memcpy(old, &self->items[start], removed * sizeof(old[0]));
    }
    if (tail != 0)
        memmove(&self->items[start + count], &self->items[end],
                tail * sizeof(items[0]));
    for (size_t i = 0; i < count; i++) {
        self->items[start + i] = kaa_object__take(items[i]);
        if (!kaa_is_tagged(items[i]))
            self->refers = 1;
    }
    self->count = total;
    tighten(ctx, self);
    drop(ctx, old, removed, refers);
    return 0;
}

int
kaa_object__list_set_slice(kaa_context *ctx, kaa_object *list, ptrdiff_t start,
                           ptrdiff_t end, kaa_object *items)
{
    kaa_object__list *self = kaa_object__as_list(list);
    kaa_object *fresh = NULL;
    kaa_object *const *array = NULL;
    size_t count = 0;
    int result;

    if (check(ctx, list, "list_set_slice") != 0)
        return -1;
    if (items != NULL) {
        fresh = items == list || !kaa_object__is_sequence(items)
                    ? kaa_object__to_list(ctx, items)
                    : kaa_object__take(items);
        if (fresh == NULL)
            return -1;
        array = kaa_object__sequence(fresh, &count);
    }
    cut(self, &start, &end);
    result = replace(ctx, self, (size_t)start, (size_t)end, array, count);
    if (fresh != NULL)
        kaa_object__give(ctx, fresh);
    return result;
}

/* ---- Order */

int
kaa_object__list_reverse(kaa_context *ctx, kaa_object *list)
{
    kaa_object__list *self = kaa_object__as_list(list);

    if (check(ctx, list, "list_reverse") != 0)
        return -1;
    for (size_t i = 0; i < self->count / 2; i++) {
        kaa_object *item = self->items[i];

        self->items[i] = self->items[self->count - 1 - i];
        self->items[self->count - 1 - i] = item;
    }
    return 0;
}

/* keys[i] for items[i]; NULL, all given up, when `key` fails. */
static kaa_object **
make_keys(kaa_context *ctx, kaa_object *key, kaa_object *const *items,
          size_t count)
{
    kaa_object **keys = kaa_object__memory(ctx, (count + 1) * sizeof(keys[0]));

    for (size_t i = 0; keys != NULL && i < count; i++) {
        keys[i] = kaa_object__call(ctx, key, &items[i], 1, NULL);
        if (keys[i] == NULL) {
            drop(ctx, keys, i, 1);
            return NULL;
        }
    }
    return keys;
}

static void
reverse(kaa_object **items, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        kaa_object *item = items[i];

        items[i] = items[count - 1 - i];
        items[count - 1 - i] = item;
    }
}

/* While it is sorted a list is empty, so that code of others that comparing
 * runs finds nothing to disturb; what it puts there is given up. Equal items
 * keep their order when it goes downwards, by reversing before and after. */
int
kaa_object__list_sort_by(kaa_context *ctx, kaa_object *list, kaa_object *key,
                         int is_reversed)
{
    kaa_object__list *self = kaa_object__as_list(list);
    kaa_object__list own = *self, other;
    kaa_object **keys = NULL;
    int result = 0;

    self->items = NULL;
    self->count = self->capacity = 0;
    self->refers = 0;
    if (key != NULL) {
        keys = make_keys(ctx, key, own.items, own.count);
        if (keys == NULL)
            result = -1;
    }
    if (result == 0) {
        if (is_reversed) {
            reverse(own.items, own.count);
            if (keys != NULL)
                reverse(keys, own.count);
        }
        result = kaa_object__sort(ctx, keys, own.items, own.count);
        if (is_reversed)
            reverse(own.items, own.count);
        drop(ctx, keys, own.count, 1);
    }
    other = *self;
    self->items = own.items;
    self->count = own.count;
    self->capacity = own.capacity;
    self->refers = own.refers;
    if (other.items != NULL) {
        drop(ctx, other.items, other.count, (int)other.refers);
        if (result == 0)
            result = kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                                            "list modified during sort");
    }
    return result;
}

int
kaa_object__list_sort(kaa_context *ctx, kaa_object *list)
{
    if (check(ctx, list, "list_sort") != 0)
        return -1;
    return kaa_object__list_sort_by(ctx, list, NULL, 0);
}
