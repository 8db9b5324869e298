/* ctype/same.c - whether two types are the same.
 *
 * Types are graphs with cycles (records that point at themselves), so this is
 * a walk with a list of pairs, not a recursion: a pair of records or functions
 * is put on the list once and taken for the same until its parts say no. One
 * no is the answer. The list is of fixed length, so that comparing cannot fail;
 * pairs that no longer fit are compared by what can be seen from outside.
 */
#include "ctype/internal.h"

#include <string.h>

#define PAIRS_MAX 256u

typedef struct pair {
    const kaa_ctype *a;
    const kaa_ctype *b;
} pair;

typedef struct walk {
    uint32_t count; /* pairs on the list */
    uint32_t done;  /* of them: their parts are compared */
    pair pairs[PAIRS_MAX];
} walk;

static int
same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static int
same_enum(const kaa_ctype *a, const kaa_ctype *b)
{
    if (!same_text(a->name, b->name))
        return 0;
    if (!a->is_complete || !b->is_complete)
        return a->name != NULL;
    if (a->target->kind != b->target->kind || a->count != b->count)
        return 0;
    for (uint64_t i = 0; i < a->count; i++) {
        const kaa_ctype_enumerator *left = &a->list.enumerators[i];
        const kaa_ctype_enumerator *right = &b->list.enumerators[i];

        if (left->value != right->value ||
            left->is_unsigned != right->is_unsigned ||
            !same_text(left->name, right->name))
            return 0;
    }
    return 1;
}

/* All but the types of members. */
static int
same_record(const kaa_ctype *a, const kaa_ctype *b)
{
    if (!same_text(a->name, b->name))
        return 0;
    if (!a->is_complete || !b->is_complete)
        return a->name != NULL;
    if (a->size != b->size || a->align != b->align || a->count != b->count)
        return 0;
    for (uint64_t i = 0; i < a->count; i++) {
        const kaa_ctype_member *left = &a->list.members[i];
        const kaa_ctype_member *right = &b->list.members[i];

        if (left->bit_position != right->bit_position ||
            left->bit_width != right->bit_width ||
            !same_text(left->name, right->name))
            return 0;
    }
    return 1;
}

static void
push(walk *w, const kaa_ctype *a, const kaa_ctype *b)
{
    for (uint32_t i = 0; i < w->count; i++)
        if (w->pairs[i].a == a && w->pairs[i].b == b)
            return;
    if (w->count < PAIRS_MAX)
        w->pairs[w->count++] = (pair){a, b};
}

/* Compares down to records and functions, whose parts are left to the walk. */
static int
compare(walk *w, const kaa_ctype *a, const kaa_ctype *b, int with_qualifiers)
{
    for (;;) {
        if (with_qualifiers && a->qualifiers != b->qualifiers)
            return 0;
        a = a->stripped;
        b = b->stripped;
        if (a == b)
            return 1;
        if (a->kind != b->kind)
            return 0;
        if (a->kind == KAA_CTYPE_ENUM)
            return same_enum(a, b);
        if (a->kind != KAA_CTYPE_POINTER && a->kind != KAA_CTYPE_ARRAY)
            break;
        if (a->count != b->count)
            return 0;
        a = a->target;
        b = b->target;
        with_qualifiers = 1;
    }
    if (a->kind == KAA_CTYPE_FUNCTION) {
        if (a->count != b->count || a->flags != b->flags)
            return 0;
    } else if (kaa_ctype__is_record(a)) {
        if (!same_record(a, b))
            return 0;
    } else {
        return 0; /* two basic types: a kind has one address */
    }
    push(w, a, b);
    return 1;
}

static int
compare_parts(walk *w, const kaa_ctype *a, const kaa_ctype *b)
{
    if (a->kind == KAA_CTYPE_FUNCTION) {
        /* Qualifiers of a result and of parameters themselves say nothing to
         * a caller; C ignores them, too. */
        if (!compare(w, a->target, b->target, 0))
            return 0;
        for (uint64_t i = 0; i < a->count; i++)
            if (!compare(w, a->list.parameters[i].type,
                         b->list.parameters[i].type, 0))
                return 0;
        return 1;
    }
    if (!a->is_complete || !b->is_complete)
        return 1;
    for (uint64_t i = 0; i < a->count; i++)
        if (!compare(w, a->list.members[i].type, b->list.members[i].type, 1))
            return 0;
    return 1;
}

int
kaa_ctype_same(const kaa_ctype *a, const kaa_ctype *b)
{
    walk w;

    if (a == NULL || b == NULL)
        return 0;
    if (a == b)
        return 1;
    w.count = w.done = 0;
    if (!compare(&w, a, b, 1))
        return 0;
    while (w.done < w.count) {
        pair next = w.pairs[w.done++];

        if (!compare_parts(&w, next.a, next.b))
            return 0;
    }
    return 1;
}
