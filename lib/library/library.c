/* library/library.c - opening and asking shared libraries.
 *
 * The loader does the opening. Only where it refuses does kaa look at files:
 * for another name to try, and for the reason.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "library/internal.h"

/* What a linker script of this name leads to, or NULL. */
static const char *
script_target(kaa_library__search *search, const char *name)
{
    const kaa_library__node *node = kaa_library__search_add(search, name, NULL);
    const char *target = NULL;

    if (node != NULL && node->elf.verdict == KAA_LIBRARY__SCRIPT)
        target = node->elf.detail;
    search->first = search->last = NULL;
    search->count = 0;
    return target;
}

/* Tries the other names that `name` may stand for; the reason of the first
 * failure is what is told. */
static void *
open_other(const char *name, int mode, kaa_error *err, kaa_status *status)
{
    kaa_library__search search;
    kaa_library__names names;
    void *handle = NULL;
    char said[sizeof(err->message)];
    const char *words = dlerror();

    snprintf(said, sizeof(said), "%s", words != NULL ? words : name);
    if (!kaa_library__search_init(&search) ||
        !kaa_library__names_of(&search, name, &names)) {
        *status = kaa_base__fail_memory(err, "the names of a library");
        kaa_library__search_fini(&search);
        return NULL;
    }
    for (uint32_t i = 0; i < names.count && handle == NULL; i++) {
        const char *target = script_target(&search, names.of[i]);

        if (i > 0)
            handle = dlopen(names.of[i], mode);
        if (handle == NULL && target != NULL)
            handle = dlopen(target, mode);
    }
    if (handle == NULL)
        *status = kaa_library__diagnose(&search, &names, said, err);
    kaa_library__search_fini(&search);
    return handle;
}

static kaa_status
name_library(kaa_library *library, int is_program, kaa_error *err)
{
    struct link_map *map = NULL;
    const char *path = "";

    if (!is_program && dlinfo(library->handle, RTLD_DI_LINKMAP, &map) == 0 &&
        map != NULL)
        path = map->l_name;
    library->path = kaa_base__copy_text(path, strlen(path));
    return library->path != NULL ? KAA_OK
                                 : kaa_base__fail_memory(err, "a library");
}

/* Symbols are resolved at once, unless the caller asks otherwise: one that
 * resolves nowhere would end the process at its first call. */
static kaa_status
mode_of(uint32_t flags, int *out_mode, kaa_error *err)
{
    const uint32_t known =
        KAA_LIBRARY_GLOBAL | KAA_LIBRARY_NOW | KAA_LIBRARY_LAZY;

    if (flags & ~known)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "options have bits this kaa does not know");
    if ((flags & KAA_LIBRARY_NOW) && (flags & KAA_LIBRARY_LAZY))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "symbols are resolved now or lazily, not both");
    *out_mode = (flags & KAA_LIBRARY_LAZY ? RTLD_LAZY : RTLD_NOW) |
                (flags & KAA_LIBRARY_GLOBAL ? RTLD_GLOBAL : RTLD_LOCAL);
    return KAA_OK;
}

kaa_status
kaa_library_open(const char *name, const kaa_library_options *options,
                 kaa_library **out_library, kaa_error *err)
{
    kaa_library_options chosen = {.size = sizeof(chosen)};
    kaa_library *library;
    kaa_status status;
    int mode = RTLD_NOW;

    if (out_library == NULL || (name != NULL && *name == '\0'))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT, "%s",
                              out_library == NULL
                                  ? "out_library may not be NULL"
                                  : "a library's name may not be empty");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status != KAA_OK)
        return status;
    status = mode_of(chosen.flags, &mode, err);
    if (status != KAA_OK)
        return status;
    library = kaa_base__alloc_zeroed(sizeof(*library));
    if (library == NULL)
        return kaa_base__fail_memory(err, "a library");
    library->handle = dlopen(name, mode);
    if (library->handle == NULL && name != NULL)
        library->handle = open_other(name, mode, err, &status);
    else if (library->handle == NULL)
        status = kaa_base__fail(err, KAA_NO_LIBRARY, KAA_NO_ARGUMENT,
                                "the program cannot be opened");
    if (library->handle != NULL)
        status = name_library(library, name == NULL, err);
    if (status != KAA_OK) {
        kaa_library_close(library);
        return status;
    }
    *out_library = library;
    return KAA_OK;
}

void
kaa_library_close(kaa_library *library)
{
    if (library == NULL)
        return;
    kaa_base__free(library->path);
    kaa_base__free(library);
}

const char *
kaa_library_path(const kaa_library *library)
{
    return library != NULL ? library->path : "";
}

kaa_status
kaa_library_symbol(const kaa_library *library, const char *name,
                   void **out_address, kaa_error *err)
{
    void *address;

    if (library == NULL || name == NULL || out_address == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "library, name and out_address may not be NULL");
    dlerror(); /* forget: NULL may be a symbol's value */
    address = dlsym(library->handle, name);
    if (address == NULL && dlerror() != NULL)
        return kaa_library__no_symbol(library, name, err);
    *out_address = address;
    return KAA_OK;
}
