/* insight/domains.c - the hooks of allocators in and out. struct
 * PyMemAllocatorEx is part of CPython's documented C API, and the same from 3.5
 * on. */
#include <dlfcn.h>
#include <string.h>

#include "base/assert.h"
#include "base/error.h"
#include "base/os/os.h"
#include "insight/allocators.h"
#include "insight/outside.h"

#define PROFILE (kaa_insight__profiling)
#define DOMAINS KAA_INSIGHT__DOMAINS
#define RAW KAA_INSIGHT__RAW

static int is_in[DOMAINS];
static struct {
    void (*get)(int domain, kaa_insight__allocator *out);
    void (*set)(int domain, kaa_insight__allocator *from);
    struct {
        void *(*malloc)(size_t);
        void (*free)(void *);
    } domains[DOMAINS];
} python;

static int
needs_no_gil(unsigned domain)
{
    return domain == RAW || PROFILE.interpreter.is_free_threaded;
}

static const kaa_insight__allocator *
hook_of(unsigned domain)
{
    return needs_no_gil(domain) ? &kaa_insight__hooks_any[domain]
                                : &kaa_insight__hooks_gil[domain - 1];
}

static int
is_ours(const kaa_insight__allocator *found, unsigned domain)
{
    return found->malloc == hook_of(domain)->malloc &&
           found->free == hook_of(domain)->free;
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
        {"PyMem_RawMalloc", &python.domains[0].malloc},
        {"PyMem_RawFree", &python.domains[0].free},
        {"PyMem_Malloc", &python.domains[1].malloc},
        {"PyMem_Free", &python.domains[1].free},
        {"PyObject_Malloc", &python.domains[2].malloc},
        {"PyObject_Free", &python.domains[2].free},
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        kaa_status status = kaa_base__find_function(handle, wanted[i].name,
                                                    wanted[i].place, err);

        if (status != KAA_OK)
            return status;
    }
    return KAA_OK;
}

/* Allocates a block of one byte, and looks whether that was seen. What goes the
 * quick way of exact profiles counts no call: this does not go there. */
static int
is_called(unsigned domain)
{
    const void *muted = PROFILE.muted;
    int64_t left = atomic_load(&PROFILE.left);
    uint64_t calls = atomic_load(&PROFILE.calls);
    uint32_t any_calls = kaa_insight__any_calls;

    PROFILE.muted = PROFILE.current_state();
    kaa_insight__profile_set_quick();
    python.domains[domain].free(python.domains[domain].malloc(1));
    PROFILE.muted = muted;
    kaa_insight__profile_set_quick();
    if (needs_no_gil(domain))
        return any_calls != kaa_insight__any_calls;
    return calls != atomic_load(&PROFILE.calls) ||
           left != atomic_load(&PROFILE.left);
}

int
kaa_insight__allocators_are_called(void)
{
    int all = 1;

    for (unsigned i = 0; i < DOMAINS; i++)
        if (!is_in[i] || !is_called(i))
            all = 0;
    return all;
}

uint32_t
kaa_insight__allocators_foreign(void)
{
    void *(*object_malloc)(size_t) = python.domains[KAA_INSIGHT__OBJ].malloc;
    Dl_info python_file, function_file;
    uint32_t count = 0;
    void *address;

    memcpy(&address, &object_malloc, sizeof(address));
    if (dladdr(address, &python_file) == 0)
        return 0;
    for (unsigned i = 0; i < DOMAINS; i++) {
        void *(*real)(void *, size_t) = KAA_INSIGHT__REAL(i, malloc);

        memcpy(&address, &real, sizeof(address));
        if (is_in[i] && (dladdr(address, &function_file) == 0 ||
                         function_file.dli_fbase != python_file.dli_fbase))
            count++;
    }
    return count;
}

static void
note_real(unsigned domain, const kaa_insight__allocator *found)
{
    kaa_insight__real_allocator *real = &kaa_insight__real[domain];

    KAA_INSIGHT__SET(real->malloc, found->malloc);
    KAA_INSIGHT__SET(real->calloc, found->calloc);
    KAA_INSIGHT__SET(real->realloc, found->realloc);
    KAA_INSIGHT__SET(real->free, found->free);
}

/* Domain RAW may be called meanwhile, and so may all be in an interpreter with
 * a GIL of its own: the hooks keep the context, so any mix of old and new
 * pointers works once the real ones are written down. Who calls a hook has
 * looked at no lock: the fence orders the two for him. */
kaa_status
kaa_insight__allocators_install(void *handle, kaa_error *err)
{
    kaa_status status = find_functions(handle, err);

    if (status != KAA_OK)
        return status;
    for (unsigned i = 0; i < DOMAINS; i++) {
        kaa_insight__allocator found, hook = *hook_of(i);

        /* Ours may be there still, behind another tool's; or that tool may
         * have thrown them out. */
        if (is_in[i] && is_called(i))
            continue;
        python.get((int)i, &found);
        if (is_ours(&found, i))
            continue;
        note_real(i, &found);
        kaa_base__fence_all();
        hook.context = found.context;
        python.set((int)i, &hook);
        is_in[i] = 1;
    }
    return KAA_OK;
}

uint32_t
kaa_insight__allocators_remove(void)
{
    uint32_t left = 0;

    for (unsigned i = 0; i < DOMAINS; i++) {
        kaa_insight__allocator found;

        if (!is_in[i])
            continue;
        python.get((int)i, &found);
        if (!is_ours(&found, i) && is_called(i)) {
            left++;
            continue;
        }
        if (is_ours(&found, i)) {
            found.malloc = KAA_INSIGHT__REAL(i, malloc);
            found.calloc = KAA_INSIGHT__REAL(i, calloc);
            found.realloc = KAA_INSIGHT__REAL(i, realloc);
            found.free = KAA_INSIGHT__REAL(i, free);
            python.set((int)i, &found);
        }
        is_in[i] = 0;
    }
    return left;
}
