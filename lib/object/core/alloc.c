/* object/core/alloc.c - birth and death of objects.
 *
 * The deallocator. kaa_object__dealloc() of the outermost object frees it, and
 * then one by one what its release() and that of the others pushed:
 *
 *     a -> b -> c       dealloc(a): release(a) pushes b; pop b: release(b)
 *                       pushes c; pop c: ...           depth on the stack: 1
 *
 * A finaliser or a callback of a weak reference is a program of its own: what
 * it lets go dies at once, in a deallocator below this one, while that nests no
 * deeper than DEALLOC_DEPTH_MAX; beyond that its dead wait for the deallocator
 * above.
 *
 * While release() runs, the object's count stands at DYING: references taken
 * and given back meanwhile do no harm, and one that is kept is noticed.
 */
#include <string.h>

#include "base/memory.h"
#include "heap/internal.h"
#include "object/core/object.h"
#include "object/core/site.h"
#include "object/types/type.h"

#define DEALLOC_DEPTH_MAX 8u
#define LINK_MASK KAA_OBJECT__COUNT_MASK
#define ZERO_BY_HAND_MAX 128u
/* Compilers make a loop that writes zeros a memset(), or worse, "rep stos",
 * which costs more than all the rest of an instance's birth. */
#if defined(__GNUC__)
#define KEEP_LOOP(pointer) __asm__("" : "+r"(pointer))
#else
#define KEEP_LOOP(pointer) ((void)(pointer))
#endif
#define DYING (UINT64_C(1) << 46)

static inline int
is_immortal(const kaa_object *object)
{
    return (int64_t)object->word < 0;
}

/* ---- Birth */

/* What the collection itself lacks memory for is not the caller's failure. */
static void
collect_quietly(kaa_context *ctx)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    kaa_object *pending = own->pending;

    own->pending = NULL;
    if (kaa_collect(ctx) < 0)
        kaa_object__error_clear(ctx);
    own->pending = pending;
}

/* What is asked for beside memory, before every allocation of an object. */
static int
watch(kaa_context *ctx, kaa_heap_kind kind)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);

    if ((runtime->watch & KAA_OBJECT__WATCH_FAULT) != 0 &&
        kaa_base__fault_due())
        return -1;
    if ((runtime->watch & KAA_OBJECT__WATCH_DEBUG) != 0 &&
        kaa_object__context_of(ctx)->thread != NULL)
        (void)kaa_gil_check(kaa_object__context_of(ctx)->thread, NULL);
    if (kind != KAA_HEAP_OBJECT_TRACKED || runtime->releasing != 0)
        return 0;
    if ((runtime->watch & KAA_OBJECT__WATCH_COLLECT) != 0) {
        if (runtime->gc != NULL)
            collect_quietly(ctx);
    } else if (runtime->until_collect <= 0 && runtime->collect != NULL) {
        runtime->collect(ctx);
    }
    return 0;
}

/* Where the quick way found nothing cached, or is not to be taken. */
static kaa_object *
new_slowly(kaa_context *ctx, kaa_object__type *type, size_t bytes,
           kaa_heap_kind kind)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    kaa_object *object = NULL;

    if (watch(ctx, kind) == 0) {
        object = kaa_heap_alloc(runtime->heap, bytes, kind);
        if (object == NULL && kind == KAA_HEAP_OBJECT_TRACKED &&
            runtime->releasing == 0 && runtime->make_room != NULL) {
            /* Garbage may be all that stands in the way. */
            runtime->make_room(ctx);
            object = kaa_heap_alloc(runtime->heap, bytes, kind);
        }
    }
    if (object == NULL) {
        kaa_object__raise_memory(ctx);
        return NULL;
    }
    object->word = 1;
    object->type = type;
    if ((runtime->watch & KAA_OBJECT__WATCH_SITES) != 0)
        kaa_object__site_note(runtime, object);
    return object;
}

static inline kaa_object *
new_object(kaa_context *ctx, kaa_object__type *type, size_t bytes,
           kaa_heap_kind kind)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    kaa_object *object = NULL;

    if (kind == KAA_HEAP_OBJECT_TRACKED)
        runtime->until_collect--;
    if (KAA_LIKELY(runtime->watch == 0 && (kind != KAA_HEAP_OBJECT_TRACKED ||
                                           runtime->until_collect > 0)))
        object = kaa_heap__alloc_quick(runtime->heap, bytes, kind);
    if (KAA_LIKELY(object != NULL)) {
        object->word = 1;
        object->type = type;
    } else {
        object = new_slowly(ctx, type, bytes, kind);
        if (object == NULL)
            return NULL;
    }
    if (kind == KAA_HEAP_OBJECT_TRACKED)
        kaa_heap__touch(object);
    if (!is_immortal(&type->header))
        type->header.word++;
    if (KAA_UNLIKELY((type->flags & KAA_OBJECT__NEEDS_CALL) != 0))
        runtime->calls++;
    return object;
}

kaa_object *
kaa_object__new(kaa_context *ctx, kaa_object__type *type, size_t bytes,
                kaa_heap_kind kind)
{
    return new_object(ctx, type, bytes, kind);
}

kaa_object *
kaa_object__new_zeroed(kaa_context *ctx, kaa_object__type *type, size_t bytes,
                       kaa_heap_kind kind)
{
    kaa_object *object = new_object(ctx, type, bytes, kind);
    uint64_t *word;

    if (object == NULL)
        return NULL;
    word = (uint64_t *)(void *)(object + 1);
    if (bytes > ZERO_BY_HAND_MAX)
        memset(word, 0, bytes - sizeof(*object));
    else /* the block has room for whole words */
        for (size_t i = sizeof(*object); i < bytes; i += sizeof(*word)) {
            *word++ = 0;
            KEEP_LOOP(word);
        }
    return object;
}

kaa_heap_kind
kaa_object__kind(const kaa_object *object)
{
    const kaa_heap__arena *arena = kaa_heap__arena_of(object);
    uint32_t index = kaa_heap__page_index(object);
    uint32_t code = arena->codes[index];

    if (!KAA_HEAP__IS_BLOCKS(code))
        code = arena->pages[index].code; /* an object begins a large block */
    return (kaa_heap_kind)KAA_HEAP__KIND(code);
}

int
kaa_object__is_tracked(const kaa_object *object)
{
    return object != NULL && !kaa_is_tagged(object) &&
           kaa_object__kind(object) == KAA_HEAP_OBJECT_TRACKED;
}

/* ---- Raw memory */

void *
kaa_object__memory(kaa_context *ctx, size_t bytes)
{
    return kaa_object__memory_resize(ctx, NULL, bytes);
}

void *
kaa_object__memory_resize(kaa_context *ctx, void *block, size_t bytes)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    void *result = NULL;

    if (bytes <= PTRDIFF_MAX &&
        ((runtime->watch & KAA_OBJECT__WATCH_FAULT) == 0 ||
         !kaa_base__fault_due()))
        result = block == NULL
                     ? kaa_heap_alloc(runtime->heap, bytes, KAA_HEAP_RAW)
                     : kaa_heap_realloc(runtime->heap, block, bytes,
                                        KAA_HEAP_RAW, NULL);
    if (KAA_UNLIKELY(result == NULL))
        kaa_object__raise_memory(ctx);
    return result;
}

void
kaa_object__memory_free(kaa_context *ctx, void *block)
{
    kaa_heap_free(kaa_object__runtime_of(ctx)->heap, block);
}

/* ---- Death */

/* Out of the way of those who free without further ado. */
#if defined(__GNUC__)
#define RARE __attribute__((noinline, cold))
#define APART __attribute__((noinline))
#else
#define RARE
#define APART
#endif

RARE static void
end_type(kaa_context *ctx, kaa_object__type *type)
{
    kaa_object__dealloc(ctx, &type->header);
}

static inline void
give_up_type(kaa_context *ctx, kaa_object__type *type)
{
    if (!is_immortal(&type->header) &&
        KAA_UNLIKELY((--type->header.word & KAA_OBJECT__COUNT_MASK) == 0))
        end_type(ctx, type);
}

APART static void
free_slowly(kaa_context *ctx, kaa_runtime *runtime, kaa_object *object)
{
    kaa_object__type *type = object->type;

    if ((type->flags & KAA_OBJECT__NEEDS_CALL) != 0)
        runtime->calls--;
    if (runtime->forget != NULL)
        runtime->forget(runtime, object);
    if (runtime->sites != NULL)
        kaa_object__site_forget(runtime, object);
    kaa_heap_free(runtime->heap, object);
    give_up_type(ctx, type);
}

static inline void
free_block(kaa_context *ctx, kaa_runtime *runtime, kaa_object *object)
{
    kaa_object__type *type = object->type;

    if (KAA_UNLIKELY((type->flags & KAA_OBJECT__NEEDS_CALL) != 0 ||
                     runtime->forget != NULL || runtime->sites != NULL) ||
        KAA_UNLIKELY(!kaa_heap__free_quick(runtime->heap, object)))
        free_slowly(ctx, runtime, object);
    else
        give_up_type(ctx, type);
}

void
kaa_object__free_block(kaa_context *ctx, kaa_object *object)
{
    free_block(ctx, kaa_object__runtime_of(ctx), object);
}

void
kaa_object__discard(kaa_context *ctx, kaa_object *object)
{
    kaa_object__free_block(ctx, object);
}

/* What the last one buried let go comes before the others. */
static inline void
splice(kaa_object__context *own)
{
    if (own->fresh_last == NULL)
        return;
    own->fresh_last->word |= (uint64_t)(uintptr_t)own->dead;
    own->dead = own->fresh;
    own->fresh = own->fresh_last = NULL;
}

/* What a deallocator keeps on its stack while a program runs within it. */
typedef struct pause {
    kaa_object *dead;
    uint32_t is_deallocating;
    uint32_t is_nested;
} pause;

static void
pause_deallocator(kaa_object__context *own, pause *kept)
{
    kept->is_deallocating = own->is_deallocating;
    kept->is_nested =
        own->is_deallocating && own->dealloc_depth < DEALLOC_DEPTH_MAX;
    if (own->is_deallocating)
        own->runtime->releasing--;
    if (!kept->is_nested)
        return;
    splice(own);
    kept->dead = own->dead;
    own->dead = NULL;
    own->is_deallocating = 0;
    own->dealloc_depth++;
}

static void
resume_deallocator(kaa_object__context *own, const pause *kept)
{
    if (kept->is_deallocating)
        own->runtime->releasing++;
    if (!kept->is_nested)
        return;
    KAA_ASSERT(own->dead == NULL && own->fresh == NULL &&
               !own->is_deallocating);
    own->dead = kept->dead;
    own->is_deallocating = 1;
    own->dealloc_depth--;
}

int
kaa_object__run_finalizer(kaa_context *ctx, kaa_object *object)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    kaa_object__type *type = object->type;
    kaa_object *pending = own->pending;
    pause kept;

    if (type->finalize == NULL || (object->word & KAA_OBJECT__FINALIZED) != 0)
        return 0;
    object->word |= KAA_OBJECT__FINALIZED;
    object->word++;
    own->pending = NULL;
    pause_deallocator(own, &kept);
    own->depth++; /* a call, which no depth refuses */
    type->finalize(ctx, object);
    if (own->pending != NULL)
        kaa_object__error_unraisable(ctx, object);
    own->depth--;
    resume_deallocator(own, &kept);
    own->pending = pending;
    object->word--;
    return (object->word & KAA_OBJECT__COUNT_MASK) != 0;
}

static void
clear_weakrefs(kaa_context *ctx, kaa_object *object)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    pause kept;

    object->word++; /* callbacks do not see it, but counts stay sane */
    pause_deallocator(own, &kept);
    kaa_object__weakrefs_clear(ctx, object);
    resume_deallocator(own, &kept);
    object->word--;
    KAA_ASSERT((object->word & KAA_OBJECT__COUNT_MASK) == 0);
}

/* Finaliser and weak references of an object whose count is 0: whether it is to
 * be kept. */
APART static int
end_slowly(kaa_context *ctx, kaa_object *object)
{
    if (object->type->finalize != NULL &&
        kaa_object__run_finalizer(ctx, object))
        return 1;
    if ((object->word & KAA_OBJECT__WEAK) != 0)
        clear_weakrefs(ctx, object);
    return 0;
}

RARE static void
report_kept(const kaa_runtime *runtime, const kaa_object *object)
{
    kaa_object__misuse(
        runtime,
        "a %s at %p has %lld references more at the end of its release than "
        "at the beginning",
        object->type->name, (const void *)object,
        (long long)((object->word & KAA_OBJECT__COUNT_MASK) - DYING));
}

/* Whether nothing is left to do for an object whose count is 0 but to free its
 * block. */
static inline int
is_bare(const kaa_object *object)
{
    const kaa_object__type *type = object->type;

    return type->release == NULL && type->finalize == NULL &&
           (object->word & KAA_OBJECT__WEAK) == 0;
}

/* The same for an instance of a LISTED type that refers to nothing. */
static inline int
is_empty(const kaa_object *object)
{
    const kaa_object__type *type = object->type;
    const kaa_object__own_type *own =
        (const kaa_object__own_type *)(const void *)type;

    if ((type->flags & KAA_OBJECT__LISTED) == 0 || type->finalize != NULL ||
        (object->word & KAA_OBJECT__WEAK) != 0)
        return 0;
    for (uint32_t i = 0; i < own->reference_count; i++) {
        const kaa_object *held =
            *(kaa_object *const *)(const void *)((const char *)object +
                                                 own->references[i]);

        if (held != NULL && !kaa_is_tagged(held))
            return 0;
    }
    return 1;
}

/* What a LISTED type's release() does. From the last to the first, since each
 * is put before those that wait: so they die from the first to the last, and
 * before the others. No code of anybody's runs here, so the word of `object`
 * and the places of the references may be left as they are. */
static inline void
let_go(kaa_context *ctx, kaa_runtime *runtime, kaa_object *object)
{
    const kaa_object__own_type *own =
        (const kaa_object__own_type *)(const void *)object->type;
    kaa_object__context *context = kaa_object__context_of(ctx);

    for (uint32_t i = own->reference_count; i-- > 0;) {
        kaa_object *held =
            *(kaa_object **)(void *)((char *)object + own->references[i]);

        if (held == NULL || kaa_is_tagged(held) ||
            (--held->word & KAA_OBJECT__COUNT_MASK) != 0)
            continue;
        if (is_bare(held)) {
            free_block(ctx, runtime, held);
        } else {
            held->word |= KAA_OBJECT__DEAD | (uint64_t)(uintptr_t)context->dead;
            context->dead = held;
        }
    }
}

/* The end of one object, whose count is 0; `flags` are the rest of its word,
 * which is not looked at: it may still be a link. */
static inline void
free_dead(kaa_context *ctx, kaa_runtime *runtime, kaa_object *object,
          uint64_t flags)
{
    kaa_object__type *type = object->type;

    if (KAA_UNLIKELY(type->finalize != NULL ||
                     (flags & KAA_OBJECT__WEAK) != 0)) {
        object->word = flags;
        if (end_slowly(ctx, object))
            return;
        flags = object->word;
    }
    if (KAA_LIKELY((type->flags & KAA_OBJECT__LISTED) != 0)) {
        let_go(ctx, runtime, object);
        free_block(ctx, runtime, object);
        return;
    }
    object->word = flags | DYING;
    if (type->release != NULL) {
        type->release(ctx, object);
        if (KAA_UNLIKELY((object->word & KAA_OBJECT__COUNT_MASK) != DYING))
            report_kept(runtime, object);
    }
    free_block(ctx, runtime, object);
}

/* Who is next: the first that the last one buried let go, or that waited. */
static inline kaa_object *
next_dead(kaa_object__context *own)
{
    kaa_object *object = own->fresh, *last = own->fresh_last;

    if (object == NULL) {
        object = own->dead;
        if (object != NULL)
            own->dead = (kaa_object *)(uintptr_t)(object->word & LINK_MASK);
        return object;
    }
    own->fresh = own->fresh_last = NULL;
    if (object != last) {
        last->word |= (uint64_t)(uintptr_t)own->dead;
        own->dead = (kaa_object *)(uintptr_t)(object->word & LINK_MASK);
    }
    return object;
}

/* In a debug runtime: whether the GIL is not held, which has been told then. */
RARE static int
is_misused(const kaa_object__context *own)
{
    return own->thread != NULL && kaa_gil_check(own->thread, NULL) != KAA_OK;
}

APART static void
free_all_dead(kaa_context *ctx, kaa_object *object)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    kaa_runtime *runtime = own->runtime;

    if (KAA_UNLIKELY((runtime->watch & KAA_OBJECT__WATCH_DEBUG) != 0) &&
        is_misused(own))
        return; /* it leaks, which is better than a race */
    own->is_deallocating = 1;
    runtime->releasing++;
    for (; object != NULL; object = next_dead(own))
        free_dead(ctx, runtime, object,
                  object->word & ~(LINK_MASK | KAA_OBJECT__DEAD));
    runtime->releasing--;
    own->is_deallocating = 0;
}

void
kaa_object__free_dead(kaa_context *ctx)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    kaa_object *object;

    object = next_dead(own);
    if (object != NULL)
        free_all_dead(ctx, object);
}

void
kaa_object__dealloc(kaa_context *ctx, kaa_object *object)
{
    kaa_object__context *own = kaa_object__context_of(ctx);

    KAA_ASSERT((object->word & KAA_OBJECT__COUNT_MASK) == 0);
    KAA_ASSERT(!kaa_object__is_dead(object));
    /* A deallocator frees in the order that suits the blocks best. */
    if (is_bare(object) || (!own->is_deallocating && is_empty(object))) {
        kaa_runtime *runtime = own->runtime;

        if (KAA_LIKELY((runtime->watch & KAA_OBJECT__WATCH_DEBUG) == 0) ||
            !is_misused(own))
            free_block(ctx, runtime, object);
    } else if (own->is_deallocating) {
        object->word |= KAA_OBJECT__DEAD;
        if (own->fresh_last != NULL)
            own->fresh_last->word |= (uint64_t)(uintptr_t)object;
        else
            own->fresh = object;
        own->fresh_last = object;
    } else {
        free_all_dead(ctx, object);
    }
}
