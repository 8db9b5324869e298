/* insight/allocators.c - see allocators.h. struct PyMemAllocatorEx is part of
 * CPython's documented C API, and the same from 3.5 on. */
#include "insight/allocators.h"

#include <dlfcn.h>
#include <math.h>
#include <sched.h>
#include <string.h>

#include "base/assert.h"
#include "base/error.h"
#include "base/os/os.h"

#define PROFILE (kaa_insight__profiling)
#define DOMAIN_FIRST 1 /* PYMEM_DOMAIN_MEM, and PYMEM_DOMAIN_OBJ */
#define DOMAINS 2
#define NEVER INT64_MAX

#ifdef __GNUC__
#define RARE __attribute__((noinline, cold))
#else
#define RARE
#endif

typedef struct allocator {
    void *context;
    void *(*malloc)(void *context, size_t size);
    void *(*calloc)(void *context, size_t count, size_t size);
    void *(*realloc)(void *context, void *block, size_t size);
    void (*free)(void *context, void *block);
} allocator;

kaa_insight__profile kaa_insight__profiling = {.left = NEVER};

static allocator real[DOMAINS];
static int is_in[DOMAINS];
static struct {
    void (*get)(int domain, allocator *out);
    void (*set)(int domain, allocator *from);
    void *(*mem_malloc)(size_t);
    void (*mem_free)(void *);
    void *(*object_malloc)(size_t);
    void (*object_free)(void *);
} python;

static atomic_flag is_locked = ATOMIC_FLAG_INIT;

void
kaa_insight__profile_lock(void)
{
    while (atomic_flag_test_and_set_explicit(&is_locked, memory_order_acquire))
        sched_yield();
}

void
kaa_insight__profile_unlock(void)
{
    atomic_flag_clear_explicit(&is_locked, memory_order_release);
}

void
kaa_insight__profile_after_fork(void)
{
    atomic_flag_clear(&is_locked);
}

static int
enter(void)
{
    if (KAA_LIKELY(atomic_load_explicit(&PROFILE.is_shared,
                                        memory_order_relaxed) == 0))
        return 0;
    kaa_insight__profile_lock();
    return 1;
}

static void
leave(int was_locked)
{
    if (KAA_UNLIKELY(was_locked))
        kaa_insight__profile_unlock();
}

/* ---- sites ---- */

/* Whether the thread is one of the main interpreter, or of none. Of others no
 * code object is kept: they may end, and their memory with them. */
static int
is_main(const void *state)
{
    if (KAA_LIKELY(state == NULL ||
                   PROFILE.interpreter_of(state) == PROFILE.main_interpreter))
        return 1;
    if (PROFILE.interpreter.version >= 0x030c)
        atomic_store(&PROFILE.is_shared, 1);
    return 0;
}

/* The site of a place that was not the last in its slot. Code objects in the
 * cache are kept alive, so no other interpreter's can be found there. */
RARE static uint32_t
site_of_new(const void *state, const kaa_insight__place *place, uint32_t slot)
{
    if (!is_main(state))
        return 0;
    PROFILE.cache[slot].site =
        kaa_insight__sites_find(&PROFILE.sites, &PROFILE.interpreter, place, 1);
    PROFILE.cache[slot].place = *place;
    return PROFILE.cache[slot].site;
}

static uint32_t
site_of_stack(const void *state)
{
    kaa_insight__place places[KAA_INSIGHT__SITES_FRAMES_MAX];
    uint32_t count;

    if (!is_main(state))
        return 0;
    count = kaa_insight__frames_read(&PROFILE.interpreter.frames, state, places,
                                     PROFILE.frames);
    return kaa_insight__sites_find(&PROFILE.sites, &PROFILE.interpreter, places,
                                   count);
}

static uint32_t
site_of(const void *state)
{
    kaa_insight__place place;
    uint32_t slot;

    if (PROFILE.frames != 1)
        return site_of_stack(state);
    if (kaa_insight__frames_read(&PROFILE.interpreter.frames, state, &place,
                                 1) == 0)
        return site_of_stack(state);
    slot = (uint32_t)((((uintptr_t)place.code >> 4) ^
                       (uintptr_t)place.instruction) *
                      0x9e3779b1u) >>
           20;
    if (KAA_UNLIKELY(PROFILE.cache[slot].place.code != place.code ||
                     PROFILE.cache[slot].place.instruction !=
                         place.instruction))
        return site_of_new(state, &place, slot);
    return PROFILE.cache[slot].site;
}

/* Allocations between two looks at the clock, less 1. */
#define CALLS_TO_LOOK 1023u

RARE static void
note_point(void)
{
    kaa_insight__points_note(&PROFILE.points, PROFILE.sites.all.live_bytes,
                             PROFILE.sites.all.peak, 0);
}

/* ---- exact ---- */

#define SIZE_BITS 40u
#define SIZE_MASK (((uint64_t)1 << SIZE_BITS) - 1)
/* Tells a block of 0 bytes of site 0 from none. */
#define IS_BLOCK ((uint64_t)1 << 63)

static void
bury_word(uint64_t word)
{
    kaa_insight__sites_died(&PROFILE.sites,
                            (uint32_t)((word & ~IS_BLOCK) >> SIZE_BITS),
                            word & SIZE_MASK, 1);
}

static void
born(void *block, size_t size)
{
    void *state = PROFILE.current_state();
    uint64_t *word;
    int locked = enter();
    uint32_t site;

    if (KAA_UNLIKELY((++PROFILE.calls & CALLS_TO_LOOK) == 0))
        note_point();
    if (KAA_LIKELY(PROFILE.mode == KAA_INSIGHT_HEAP_EXACT &&
                   (state != PROFILE.muted || state == NULL))) {
        word = kaa_insight__shadow_find(&PROFILE.shadow, block);
        if (KAA_UNLIKELY(word == NULL || (uintptr_t)block % 16 != 0))
            word = kaa_insight__shadow_make(&PROFILE.shadow, block);
        if (KAA_LIKELY(word != NULL && size <= SIZE_MASK)) {
            if (KAA_UNLIKELY(*word != 0)) /* its arena went without a free */
                bury_word(*word);
            site = site_of(state);
            *word = IS_BLOCK | (uint64_t)site << SIZE_BITS | size;
            kaa_insight__sites_born(&PROFILE.sites, site, size, 1);
        } else {
            PROFILE.lost++;
        }
    }
    leave(locked);
}

static void
died(const void *block)
{
    int locked = enter();
    uint64_t *word;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT) {
        word = kaa_insight__shadow_find(&PROFILE.shadow, block);
        if (word != NULL && *word != 0) {
            bury_word(*word);
            *word = 0;
        }
    }
    leave(locked);
}

uint32_t
kaa_insight__profile_blocks(kaa_insight_heap_block *out, uint32_t capacity)
{
    uint32_t count = 0;
    uintptr_t address = 0;
    uint64_t *word;

    while ((word = kaa_insight__shadow_next(&PROFILE.shadow, &address)) != NULL)
        if (count++ < capacity && out != NULL)
            out[count - 1] = (kaa_insight_heap_block){
                (void *)(address - 16), *word & SIZE_MASK, 1,
                (uint32_t)((*word & ~IS_BLOCK) >> SIZE_BITS)};
    return count;
}

/* ---- sampled ---- */

/* The bytes to the next sample. Each byte has the same chance to be the sampled
 * one, whatever came before: the gaps are exponential. (xorshift64: Marsaglia,
 * "Xorshift RNGs", 2003.) */
int64_t
kaa_insight__profile_gap(void)
{
    double u;

    PROFILE.random ^= PROFILE.random << 13;
    PROFILE.random ^= PROFILE.random >> 7;
    PROFILE.random ^= PROFILE.random << 17;
    u = ((double)(PROFILE.random >> 11) + 1.0) * 0x1p-53;
    return (int64_t)(-log(u) * PROFILE.mean) + 1;
}

/* A block of n bytes is sampled with the chance p = 1 - exp(-n / mean), and so
 * stands for 1 / p blocks: Horvitz and Thompson's estimator. */
RARE static void
sample(void *block, size_t size)
{
    kaa_insight__sampled one = {.block = (uintptr_t)block, .size = size};
    double chance = -expm1(-(double)size / PROFILE.mean);
    kaa_insight__sampled old;
    void *state = PROFILE.current_state();

    kaa_insight__profile_lock();
    PROFILE.calls++;
    if (PROFILE.mode != KAA_INSIGHT_HEAP_SAMPLED) {
        atomic_store_explicit(&PROFILE.left, NEVER, memory_order_relaxed);
    } else {
        atomic_store_explicit(&PROFILE.left, kaa_insight__profile_gap(),
                              memory_order_relaxed);
        if (block != NULL && chance > 0 &&
            (state != PROFILE.muted || state == NULL)) {
            one.weight = (uint64_t)((double)size / chance + 0.5);
            one.blocks = (uint32_t)(1 / chance + 0.5);
            one.site = site_of(state);
            /* Its arena may have gone without a free. */
            if (kaa_insight__samples_maybe(&PROFILE.samples, block) &&
                kaa_insight__samples_take(&PROFILE.samples, block, &old))
                kaa_insight__sites_died(&PROFILE.sites, old.site, old.weight,
                                        old.blocks);
            if (kaa_insight__samples_add(&PROFILE.samples, &one))
                kaa_insight__sites_born(&PROFILE.sites, one.site, one.weight,
                                        one.blocks);
            else
                PROFILE.lost++;
        }
        note_point();
    }
    kaa_insight__profile_unlock();
}

RARE static void
forget(const void *block)
{
    kaa_insight__sampled one;

    kaa_insight__profile_lock();
    if (PROFILE.mode == KAA_INSIGHT_HEAP_SAMPLED &&
        kaa_insight__samples_take(&PROFILE.samples, block, &one))
        kaa_insight__sites_died(&PROFILE.sites, one.site, one.weight,
                                one.blocks);
    kaa_insight__profile_unlock();
}

/* ---- the hooks ---- */

static void
allocated(void *block, size_t size)
{
    int64_t left;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT) {
        if (block != NULL)
            born(block, size);
        return;
    }
    left = atomic_load_explicit(&PROFILE.left, memory_order_relaxed) -
           (int64_t)size;
    atomic_store_explicit(&PROFILE.left, left, memory_order_relaxed);
    if (KAA_UNLIKELY(left < 0))
        sample(block, size);
}

static void
freed(const void *block)
{
    if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT)
        died(block);
    else if (KAA_UNLIKELY(kaa_insight__samples_maybe(&PROFILE.samples, block)))
        forget(block);
}

/* ---- blocks that move ---- */

/* Whether the block is followed: *out is what is known of it, and it is
 * followed no longer, but still counts. */
static int
take(const void *block, kaa_insight__sampled *out)
{
    int locked, found = 0;
    uint64_t *word;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_SAMPLED) {
        if (KAA_LIKELY(!kaa_insight__samples_maybe(&PROFILE.samples, block)))
            return 0;
        kaa_insight__profile_lock();
        found = kaa_insight__samples_take(&PROFILE.samples, block, out);
        kaa_insight__profile_unlock();
        return found;
    }
    locked = enter();
    if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT) {
        word = kaa_insight__shadow_find(&PROFILE.shadow, block);
        found = word != NULL && *word != 0;
        if (found) {
            out->site = (uint32_t)((*word & ~IS_BLOCK) >> SIZE_BITS);
            out->size = out->weight = *word & SIZE_MASK;
            out->blocks = 1;
            *word = 0;
        }
    }
    leave(locked);
    return found;
}

/* It could not be moved. */
static void
give_back(void *block, const kaa_insight__sampled *one)
{
    uint64_t *word;

    kaa_insight__profile_lock();
    if (PROFILE.mode == KAA_INSIGHT_HEAP_SAMPLED) {
        (void)kaa_insight__samples_add(&PROFILE.samples, one);
    } else if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT) {
        word = kaa_insight__shadow_find(&PROFILE.shadow, block);
        if (word != NULL)
            *word = IS_BLOCK | (uint64_t)one->site << SIZE_BITS | one->size;
    }
    kaa_insight__profile_unlock();
}

static void
bury(const kaa_insight__sampled *one)
{
    int locked = enter();

    if (PROFILE.mode != KAA_INSIGHT_HEAP_OFF)
        kaa_insight__sites_died(&PROFILE.sites, one->site, one->weight,
                                one->blocks);
    leave(locked);
}

/* A moved block counts for the line that moves it. It is looked up before it
 * moves: after that, another interpreter's may stand there. */
static void *
reallocated(unsigned domain, void *context, void *block, size_t size)
{
    kaa_insight__sampled old;
    int is_known = block != NULL && take(block, &old);
    void *moved = real[domain].realloc(context, block, size);

    if (is_known && moved != NULL)
        bury(&old);
    else if (is_known)
        give_back(block, &old);
    if (moved != NULL)
        allocated(moved, size);
    return moved;
}

/* ---- the hooks ---- */

#define HOOKS(domain)                                                          \
    static void *malloc_##domain(void *context, size_t size)                   \
    {                                                                          \
        void *block = real[domain].malloc(context, size);                      \
                                                                               \
        allocated(block, size);                                                \
        return block;                                                          \
    }                                                                          \
    static void *calloc_##domain(void *context, size_t count, size_t size)     \
    {                                                                          \
        void *block = real[domain].calloc(context, count, size);               \
                                                                               \
        if (block != NULL)                                                     \
            allocated(block, count *size);                                     \
        return block;                                                          \
    }                                                                          \
    static void *realloc_##domain(void *context, void *block, size_t size)     \
    {                                                                          \
        return reallocated(domain, context, block, size);                      \
    }                                                                          \
    static void free_##domain(void *context, void *block)                      \
    {                                                                          \
        if (block != NULL)                                                     \
            freed(block);                                                      \
        real[domain].free(context, block);                                     \
    }

HOOKS(0)
HOOKS(1)

static const allocator hooks[DOMAINS] = {
    {NULL, malloc_0, calloc_0, realloc_0, free_0},
    {NULL, malloc_1, calloc_1, realloc_1, free_1},
};

/* ---- in and out ---- */

static int
is_ours(const allocator *found, unsigned domain)
{
    return found->malloc == hooks[domain].malloc &&
           found->free == hooks[domain].free;
}

static kaa_status
find_functions(void *handle, kaa_error *err)
{
    static const struct {
        const char *name;
        void *place;
    } wanted[] = {
        {"PyMem_GetAllocator", &python.get},
        {"PyMem_SetAllocator", &python.set},
        {"PyMem_Malloc", &python.mem_malloc},
        {"PyMem_Free", &python.mem_free},
        {"PyObject_Malloc", &python.object_malloc},
        {"PyObject_Free", &python.object_free},
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        kaa_status status = kaa_base__find_function(handle, wanted[i].name,
                                                    wanted[i].place, err);

        if (status != KAA_OK)
            return status;
    }
    return KAA_OK;
}

/* Allocates a block of one byte, and looks whether that was seen. */
static int
is_called(unsigned domain)
{
    int64_t left = atomic_load(&PROFILE.left);
    uint64_t calls = PROFILE.calls;

    if (domain == 0)
        python.mem_free(python.mem_malloc(1));
    else
        python.object_free(python.object_malloc(1));
    return calls != PROFILE.calls || left != atomic_load(&PROFILE.left);
}

int
kaa_insight__allocators_are_called(void)
{
    const void *muted = PROFILE.muted;
    int all = 1;

    PROFILE.muted = PROFILE.current_state();
    for (unsigned i = 0; i < DOMAINS; i++)
        if (!is_in[i] || !is_called(i))
            all = 0;
    PROFILE.muted = muted;
    return all;
}

uint32_t
kaa_insight__allocators_foreign(void)
{
    void *(*object_malloc)(size_t) = python.object_malloc;
    Dl_info python_file, function_file;
    uint32_t count = 0;
    void *address;

    memcpy(&address, &object_malloc, sizeof(address));
    if (dladdr(address, &python_file) == 0)
        return 0;
    for (unsigned i = 0; i < DOMAINS; i++) {
        memcpy(&address, &real[i].malloc, sizeof(address));
        if (is_in[i] && (dladdr(address, &function_file) == 0 ||
                         function_file.dli_fbase != python_file.dli_fbase))
            count++;
    }
    return count;
}

kaa_status
kaa_insight__allocators_install(void *handle, kaa_error *err)
{
    kaa_status status = find_functions(handle, err);

    if (status != KAA_OK)
        return status;
    for (unsigned i = 0; i < DOMAINS; i++) {
        allocator found, hook = hooks[i];

        /* Ours may be there still, behind another tool's; or that tool may
         * have thrown them out. */
        if (is_in[i] && is_called(i))
            continue;
        python.get(DOMAIN_FIRST + (int)i, &found);
        if (is_ours(&found, i))
            continue;
        real[i] = found;
        hook.context = found.context;
        python.set(DOMAIN_FIRST + (int)i, &hook);
        is_in[i] = 1;
    }
    return KAA_OK;
}

uint32_t
kaa_insight__allocators_remove(void)
{
    uint32_t left = 0;

    for (unsigned i = 0; i < DOMAINS; i++) {
        allocator found;

        if (!is_in[i])
            continue;
        python.get(DOMAIN_FIRST + (int)i, &found);
        if (!is_ours(&found, i) && is_called(i)) {
            left++;
            continue;
        }
        if (is_ours(&found, i))
            python.set(DOMAIN_FIRST + (int)i, &real[i]);
        is_in[i] = 0;
    }
    return left;
}
