/* gc/report.c - cycles and referrers, for people. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "gc/internal.h"

#define NAME_BYTES 128

/* ---- Objects one by one */

typedef struct walk {
    kaa_object *object; /* looked for */
    int (*see_object)(kaa_object *object, const char *type, size_t bytes,
                      void *user);
    int (*see_referrer)(kaa_object *referrer, const char *how, void *user);
    void *user;
    size_t number; /* of the reference that is looked at */
} walk;

/* NULL for a block whose object is dead. */
static kaa_object *
object_of(const kaa_heap_block *block)
{
    kaa_object *object = block->block;

    return kaa_object__is_dead(object) ? NULL : object;
}

static int
visit_block(const kaa_heap_block *block, void *user)
{
    walk *at = user;
    kaa_object *object = object_of(block);

    if (object == NULL)
        return 0;
    return at->see_object(object, object->type->name, (size_t)block->block_size,
                          at->user);
}

static int
is_native(kaa_context *ctx)
{
    return ctx != NULL && ctx->counting == KAA_COUNT_WORD &&
           kaa_gc__of(ctx) != NULL;
}

int
kaa_gc_each_object(kaa_context *ctx,
                   int (*visit)(kaa_object *object, const char *type,
                                size_t bytes, void *user),
                   void *user)
{
    walk at = {.see_object = visit, .user = user};

    if (!is_native(ctx) || kaa_object__runtime_of(ctx)->releasing != 0)
        return 0;
    return kaa_heap_walk(kaa_object__runtime_of(ctx)->heap,
                         1u << KAA_HEAP_OBJECT_TRACKED |
                             1u << KAA_HEAP_OBJECT_PLAIN,
                         visit_block, &at);
}

static int
is_it(kaa_object *object, void *arg)
{
    walk *at = arg;

    if (object == at->object)
        return 1;
    at->number++;
    return 0;
}

static void
describe(kaa_object *object, size_t number, char *buffer, size_t size)
{
    if (object->type->describe_reference != NULL)
        object->type->describe_reference(object, number, buffer, size);
    else
        snprintf(buffer, size, "#%zu", number);
}

static int
visit_holder(const kaa_heap_block *block, void *user)
{
    walk *at = user;
    kaa_object *object = object_of(block);
    char how[NAME_BYTES];

    if (object == NULL || object->type->traverse == NULL)
        return 0;
    at->number = 0;
    if (!object->type->traverse(object, is_it, at))
        return 0;
    describe(object, at->number, how, sizeof(how));
    return at->see_referrer(object, how, at->user);
}

int
kaa_gc_each_referrer(kaa_context *ctx, kaa_object *object,
                     int (*visit)(kaa_object *referrer, const char *how,
                                  void *user),
                     void *user)
{
    walk at = {.object = object, .see_referrer = visit, .user = user};

    if (!is_native(ctx) || object == NULL ||
        kaa_object__runtime_of(ctx)->releasing != 0)
        return 0;
    return kaa_heap_walk(kaa_object__runtime_of(ctx)->heap,
                         1u << KAA_HEAP_OBJECT_TRACKED, visit_holder, &at);
}

/* ---- The shortest cycle: a search in breadth over the table of a set
 *
 * The entry of an object that was reached is its place in the queue plus 1,
 * which says from where it was reached, and by which reference. */

typedef struct place {
    kaa_object *object;
    uint32_t from; /* place in the queue */
    uint32_t number;
} place;

typedef struct search {
    kaa_gc__set *set;
    kaa_object *goal;
    place *queue;
    uint32_t count, capacity;
    uint32_t at, number;
    uint32_t is_found, is_short; /* of memory */
} search;

static int
enqueue(search *all, kaa_object *object)
{
    if (all->count == all->capacity) {
        uint32_t capacity = all->capacity != 0 ? all->capacity * 2 : 256;
        place *queue =
            capacity < all->capacity
                ? NULL
                : kaa_base__realloc_array(all->queue, capacity, sizeof(*queue));

        if (queue == NULL) {
            all->is_short = 1;
            return -1;
        }
        all->queue = queue;
        all->capacity = capacity;
    }
    all->queue[all->count++] = (place){object, all->at, all->number};
    return 0;
}

static int
reach(kaa_object *object, void *arg)
{
    search *all = arg;
    uint32_t *entry;

    if (object == all->goal) {
        all->is_found = 1;
        return 1;
    }
    entry = kaa_gc__entry(all->set, object);
    if (entry != NULL && *entry == 0) {
        if (enqueue(all, object) != 0)
            return 1;
        *entry = 1;
    }
    all->number++;
    return 0;
}

/* Reaches all that `start` does and is still 0, or until it finds the goal. */
static void
search_from(search *all, kaa_object *start)
{
    uint32_t *entry = kaa_gc__entry(all->set, start);

    all->count = all->at = all->number = 0;
    if (enqueue(all, start) != 0)
        return;
    if (entry != NULL)
        *entry = 1;
    for (; all->at < all->count && !all->is_found && !all->is_short;
         all->at++) {
        kaa_object *object = all->queue[all->at].object;

        all->number = 0;
        if (!kaa_object__is_dead(object) && object->type->traverse != NULL &&
            object->type->traverse(object, reach, all))
            break;
    }
}

typedef struct text {
    char *buffer;
    size_t size, length;
} text;

static void
append(text *to, const char *what)
{
    for (; *what != '\0'; what++, to->length++)
        if (to->length + 1 < to->size)
            to->buffer[to->length] = *what;
}

/* The way to place `at`, from the start. Turns the links about on the way back
 * and forth: no memory, no recursion. */
static void
tell(const search *all, text *to)
{
    place *queue = all->queue;
    uint32_t at = all->at, next = UINT32_MAX, number = all->number;
    char how[NAME_BYTES];

    for (;;) {
        uint32_t from = queue[at].from, by = queue[at].number;

        queue[at].from = next;
        queue[at].number = number;
        if (at == 0)
            break;
        next = at;
        number = by;
        at = from;
    }
    append(to, queue[0].object->type->name);
    for (at = 0; at != UINT32_MAX; at = queue[at].from) {
        uint32_t after = queue[at].from;

        describe(queue[at].object, queue[at].number, how, sizeof(how));
        append(to, " --");
        append(to, how);
        append(to, "--> ");
        append(to, after != UINT32_MAX ? queue[after].object->type->name
                                       : all->goal->type->name);
    }
}

/* An object of garbage that lies in a cycle: whatever begins the last of
 * searches that together reach all garbage is reached from no other part of it;
 * so what it is reached from, it reaches. Entries of garbage are 0 again then.
 */
static kaa_object *
find_cyclic(search *all)
{
    kaa_gc__set *set = all->set;
    kaa_object *last = NULL;

    all->goal = NULL;
    (void)kaa_gc__judge(set);
    for (size_t i = 0; i < set->count; i++)
        for (uint32_t k = 0; k < kaa_gc__capacity(&set->pages[i]); k++)
            if (set->pages[i].table[k] == 0) {
                last = kaa_gc__object_at(set, &set->pages[i], k);
                search_from(all, last);
                if (all->is_short)
                    return NULL;
            }
    for (size_t i = 0; i < set->count; i++)
        for (uint32_t k = 0; k < kaa_gc__capacity(&set->pages[i]); k++)
            if (set->pages[i].table[k] == 1)
                set->pages[i].table[k] = 0;
    return last;
}

size_t
kaa_gc_cycle_text(kaa_context *ctx, kaa_object *object, char *buffer,
                  size_t size)
{
    text to = {buffer, buffer != NULL ? size : 0, 0};
    kaa_gc *gc;
    kaa_gc__set *set;
    search all;

    if (to.size != 0)
        buffer[0] = '\0';
    if (!is_native(ctx) || kaa_is_tagged(object) ||
        kaa_gc__of(ctx)->is_running ||
        kaa_object__runtime_of(ctx)->releasing != 0)
        return 0;
    gc = kaa_gc__of(ctx);
    set = &gc->young;
    kaa_gc__full_drop(gc);
    memset(&all, 0, sizeof(all));
    all.set = set;
    set->ignores_frozen = object != NULL;
    if (kaa_gc__set_add_all(gc, set) == 0) {
        if (object == NULL)
            object = find_cyclic(&all);
        if (object != NULL) {
            all.goal = object;
            search_from(&all, object);
            if (all.is_found) {
                tell(&all, &to);
                if (buffer != NULL && to.size != 0)
                    buffer[to.length < to.size ? to.length : to.size - 1] =
                        '\0';
            }
        }
    }
    kaa_gc__set_end(set, 1);
    kaa_base__free(all.queue);
    return to.length;
}
