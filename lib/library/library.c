/* library/library.c - opening and asking shared libraries. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "library/internal.h"

static kaa_status
null_argument(kaa_error *err, const char *what)
{
    return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                          "%s may not be NULL", what);
}

/* Tries the names in turn; NULL when none opens. */
static void *
open_first(const char *name, int mode, char *path, size_t size)
{
    kaa_library__candidates names;
    void *handle;

    kaa_library__name(name, &names);
    for (uint32_t i = 0; i < names.count; i++) {
        handle = dlopen(names.of[i], mode);
        if (handle != NULL) {
            kaa_base__copy_out(names.of[i], strlen(names.of[i]), path, size);
            return handle;
        }
    }
    return NULL;
}

kaa_status
kaa_library_open(const char *name, const kaa_library_options *options,
                 kaa_library **out_library, kaa_error *err)
{
    kaa_library_options chosen = {.size = sizeof(chosen)};
    kaa_library *library;
    kaa_status status;
    int mode;

    if (out_library == NULL)
        return null_argument(err, "out_library");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status != KAA_OK)
        return status;
    if (chosen.flags & ~(uint32_t)(KAA_LIBRARY_GLOBAL | KAA_LIBRARY_NOW))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "options have bits this kaa does not know");
    mode = (chosen.flags & KAA_LIBRARY_NOW ? RTLD_NOW : RTLD_LAZY) |
           (chosen.flags & KAA_LIBRARY_GLOBAL ? RTLD_GLOBAL : RTLD_LOCAL);
    library = kaa_base__alloc_zeroed(sizeof(*library));
    if (library == NULL)
        return kaa_base__fail_memory(err, "a library");
    library->handle = name == NULL ? dlopen(NULL, mode)
                                   : open_first(name, mode, library->path,
                                                sizeof(library->path));
    if (library->handle == NULL) {
        kaa_base__free(library);
        return kaa_library__diagnose(name, err);
    }
    *out_library = library;
    return KAA_OK;
}
