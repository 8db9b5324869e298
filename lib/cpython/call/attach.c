/* cpython/call/attach.c - attaching to an interpreter: what one of them has of
 * its own, and the types that bound functions and callbacks need. */
#include "base/error.h"
#include "base/memory.h"

#include "cpython/call/function.h"
#include "cpython/data/data.h"

static kaa_status
fill_host(kaa_cpython *host, const kaa_cpython_options *options, kaa_error *err)
{
    static const char *const names[HOOK_COUNT] = {
        [HOOK_CLASS_OF] = "class_of",
        [HOOK_ENUM_OF] = "enum_of",
        [HOOK_POINTER] = "pointer",
        [HOOK_RECORD] = "record",
        [HOOK_FUNCTION] = "function",
        [HOOK_VARIADIC] = "variadic",
        [HOOK_ADDRESSOF] = "addressof",
        [HOOK_SIZEOF] = "sizeof",
        [HOOK_UNSUPPORTED] = "unsupported",
        [HOOK_ERROR_CLASS] = "error_class",
        [HOOK_DATA_LOAD] = "data_load",
        [HOOK_DATA_STORE] = "data_store",
        [HOOK_DATA_INIT] = "data_init",
        [HOOK_DATA_POINT] = "data_point",
        [HOOK_DATA_NO_MEMBER] = "data_no_member",
        [HOOK_DATA_NULL] = "data_null",
        [HOOK_DATA_GET_ITEM] = "data_get_item",
        [HOOK_DATA_SET_ITEM] = "data_set_item",
        [HOOK_SYMBOL] = "symbol",
        [HOOK_TYPED] = "typed",
    };

    kaa_status status = kaa_ctype_table_create(&host->types, err);

    if (status != KAA_OK)
        return status;
    host->void_pointer = kaa_ctype_basic_pointer(KAA_CTYPE_VOID, 0);
    host->interpreter = PY(PyInterpreterState_Get)();
    host->is_main = PY(PyInterpreterState_GetID)(host->interpreter) == 0;
    host->version = options->version;
    host->handle = options->handle;
    host->is_free_threaded = options->free_threaded != 0;
    host->cdata = options->cdata;
    host->byref_type = options->byref_type;
    host->pointer_base = options->pointer_base;
    host->function_pointer_base = options->function_pointer_base;
    PY(Py_IncRef)(host->cdata);
    PY(Py_IncRef)(host->byref_type);
    PY(Py_IncRef)(host->pointer_base);
    PY(Py_IncRef)(host->function_pointer_base);
    for (int i = 0; i < HOOK_COUNT; i++) {
        host->hooks[i] = PY(PyObject_GetAttrString)(options->hooks, names[i]);
        if (host->hooks[i] == NULL) {
            PY(PyErr_Clear)();
            if (i == HOOK_TYPED)
                continue;
            return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                                  "hooks have no '%s'", names[i]);
        }
    }
    if (kaa_cpython__make_holder_definition(host) != 0)
        return kaa_base__fail_memory(err, "the bridge");
    host->function_type =
        kaa_cpython__make_function_type(host, options->function_base);
    host->callback_type = kaa_cpython__make_callback_type(host);
    host->data_type = kaa_cpython__make_data_type(host);
    host->owned_type = kaa_cpython__make_owned_type(host);
    host->no_arguments = PY(PyTuple_New)(0);
    if (host->function_type == NULL || host->callback_type == NULL ||
        host->data_type == NULL || host->owned_type == NULL ||
        host->no_arguments == NULL) {
        PY(PyErr_Clear)();
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "the interpreter refuses kaa's types");
    }
    return KAA_OK;
}

kaa_status
kaa_cpython_attach(const kaa_cpython_options *options, kaa_cpython **out_host,
                   kaa_error *err)
{
    kaa_cpython_options chosen = {.size = sizeof(chosen)};
    kaa_cpython *host;
    kaa_status status;

    if (options == NULL || out_host == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "options and out_host may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status != KAA_OK)
        return status;
    if (chosen.flags & ~(uint32_t)KAA_CPYTHON_NO_LAYOUT)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "options have flags this kaa does not know");
    if (chosen.header_size < 16 || chosen.header_size > 64 ||
        chosen.header_size % 8 != 0 || chosen.function_base == NULL ||
        chosen.cdata == NULL || chosen.byref_type == NULL ||
        chosen.pointer_base == NULL || chosen.function_pointer_base == NULL ||
        chosen.hooks == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "options lack what the bridge needs");
    host = kaa_base__alloc_zeroed(sizeof(*host));
    if (host == NULL)
        return kaa_base__fail_memory(err, "the bridge");
    pthread_mutex_init(&host->lending, NULL);
    status = kaa_cpython__prepare_process(&chosen, err);
    if (status == KAA_OK)
        status = fill_host(host, &chosen, err);
    if (status != KAA_OK) {
        kaa_ctype_table_destroy(host->types);
        kaa_base__free(host); /* objects it held stay: they are singletons */
        return status;
    }
    *out_host = host;
    return KAA_OK;
}
