/* insight/allocators.h - hooks in CPython's allocators, and what they write.
 *
 * PyMem_SetAllocator() replaces five pointers of a domain: a context and four
 * functions. The hooks keep the context and go on to what stood there, so a
 * block looks the same with and without them, and they may come and go at any
 * time.
 *
 * Who may write the tables:
 *
 *     domains MEM and OBJ        the GIL is held: no lock, but `is_inside` says
 *                                that somebody is there
 *     RAW, malloc(): any thread  takes the lock, asks for attention, and waits
 *                                until nobody is inside
 *     an interpreter with a      takes the lock, and so does everybody from
 *     GIL of its own             then on: before its first thread comes in, it
 *                                waits until nobody is inside
 *
 * `is_inside` is one word for all, so a thread of another GIL may write it only
 * when nobody looks at it any more. Such a thread is told by its state, when it
 * asks for memory: what an interpreter frees it has asked for. Those that were
 * there before the profile are seen as it starts.
 *
 * The fence between a store to `is_inside` and the load of `attention` is made
 * by whoever asks (base/os: kaa_base__fence_all()), as in biased locks.
 */
#ifndef KAA_INSIGHT_ALLOCATORS_H
#define KAA_INSIGHT_ALLOCATORS_H

#include <stdatomic.h>
#include <stdint.h>

#include <kaa/insight.h>

#include "base/assert.h"
#include "insight/figures.h"
#include "insight/garbage.h"
#include "insight/interpreter.h"
#include "insight/points.h"
#include "insight/samples.h"
#include "insight/shadow.h"
#include "insight/sites.h"
#include "insight/state.h"

#define KAA_INSIGHT__PLACE_CACHE 4096u

#ifdef __GNUC__
#define KAA_INSIGHT__RARE __attribute__((noinline, cold))
#else
#define KAA_INSIGHT__RARE
#endif

/* Bits of kaa_insight__profile::attention. */
#define KAA_INSIGHT__SHARED 1u /* the lock is taken by everybody, for good */
#define KAA_INSIGHT__WANTED 2u /* a thread without the GIL wants the tables */
#define KAA_INSIGHT__UNKEPT 4u /* code objects are to be referred to */
#define KAA_INSIGHT__LOADED 8u /* objects may have been loaded */

typedef struct kaa_insight__profile {
    _Alignas(64)                 /* what each call reads is together */
        _Atomic uint32_t mode;   /* KAA_INSIGHT_HEAP_*; of the hooks */
    _Atomic uint32_t attention;  /* what keeps hooks from their quick way */
    _Atomic uint32_t is_inside;  /* who holds the GIL is in the tables */
    _Atomic int64_t left;        /* bytes to the next sample */
    _Atomic(const void *) muted; /* whose allocations are not counted */
    _Atomic uintptr_t quick;     /* whose allocations may go the quick way: the
                                    main interpreter's; or nobody's */
    uint32_t mutes;              /* how often, by that thread */
    _Atomic uint32_t frames;     /* of a site, at most */
    _Atomic double mean;         /* bytes between two samples */
    _Atomic uint64_t random;
    uint64_t lost;               /* blocks that could not be followed */
    _Atomic uint64_t calls;      /* of allocating hooks that counted */
    _Atomic uint32_t start;      /* number of this profile; 0: none runs */
    _Atomic uint32_t has_native; /* malloc() is followed */
    _Atomic uint32_t is_shared;  /* nobody relies on `is_inside` any more */
    uintptr_t python_first, python_end; /* the interpreter's code */
    kaa_insight__shadow shadow;
    kaa_insight__sites sites;
    struct {           /* places that were seen, by a hash */
        uintptr_t key; /* kaa_insight__frame_key() */
        uint32_t site;
    } cache[KAA_INSIGHT__PLACE_CACHE];
    kaa_insight__samples samples;
    kaa_insight__points points;
    kaa_insight__garbage garbage;
    kaa_insight__interpreter interpreter;
    /* Written once, before the first hook is in: a thread may still be in one
     * of an earlier profile's when the next starts. */
    void *(*current_state)(void); /* of this thread; NULL if it has none */
    void *(*interpreter_of)(const void *state);
    void *(*newest_interpreter)(void);
    void *main_interpreter;
    uint32_t interpreter_at; /* where a state has it, in bytes; 0: unknown */
    intptr_t state_at;       /* kaa_insight__state_find() */
} kaa_insight__profile;

extern kaa_insight__profile kaa_insight__profiling;

/* ---- the tables ---- */

void kaa_insight__profile_lock(void);
void kaa_insight__profile_unlock(void);
/* In a child after fork(): whoever held it is gone. */
void kaa_insight__profile_after_fork(void);

/* Before and after the tables are used. Returns what leave() is to be given.
 * `has_gil`: the caller is a thread that holds a GIL. */
int kaa_insight__profile_enter(int has_gil);
void kaa_insight__profile_leave(int entered);

/* Whether the state is one of the main interpreter, or none. Of others no code
 * object is kept: they may end, and their memory with them. */
static inline int
kaa_insight__profile_is_main(const void *state)
{
    const void *interpreter;

    if (state == NULL)
        return 1;
    if (KAA_LIKELY(kaa_insight__profiling.interpreter_at != 0))
        interpreter = (const void *)kaa_insight__word(
            (uintptr_t)state, kaa_insight__profiling.interpreter_at);
    else
        interpreter = kaa_insight__profiling.interpreter_of(state);
    return interpreter == kaa_insight__profiling.main_interpreter;
}

/* After `frames` or `muted` has changed, with the GIL. */
void kaa_insight__profile_set_quick(void);
/* Forgets the places that were seen. */
void kaa_insight__profile_clear_cache(void);

/* How many bytes go by until the next sample. */
int64_t kaa_insight__profile_gap(void);

/* ---- words of the shadow ----
 *
 *      31   30       29..13         12..0
 *     +---+---+-------------------+--------+
 *     | 1 |       the site        |  size  |   a block begins here
 *     +---+---+-------------------+--------+
 *     | 0 | 1 |  30 bits of a long size    |   the two words behind it
 *     +---+---+----------------------------+
 *
 * A block whose size does not fit has LONG for it, and lies over the two words
 * where the size stands then.
 */
#define KAA_INSIGHT__SIZE_BITS 13u
#define KAA_INSIGHT__SIZE_LONG (((uint32_t)1 << KAA_INSIGHT__SIZE_BITS) - 1)
#define KAA_INSIGHT__HALF_BITS 30u
#define KAA_INSIGHT__IS_HALF ((uint32_t)1 << KAA_INSIGHT__HALF_BITS)

static inline uint32_t
kaa_insight__word_site(const uint32_t *word)
{
    return (*word & ~KAA_INSIGHT__IS_BLOCK) >> KAA_INSIGHT__SIZE_BITS;
}

static inline uint64_t
kaa_insight__word_size(const uint32_t *word)
{
    uint32_t size = *word & KAA_INSIGHT__SIZE_LONG;

    if (KAA_LIKELY(size != KAA_INSIGHT__SIZE_LONG))
        return size;
    return (uint64_t)(word[1] & ~KAA_INSIGHT__IS_HALF) |
           (uint64_t)(word[2] & ~KAA_INSIGHT__IS_HALF)
               << KAA_INSIGHT__HALF_BITS;
}

/* No block begins here any more. */
static inline void
kaa_insight__word_clear(uint32_t *word)
{
    if (KAA_UNLIKELY((*word & KAA_INSIGHT__SIZE_LONG) ==
                     KAA_INSIGHT__SIZE_LONG))
        word[1] = word[2] = 0;
    *word = 0;
}

/* The block has ended. */
static inline void
kaa_insight__word_bury(uint32_t *word)
{
    kaa_insight__sites_died(&kaa_insight__profiling.sites,
                            kaa_insight__word_site(word),
                            kaa_insight__word_size(word), 1);
    kaa_insight__word_clear(word);
}

/* Makes a word that is not 0 so: the block's arena went without a free. */
void kaa_insight__word_evict(uint32_t *word);
/* Writes a size that does not fit. */
void kaa_insight__word_write_long(uint32_t *word, size_t size, uint32_t site);

/* The block's word, which is 0; NULL: it cannot be followed. */
static inline uint32_t *
kaa_insight__word_new(const void *block)
{
    uint32_t *word =
        kaa_insight__shadow_find(&kaa_insight__profiling.shadow, block);

    if (KAA_UNLIKELY(word == NULL))
        word = kaa_insight__shadow_make(&kaa_insight__profiling.shadow, block);
    if (word != NULL && KAA_UNLIKELY(*word != 0))
        kaa_insight__word_evict(word);
    return word;
}

static inline void
kaa_insight__word_write(uint32_t *word, size_t size, uint32_t site)
{
    if (KAA_LIKELY(size < KAA_INSIGHT__SIZE_LONG))
        *word = KAA_INSIGHT__IS_BLOCK | site << KAA_INSIGHT__SIZE_BITS |
                (uint32_t)size;
    else
        kaa_insight__word_write_long(word, size, site);
}

/* A block begins. */
static inline void
kaa_insight__word_set(uint32_t *word, size_t size, uint32_t site)
{
    kaa_insight__word_write(word, size, site);
    kaa_insight__sites_born(&kaa_insight__profiling.sites, site, size, 1);
}

/* ---- what is done to them; whoever calls has entered ---- */

/* A block that stands for itself. */
void kaa_insight__profile_born(void *block, size_t size, uint32_t site);
void kaa_insight__profile_died(const void *block);
/* A block that was chosen. Returns whether it is followed. */
int kaa_insight__profile_chosen(void *block, size_t size, uint32_t site);
/* Whether the block is followed, sampled or not: it is no longer, but still
 * counts. */
int kaa_insight__profile_take(const void *block, kaa_insight__sampled *out);
/* The same block again, which did not move. */
void kaa_insight__profile_give_back(void *block,
                                    const kaa_insight__sampled *one);
void kaa_insight__profile_bury(const kaa_insight__sampled *one);
/* Notes how much there is, now and then. */
void kaa_insight__profile_note(void);

/* Of an exact profile: what kaa_insight_heap_blocks() tells. */
uint32_t kaa_insight__profile_blocks(kaa_insight_heap_block *out,
                                     uint32_t capacity);

/* ---- the hooks of domains ---- */

/* PyMemAllocatorEx */
typedef struct kaa_insight__allocator {
    void *context;
    void *(*malloc)(void *context, size_t size);
    void *(*calloc)(void *context, size_t count, size_t size);
    void *(*realloc)(void *context, void *block, size_t size);
    void (*free)(void *context, void *block);
} kaa_insight__allocator;

enum { KAA_INSIGHT__RAW, KAA_INSIGHT__MEM, KAA_INSIGHT__OBJ };
#define KAA_INSIGHT__DOMAINS 3

/* What the hooks go on to. A start may write it while a thread is in a hook of
 * an earlier profile's, or in one of domain RAW. */
typedef struct kaa_insight__real_allocator {
    void *(*_Atomic malloc)(void *context, size_t size);
    void *(*_Atomic calloc)(void *context, size_t count, size_t size);
    void *(*_Atomic realloc)(void *context, void *block, size_t size);
    void (*_Atomic free)(void *context, void *block);
} kaa_insight__real_allocator;

/* By the number that CPython gives a domain. */
extern kaa_insight__real_allocator kaa_insight__real[KAA_INSIGHT__DOMAINS];
#define KAA_INSIGHT__REAL(domain, function)                                    \
    KAA_INSIGHT__GET(kaa_insight__real[domain].function)
extern const kaa_insight__allocator kaa_insight__hooks_gil[2]; /* MEM, OBJ */
/* By domain; called with or without the GIL. RAW's, and all where there is
 * none. They go on only where profiles are sampled, or the domain is RAW. */
extern const kaa_insight__allocator
    kaa_insight__hooks_any[KAA_INSIGHT__DOMAINS];

/* Puts the hooks in and checks that they are called; the GIL is held. */
KAA_NODISCARD kaa_status kaa_insight__allocators_install(void *handle,
                                                         kaa_error *err);
/* Takes them out where nobody stands in front of them. Returns how many domains
 * keep one, which does nothing and goes away with a later removal. */
uint32_t kaa_insight__allocators_remove(void);
/* Whether the hooks of all domains are still called: another tool that was
 * there before may have put back what it found. */
int kaa_insight__allocators_are_called(void);
/* How many of the domains had another tool's functions below ours. */
uint32_t kaa_insight__allocators_foreign(void);

#endif /* KAA_INSIGHT_ALLOCATORS_H */
