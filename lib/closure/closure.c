/* closure/closure.c - function pointers made at run time.
 *
 * Retiring sets one flag that each call reads first: a call that has seen it
 * clear goes on, and nothing here waits for it.
 */
#include "closure/internal.h"

static kaa_status
check(const kaa_ctype *signature, kaa_closure_callback callback,
      const kaa_closure_options *options, kaa_error *err)
{
    const char *fault = NULL;

    if (signature == NULL ||
        kaa_ctype_kind_of(kaa_ctype_strip(signature)) != KAA_CTYPE_FUNCTION)
        fault = "signature is not a function type";
    else if (callback == NULL)
        fault = "callback may not be NULL";
    else if (options->flags != 0)
        fault = "options have bits this kaa does not know";
    else if (kaa_ctype_count(kaa_ctype_strip(signature)) >
             KAA_CLOSURE__ARGUMENTS_MAX)
        fault = "signature has more than 1000 arguments";
    if (fault != NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT, "%s",
                              fault);
    if (kaa_ctype_flags(kaa_ctype_strip(signature)) & KAA_CTYPE_VARIADIC)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "a closure cannot take variable arguments");
    return KAA_OK;
}

/* One block: the closure, the offsets of its arguments, its error value. */
static kaa_closure *
alloc_closure(kaa_call_plan *plan, const kaa_closure_options *options)
{
    size_t offsets = plan->argument_count * sizeof(uint32_t);
    size_t result = (size_t)plan->result_size;
    kaa_closure *closure =
        result > SIZE_MAX / 2
            ? NULL
            : kaa_base__alloc_zeroed(sizeof(*closure) + offsets + result);

    if (closure == NULL)
        return NULL;
    closure->plan = plan;
    closure->argument_count = plan->argument_count;
    closure->result_size = result;
    closure->error_value = (unsigned char *)(closure + 1) + offsets;
    closure->slot = KAA_CLOSURE__NO_SLOT;
    closure->retired_hook = options->retired;
    if (options->error_value != NULL && result > 0)
        memcpy(closure->error_value, options->error_value, result);
    return closure;
}

static kaa_status
choose_way(kaa_closure *closure, int way, kaa_error *err)
{
    int is_placed =
        way != KAA_CLOSURE__LIBFFI_ONLY && kaa_closure__direct_prepare(closure);

    if (is_placed && way != KAA_CLOSURE__BORROWED_ONLY &&
        kaa_closure__direct_init(closure))
        return KAA_OK;
    if (KAA_CALL__AAPCS && is_placed && way != KAA_CLOSURE__DIRECT_ONLY)
        return kaa_closure__borrowed_init(closure, err);
    if (way == KAA_CLOSURE__ANY || way == KAA_CLOSURE__LIBFFI_ONLY)
        return kaa_closure__libffi_init(closure, err);
    return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                          "no trampoline of that sort");
}

kaa_status
kaa_closure__create(const kaa_ctype *signature, kaa_closure_callback callback,
                    void *user, const kaa_closure_options *options, int way,
                    kaa_closure **out_closure, kaa_error *err)
{
    kaa_closure_options chosen = {.size = sizeof(chosen)};
    kaa_call_plan *plan = NULL;
    kaa_closure *closure;
    kaa_status status;

    if (out_closure == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "out_closure may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status == KAA_OK)
        status = check(signature, callback, &chosen, err);
    if (status == KAA_OK)
        status = kaa_call_plan_create(signature, NULL, &plan, err);
    if (status != KAA_OK)
        return status;
    closure = alloc_closure(plan, &chosen);
    if (closure == NULL) {
        kaa_call_plan_destroy(plan);
        return kaa_base__fail_memory(err, "a closure");
    }
    closure->callback = callback;
    closure->user = user;
    status = choose_way(closure, way, err);
    if (status != KAA_OK) {
        kaa_closure_destroy(closure);
        return status;
    }
    *out_closure = closure;
    return KAA_OK;
}

kaa_status
kaa_closure_create(const kaa_ctype *signature, kaa_closure_callback callback,
                   void *user, const kaa_closure_options *options,
                   kaa_closure **out_closure, kaa_error *err)
{
    return kaa_closure__create(signature, callback, user, options,
                               KAA_CLOSURE__ANY, out_closure, err);
}

kaa_function
kaa_closure_pointer(const kaa_closure *closure)
{
    return closure != NULL ? closure->pointer : NULL;
}

void
kaa_closure_retire(kaa_closure *closure)
{
    if (closure != NULL)
        atomic_store_explicit(&closure->is_retired, 1, memory_order_release);
}

void
kaa_closure_destroy(kaa_closure *closure)
{
    if (closure == NULL)
        return;
    if (closure->slot != KAA_CLOSURE__NO_SLOT)
        kaa_closure__direct_fini(closure);
    else
        kaa_closure__libffi_fini(closure);
    kaa_call_plan_destroy(closure->plan);
    kaa_base__free(closure);
}
