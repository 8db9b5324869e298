/* object/core/misuse.c - telling what was done wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "object/core/object.h"

void
kaa_object__misuse(const kaa_runtime *runtime, const char *format, ...)
{
    char text[512];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    if (runtime->misuse != NULL) {
        runtime->misuse(text, runtime->user);
        return;
    }
    fprintf(stderr, "kaa: %s: %s\n", runtime->name, text);
    kaa_base__stop_here();
    abort();
}
