/* Loads that module and prints its answer: load PATH */
#include <stdio.h>

#include <kaa/runtime.h>

int
main(int argc, char **argv)
{
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;
    kaa_object *module, *answer = NULL;
    int64_t value = 0;

    if (argc != 2 || kaa_runtime_create(NULL, &runtime, NULL) != KAA_OK ||
        kaa_runtime_attach(runtime, NULL, &ctx, NULL) != KAA_OK)
        return 2;
    module = kaa_import(ctx, argv[1]);
    if (module != NULL)
        answer = kaa_call_method(ctx, "answer", &module, 1, NULL);
    if (answer == NULL || kaa_int_as_int64(ctx, answer, &value) != 0)
        kaa_error_print(ctx);
    printf("%d\n", (int)value);
    kaa_decref(ctx, answer);
    kaa_decref(ctx, module);
    kaa_runtime_detach(ctx);
    kaa_runtime_destroy(runtime, NULL, NULL);
    return value != 42;
}
