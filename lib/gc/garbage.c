/* gc/garbage.c - the end of what was judged to be garbage.
 *
 *     1  finalisers, all objects intact, each once in its life
 *     2  judge again: what was brought back to life is spared, and what it
 * holds 3  weak references to the rest are cleared, then called back 4  types
 * with code of their own: their clear() breaks the cycles, and the objects die
 * as any others do; judge again, since that was a program 5  the rest is freed
 * from the table: references among the dying are not followed, those to others
 * are given up
 *
 * In 1, 3 and 4 the program runs, and may free what is in the set: that is OUT
 * then. In 5 it does so only in a destroy() whose type has no clear(), and what
 * dies there outside the set waits until the end.
 */
#include <string.h>

#include "gc/internal.h"
#include "object/containers/container.h"
#include "object/types/type.h"

/* Added to the counts of the dying, so that references among them which are
 * given up do not end anything; as alloc.c does. */
#define DYING (UINT64_C(1) << 46)

/* What there is to do. */
typedef struct survey {
    uint64_t objects;
    uint64_t bytes;
    int has_finalizers;
    int has_weak;
    int has_slow;
    int has_release; /* beyond what traverse knows of */
} survey;

/* How the instances of a type end; remembered for the type seen last. */
typedef struct manner {
    const kaa_object__type *type;
    int is_slow;     /* by clear() and their count */
    int has_release; /* traverse does not tell all that is to be given up */
} manner;

static void
learn(manner *known, const kaa_object__type *type)
{
    const kaa_object__own_type *own =
        (const kaa_object__own_type *)(const void *)type;

    known->type = type;
    if ((type->flags & (KAA_OBJECT__SPEC | KAA_OBJECT__EXCEPTION)) ==
        KAA_OBJECT__SPEC) {
        known->is_slow = own->has_destroy || own->has_visit;
        known->has_release = known->is_slow;
    } else {
        known->is_slow = (type->flags & KAA_OBJECT__NEEDS_CALL) != 0 ||
                         type->id == KAA_MODULE_TYPE;
        known->has_release = type->id != KAA_TUPLE_TYPE;
    }
}

/* Types end after their instances. */
static int
is_type(const kaa_object *object)
{
    return object->type->id == KAA_TYPE_TYPE;
}

typedef void act(kaa_context *ctx, kaa_gc__set *set, kaa_object *object,
                 void *arg);

/* Made anew for each `function`, which is so no call. */
static inline __attribute__((always_inline)) void
each(kaa_context *ctx, kaa_gc__set *set, act *function, void *arg)
{
    for (size_t i = 0; i < set->count; i++) {
        kaa_gc__page *member = &set->pages[i];
        uint32_t capacity;

        if (member->candidates == 0 || !kaa_gc__is_there(member))
            continue;
        capacity = kaa_gc__capacity(member);
        for (uint32_t k = 0; k < capacity; k++) {
            if (member->table[k] != 0)
                continue;
            function(ctx, set, kaa_gc__object_at(set, member, k), arg);
            if (!kaa_gc__is_there(member))
                break; /* all of it went, and the page is something else */
        }
    }
}

typedef struct look {
    survey found;
    manner known;
} look;

static inline void
look_at(kaa_context *ctx, kaa_gc__set *set, kaa_object *object, void *arg)
{
    look *into = arg;
    survey *found = &into->found;
    const kaa_object__type *type = object->type;

    (void)ctx, (void)set;
    KAA_ASSERT(type != NULL && !(object->word & KAA_OBJECT__IMMORTAL));
    if (type != into->known.type) {
        learn(&into->known, type);
        found->has_slow |= into->known.is_slow;
        found->has_release |= into->known.has_release;
    }
    found->has_finalizers |=
        type->finalize != NULL && !(object->word & KAA_OBJECT__FINALIZED);
    found->has_weak |= (object->word & KAA_OBJECT__WEAK) != 0;
}

/* By pages: `candidates` are the entries that are 0. */
static void
measure(const kaa_gc__set *set, survey *found)
{
    for (size_t i = 0; i < set->count; i++) {
        const kaa_gc__page *member = &set->pages[i];

        if (member->candidates == 0)
            continue;
        found->objects += member->candidates;
        found->bytes +=
            member->candidates *
            (uint64_t)kaa_heap__bytes_of(&member->arena->pages[member->index]);
    }
}

/* Of a set that has just been judged. */
static survey
survey_set(kaa_context *ctx, kaa_gc__set *set)
{
    look into;

    memset(&into, 0, sizeof(into));
    each(ctx, set, look_at, &into);
    measure(set, &into.found);
    return into.found;
}

/* ---- 1 */

static void
finalize(kaa_context *ctx, kaa_gc__set *set, kaa_object *object, void *arg)
{
    kaa_gc_collection *collection = arg;

    (void)set;
    if (object->type->finalize == NULL || kaa_object__is_dead(object) ||
        (object->word & KAA_OBJECT__FINALIZED) != 0)
        return;
    collection->finalized++;
    object->word++;
    (void)kaa_object__run_finalizer(ctx, object);
    kaa_decref(ctx, object);
}

/* ---- 3 */

static int
is_garbage(kaa_object *weakref, void *user)
{
    const uint32_t *entry = kaa_gc__entry(user, weakref);

    return entry != NULL && *entry == 0;
}

static void
detach(kaa_context *ctx, kaa_gc__set *set, kaa_object *object, void *arg)
{
    if ((object->word & KAA_OBJECT__WEAK) != 0 && !kaa_object__is_dead(object))
        (void)kaa_object__weakrefs_detach(ctx, object, is_garbage, set, arg);
}

/* ---- 4 */

static void
clear(kaa_context *ctx, kaa_gc__set *set, kaa_object *object, void *arg)
{
    manner *known = arg;

    (void)set;
    if (object->type != known->type)
        learn(known, object->type);
    if (!known->is_slow || object->type->clear == NULL ||
        kaa_object__is_dead(object))
        return;
    object->word++;
    object->type->clear(ctx, object);
    kaa_decref(ctx, object);
}

/* ---- 5 */

static void
bear(kaa_context *ctx, kaa_gc__set *set, kaa_object *object, void *arg)
{
    (void)ctx, (void)set, (void)arg;
    object->word += DYING;
}

static void
let_go(kaa_context *ctx, kaa_gc__set *set, kaa_object *object, void *arg)
{
    (void)set, (void)arg;
    if (object->type->release != NULL)
        object->type->release(ctx, object);
}

static void
free_one(kaa_context *ctx, kaa_gc__set *set, kaa_object *object, void *arg)
{
    (void)set;
    if (is_type(object) == *(const int *)arg)
        kaa_object__free_block(ctx, object);
}

/* ---- 5, where traverse tells all that is to be given up */

typedef struct run {
    kaa_object__type *type;
    uint64_t count; /* of objects freed */
    kaa_gc__set *set;
    kaa_context *ctx;
} run;

static void
give_up_type(const run *of)
{
    if (of->count == 0 || of->type->header.word & KAA_OBJECT__IMMORTAL)
        return;
    of->type->header.word -= of->count - 1;
    kaa_decref(of->ctx, &of->type->header);
}

static inline void
give_up_one(kaa_context *ctx, kaa_gc__set *set, kaa_object *target)
{
    const uint32_t *entry = kaa_gc__entry(set, target);

    if (entry == NULL || *entry != 0)
        kaa_decref(ctx, target);
}

static inline void
free_instance(kaa_context *ctx, kaa_gc__set *set, kaa_object *object, void *arg)
{
    run *at = arg;
    kaa_object__type *type = object->type;

    if (type != at->type) {
        give_up_type(at);
        at->type = type;
        at->count = 0;
    }
    at->count++;
    if ((type->flags & KAA_OBJECT__SPEC) != 0) {
        const kaa_object__own_type *own =
            (const kaa_object__own_type *)(const void *)type;

        if ((type->flags & KAA_OBJECT__NEEDS_CALL) != 0)
            kaa_object__runtime_of(ctx)->calls--;
        for (uint32_t i = 0; i < own->reference_count; i++) {
            kaa_object *target =
                *(kaa_object **)(void *)((char *)object + own->references[i]);

            if (target != NULL)
                give_up_one(ctx, set, target);
        }
    } else {
        const kaa_object__tuple *tuple =
            (const kaa_object__tuple *)(const void *)object;

        for (size_t i = 0; i < tuple->count; i++)
            give_up_one(ctx, set, tuple->items[i]);
    }
    kaa_heap_free(set->heap, object);
}

/* Blocks of whole pages may go with their arena, and sites are forgotten with
 * their objects: not for free_instance(). */
static int
is_simple(const kaa_gc__set *set, const kaa_runtime *runtime)
{
    if (runtime->watch != 0 || runtime->sites != NULL)
        return 0;
    for (size_t i = 0; i < set->count; i++)
        if (set->pages[i].candidates != 0 &&
            set->pages[i].arena->pages[set->pages[i].index].size == 0)
            return 0;
    return 1;
}

/* ---- 5 */

static void
free_all(kaa_context *ctx, kaa_gc__set *set, const survey *found)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    uint32_t was_deallocating = own->is_deallocating;

    own->is_deallocating = 1; /* deaths only queue up */
    own->runtime->releasing++;
    if (!found->has_release && is_simple(set, own->runtime)) {
        run at = {NULL, 0, set, ctx};

        each(ctx, set, free_instance, &at);
        give_up_type(&at);
    } else {
        int types = 0;

        each(ctx, set, bear, NULL);
        each(ctx, set, let_go, NULL);
        each(ctx, set, free_one, &types);
        types = 1;
        each(ctx, set, free_one, &types);
    }
    own->runtime->releasing--;
    own->is_deallocating = was_deallocating;
    if (!was_deallocating)
        kaa_object__free_dead(ctx); /* those that died outside the set */
}

void
kaa_gc__dispose(kaa_context *ctx, kaa_gc__set *set,
                kaa_gc_collection *collection)
{
    survey found = survey_set(ctx, set);
    manner known;
    kaa_object *callbacks = NULL;

    if (found.objects == 0)
        return;
    if (found.has_finalizers) {
        uint64_t before = 0;

        each(ctx, set, finalize, collection);
        /* Freed already: collected, by their own counts. */
        for (size_t i = 0; i < set->count; i++)
            if (kaa_gc__is_there(&set->pages[i]) && set->pages[i].candidates)
                before += kaa_gc__zeros(&set->pages[i]);
        collection->collected += found.objects - before;
        collection->resurrected += before - kaa_gc__judge(set);
        found = survey_set(ctx, set);
    }
    if (found.has_weak) {
        each(ctx, set, detach, &callbacks);
        kaa_object__weakrefs_call(ctx, callbacks);
    }
    collection->collected += found.objects;
    collection->bytes_freed += found.bytes;
    if (found.has_slow) {
        memset(&known, 0, sizeof(known));
        each(ctx, set, clear, &known);
    }
    if (found.has_slow || callbacks != NULL) {
        (void)kaa_gc__judge(set);
        found = survey_set(ctx, set);
    }
    if (found.objects != 0)
        free_all(ctx, set, &found);
}
