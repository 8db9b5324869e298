/* native/report.c - what is left when a runtime ends: by type, by site, and
 * what of it C code still holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "native/snapshot.h"
#include "object/core/site.h"

#define EXAMPLE_MAX 120
#define SITE_MAX 240

typedef struct leaked {
    const kaa_native__entry *entry;
    const char *type;
    const void *site;
    uint64_t references; /* held by C code */
} leaked;

typedef struct kind {
    kaa_runtime_leak leak;
    const void *site;
    kaa_object *example; /* held by C code, or NULL */
} kind;

static int
by_kind(const void *a, const void *b)
{
    const leaked *left = a, *right = b;
    int order = strcmp(left->type, right->type);

    if (order != 0)
        return order;
    return (left->site > right->site) - (left->site < right->site);
}

/* Those held first, then the most objects, then by name. */
static int
by_weight(const void *a, const void *b)
{
    const kaa_runtime_leak *left = &((const kind *)a)->leak;
    const kaa_runtime_leak *right = &((const kind *)b)->leak;

    if ((left->held != 0) != (right->held != 0))
        return left->held != 0 ? -1 : 1;
    if (left->objects != right->objects)
        return left->objects > right->objects ? -1 : 1;
    return strcmp(left->type, right->type);
}

/* Runs no code but this library's: of other types only the name. */
static void
describe(kaa_context *ctx, kaa_object *object, char *buffer, size_t size)
{
    const kaa_object__type *type = object->type;
    kaa_object *text = NULL;
    const char *bytes = NULL;

    switch ((type->flags & KAA_OBJECT__BUILTIN) != 0 ? type->id : -1) {
    case KAA_INT_TYPE:
    case KAA_FLOAT_TYPE:
    case KAA_COMPLEX_TYPE:
    case KAA_STR_TYPE:
    case KAA_BYTES_TYPE:
    case KAA_TYPE_TYPE:
        text = kaa_repr(ctx, object);
        break;
    default:
        break;
    }
    if (text != NULL)
        bytes = kaa_str_as_utf8(ctx, text, NULL);
    kaa_error_clear(ctx);
    if (bytes == NULL)
        snprintf(buffer, size, "<%s object at %p>", type->name, (void *)object);
    else if (strlen(bytes) < size)
        snprintf(buffer, size, "%s", bytes);
    else
        snprintf(buffer, size, "%.*s...", (int)size - 4, bytes);
    kaa_decref(ctx, text);
}

static void
tell(kaa_context *ctx, const kaa_runtime_report *report, kind *each)
{
    char example[EXAMPLE_MAX], site[SITE_MAX];

    if (each->example != NULL) {
        describe(ctx, each->example, example, sizeof(example));
        each->leak.example = example;
    }
    kaa_object__site_text(each->site, site, sizeof(site));
    if (site[0] != '\0')
        each->leak.site = site;
    report->leak(&each->leak, report->user);
}

/* What is no runtime's own, into an array that is the caller's. */
static leaked *
list_leaked(kaa_context *ctx, const kaa_native__snapshot *snapshot,
            size_t *out_count)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    leaked *list = kaa_base__alloc_array(snapshot->count + 1, sizeof(*list));
    size_t count = 0;

    for (size_t i = 0; list != NULL && i < snapshot->capacity; i++) {
        const kaa_native__entry *entry = &snapshot->slots[i];
        int64_t held;

        if (entry->object == NULL || entry->is_own)
            continue;
        held = kaa_native__snapshot_held(entry);
        list[count++] =
            (leaked){.entry = entry,
                     .type = entry->object->type->name,
                     .site = kaa_object__site_of(runtime, entry->object),
                     .references = held > 0 ? (uint64_t)held : 0};
    }
    *out_count = count;
    return list;
}

static size_t
group(leaked *list, size_t count, kind *kinds)
{
    size_t kind_count = 0;

    qsort(list, count, sizeof(*list), by_kind);
    for (size_t i = 0; i < count; i++) {
        kind *last;

        if (i == 0 || by_kind(&list[i - 1], &list[i]) != 0)
            kinds[kind_count++] =
                (kind){.leak = {.size = sizeof(kaa_runtime_leak),
                                .type = list[i].type},
                       .site = list[i].site};
        last = &kinds[kind_count - 1];
        last->leak.objects++;
        last->leak.bytes += list[i].entry->bytes;
        last->leak.references += list[i].references;
        if (list[i].references != 0) {
            last->leak.held++;
            if (last->example == NULL)
                last->example = list[i].entry->object;
        }
    }
    qsort(kinds, kind_count, sizeof(*kinds), by_weight);
    return kind_count;
}

kaa_status
kaa_native__report(kaa_context *ctx, kaa_runtime_report *report, kaa_error *err)
{
    kaa_native__snapshot snapshot;
    leaked *list = NULL;
    kind *kinds = NULL;
    size_t count = 0, kind_count = 0;
    kaa_status status = kaa_native__snapshot_take(ctx, &snapshot, err);

    if (status != KAA_OK)
        return status;
    list = list_leaked(ctx, &snapshot, &count);
    kinds = kaa_base__alloc_array(count + 1, sizeof(*kinds));
    if (list != NULL && kinds != NULL)
        kind_count = group(list, count, kinds);
    else
        status = kaa_base__fail_memory(err, "the report of a runtime");
    kaa_native__snapshot_fini(&snapshot);
    kaa_base__free(list);
    for (size_t i = 0; i < kind_count; i++) {
        report->objects += kinds[i].leak.objects;
        report->bytes += kinds[i].leak.bytes;
        report->held += kinds[i].leak.held;
        report->references += kinds[i].leak.references;
    }
    for (size_t i = 0; i < kind_count && report->leak != NULL; i++)
        tell(ctx, report, &kinds[i]);
    kaa_base__free(kinds);
    return status;
}
