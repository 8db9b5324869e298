/* decl/standard.c - what attributes and the C standard say of parameters: how
 * many elements there are, and whose format strings they are.
 *
 *     __attribute__((access(write_only, 2, 3)))    argument 2 has as many
 *     __attribute__((format(printf, 1, 2)))        elements as argument 3 says
 *
 * Compilers know the functions of C and POSIX by their names, which nobody else
 * may use, so headers often say nothing there. The table is C11's and POSIX's.
 */
#include "decl/internal.h"

#include <stdlib.h>
#include <string.h>

#include "ctype/internal.h"

/* Parameters from 1; 0: none. `times` is a second factor. */
typedef struct length {
    uint8_t pointer;
    uint8_t of;
    uint8_t times;
} length;

typedef struct function {
    const char *name;
    length lengths[2];
    uint8_t format;
    uint8_t format_of;
    uint8_t has_sentinel;
} function;

#define LENGTHS(name_, ...)                                                    \
    {                                                                          \
        .name = (name_), .lengths = { __VA_ARGS__ }                            \
    }
#define FORMAT(name_, kind, of)                                                \
    {                                                                          \
        .name = (name_), .format = KAA_DECL_FORMAT_##kind, .format_of = (of)   \
    }
#define ENDS(name_)                                                            \
    {                                                                          \
        .name = (name_), .has_sentinel = 1                                     \
    }

/* By name. */
static const function functions[] = {
    FORMAT("asprintf", PRINTF, 2),
    LENGTHS("bcmp", {1, 3, 0}, {2, 3, 0}),
    LENGTHS("bcopy", {1, 3, 0}, {2, 3, 0}),
    LENGTHS("bsearch", {2, 3, 4}),
    LENGTHS("bzero", {1, 2, 0}),
    LENGTHS("confstr", {2, 3, 0}),
    FORMAT("dprintf", PRINTF, 2),
    ENDS("execl"),
    ENDS("execlp"),
    LENGTHS("explicit_bzero", {1, 2, 0}),
    LENGTHS("fgets", {1, 2, 0}),
    LENGTHS("fgetws", {1, 2, 0}),
    FORMAT("fprintf", PRINTF, 2),
    LENGTHS("fread", {1, 2, 3}),
    FORMAT("fscanf", SCANF, 2),
    LENGTHS("fwrite", {1, 2, 3}),
    LENGTHS("getcwd", {1, 2, 0}),
    LENGTHS("getentropy", {1, 2, 0}),
    LENGTHS("gethostname", {1, 2, 0}),
    LENGTHS("getrandom", {1, 2, 0}),
    LENGTHS("memchr", {1, 3, 0}),
    LENGTHS("memcmp", {1, 3, 0}, {2, 3, 0}),
    LENGTHS("memcpy", {1, 3, 0}, {2, 3, 0}),
    LENGTHS("memmove", {1, 3, 0}, {2, 3, 0}),
    LENGTHS("mempcpy", {1, 3, 0}, {2, 3, 0}),
    LENGTHS("memset", {1, 3, 0}),
    LENGTHS("pread", {2, 3, 0}),
    FORMAT("printf", PRINTF, 1),
    LENGTHS("pwrite", {2, 3, 0}),
    LENGTHS("qsort", {1, 2, 3}),
    LENGTHS("read", {2, 3, 0}),
    LENGTHS("readlink", {2, 3, 0}),
    LENGTHS("recv", {2, 3, 0}),
    LENGTHS("recvfrom", {2, 3, 0}),
    FORMAT("scanf", SCANF, 1),
    LENGTHS("send", {2, 3, 0}),
    LENGTHS("sendto", {2, 3, 0}),
    {.name = "snprintf",
     .lengths = {{1, 2, 0}},
     .format = KAA_DECL_FORMAT_PRINTF,
     .format_of = 3},
    FORMAT("sprintf", PRINTF, 2),
    FORMAT("sscanf", SCANF, 2),
    LENGTHS("stpncpy", {1, 3, 0}),
    LENGTHS("strftime", {1, 2, 0}),
    LENGTHS("strncpy", {1, 3, 0}),
    LENGTHS("strxfrm", {1, 3, 0}),
    FORMAT("syslog", PRINTF, 2),
    LENGTHS("vsnprintf", {1, 2, 0}),
    LENGTHS("wcsftime", {1, 2, 0}),
    LENGTHS("wcsncpy", {1, 3, 0}),
    LENGTHS("wmemchr", {1, 3, 0}),
    LENGTHS("wmemcmp", {1, 3, 0}, {2, 3, 0}),
    LENGTHS("wmemcpy", {1, 3, 0}, {2, 3, 0}),
    LENGTHS("wmemmove", {1, 3, 0}, {2, 3, 0}),
    LENGTHS("wmemset", {1, 3, 0}),
    LENGTHS("write", {2, 3, 0}),
};

static const kaa_ctype *
parameter_type(const kaa_ctype *signature, uint32_t number)
{
    return number - 1 < signature->count
               ? kaa_ctype_parameters(signature)[number - 1].type
               : NULL;
}

static int
is_integer_at(const kaa_ctype *signature, uint32_t number)
{
    const kaa_ctype *type = parameter_type(signature, number);

    return type != NULL && kaa_ctype__is_integer(type);
}

/* Where the types allow it, and nothing else is said. */
static void
note_length(const kaa_ctype *signature, kaa_decl_parameter *notes,
            uint32_t pointer, uint32_t of, uint32_t times)
{
    const kaa_ctype *type = parameter_type(signature, pointer);
    kaa_decl_parameter *note;

    if (type == NULL || kaa_ctype__kind(type) != KAA_CTYPE_POINTER ||
        !is_integer_at(signature, of) ||
        (times != 0 && !is_integer_at(signature, times)))
        return;
    note = &notes[pointer - 1];
    if (note->flags & (KAA_DECL_PARAMETER_LENGTH | KAA_DECL_PARAMETER_OUT))
        return;
    note->flags |= KAA_DECL_PARAMETER_LENGTH;
    note->length_of = of - 1;
    note->length_factor = 1;
    if (times != 0) {
        note->flags |= KAA_DECL_PARAMETER_TIMES;
        note->length_times = times - 1;
    }
}

/* Whether parameter `number` is `const char *`, and variable ones follow. */
static int
takes_format(const kaa_ctype *signature, uint32_t number)
{
    const kaa_ctype *type = parameter_type(signature, number);

    return type != NULL && signature->flags & KAA_CTYPE_VARIADIC &&
           kaa_ctype__kind(type) == KAA_CTYPE_POINTER &&
           kaa_ctype__kind(kaa_ctype_target(kaa_ctype__strip(type))) ==
               KAA_CTYPE_CHAR;
}

static int
compare(const void *name, const void *at)
{
    return strcmp(name, ((const function *)at)->name);
}

void
kaa_decl__note_use(const kaa_decl__attributes *a, kaa_decl_item *item,
                   kaa_decl_parameter *notes)
{
    const kaa_ctype *signature = kaa_ctype__strip(item->type);
    const function *known = NULL;

    for (uint32_t i = 0; i < a->access_count; i++)
        note_length(signature, notes, a->access[i].pointer, a->access[i].size,
                    0);
    if (a->format != KAA_DECL_FORMAT_NONE &&
        a->format_first == signature->count + 1 &&
        takes_format(signature, a->format_of)) {
        item->format = a->format;
        item->format_of = (uint16_t)(a->format_of - 1);
    }
    if (strcmp(item->symbol, item->name) == 0)
        known = bsearch(item->name, functions,
                        sizeof(functions) / sizeof(functions[0]),
                        sizeof(functions[0]), compare);
    if (known == NULL)
        return;
    for (int i = 0; i < 2; i++)
        if (known->lengths[i].pointer != 0)
            note_length(signature, notes, known->lengths[i].pointer,
                        known->lengths[i].of, known->lengths[i].times);
    if (known->has_sentinel && signature->flags & KAA_CTYPE_VARIADIC)
        item->flags |= KAA_DECL_SENTINEL;
    if (known->format != 0 && item->format == KAA_DECL_FORMAT_NONE &&
        takes_format(signature, known->format_of)) {
        item->format = known->format;
        item->format_of = (uint16_t)(known->format_of - 1);
    }
}
