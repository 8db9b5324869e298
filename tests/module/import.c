/* tests/module/import.c - opening module files and importing them natively:
 * what is refused, and that nothing of a refused module runs or stays.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/module.h"
#include "object/help.h"
#include "object/types/module.h"

KAA_TEST(broken_modules_are_refused)
{
    static const struct {
        const char *path;
        kaa_status status;
        const char *told;
    } cases[] = {
        {BROKEN_magic, KAA_CORRUPT, "does not begin with a module's magic"},
        {BROKEN_size_zero, KAA_CORRUPT, "the definition says it has 0 bytes"},
        {BROKEN_size_short, KAA_CORRUPT, "says it has 100 bytes"},
        {BROKEN_size_beyond, KAA_CORRUPT, "says it has 4096 bytes"},
        {BROKEN_size_longer, KAA_UNSUPPORTED, "needs a definition of"},
        {BROKEN_major, KAA_UNSUPPORTED, "made for module ABI 7.1"},
        {BROKEN_minor, KAA_UNSUPPORTED, "made for module ABI 0.999"},
        {BROKEN_api, KAA_UNSUPPORTED, "needs a context's table of 1048576"},
        {BROKEN_spec, KAA_UNSUPPORTED, "needs type specifications of 4096"},
        {BROKEN_flags, KAA_UNSUPPORTED, "has flags 0x80000000"},
        {BROKEN_nameless, KAA_CORRUPT, "the module has no name"},
        {BROKEN_symbol, KAA_NO_SYMBOL, "not a module of kaa"},
        {BROKEN_tiny, KAA_CORRUPT, "magic number"},
        {BROKEN_needs, KAA_NO_SYMBOL, "not a module of kaa"},
        {NO_MODULE, KAA_NO_LIBRARY, "import.c: is not a shared library"},
        {"/", KAA_NO_LIBRARY, "/: cannot be read: it is a directory"},
        {"/no/such/file.kaa.so", KAA_NO_LIBRARY,
         "/no/such/file.kaa.so: not found"},
        {"no_such_file.kaa.so", KAA_NO_LIBRARY, "no_such_file.kaa.so: not"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const kaa_module_def *definition = NULL;

        CHECK_STATUS(kaa_module__open(cases[i].path, &definition, &t->err),
                     cases[i].status);
        CHECK_EQ(definition, NULL);
        if (cases[i].told != NULL)
            CHECK_HAS(t->err.message, cases[i].told);
    }
}

/* Copies the first `bytes` of a module to a file. */
static void
cut_module(kaa_test *t, const char *to, size_t bytes)
{
    static char buffer[1 << 20];
    FILE *from = fopen(SAMPLE, "rb"), *out = fopen(to, "wb");
    size_t size;

    CHECK(from != NULL && out != NULL);
    size = fread(buffer, 1, sizeof(buffer), from);
    CHECK(size < sizeof(buffer));
    CHECK_EQ(fwrite(buffer, 1, bytes < size ? bytes : size, out),
             bytes < size ? bytes : size);
    fclose(from);
    fclose(out);
}

KAA_TEST(truncated_files_are_refused)
{
    static const size_t sizes[] = {0, 3, 4, 63, 64, 100, 700, 3000};
    char path[] = "/tmp/kaa_cut_XXXXXX";
    int file = mkstemp(path);

    CHECK(file >= 0);
    close(file);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const kaa_module_def *definition = NULL;
        kaa_error err = {0};
        kaa_status status;

        cut_module(t, path, sizes[i]);
        status = kaa_module__open(path, &definition, &err);
        if (status != KAA_NO_MEMORY && status != KAA_NO_LIBRARY) {
            unlink(path);
            FAIL("%zu bytes: %s: %s", sizes[i],
                 kaa_status_name((int32_t)status), err.message);
        }
    }
    unlink(path);
}

KAA_TEST(import_by_path)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_import(ctx, SAMPLE));
    kaa_object *again = NEW(kaa_import(ctx, SAMPLE));
    kaa_object *found, *made, *first;

    CHECK_EQ(again, module);
    CHECK_TEXT(kaa_get_attr_text(ctx, module, "__name__"), "sample");
    CHECK_TEXT(kaa_get_attr_text(ctx, module, "__doc__"), "Everything.");
    CHECK_TEXT(kaa_get_attr_text(ctx, module, "__file__"), SAMPLE);
    CHECK_TEXT(kaa_get_attr_text(ctx, module, "TEXT"), "h\xc3\xa9");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, module, "LEAST")),
               "-9223372036854775808");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, module, "PI")), "3.141592653589793");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, module, "NOTHING")), "None");

    /* It is found by its name and by its definition. */
    found = NEW(kaa_import(ctx, "sample"));
    CHECK_EQ(found, module);
    found = NEW(kaa_call_method(ctx, "find_self", &module, 1, NULL));
    CHECK_EQ(found, module);
    made = NEW(kaa_call_method(ctx, "made", &module, 1, NULL));
    first = NEW(kaa_list_get(ctx, made, 0));
    CHECK_EQ(first, module);
}

KAA_TEST(types_of_a_module)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_import(ctx, SAMPLE));
    kaa_object *type = NEW(kaa_get_attr_text(ctx, module, "Counter"));
    kaa_object *args[] = {kaa_int(ctx, 5)}, *counter, *pair[2];

    CHECK_TEXT(kaa_get_attr_text(ctx, type, "__module__"), "sample");
    CHECK_EQ(NEW(kaa_type_module(ctx, type)), module);
    counter = NEW(kaa_call(ctx, type, args, 1, NULL));
    pair[0] = counter;
    pair[1] = module;
    CHECK_REPR(NEW(kaa_call_method(ctx, "add", pair, 2, NULL)), "6");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, counter, "count")), "6");
    CHECK_EQ(NEW(kaa_get_attr_text(ctx, counter, "last")), module);
}

KAA_TEST(import_by_name)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module;

    unsetenv("KAA_PATH");
    CHECK_RAISES(kaa_import(ctx, "sample") == NULL, KAA_MODULE_NOT_FOUND_ERROR,
                 "no module named 'sample'");
    if (!kaa_test_is_fault_run()) { /* and no more: nowhere was looked */
        CHECK(kaa_import(ctx, "sample") == NULL);
        CHECK_REPR(NEW(kaa_error_take(ctx)),
                   "ModuleNotFoundError(\"no module named 'sample'\")");
    }
    CHECK_OK(kaa_runtime_add_path(ctx, "/no/such/directory", &t->err));
    CHECK_OK(kaa_runtime_add_path(ctx, SAMPLE_FOLDER, &t->err));
    CHECK_RAISES(kaa_import(ctx, "nothing") == NULL, KAA_MODULE_NOT_FOUND_ERROR,
                 "no module named 'nothing' (looked in /no/such/directory, ");
    module = NEW(kaa_import(ctx, "sample"));
    CHECK_EQ(NEW(kaa_import(ctx, SAMPLE)), module);
    CHECK_RAISES(kaa_import(ctx, "") == NULL, KAA_VALUE_ERROR, "empty");
    /* The name of the file is not the module's. */
    CHECK_RAISES(kaa_import(ctx, "renamed") == NULL, KAA_IMPORT_ERROR,
                 "its module is called 'sample', not 'renamed'");
    CHECK_STATUS(kaa_runtime_add_path(ctx, "", &t->err), KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_runtime_add_path(ctx, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
}

KAA_TEST(import_by_the_environment)
{
    kaa_context *ctx = fresh(t);

    setenv("KAA_PATH", "::/no/such:" SAMPLE_FOLDER, 1);
    NEW(kaa_import(ctx, "sample"));
    unsetenv("KAA_PATH");
}

KAA_TEST(two_files_of_one_name)
{
    kaa_context *ctx = fresh(t);

    NEW(kaa_import(ctx, SAMPLE));
    CHECK_RAISES(kaa_import(ctx, RENAMED) == NULL, KAA_IMPORT_ERROR,
                 "another module called 'sample' has been imported");
}

/* A module that could not be filled is not there, and may be tried again. */
KAA_TEST(filling_that_fails)
{
    static const struct {
        const char *path;
        kaa_builtin_id type;
        const char *told;
    } cases[] = {
        {FAILING_1, KAA_KEY_ERROR, "of the module"},
        {FAILING_2, KAA_SYSTEM_ERROR,
         "execution of module failing failed without setting an exception"},
        {FAILING_3, KAA_SYSTEM_ERROR,
         "execution of module failing raised unreported exception"},
        {FAILING_4, KAA_SYSTEM_ERROR, "constant odd is of kind 113"},
        {FAILING_5, KAA_IMPORT_ERROR, NULL},
    };
    kaa_context *ctx = fresh(t);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int round = 0; round < 2; round++) {
            CHECK_RAISES(kaa_import(ctx, cases[i].path) == NULL, cases[i].type,
                         cases[i].told);
            CHECK_RAISES(kaa_import(ctx, "failing") == NULL,
                         KAA_MODULE_NOT_FOUND_ERROR, NULL);
        }
}

/* Runtimes have modules, and states, of their own. */
KAA_TEST(two_runtimes)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_import(ctx, SAMPLE)), *other;
    kaa_runtime *second = NULL;
    kaa_context *second_ctx = NULL;
    void *state = kaa_module_state(ctx, module);
    int is_own = 0;

    CHECK(state != NULL);
    CHECK_OK(kaa_runtime_create(NULL, &second, &t->err));
    if (kaa_runtime_attach(second, "second", &second_ctx, &t->err) == KAA_OK) {
        other = kaa_import(second_ctx, SAMPLE);
        is_own =
            other == NULL ||
            (other != module && kaa_module_state(second_ctx, other) != state);
        kaa_decref(second_ctx, other);
        kaa_error_clear(second_ctx);
        kaa_runtime_detach(second_ctx);
    } else {
        is_own = 1;
    }
    CHECK_EQ(kaa_runtime_destroy(second, NULL, NULL), KAA_OK);
    CHECK(is_own);
}
