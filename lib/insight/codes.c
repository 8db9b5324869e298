/* insight/codes.c - see codes.h. */
#include "insight/codes.h"

#include <dlfcn.h>
#include <string.h>

#include "insight/ticks.h"
#include "insight/trace.h"

#define CODES (kaa_insight__tracing.codes)

/* PyCodeEvent (Include/cpython/code.h). */
enum { CODE_IS_MADE, CODE_ENDS };

typedef int code_event(int event, const void *code);

static int
on_code(int event, const void *code)
{
    uint64_t number = CODES.count;

    if (event != CODE_ENDS)
        return 0;
    CODES.ended[number % KAA_INSIGHT__ENDED_MAX].code = code;
    CODES.ended[number % KAA_INSIGHT__ENDED_MAX].at = kaa_insight__ticks();
    CODES.count = number + 1;
    return 0;
}

void
kaa_insight__codes_start(kaa_insight__codes *codes, void *handle)
{
    int (*add)(code_event *);
    void *from = handle != NULL ? handle : RTLD_DEFAULT;
    void *adds = dlsym(from, "PyCode_AddWatcher");
    void *clears = dlsym(from, "PyCode_ClearWatcher");
    void *fails = dlsym(from, "PyErr_Clear");
    void (*clear_error)(void);

    codes->count = 0;
    /* A child after fork() has its parent's watcher. */
    if (codes->is_watched || adds == NULL || clears == NULL)
        return;
    memcpy(&add, &adds, sizeof(adds));
    memcpy(&codes->clear, &clears, sizeof(clears));
    codes->id = add(on_code);
    codes->is_watched = codes->id >= 0;
    if (!codes->is_watched && fails != NULL) { /* others have all there are */
        memcpy(&clear_error, &fails, sizeof(fails));
        clear_error();
    }
}

void
kaa_insight__codes_stop(kaa_insight__codes *codes)
{
    if (codes->is_watched)
        codes->clear(codes->id);
    codes->is_watched = 0;
}

int
kaa_insight__codes_has(const kaa_insight__codes *codes, const void *code,
                       uint64_t since)
{
    uint64_t count = codes->count;

    if (!codes->is_watched)
        return 1;
    if (count > KAA_INSIGHT__ENDED_MAX) {
        if (codes->ended[count % KAA_INSIGHT__ENDED_MAX].at >= since)
            return 0;
        count = KAA_INSIGHT__ENDED_MAX;
    }
    for (uint32_t i = 0; i < count; i++)
        if (codes->ended[i].code == code && codes->ended[i].at >= since)
            return 0;
    return 1;
}
