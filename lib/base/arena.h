/* base/arena.h - memory that is all freed at once: types, declarations. */
#ifndef KAA_BASE_ARENA_H
#define KAA_BASE_ARENA_H

#include <stddef.h>

typedef struct kaa_base__chunk kaa_base__chunk;

/* Zeroed storage of the caller's is an empty arena. */
typedef struct kaa_base__arena {
    kaa_base__chunk *chunks; /* newest first */
    char *next;              /* free bytes of the newest: [next, end) */
    char *end;
} kaa_base__arena;

/* `bytes` zeroed bytes aligned to 16, or NULL. They live until the arena's
 * end. */
void *kaa_base__arena_alloc(kaa_base__arena *arena, size_t bytes);
/* A NUL-terminated copy, or NULL. */
char *kaa_base__arena_text(kaa_base__arena *arena, const char *text,
                           size_t length);
void kaa_base__arena_fini(kaa_base__arena *arena);

#endif /* KAA_BASE_ARENA_H */
