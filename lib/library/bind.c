/* library/bind.c - the symbols of a whole text of declarations. */
#include <dlfcn.h>

#include "library/internal.h"

kaa_status
kaa_library_bind(const kaa_library *library, const kaa_decl *decl,
                 void **addresses, size_t *out_missing, kaa_error *err)
{
    size_t missing = 0, count;

    if (library == NULL || decl == NULL || out_missing == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "library, decl and out_missing may not be NULL");
    count = kaa_decl_count(decl);
    if (count > 0 && addresses == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "addresses may not be NULL");
    for (size_t i = 0; i < count; i++) {
        const kaa_decl_item *item = kaa_decl_at(decl, i);

        addresses[i] = NULL;
        if ((item->kind != KAA_DECL_FUNCTION &&
             item->kind != KAA_DECL_VARIABLE) ||
            (item->flags & KAA_DECL_HIDDEN))
            continue;
        addresses[i] = dlsym(library->handle, item->symbol);
        if (addresses[i] == NULL &&
            !(item->flags & (KAA_DECL_STATIC | KAA_DECL_WEAK)))
            missing++;
    }
    *out_missing = missing;
    return KAA_OK;
}
