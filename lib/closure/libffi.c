/* closure/libffi.c - closures through libffi: any signature, any machine.
 *
 * libffi allocates the executable part. Where memory may not be both writable
 * and executable, it maps trampolines from its own file, so most hardened
 * systems still work; where nothing can be mapped executable, creation fails
 * and says so.
 */
#include <errno.h>

#include "base/os/os.h"
#include "closure/internal.h"

#define COPIES_MAX 32u

/* Pointers for all arguments: libffi knows of none without a size, and points
 * at saved registers, which are aligned to 8 only. */
__attribute__((noinline)) static void
answer_spread(kaa_closure *closure, void *result, void *const *arguments)
{
    const kaa_ctype_parameter *parameters =
        kaa_ctype_parameters(closure->plan->signature);
    void *spread[KAA_CLOSURE__ARGUMENTS_MAX];
    _Alignas(16) unsigned char copies[COPIES_MAX][16];
    uint32_t copied = 0;
    uint64_t nothing = 0;

    for (uint32_t i = 0; i < closure->argument_count; i++)
        spread[i] = &nothing;
    for (uint32_t i = 0; i < closure->ffi->cif.nargs; i++) {
        uint32_t number = closure->ffi->numbers[i];
        const kaa_ctype *type = parameters[number].type;

        spread[number] = arguments[i];
        if (kaa_ctype_align(type) <= 8 || kaa_ctype_size(type) > 16 ||
            (uintptr_t)arguments[i] % 16 == 0 || copied == COPIES_MAX)
            continue;
        memcpy(copies[copied], arguments[i], (size_t)kaa_ctype_size(type));
        spread[number] = copies[copied++];
    }
    kaa_closure__answer(closure, result, spread);
}

/* A narrow integer: the callback writes as many bytes as the type has, libffi
 * wants a whole ffi_arg. Big-endian machines have the narrow value in front. */
static void
answer_narrow(kaa_closure *closure, void *result, void *const *arguments)
{
    const kaa_call_plan *plan = closure->plan;
    kaa_call__place place = {.offset = {offsetof(kaa_call__frame, result), 0},
                             .load = plan->result_load};
    kaa_call__frame frame;
    uint64_t narrow = 0;
    ffi_arg wide;

    if (!closure->has_split)
        kaa_closure__answer(closure, &narrow, arguments);
    else
        answer_spread(closure, &narrow, arguments);
    kaa_call__store(&place, &frame, &narrow);
    wide = (ffi_arg)frame.result.words[0];
    memcpy(result, &wide, sizeof(wide));
}

static void
enter(ffi_cif *cif, void *result, void **arguments, void *user)
{
    kaa_closure *closure = user;
    _Alignas(16) uint64_t own[2] = {0, 0};
    void *theirs = result;

    (void)cif;
    if (closure->plan->result_load >= KAA_CALL__LOAD_U8 &&
        closure->plan->result_load <= KAA_CALL__LOAD_S32) {
        answer_narrow(closure, result, arguments);
        return;
    }
    /* libffi's storage for results in registers is aligned to 8. */
    if (closure->result_size <= sizeof(own))
        result = own;
    else
        memset(result, 0, closure->result_size);
    if (KAA_LIKELY(!closure->has_split))
        kaa_closure__answer(closure, result, arguments);
    else
        answer_spread(closure, result, arguments);
    if (result == own && closure->result_size > 0)
        memcpy(theirs, own, closure->result_size);
}

/* Why there is no closure: no executable memory, or no memory? */
static kaa_status
refused(kaa_error *err)
{
    int why = kaa_base__executable_fault();

    if (why == 0 || why == ENOMEM)
        return kaa_base__fail_memory(err, "a function pointer");
    return kaa_base__fail(
        err, KAA_SYSTEM, KAA_NO_ARGUMENT,
        "no function pointer can be made for this signature: the process gets "
        "no new executable memory (%s), nor has libffi trampolines of its own",
        strerror(why));
}

/* libffi 3.4 gives a record whose second eight bytes are padding (only an
 * `aligned` record can be so) a register too many when it is called back. */
static kaa_status
check_padding(const kaa_ctype *signature, kaa_error *err)
{
#if KAA_CALL__SYSV
    const kaa_ctype_parameter *parameters = kaa_ctype_parameters(signature);

    for (uint32_t i = 0; i < kaa_ctype_count(signature); i++) {
        const kaa_ctype *type = kaa_ctype_strip(parameters[i].type);
        kaa_call__classes classes;

        if (kaa_ctype_size(type) > 8 &&
            kaa_call__classify(type, i, &classes, err) == KAA_OK &&
            classes.of[1] == KAA_CALL__CLASS_NONE)
            return kaa_base__fail(err, KAA_UNSUPPORTED, i,
                                  "libffi cannot be called back with a record "
                                  "whose second half is padding");
    }
#else
    (void)signature;
    (void)err;
#endif
    return KAA_OK;
}

kaa_status
kaa_closure__trampoline_init(kaa_closure *closure,
                             void (*entered)(ffi_cif *cif, void *result,
                                             void **arguments, void *user),
                             kaa_error *err)
{
    void *code = NULL;

    if (kaa_base__fault_due())
        return kaa_base__fail_memory(err, "a function pointer");
    closure->writable = ffi_closure_alloc(sizeof(ffi_closure), &code);
    if (closure->writable == NULL)
        return refused(err);
    memcpy(&closure->pointer, &code, sizeof(code));
    if (ffi_prep_closure_loc(closure->writable, &closure->ffi->cif, entered,
                             closure, code) != FFI_OK)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "libffi makes no closure of this signature");
    return KAA_OK;
}

kaa_status
kaa_closure__libffi_init(kaa_closure *closure, kaa_error *err)
{
    const kaa_ctype *signature = closure->plan->signature;
    kaa_status status = check_padding(signature, err);

    if (status == KAA_OK)
        status =
            kaa_call__ffi_create(signature, 0, UINT32_MAX, &closure->ffi, err);
    if (status != KAA_OK)
        return status;
    closure->has_split = closure->ffi->cif.nargs != closure->argument_count;
    for (uint32_t i = 0; i < closure->argument_count; i++)
        if (kaa_ctype_align(kaa_ctype_parameters(signature)[i].type) > 8)
            closure->has_split = 1;
    return kaa_closure__trampoline_init(closure, enter, err);
}

void
kaa_closure__libffi_fini(kaa_closure *closure)
{
    if (closure->writable != NULL)
        ffi_closure_free(closure->writable);
    kaa_call__ffi_destroy(closure->ffi);
}
