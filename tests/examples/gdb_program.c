/* gdb_program.c - objects for gdb.py to look at. */
#include <stdio.h>

#include <kaa/kaa.h>

/* Where the debugger stops. */
__attribute__((noinline)) static void
look(kaa_context *ctx, kaa_object *object)
{
    __asm__ volatile("" : : "r"(ctx), "r"(object) : "memory");
}

int
main(void)
{
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;
    kaa_error err = {0};

    if (kaa_runtime_create(NULL, &runtime, &err) != KAA_OK ||
        kaa_runtime_attach(runtime, "main", &ctx, &err) != KAA_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    kaa_object *volatile is_int = kaa_int(ctx, 42);
    kaa_object *volatile is_none = kaa_none(ctx);
    kaa_object *volatile is_text = kaa_text(ctx, "a text");
    kaa_object *volatile is_real = kaa_float_from_double(ctx, 2.5);
    kaa_object *volatile is_list = kaa_list_new(ctx, 2);

    if (is_list == NULL || kaa_list_append(ctx, is_list, is_text) != 0 ||
        kaa_list_take_append(ctx, is_list, kaa_int(ctx, 7)) != 0)
        return 1;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "wrong");
    look(ctx, is_list);
    kaa_error_clear(ctx);
    kaa_decref(ctx, is_list);
    kaa_decref(ctx, is_real);
    kaa_decref(ctx, is_text);
    kaa_decref(ctx, is_none);
    kaa_decref(ctx, is_int);
    kaa_runtime_detach(ctx);
    return kaa_runtime_destroy(runtime, NULL, NULL) != KAA_OK;
}
