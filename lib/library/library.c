/* library/library.c - opening and asking shared libraries. */
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "library/internal.h"

static kaa_status
null_argument(kaa_error *err, const char *what)
{
    return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                          "%s may not be NULL", what);
}

kaa_status
kaa_library_open(const char *name, const kaa_library_options *options,
                 kaa_library **out_library, kaa_error *err)
{
    kaa_library_options chosen = {.size = sizeof(chosen)};
    kaa_library *library;
    struct link_map *map = NULL;
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
    library->handle = dlopen(name, mode);
    if (library->handle == NULL) {
        const char *why = dlerror();

        kaa_base__free(library);
        return kaa_base__fail(err, KAA_NO_LIBRARY, KAA_NO_ARGUMENT, "%s",
                              why != NULL ? why : name);
    }
    if (name == NULL || dlinfo(library->handle, RTLD_DI_LINKMAP, &map) != 0)
        map = NULL;
    library->path = kaa_base__copy_text(map != NULL ? map->l_name : "",
                                        map != NULL ? strlen(map->l_name) : 0);
    if (library->path == NULL) {
        kaa_library_close(library);
        return kaa_base__fail_memory(err, "a library");
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
    const char *why;
    void *address;

    if (library == NULL || name == NULL || out_address == NULL)
        return null_argument(err, "library, name and out_address");
    dlerror();
    address = dlsym(library->handle, name);
    if (address == NULL && (why = dlerror()) != NULL)
        return kaa_base__fail(err, KAA_NO_SYMBOL, KAA_NO_ARGUMENT, "%s", why);
    *out_address = address;
    return KAA_OK;
}

size_t
kaa_library_explain(const char *name, char *buffer, size_t size)
{
    (void)name;
    return kaa_base__copy_out("", 0, buffer, size);
}
