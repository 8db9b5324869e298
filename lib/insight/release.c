/* insight/release.c - see release.h.
 *
 * Which functions tell: CPython, Python/ceval_gil.c and ceval.c. Up to 3.12 the
 * evaluation loop itself (or a static function within reach of it) lets go when
 * asked; from 3.13 on _Py_HandlePending does, which is exported.
 */
#include "insight/release.h"
#include "base/os/os.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "insight/unwind.h"

/* Callers of the release that are looked at: 3.13 has four between. */
#define STEPS_MAX 6u
#define FRAMES_MAX 16u
#define PATHS_FULL (KAA_INSIGHT__PATHS_MAX / 4 * 3)
/* Of a function whose symbol has no size. */
#define SIZE_UNKNOWN 256u

static const struct {
    const char *name;
    uint32_t verdict;
} tellers[] = {
    {"_Py_HandlePending", KAA_INSIGHT__FORCED},
    {"_PyEval_EvalFrameDefault", KAA_INSIGHT__FORCED},
    {"PyEval_SaveThread", KAA_INSIGHT__VOLUNTARY},
    {"PyEval_ReleaseThread", KAA_INSIGHT__VOLUNTARY},
    {"PyEval_ReleaseLock", KAA_INSIGHT__VOLUNTARY},
    {"PyThreadState_DeleteCurrent", KAA_INSIGHT__VOLUNTARY},
    {"_PyThreadState_DeleteCurrent", KAA_INSIGHT__VOLUNTARY},
    {"PyThreadState_Swap", KAA_INSIGHT__VOLUNTARY},
    {"PyGILState_Release", KAA_INSIGHT__VOLUNTARY},
    {"Py_EndInterpreter", KAA_INSIGHT__VOLUNTARY},
};

static void
add_function(kaa_insight__releases *releases, void *handle, const char *name,
             uint32_t verdict)
{
    void *address = dlsym(handle != NULL ? handle : RTLD_DEFAULT, name);
    size_t bytes = kaa_base__symbol_bytes(address);
    uint32_t n = releases->functions_count;
    uintptr_t size = bytes != 0 ? bytes : SIZE_UNKNOWN;

    if (address == NULL)
        return;
    releases->functions[n].first = (uintptr_t)address;
    releases->functions[n].end = (uintptr_t)address + size;
    releases->functions[n].verdict = verdict;
    releases->functions_count = n + 1;
}

void
kaa_insight__releases_start(kaa_insight__releases *releases, void *handle)
{
    int has_pending;

    if (releases->functions_count != 0)
        return;
    has_pending =
        dlsym(handle != NULL ? handle : RTLD_DEFAULT, tellers[0].name) != NULL;
    for (size_t i = 0; i < sizeof(tellers) / sizeof(tellers[0]); i++) {
        uint32_t verdict = tellers[i].verdict;

        /* Where _Py_HandlePending is the one that tells, code run by the
         * loop may release in many ways, but not the loop itself. */
        if (i == 1 && has_pending)
            verdict = KAA_INSIGHT__VOLUNTARY;
        add_function(releases, handle, tellers[i].name, verdict);
    }
    releases->is_known = kaa_insight__unwind_start();
}

static uint32_t
verdict_of(const kaa_insight__releases *releases, uintptr_t address)
{
    for (uint32_t i = 0; i < releases->functions_count; i++)
        if (address > releases->functions[i].first &&
            address <= releases->functions[i].end)
            return releases->functions[i].verdict;
    return KAA_INSIGHT__UNKNOWN;
}

/* ---- paths ---- */

static uint32_t
hash(uint32_t parent, uintptr_t address)
{
    return (uint32_t)((address ^ (uintptr_t)parent * 0x85ebca6bu) *
                          0x9e3779b97f4a7c15u >>
                      40);
}

/* The number of a path's entry; 0: there is none. */
static uint32_t
find_path(const kaa_insight__releases *releases, uint32_t parent,
          uintptr_t address)
{
    for (uint32_t i = hash(parent, address);; i++) {
        uint32_t number = i % KAA_INSIGHT__PATHS_MAX;
        const kaa_insight__path *path = &releases->paths[number];
        uintptr_t found = __atomic_load_n(&path->address, __ATOMIC_ACQUIRE);

        if (found == address && path->parent == parent && number != 0)
            return number;
        if (found == 0 && number != 0)
            return 0;
    }
}

static uint32_t
add_path(kaa_insight__releases *releases, const kaa_insight__path *path)
{
    if (releases->paths_count >= PATHS_FULL)
        return 0;
    for (uint32_t i = hash(path->parent, path->address);; i++) {
        uint32_t number = i % KAA_INSIGHT__PATHS_MAX;
        kaa_insight__path *place = &releases->paths[number];

        if (number == 0 || place->address != 0)
            continue;
        place->parent = path->parent;
        place->verdict = path->verdict;
        place->offset = path->offset;
        __atomic_store_n(&place->address, path->address, __ATOMIC_RELEASE);
        releases->paths_count++;
        return number;
    }
}

/* Walks the stack once, and keeps the path for the next time. A path is kept
 * as far as each return address has a place that can be found again. */
static void
learn(kaa_insight__releases *releases, uintptr_t address,
      const uintptr_t *frame)
{
    kaa_insight__c_frame frames[FRAMES_MAX];
    uint32_t count = kaa_insight__unwind(frames, FRAMES_MAX);
    uint32_t at = 0, parent = 0, last, verdict = KAA_INSIGHT__UNKNOWN;

    while (at < count && frames[at].address != address)
        at++;
    if (at == count) { /* never to be looked at again */
        const kaa_insight__path lost = {.address = address};

        add_path(releases, &lost);
        return;
    }
    for (last = at; last < count && last <= at + STEPS_MAX; last++) {
        verdict = verdict_of(releases, frames[last].address);
        if (verdict != KAA_INSIGHT__UNKNOWN)
            break;
    }
    if (verdict == KAA_INSIGHT__UNKNOWN)
        last = at + STEPS_MAX < count ? at + STEPS_MAX : count - 1;
    for (uint32_t i = at; i <= last; i++) {
        kaa_insight__path path = {
            .address = frames[i].address, .parent = parent, .verdict = verdict};
        uint32_t number = find_path(releases, parent, path.address);

        if (i < last) {
            if (frames[i + 1].place == NULL)
                return;
            path.verdict = KAA_INSIGHT__DEEPER;
            path.offset = frames[i + 1].place - frame;
        } else if (verdict == KAA_INSIGHT__VOLUNTARY && i + 1 < count &&
                   frames[i + 1].place != NULL) {
            path.offset = frames[i + 1].place - frame;
        }
        parent = number != 0 ? number : add_path(releases, &path);
        if (parent == 0)
            return;
    }
}

/* The verdict at the end of a path that is known; KAA_INSIGHT__DEEPER: it is
 * not. */
static uint32_t
follow(kaa_insight__releases *releases, kaa_insight__last_release *last,
       uintptr_t address, const uintptr_t *frame, int is_requested,
       uintptr_t *out_caller)
{
    uintptr_t first = address;
    uint32_t parent = 0;

    for (uint32_t i = 0; i <= STEPS_MAX; i++) {
        uint32_t number = find_path(releases, parent, address);
        kaa_insight__path *path = &releases->paths[number];
        uint32_t verdict = __atomic_load_n(&path->verdict, __ATOMIC_RELAXED);

        if (number == 0)
            break;
        if (verdict == KAA_INSIGHT__DEEPER) {
            address = frame[path->offset];
            parent = number;
            continue;
        }
        if (verdict == KAA_INSIGHT__FORCED && !is_requested) {
            verdict = KAA_INSIGHT__INLINED;
            __atomic_store_n(&path->verdict, verdict, __ATOMIC_RELAXED);
        }
        if (verdict == KAA_INSIGHT__INLINED)
            *out_caller = first;
        else if (path->offset != 0)
            *out_caller = frame[path->offset];
        if (i == 1 && verdict == KAA_INSIGHT__VOLUNTARY && path->offset != 0)
            *last = (kaa_insight__last_release){
                first, address, releases->paths[parent].offset, path->offset};
        return verdict;
    }
    return KAA_INSIGHT__DEEPER;
}

int
kaa_insight__release_judge(kaa_insight__releases *releases,
                           kaa_insight__last_release *last, uintptr_t address,
                           const uintptr_t *frame, int is_requested,
                           uintptr_t *out_caller)
{
    uint32_t verdict;

    *out_caller = 0;
    if (!releases->is_known)
        return 0;
    verdict = follow(releases, last, address, frame, is_requested, out_caller);
    if (verdict == KAA_INSIGHT__DEEPER && releases->paths_count < PATHS_FULL) {
        /* Threads with different GILs may come here; one of them may look
         * at the same path later. */
        if (atomic_flag_test_and_set_explicit(&releases->is_busy,
                                              memory_order_acquire))
            return 0;
        learn(releases, address, frame);
        atomic_flag_clear_explicit(&releases->is_busy, memory_order_release);
        verdict =
            follow(releases, last, address, frame, is_requested, out_caller);
    }
    return verdict == KAA_INSIGHT__FORCED;
}
