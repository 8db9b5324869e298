/* decl/parser.c - the parser's own storage, and its bound on recursion. */
#include "decl/internal.h"

#include <string.h>

#include "base/memory.h"

void
kaa_decl__parser_init(kaa_decl__parser *p, kaa_decl *decl,
                      kaa_ctype_table *types, const char *text, size_t length,
                      kaa_error *err)
{
    /* The frames are written before they are read. */
    memset(p, 0, offsetof(kaa_decl__parser, frames));
    p->decl = decl;
    p->types = types;
    p->text = text;
    p->text_end = text + length;
    p->err = err;
    p->cursor = &p->main;
    p->main.at = text;
    p->main.end = text + length;
    p->main.line_start = text;
    p->main.line = 1;
    p->main.is_fresh = 1;
    p->main.macro = NULL;
    p->directives_done = text;
    p->expansion_left = 1000000u + 16 * (uint64_t)length;
}

void
kaa_decl__parser_fini(kaa_decl__parser *p)
{
    kaa_base__free(p->parameters.items);
    kaa_base__free(p->passed.items);
    kaa_base__free(p->steps.items);
    kaa_base__free(p->members.items);
    kaa_base__free(p->enumerators.items);
    kaa_base__free(p->places.items);
    kaa_base__free(p->bytes.items);
}

void *
kaa_decl__push(kaa_decl__parser *p, kaa_decl__vector *vector, size_t size)
{
    char *slot;

    if (vector->count == vector->capacity) {
        size_t capacity = vector->capacity != 0 ? vector->capacity * 2 : 16;
        void *items = kaa_base__realloc_array(vector->items, capacity, size);
        if (items == NULL) {
            kaa_decl__fail_memory(p);
            return NULL;
        }
        vector->items = items;
        vector->capacity = capacity;
    }
    slot = (char *)vector->items + vector->count * size;
    vector->count++;
    memset(slot, 0, size);
    return slot;
}

void *
kaa_decl__alloc(kaa_decl__parser *p, size_t bytes)
{
    void *block = kaa_base__arena_alloc(&p->decl->arena, bytes);

    if (block == NULL)
        kaa_decl__fail_memory(p);
    return block;
}

const char *
kaa_decl__copy(kaa_decl__parser *p, const char *text, size_t length)
{
    char *copy = kaa_base__arena_text(&p->decl->arena, text, length);

    if (copy == NULL)
        kaa_decl__fail_memory(p);
    return copy;
}

int
kaa_decl__enter(kaa_decl__parser *p)
{
    if (p->depth >= KAA_DECL__DEPTH_MAX)
        return kaa_decl__fail_as(p, KAA_LIMIT, &p->token,
                                 "nested more than %u deep",
                                 KAA_DECL__DEPTH_MAX);
    p->depth++;
    return 1;
}

void
kaa_decl__leave(kaa_decl__parser *p)
{
    KAA_ASSERT(p->depth > 0);
    p->depth--;
}
