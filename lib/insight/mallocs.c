/* insight/mallocs.c - see mallocs.h. The functions: malloc(3),
 * posix_memalign(3). */
#include "insight/mallocs.h"

#include <dlfcn.h>
#include <string.h>

#include "base/assert.h"
#include "base/error.h"
#include "insight/allocators.h"
#include "insight/got.h"
#include "insight/outside.h"
#include "insight/unwind.h"

#define PROFILE (kaa_insight__profiling)

#ifdef __GNUC__
#define CALLER() __builtin_extract_return_addr(__builtin_return_address(0))
#else
#define CALLER() NULL
#endif

/* What the hooks call on. */
static struct {
    void *(*dlopen)(const char *, int);
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*reallocarray)(void *, size_t, size_t);
    void (*free)(void *);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*memalign)(size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
} real;

static void
given(void *block, size_t size, const void *caller)
{
    if (block != NULL && kaa_insight__busy == 0)
        kaa_insight__outside_malloc(block, size, caller);
}

/* ---- the hooks ---- */

/* Where the file is looked for may depend on who calls dlopen(), if no folder
 * is named: then it is left by a jump, so that the caller stays the caller, and
 * who looks after new objects finds this one a little later. */
static void *
on_dlopen(const char *file, int flags)
{
    void *handle;

    if (file == NULL || strchr(file, '/') == NULL || strchr(file, '$') != NULL)
        return real.dlopen(file, flags);
    handle = real.dlopen(file, flags);
    if (handle != NULL && atomic_load(&PROFILE.has_native) != 0)
        atomic_fetch_or(&PROFILE.attention, KAA_INSIGHT__LOADED);
    return handle;
}

static void *
on_malloc(size_t size)
{
    void *block = real.malloc(size);

    given(block, size, CALLER());
    return block;
}

static void *
on_calloc(size_t count, size_t size)
{
    void *block = real.calloc(count, size);

    given(block, count * size, CALLER());
    return block;
}

static void
on_free(void *block)
{
    if (block != NULL)
        kaa_insight__outside_free(block);
    real.free(block);
}

/* A size of 0 may free the block. */
static void *
moved_to(void *block, size_t size, const void *caller, void *moved,
         uint32_t start, const kaa_insight__sampled *old)
{
    if (start != 0)
        kaa_insight__outside_settle(
            start, block, moved != NULL || size != 0 ? moved : block, old);
    given(moved, size, caller);
    return moved;
}

static void *
on_realloc(void *block, size_t size)
{
    kaa_insight__sampled old;
    uint32_t start = kaa_insight__outside_take(block, &old);

    return moved_to(block, size, CALLER(), real.realloc(block, size), start,
                    &old);
}

static void *
on_reallocarray(void *block, size_t count, size_t size)
{
    kaa_insight__sampled old;
    uint32_t start = kaa_insight__outside_take(block, &old);
    void *moved = real.reallocarray(block, count, size);

    return moved_to(block, count * size, CALLER(), moved, start, &old);
}

static int
on_posix_memalign(void **out, size_t alignment, size_t size)
{
    int error = real.posix_memalign(out, alignment, size);

    if (error == 0)
        given(*out, size, CALLER());
    return error;
}

static void *
on_aligned_alloc(size_t alignment, size_t size)
{
    void *block = real.aligned_alloc(alignment, size);

    given(block, size, CALLER());
    return block;
}

static void *
on_memalign(size_t alignment, size_t size)
{
    void *block = real.memalign(alignment, size);

    given(block, size, CALLER());
    return block;
}

static void *
on_valloc(size_t size)
{
    void *block = real.valloc(size);

    given(block, size, CALLER());
    return block;
}

static void *
on_pvalloc(size_t size)
{
    void *block = real.pvalloc(size);

    given(block, size, CALLER());
    return block;
}

/* ---- in and out ---- */

/* dlopen() stands first: it alone is replaced in the interpreter. */
#define HOOKS(each)                                                            \
    each(dlopen) each(malloc) each(calloc) each(realloc) each(reallocarray)    \
        each(free) each(posix_memalign) each(aligned_alloc) each(memalign)     \
            each(valloc) each(pvalloc)

enum {
#define COUNT(name) IS_##name,
    HOOKS(COUNT) HOOKS_COUNT
#undef COUNT
};

static kaa_insight__import entries[HOOKS_COUNT];
static kaa_insight__imports imports;

/* A program at a fixed address has stubs that stand for what it imports, and
 * dlsym() gives those: the function itself is what kaa's own imports come to.
 */
static void
look_up(kaa_insight__import *entry)
{
    void *found = dlsym(RTLD_DEFAULT, entry->name);
    void *next = dlsym(RTLD_NEXT, entry->name);
    uintptr_t address = (uintptr_t)found;

    entry->real = found;
    entry->address = NULL;
    if (address >= PROFILE.python_first && address < PROFILE.python_end &&
        next != NULL) {
        entry->real = next;
        entry->address = found;
    }
}

/* Once: a thread may be in a hook of an earlier profile when the next starts.
 */
static void
write_entries(void)
{
    if (entries[0].name != NULL)
        return;
#define ENTRY(function)                                                        \
    {                                                                          \
        kaa_insight__import *entry = &entries[IS_##function];                  \
        __typeof__(real.function) hook = on_##function;                        \
                                                                               \
        entry->name = #function;                                               \
        memcpy(&entry->hook, &hook, sizeof(hook));                             \
        look_up(entry);                                                        \
        memcpy(&real.function, &entry->real, sizeof(hook));                    \
    }
    HOOKS(ENTRY)
#undef ENTRY
}

/* A C library need not have the rarer ones: then nobody imports them. */
static kaa_status
find_functions(kaa_error *err)
{
    write_entries();
    for (uint32_t i = 0; i < HOOKS_COUNT; i++)
        if (entries[i].real == NULL && i <= IS_free && i != IS_reallocarray)
            return kaa_base__fail(err, KAA_NO_SYMBOL, KAA_NO_ARGUMENT,
                                  "this process has no %s", entries[i].name);
    return KAA_OK;
}

kaa_status
kaa_insight__mallocs_install(const void *python, kaa_error *err)
{
    kaa_insight__c_frame frame;
    kaa_status status;

    if (!kaa_insight__got_code(python, &PROFILE.python_first,
                               &PROFILE.python_end))
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "the interpreter is in no loaded object");
    status = find_functions(err);
    if (status != KAA_OK)
        return status;
    if (kaa_insight__unwind_start()) /* what it makes once is made here */
        (void)kaa_insight__unwind(&frame, 1);
    imports = (kaa_insight__imports){.entries = entries,
                                     .count = HOOKS_COUNT,
                                     .count_apart = 1,
                                     .apart = python,
                                     .never = {&imports, NULL}};
    atomic_store(&PROFILE.has_native, 1);
    kaa_insight__got_write_all(&imports, 1);
    return KAA_OK;
}

void
kaa_insight__mallocs_remove(void)
{
    if (atomic_exchange(&PROFILE.has_native, 0) == 0)
        return;
    atomic_fetch_and(&PROFILE.attention, ~KAA_INSIGHT__LOADED);
    kaa_insight__got_write_all(&imports, 0);
}

KAA_INSIGHT__RARE void
kaa_insight__mallocs_look(void)
{
    uint64_t before = imports.loads;

    atomic_fetch_and(&PROFILE.attention, ~KAA_INSIGHT__LOADED);
    if (atomic_load(&PROFILE.has_native) != 0 &&
        kaa_insight__got_loads() != before)
        kaa_insight__got_write_all(&imports, 1);
}

uint32_t
kaa_insight__mallocs_foreign(void)
{
    return imports.foreign;
}
