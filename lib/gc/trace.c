/* gc/trace.c - the two passes over a set: counting and marking.
 *
 * Both walk pages in the order of addresses and spend their time waiting for
 * memory, so what a reference leads to is asked for when it is found and looked
 * at some references later (kaa_gc__set.ring).
 *
 * Marking remembers only what lies behind it: what lies ahead the scan will
 * come to.
 */
#include "base/memory.h"
#include "gc/internal.h"

#if defined(__GNUC__) || defined(__clang__)
#define PREFETCH(address) __builtin_prefetch((address), 1)
#else
#define PREFETCH(address) ((void)(address))
#endif

/* What an object counts that is never to be garbage: more than its references
 * from the set. */
#define MANY (UINT32_C(1) << 30)
#define COUNT_HIGH                                                             \
    (KAA_OBJECT__IMMORTAL | (KAA_OBJECT__COUNT_MASK & ~(uint64_t)(MANY - 1)))

/* ---- Counting */

static int
visit_counting(kaa_object *object, void *arg)
{
    kaa_gc__set *set = arg;
    uint32_t *entry = kaa_gc__entry(set, object), *due;
    uint32_t at;

    if (entry == NULL)
        return 0;
    PREFETCH(entry);
    at = set->ring_at++ % KAA_GC__RING;
    due = set->ring[at];
    set->ring[at] = entry;
    if (*due != KAA_GC__OUT)
        --*due;
    return 0;
}

void
kaa_gc__count_flush(kaa_gc__set *set)
{
    for (uint32_t i = 0; i < KAA_GC__RING; i++) {
        if (*set->ring[i] != KAA_GC__OUT)
            --*set->ring[i];
        set->ring[i] = &set->nothing;
    }
}

void
kaa_gc__count_page(kaa_gc__set *set, kaa_gc__page *member)
{
    uint32_t capacity = kaa_gc__capacity(member);
    uint32_t *table = member->table;

    for (uint32_t i = 0; i < capacity; i++) {
        kaa_object *object;

        if (table[i] == KAA_GC__OUT)
            continue;
        object = kaa_gc__object_at(set, member, i);
        if (KAA_UNLIKELY(kaa_object__is_dead(object))) {
            table[i] = KAA_GC__OUT;
            continue;
        }
        table[i] +=
            (object->word & COUNT_HIGH) == 0 ? (uint32_t)object->word : MANY;
        set->visited++;
        if (object->type->traverse != NULL)
            object->type->traverse(object, visit_counting, set);
        else
            visit_counting(&object->type->header, set);
    }
}

/* ---- Marking */

static void
push(kaa_gc__set *set, kaa_object *object)
{
    if (set->stack_count == set->stack_capacity) {
        size_t capacity =
            set->stack_capacity != 0 ? set->stack_capacity * 2 : 1024;
        kaa_object **stack =
            kaa_base__realloc_array(set->stack, capacity, sizeof(*stack));

        if (stack == NULL) {
            set->has_overflowed = 1;
            return;
        }
        set->stack = stack;
        set->stack_capacity = capacity;
    }
    set->stack[set->stack_count++] = object;
}

static void
reach(kaa_gc__set *set, kaa_object *object, uint32_t *entry)
{
    if (*entry != 0)
        return;
    *entry = 1;
    if ((const char *)object <= set->here)
        push(set, object);
}

static int
visit_marking(kaa_object *object, void *arg)
{
    kaa_gc__set *set = arg;
    uint32_t *entry = kaa_gc__entry(set, object), *due;
    kaa_object *due_object;
    uint32_t at;

    if (entry == NULL)
        return 0;
    PREFETCH(entry);
    at = set->ring_at++ % KAA_GC__RING;
    due = set->ring[at];
    due_object = set->ring_objects[at];
    set->ring[at] = entry;
    set->ring_objects[at] = object;
    reach(set, due_object, due);
    return 0;
}

static void
mark_flush(kaa_gc__set *set)
{
    for (uint32_t i = 0; i < KAA_GC__RING; i++) {
        uint32_t *entry = set->ring[i];

        set->ring[i] = &set->nothing;
        reach(set, set->ring_objects[i], entry);
    }
}

static void
follow(kaa_gc__set *set, kaa_object *object)
{
    set->visited++;
    if (object->type->traverse != NULL)
        object->type->traverse(object, visit_marking, set);
}

/* The entry of an object that was pushed may be OUT by now: it was freed. */
static int
drain(kaa_gc__set *set, int64_t *budget)
{
    while (set->stack_count != 0) {
        kaa_object *object = set->stack[--set->stack_count];
        uint32_t *entry = kaa_gc__entry(set, object);

        if (entry == NULL || *entry == KAA_GC__OUT)
            continue;
        *entry = KAA_GC__OUT;
        if (KAA_UNLIKELY(kaa_object__is_dead(object)))
            continue;
        if (set->stack_count != 0)
            PREFETCH(set->stack[set->stack_count - 1]);
        follow(set, object);
        if (--*budget <= 0)
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
    for (uint32_t i = 0; i < capacity; i++) {
        kaa_object *object;

        if (table[i] == 0 || table[i] == KAA_GC__OUT)
            continue;
        object = kaa_gc__object_at(set, member, i);
        table[i] = KAA_GC__OUT;
        if (KAA_UNLIKELY(kaa_object__is_dead(object)))
            continue;
        set->here = (const char *)object;
        follow(set, object);
        --*budget;
        if (set->stack_count != 0 && !drain(set, budget))
            return 0;
    }
    return 1;
}

int
kaa_gc__mark_end(kaa_gc__set *set, int64_t *budget)
{
    set->here = (const char *)UINTPTR_MAX;
    do {
        mark_flush(set);
        if (!drain(set, budget))
            return 0;
        mark_flush(set);
    } while (set->stack_count != 0);
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
        if (set->pages[i].suspects != 0) {
            if (kaa_gc__is_there(&set->pages[i]))
                kaa_gc__count_page(set, &set->pages[i]);
            else
                set->pages[i].suspects = 0;
        }
    kaa_gc__count_flush(set);
    set->here = NULL;
    do {
        budget = INT64_MAX;
        for (size_t i = 0; i < set->count; i++)
            if (set->pages[i].suspects != 0)
                (void)kaa_gc__mark_page(set, &set->pages[i], &budget);
    } while (!kaa_gc__mark_end(set, &budget));
    for (size_t i = 0; i < set->count; i++)
        if (set->pages[i].suspects != 0) {
            set->pages[i].suspects = kaa_gc__zeros(&set->pages[i]);
            zeros += set->pages[i].suspects;
        }
    return zeros;
}
