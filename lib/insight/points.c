/* insight/points.c - see points.h. */
#include "insight/points.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define INTERVAL_FIRST 5000000u /* 5 ms */

void
kaa_insight__points_init(kaa_insight__points *points)
{
    memset(points, 0, sizeof(*points));
    points->file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    points->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    points->started = kaa_base__now_ns();
    points->interval = INTERVAL_FIRST;
}

void
kaa_insight__points_fini(kaa_insight__points *points)
{
    if (points->started != 0 && points->file >= 0)
        close(points->file);
    memset(points, 0, sizeof(*points));
}

/* The second number of the file: resident pages. */
static uint64_t
resident(const kaa_insight__points *points)
{
    char text[64], *at = NULL;
    ssize_t length = -1;

    if (points->file >= 0)
        length = pread(points->file, text, sizeof(text) - 1, 0);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    at = strchr(text, ' ');
    return at != NULL ? strtoull(at, NULL, 10) * points->page_bytes : 0;
}

static void
thin(kaa_insight__points *points)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < points->count; i += 2)
        points->entries[kept++] = points->entries[i];
    points->count = kept;
    points->interval *= 2;
}

void
kaa_insight__points_note(kaa_insight__points *points, uint64_t live_bytes,
                         uint64_t peak, int is_wanted)
{
    uint64_t now = kaa_base__now_ns() - points->started;

    if (points->started == 0)
        return;
    if (peak != points->peak) {
        points->peak = peak;
        points->peak_at = now;
    }
    if (now < points->next && !is_wanted)
        return;
    if (points->count == KAA_INSIGHT__POINTS_MAX)
        thin(points);
    points->next = now + points->interval;
    points->entries[points->count++] =
        (kaa_insight_heap_point){now, live_bytes, resident(points)};
}
