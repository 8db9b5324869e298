/* insight/own.c - kaa's own locks, told as CPython's is. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <kaa/gil.h>
#include <kaa/insight.h>

#include "base/clock.h"
#include "gil/internal.h"

/* A buffer that is written as far as it goes, and counts on. */
typedef struct writer {
    char *buffer;
    size_t size, length;
    uint32_t threads;
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

/* The last circle of threads that wait for each other, if there was one. */
static void
write_circle(writer *to, kaa_gil *gil)
{
    char text[KAA_GIL__CIRCLE_MAX];

    kaa_gil__registry_lock();
    memcpy(text, gil->circle, sizeof(text));
    kaa_gil__registry_unlock();
    if (text[0] == '\0')
        return;
    write_text(to, "\"");
    write_name(to, text);
    write_text(to, "\"");
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
    write_circle(&to, gil);
    write_text(&to, "], \"notes\": [");
    write_text(&to, "\"A lock of kaa's own: threads that are attached; wall_ns "
                    "is the time that it was held.\"]}");
    return to.length;
}
