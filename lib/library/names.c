/* library/names.c - which names to try for a library.
 *
 *     "z"          z, libz.so, then the newest libz.so.<n>
 *     "libz"       libz, libz.so, then the newest libz.so.<n>
 *     "libz.so"    libz.so, then what that linker script names, or the newest
 *     "libz.so.1"  that alone, as is anything with a slash
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os/os.h"
#include "library/internal.h"

#define NAME_MAX_BYTES 200u

static int
add(kaa_library__search *search, kaa_library__names *names, const char *name)
{
    const char *copy;

    if (name == NULL)
        return 1;
    for (uint32_t i = 0; i < names->count; i++)
        if (strcmp(names->of[i], name) == 0)
            return 1;
    if (names->count == KAA_LIBRARY__CANDIDATES)
        return 1;
    copy = kaa_base__arena_text(&search->arena, name, strlen(name));
    if (copy == NULL)
        return 0;
    names->of[names->count++] = copy;
    return 1;
}

/* The newest "<prefix><n>" of one directory, if it is newer than `best`. */
static void
scan(const char *path, size_t length, const char *prefix, char *best)
{
    char directory[1024];
    size_t prefix_length = strlen(prefix);
    const struct dirent *entry;
    DIR *open_directory;

    if (length == 0 || length >= sizeof(directory))
        return;
    memcpy(directory, path, length);
    directory[length] = '\0';
    open_directory = opendir(directory);
    if (open_directory == NULL)
        return;
    while ((entry = readdir(open_directory)) != NULL) {
        const char *name = entry->d_name;

        if (strncmp(name, prefix, prefix_length) == 0 &&
            name[prefix_length] >= '0' && name[prefix_length] <= '9' &&
            strlen(name) < NAME_MAX_BYTES &&
            (*best == '\0' || kaa_library__compare_versions(name, best) > 0))
            memcpy(best, name, strlen(name) + 1);
    }
    closedir(open_directory);
}

/* What LD_LIBRARY_PATH has goes before the cache, as for the loader. Where the
 * cache has none, the default directories are read. */
static int
add_newest(kaa_library__search *search, kaa_library__names *names,
           const char *prefix)
{
    const char *cached, *list = kaa_base__trusted_variable("LD_LIBRARY_PATH");
    char best[NAME_MAX_BYTES] = "";

    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ":;");

        scan(list, length, prefix, best);
        list += length + (list[length] != '\0');
    }
    if (*best != '\0')
        return add(search, names, best);
    cached = kaa_library__cache_newest(&search->cache, prefix);
    if (cached != NULL)
        return add(search, names, cached);
    for (const char *const *path = kaa_library__default_directories;
         *path != NULL; path++)
        scan(*path, strlen(*path), prefix, best);
    return *best == '\0' || add(search, names, best);
}

int
kaa_library__names_of(kaa_library__search *search, const char *name,
                      kaa_library__names *out)
{
    const char *suffix = strstr(name, ".so");
    char full[NAME_MAX_BYTES + 16], prefix[NAME_MAX_BYTES + 24];

    memset(out, 0, sizeof(*out));
    if (!add(search, out, name))
        return 0;
    if (*name == '\0' || strchr(name, '/') != NULL ||
        strlen(name) > NAME_MAX_BYTES || (suffix != NULL && suffix[3] != '\0'))
        return 1;
    snprintf(full, sizeof(full), "%s%s%s",
             suffix != NULL || strncmp(name, "lib", 3) == 0 ? "" : "lib", name,
             suffix != NULL ? "" : ".so");
    snprintf(prefix, sizeof(prefix), "%s.", full);
    return add(search, out, full) && add_newest(search, out, prefix);
}
