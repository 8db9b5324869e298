/* decl/annotations.c - [[kaa::...]]: what each says, and where it may not
 * stand. */
#include "decl/common.h"

KAA_TEST(annotations_of_functions)
{
    const kaa_decl *decl = parse(
        t, "[[kaa::hold_gil]] double pow(double, double);\n"
           "[[kaa::errno, kaa::hold_gil]] int open(const char *, int, ...);\n"
           "[[kaa::free(free)]] [[kaa::nullable]] char *strdup(const char *);\n"
           "int remove [[__kaa__::errno]] (const char *);\n"
           "int rename(const char *, const char *) [[kaa::errno]];\n"
           "[[other::hold_gil, vendor::thing(1, (2))]] int f(void);\n"
           "[[using_nothing]] __attribute__((kaa_hold_gil)) int g(void);\n");

    CHECK_EQ(find(t, decl, "pow")->flags, KAA_DECL_HOLD_GIL);
    CHECK_EQ(find(t, decl, "open")->flags, KAA_DECL_HOLD_GIL | KAA_DECL_ERRNO);
    CHECK_STR(find(t, decl, "strdup")->free_function, "free");
    CHECK_EQ(find(t, decl, "strdup")->flags, KAA_DECL_NULLABLE);
    CHECK_EQ(find(t, decl, "remove")->flags, KAA_DECL_ERRNO);
    CHECK_EQ(find(t, decl, "rename")->flags, KAA_DECL_ERRNO);
    CHECK_EQ(find(t, decl, "rename")->free_function, NULL);
    CHECK_EQ(find(t, decl, "f")->flags, 0);
    CHECK_EQ(find(t, decl, "g")->flags, 0);
}

KAA_TEST(annotations_of_parameters)
{
    const kaa_decl *decl = parse(
        t, "void f([[kaa::out]] int *a, char *b [[kaa::nullable]],"
           "       [[kaa::length(n)]] const float *c, unsigned n,"
           "       int (*d [[kaa::scope(call)]])(void *),"
           "       void (*e)(void) [[kaa::scope(async)]],"
           "       [[kaa::scope(forever)]] void (*g)(void),"
           "       [[kaa::scope(library)]] void h(void), int, char i[]);");
    const kaa_decl_item *item = find(t, decl, "f");
    const kaa_decl_parameter *parameters = item->parameters;

    CHECK_EQ(kaa_ctype_count(item->type), 10);
    CHECK_EQ(parameters[0].flags, KAA_DECL_PARAMETER_OUT);
    CHECK_EQ(parameters[1].flags, KAA_DECL_PARAMETER_NULLABLE);
    CHECK_EQ(parameters[2].flags, KAA_DECL_PARAMETER_LENGTH);
    CHECK_EQ(parameters[2].length_of, 3);
    CHECK_EQ(parameters[3].flags, 0);
    CHECK_EQ(parameters[4].scope, KAA_DECL_SCOPE_CALL);
    CHECK_EQ(parameters[5].scope, KAA_DECL_SCOPE_ASYNC);
    CHECK_EQ(parameters[6].scope, KAA_DECL_SCOPE_FOREVER);
    CHECK_EQ(parameters[7].scope, KAA_DECL_SCOPE_LIBRARY);
    CHECK_EQ(item->flags, 0);
}

KAA_TEST(functions_without_parameters_have_none)
{
    const kaa_decl *decl =
        parse(t, "int f(void); int g(); typedef int fn(char *, int); fn h;"
                 "typedef void nothing; int i(nothing);");

    CHECK_EQ(find(t, decl, "f")->parameters, NULL);
    CHECK_EQ(find(t, decl, "g")->parameters, NULL);
    CHECK(find(t, decl, "h")->parameters != NULL);
    CHECK_EQ(find(t, decl, "h")->parameters[1].flags, 0);
    CHECK_EQ(kaa_ctype_count(find(t, decl, "i")->type), 0);
}

KAA_TEST(nullable_wins_over_nonnull)
{
    const kaa_decl *decl =
        parse(t, "void f(char *a, char *b [[kaa::nullable]]) "
                 "__attribute__((nonnull));");

    CHECK_EQ(find(t, decl, "f")->parameters[0].flags,
             KAA_DECL_PARAMETER_NONNULL);
    CHECK_EQ(find(t, decl, "f")->parameters[1].flags,
             KAA_DECL_PARAMETER_NULLABLE);
}

static const struct {
    const char *text;
    const char *message; /* its first line */
} refused[] = {
    {"[[kaa::holdgil]] int f(void);",
     "unknown attribute 'kaa::holdgil'; known are hold_gil, errno, free, "
     "nullable, out, length, scope"},
    {"[[kaa::hold_gil]] int a;", "kaa::hold_gil has no meaning at a variable"},
    {"[[kaa::errno]] typedef int T;", "kaa::errno has no meaning at a typedef"},
    {"struct s { [[kaa::out]] int *a; };",
     "kaa::out has no meaning at a member"},
    {"[[kaa::out]] struct s;", "kaa::out has no meaning at a record"},
    {"struct [[kaa::out]] s { int a; };",
     "kaa::out has no meaning at a record"},
    {"enum { A [[kaa::out]] };", "kaa::out has no meaning at an enumerator"},
    {"[[kaa::out]] int f(void);",
     "kaa::out, kaa::length and kaa::scope belong to a parameter"},
    {"[[kaa::scope(call)]] int f(void);",
     "kaa::out, kaa::length and kaa::scope belong to a parameter"},
    {"int f([[kaa::errno]] int *a);",
     "kaa::hold_gil, kaa::errno and kaa::free belong in front of a function"},
    {"int f([[kaa::out]] int a);",
     "kaa::out needs a parameter that is a pointer"},
    {"int f([[kaa::scope(call)]] long a);",
     "kaa::scope needs a parameter that is a pointer"},
    {"[[kaa::free(g)]] int f(void);",
     "kaa::free and kaa::nullable need a function that returns a pointer"},
    {"[[kaa::nullable]] int f(void);",
     "kaa::free and kaa::nullable need a function that returns a pointer"},
    {"int f([[kaa::length(m)]] int *a, int n);",
     "kaa::length: no parameter has the name 'm'"},
    {"int f([[kaa::length(n)]] int *a, double n);",
     "kaa::length: the parameter 'n' is no integer"},
    {"int f([[kaa::scope(never)]] void (*a)(void));",
     "kaa::scope is call, async, library or forever, not 'never'"},
    {"int f([[kaa::scope]] void (*a)(void));", "expected '(' before ']'"},
    {"int f([[kaa::length(3)]] int *a);",
     "expected a parameter's name before '3'"},
    {"[[kaa::free()]] char *f(void);", "expected a function's name before ')'"},
    {"typedef int cb([[kaa::out]] int *a);",
     "kaa::out has a meaning only at a declared function's own parameter"},
    {"void f(int (*cb)([[kaa::out]] int *a));",
     "kaa::out has a meaning only at a declared function's own parameter"},
    {"extern int (*p)(int *a [[kaa::out]]);",
     "kaa::out has a meaning only at a declared function's own parameter"},
    {"[[kaa::]] int f(void);", "expected an attribute before ']'"},
    {"[[kaa::errno] int f(void);", "expected ']]' before 'int'"},
};

KAA_TEST(annotations_out_of_place)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        kaa_ctype_table *types = new_table(t);
        kaa_decl *decl = NULL;
        kaa_status status;
        char *line_end;

        status = parse_bytes(types, refused[i].text, strlen(refused[i].text), 0,
                             &decl, &t->err);
        kaa_decl_destroy(decl);
        CHECK_STATUS(status, KAA_SYNTAX);
        line_end = strchr(t->err.message, '\n');
        if (line_end != NULL)
            *line_end = '\0';
        CHECK_STR(t->err.message, refused[i].message);
        CHECK_EQ(decl, NULL);
    }
}
