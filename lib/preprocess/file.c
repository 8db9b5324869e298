/* preprocess/file.c - finding headers, and reading each once. */
#include "preprocess/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LENGTH_MAX 4096u

static const char own_prefix[] = "<kaa>";

int
kaa_preprocess__set_dirs(kaa_preprocess__pp *pp)
{
    const kaa_preprocess_options *o = &pp->options;
    int has_own = (o->flags & KAA_PREPROCESS_NO_OWN_HEADERS) == 0;
    uint32_t recorded = 0;
    const char **dirs;
    uint32_t count = 0;

    while (o->system_dirs == NULL &&
           kaa_preprocess__system_dirs[recorded] != NULL)
        recorded++;
    dirs = kaa_preprocess__alloc(pp, ((size_t)o->include_dir_count +
                                      o->system_dir_count + recorded + 1) *
                                         sizeof(*dirs));
    if (dirs == NULL)
        return 0;
    for (uint32_t i = 0; i < o->include_dir_count; i++)
        dirs[count++] = o->include_dirs[i];
    pp->own_dir = has_own ? count : PP_NO_DIR;
    if (has_own)
        dirs[count++] = own_prefix;
    for (uint32_t i = 0; i < recorded; i++)
        dirs[count++] = kaa_preprocess__system_dirs[i];
    for (uint32_t i = 0; o->system_dirs != NULL && i < o->system_dir_count; i++)
        dirs[count++] = o->system_dirs[i];
    pp->dirs = dirs;
    pp->dir_count = count;
    return 1;
}

/* Stands in the table for a path without a file. */
static const kaa_preprocess__file no_file;

static kaa_preprocess__file *
find_known(const kaa_preprocess__pp *pp, const char *path)
{
    return kaa_base__table_get(&pp->paths, path, strlen(path));
}

static char *
copy_path(kaa_preprocess__pp *pp, const char *path)
{
    size_t length = strlen(path);
    char *copy = kaa_preprocess__alloc(pp, length + 1);

    if (copy != NULL)
        memcpy(copy, path, length + 1);
    return copy;
}

static void
add_missing(kaa_preprocess__pp *pp, const char *path)
{
    const char *copy = copy_path(pp, path);

    if (copy != NULL && !kaa_base__table_set(&pp->paths, copy, strlen(copy),
                                             (void *)(uintptr_t)&no_file))
        kaa_preprocess__fail_memory(pp);
}

static kaa_preprocess__file *
add_file(kaa_preprocess__pp *pp, const char *path, uint32_t dir)
{
    kaa_preprocess__file *file = kaa_preprocess__alloc(pp, sizeof(*file));
    const char *copy = copy_path(pp, path);

    if (file == NULL || copy == NULL ||
        !kaa_preprocess__grow(pp, &pp->files, pp->file_count,
                              &pp->file_capacity, sizeof(*pp->files)))
        return NULL;
    file->path = copy;
    file->dir = dir;
    if (!kaa_base__table_set(&pp->paths, copy, strlen(copy), file)) {
        kaa_preprocess__fail_memory(pp);
        return NULL;
    }
    pp->files[pp->file_count++] = file;
    return file;
}

/* All of an open file. */
static int
read_all(kaa_preprocess__pp *pp, int fd, size_t size, const char **out_text,
         size_t *out_length)
{
    size_t length = 0;
    char *text = kaa_preprocess__alloc(pp, size + 1);

    if (text == NULL)
        return 0;
    while (length < size) {
        ssize_t got = read(fd, text + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    *out_text = text;
    *out_length = length;
    return 1;
}

/* Reads the file if there is one of that path; NULL otherwise. */
static kaa_preprocess__file *
try_path(kaa_preprocess__pp *pp, const char *path, uint32_t dir)
{
    kaa_preprocess__file *file = find_known(pp, path);
    struct stat about;
    int fd;

    if (file != NULL)
        return file != &no_file ? file : NULL;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
            kaa_preprocess__fail(pp, KAA_SYSTEM, 0, "%s: %s", path,
                                 strerror(errno));
        else
            add_missing(pp, path);
        return NULL;
    }
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
        if ((uint64_t)about.st_size > PP_FILE_MAX)
            kaa_preprocess__fail(pp, KAA_LIMIT, 0, "%s: more than %zu MiB",
                                 path, PP_FILE_MAX >> 20);
        else
            file = add_file(pp, path, dir);
        if (file != NULL && !read_all(pp, fd, (size_t)about.st_size,
                                      &file->text, &file->length))
            file = NULL;
    }
    close(fd);
    return file;
}

static kaa_preprocess__file *
try_own(kaa_preprocess__pp *pp, const char *name, size_t length)
{
    for (const kaa_preprocess__own *own = kaa_preprocess__own_headers;
         own->name != NULL; own++) {
        char path[64];
        kaa_preprocess__file *file;

        if (strlen(own->name) != length || memcmp(own->name, name, length) != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", own_prefix, own->name);
        file = find_known(pp, path);
        if (file == NULL)
            file = add_file(pp, path, pp->own_dir);
        if (file != NULL) {
            file->text = own->text;
            file->length = own->length;
            file->is_own = 1;
        }
        return file;
    }
    return NULL;
}

/* `name` in a folder. */
static kaa_preprocess__file *
try_in(kaa_preprocess__pp *pp, const char *folder, size_t folder_length,
       const char *name, size_t length, uint32_t dir)
{
    char path[PATH_LENGTH_MAX];

    if (folder_length + length + 2 > sizeof(path))
        return NULL;
    memcpy(path, folder, folder_length);
    if (folder_length != 0 && folder[folder_length - 1] != '/')
        path[folder_length++] = '/';
    memcpy(path + folder_length, name, length);
    path[folder_length + length] = '\0';
    return try_path(pp, path, dir);
}

/* "name" beside the file that names it. */
static kaa_preprocess__file *
try_beside(kaa_preprocess__pp *pp, const char *name, size_t length)
{
    const kaa_preprocess__file *file = kaa_preprocess__source_of(pp)->file;
    const char *slash = strrchr(file->path, '/');

    if (file->is_own)
        return try_own(pp, name, length);
    return try_in(pp, file->path,
                  slash != NULL ? (size_t)(slash - file->path + 1) : 0, name,
                  length, file->dir);
}

kaa_preprocess__file *
kaa_preprocess__find(kaa_preprocess__pp *pp, const char *name, size_t length,
                     int is_angled, int is_next)
{
    kaa_preprocess__file *file = NULL;
    uint32_t from = 0;

    if (length == 0 || memchr(name, '\0', length) != NULL)
        return NULL;
    if (*name == '/')
        return try_in(pp, "", 0, name, length, PP_NO_DIR);
    if (is_next) {
        uint32_t dir = kaa_preprocess__source_of(pp)->file->dir;
        from = dir == PP_NO_DIR ? 0 : dir + 1;
        if (dir == PP_NO_DIR)
            is_next = 0;
    }
    if (!is_angled && !is_next)
        file = try_beside(pp, name, length);
    for (uint32_t i = from; i < pp->dir_count && file == NULL; i++) {
        if (pp->has_failed)
            return NULL;
        file = i == pp->own_dir ? try_own(pp, name, length)
                                : try_in(pp, pp->dirs[i], strlen(pp->dirs[i]),
                                         name, length, i);
    }
    return pp->has_failed ? NULL : file;
}

/* The path in its folder of headers: "openssl/ssl.h". */
static const char *
relative(const kaa_preprocess__pp *pp, const kaa_preprocess__file *file)
{
    const char *dir = file->dir != PP_NO_DIR ? pp->dirs[file->dir] : "";
    size_t length = strlen(dir);

    if (length == 0 || strncmp(file->path, dir, length) != 0)
        return file->path;
    while (file->path[length] == '/')
        length++;
    return file->path + length;
}

/* The length of the folder's part of a path, with its '/'; 0 without one. */
static size_t
folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* Whether it stands in the folder of `main`, unless that is one in which
 * headers of everybody stand. */
static int
is_beside(const kaa_preprocess__pp *pp, const kaa_preprocess__file *file,
          const kaa_preprocess__file *main)
{
    const char *name = relative(pp, main);
    size_t length = folder_length(name);

    if (length != 0 && name != main->path)
        return strncmp(relative(pp, file), name, length) == 0;
    if (main->is_own ||
        (main->dir != PP_NO_DIR && main->dir >= pp->options.include_dir_count))
        return 0;
    length = folder_length(main->path);
    for (uint32_t i = 0; i < pp->dir_count; i++) {
        size_t dir = strlen(pp->dirs[i]);
        if (i >= pp->options.include_dir_count && dir + 1 == length &&
            strncmp(pp->dirs[i], main->path, dir) == 0)
            return 0;
    }
    return length != 0 && strncmp(file->path, main->path, length) == 0;
}

int
kaa_preprocess__note_main(kaa_preprocess__pp *pp, kaa_preprocess__file *file,
                          int is_angled)
{
    const kaa_preprocess__source *s = kaa_preprocess__source_of(pp);

    if (file->was_read)
        return 1;
    if (pp->source_count == 1 && s->file->is_main) {
        file->is_main = 1;
        if (!kaa_preprocess__grow(pp, &pp->mains, pp->main_count,
                                  &pp->main_capacity, sizeof(*pp->mains)))
            return 0;
        pp->mains[pp->main_count++] = file;
    } else if (!is_angled && s->file->is_main) {
        file->is_main = 1;
    }
    for (size_t i = 0; i < pp->main_count && !file->is_main; i++)
        file->is_main = (uint8_t)is_beside(pp, file, pp->mains[i]);
    return 1;
}

static int
push_source(kaa_preprocess__pp *pp, kaa_preprocess__file *file)
{
    kaa_preprocess__source *s;

    if (pp->source_count >= PP_INCLUDES_MAX)
        return kaa_preprocess__fail(pp, KAA_LIMIT, 0,
                                    "#include nested more than %u deep",
                                    PP_INCLUDES_MAX);
    if (!kaa_preprocess__grow(pp, &pp->sources, pp->source_count,
                              &pp->source_capacity, sizeof(*pp->sources)))
        return 0;
    s = &pp->sources[pp->source_count++];
    memset(s, 0, sizeof(*s));
    s->file = file;
    s->name = file->path;
    s->at = file->text;
    s->end = file->text + file->length;
    if (file->length >= 3 && memcmp(s->at, "\xef\xbb\xbf", 3) == 0)
        s->at += 3; /* the mark of UTF-8 */
    s->line = 1;
    s->is_fresh = 1;
    s->conditions = (uint32_t)pp->condition_count;
    file->was_read = 1;
    pp->work += PP_WORK_A_BYTE * (uint64_t)file->length;
    return 1;
}

int
kaa_preprocess__enter(kaa_preprocess__pp *pp, kaa_preprocess__file *file)
{
    if (file->is_once || (file->guard != NULL && file->guard->macro != NULL))
        return 1;
    /* A file read again and again is work as well. */
    return (!file->was_read ||
            kaa_preprocess__spend(pp, 64 + file->length / 2)) &&
           push_source(pp, file);
}

int
kaa_preprocess__enter_text(kaa_preprocess__pp *pp, const char *name,
                           const char *text, size_t length)
{
    kaa_preprocess__file *file = add_file(pp, name, PP_NO_DIR);

    if (file == NULL)
        return 0;
    file->text = text;
    file->length = length;
    file->was_read = 1;
    file->is_main = 1;
    return push_source(pp, file);
}

void
kaa_preprocess__leave(kaa_preprocess__pp *pp)
{
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);

    if (pp->condition_count > s->conditions)
        kaa_preprocess__fail(pp, KAA_SYNTAX,
                             pp->conditions[pp->condition_count - 1].line,
                             "this condition has no #endif");
    if (s->guard != NULL && !s->has_tokens)
        s->file->guard = s->guard;
    pp->source_count--;
}
