/* object/types/module.h - module objects, for what makes them from definitions.
 *
 * kaa_object__module_create() makes a module with the definition's name and
 * zeroed state, and puts it into the runtime's tables, so that
 * kaa_module_find() works in `exec`; who fills it and finds that it fails calls
 * kaa_object__module_forget().
 */
#ifndef KAA_OBJECT_MODULE_H
#define KAA_OBJECT_MODULE_H

#include "object/core/object.h"

typedef struct kaa_object__module {
    kaa_object header;
    kaa_object *dict;                 /* held; NULL after clear */
    kaa_object *name;                 /* a str; held */
    const kaa_module_def *definition; /* NULL: made by kaa_module_new() */
    void *state;                      /* NULL if it has none */
} kaa_object__module;

/* A module of a definition. `full_name` is its __name__ and the key of
 * kaa_object__module_by_name(); NULL: the definition's. */
kaa_object *kaa_object__module_create(kaa_context *ctx,
                                      const kaa_module_def *definition,
                                      const char *full_name);
/* Puts a module under a name, in place of another. 0, or -1. */
int kaa_object__module_register(kaa_context *ctx, const char *name,
                                kaa_object *module);
/* A module under its name: 1, a new reference in *out; or 0. */
int kaa_object__module_by_name(kaa_context *ctx, const char *name,
                               kaa_object **out);
/* Takes a module out of the runtime's tables. */
void kaa_object__module_forget(kaa_context *ctx, kaa_object *module);

#endif /* KAA_OBJECT_MODULE_H */
