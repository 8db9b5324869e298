/* closure/borrowed.c - kaa's placing of values behind libffi's trampolines,
 * AArch64.
 *
 * libffi 3.4 has no __int128 there, and begins a record aligned to 16 bytes at
 * any register. So it is told of a function that takes one argument for each
 * register, and one on the stack: it saves the registers, says where they are,
 * and copies a result of the widest sort back to the registers of results.
 *
 *     libffi's arguments         kaa_closure__frame
 *     uint64_t     x0 .. x7  --> integers
 *     long double  q0 .. q7  --> vectors
 *     uint64_t     [sp]      --> as many words behind the frame as the plan has
 *     the result             <-- out; or the storage that x8 points at
 */
#include "closure/internal.h"

#if KAA_CALL__AAPCS

#define REGISTERS (KAA_CALL__INTEGERS + KAA_CALL__VECTORS)
/* Words on the stack that most have no more of. */
#define FEW_WORDS 32u

static void
answer(kaa_closure *closure, void *result, void *const *arguments, void *room)
{
    const kaa_call_plan *plan = closure->plan;
    kaa_closure__frame *frame = room;

    for (uint32_t i = 0; i < KAA_CALL__INTEGERS; i++)
        memcpy(&frame->integers[i], arguments[i], 8);
    for (uint32_t i = 0; i < KAA_CALL__VECTORS; i++)
        memcpy(&frame->vectors[i * KAA_CALL__VECTOR_WORDS],
               arguments[KAA_CALL__INTEGERS + i], 8 * KAA_CALL__VECTOR_WORDS);
    memcpy(frame + 1, arguments[REGISTERS], 8 * (size_t)plan->stack_words);
    memset(&frame->out, 0, sizeof(frame->out));
    frame->memory = result;
    kaa_closure__answer_any(closure, frame);
    if (plan->result_how == KAA_CALL__RESULT_I)
        memcpy(result, frame->out.in.integers, 8);
    else if (plan->result_how == KAA_CALL__RESULT_II)
        memcpy(result, frame->out.in.integers, 16);
    else if (plan->result_how != KAA_CALL__RESULT_MEMORY)
        memcpy(result, frame->out.in.vectors, sizeof(frame->out.in.vectors));
}

__attribute__((noinline)) static void
answer_many(kaa_closure *closure, void *result, void *const *arguments)
{
    _Alignas(16) unsigned char
        room[sizeof(kaa_closure__frame) + 8 * KAA_CALL__STACK_MAX];

    answer(closure, result, arguments, room);
}

static void
enter(ffi_cif *cif, void *result, void **arguments, void *user)
{
    kaa_closure *closure = user;
    _Alignas(16) unsigned char room[sizeof(kaa_closure__frame) + 8 * FEW_WORDS];

    (void)cif;
    if (closure->plan->stack_words <= FEW_WORDS)
        answer(closure, result, arguments, room);
    else
        answer_many(closure, result, arguments);
}

/* A structure of `count` members of one type. */
static ffi_type *
structure(kaa_base__arena *arena, ffi_type *member, uint32_t count)
{
    ffi_type *made = kaa_base__arena_alloc(arena, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->type = FFI_TYPE_STRUCT;
    made->size = 0; /* libffi's to find out */
    made->alignment = 0;
    made->elements =
        kaa_base__arena_alloc(arena, (count + 1) * sizeof(ffi_type *));
    if (made->elements == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        made->elements[i] = member;
    made->elements[count] = NULL;
    return made;
}

kaa_status
kaa_closure__borrowed_init(kaa_closure *closure, kaa_error *err)
{
    uint32_t how = closure->plan->result_how;
    ffi_type *result = &ffi_type_uint64;
    kaa_call__ffi *ffi = kaa_base__alloc_zeroed(sizeof(*ffi));

    closure->ffi = ffi;
    if (ffi != NULL)
        ffi->types = kaa_base__arena_alloc(&ffi->arena, (REGISTERS + 1) *
                                                            sizeof(ffi_type *));
    if (ffi == NULL || ffi->types == NULL)
        return kaa_base__fail_memory(err, "a function pointer");
    if (how == KAA_CALL__RESULT_II)
        result = structure(&ffi->arena, &ffi_type_uint64, 2);
    else if (how == KAA_CALL__RESULT_MEMORY)
        result = structure(&ffi->arena, &ffi_type_uint64, 8);
    else if (how != KAA_CALL__RESULT_I)
        result = structure(&ffi->arena, &ffi_type_longdouble, 4);
    if (result == NULL)
        return kaa_base__fail_memory(err, "a function pointer");
    for (uint32_t i = 0; i < REGISTERS; i++)
        ffi->types[i] =
            i < KAA_CALL__INTEGERS ? &ffi_type_uint64 : &ffi_type_longdouble;
    ffi->types[REGISTERS] = &ffi_type_uint64;
    if (ffi_prep_cif(&ffi->cif, FFI_DEFAULT_ABI, REGISTERS + 1, result,
                     ffi->types) != FFI_OK)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "libffi makes no such trampoline");
    return kaa_closure__trampoline_init(closure, enter, err);
}

#else

kaa_status
kaa_closure__borrowed_init(kaa_closure *closure, kaa_error *err)
{
    (void)closure;
    return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                          "no trampoline of that sort");
}

#endif
