/* preprocess/preprocess.c - the public face, failures and storage. */
#include "preprocess/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define FLAGS_KNOWN                                                            \
    ((uint32_t)KAA_PREPROCESS_MACROS | KAA_PREPROCESS_NO_PREDEFINED |          \
     KAA_PREPROCESS_NO_OWN_HEADERS | KAA_PREPROCESS_DEFINITIONS)

int
kaa_preprocess__fail(kaa_preprocess__pp *pp, kaa_status status, uint32_t line,
                     const char *format, ...)
{
    const kaa_preprocess__source *s =
        pp->source_count != 0 ? &pp->sources[pp->source_count - 1] : NULL;
    char text[sizeof(pp->err->message)];
    const char *name = s != NULL ? s->name : "";
    va_list values;

    if (pp->has_failed)
        return 0;
    pp->has_failed = 1;
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    if (s == NULL) {
        kaa_base__fail_at(pp->err, status, 0, 0, "%s", text);
        return 0;
    }
    if (line == 0)
        line = s->line;
    line = (uint32_t)((int64_t)line + s->delta);
    if (strlen(name) > 100)
        name += strlen(name) - 100;
    kaa_base__fail_at(pp->err, status, line, 1, "%s:%u: %s", name,
                      (unsigned)line, text);
    return 0;
}

int
kaa_preprocess__fail_memory(kaa_preprocess__pp *pp)
{
    pp->has_failed = 1;
    (void)kaa_base__fail_memory(pp->err, "preprocessing");
    return 0;
}

void *
kaa_preprocess__alloc(kaa_preprocess__pp *pp, size_t bytes)
{
    void *block = kaa_base__arena_alloc(&pp->arena, bytes);

    if (block == NULL)
        kaa_preprocess__fail_memory(pp);
    return block;
}

int
kaa_preprocess__grow(kaa_preprocess__pp *pp, void *items_pointer, size_t count,
                     size_t *capacity, size_t bytes)
{
    void *items;
    size_t larger;

    if (count < *capacity)
        return 1;
    larger = *capacity != 0 ? *capacity * 2 : 16;
    memcpy(&items, items_pointer, sizeof(items));
    items = kaa_base__realloc_array(items, larger, bytes);
    if (items == NULL)
        return kaa_preprocess__fail_memory(pp);
    memcpy(items_pointer, &items, sizeof(items));
    *capacity = larger;
    return 1;
}

int
kaa_preprocess__append(kaa_preprocess__pp *pp, kaa_preprocess__list *list,
                       const kaa_preprocess__token *token)
{
    if (list->count >= PP_LIST_MAX)
        return kaa_preprocess__fail(
            pp, KAA_LIMIT, 0, "more than %zu tokens in one macro", PP_LIST_MAX);
    if (list->count == list->capacity &&
        !kaa_preprocess__grow(pp, &list->tokens, list->count, &list->capacity,
                              sizeof(*list->tokens)))
        return 0;
    list->tokens[list->count++] = *token;
    return 1;
}

int
kaa_preprocess__spend(kaa_preprocess__pp *pp, uint64_t count)
{
    if (count > pp->work) {
        pp->work = 0;
        return kaa_preprocess__fail(pp, KAA_LIMIT, 0,
                                    "macros expand to too much");
    }
    pp->work -= count;
    return 1;
}

static void
finish(kaa_preprocess__pp *pp)
{
    kaa_preprocess__drop(pp, 0);
    kaa_base__free(pp->names.slots);
    kaa_base__table_fini(&pp->paths);
    kaa_base__free(pp->files);
    kaa_base__free(pp->mains);
    kaa_base__free(pp->sources);
    kaa_base__free(pp->contexts);
    kaa_base__free(pp->conditions);
    kaa_base__free(pp->macros);
    kaa_base__free(pp->line.tokens);
    kaa_base__text_fini(&pp->out);
    kaa_base__arena_fini(&pp->arena);
}

/* All of the text. */
static int
run(kaa_preprocess__pp *pp, const char *name, const char *text, size_t length)
{
    kaa_preprocess__token token;

    pp->work = PP_WORK_BASE;
    kaa_preprocess__name_directives(pp);
    if (pp->has_failed || !kaa_preprocess__set_dirs(pp) ||
        !kaa_preprocess__predefine(pp))
        return 0;
    kaa_preprocess__name_builtins(pp);
    if (pp->has_failed || !kaa_preprocess__enter_text(pp, name, text, length))
        return 0;
    for (;;) {
        kaa_preprocess__next(pp, &token);
        if (token.kind == T_END)
            break;
        if (token.kind == T_NAME && token.name->special == S_PRAGMA &&
            (token.flags & F_NO_EXPAND) == 0)
            kaa_preprocess__pragma_operator(pp);
        else
            kaa_preprocess__write(pp, &token);
    }
    if (!pp->has_failed && (pp->options.flags & KAA_PREPROCESS_MACROS) != 0)
        kaa_preprocess__write_macros(pp);
    if (!pp->has_failed && (pp->options.flags & KAA_PREPROCESS_DEFINITIONS))
        kaa_preprocess__write_definitions(pp);
    if (!pp->has_failed)
        kaa_preprocess__leave(pp);
    if (pp->out.failed)
        kaa_preprocess__fail_memory(pp);
    return !pp->has_failed;
}

/* What is kept of it. */
static int
make_result(kaa_preprocess__pp *pp, kaa_preprocess_result **out)
{
    kaa_preprocess_result *result = kaa_base__alloc_zeroed(sizeof(*result));
    const char **files;

    if (result == NULL)
        return kaa_preprocess__fail_memory(pp);
    files = kaa_base__arena_alloc(&result->arena,
                                  (pp->file_count + 1) * sizeof(*files));
    for (size_t i = 1; files != NULL && i < pp->file_count; i++) {
        const char *path = pp->files[i]->path;
        if (!pp->files[i]->was_read)
            continue;
        files[result->file_count] =
            kaa_base__arena_text(&result->arena, path, strlen(path));
        if (files[result->file_count++] == NULL)
            files = NULL;
    }
    if (pp->out.bytes == NULL)
        kaa_base__text_puts(&pp->out, "\n");
    if (files == NULL || pp->out.failed) {
        kaa_preprocess_destroy(result);
        return kaa_preprocess__fail_memory(pp);
    }
    result->files = files;
    result->text = pp->out.bytes;
    result->length = pp->out.length;
    memset(&pp->out, 0, sizeof(pp->out));
    *out = result;
    return 1;
}

static kaa_status
check_options(const kaa_preprocess_options *o, kaa_error *err)
{
    const char *fault = NULL;

    if ((o->flags & ~FLAGS_KNOWN) != 0)
        fault = "options have bits that are not known";
    else if ((o->include_dir_count != 0 && o->include_dirs == NULL) ||
             (o->system_dir_count != 0 && o->system_dirs == NULL) ||
             (o->define_count != 0 && o->defines == NULL) ||
             (o->undefine_count != 0 && o->undefines == NULL))
        fault = "a list in the options is NULL though its count is not 0";
    for (uint32_t i = 0; fault == NULL && i < o->define_count; i++)
        if (strpbrk(o->defines[i], "\n\r") != NULL)
            fault = "a define has more than one line";
    for (uint32_t i = 0; fault == NULL && i < o->undefine_count; i++)
        if (strpbrk(o->undefines[i], "\n\r") != NULL)
            fault = "an undefine has more than one line";
    return fault == NULL ? KAA_OK
                         : kaa_base__fail(err, KAA_INVALID_ARGUMENT,
                                          KAA_NO_ARGUMENT, "%s", fault);
}

kaa_status
kaa_preprocess_run(const char *text, size_t length,
                   const kaa_preprocess_options *options,
                   kaa_preprocess_result **out, kaa_error *err)
{
    kaa_preprocess__pp pp;
    kaa_error own = {0};
    kaa_status status;

    memset(&pp, 0, sizeof(pp));
    pp.options.size = sizeof(pp.options);
    if (out == NULL || (text == NULL && length != 0))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "text and out may not be NULL");
    status =
        kaa_base__read_options(&pp.options, sizeof(pp.options), options, err);
    if (status == KAA_OK)
        status = check_options(&pp.options, err);
    if (status != KAA_OK)
        return status;
    if (length > PP_FILE_MAX)
        return kaa_base__fail(err, KAA_LIMIT, KAA_NO_ARGUMENT,
                              "the text has more than %zu MiB",
                              PP_FILE_MAX >> 20);
    pp.err = &own;
    if (!run(&pp, pp.options.name != NULL ? pp.options.name : "<text>",
             length != 0 ? text : "", length) ||
        !make_result(&pp, out))
        status = (kaa_status)own.status;
    finish(&pp);
    if (status != KAA_OK && err != NULL)
        *err = own;
    return status;
}

const char *
kaa_preprocess_text(const kaa_preprocess_result *result, size_t *out_length)
{
    if (out_length != NULL)
        *out_length = result != NULL ? result->length : 0;
    return result != NULL ? result->text : "";
}

const char *
kaa_preprocess_file(const kaa_preprocess_result *result, size_t index)
{
    return result != NULL && index < result->file_count ? result->files[index]
                                                        : NULL;
}

void
kaa_preprocess_destroy(kaa_preprocess_result *result)
{
    if (result == NULL)
        return;
    kaa_base__arena_fini(&result->arena);
    kaa_base__free((void *)(uintptr_t)result->text);
    kaa_base__free(result);
}

const char *
kaa_preprocess_predefined(void)
{
    return kaa_preprocess__predefined;
}

const char *
kaa_preprocess_system_dir(size_t index)
{
    for (size_t i = 0; kaa_preprocess__system_dirs[i] != NULL; i++)
        if (i == index)
            return kaa_preprocess__system_dirs[i];
    return NULL;
}
