/* native/import.c - kaa_import() of native contexts.
 *
 * A module is looked up by its name in the runtime's table, then as a file; one
 * given by a path is known by the definition in it. A module is in the table
 * while it is being filled, so modules may import each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "checked/checked.h"
#include "module/module.h"
#include "native/native.h"
#include "object/types/module.h"

#define SUFFIX ".kaa.so"

/* runtime->importer: directories, in the runtime's heap, which frees them. */
typedef struct kaa_native__directory {
    struct kaa_native__directory *next;
    char path[];
} directory;

static kaa_object *
new_module(kaa_context *ctx, const kaa_module_def *definition,
           const char *full_name, void *user)
{
    (void)user;
    return kaa_object__module_create(ctx, definition, full_name);
}

static void
forget(kaa_context *ctx, const kaa_module_def *definition, kaa_object *module,
       void *user)
{
    (void)definition;
    (void)user;
    kaa_object__module_forget(ctx, module);
}

const kaa_module__maker kaa_native__maker = {.new_module = new_module,
                                             .forget = forget};

/* ---- By path */

/* Whether the runtime has made a module of the definition; then a new reference
 * in *out. */
static int
find_made(kaa_context *ctx, const kaa_module_def *definition, kaa_object **out)
{
    *out = kaa_object__module_find(ctx, definition);
    if (*out == NULL)
        kaa_error_clear(ctx);
    return *out != NULL;
}

/* `wanted` NULL: whatever the file's module is called. */
static kaa_object *
import_file(kaa_context *ctx, const char *path, const char *wanted)
{
    const kaa_module_def *definition = NULL;
    kaa_object *found = NULL;
    kaa_error err = {0};

    if (kaa_checked__open(path, kaa_object__runtime_of(ctx)->checked,
                          &definition, &err) != KAA_OK) {
        kaa_module__raise(ctx, &err);
        return NULL;
    }
    if (find_made(ctx, definition, &found))
        return found;
    if (wanted != NULL && strcmp(wanted, definition->name) != 0) {
        kaa_raise_format(ctx, kaa_builtin(ctx, KAA_IMPORT_ERROR),
                         "%s: its module is called '%s', not '%s'", path,
                         definition->name, wanted);
        return NULL;
    }
    if (kaa_object__module_by_name(ctx, definition->name, &found)) {
        kaa_decref(ctx, found);
        kaa_raise_format(ctx, kaa_builtin(ctx, KAA_IMPORT_ERROR),
                         "%s: another module called '%s' has been imported",
                         path, definition->name);
        return NULL;
    }
    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    found = kaa_module__create(ctx, &kaa_native__maker, definition, NULL, path);
    kaa_object__end_call(ctx);
    return found;
}

/* ---- By name */

/* One search for a file; `path` is what was tried last. */
typedef struct search {
    kaa_context *ctx;
    const char *name;
    kaa_base__text path;
    kaa_base__text tried; /* the directories, for the message */
} search;

/* Whether the directory has the file: self->path. */
static int
try_directory(search *self, const char *path, size_t length)
{
    if (length == 0)
        return 0;
    if (self->tried.length != 0)
        kaa_base__text_puts(&self->tried, ", ");
    kaa_base__text_add(&self->tried, path, length);
    self->path.length = 0;
    kaa_base__text_add(&self->path, path, length);
    if (path[length - 1] != '/')
        kaa_base__text_puts(&self->path, "/");
    kaa_base__text_puts(&self->path, self->name);
    kaa_base__text_puts(&self->path, SUFFIX);
    return !self->path.failed && access(self->path.bytes, F_OK) == 0;
}

static int
try_list(search *self, const char *list)
{
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ":");

        if (try_directory(self, list, length))
            return 1;
        list += length + (list[length] == ':');
    }
    return 0;
}

static kaa_object *
import_found(search *self)
{
    const directory *one = kaa_object__runtime_of(self->ctx)->importer;

    for (; one != NULL; one = one->next)
        if (try_directory(self, one->path, strlen(one->path)))
            return import_file(self->ctx, self->path.bytes, self->name);
    if (try_list(self, getenv("KAA_PATH")))
        return import_file(self->ctx, self->path.bytes, self->name);
    if (self->path.failed || self->tried.failed)
        kaa_raise_memory(self->ctx);
    else
        kaa_raise_format(self->ctx,
                         kaa_builtin(self->ctx, KAA_MODULE_NOT_FOUND_ERROR),
                         "no module named '%.200s'%s%.500s%s", self->name,
                         self->tried.length != 0 ? " (looked in " : "",
                         self->tried.length != 0 ? self->tried.bytes : "",
                         self->tried.length != 0 ? ")" : "");
    return NULL;
}

kaa_object *
kaa_native__import(kaa_context *ctx, const char *name)
{
    search self = {.ctx = ctx, .name = name};
    kaa_object *found = NULL;

    if (*name == '\0') {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "empty module name");
        return NULL;
    }
    if (strchr(name, '/') != NULL)
        return import_file(ctx, name, NULL);
    if (kaa_object__module_by_name(ctx, name, &found))
        return found;
    found = import_found(&self);
    kaa_base__text_fini(&self.path);
    kaa_base__text_fini(&self.tried);
    return found;
}

kaa_status
kaa_runtime_add_path(kaa_context *ctx, const char *path, kaa_error *err)
{
    kaa_runtime *runtime;
    directory *one, *last;
    size_t bytes;

    if (ctx == NULL || path == NULL || *path == '\0')
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "ctx and path may not be NULL or empty");
    runtime = kaa_runtime_of(ctx);
    if (runtime == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "the context is not a native one");
    bytes = strlen(path) + 1;
    one = kaa_object__memory(ctx, sizeof(*one) + bytes);
    if (one == NULL) {
        kaa_error_clear(ctx);
        return kaa_base__fail_memory(err, "a directory's name");
    }
    one->next = NULL;
    memcpy(one->path, path, bytes);
    last = runtime->importer;
    while (last != NULL && last->next != NULL)
        last = last->next;
    if (last != NULL)
        last->next = one;
    else
        runtime->importer = one;
    return KAA_OK;
}
