/* object/types/warning.c - warnings: "Category: text" on stderr, each once a
 * runtime.
 *
 * There are no filters. What was given before is known by a hash of 64 bits in
 * a small table; when that is full, or memory is short, a warning is given
 * again.
 */
#include <stdio.h>
#include <string.h>

#include "base/table.h"
#include "object/types/type.h"

#define WARNED_SLOTS 256u

typedef struct kaa_object__warned {
    uint64_t hashes[WARNED_SLOTS]; /* 0: free */
} kaa_object__warned;

/* Whether it is new, which it is no longer. */
static int
remember(kaa_context *ctx, uint64_t hash)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    kaa_object__warned *warned = runtime->warned;
    uint32_t i;

    if (warned == NULL) {
        warned = kaa_heap_alloc(runtime->heap, sizeof(*warned), KAA_HEAP_RAW);
        if (warned == NULL)
            return 1;
        memset(warned, 0, sizeof(*warned));
        runtime->warned = warned;
    }
    for (i = 0; i < WARNED_SLOTS && warned->hashes[i] != 0; i++)
        if (warned->hashes[i] == hash)
            return 0;
    if (i < WARNED_SLOTS)
        warned->hashes[i] = hash;
    return 1;
}

int
kaa_object__warn(kaa_context *ctx, kaa_object *category, const char *text)
{
    kaa_object__type *type;

    if (category == NULL)
        category = kaa_builtin(ctx, KAA_USER_WARNING);
    type = kaa_object__as_type(ctx, category);
    if (type == NULL ||
        !kaa_object__derives(type, kaa_object__builtin(ctx, KAA_WARNING)))
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "category must be a Warning subclass, not '%s'",
            type != NULL ? type->name
                         : kaa_object__borrow_type(ctx, category)->name);
    if (remember(ctx, (kaa_base__hash(text, strlen(text)) ^ type->serial) | 1))
        fprintf(stderr, "%s: %s\n", type->name, text);
    return 0;
}
