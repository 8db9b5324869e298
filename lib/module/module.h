/* module/module.h - extension modules: from a file to a filled module.
 *
 *     path --open--> definition (checked, nothing of it called)
 *     definition --create--> module: new_module, doc, methods, constants,
 *                            types, exec
 *
 * All of it goes through a context's table and serves every context. What a
 * context must do itself stands in kaa_module__maker: it keeps the state, and
 * knows which module it made from which definition.
 *
 *     native     object/types/module.h keeps both; native/import.c is the maker
 *     cpython    cpython/ has its own maker, or calls kaa_module__open() and
 *                kaa_module__fill() around a module object of its importer
 *
 * A definition that was made for an older kaa is shorter than ours: it is read
 * through kaa_module__read() alone. Files stay mapped for ever, so definitions
 * live as long as the process.
 */
#ifndef KAA_MODULE_MODULE_H
#define KAA_MODULE_MODULE_H

#include <kaa/decl.h>
#include <kaa/module.h>

/* What a context does for modules. `user` comes back in each call. */
typedef struct kaa_module__maker {
    /* An empty module called `full_name` ("package.name") with `state_bytes` of
     * zeros for state, which traverse, clear and destroy of the definition look
     * after. From now on module_state(module) gives that state, and
     * module_find(definition) the module. A new reference. */
    kaa_object *(*new_module)(kaa_context *ctx,
                              const kaa_module_def *definition,
                              const char *full_name, void *user);
    /* Filling it failed: module_find() must not give it any more. An exception
     * is pending and must stay so. The reference stays the caller's. May be
     * NULL. */
    void (*forget)(kaa_context *ctx, const kaa_module_def *definition,
                   kaa_object *module, void *user);
    /* The function of a KAA_TYPED method, whose __name__ is the declared one.
     * NULL: kaa_module__new_typed(). */
    kaa_object *(*new_typed)(kaa_context *ctx, const kaa_method *method,
                             kaa_object *module, void *user);
    void *user;
} kaa_module__maker;

/* Opens a module's file and checks its definition; a path without a slash is
 * one in the current directory. The definition lives as long as the process,
 * and is the same one each time.
 *
 * KAA_NO_LIBRARY: no such file, or it cannot be loaded; KAA_NO_SYMBOL: a
 * library, but no module; KAA_CORRUPT: what it has is no definition;
 * KAA_UNSUPPORTED: it needs another kaa; KAA_NO_MEMORY. The message names the
 * file, what was found and what was wanted. */
kaa_status kaa_module__open(const char *path, const kaa_module_def **out,
                            kaa_error *err);
/* The checks alone, for definitions that are linked in. `bytes` are readable at
 * `definition`; `path` is for the messages. */
kaa_status kaa_module__check(const kaa_module_def *definition, size_t bytes,
                             const char *path, kaa_error *err);
/* check.c: SystemError for a method without name, function or kind; 0 or -1. */
int kaa_module__check_method(kaa_context *ctx, const kaa_method *method);
/* The same for the methods of a type's spec, and for names in its tables that
 * only a slot can serve. The spec is as long as this kaa's. */
int kaa_module__check_type(kaa_context *ctx, const kaa_type_spec *spec);
/* A copy as this kaa knows it: what an older definition lacks is 0. */
void kaa_module__read(const kaa_module_def *definition, kaa_module_def *out);

/* Makes an ImportError of what kaa_module__open() said (MemoryError of
 * KAA_NO_MEMORY); -1. */
int kaa_module__raise(kaa_context *ctx, const kaa_error *err);

/* Fills a module that maker->new_module() made (`maker` may be NULL: only
 * new_typed is looked at): __doc__, methods, constants, types, then exec. 0, or
 * -1: what was added is still there, and the module is to be dropped. */
int kaa_module__fill(kaa_context *ctx, const kaa_module__maker *maker,
                     const kaa_module_def *definition, kaa_object *module);
/* A filled module. `full_name` NULL: the definition's own name; `path` (may be
 * NULL) becomes __file__. */
kaa_object *kaa_module__create(kaa_context *ctx, const kaa_module__maker *maker,
                               const kaa_module_def *definition,
                               const char *full_name, const char *path);
/* open and create; what fails is an exception. */
kaa_object *kaa_module__load(kaa_context *ctx, const kaa_module__maker *maker,
                             const char *path, const char *full_name);

/* typed.c: a function of a KAA_TYPED method, in any context: its declaration is
 * parsed, its arguments converted through the context. Fails: ImportError that
 * says what in the declaration cannot be had. */
kaa_object *kaa_module__new_typed(kaa_context *ctx, const kaa_method *method,
                                  kaa_object *module);
/* The one function that a method's declaration declares, with the owners of its
 * types and of itself, which are the caller's to destroy on failure too. NULL:
 * ImportError. For contexts with a new_typed of their own. */
const kaa_decl_item *kaa_module__parse_typed(kaa_context *ctx,
                                             const kaa_method *method,
                                             kaa_ctype_table **out_types,
                                             kaa_decl **out_decl);

#endif /* KAA_MODULE_MODULE_H */
