/* call/x86_64.c - which registers a value travels in, System V x86-64.
 *
 * The algorithm of that ABI, section 3.2.3, for what C has but vectors: each
 * eightbyte of a value gets a class, members merge into it, and a value that
 * has no class for its bytes, or is larger than two eightbytes, goes into
 * memory as a whole. A value whose classes all find a free register gets them;
 * any other goes onto the stack as a whole, and later arguments may still get
 * registers.
 *
 * gcc and clang disagree on unnamed bit-fields (gcc: class INTEGER, clang: not
 * there). A type for which that matters is refused.
 */
#include "call/internal.h"

#if KAA_CALL__SYSV

#define DEPTH_MAX 100

typedef struct walk {
    kaa_call__classes classes;
    int with_unnamed;   /* do unnamed bit-fields count? */
    const char *reason; /* why it cannot be passed; else NULL */
} walk;

static void
merge(walk *w, uint64_t eightbyte, uint8_t class)
{
    uint8_t *have;

    if (eightbyte > 1 || class == KAA_CALL__CLASS_NONE)
        return;
    have = &w->classes.of[eightbyte];
    if (*have == class)
        return;
    if (*have == KAA_CALL__CLASS_NONE)
        *have = class;
    else if (*have == KAA_CALL__CLASS_MEMORY || class == KAA_CALL__CLASS_MEMORY)
        *have = KAA_CALL__CLASS_MEMORY;
    else if (*have == KAA_CALL__CLASS_INTEGER ||
             class == KAA_CALL__CLASS_INTEGER)
        *have = KAA_CALL__CLASS_INTEGER;
    else if (*have != KAA_CALL__CLASS_SSE || class != KAA_CALL__CLASS_SSE)
        *have = KAA_CALL__CLASS_MEMORY;
}

/* A scalar of `size` bytes; one that is not aligned puts all into memory. */
static void
scalar(walk *w, uint64_t offset, uint64_t size, uint64_t align, uint8_t class)
{
    if (offset % align != 0) {
        merge(w, 0, KAA_CALL__CLASS_MEMORY);
        return;
    }
    for (uint64_t at = offset / 8; at <= (offset + size - 1) / 8; at++)
        merge(w, at, class);
}

static void visit(walk *w, const kaa_ctype *type, uint64_t offset, int depth);

static void
visit_record(walk *w, const kaa_ctype *type, uint64_t offset, int depth)
{
    const kaa_ctype_member *members = kaa_ctype_members(type);
    uint64_t count = kaa_ctype_count(type);

    for (uint64_t i = 0; i < count; i++) {
        const kaa_ctype_member *m = &members[i];

        if (m->bit_width == KAA_CTYPE_NOT_A_BIT_FIELD) {
            visit(w, m->type, offset + m->offset, depth + 1);
        } else if (m->bit_width > 0 && (m->name != NULL || w->with_unnamed)) {
            uint64_t first = offset * 8 + m->bit_position;

            merge(w, first / 64, KAA_CALL__CLASS_INTEGER);
            merge(w, (first + m->bit_width - 1) / 64, KAA_CALL__CLASS_INTEGER);
        }
    }
}

/* Sizes are at most 16 here, so an array has at most 16 elements that count. */
static void
visit(walk *w, const kaa_ctype *type, uint64_t offset, int depth)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    uint64_t size = kaa_ctype_size(bare);
    kaa_ctype_kind kind = kaa_ctype_kind_of(bare);

    if (depth > DEPTH_MAX)
        w->reason = "is nested too deep";
    if (w->reason != NULL || size == 0)
        return;
    if (kind == KAA_CTYPE_STRUCT || kind == KAA_CTYPE_UNION) {
        visit_record(w, bare, offset, depth);
    } else if (kind == KAA_CTYPE_ARRAY) {
        const kaa_ctype *element = kaa_ctype_target(bare);
        uint64_t step = kaa_ctype_size(element);

        for (uint64_t at = 0; step > 0 && at + step <= size; at += step)
            visit(w, element, offset + at, depth + 1);
    } else if (kind == KAA_CTYPE_FLOAT || kind == KAA_CTYPE_DOUBLE) {
        scalar(w, offset, size, size, KAA_CALL__CLASS_SSE);
    } else if (kind == KAA_CTYPE_CFLOAT || kind == KAA_CTYPE_CDOUBLE) {
        scalar(w, offset, size, size / 2, KAA_CALL__CLASS_SSE);
    } else if (kind == KAA_CTYPE_LDOUBLE) {
        if (offset % 16 != 0) {
            merge(w, 0, KAA_CALL__CLASS_MEMORY);
        } else {
            merge(w, 0, KAA_CALL__CLASS_X87);
            merge(w, 1, KAA_CALL__CLASS_X87UP);
        }
    } else if (kind == KAA_CTYPE_FLOAT16 || kind == KAA_CTYPE_FLOAT128 ||
               kind == KAA_CTYPE_VALIST) {
        w->reason = "is of a type that kaa does not pass by value";
    } else {
        scalar(w, offset, size, size, KAA_CALL__CLASS_INTEGER);
    }
}

/* The end of the algorithm: MEMORY anywhere, or half a long double. */
static void
settle(walk *w)
{
    uint8_t *of = w->classes.of;

    if (of[0] == KAA_CALL__CLASS_MEMORY || of[1] == KAA_CALL__CLASS_MEMORY ||
        (of[1] == KAA_CALL__CLASS_X87UP && of[0] != KAA_CALL__CLASS_X87))
        of[0] = of[1] = KAA_CALL__CLASS_MEMORY;
}

kaa_status
kaa_call__classify(const kaa_ctype *type, uint32_t number,
                   kaa_call__classes *out, kaa_error *err)
{
    walk w = {.with_unnamed = 1}, other = {.with_unnamed = 0};
    char text[120];

    if (kaa_ctype_size(type) > 16) {
        out->of[0] = out->of[1] = KAA_CALL__CLASS_MEMORY;
        return KAA_OK;
    }
    visit(&w, type, 0, 0);
    visit(&other, type, 0, 0);
    settle(&w);
    settle(&other);
    if (w.reason == NULL && memcmp(&w.classes, &other.classes, 2) != 0)
        w.reason = "has unnamed bit-fields, which gcc and clang pass "
                   "differently";
    if (w.reason == NULL && kaa_ctype_size(type) > 0 &&
        w.classes.of[0] == KAA_CALL__CLASS_NONE)
        w.reason = "begins with eight bytes, or all its bytes, of padding, "
                   "which kaa does not pass by value";
    if (w.reason != NULL) {
        kaa_ctype_print(type, NULL, text, sizeof(text));
        return kaa_base__fail(err, KAA_UNSUPPORTED, number, "%s %s", text,
                              w.reason);
    }
    *out = w.classes;
    return KAA_OK;
}

/* One or two registers for a value of these classes; 0 if they are not free. */
static int
take_registers(kaa_call__registers *r, const kaa_call__classes *classes,
               kaa_call__place *place, uint64_t size)
{
    uint32_t integers = 0, vectors = 0;

    for (int i = 0; i < 2; i++) {
        integers += classes->of[i] == KAA_CALL__CLASS_INTEGER;
        vectors += classes->of[i] == KAA_CALL__CLASS_SSE;
    }
    if (integers + vectors == 0 ||
        r->integers + integers > KAA_CALL__INTEGERS ||
        r->vectors + vectors > KAA_CALL__VECTORS)
        return 0;
    for (uint64_t i = 0; i < 2 && i * 8 < size; i++) {
        if (classes->of[i] == KAA_CALL__CLASS_NONE)
            break; /* only the second: padding */
        place->offset[i] = classes->of[i] == KAA_CALL__CLASS_INTEGER
                               ? kaa_call__integer_offset(r->integers++)
                               : kaa_call__vector_offset(r->vectors++);
        place->size[i] = (uint32_t)(size - i * 8 < 8 ? size - i * 8 : 8);
    }
    return 1;
}

static int
is_in(const kaa_call__classes *c, uint8_t a, uint8_t b)
{
    return c->of[0] == a && c->of[1] == b;
}

/* Which KAA_CALL__RESULT_* a result comes by; KAA_CALL__RESULT_COUNT: none. */
static uint32_t
result_of(const kaa_ctype *type, const kaa_call__classes *c)
{
    const uint8_t none = KAA_CALL__CLASS_NONE, i = KAA_CALL__CLASS_INTEGER,
                  d = KAA_CALL__CLASS_SSE;

    if (kaa_ctype_kind_of(type) == KAA_CTYPE_CLDOUBLE)
        return KAA_CALL__RESULT_X87_2;
    if (is_in(c, KAA_CALL__CLASS_MEMORY, KAA_CALL__CLASS_MEMORY))
        return KAA_CALL__RESULT_MEMORY;
    if (is_in(c, KAA_CALL__CLASS_X87, KAA_CALL__CLASS_X87UP))
        return KAA_CALL__RESULT_X87;
    if (is_in(c, i, none) || is_in(c, none, none))
        return KAA_CALL__RESULT_I;
    if (is_in(c, d, none))
        return KAA_CALL__RESULT_D;
    if (is_in(c, i, i))
        return KAA_CALL__RESULT_II;
    if (is_in(c, d, d))
        return KAA_CALL__RESULT_DD;
    if (is_in(c, i, d))
        return KAA_CALL__RESULT_ID;
    if (is_in(c, d, i))
        return KAA_CALL__RESULT_DI;
    return KAA_CALL__RESULT_COUNT;
}

kaa_status
kaa_call__place_result(const kaa_ctype *type, kaa_call_plan *plan,
                       kaa_call__registers *r, uint32_t *how, kaa_error *err)
{
    kaa_call__classes classes = {{KAA_CALL__CLASS_NONE, KAA_CALL__CLASS_NONE}};
    kaa_status status = KAA_OK;

    (void)plan;
    if (kaa_ctype_size(type) > 0)
        status = kaa_call__classify(type, KAA_NO_ARGUMENT, &classes, err);
    *how = result_of(type, &classes);
    if (*how == KAA_CALL__RESULT_MEMORY)
        r->integers = 1;
    return status;
}

kaa_status
kaa_call__place_argument(const kaa_ctype *type, uint32_t number,
                         kaa_call__registers *r, kaa_call__place *place,
                         int *fits, kaa_error *err)
{
    uint64_t size = kaa_ctype_size(type);
    kaa_call__classes classes;
    kaa_status status = kaa_call__classify(type, number, &classes, err);

    if (status == KAA_OK)
        *fits = take_registers(r, &classes, place, size) ||
                kaa_call__take_stack(r, place, size, kaa_ctype_align(type));
    return status;
}

#endif
