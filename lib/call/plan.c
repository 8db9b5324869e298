/* call/plan.c - from a function type to a plan.
 *
 * Nothing writes to a plan once kaa_call_plan_create() has returned it: that is
 * what lets threads share one without a lock. Do not add a cache here.
 */
#include "call/internal.h"

/* Far above any real signature. */
#define ARGUMENTS_MAX 1000u

#define NOT_VARIADIC UINT32_MAX

/* What a variable argument may be: of a type that C's promotions give. */
static kaa_status
check_variable(const kaa_ctype *type, uint32_t number, kaa_error *err)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    uint32_t load = kaa_call__load_of(bare);
    char text[120];

    if (load == KAA_CALL__LOAD_BYTES || load == KAA_CALL__LOAD_NOTHING ||
        (load != KAA_CALL__LOAD_FLOAT && kaa_ctype_size(bare) >= sizeof(int)))
        return KAA_OK;
    kaa_ctype_print(type, NULL, text, sizeof(text));
    return kaa_base__fail(err, KAA_INVALID_ARGUMENT, number,
                          "%s cannot be a variable argument: C promotes it to "
                          "%s",
                          text,
                          load == KAA_CALL__LOAD_FLOAT ? "double" : "int");
}

static kaa_status
check(const kaa_ctype *signature, const kaa_call_options *options,
      kaa_error *err)
{
    const char *fault = NULL;
    int takes_any;

    if (signature == NULL || kaa_ctype_kind_of(signature) != KAA_CTYPE_FUNCTION)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "signature is not a function type");
    takes_any = (kaa_ctype_flags(signature) &
                 (KAA_CTYPE_VARIADIC | KAA_CTYPE_UNPROTOTYPED)) != 0;
    if (options->flags & ~(uint32_t)(KAA_CALL_LIBFFI | KAA_CALL_ERRNO) ||
        options->reserved != 0)
        fault = "options have bits this kaa does not know";
    else if (kaa_ctype_count(signature) > ARGUMENTS_MAX)
        fault = "signature has more than 1000 arguments";
    else if (options->fixed_count > kaa_ctype_count(signature) ||
             (options->fixed_count != 0 && !takes_any))
        fault = "fixed_count does not fit the signature";
    if (fault == NULL)
        return KAA_OK;
    return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT, "%s",
                          fault);
}

static kaa_status
check_types(const kaa_ctype *signature, uint32_t fixed_count, kaa_error *err)
{
    const kaa_ctype_parameter *parameters = kaa_ctype_parameters(signature);
    uint32_t count = (uint32_t)kaa_ctype_count(signature);
    kaa_status status =
        kaa_call__check_type(kaa_ctype_target(signature), KAA_NO_ARGUMENT, err);

    for (uint32_t i = 0; i < count && status == KAA_OK; i++) {
        status = kaa_call__check_type(parameters[i].type, i, err);
        if (status == KAA_OK && i >= fixed_count)
            status = check_variable(parameters[i].type, i, err);
    }
    return status;
}

/* Which bits of an integer result the ABI defines. */
static void
describe_result(kaa_call_plan *plan, const kaa_ctype *type)
{
    const kaa_ctype *bare = kaa_ctype_strip(type);
    kaa_ctype_kind kind = kaa_ctype_kind_of(bare);

    plan->result_size = kaa_ctype_size(bare);
    plan->result_align = kaa_ctype_align(bare);
    plan->result_in_memory = plan->result_size > 16;
    plan->result_load = (uint8_t)kaa_call__load_of(bare);
    plan->result_is_bool = kind == KAA_CTYPE_BOOL;
    if (plan->result_load == KAA_CALL__LOAD_BYTES) {
        plan->result_mask = UINT64_MAX; /* a small record in one register */
    } else if (plan->result_load != KAA_CALL__LOAD_NOTHING &&
               plan->result_load != KAA_CALL__LOAD_FLOAT &&
               kind != KAA_CTYPE_DOUBLE) {
        uint64_t top = (uint64_t)1 << (plan->result_size * 8 - 1);

        plan->result_mask = top | (top - 1);
        plan->result_sign =
            plan->result_size < 8 && kaa_ctype_is_signed(bare) ? top : 0;
    }
}

/* Places for libffi: one after another in the frame's memory part, then the
 * table of pointers to them. */
static kaa_status
place_libffi(kaa_call_plan *plan, uint32_t fixed_count, kaa_error *err)
{
    const kaa_ctype_parameter *parameters =
        kaa_ctype_parameters(plan->signature);
    uint64_t at = sizeof(kaa_call__frame);
    kaa_status status =
        kaa_call__ffi_create(plan->signature, 1, fixed_count, &plan->ffi, err);

    if (status != KAA_OK)
        return status;
    for (uint32_t i = 0; i < plan->argument_count; i++) {
        kaa_call__place *place = &plan->places[i];
        uint64_t size = kaa_ctype_size(parameters[i].type);
        uint64_t align = kaa_ctype_align(parameters[i].type) > 8 ? 16 : 8;

        place->load = kaa_call__load_of(parameters[i].type);
        memset(place->offset, 0, sizeof(place->offset));
        memset(place->size, 0, sizeof(place->size));
        if (size == 0)
            continue;
        at = (at + align - 1) / align * align;
        place->offset[0] = (uint32_t)at;
        place->size[0] = (uint32_t)size;
        at += (size + 7) / 8 * 8;
        if (at > KAA_CALL__FRAME_MAX)
            return kaa_base__fail(err, KAA_UNSUPPORTED, i,
                                  "the arguments have more than %u bytes",
                                  KAA_CALL__FRAME_MAX);
    }
    plan->ffi->pointers_offset = (uint32_t)at;
    at += plan->ffi->cif.nargs * sizeof(void *);
    plan->frame_size = (uint32_t)((at + 15) / 16 * 16);
    plan->shape = KAA_CALL__SHAPE_LIBFFI;
    plan->caller = kaa_call__caller_libffi;
    return KAA_OK;
}

static kaa_status
prepare(kaa_call_plan *plan, uint32_t fixed_count, kaa_error *err)
{
    const kaa_ctype_parameter *parameters =
        kaa_ctype_parameters(plan->signature);
    kaa_status status = KAA_OK;

    describe_result(plan, kaa_ctype_target(plan->signature));
    for (uint32_t i = 0; i < plan->argument_count; i++)
        plan->places[i].load = kaa_call__load_of(parameters[i].type);
    if (KAA_CALL__DIRECT && !(plan->flags & KAA_CALL_LIBFFI))
        status = kaa_call__place_direct(plan, fixed_count != NOT_VARIADIC, err);
    if (status == KAA_OK && !plan->is_direct)
        status = place_libffi(plan, fixed_count, err);
    if (status == KAA_OK && plan->flags & KAA_CALL_ERRNO) {
        plan->inner = plan->caller;
        plan->caller = kaa_call__caller_errno;
        if (plan->is_direct)
            plan->shape = KAA_CALL__SHAPE_ANY;
    }
    return status;
}

kaa_status
kaa_call_plan_create(const kaa_ctype *signature,
                     const kaa_call_options *options, kaa_call_plan **out_plan,
                     kaa_error *err)
{
    kaa_call_options chosen = {.size = sizeof(chosen)};
    uint32_t fixed_count = NOT_VARIADIC;
    kaa_call_plan *plan;
    kaa_status status;
    size_t count;

    if (out_plan == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "out_plan may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status == KAA_OK)
        status = check(signature, &chosen, err);
    if (status != KAA_OK)
        return status;
    signature = kaa_ctype_strip(signature);
    count = (size_t)kaa_ctype_count(signature);
    if (kaa_ctype_flags(signature) &
        (KAA_CTYPE_VARIADIC | KAA_CTYPE_UNPROTOTYPED))
        fixed_count =
            chosen.fixed_count != 0 ? chosen.fixed_count : (uint32_t)count;
    status = check_types(signature, fixed_count, err);
    if (status != KAA_OK)
        return status;

    plan =
        kaa_base__alloc_zeroed(sizeof(*plan) + count * sizeof(kaa_call__place));
    if (plan == NULL)
        return kaa_base__fail_memory(err, "a call plan");
    plan->signature = signature;
    plan->argument_count = (uint32_t)count;
    plan->flags = chosen.flags;
    status = prepare(plan, fixed_count, err);
    if (status != KAA_OK) {
        kaa_call_plan_destroy(plan);
        return status;
    }
    *out_plan = plan;
    return KAA_OK;
}

void
kaa_call_plan_destroy(kaa_call_plan *plan)
{
    if (plan == NULL)
        return;
    kaa_call__ffi_destroy(plan->ffi);
    kaa_base__free(plan);
}

int
kaa_call_plan_is_direct(const kaa_call_plan *plan)
{
    return plan != NULL && plan->is_direct;
}
