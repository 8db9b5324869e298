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

/* What is read is printed so that it is read again alike. */
KAA_TEST(lengths_and_loans_come_back)
{
    static const char *const texts[] = {
        "void f([[kaa::length(n * m * 4 + 2)]] int *a, int n, int m);",
        "void f([[kaa::length(3)]] [[kaa::length(n)]] int *a, int n);",
        ("int f(int *a, [[kaa::out]] [[kaa::borrow(a)]] [[kaa::free(g)]] int "
         "**b);"),
        "[[kaa::free(g)]] [[kaa::borrow(a)]] int *f(int *a);",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CHECK_STR(printed(t, find(t, parse(t, texts[i]), "f")), texts[i]);
}

KAA_TEST(scopes_of_members)
{
    const kaa_decl_item *item =
        find(t,
             parse(t, "struct s { int (*a)(int) [[kaa::scope(forever)]]; int "
                      "(*b)(int); };"),
             "s");
    const kaa_ctype_member *members = kaa_ctype_members(item->type);
    char printed_[200];

    CHECK_EQ(members[0].scope, KAA_DECL_SCOPE_FOREVER + 1);
    CHECK_EQ(members[1].scope, 0);
    kaa_ctype_print_definition(item->type, printed_, sizeof(printed_));
    CHECK_HAS(printed_, "int (*a)(int) [[kaa::scope(forever)]];");
}

KAA_TEST(redeclared_lengths)
{
    const kaa_decl_item *f =
        find(t,
             parse(t, "void f(int *a [[kaa::length(2 * n)]], int n);"
                      "void f(int a[static 2], int n);"
                      "enum { N = 7 };"
                      "void g(int a[static N], int b[static n], double n);"),
             "f");

    CHECK_EQ(f->parameters[0].length_factor, 2);
    CHECK_EQ(f->parameters[0].length_of, 1);
    CHECK_EQ(f->parameters[0].least, 2);
    CHECK_EQ(f->parameters[0].flags,
             KAA_DECL_PARAMETER_LENGTH | KAA_DECL_PARAMETER_NONNULL);
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
     "nullable, out, length, borrow, scope"},
    {"[[kaa::hold_gil]] int a;", "kaa::hold_gil has no meaning at a variable"},
    {"[[kaa::errno]] typedef int T;", "kaa::errno has no meaning at a typedef"},
    {"struct s { [[kaa::out]] int *a; };",
     "kaa::out has no meaning at a member"},
    {"struct s { int *a [[kaa::scope(async)]]; };",
     "kaa::scope needs a member that points at a function"},
    {"struct s { int (*a)(int) [[kaa::scope(call)]]; };",
     "kaa::scope(call) has no meaning at a member: it lives at least as long "
     "as "
     "its record"},
    {"struct s { int (*a)(int) [[kaa::out]] [[kaa::scope(async)]]; };",
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
     "kaa::hold_gil and kaa::errno belong in front of a function"},
    {"int f(int *a [[kaa::free(g)]]);",
     "kaa::free and kaa::borrow belong in front of a function, or to an out "
     "parameter"},
    {"[[kaa::borrow(a)]] int f(int *a);",
     "kaa::free, kaa::borrow and kaa::nullable need a function that returns a "
     "pointer"},
    {"[[kaa::borrow(b)]] int *f(int *a);",
     "kaa::borrow: no parameter has the name 'b'"},
    {"[[kaa::length(3)]] int *f(int *a);",
     "kaa::out, kaa::length and kaa::scope belong to a parameter"},
    {"int f([[kaa::out]] int a);",
     "kaa::out needs a parameter that is a pointer"},
    {"int f([[kaa::scope(call)]] long a);",
     "kaa::scope needs a parameter that is a pointer"},
    {"[[kaa::free(g)]] int f(void);",
     "kaa::free, kaa::borrow and kaa::nullable need a function that returns a "
     "pointer"},
    {"[[kaa::nullable]] int f(void);",
     "kaa::free, kaa::borrow and kaa::nullable need a function that returns a "
     "pointer"},
    {"int f([[kaa::length(m)]] int *a, int n);",
     "kaa::length: no parameter has the name 'm'"},
    {"int f([[kaa::length(n)]] int *a, double n);",
     "kaa::length: the parameter 'n' is no integer"},
    {"int f([[kaa::scope(never)]] void (*a)(void));",
     "kaa::scope is call, async, library or forever, not 'never'"},
    {"int f([[kaa::scope]] void (*a)(void));", "expected '(' before ']'"},
    {"int f([[kaa::length()]] int *a);",
     "expected a parameter's name or a number before ')'"},
    {"int f([[kaa::length(n + m)]] int *a, int n, int m);",
     "kaa::length: only a number can be added"},
    {"int f([[kaa::length(n * n * n)]] int *a, int n);",
     "kaa::length: numbers and at most two parameters are multiplied, and a "
     "number added"},
    {"int f([[kaa::length(n * 0)]] int *a, int n);",
     "kaa::length: a product with 0"},
    {"int f([[kaa::length(2.5)]] int *a);", "kaa::length: an integer expected"},
    {"int f([[kaa::length(n - 1)]] int *a, int n);", "expected ')' before '-'"},
    {"int f([[kaa::length(9223372036854775807 * 2)]] int *a);",
     "kaa::length: the number is too large"},
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
