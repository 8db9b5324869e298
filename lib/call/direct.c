/* call/direct.c - placing arguments in registers and on the stack.
 *
 * System V x86-64, section 3.2.3: a value whose classes all find a free
 * register gets them; any other goes onto the stack as a whole, and later
 * arguments may still get registers. The stack is words of 8 bytes; a value
 * aligned to 16 begins at an even one.
 *
 * AArch64 (AAPCS64, Linux): scalars only; eight registers of each sort, then
 * the stack. Records and complex numbers are left to libffi.
 */
#include "call/internal.h"

typedef struct registers {
    uint32_t integers;
    uint32_t vectors;
    uint32_t stack; /* words */
} registers;

static uint32_t
integer_offset(uint32_t index)
{
    return (uint32_t)offsetof(kaa_call__frame, integers) + 8 * index;
}

static uint32_t
vector_offset(uint32_t index)
{
    return (uint32_t)offsetof(kaa_call__frame, vectors) + 8 * index;
}

/* One or two registers for a value of these classes; 0 if they are not free. */
static int
take_registers(registers *r, const kaa_call__classes *classes,
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
                               ? integer_offset(r->integers++)
                               : vector_offset(r->vectors++);
        place->size[i] = (uint32_t)(size - i * 8 < 8 ? size - i * 8 : 8);
    }
    return 1;
}

/* Words on the stack; 0 if kaa's callers do not have as many. */
static int
take_stack(registers *r, kaa_call__place *place, uint64_t size, uint32_t align)
{
    uint32_t first = align >= 16 ? (r->stack + 1) & ~1u : r->stack;

    if (size > 8ull * KAA_CALL__STACK_MAX ||
        first + (size + 7) / 8 > KAA_CALL__STACK_MAX)
        return 0;
    r->stack = first + (uint32_t)((size + 7) / 8);
    place->offset[0] = (uint32_t)sizeof(kaa_call__frame) + 8 * first;
    place->size[0] = (uint32_t)size;
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

/* A shape that callers may inline, or ANY. */
static uint8_t
shape_of(uint32_t result, const registers *r)
{
    if (r->stack > 0 || (r->integers > 0 && r->vectors > 0))
        return KAA_CALL__SHAPE_ANY;
    if (result == KAA_CALL__RESULT_I && r->vectors == 0 && r->integers <= 6)
        return (uint8_t)(KAA_CALL__SHAPE_I_ + r->integers);
    if (result == KAA_CALL__RESULT_I && r->integers == 0 && r->vectors <= 2)
        return (uint8_t)(KAA_CALL__SHAPE_I_D + r->vectors - 1);
    if (result != KAA_CALL__RESULT_D)
        return KAA_CALL__SHAPE_ANY;
    if (r->integers == 0 && r->vectors <= 4)
        return (uint8_t)(KAA_CALL__SHAPE_D_ + r->vectors);
    if (r->vectors == 0 && r->integers > 0 && r->integers <= 2)
        return (uint8_t)(KAA_CALL__SHAPE_D_I + r->integers - 1);
    return KAA_CALL__SHAPE_ANY;
}

/* Whether kaa's callers know a type of this platform at all. */
static int
is_known(const kaa_ctype *type)
{
    return KAA_CALL__SYSV || kaa_call__load_of(type) != KAA_CALL__LOAD_BYTES;
}

static kaa_status
place_arguments(kaa_call_plan *plan, registers *r, int *fits, kaa_error *err)
{
    const kaa_ctype_parameter *parameters =
        kaa_ctype_parameters(plan->signature);

    for (uint32_t i = 0; *fits && i < plan->argument_count; i++) {
        const kaa_ctype *type = kaa_ctype_strip(parameters[i].type);
        kaa_call__place *place = &plan->places[i];
        kaa_call__classes classes;
        kaa_status status;
        uint64_t size = kaa_ctype_size(type);

        if (size == 0)
            continue;
        *fits = is_known(type);
        if (!*fits)
            break;
        status = kaa_call__classify(type, i, &classes, err);
        if (status != KAA_OK)
            return status;
        *fits = take_registers(r, &classes, place, size) ||
                take_stack(r, place, size, kaa_ctype_align(type));
    }
    return KAA_OK;
}

kaa_status
kaa_call__place_direct(kaa_call_plan *plan, int is_variadic, kaa_error *err)
{
    const kaa_ctype *result =
        kaa_ctype_strip(kaa_ctype_target(plan->signature));
    kaa_call__classes classes = {{KAA_CALL__CLASS_NONE, KAA_CALL__CLASS_NONE}};
    registers r = {0, 0, 0};
    uint32_t how;
    int fits;
    kaa_status status;

    if (plan->result_size > 0) {
        if (!is_known(result))
            return KAA_OK;
        status = kaa_call__classify(result, KAA_NO_ARGUMENT, &classes, err);
        if (status != KAA_OK)
            return status;
    }
    how = result_of(result, &classes);
    if (how == KAA_CALL__RESULT_MEMORY)
        r.integers = 1;
    fits = how != KAA_CALL__RESULT_COUNT;
    status = place_arguments(plan, &r, &fits, err);
    if (status != KAA_OK || !fits)
        return status;

    plan->is_direct = 1;
    plan->result_how = (uint8_t)how;
    plan->shape = is_variadic ? KAA_CALL__SHAPE_ANY : shape_of(how, &r);
    plan->caller = kaa_call__caller_of_shape(plan->shape);
    if (plan->caller == NULL)
        plan->caller = kaa_call__caller_any(how, r.stack, is_variadic);
    plan->frame_size =
        (uint32_t)sizeof(kaa_call__frame) + 8 * kaa_call__stack_words(r.stack);
    KAA_ASSERT(plan->caller != NULL);
    return KAA_OK;
}
