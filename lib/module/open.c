/* module/open.c - a module's file: opening it, and believing it only after its
 * definition has been checked against the bytes that are there. */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include <kaa/library.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/os/os.h"
#include "library/elf.h"
#include "module/module.h"

/* The first release's definition: what every module has. */
#define FIRST_BYTES (offsetof(kaa_module_def, destroy) + sizeof(void (*)(void)))
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define OWN_VERSION TEXT(KAA_VERSION_MAJOR) "." TEXT(KAA_VERSION_MINOR)

#define FLAGS_KNOWN ((uint32_t)KAA_MODULE_NO_GIL)

static kaa_status
refuse_version(const kaa_module_def *definition, const char *path,
               kaa_error *err)
{
    return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                          "%s: made for module ABI %u.%u, this is kaa %s with "
                          "module ABI %u.%u",
                          path, (unsigned)definition->abi_major,
                          (unsigned)definition->abi_minor, OWN_VERSION,
                          KAA_MODULE_ABI_MAJOR, KAA_MODULE_ABI_MINOR);
}

static kaa_status
refuse_bytes(const char *path, const char *what, size_t has, size_t ours,
             kaa_error *err)
{
    return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                          "%s: needs %s of %zu bytes, kaa %s has %zu", path,
                          what, has, OWN_VERSION, ours);
}

kaa_status
kaa_module__check(const kaa_module_def *definition, size_t bytes,
                  const char *path, kaa_error *err)
{
    if (bytes < sizeof(definition->magic) + sizeof(definition->size) ||
        definition->magic != KAA_MODULE_MAGIC)
        return kaa_base__fail(err, KAA_CORRUPT, KAA_NO_ARGUMENT,
                              "%s: " KAA_MODULE_SYMBOL
                              " does not begin with a module's magic number",
                              path);
    if (definition->size < FIRST_BYTES || definition->size > bytes)
        return kaa_base__fail(err, KAA_CORRUPT, KAA_NO_ARGUMENT,
                              "%s: the definition says it has %u bytes; "
                              "expected %zu to %zu",
                              path, (unsigned)definition->size,
                              (size_t)FIRST_BYTES, bytes);
    if (definition->abi_major != KAA_MODULE_ABI_MAJOR ||
        definition->abi_minor > KAA_MODULE_ABI_MINOR)
        return refuse_version(definition, path, err);
    if (definition->api_bytes > sizeof(kaa_api))
        return refuse_bytes(path, "a context's table", definition->api_bytes,
                            sizeof(kaa_api), err);
    if (definition->spec_bytes > sizeof(kaa_type_spec))
        return refuse_bytes(path, "type specifications", definition->spec_bytes,
                            sizeof(kaa_type_spec), err);
    if (definition->size > sizeof(kaa_module_def))
        return refuse_bytes(path, "a definition", definition->size,
                            sizeof(kaa_module_def), err);
    if (definition->flags & ~FLAGS_KNOWN)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "%s: has flags 0x%x that kaa %s does not know",
                              path, (unsigned)definition->flags, OWN_VERSION);
    if (definition->name == NULL || *definition->name == '\0')
        return kaa_base__fail(err, KAA_CORRUPT, KAA_NO_ARGUMENT,
                              "%s: the module has no name", path);
    return KAA_OK;
}

void
kaa_module__read(const kaa_module_def *definition, kaa_module_def *out)
{
    size_t bytes = definition->size;

    memset(out, 0, sizeof(*out));
    memcpy(out, definition, bytes < sizeof(*out) ? bytes : sizeof(*out));
}

/* How many bytes the symbol has; 0 if it is not the file's own, but that of a
 * library which it needs. */
static size_t
symbol_bytes(const void *address, const char *path)
{
    Dl_info info;

    if (dladdr(address, &info) == 0 || info.dli_saddr != address ||
        strcmp(info.dli_fname, path) != 0)
        return 0;
    return kaa_base__symbol_bytes(address);
}

static kaa_status
read_definition(const kaa_library *library, const char *path,
                const kaa_module_def **out, kaa_error *err)
{
    kaa_status status;
    void *address = NULL;
    size_t bytes;

    if (kaa_library_symbol(library, KAA_MODULE_SYMBOL, &address, NULL) !=
            KAA_OK ||
        address == NULL ||
        (bytes = symbol_bytes(address, kaa_library_path(library))) == 0)
        return kaa_base__fail(err, KAA_NO_SYMBOL, KAA_NO_ARGUMENT,
                              "%s: a shared library, but not a module of kaa "
                              "(it has no symbol " KAA_MODULE_SYMBOL ")",
                              path);
    status = kaa_module__check(address, bytes, path, err);
    if (status == KAA_OK)
        *out = address;
    return status;
}

kaa_status
kaa_module__open(const char *path, const kaa_module_def **out, kaa_error *err)
{
    kaa_library_options options = {.size = sizeof(options),
                                   .flags = KAA_LIBRARY_NOW};
    kaa_library *library = NULL;
    kaa_status status;
    char *here = NULL;

    if (strchr(path, '/') == NULL) {
        size_t bytes = strlen(path) + sizeof("./");

        here = kaa_base__alloc(bytes);
        if (here == NULL)
            return kaa_base__fail_memory(err, "a module's path");
        snprintf(here, bytes, "./%s", path);
    }
    status = kaa_library__check_file(path, err);
    if (status == KAA_OK)
        status = kaa_library_open(here != NULL ? here : path, &options,
                                  &library, err);
    if (status == KAA_OK)
        status = read_definition(library, path, out, err);
    kaa_library_close(library);
    kaa_base__free(here);
    return status;
}
