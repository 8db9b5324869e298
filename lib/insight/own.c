/* insight/own.c - kaa's own locks and heaps, told as CPython's are. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <kaa/gil.h>
#include <kaa/heap.h>
#include <kaa/insight.h>

#include "base/clock.h"
#include "gil/internal.h"

/* A buffer that is written as far as it goes, and counts on. */
typedef struct writer {
    char *buffer;
    size_t size, length;
    uint32_t threads; /* or parts: how many stand there */
} writer;

static void write_text(writer *to, const char *format, ...) KAA_PRINTF(2, 3);

static void
write_text(writer *to, const char *format, ...)
{
    size_t left = to->length < to->size ? to->size - to->length : 0;
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(left != 0 ? to->buffer + to->length : NULL, left, format,
                       values);
    va_end(values);
    if (length > 0)
        to->length += (size_t)length;
}

/* A name is any bytes: what JSON does not take as it is becomes an escape. */
static void
write_name(writer *to, const char *name)
{
    for (; *name != '\0'; name++) {
        unsigned char one = (unsigned char)*name;

        if (one == '"' || one == '\\')
            write_text(to, "\\%c", one);
        else if (one < 32 || one > 126)
            write_text(to, "\\u%04x", one);
        else
            write_text(to, "%c", one);
    }
}

#define NS(figure) ((unsigned long long)(figure))

static int
write_thread(const char *name, const kaa_gil_statistics *figures, void *user)
{
    writer *to = user;

    write_text(to, "%s{\"name\": \"", to->threads++ != 0 ? ", " : "");
    write_name(to, name);
    write_text(to,
               "\", \"id\": %u, \"kind\": \"%s\", \"held_ns\": %llu, "
               "\"waited_ns\": %llu, \"off_ns\": 0, \"acquired\": %llu, "
               "\"contended\": %llu, \"forced\": %llu, \"voluntary\": %llu, "
               "\"held_max_ns\": %llu, \"waited_max_ns\": %llu, "
               "\"end_ns\": %llu}",
               (unsigned)to->threads,
               figures->forced > figures->voluntary ? "cpu-bound" : "io-bound",
               NS(figures->held_ns), NS(figures->waited_ns),
               NS(figures->acquisitions), NS(figures->contended),
               NS(figures->forced), NS(figures->voluntary),
               NS(figures->held_ns_max), NS(figures->waited_ns_max),
               NS(figures->held_ns + figures->waited_ns));
    return 0;
}

static uint32_t
write_report(writer *to, const char *report, uint32_t count)
{
    if (report[0] == '\0')
        return count;
    write_text(to, "%s\"", count != 0 ? ", " : "");
    write_name(to, report);
    write_text(to, "\"");
    return count + 1;
}

/* The last circle of threads that wait for each other, if there was one, and
 * the last two orders in which a debug lock was taken. The registry is held. */
static void
write_reports(writer *to, const kaa_gil *gil)
{
    (void)write_report(to, gil->order, write_report(to, gil->circle, 0));
}

size_t
kaa_insight_gil_json(kaa_gil *gil, char *buffer, size_t size)
{
    writer to = {.buffer = buffer, .size = buffer != NULL ? size : 0};
    kaa_gil_statistics all = {.size = sizeof(all)};

    if (gil == NULL || kaa_gil_read_statistics(gil, &all, NULL) != KAA_OK)
        return 0;
    write_text(&to,
               "{\"wall_ns\": %llu, \"python\": \"\", \"mode\": \"kaa\", "
               "\"switch_interval_ns\": %llu, \"threads\": [",
               NS(all.held_ns), NS(kaa_gil_interval(gil)));
    kaa_gil_each_thread(gil, write_thread, &to);
    write_text(&to, "], \"hogs\": [], \"victims\": [], \"deadlocks\": [");
    kaa_gil__registry_lock();
    write_reports(&to, gil);
    kaa_gil__registry_unlock();
    write_text(&to, "], \"notes\": [");
    write_text(&to, "\"A lock of kaa's own: threads that are attached; wall_ns "
                    "is the time that it was held.\"]}");
    return to.length;
}

/* What threads did up to `now`; a number of 0: those that have gone. */
static void
write_figures(writer *to, const kaa_gil__thread *thread,
              const kaa_gil_statistics *figures)
{
    write_text(to, "{\"name\": \"");
    if (thread != NULL)
        write_name(to, thread->name);
    write_text(to,
               "\", \"number\": %llu, \"start_ns\": %llu, \"held_ns\": %llu, "
               "\"waited_ns\": %llu, \"unsure_ns\": %llu, \"acquired\": %llu, "
               "\"contended\": %llu, \"forced\": %llu, \"voluntary\": %llu, "
               "\"held_max_ns\": %llu, \"waited_max_ns\": %llu}",
               NS(thread != NULL ? thread->number : 0),
               NS(thread != NULL ? thread->attached_at : 0),
               NS(figures->held_ns), NS(figures->waited_ns),
               NS(figures->unsure_ns), NS(figures->acquisitions),
               NS(figures->contended), NS(figures->forced),
               NS(figures->voluntary), NS(figures->held_ns_max),
               NS(figures->waited_ns_max));
}

/* The registry is held. */
static void
write_lock(writer *to, kaa_gil *gil)
{
    kaa_gil_statistics figures;
    uint64_t now;

    write_text(to, "{\"number\": %llu, \"name\": \"", NS(gil->number));
    write_name(to, gil->name);
    write_text(to, "\", \"switch_interval_ns\": %llu, \"is_timed\": %d, ",
               NS(kaa_gil_interval(gil)),
               (gil->flags & KAA_GIL_TIME_NONE) == 0);
    pthread_mutex_lock(&gil->mutex);
    now = kaa_base__now_ns();
    write_text(to, "\"now_ns\": %llu, \"threads\": [", NS(now));
    for (const kaa_gil__thread *thread = gil->threads; thread != NULL;
         thread = thread->gil_next) {
        kaa_gil__figures_at(thread, now, &figures);
        write_figures(to, thread, &figures);
        write_text(to, ", ");
    }
    write_figures(to, NULL, &gil->gone);
    pthread_mutex_unlock(&gil->mutex);
    write_text(to, "], \"deadlocks\": [");
    write_reports(to, gil);
    write_text(to, "]}");
}

size_t
kaa_insight_gils_json(char *buffer, size_t size)
{
    writer to = {.buffer = buffer, .size = buffer != NULL ? size : 0};
    uint64_t made;

    write_text(&to, "{\"now_ns\": %llu, \"locks\": [", NS(kaa_base__now_ns()));
    kaa_gil__registry_lock();
    for (kaa_gil *gil = kaa_gil__registry_first(&made); gil != NULL;
         gil = gil->next) {
        write_lock(&to, gil);
        write_text(&to, "%s", gil->next != NULL ? ", " : "");
    }
    kaa_gil__registry_unlock();
    write_text(&to, "], \"made\": %llu}", NS(made));
    return to.length;
}

/* ---- heaps ---- */

static const struct {
    const char *name, *group, *text;
} kinds[KAA_HEAP_KIND_COUNT] = {
    {"tracked objects", "objects", "those that the collector walks"},
    {"plain objects", "objects", "those that hold no references"},
    {"other memory", "memory", "tables, texts and buffers"},
};

static void
write_part(writer *to, const char *name, const char *group, uint64_t bytes,
           const char *text)
{
    write_text(to,
               "%s{\"name\": \"%s\", \"group\": \"%s\", \"bytes\": %llu, "
               "\"text\": \"%s\"}",
               to->threads++ != 0 ? ", " : "", name, group, NS(bytes), text);
}

static void
write_account(writer *to, const kaa_heap_statistics *all)
{
    write_text(to,
               "\"account\": {\"rss_bytes\": %llu, \"trim_bytes\": %llu, "
               "\"unknown_bytes\": 0, \"parts\": [",
               NS(all->bytes_in_pages + all->bytes_kept), NS(all->bytes_kept));
    for (uint32_t i = 0; i < KAA_HEAP_KIND_COUNT; i++)
        write_part(to, kinds[i].name, kinds[i].group, all->kinds[i].bytes_live,
                   kinds[i].text);
    write_part(to, "free blocks", "free", all->bytes_idle,
               "in pages that live blocks keep");
    write_part(to, "free pages", "free", all->bytes_kept,
               "given back after half a second, or by kaa_heap_trim()");
    write_text(to, "]}");
}

/* Blocks by kind and size, in the place of types. */
static void
write_classes(writer *to, kaa_heap *heap, const kaa_heap_statistics *all)
{
    uint32_t written = 0;

    write_text(to,
               "\"walk\": {\"objects\": %llu, \"bytes\": %llu, \"types\": [",
               NS(all->total.blocks_live), NS(all->total.bytes_live));
    for (int kind = 0; kind < KAA_HEAP_KIND_COUNT; kind++)
        for (uint32_t i = 0; i < kaa_heap_class_count(); i++) {
            kaa_heap_class_statistics one = {.size = sizeof(one)};
            char size[32] = "of whole pages";

            if (kaa_heap_read_class_statistics(heap, (kaa_heap_kind)kind, i,
                                               &one, NULL) != KAA_OK ||
                one.count.blocks_live == 0)
                continue;
            if (one.block_size != 0)
                snprintf(size, sizeof(size), "of %u bytes", one.block_size);
            write_text(to,
                       "%s{\"type\": \"%s %s\", \"count\": %llu, "
                       "\"bytes\": %llu}",
                       written++ != 0 ? ", " : "", kinds[kind].name, size,
                       NS(one.count.blocks_live), NS(one.count.bytes_live));
        }
    write_text(to, "]}");
}

size_t
kaa_insight_heap_json(kaa_heap *heap, char *buffer, size_t size)
{
    writer to = {.buffer = buffer, .size = buffer != NULL ? size : 0};
    kaa_heap_statistics all = {.size = sizeof(all)};

    if (heap == NULL || kaa_heap_read_statistics(heap, &all, NULL) != KAA_OK)
        return 0;
    write_text(
        &to,
        "{\"mode\": \"account\", \"python\": \"\", \"live_bytes\": %llu, "
        "\"live_blocks\": %llu, \"peak_bytes\": %llu, ",
        NS(all.total.bytes_live), NS(all.total.blocks_live),
        NS(all.total.bytes_peak));
    write_account(&to, &all);
    write_text(&to, ", ");
    write_classes(&to, heap, &all);
    write_text(&to, ", \"notes\": [\"A heap of kaa's own: its pages, as it "
                    "counts them.\"]}");
    return to.length;
}
