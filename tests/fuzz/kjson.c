/* fuzz/kjson.c - any bytes through kjson.loads(), on the native context.
 *
 * What is taken is written, read and written again: both texts must be equal.
 * The runtime is made once and its objects are checked now and then. The module
 * is built with the same sanitizers and instruments as kaa itself.
 */
#include <kaa/module.h>
#include <kaa/runtime.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An open runtime, with the functions of the module. */
typedef struct fixture {
    kaa_context *ctx;
    kaa_object *loads, *dumps, *ascii;
} fixture;

static void
stop(const char *what, const char *text)
{
    fprintf(stderr, "%s: %s\n", what, text);
    abort();
}

static fixture made;

/* Nothing may be left of all that was read and written. */
static void
end_fixture(void)
{
    kaa_runtime *runtime = kaa_runtime_of(made.ctx);
    kaa_runtime_report report = {.size = sizeof(report)};
    kaa_error err = {0};

    kaa_decref(made.ctx, made.loads);
    kaa_decref(made.ctx, made.dumps);
    kaa_decref(made.ctx, made.ascii);
    kaa_runtime_detach(made.ctx);
    if (kaa_runtime_destroy(runtime, &report, &err) != KAA_OK)
        stop("no end", err.message);
    if (report.objects != 0)
        stop("left", "objects");
}

static const fixture *
the_fixture(void)
{
    kaa_runtime_options options = {.size = sizeof(options), .hash_seed = 1};
    kaa_runtime *runtime = NULL;
    kaa_object *module;
    kaa_error err = {0};

    if (made.ctx != NULL)
        return &made;
    if (kaa_runtime_create(&options, &runtime, &err) != KAA_OK ||
        kaa_runtime_attach(runtime, "fuzz", &made.ctx, &err) != KAA_OK)
        stop("no runtime", err.message);
    module = kaa_import(made.ctx, KAA_FUZZ_KJSON);
    if (module == NULL) {
        kaa_error_print(made.ctx);
        stop("no module", KAA_FUZZ_KJSON);
    }
    made.loads = kaa_get_attr_text(made.ctx, module, "loads");
    made.dumps = kaa_get_attr_text(made.ctx, module, "dumps");
    made.ascii = kaa_build(made.ctx, "{s:O}", "ensure_ascii",
                           kaa_builtin(made.ctx, KAA_FALSE));
    if (made.loads == NULL || made.dumps == NULL || made.ascii == NULL)
        stop("no function", "loads or dumps");
    kaa_decref(made.ctx, module);
    if (atexit(end_fixture) != 0)
        stop("no", "atexit()");
    return &made;
}

/* function(argument, **options), the argument taken over. */
static kaa_object *
apply(kaa_context *ctx, kaa_object *function, kaa_object *argument,
      kaa_object *options)
{
    kaa_object *args = kaa_tuple_take_array(ctx, &argument, 1);
    kaa_object *result =
        args == NULL ? NULL : kaa_call_dict(ctx, function, args, options);

    kaa_decref(ctx, args);
    return result;
}

static void
check_round(const fixture *f, kaa_object *value, kaa_object *options)
{
    kaa_context *ctx = f->ctx;
    kaa_object *text = apply(ctx, f->dumps, kaa_incref(ctx, value), options);
    kaa_object *again =
        text == NULL ? NULL : apply(ctx, f->loads, kaa_incref(ctx, text), NULL);
    kaa_object *second =
        again == NULL ? NULL
                      : apply(ctx, f->dumps, kaa_incref(ctx, again), options);

    if (second == NULL) {
        kaa_error_print(ctx);
        stop("what was read", "cannot be written and read");
    }
    if (kaa_compare_truth(ctx, text, second, KAA_EQ) != 1)
        stop("written differently", kaa_str_as_utf8(ctx, text, NULL));
    kaa_decref(ctx, second);
    kaa_decref(ctx, again);
    kaa_decref(ctx, text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint32_t count;
    const fixture *f = the_fixture();
    kaa_context *ctx = f->ctx;
    kaa_object *value =
        apply(ctx, f->loads, kaa_bytes_from_data(ctx, data, size), NULL);
    kaa_error err = {0};

    if (value == NULL) {
        if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR))) {
            kaa_error_print(ctx);
            stop("another error", "than ValueError");
        }
        kaa_error_clear(ctx);
    } else {
        check_round(f, value, NULL);
        check_round(f, value, f->ascii);
    }
    kaa_decref(ctx, value);
    if (++count % 256 == 0 && kaa_runtime_verify(ctx, &err) != KAA_OK)
        stop("broken", err.message);
    return 0;
}
