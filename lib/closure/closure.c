/* closure/closure.c - function pointers made at run time, through libffi.
 *
 * libffi allocates the executable part. Where memory may not be both writable
 * and executable, it maps trampolines from its own file, so a hardened system
 * still works; where nothing can be mapped executable, creation fails and says
 * so.
 *
 * Retiring sets one flag that each call reads first: a call that has seen it
 * clear goes on, and nothing here waits for it.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kaa/closure.h>

#include "call/internal.h"

#define ARGUMENTS_MAX 1000u

struct kaa_closure {
    ffi_closure *writable;
    kaa_function pointer;
    kaa_call__ffi *ffi;
    kaa_closure_callback callback;
    void *user;
    void (*retired_hook)(void *user);
    atomic_int is_retired;
    uint32_t argument_count;
    uint32_t result_load; /* KAA_CALL__LOAD_* */
    size_t result_size;
    unsigned char error_value[]; /* result_size bytes */
};

/* What the ABI wants of a narrow integer: libffi reads a whole ffi_arg. */
static void
widen(void *out, const void *from, uint32_t load)
{
    kaa_call__frame frame;
    kaa_call__place place = {.offset = {offsetof(kaa_call__frame, result), 0},
                             .load = load};
    ffi_arg wide;

    kaa_call__store(&place, &frame, from);
    wide = (ffi_arg)frame.result.words[0];
    memcpy(out, &wide, sizeof(wide));
}

static void
answer(kaa_closure *closure, void *result, void *const *arguments)
{
    if (atomic_load_explicit(&closure->is_retired, memory_order_acquire)) {
        if (closure->retired_hook != NULL)
            closure->retired_hook(closure->user);
        memcpy(result, closure->error_value, closure->result_size);
    } else {
        closure->callback(result, arguments, closure->user);
    }
}

/* libffi does not know of arguments without a size: they get pointers here. */
__attribute__((noinline)) static void
answer_spread(kaa_closure *closure, void *result, void *const *arguments)
{
    void *spread[ARGUMENTS_MAX];
    uint64_t nothing = 0;

    for (uint32_t i = 0; i < closure->argument_count; i++)
        spread[i] = &nothing;
    for (uint32_t i = 0; i < closure->ffi->cif.nargs; i++)
        spread[closure->ffi->numbers[i]] = arguments[i];
    answer(closure, result, spread);
}

static void
enter(ffi_cif *cif, void *result, void **arguments, void *user)
{
    kaa_closure *closure = user;
    uint32_t load = closure->result_load;
    uint64_t narrow[2] = {0, 0};
    int is_narrow = load >= KAA_CALL__LOAD_U8 && load <= KAA_CALL__LOAD_S32;
    int is_own = is_narrow || closure->result_size == 0;
    void *place = is_own ? narrow : result;

    if (!is_own)
        memset(result, 0, closure->result_size);
    if (KAA_LIKELY(cif->nargs == closure->argument_count))
        answer(closure, place, arguments);
    else
        answer_spread(closure, place, arguments);
    if (is_narrow)
        widen(result, narrow, load);
}

/* Why there is no closure: no executable memory, or no memory? */
static kaa_status
refused(kaa_error *err)
{
    long page = sysconf(_SC_PAGESIZE);
    size_t bytes = page > 0 ? (size_t)page : 4096;
    void *probe = mmap(NULL, bytes, PROT_READ | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int why = errno;

    if (probe != MAP_FAILED) {
        munmap(probe, bytes);
        return kaa_base__fail_memory(err, "a function pointer");
    }
    if (why == ENOMEM)
        return kaa_base__fail_memory(err, "a function pointer");
    return kaa_base__fail(
        err, KAA_SYSTEM, KAA_NO_ARGUMENT,
        "no function pointer can be made: this system allows the process no "
        "new executable memory (%s), and libffi has no trampolines ready",
        strerror(why));
}

static kaa_status
check(const kaa_ctype *signature, kaa_closure_callback callback,
      const kaa_closure_options *options, kaa_error *err)
{
    const char *fault = NULL;

    if (signature == NULL || kaa_ctype_kind_of(signature) != KAA_CTYPE_FUNCTION)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "signature is not a function type");
    if (callback == NULL)
        fault = "callback may not be NULL";
    else if (options->flags != 0)
        fault = "options have bits this kaa does not know";
    else if (kaa_ctype_count(signature) > ARGUMENTS_MAX)
        fault = "signature has more than 1000 arguments";
    if (fault != NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT, "%s",
                              fault);
    if (kaa_ctype_flags(signature) & KAA_CTYPE_VARIADIC)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "a closure cannot take variable arguments");
    return KAA_OK;
}

static kaa_status
check_types(const kaa_ctype *signature, kaa_error *err)
{
    const kaa_ctype_parameter *parameters = kaa_ctype_parameters(signature);
    uint32_t count = (uint32_t)kaa_ctype_count(signature);
    kaa_status status =
        kaa_call__check_type(kaa_ctype_target(signature), KAA_NO_ARGUMENT, err);

    for (uint32_t i = 0; i < count && status == KAA_OK; i++)
        status = kaa_call__check_type(parameters[i].type, i, err);
    return status;
}

static kaa_status
prepare(kaa_closure *closure, const kaa_ctype *signature, kaa_error *err)
{
    void *code = NULL;
    kaa_status status =
        kaa_call__ffi_create(signature, UINT32_MAX, &closure->ffi, err);

    if (status != KAA_OK)
        return status;
    if (kaa_base__fault_due())
        return kaa_base__fail_memory(err, "a function pointer");
    closure->writable = ffi_closure_alloc(sizeof(ffi_closure), &code);
    if (closure->writable == NULL)
        return refused(err);
    memcpy(&closure->pointer, &code, sizeof(code));
    if (ffi_prep_closure_loc(closure->writable, &closure->ffi->cif, enter,
                             closure, code) != FFI_OK)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "libffi makes no closure of this signature");
    return KAA_OK;
}

kaa_status
kaa_closure_create(const kaa_ctype *signature, kaa_closure_callback callback,
                   void *user, const kaa_closure_options *options,
                   kaa_closure **out_closure, kaa_error *err)
{
    kaa_closure_options chosen = {.size = sizeof(chosen)};
    kaa_closure *closure;
    const kaa_ctype *result;
    kaa_status status;
    size_t size;

    if (out_closure == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "out_closure may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status == KAA_OK)
        status = check(signature, callback, &chosen, err);
    if (status != KAA_OK)
        return status;
    signature = kaa_ctype_strip(signature);
    status = check_types(signature, err);
    if (status != KAA_OK)
        return status;

    result = kaa_ctype_target(signature);
    size = (size_t)kaa_ctype_size(result);
    closure = kaa_base__alloc_zeroed(sizeof(*closure) + size);
    if (closure == NULL)
        return kaa_base__fail_memory(err, "a closure");
    closure->callback = callback;
    closure->user = user;
    closure->retired_hook = chosen.retired;
    closure->argument_count = (uint32_t)kaa_ctype_count(signature);
    closure->result_load = kaa_call__load_of(result);
    closure->result_size = size;
    if (chosen.error_value != NULL)
        memcpy(closure->error_value, chosen.error_value, size);
    status = prepare(closure, signature, err);
    if (status != KAA_OK) {
        kaa_closure_destroy(closure);
        return status;
    }
    *out_closure = closure;
    return KAA_OK;
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
    if (closure->writable != NULL)
        ffi_closure_free(closure->writable);
    kaa_call__ffi_destroy(closure->ffi);
    kaa_base__free(closure);
}
