/* run_module - runs a function of an extension module, without any Python.
 *
 *     run_module MODULE.kaa.so [FUNCTION [ARGUMENT...]]
 *
 * Arguments that look like an int or a float are one, others are text. The
 * result is printed as repr() shows it. Without a function it tells what the
 * module has. Without arguments it calls examplemodule and prints:
 *
 *   Received: kaa
 *   example_func('kaa') -> None
 *   hypot3(2, 3, 6) -> 7.0
 *   repeat('ab', 3) -> ['ab', 'ab', 'ab']
 *   repeat() -> TypeError: repeat() missing required argument 'item' (pos 1)
 *   calls(1) -> TypeError: examplemodule.calls() takes no arguments (1 given)
 *   example_func('') -> examplemodule.Error: nothing to print
 *   calls() -> 1
 *   answer = 42, half = 0.5, greeting = 'hello'
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kaa/module.h>
#include <kaa/runtime.h>

#define ARGUMENTS_MAX 16

static kaa_object *
read_argument(kaa_context *ctx, const char *text)
{
    char *end;

    if (*text != '\0') {
        (void)strtol(text, &end, 10);
        if (*end == '\0')
            return kaa_int_from_text(ctx, text, strlen(text), 10);
        double number = strtod(text, &end);
        if (*end == '\0')
            return kaa_float_from_double(ctx, number);
    }
    return kaa_text(ctx, text);
}

/* module.name(arguments...); NULL with an exception. */
static kaa_object *
call(kaa_context *ctx, kaa_object *module, const char *name,
     kaa_object *const *args, size_t nargs)
{
    kaa_object *function = kaa_get_attr_text(ctx, module, name);
    kaa_object *result = NULL;

    if (function != NULL)
        result = kaa_call(ctx, function, args, nargs, NULL);
    kaa_decref(ctx, function);
    return result;
}

static void
print_repr(kaa_context *ctx, kaa_object *object)
{
    kaa_object *repr = object != NULL ? kaa_repr(ctx, object) : NULL;
    const char *text = repr != NULL ? kaa_str_as_utf8(ctx, repr, NULL) : NULL;
    char error[500];

    if (text == NULL) {
        kaa_runtime_error_text(ctx, error, sizeof(error));
        kaa_error_clear(ctx);
    }
    printf("%s", text != NULL ? text : error);
    kaa_decref(ctx, repr);
}

/* Calls with texts for arguments, and prints what comes out; 0 if it failed. */
static int
run(kaa_context *ctx, kaa_object *module, const char *name,
    const char *const *texts, size_t count, int shows_call)
{
    kaa_object *args[ARGUMENTS_MAX], *result = NULL;
    size_t made = 0;
    int succeeded;

    while (made < count && (args[made] = read_argument(ctx, texts[made])))
        made++;
    if (made == count)
        result = call(ctx, module, name, args, count);
    succeeded = result != NULL;
    if (shows_call) {
        kaa_object *error = kaa_error_take(ctx);

        printf("%s(", name);
        for (size_t i = 0; i < made; i++) {
            printf("%s", i > 0 ? ", " : "");
            print_repr(ctx, args[i]);
        }
        printf(") -> ");
        if (error != NULL)
            kaa_raise_exception(ctx, error);
        kaa_decref(ctx, error);
    }
    print_repr(ctx, result);
    printf("\n");
    kaa_decref(ctx, result);
    while (made > 0)
        kaa_decref(ctx, args[--made]);
    return succeeded;
}

static void
print_attribute(kaa_context *ctx, kaa_object *module, const char *name,
                const char *end)
{
    kaa_object *value = kaa_get_attr_text(ctx, module, name);

    printf("%s = ", name);
    print_repr(ctx, value);
    printf("%s", end);
    kaa_decref(ctx, value);
}

/* Every name that does not begin with an underscore. */
static void
print_names(kaa_context *ctx, kaa_object *module)
{
    kaa_object *names = kaa_get_attr_text(ctx, module, "__dict__"), *name;
    size_t position = 0;

    while (names != NULL &&
           kaa_dict_next(ctx, names, &position, &name, NULL) > 0) {
        const char *text = kaa_str_as_utf8(ctx, name, NULL);

        if (text != NULL && *text != '_')
            print_attribute(ctx, module, text, "\n");
        kaa_decref(ctx, name);
    }
    kaa_decref(ctx, names);
}

static void
show(kaa_context *ctx, kaa_object *module)
{
    static const char *const kaa[] = {"kaa"}, *const vector[] = {"2", "3", "6"},
                             *const twice[] = {"ab", "3"};
    static const char *const one[] = {"1"}, *const nothing[] = {""};

    run(ctx, module, "example_func", kaa, 1, 1);
    run(ctx, module, "hypot3", vector, 3, 1);
    run(ctx, module, "repeat", twice, 2, 1);
    run(ctx, module, "repeat", NULL, 0, 1);
    run(ctx, module, "calls", one, 1, 1);
    run(ctx, module, "example_func", nothing, 1, 1);
    run(ctx, module, "calls", NULL, 0, 1);
    print_attribute(ctx, module, "answer", ", ");
    print_attribute(ctx, module, "half", ", ");
    print_attribute(ctx, module, "greeting", "\n");
}

static void
print_leak(const kaa_runtime_leak *leak, void *user)
{
    (void)user;
    fprintf(stderr, "left: %llu of %s\n", (unsigned long long)leak->objects,
            leak->type);
}

int
main(int argc, char **argv)
{
    kaa_runtime_report report = {.size = sizeof(report), .leak = print_leak};
    const char *path = argc > 1 ? argv[1] : EXAMPLE_MODULE;
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;
    kaa_object *module;
    kaa_error err = {0};
    int failed = 0;

    if (argc > ARGUMENTS_MAX + 3 ||
        kaa_runtime_create(NULL, &runtime, &err) != KAA_OK ||
        kaa_runtime_attach(runtime, "main", &ctx, &err) != KAA_OK) {
        fprintf(stderr, "%s\n",
                argc > ARGUMENTS_MAX + 3 ? "too many arguments" : err.message);
        kaa_runtime_destroy(runtime, NULL, NULL);
        return 2;
    }
    module = kaa_import(ctx, path);
    if (module == NULL) {
        kaa_error_print(ctx);
        failed = 1;
    } else if (argc > 2) {
        failed = !run(ctx, module, argv[2], (const char *const *)argv + 3,
                      (size_t)argc - 3, 0);
    } else if (argc > 1) {
        print_names(ctx, module);
    } else {
        show(ctx, module);
    }
    kaa_decref(ctx, module);
    kaa_runtime_detach(ctx);
    if (kaa_runtime_destroy(runtime, &report, &err) != KAA_OK || report.objects)
        return 3;
    return failed;
}
