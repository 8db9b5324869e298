/* gil/misuse.c - what debug locks say about their callers' mistakes. */
#include "gil/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

kaa_status
kaa_gil__misuse(kaa_gil *gil, kaa_error *err, const char *format, ...)
{
    char message[240];
    va_list values;

    va_start(values, format);
    vsnprintf(message, sizeof(message), format, values);
    va_end(values);
    if (gil->flags & KAA_GIL_DEBUG) {
        kaa_base__stop_here();
        if (gil->report == NULL) {
            fprintf(stderr, "kaa: misuse: %s\n", message);
            fflush(stderr);
            abort();
        }
        gil->report(message, gil->user);
    }
    return kaa_base__fail(err, KAA_MISUSE, KAA_NO_ARGUMENT, "%s", message);
}

kaa_status
kaa_gil__check_person(kaa_gil__thread *thread, const char *action,
                      kaa_error *err)
{
    kaa_gil__person *person = kaa_gil__person_get();

    if (person == thread->person)
        return KAA_OK;
    return kaa_gil__misuse(
        thread->gil, err, "another thread%s%s%s %s \"%s\" as thread \"%s\"",
        person != NULL ? " (\"" : "",
        person != NULL ? person->threads->name : "",
        person != NULL ? "\")" : "", action, thread->gil->name, thread->name);
}

kaa_status
kaa_gil_check(kaa_gil_thread *handle, kaa_error *err)
{
    kaa_gil__thread *thread = (kaa_gil__thread *)handle;

    if (handle == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "thread may not be NULL");
    if (thread->gil->flags & KAA_GIL_DEBUG &&
        kaa_gil__check_person(thread, "uses", err) != KAA_OK)
        return KAA_MISUSE;
    if (!kaa_gil__is_owner(thread))
        return kaa_gil__misuse(thread->gil, err,
                               "thread \"%s\" goes on without \"%s\": it does "
                               "not hold it",
                               thread->name, thread->gil->name);
    return KAA_OK;
}
