/* decl/declarations.c - prototypes, variables, typedefs: what is understood,
 * seen through what is printed, which parses again to the same. */
#include "decl/common.h"

#define PLAIN(text, name)                                                      \
    {                                                                          \
        text, name, text                                                       \
    }

static const struct printed_case basic_types[] = {
    PLAIN("void f(void);", "f"),
    PLAIN("int f();", "f"),
    {"extern double pow(double x, double y);", "pow",
     "double pow(double x, double y);"},
    {"long unsigned int long f(signed, unsigned, char signed, short int);", "f",
     "unsigned long long f(int, unsigned int, signed char, short);"},
    {"_Bool f(bool b);", "f", "_Bool f(bool b);"},
    PLAIN("long double f(float, double);", "f"),
    {"double long _Complex f(_Complex float, __complex__ double, _Complex);",
     "f",
     "long double _Complex f(float _Complex, double _Complex, double "
     "_Complex);"},
    {"__int128 f(unsigned __int128, __uint128_t, __int128_t);", "f",
     "__int128 f(unsigned __int128, unsigned __int128, __int128);"},
    {"_Float32 f(_Float64, _Float32x, _Float64x);", "f",
     "float f(double, double, long double);"},
    {"_Float128 f(__float128, _Float16);", "f",
     "__float128 f(__float128, _Float16);"},
    {"__signed__ char f(__const int, __volatile__ int);", "f",
     "signed char f(const int, volatile int);"},
    PLAIN("int f(__builtin_va_list);", "f"),
    PLAIN("wchar_t f(char16_t, char32_t);", "f"),
    {"extern _Atomic(int) a;", "a", "extern _Atomic int a;"},
    {"extern _Atomic int a;", "a", "extern _Atomic int a;"},
};

KAA_TEST(basic_types_in_any_order)
{
    CHECK_PRINTED(basic_types);
}

static const struct printed_case declarators[] = {
    {"int *(*fp[3])(int, char *(*)(void));", "fp",
     "extern int *(*fp[3])(int, char *(*)(void));"},
    PLAIN("int (*signal(int sig, void (*func)(int)))(int);", "signal"),
    {"int (*(*f(void))[4])(char);", "f", "int (*(*f(void))[4])(char);"},
    {"char a[2][3], *b, **c;", "a", "extern char a[2][3];"},
    {"char a[2][3], *b, **c;", "c", "extern char **c;"},
    {"int ((f))(int);", "f", "int f(int);"},
    {"int f(int (x), int (int));", "f", "int f(int x, int (*)(int));"},
    {"int f(int a[4], int [static 2], int b[restrict], char **argv);", "f",
     "int f(int *a, [[kaa::length(2)]] int *, int *b, char **argv) "
     "__attribute__((nonnull(2)));"},
    {"int f(int n, int a[n], int b[*], int c[n * 2 + 1]);", "f",
     "int f(int n, int *a, int *b, int *c);"},
    {"int f(int a[][4]);", "f", "int f(int (*a)[4]);"},
    {"char *const *volatile p;", "p", "extern char *const *volatile p;"},
    {"char *restrict f(const char *__restrict a);", "f",
     "char *restrict f(const char *restrict a);"},
    PLAIN("int printf(const char *format, ...) "
          "__attribute__((format(printf, 1, 2)));",
          "printf"),
    PLAIN("int f(...);", "f"),
    {"int x[];", "x", "extern int x[];"},
    {"int f(void), g(int), *h(char);", "h", "int *h(char);"},
    {"int const static x;", "x", "static const int x;"},
    {"register int f(register int a);", "f", "int f(int a);"},
    {"_Thread_local int a; extern __thread int b;", "b", "extern int b;"},
};

KAA_TEST(declarators_of_every_shape)
{
    CHECK_PRINTED(declarators);
}

static const struct printed_case typedefs[] = {
    {"typedef unsigned long uLong; uLong crc32(uLong);", "crc32",
     "uLong crc32(uLong);"},
    {"typedef int (*cb)(void *, int); void f(cb);", "cb",
     "typedef int (*cb)(void *, int);"},
    {"typedef int fn(int); fn f;", "f", "fn f;"},
    {"typedef int fn(int), *pint; pint f(fn *);", "f", "pint f(fn *);"},
    {"typedef int t; struct s { int t; t u; };", "s",
     "struct s { int t; t u; };"},
    {"typedef unsigned long size_t; size_t f(void);", "f", "size_t f(void);"},
    {"size_t f(uint8_t, time_t);", "f", "size_t f(uint8_t, time_t);"},
    {"typedef int wchar_t; wchar_t f(void);", "f", "wchar_t f(void);"},
    {"typedef char bool; bool f(void);", "bool", "typedef char bool;"},
    {"typedef float _Float32; _Float32 f(void);", "f", "float f(void);"},
    {"typedef unsigned __int128 wide; wide f(void);", "f", "wide f(void);"},
    {"typedef float _Complex c; c f(void);", "f", "c f(void);"},
    {"typedef int a; typedef int a; typedef a b;", "b", "typedef a b;"},
    {"typedef struct { int a; } *anon;", "anon",
     "typedef struct { int a; } *anon;"},
    {"typedef enum { A, B } e[2];", "e",
     "typedef enum { A = 0, B = 1, } e[2];"},
    {"typedef int aligned __attribute__((aligned(16)));", "aligned",
     "typedef __attribute__((aligned(16))) int aligned;"},
    {"int size_t;", "size_t", "extern int size_t;"},
    {"long typedef int L;", "L", "typedef long L;"},
};

KAA_TEST(typedefs_are_kept_by_name)
{
    CHECK_PRINTED(typedefs);
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

KAA_TEST(wchar_t_keeps_its_kind_only_where_it_fits)
{
    static const char text[] = "typedef " TEXT(
        __WCHAR_TYPE__) " wchar_t;"
                        "wchar_t a; typedef unsigned short char16_t;";
    const kaa_decl *decl = parse(t, text);
    const kaa_decl *other = parse(t, "typedef short wchar_t; wchar_t a;");

    CHECK_EQ(kaa_ctype_kind_of(find(t, decl, "a")->type), KAA_CTYPE_WCHAR);
    CHECK_EQ(kaa_ctype_kind_of(find(t, decl, "char16_t")->type),
             KAA_CTYPE_CHAR16);
    CHECK_EQ(kaa_ctype_size(find(t, other, "a")->type), 2);
}

static const struct printed_case gnu_words[] = {
    {"__extension__ extern __inline int f(int) __attribute__((__nothrow__, "
     "__leaf__));",
     "f", "int f(int);"},
    {"__extension__ typedef long long ll;", "ll", "typedef long long ll;"},
    {"int f(const char *, ...) __asm__(\"\" \"__isoc99_f\") "
     "__attribute__((format(scanf, 1, 2)));",
     "f",
     "int f(const char *, ...) __asm__(\"__isoc99_f\") "
     "__attribute__((format(scanf, 1, 2)));"},
    {"extern int a __asm__(\"b\");", "a", "extern int a __asm__(\"b\");"},
    {"__attribute__((noreturn)) void f(void);", "f",
     "[[noreturn]] void f(void);"},
    {"_Noreturn void f(void);", "f", "[[noreturn]] void f(void);"},
    {"[[noreturn]] [[deprecated(\"no)]]\")]] void f [[nodiscard]] (void);", "f",
     "[[noreturn]] [[deprecated]] void f(void);"},
    {"double f(double) __attribute__((__const__));", "f",
     "[[gnu::const]] double f(double);"},
    {"[[gnu::pure]] int f(int); ", "f", "[[gnu::pure]] int f(int);"},
    {"int f(int) [[unsequenced]];", "f", "[[gnu::const]] int f(int);"},
    {"[[reproducible]] int f(int);", "f", "[[gnu::pure]] int f(int);"},
    {"void f(char *, int, char *) __attribute__((nonnull(1, 3)));", "f",
     "void f(char *, int, char *) __attribute__((nonnull(1, 3)));"},
    {"void f(char *, int, char *) __attribute__((nonnull));", "f",
     "void f(char *, int, char *) __attribute__((nonnull(1, 3)));"},
    {"char *f(void) __attribute__((returns_nonnull, malloc(g, 1)));", "f",
     "[[gnu::returns_nonnull]] char *f(void);"},
    {"char *_Nonnull f(char *_Nullable a);", "f",
     "[[gnu::returns_nonnull]] char *f([[kaa::nullable]] char *a);"},
    {"__declspec(dllexport) int f(int) __attribute__(());", "f", "int f(int);"},
    {"typedef int i8 __attribute__((__mode__(__QI__)));", "i8",
     "typedef signed char i8;"},
    {"typedef unsigned u64 __attribute__((mode(DI)));", "u64",
     "typedef unsigned long u64;"},
    {"typedef float d __attribute__((mode(DF)));", "d", "typedef double d;"},
    {"int (__attribute__((cdecl)) *f)(int);", "f", "extern int (*f)(int);"},
    {"int *__attribute__((x)) f(int __attribute__((unused)) a);", "f",
     "int *f(int a);"},
    {"__typeof__(int *) a; typeof(a) b; typeof(1 + 2.0f) c;", "b",
     "extern int *b;"},
    {"__typeof__(int *) a; typeof(a) b; typeof(1 + 2.0f) c;", "c",
     "extern float c;"},
    {"int g(int); typeof(g(1)) a; typeof(&a) b;", "b", "extern int *b;"},
    {"struct s { char c[5]; }; typeof(((struct s *)0)->c) d;", "d",
     "extern char d[5];"},
    {"extern \"C\" int f(int);", "f", "int f(int);"},
    {"extern \"C\" { int f(int); extern \"C++\" { int g(int); } }", "g",
     "int g(int);"},
    {"asm(\".globl x\"); __asm__ volatile (\"\"); int f(int);", "f",
     "int f(int);"},
    {"int f(int) __attribute__((aligned)), g(void);", "g", "int g(void);"},
};

KAA_TEST(attributes_and_gnu_words)
{
    CHECK_PRINTED(gnu_words);
}

static const struct printed_case bodies[] = {
    {"static inline int f(int a) { if (a) { return '}'; } /* } */ return "
     "\"}\\\"\"[0]; } int g(void);",
     "f", "static int f(int a);"},
    {"inline int f(int a) { // }\n return a; } int g(void);", "g",
     "int g(void);"},
    {"int f(a, b) int a; char *b; { return a; } int g(void);", "f", "int f();"},
    {"int f(void) __attribute__((x)) { ({ int a; }); } int g(void);", "g",
     "int g(void);"},
    {"int f(void); extern inline int f(void) { return 1; }", "f",
     "int f(void);"},
};

KAA_TEST(bodies_are_skipped)
{
    CHECK_PRINTED(bodies);
}

KAA_TEST(static_is_told)
{
    const kaa_decl *decl = parse(t, "static int a(void); inline int b(void);"
                                    "extern inline int c(void); int d(void);"
                                    "static inline int e(void) { return 1; }"
                                    "inline int d(void) { return 2; }"
                                    "static int v;");

    CHECK_EQ(find(t, decl, "a")->flags, KAA_DECL_STATIC);
    CHECK_EQ(find(t, decl, "b")->flags, KAA_DECL_STATIC);
    CHECK_EQ(find(t, decl, "c")->flags, 0);
    CHECK_EQ(find(t, decl, "d")->flags, 0);
    CHECK_EQ(find(t, decl, "e")->flags, KAA_DECL_STATIC);
    CHECK_EQ(find(t, decl, "v")->flags, KAA_DECL_STATIC);
}

KAA_TEST(weak_is_told)
{
    const kaa_decl *decl = parse(
        t, "int a(void) __attribute__((weak)); __attribute__((__weak__)) int "
           "b(void); [[gnu::weak]] int c(void); extern int v "
           "__attribute__((weak)); int d(void); int d(void) "
           "__attribute__((weak_import)); [[weak]] int e(void);");
    static const char *const names[] = {"a", "b", "c", "v", "d"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CHECK_EQ(find(t, decl, names[i])->flags, KAA_DECL_WEAK);
    CHECK_STR(printed(t, find(t, decl, "v")), "[[gnu::weak]] extern int v;");
}

static const struct printed_case redeclared[] = {
    {"int f(int a); int f(int b);", "f", "int f(int a);"},
    {"int f(); int f(char *a);", "f", "int f(char *a);"},
    {"int f(char *a); int f();", "f", "int f(char *a);"},
    {"int f(const int); int f(int);", "f", "int f(const int);"},
    {"extern int a[]; int a[4];", "a", "extern int a[4];"},
    {"extern int a[4]; int a[];", "a", "extern int a[4];"},
    {"int f(char *); int f(char *) __attribute__((nonnull(1)));", "f",
     "int f(char *) __attribute__((nonnull(1)));"},
    {"[[kaa::errno]] int f(int); int f(int) __asm__(\"g\");", "f",
     "[[kaa::errno]] int f(int) __asm__(\"g\");"},
    {"int f([[kaa::out]] int *a, int n); int f(int *a [[kaa::length(n)]], int "
     "n);",
     "f", "int f([[kaa::out]] [[kaa::length(n)]] int *a, int n);"},
    {"int a; extern int a; int a;", "a", "extern int a;"},
};

KAA_TEST(a_name_has_one_item)
{
    CHECK_PRINTED(redeclared);
    for (size_t i = 0; i < sizeof(redeclared) / sizeof(redeclared[0]); i++)
        CHECK_EQ(kaa_decl_count(parse(t, redeclared[i].text)), 1);
}

KAA_TEST(items_stand_in_the_order_of_the_text)
{
    static const char *const names[] = {"s", "T", "A",  "B",
                                        "f", "X", "v1", "v2"};
    static const uint32_t kinds[] = {KAA_DECL_RECORD,   KAA_DECL_TYPEDEF,
                                     KAA_DECL_INTEGER,  KAA_DECL_INTEGER,
                                     KAA_DECL_FUNCTION, KAA_DECL_INTEGER,
                                     KAA_DECL_VARIABLE, KAA_DECL_VARIABLE};
    const kaa_decl *decl = parse(t, "typedef struct s { int a; } T;\n"
                                    "enum { A, B };\n"
                                    "int f(struct s *);\n"
                                    "#define GONE later\n"
                                    "#define X 1\n"
                                    "int v1, v2;\n");

    CHECK_EQ(kaa_decl_count(decl), 8);
    for (size_t i = 0; i < 8; i++) {
        CHECK_STR(kaa_decl_at(decl, i)->name, names[i]);
        CHECK_EQ(kaa_decl_at(decl, i)->kind, kinds[i]);
        CHECK_EQ(kaa_decl_at(decl, i)->size, sizeof(kaa_decl_item));
        CHECK(kaa_decl_find(decl, names[i]) == kaa_decl_at(decl, i));
    }
    CHECK_EQ(kaa_decl_at(decl, 8), NULL);
    CHECK_EQ(kaa_decl_at(decl, SIZE_MAX), NULL);
}

KAA_TEST(places_are_told)
{
    const kaa_decl *decl = parse(t, "int a;\n\tint\n  b, *c;\n"
                                    "# 100 \"dir/file.h\" 1 3\n"
                                    "int d;\n\n/*\n*/ int e;\n"
                                    "#line 7\n"
                                    "int f;\n");

    CHECK_EQ(find(t, decl, "a")->line, 1);
    CHECK_EQ(find(t, decl, "a")->column, 5);
    CHECK_EQ(find(t, decl, "a")->source_line, 1);
    CHECK_EQ(find(t, decl, "a")->source_file, NULL);
    CHECK_EQ(find(t, decl, "c")->line, 3);
    CHECK_EQ(find(t, decl, "c")->column, 7);
    CHECK_EQ(find(t, decl, "d")->line, 5);
    CHECK_EQ(find(t, decl, "d")->source_line, 100);
    CHECK_STR(find(t, decl, "d")->source_file, "dir/file.h");
    CHECK_EQ(find(t, decl, "e")->line, 8);
    CHECK_EQ(find(t, decl, "e")->column, 8);
    CHECK_EQ(find(t, decl, "e")->source_line, 103);
    CHECK_EQ(find(t, decl, "f")->source_line, 7);
    CHECK_STR(find(t, decl, "f")->source_file, "dir/file.h");
}

KAA_TEST(tags_are_found_by_word_and_without)
{
    const kaa_decl *decl =
        parse(t, "struct s; union u { int a; }; enum e { E }; struct x { int "
                 "a; }; int x(struct s *);");

    CHECK_EQ(find(t, decl, "struct s")->kind, KAA_DECL_RECORD);
    CHECK_EQ(find(t, decl, "s")->kind, KAA_DECL_RECORD);
    CHECK_EQ(find(t, decl, "union  u")->kind, KAA_DECL_RECORD);
    CHECK_EQ(find(t, decl, "enum e")->kind, KAA_DECL_ENUM);
    CHECK_EQ(find(t, decl, "x")->kind, KAA_DECL_FUNCTION);
    CHECK_EQ(find(t, decl, "struct x")->kind, KAA_DECL_RECORD);
    CHECK_EQ(kaa_decl_find(decl, "union s"), NULL);
    CHECK_EQ(kaa_decl_find(decl, "struct nothing"), NULL);
    CHECK_EQ(kaa_decl_find(decl, "nothing"), NULL);
    CHECK_EQ(kaa_decl_find(decl, ""), NULL);
    CHECK_EQ(kaa_decl_find(decl, "int"), NULL);
    CHECK_EQ(kaa_decl_find(decl, NULL), NULL);
}

static const struct {
    const char *text;
    const char *expected; /* as printed with the name x */
} type_names[] = {
    {"const char *", "const char *x"},
    {"struct point[4]", "struct point x[4]"},
    {"int (*)(void *)", "int (*x)(void *)"},
    {"T", "T x"},
    {"T[N + 1]", "T x[4]"},
    {"unsigned long", "unsigned long x"},
    {"enum color", "enum color x"},
    {"size_t", "size_t x"},
    {"int (int, ...)", "int x(int, ...)"},
    {"struct point *(*[2])(T)", "struct point *(*x[2])(T)"},
    {"void", "void x"},
};

KAA_TEST(a_type_alone)
{
    kaa_ctype_table *types = new_table(t);
    kaa_decl *decl = NULL;
    static const char scope[] = "struct point { int x, y; }; typedef int T;"
                                "enum color { RED }; enum { N = 3 };";

    CHECK_OK(parse_bytes(types, scope, sizeof(scope) - 1, 0, &decl, &t->err));
    DEFER(t, kaa_decl_destroy, decl);
    for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
        const kaa_ctype *type = NULL;
        char text[128];

        CHECK_OK(kaa_decl_parse_type(types, decl, type_names[i].text,
                                     strlen(type_names[i].text), &type,
                                     &t->err));
        kaa_ctype_print(type, "x", text, sizeof(text));
        CHECK_STR(text, type_names[i].expected);
    }
}

KAA_TEST(a_type_alone_shares_the_scopes_records)
{
    kaa_ctype_table *types = new_table(t);
    kaa_decl *decl = NULL;
    const kaa_ctype *type = NULL;

    CHECK_OK(parse_bytes(types, "struct s { int a; };", 20, 0, &decl, &t->err));
    DEFER(t, kaa_decl_destroy, decl);
    CHECK_OK(kaa_decl_parse_type(types, decl, "struct s", 8, &type, &t->err));
    CHECK(type == find(t, decl, "s")->type);
    CHECK_OK(kaa_decl_parse_type(types, NULL, "struct s", 8, &type, &t->err));
    CHECK(!kaa_ctype_is_complete(type));
}

KAA_TEST(empty_texts)
{
    kaa_ctype_table *types = new_table(t);
    static const char *const texts[] = {"",     " \n\t",          ";;", "/* */",
                                        "// x", "#pragma once\n", "#"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        kaa_decl *decl = NULL;
        CHECK_OK(
            parse_bytes(types, texts[i], strlen(texts[i]), 0, &decl, &t->err));
        DEFER(t, kaa_decl_destroy, decl);
        CHECK_EQ(kaa_decl_count(decl), 0);
    }
    CHECK_EQ(kaa_decl_count(NULL), 0);
    CHECK_EQ(kaa_decl_at(NULL, 0), NULL);
    kaa_decl_destroy(NULL);
}

KAA_TEST(a_parameter_of_one_name_with_a_type)
{
    const kaa_decl *decl =
        parse(t, "typedef int t; int f(int t); int g(t t); int h(t(int));");

    CHECK_STR(printed(t, find(t, decl, "f")), "int f(int t);");
    CHECK_STR(printed(t, find(t, decl, "g")), "int g(t t);");
    CHECK_STR(printed(t, find(t, decl, "h")), "int h(t (*)(int));");
}
