/* call/aarch64.c - which registers a value travels in, AArch64 (AAPCS64, as
 * Linux has it), and the calls themselves.
 *
 * Rules of that standard, section 6.8.2, in its order:
 * - Floating numbers take a vector register each. So do the members of a
 *   homogeneous aggregate: one to four numbers of one floating type and nothing
 *   else (complex numbers are such). They get their registers all together or
 *   stand on the stack as they are.
 * - Any other record of more than 16 bytes is replaced by the address of a copy
 *   that the callee owns.
 * - Integers, pointers and other records take one or two general registers;
 *   what is naturally aligned to 16 begins at an even one.
 * - Once a value found too few registers of a sort, that sort is used up.
 * Variable arguments travel as named ones do. A result takes the registers that
 * it would take as a first argument; where that is an address, the caller gives
 * it in x8 instead.
 */
#include "call/internal.h"

#if KAA_CALL__AAPCS

#define DEPTH_MAX 100

/* What a type holds, seen as a homogeneous aggregate. */
typedef struct homogeneous {
    uint64_t piece; /* bytes of its floating type; 0: none was seen */
    uint64_t count;
    int is_other;    /* holds something else */
    int is_disputed; /* has an array of no elements: gcc looks at their type,
                        clang takes it for something else */
    int is_unknown;  /* has a floating type that kaa has no values of */
} homogeneous;

static uint64_t
floating_piece(kaa_ctype_kind kind)
{
    switch ((int)kind) {
    case KAA_CTYPE_FLOAT:
    case KAA_CTYPE_CFLOAT:
        return 4;
    case KAA_CTYPE_DOUBLE:
    case KAA_CTYPE_CDOUBLE:
        return 8;
    case KAA_CTYPE_LDOUBLE:
    case KAA_CTYPE_CLDOUBLE:
        return 16;
    default:
        return 0;
    }
}

static uint64_t look_into(homogeneous *h, const kaa_ctype *type, int depth);

static uint64_t
look_into_record(homogeneous *h, const kaa_ctype *type, int depth)
{
    const kaa_ctype_member *members = kaa_ctype_members(type);
    int is_union = kaa_ctype_kind_of(type) == KAA_CTYPE_UNION;
    uint64_t count = 0;

    for (uint64_t i = 0; i < kaa_ctype_count(type) && !h->is_other; i++) {
        uint64_t one = 0;

        if (members[i].bit_width == KAA_CTYPE_NOT_A_BIT_FIELD)
            one = look_into(h, members[i].type, depth + 1);
        else
            h->is_other = members[i].bit_width > 0;
        count = is_union ? (one > count ? one : count) : count + one;
    }
    return count;
}

/* The number of floating numbers in a type; sets is_other where there is
 * anything else, padding too. */
static uint64_t
look_into(homogeneous *h, const kaa_ctype *type, int depth)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    kaa_ctype_kind kind = kaa_ctype_kind_of(bare);
    uint64_t size = kaa_ctype_size(bare), piece = floating_piece(kind);
    uint64_t count = 0;

    if (depth > DEPTH_MAX || size > 64) {
        h->is_other = 1;
    } else if (kind == KAA_CTYPE_STRUCT || kind == KAA_CTYPE_UNION) {
        count = look_into_record(h, bare, depth);
    } else if (kind == KAA_CTYPE_ARRAY) {
        const kaa_ctype *element = kaa_ctype_target(bare);
        uint64_t step = kaa_ctype_size(element);

        if (kaa_ctype_count(bare) == KAA_CTYPE_UNKNOWN_COUNT)
            h->is_other = 1;
        else if (kaa_ctype_count(bare) == 0)
            h->is_disputed = 1;
        else if (step > 0)
            count = look_into(h, element, depth + 1) * (size / step);
    } else if (piece != 0 && (h->piece == 0 || h->piece == piece)) {
        h->piece = piece;
        count = size / piece;
    } else {
        h->is_unknown = kind == KAA_CTYPE_FLOAT16 || kind == KAA_CTYPE_FLOAT128;
        h->is_other = 1;
    }
    if (!h->is_other && count * h->piece != size)
        h->is_other = 1; /* padding */
    return count;
}

/* Whether a type is naturally aligned to 16: what aligned(n) asks of a whole
 * record does not count, what it asks of a member does. */
static int
is_quad_aligned(const kaa_ctype *type, int depth, int *is_disputed)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    const kaa_ctype_member *members = kaa_ctype_members(bare);
    kaa_ctype_kind kind = kaa_ctype_kind_of(bare);
    int found = 0;

    if (depth > DEPTH_MAX)
        *is_disputed = 1;
    if (kind == KAA_CTYPE_ARRAY)
        return kaa_ctype_align(kaa_ctype_target(bare)) >= 16;
    if (kind != KAA_CTYPE_STRUCT && kind != KAA_CTYPE_UNION)
        return kaa_ctype_align(bare) >= 16;
    for (uint64_t i = 0; i < kaa_ctype_count(bare); i++) {
        int is_packed = ((kaa_ctype_flags(bare) | members[i].flags) &
                         KAA_CTYPE_PACKED) != 0;
        int is_wide = kaa_ctype_align(members[i].type) >= 16;

        if (members[i].align >= 16 || (is_wide && !is_packed))
            found = 1;
        /* gcc has changed its mind on these. */
        if (is_wide && members[i].bit_width != KAA_CTYPE_NOT_A_BIT_FIELD &&
            (is_packed || members[i].bit_width == 0))
            *is_disputed = 1;
    }
    return found;
}

/* How a value travels, before registers are given out. */
typedef struct travel {
    uint64_t piece;   /* in vector registers: bytes of each; else 0 */
    int is_reference; /* by its address */
    int is_quad_aligned;
    const char *reason; /* why it cannot; else NULL */
} travel;

static void
find_travel(const kaa_ctype *type, travel *out)
{
    homogeneous h = {0, 0, 0, 0, 0};
    uint64_t size = kaa_ctype_size(type);
    int is_disputed = 0;

    memset(out, 0, sizeof(*out));
    h.count = look_into(&h, type, 0);
    if (!h.is_other && h.count >= 1 && h.count <= 4) {
        out->piece = h.piece;
        is_disputed = h.is_disputed;
    } else if (size > 16) {
        out->is_reference = 1;
    }
    if (!out->is_reference)
        out->is_quad_aligned = is_quad_aligned(type, 0, &is_disputed);
    if (is_disputed)
        out->reason = "has members that compilers pass differently";
    else if (h.is_unknown)
        out->reason = "is of a type that kaa does not pass by value";
}

static kaa_status
fail(const kaa_ctype *type, uint32_t number, const char *reason, kaa_error *err)
{
    char text[120];

    kaa_ctype_print(type, NULL, text, sizeof(text));
    return kaa_base__fail(err, KAA_UNSUPPORTED, number, "%s %s", text, reason);
}

kaa_status
kaa_call__place_result(const kaa_ctype *type, kaa_call_plan *plan,
                       kaa_call__registers *r, uint32_t *how, kaa_error *err)
{
    uint64_t size = kaa_ctype_size(type);
    travel t;

    (void)r;
    *how = KAA_CALL__RESULT_I;
    if (size == 0)
        return KAA_OK;
    find_travel(type, &t);
    if (t.reason != NULL)
        return fail(type, KAA_NO_ARGUMENT, t.reason, err);
    plan->result_piece = (uint8_t)t.piece;
    if (t.piece == size && size <= 8 &&
        plan->result_load != KAA_CALL__LOAD_BYTES)
        *how = KAA_CALL__RESULT_D;
    else if (t.piece != 0)
        *how = KAA_CALL__RESULT_VECTORS;
    else if (t.is_reference)
        *how = KAA_CALL__RESULT_MEMORY;
    else if (size > 8)
        *how = KAA_CALL__RESULT_II;
    return KAA_OK;
}

static int
take_vectors(kaa_call__registers *r, kaa_call__place *place, uint64_t size,
             uint64_t piece)
{
    uint32_t count = (uint32_t)(size / piece);

    if (r->vectors + count > KAA_CALL__VECTORS) {
        r->vectors = KAA_CALL__VECTORS;
        return 0;
    }
    place->offset[0] = kaa_call__vector_offset(r->vectors);
    place->size[0] = (uint32_t)size;
    if (count > 1) {
        place->size[1] = (uint32_t)piece;
        place->load = KAA_CALL__LOAD_SPREAD;
    }
    r->vectors += count;
    r->is_wide |= piece > 8;
    return 1;
}

static int
take_integers(kaa_call__registers *r, kaa_call__place *place, uint64_t size,
              int is_quad_aligned)
{
    uint32_t first = is_quad_aligned ? (r->integers + 1) & ~1u : r->integers;
    uint32_t count = (uint32_t)((size + 7) / 8);

    if (first + count > KAA_CALL__INTEGERS) {
        r->integers = KAA_CALL__INTEGERS;
        return 0;
    }
    place->offset[0] = kaa_call__integer_offset(first);
    place->size[0] = (uint32_t)size;
    r->integers = first + count;
    return 1;
}

/* The place of an address; the value's own follows in place_references(). */
static int
take_reference(kaa_call__registers *r, kaa_call__place *place, uint64_t size)
{
    kaa_call__place address = *place;

    if (!take_integers(r, &address, 8, 0) &&
        !kaa_call__take_stack(r, &address, 8, 8))
        return 0;
    place->load = KAA_CALL__LOAD_REFERENCE;
    place->offset[1] = address.offset[0];
    place->size[0] = (uint32_t)size;
    return 1;
}

kaa_status
kaa_call__place_argument(const kaa_ctype *type, uint32_t number,
                         kaa_call__registers *r, kaa_call__place *place,
                         int *fits, kaa_error *err)
{
    uint64_t size = kaa_ctype_size(type);
    travel t;

    find_travel(type, &t);
    if (t.reason != NULL)
        return fail(type, number, t.reason, err);
    if (t.is_reference)
        *fits = take_reference(r, place, size);
    else
        *fits =
            (t.piece != 0 ? take_vectors(r, place, size, t.piece)
                          : take_integers(r, place, size, t.is_quad_aligned)) ||
            kaa_call__take_stack(r, place, size, t.is_quad_aligned ? 16 : 8);
    return KAA_OK;
}

void
kaa_call__store_otherwise(const kaa_call__place *place, kaa_call__frame *frame,
                          const void *value)
{
    unsigned char *to = (unsigned char *)frame + place->offset[0];
    const unsigned char *from = value;

    if (place->load == KAA_CALL__LOAD_REFERENCE) {
        memcpy(to, value, place->size[0]);
        memcpy((unsigned char *)frame + place->offset[1], &to, sizeof(to));
        return;
    }
    for (uint32_t at = 0; at < place->size[0]; at += place->size[1]) {
        memcpy(to, from + at, place->size[1]);
        to += 8 * KAA_CALL__VECTOR_WORDS;
    }
}

/* ---- calls */

/* What the registers of results hold afterwards. */
typedef struct returned {
    uint64_t integers[2];
    uint64_t vectors[4][2];
} returned;

_Static_assert(offsetof(kaa_call__frame, vectors) == 64 &&
                   offsetof(kaa_call__frame, result) == 192 &&
                   sizeof(kaa_call__frame) == 224,
               "the assembly below has these offsets");

/* Copies `words` from behind the frame onto the stack, loads all registers for
 * arguments from the frame and x8, and calls. The .cfi lines let debuggers,
 * profilers and C++ exceptions pass through. */
void kaa_call__enter(const kaa_call__frame *frame, kaa_function target,
                     uint64_t words, void *memory, returned *out);

__asm__(".pushsection .text\n"
        ".p2align 4\n"
        ".globl kaa_call__enter\n"
        ".hidden kaa_call__enter\n"
        ".type kaa_call__enter, @function\n"
        "kaa_call__enter:\n"
        ".cfi_startproc\n"
        "    stp x29, x30, [sp, #-32]!\n"
        ".cfi_def_cfa_offset 32\n"
        ".cfi_offset x29, -32\n"
        ".cfi_offset x30, -24\n"
        "    mov x29, sp\n"
        ".cfi_def_cfa_register x29\n"
        "    str x19, [sp, #16]\n"
        ".cfi_offset x19, -16\n"
        "    mov x19, x4\n"
        "    mov x8, x3\n"
        "    mov x9, x0\n"
        "    mov x10, x1\n"
        "    add x2, x2, #1\n"
        "    and x2, x2, #-2\n"
        "    sub sp, sp, x2, lsl #3\n"
        "    add x11, x9, #224\n"
        "    mov x12, sp\n"
        "    cbz x2, 2f\n"
        "1:  ldp x13, x14, [x11], #16\n"
        "    stp x13, x14, [x12], #16\n"
        "    subs x2, x2, #2\n"
        "    b.ne 1b\n"
        "2:  ldp q0, q1, [x9, #64]\n"
        "    ldp q2, q3, [x9, #96]\n"
        "    ldp q4, q5, [x9, #128]\n"
        "    ldp q6, q7, [x9, #160]\n"
        "    ldp x0, x1, [x9]\n"
        "    ldp x2, x3, [x9, #16]\n"
        "    ldp x4, x5, [x9, #32]\n"
        "    ldp x6, x7, [x9, #48]\n"
        "    blr x10\n"
        "    stp x0, x1, [x19]\n"
        "    stp q0, q1, [x19, #16]\n"
        "    stp q2, q3, [x19, #48]\n"
        "    ldr x19, [x29, #16]\n"
        "    mov sp, x29\n"
        ".cfi_def_cfa_register sp\n"
        "    ldp x29, x30, [sp], #32\n"
        ".cfi_def_cfa_offset 0\n"
        ".cfi_restore x29\n"
        ".cfi_restore x30\n"
        ".cfi_restore x19\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size kaa_call__enter, . - kaa_call__enter\n"
        ".popsection\n");

static void
call(const kaa_call_plan *plan, kaa_function target, kaa_call__frame *frame)
{
    unsigned char *memory =
        plan->result_in_memory ? frame->result_memory : frame->result.bytes;
    uint32_t piece = plan->result_piece;
    returned got;

    kaa_call__enter(frame, target, plan->stack_words, memory, &got);
    switch (plan->result_how) {
    case KAA_CALL__RESULT_I:
        frame->result.words[0] = kaa_call__widen(plan, got.integers[0]);
        break;
    case KAA_CALL__RESULT_II:
        memcpy(frame->result.words, got.integers, sizeof(got.integers));
        break;
    case KAA_CALL__RESULT_D:
        memcpy(frame->result.words, got.vectors[0], sizeof(uint64_t));
        break;
    case KAA_CALL__RESULT_VECTORS:
        for (uint32_t i = 0; i * piece < plan->result_size; i++)
            memcpy(memory + i * piece, got.vectors[i], piece);
        break;
    default: /* it is in `memory` */
        break;
    }
}

uint32_t
kaa_call__stack_words(uint32_t words)
{
    return (words + 1) & ~1u;
}

kaa_call__caller *
kaa_call__caller_any(uint32_t result, uint32_t stack_words, int is_variadic)
{
    (void)result;
    (void)stack_words;
    (void)is_variadic;
    return call;
}

#endif
