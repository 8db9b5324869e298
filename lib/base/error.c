/* base/error.c - statuses, errors and options. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

#undef kaa_base__fail /* as the analyzer has them */
#undef kaa_base__fail_memory

_Static_assert(sizeof(kaa_error) == 256, "kaa_error is part of the ABI");

const char *
kaa_status_name(int32_t status)
{
    switch (status) {
#define KAA_STATUS(name, number, text, python)                                 \
    case number:                                                               \
        return "KAA_" #name;
#include <kaa/status.def>
#undef KAA_STATUS
    default:
        return "KAA_UNKNOWN";
    }
}

const char *
kaa_status_text(int32_t status)
{
    switch (status) {
#define KAA_STATUS(name, number, text, python)                                 \
    case number:                                                               \
        return text;
#include <kaa/status.def>
#undef KAA_STATUS
    default:
        return "unknown status";
    }
}

const char *
kaa_status_python(int32_t status)
{
    switch (status) {
#define KAA_STATUS(name, number, text, python)                                 \
    case number:                                                               \
        return python;
#include <kaa/status.def>
#undef KAA_STATUS
    default:
        return "RuntimeError";
    }
}

uint32_t
kaa_version_number(void)
{
    return KAA_VERSION_MAJOR * 1000000u + KAA_VERSION_MINOR * 1000u +
           KAA_VERSION_PATCH;
}

/* A message cut in the middle of a UTF-8 sequence is cut before it instead. */
static void
trim_cut_character(char *message, size_t length)
{
    size_t start = length;

    while (start > 0 && ((unsigned char)message[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)message[start - 1];
    size_t need = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (length - start < need)
        message[start - 1] = '\0';
}

KAA_PRINTF(3, 0)
static void
fill(kaa_error *err, kaa_status status, const char *format, va_list values)
{
    int length;

    KAA_ASSERT(status != KAA_OK);
    err->status = (int32_t)status;
    length = vsnprintf(err->message, sizeof(err->message), format, values);
    if (length < 0)
        err->message[0] = '\0';
    else if ((size_t)length >= sizeof(err->message))
        trim_cut_character(err->message, sizeof(err->message) - 1);
}

kaa_status
kaa_base__fail(kaa_error *err, kaa_status status, uint32_t argument,
               const char *format, ...)
{
    if (err != NULL) {
        va_list values;

        err->argument = argument;
        err->line = 0;
        err->column = 0;
        va_start(values, format);
        fill(err, status, format, values);
        va_end(values);
    }
    return status;
}

kaa_status
kaa_base__fail_at(kaa_error *err, kaa_status status, uint32_t line,
                  uint32_t column, const char *format, ...)
{
    if (err != NULL) {
        va_list values;

        err->argument = KAA_NO_ARGUMENT;
        err->line = line;
        err->column = column;
        va_start(values, format);
        fill(err, status, format, values);
        va_end(values);
    }
    return status;
}

kaa_status
kaa_base__fail_memory(kaa_error *err, const char *what)
{
    return kaa_base__fail(err, KAA_NO_MEMORY, KAA_NO_ARGUMENT,
                          "no memory for %s", what);
}

kaa_status
kaa_base__read_options(void *own, uint32_t own_size, const void *options,
                       kaa_error *err)
{
    uint32_t size;

    if (options == NULL)
        return KAA_OK;
    memcpy(&size, options, sizeof(size));
    if (size < sizeof(size))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "options.size is %u: set it to sizeof(options)",
                              (unsigned)size);
    for (uint32_t i = own_size; i < size; i++)
        if (((const unsigned char *)options)[i] != 0)
            return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                                  "options have fields that this version of "
                                  "kaa does not know (%u bytes, known %u)",
                                  (unsigned)size, (unsigned)own_size);
    memcpy(own, options, size < own_size ? size : own_size);
    memcpy(own, &own_size, sizeof(own_size));
    return KAA_OK;
}
