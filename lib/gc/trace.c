/* gc/trace.c - the two passes over a set: counting and marking.
 *
 * Both walk pages in the order of addresses and spend their time waiting for
 * memory, so what a reference leads to is asked for when it is found and looked
 * at some references later (kaa_gc__set.ring). What lies in the page that is
 * near is looked at at once: the cache has its table, and where objects refer
 * to their neighbours the scan would have passed them before their turn.
 *
 * Marking remembers only what lies behind it: what lies ahead the scan will
 * come to.
 */
#include "base/memory.h"
#include "gc/internal.h"
#include "object/containers/container.h"
#include "object/types/type.h"

#if defined(__GNUC__) || defined(__clang__)
#define PREFETCH(address) __builtin_prefetch((address), 1)
#else
#define PREFETCH(address) ((void)(address))
#endif

/* What an object counts that is never to be garbage: more than its references
 * from the set. */
#define MANY (UINT32_C(1) << 30)
#define COUNT_HIGH                                                             \
    (KAA_OBJECT__IMMORTAL | KAA_OBJECT__DEAD |                                 \
     (KAA_OBJECT__COUNT_MASK & ~(uint64_t)(MANY - 1)))

/* ---- References of an object
 *
 * Types whose references lie at known places are read without a call for each;
 * the others by their traverse. An instance refers to its type: such references
 * are counted for all instances in a row at once. */

typedef void see(kaa_gc__set *set, kaa_object *object);

static inline int
is_offsets(const kaa_object__type *type)
{
    return (type->flags & (KAA_OBJECT__SPEC | KAA_OBJECT__EXCEPTION)) ==
               KAA_OBJECT__SPEC &&
           !((const kaa_object__own_type *)(const void *)type)->has_visit;
}

static void
learn(kaa_gc__set *set, const kaa_object__type *type)
{
    set->type = type;
    set->shape = KAA_GC__BY_CALL;
    if (is_offsets(type))
        set->shape = KAA_GC__OFFSETS;
    else if (type->flags & KAA_OBJECT__BUILTIN && type->id == KAA_LIST_TYPE)
        set->shape = KAA_GC__LIST;
    else if (type->flags & KAA_OBJECT__BUILTIN && type->id == KAA_TUPLE_TYPE)
        set->shape = KAA_GC__TUPLE;
    else if (type->traverse == NULL)
        set->shape = KAA_GC__NONE;
}

static inline __attribute__((always_inline)) void
see_all(kaa_gc__set *set, kaa_object *const *items, size_t count, see *each)
{
    for (size_t i = 0; i < count; i++)
        if (items[i] != NULL)
            each(set, items[i]);
}

/* Items of a list or tuple that are looked at in one go. */
#define LONG 8192u

static kaa_object *const *
items_of(const kaa_object *object, size_t *out_count)
{
    const kaa_object__list *list =
        (const kaa_object__list *)(const void *)object;
    const kaa_object__tuple *tuple =
        (const kaa_object__tuple *)(const void *)object;

    if (object->type->id == KAA_TUPLE_TYPE) {
        *out_count = tuple->count;
        return tuple->items;
    }
    *out_count = list->refers ? list->count : 0;
    return list->items;
}

/* Puts a long one off; 0 if it is none. */
static inline int
put_off(kaa_gc__set *set, kaa_object *object)
{
    size_t count;

    if (!set->is_sliced ||
        (set->shape != KAA_GC__LIST && set->shape != KAA_GC__TUPLE))
        return 0;
    (void)items_of(object, &count);
    if (count <= LONG)
        return 0;
    set->long_object = object;
    set->long_at = 0;
    return 1;
}

/* The next part of the one that was put off. */
static inline __attribute__((always_inline)) int64_t
see_part(kaa_gc__set *set, see *each)
{
    size_t count, part, at = set->long_at;
    kaa_object *const *items;

    if (kaa_object__is_dead(set->long_object)) {
        set->long_object = NULL;
        return 1;
    }
    items = items_of(set->long_object, &count);
    part = count > at ? count - at : 0;
    if (part > LONG)
        part = LONG;
    if (part != 0)
        see_all(set, items + at, part, each);
    set->long_at += part;
    if (set->long_at >= count)
        set->long_object = NULL;
    return (int64_t)part / 4 + 1;
}

/* `by_call` is `each` as a visitor. */
static inline __attribute__((always_inline)) void
references(kaa_gc__set *set, kaa_object *object, see *each, kaa_visit by_call)
{
    const kaa_object__own_type *own;
    const kaa_object__tuple *tuple;
    const kaa_object__list *list;

    switch (set->shape) {
    case KAA_GC__OFFSETS:
        own = (const kaa_object__own_type *)(const void *)set->type;
        for (uint32_t i = 0; i < own->reference_count; i++) {
            kaa_object *target =
                *(kaa_object **)(void *)((char *)object + own->references[i]);

            if (target != NULL)
                each(set, target);
        }
        break;
    case KAA_GC__LIST:
        list = (const kaa_object__list *)(const void *)object;
        if (list->refers)
            see_all(set, list->items, list->count, each);
        break;
    case KAA_GC__TUPLE:
        tuple = (const kaa_object__tuple *)(const void *)object;
        see_all(set, tuple->items, tuple->count, each);
        break;
    case KAA_GC__BY_CALL:
        object->type->traverse(object, by_call, set);
        break;
    case KAA_GC__NONE:
        break;
    }
}

/* No page is near: one that no object lies in is. */
static void
leave_near(kaa_gc__set *set)
{
    set->near_base = UINTPTR_MAX - KAA_HEAP__PAGE_BYTES;
}

/* A page of the set is near from now on. */
static inline void
go_near(kaa_gc__set *set, const kaa_heap__arena *arena, uint32_t index)
{
    set->near_base = (uintptr_t)kaa_heap__page_base(arena, index);
    set->near_table = arena->pages[index].beside;
    set->near_reciprocal = arena->pages[index].reciprocal;
}

/* ---- Counting */

static inline __attribute__((always_inline)) void
see_counting(kaa_gc__set *set, kaa_object *object)
{
    uint32_t *entry, *due;
    uint64_t at;

    if (kaa_is_tagged(object))
        return;
    if (kaa_gc__is_near(set, object)) {
        entry = kaa_gc__near_entry(set, object);
        *entry -= *entry != KAA_GC__OUT;
        return;
    }
    entry = kaa_gc__entry(set, object);
    if (entry == NULL)
        return;
    PREFETCH(entry);
    at = set->ring_at++ % KAA_GC__RING;
    due = set->ring[at];
    set->ring[at] = entry;
    if (*due != KAA_GC__OUT)
        --*due;
}

static int
visit_counting(kaa_object *object, void *arg)
{
    see_counting(arg, object);
    return 0;
}

/* The references of the instances of the type seen last. */
static void
count_type(kaa_gc__set *set)
{
    uint32_t *entry;

    if (set->type == NULL || set->type_references == 0)
        return;
    entry = kaa_gc__entry(set, &set->type->header);
    if (entry != NULL && *entry != KAA_GC__OUT)
        *entry -= set->type_references;
    set->type_references = 0;
}

void
kaa_gc__count_flush(kaa_gc__set *set)
{
    count_type(set);
    set->type = NULL;
    leave_near(set);
    for (uint32_t i = 0; i < KAA_GC__RING; i++) {
        if (*set->ring[i] != KAA_GC__OUT)
            --*set->ring[i];
        set->ring[i] = &set->nothing;
    }
}

int64_t
kaa_gc__count_long(kaa_gc__set *set)
{
    return see_part(set, see_counting);
}

int
kaa_gc__count_page(kaa_gc__set *set, kaa_gc__page *member)
{
    uint32_t capacity = kaa_gc__capacity(member);
    uint32_t *table = member->table;

    go_near(set, member->arena, member->index);
    for (uint32_t i = set->entry_at; i < capacity; i++) {
        kaa_object *object;

        if (table[i] == KAA_GC__OUT)
            continue;
        object = kaa_gc__object_at(set, member, i);
        if (KAA_LIKELY((object->word & COUNT_HIGH) == 0)) {
            table[i] += (uint32_t)object->word;
        } else if (kaa_object__is_dead(object)) {
            table[i] = KAA_GC__OUT;
            continue;
        } else {
            table[i] += MANY;
        }
        if (KAA_UNLIKELY(object->type != set->type)) {
            count_type(set);
            learn(set, object->type);
        }
        set->visited++;
        set->type_references +=
            set->shape == KAA_GC__OFFSETS || set->shape == KAA_GC__NONE;
        if (KAA_UNLIKELY(put_off(set, object))) {
            set->entry_at = i + 1;
            return 0;
        }
        references(set, object, see_counting, visit_counting);
    }
    set->entry_at = 0;
    return 1;
}

/* ---- Marking */

#define STACK_LEAST 1024u

/* 0 when memory is short. */
static int
make_room(kaa_gc__set *set)
{
    size_t capacity =
        set->stack_capacity != 0 ? set->stack_capacity * 2 : STACK_LEAST;
    kaa_object **stack =
        kaa_base__realloc_array(set->stack, capacity, sizeof(*stack));

    if (stack == NULL)
        return 0;
    set->stack = stack;
    set->stack_capacity = capacity;
    return 1;
}

static void
push(kaa_gc__set *set, kaa_object *object)
{
    if ((set->stack_max != 0 && set->stack_count >= set->stack_max) ||
        (set->stack_count == set->stack_capacity && !make_room(set)))
        set->has_overflowed = 1;
    else
        set->stack[set->stack_count++] = object;
}

static inline void
reach(kaa_gc__set *set, kaa_object *object, uint32_t *entry)
{
    if (*entry != 0)
        return;
    *entry = 1;
    if ((const char *)object <= set->here)
        push(set, object);
}

static inline __attribute__((always_inline)) void
see_marking(kaa_gc__set *set, kaa_object *object)
{
    uint32_t *entry, *due;
    kaa_object *due_object;
    uint64_t at;

    if (kaa_is_tagged(object))
        return;
    if (kaa_gc__is_near(set, object)) {
        reach(set, object, kaa_gc__near_entry(set, object));
        return;
    }
    entry = kaa_gc__entry(set, object);
    if (entry == NULL)
        return;
    PREFETCH(entry);
    at = set->ring_at++ % KAA_GC__RING;
    due = set->ring[at];
    due_object = set->ring_objects[at];
    set->ring[at] = entry;
    set->ring_objects[at] = object;
    reach(set, due_object, due);
}

static int
visit_marking(kaa_object *object, void *arg)
{
    see_marking(arg, object);
    return 0;
}

/* Only what came in since it was emptied last: of a chain that is one. */
static void
empty_ring(kaa_gc__set *set)
{
    uint64_t count = set->ring_at - set->ring_out;

    if (count > KAA_GC__RING)
        count = KAA_GC__RING;
    for (; count > 0; count--) {
        uint64_t at = (set->ring_at - count) % KAA_GC__RING;
        uint32_t *entry = set->ring[at];

        set->ring[at] = &set->nothing;
        reach(set, set->ring_objects[at], entry);
    }
    set->ring_out = set->ring_at;
}

void
kaa_gc__mark_flush(kaa_gc__set *set)
{
    set->type = NULL;
    leave_near(set);
    empty_ring(set);
}

int64_t
kaa_gc__mark_long(kaa_gc__set *set)
{
    return see_part(set, see_marking);
}

/* 0: it is a long one, which is put off. */
static inline int
follow(kaa_gc__set *set, kaa_object *object)
{
    set->visited++;
    if (KAA_UNLIKELY(object->type != set->type)) {
        learn(set, object->type);
        if (set->shape == KAA_GC__OFFSETS)
            see_marking(set, &object->type->header);
    }
    if (KAA_UNLIKELY(put_off(set, object)))
        return 0;
    references(set, object, see_marking, visit_marking);
    return 1;
}

/* The entry of an object that was pushed may be OUT by now: it was freed. Its
 * page is near then. */
static int
drain(kaa_gc__set *set, int64_t *budget)
{
    while (set->stack_count != 0) {
        kaa_object *object = set->stack[--set->stack_count];
        uint32_t *entry = kaa_gc__entry(set, object);

        if (entry == NULL || *entry == KAA_GC__OUT)
            continue;
        if (!kaa_gc__is_near(set, object))
            go_near(set, kaa_heap__arena_of(object),
                    kaa_heap__page_index(object));
        *entry = KAA_GC__OUT;
        if (KAA_UNLIKELY(kaa_object__is_dead(object)))
            continue;
        if (set->stack_count != 0)
            PREFETCH(set->stack[set->stack_count - 1]);
        if (!follow(set, object) || --*budget <= 0)
            return 0;
    }
    return 1;
}

int
kaa_gc__mark_page(kaa_gc__set *set, kaa_gc__page *member, int64_t *budget)
{
    uint32_t capacity = kaa_gc__capacity(member);
    uint32_t *table = member->table;

    if (!drain(set, budget))
        return 0;
    go_near(set, member->arena, member->index);
    for (uint32_t i = 0; i < capacity; i++) {
        kaa_object *object;

        if (table[i] == 0 || table[i] == KAA_GC__OUT)
            continue;
        object = kaa_gc__object_at(set, member, i);
        table[i] = KAA_GC__OUT;
        if (KAA_UNLIKELY(kaa_object__is_dead(object)))
            continue;
        set->here = (const char *)object;
        --*budget;
        if (!follow(set, object))
            return 0;
        if (set->stack_count != 0) {
            if (!drain(set, budget))
                return 0;
            go_near(set, member->arena, member->index);
        }
    }
    return 1;
}

int
kaa_gc__mark_end(kaa_gc__set *set, int64_t *budget)
{
    set->here = (const char *)UINTPTR_MAX;
    do {
        empty_ring(set);
        if (!drain(set, budget))
            return 0;
        empty_ring(set);
    } while (set->stack_count != 0);
    kaa_gc__mark_flush(set);
    set->here = NULL;
    if (set->has_overflowed) {
        set->has_overflowed = 0;
        return 0;
    }
    return 1;
}

/* ---- Judging */

uint32_t
kaa_gc__zeros(const kaa_gc__page *member)
{
    uint32_t capacity = kaa_gc__capacity(member), zeros = 0;

    for (uint32_t i = 0; i < capacity; i++)
        zeros += member->table[i] == 0;
    return zeros;
}

uint64_t
kaa_gc__judge(kaa_gc__set *set)
{
    int64_t budget;
    uint64_t zeros = 0;

    for (size_t i = 0; i < set->count; i++)
        if (set->pages[i].candidates != 0) {
            if (kaa_gc__is_there(&set->pages[i]))
                (void)kaa_gc__count_page(set, &set->pages[i]);
            else
                set->pages[i].candidates = 0;
        }
    kaa_gc__count_flush(set);
    set->here = NULL;
    do {
        budget = INT64_MAX;
        for (size_t i = 0; i < set->count; i++)
            if (set->pages[i].candidates != 0)
                (void)kaa_gc__mark_page(set, &set->pages[i], &budget);
    } while (!kaa_gc__mark_end(set, &budget));
    for (size_t i = 0; i < set->count; i++)
        if (set->pages[i].candidates != 0) {
            set->pages[i].candidates = kaa_gc__zeros(&set->pages[i]);
            zeros += set->pages[i].candidates;
        }
    return zeros;
}
