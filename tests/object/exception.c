/* Exceptions: raised, taken, printed. */
#include "object/shapes.h"

#include <errno.h>
#include <unistd.h>

#include "object/types/exception.h"

static kaa_object *
taken(kaa_context *ctx)
{
    return kaa_error_take(ctx);
}

KAA_TEST(raising_and_taking)
{
    kaa_context *ctx = fresh(t);
    kaa_object *value_error = kaa_builtin(ctx, KAA_VALUE_ERROR), *error;

    CHECK_EQ(kaa_error_occurred(ctx), 0);
    CHECK(kaa_error_take(ctx) == NULL);
    CHECK_EQ(kaa_error_matches(ctx, value_error), 0);
    CHECK_EQ(kaa_raise(ctx, value_error, "wrong"), -1);
    CHECK_EQ(kaa_error_occurred(ctx), 1);
    CHECK_RAISES(1, KAA_VALUE_ERROR, "ValueError: wrong");
    CHECK_EQ(kaa_error_occurred(ctx), 0);
    kaa_raise(ctx, value_error, "again");
    if (!kaa_error_matches(ctx, value_error))
        CHECK_ZERO(-1);
    CHECK_EQ(kaa_error_matches(ctx, kaa_builtin(ctx, KAA_EXCEPTION)), 1);
    CHECK_EQ(kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)), 0);
    CHECK_EQ(kaa_error_matches(ctx, kaa_int(ctx, 1)), 0);
    error = NEW(taken(ctx));
    CHECK_REPR(error, "ValueError('again')");
    CHECK_TEXT(kaa_str(ctx, error), "again");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, error, "args")), "('again',)");
    CHECK_EQ(kaa_raise_exception(ctx, error), -1);
    CHECK_EQ(kaa_error_occurred(ctx), 1);
    CHECK_REF(error, 2);
    kaa_error_clear(ctx);
    kaa_error_clear(ctx);
    CHECK_REF(error, 1);
    CHECK_RAISES(kaa_raise_exception(ctx, value_error) < 0, KAA_TYPE_ERROR,
                 "exceptions must derive from BaseException");
    CHECK_RAISES(kaa_raise(ctx, kaa_builtin(ctx, KAA_INT_TYPE), "x") < 0,
                 KAA_TYPE_ERROR, "exceptions must derive from BaseException");
    CHECK_RAISES(kaa_raise(ctx, kaa_int(ctx, 5), "x") < 0, KAA_TYPE_ERROR,
                 "exceptions must derive from BaseException");
}

KAA_TEST(texts_of_exceptions)
{
    kaa_context *ctx = fresh(t);
    kaa_object *items[3], *error;

    items[0] = NEW(kaa_text(ctx, "a"));
    items[1] = kaa_int(ctx, 2);
    error = NEW(kaa_call(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), items, 0, NULL));
    CHECK_TEXT(kaa_str(ctx, error), "");
    CHECK_REPR(error, "KeyError()");
    error = NEW(kaa_call(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), items, 1, NULL));
    CHECK_TEXT(kaa_str(ctx, error), "'a'");
    CHECK_REPR(error, "KeyError('a')");
    error = NEW(kaa_call(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), items, 2, NULL));
    CHECK_TEXT(kaa_str(ctx, error), "('a', 2)");
    CHECK_REPR(error, "KeyError('a', 2)");
    error =
        NEW(kaa_call(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), items, 1, NULL));
    CHECK_TEXT(kaa_str(ctx, error), "a");
    error = NEW(
        kaa_call(ctx, kaa_builtin(ctx, KAA_STOP_ITERATION), items, 1, NULL));
    CHECK_TEXT(kaa_get_attr_text(ctx, error, "value"), "a");
    error = NEW(
        kaa_call(ctx, kaa_builtin(ctx, KAA_STOP_ITERATION), items, 0, NULL));
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, error, "value")), "None");
    items[2] = NEW(kaa_tuple_from_array(ctx, items, 1));
    CHECK_RAISES(kaa_call(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), items, 1,
                          items[2]) == NULL,
                 KAA_TYPE_ERROR, "ValueError() takes no keyword arguments");
    CHECK_EQ(kaa_raise_object(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), items[0]),
             -1);
    CHECK_RAISES(1, KAA_KEY_ERROR, "KeyError: 'a'");
    kaa_raise_object(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), NULL);
    CHECK_RAISES(1, KAA_KEY_ERROR, "KeyError");
    /* What is not UTF-8 does not replace the message. */
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "gr\xfcn \xc3\xbc");
    CHECK_RAISES(1, KAA_VALUE_ERROR, "gr\xef\xbf\xbdn \xc3\xbc");
}

KAA_TEST(errors_of_the_system)
{
    kaa_context *ctx = fresh(t);
    kaa_object *error, *items[3];

    kaa_raise_errno(ctx, ENOENT, "x");
    CHECK_RAISES(1, KAA_FILE_NOT_FOUND_ERROR,
                 "FileNotFoundError: [Errno 2] No such file or directory: 'x'");
    kaa_raise_errno(ctx, EACCES, NULL);
    CHECK_RAISES(1, KAA_PERMISSION_ERROR, "[Errno 13] Permission denied");
    kaa_raise_errno(ctx, ENOTEMPTY, NULL);
    if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_OS_ERROR)))
        CHECK_ZERO(-1);
    error = NEW(taken(ctx));
    CHECK_REPR(NEW(kaa_type_of(ctx, error)), "<class 'OSError'>");
    CHECK(NEW(kaa_get_attr_text(ctx, error, "errno")) ==
          kaa_int(ctx, ENOTEMPTY));
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, error, "filename")), "None");
    items[0] = kaa_int(ctx, EEXIST);
    items[1] = NEW(kaa_text(ctx, "there"));
    items[2] = NEW(kaa_text(ctx, "name"));
    error = NEW(kaa_call(ctx, kaa_builtin(ctx, KAA_OS_ERROR), items, 3, NULL));
    CHECK_TEXT(kaa_str(ctx, error), "[Errno 17] there: 'name'");
    CHECK_REPR(error, "FileExistsError(17, 'there')");
    CHECK_TEXT(kaa_get_attr_text(ctx, error, "filename"), "name");
    CHECK_TEXT(kaa_get_attr_text(ctx, error, "strerror"), "there");
    error =
        NEW(kaa_call(ctx, kaa_builtin(ctx, KAA_OS_ERROR), items + 1, 1, NULL));
    CHECK_TEXT(kaa_str(ctx, error), "there");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, error, "errno")), "None");
}

KAA_TEST(types_of_ones_own)
{
    kaa_context *ctx = fresh(t);
    char name[] = "parser.Error";
    kaa_object *type =
        NEW(kaa_exception_new_type(ctx, name, "Bad text.", NULL));
    kaa_object *derived = NEW(
                   kaa_exception_new_type(ctx, "parser.TooDeep", NULL, type)),
               *error;

    memset(name, '!', sizeof(name) - 1); /* they were copied */
    CHECK_REPR(type, "<class 'parser.Error'>");
    CHECK_TEXT(kaa_get_attr_text(ctx, type, "__doc__"), "Bad text.");
    CHECK_TEXT(kaa_get_attr_text(ctx, type, "__module__"), "parser");
    kaa_raise(ctx, derived, "at 5");
    if (!kaa_error_matches(ctx, type))
        CHECK_ZERO(-1);
    CHECK_EQ(kaa_error_matches(ctx, kaa_builtin(ctx, KAA_EXCEPTION)), 1);
    CHECK_RAISES(1, KAA_EXCEPTION, "parser.TooDeep: at 5");
    error = NEW(kaa_call(ctx, derived, NULL, 0, NULL));
    CHECK_ZERO(kaa_set_attr_text(ctx, error, "line", kaa_int(ctx, 7)));
    CHECK(NEW(kaa_get_attr_text(ctx, error, "line")) == kaa_int(ctx, 7));
    CHECK_REPR(error, "TooDeep()");
    CHECK_RAISES(kaa_exception_new_type(ctx, "x.Y", NULL,
                                        kaa_builtin(ctx, KAA_OBJECT_TYPE)) ==
                     NULL,
                 KAA_TYPE_ERROR, "must be an exception type");
}

static kaa_object *
coded_str(kaa_context *ctx, kaa_object *self)
{
    kaa_object *code = kaa_get_attr_text(ctx, self, "code"), *text;

    if (code == NULL)
        return NULL;
    text = kaa_repr(ctx, code);
    kaa_decref(ctx, code);
    return text;
}

static int
coded_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs, kaa_object *kwnames)
{
    (void)kwnames;
    if (nargs != 1)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), "one code");
    return kaa_set_attr_text(ctx, self, "code", args[0]);
}

static const kaa_type_spec coded_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Coded",
    .init = coded_init,
    .str = coded_str,
};

KAA_TEST(types_of_ones_own_with_code)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &coded_spec, NULL,
                                        kaa_builtin(ctx, KAA_RUNTIME_ERROR)));

    kaa_raise_object(ctx, type, kaa_int(ctx, 44));
    CHECK_RAISES(1, KAA_RUNTIME_ERROR, "test.Coded: 44");
    kaa_raise_object(ctx, type, NULL);
    CHECK_RAISES(1, KAA_TYPE_ERROR, "one code");
}

KAA_TEST(causes)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = kaa_builtin(ctx, KAA_VALUE_ERROR), *none;
    kaa_object *first = NEW(kaa_call(ctx, type, NULL, 0, NULL));
    kaa_object *second = NEW(kaa_call(ctx, type, NULL, 0, NULL));

    none = kaa_builtin(ctx, KAA_NONE);
    CHECK(NEW(kaa_exception_cause(ctx, first)) == none);
    CHECK_ZERO(kaa_exception_set_cause(ctx, first, second));
    CHECK(NEW(kaa_exception_cause(ctx, first)) == second);
    CHECK(NEW(kaa_get_attr_text(ctx, first, "__cause__")) == second);
    CHECK_ZERO(kaa_exception_set_cause(ctx, second, first)); /* a circle */
    CHECK_ZERO(kaa_set_attr_text(ctx, first, "__cause__", none));
    CHECK(NEW(kaa_exception_cause(ctx, first)) == none);
    CHECK_RAISES(kaa_exception_set_cause(ctx, first, type) < 0, KAA_TYPE_ERROR,
                 "exception cause must be None or derive from BaseException");
    CHECK_RAISES(kaa_exception_set_cause(ctx, type, first) < 0, KAA_TYPE_ERROR,
                 "must be an exception, not type");
    CHECK_RAISES(kaa_exception_cause(ctx, none) == NULL, KAA_TYPE_ERROR,
                 "must be an exception, not NoneType");
}

KAA_TEST(tracebacks)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = kaa_builtin(ctx, KAA_VALUE_ERROR), *error, *frames;

    kaa_error_add_frame(ctx, "nobody", "none.c", 1);
    kaa_raise(ctx, type, "x");
    if (!kaa_error_matches(ctx, type))
        CHECK_ZERO(-1);
    kaa_error_add_frame(ctx, "inner", "a.c", 1);
    kaa_error_add_frame(ctx, "middle", NULL, 0);
    kaa_error_add_frame(ctx, "outer", "a.c", 3);
    for (int i = 0; i < 100; i++)
        kaa_error_add_frame(ctx, "main", "main.c", i);
    error = NEW(taken(ctx));
    frames = NEW(kaa_exception_traceback(ctx, error));
    if (!kaa_base__fault_happened()) {
        CHECK_EQ(kaa_tuple_size(ctx, frames), 103);
        CHECK_REPR(NEW(kaa_tuple_get(ctx, frames, 0)), "('inner', 'a.c', 1)");
        CHECK_REPR(NEW(kaa_tuple_get(ctx, frames, 1)), "('middle', None, 0)");
        CHECK_REPR(NEW(kaa_tuple_get(ctx, frames, 102)),
                   "('main', 'main.c', 99)");
    }
    error = NEW(kaa_call(ctx, type, NULL, 0, NULL));
    CHECK(NEW(kaa_exception_traceback(ctx, error)) ==
          kaa_builtin(ctx, KAA_NONE));
    CHECK_RAISES(kaa_exception_traceback(ctx, type) == NULL, KAA_TYPE_ERROR,
                 "must be an exception");
}

KAA_TEST(stories)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = kaa_builtin(ctx, KAA_VALUE_ERROR), *error, *cause;
    kaa_base__text text = {0};

    kaa_raise(ctx, type, "deep");
    kaa_error_add_frame(ctx, "dig", "dig.c", 12);
    cause = NEW(taken(ctx));
    kaa_raise(ctx, kaa_builtin(ctx, KAA_RUNTIME_ERROR), "shallow");
    kaa_error_add_frame(ctx, "walk", NULL, 0);
    error = NEW(taken(ctx));
    CHECK_ZERO(kaa_exception_set_cause(ctx, error, cause));
    CHECK_ZERO(kaa_exception_set_cause(ctx, cause, error));
    kaa_object__exception_story(ctx, error, &text);
    if (!kaa_base__fault_happened())
        CHECK_STR(text.bytes,
                  "Traceback (most recent call last):\n"
                  "  File \"dig.c\", line 12, in dig\n"
                  "ValueError: deep\n"
                  "\nThe above exception was the direct cause of the "
                  "following exception:\n\n"
                  "Traceback (most recent call last):\n"
                  "  In walk()\n"
                  "RuntimeError: shallow\n");
    kaa_base__text_fini(&text);
}

KAA_TEST(memory_errors_need_no_memory)
{
    kaa_context *ctx = fresh(t);
    kaa_object *error, *cause;

    cause =
        NEW(kaa_call(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), NULL, 0, NULL));
    CHECK_EQ(kaa_raise_memory(ctx), -1);
    kaa_error_add_frame(ctx, "f", "f.c", 1);
    error = NEW(taken(ctx));
    CHECK_REPR(error, "MemoryError()");
    CHECK(NEW(kaa_exception_traceback(ctx, error)) ==
          kaa_builtin(ctx, KAA_NONE));
    CHECK_ZERO(kaa_exception_set_cause(ctx, error, cause));
    CHECK_REF(cause, 1);
}

static char told[2048];
static int told_count;

static void
hear(const char *text, void *user)
{
    (void)user;
    snprintf(told, sizeof(told), "%s", text);
    told_count++;
}

KAA_TEST(what_nobody_can_be_given)
{
    kaa_context *ctx = fresh(t);

    help.runtime->unraisable = hear;
    told_count = 0;
    kaa_error_unraisable(ctx, NULL);
    CHECK_EQ(told_count, 0);
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "lost");
    kaa_error_unraisable(ctx, kaa_builtin(ctx, KAA_NONE));
    CHECK_EQ(told_count, 1);
    if (!kaa_base__fault_happened())
        CHECK_STR(told, "Exception ignored in: None\nValueError: lost\n");
    CHECK_EQ(kaa_error_occurred(ctx), 0);
}

KAA_TEST(warnings)
{
    kaa_context *ctx = fresh(t);

    CHECK_ZERO(kaa_warn(ctx, kaa_builtin(ctx, KAA_USER_WARNING),
                        "this warning belongs to a test"));
    CHECK_ZERO(kaa_warn(ctx, kaa_builtin(ctx, KAA_USER_WARNING),
                        "this warning belongs to a test"));
    CHECK_RAISES(kaa_warn(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "x") < 0,
                 KAA_TYPE_ERROR,
                 "category must be a Warning subclass, not 'ValueError'");
    CHECK_RAISES(kaa_warn(ctx, kaa_int(ctx, 3), "x") < 0, KAA_TYPE_ERROR,
                 "category must be a Warning subclass, not 'int'");
}

/* Prints the error; what then stands in stderr, into `said`. */
static void
print_error(kaa_test *t, kaa_context *ctx, char *said, size_t size)
{
    FILE *file = tmpfile();
    int before = dup(2);
    size_t length;

    CHECK(file != NULL && before >= 0);
    fflush(stderr);
    dup2(fileno(file), 2);
    kaa_error_print(ctx);
    fflush(stderr);
    dup2(before, 2);
    close(before);
    rewind(file);
    length = fread(said, 1, size - 1, file);
    said[length] = '\0';
    fclose(file);
}

KAA_TEST(errors_are_printed)
{
    kaa_context *ctx = fresh(t);
    char said[300];

    print_error(t, ctx, said, sizeof(said));
    CHECK_STR(said, "");
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "of no use");
    print_error(t, ctx, said, sizeof(said));
    CHECK(!kaa_error_occurred(ctx));
    if (kaa_base__fault_happened())
        return;
    CHECK_STR(said, "ValueError: of no use\n");
}
