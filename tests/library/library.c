/* tests/library/library.c - opening, symbols, binding, and what is said when
 * it fails. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <kaa/library.h>

#include "base/nearest.h"
#include "kaa_test.h"
#include "library/internal.h"

DEFERRABLE(kaa_library_close, kaa_library)
DEFERRABLE(kaa_ctype_table_destroy, kaa_ctype_table)
DEFERRABLE(kaa_decl_destroy, kaa_decl)

static kaa_library *
open_library(kaa_test *t, const char *name)
{
    kaa_library *library = NULL;

    CHECK_OK(kaa_library_open(name, NULL, &library, &t->err));
    DEFER(t, kaa_library_close, library);
    return library;
}

/* The message of a failed open; CHECK_STATUS ends the test where it was memory
 * that failed. */
static const char *
refused(kaa_test *t, const char *name)
{
    kaa_library *library = NULL;

    CHECK_STATUS(kaa_library_open(name, NULL, &library, &t->err),
                 KAA_NO_LIBRARY);
    CHECK(library == NULL);
    return t->err.message;
}

/* The file of the functions of math.h: musl has one for everything. */
#ifdef __GLIBC__
#define MATH "libm.so.6"
#else
#define MATH "ld-musl-"
#endif

KAA_TEST(names_lead_to_the_library)
{
    static const char *const names[] = {"libm.so.6", "m", "libm", "libm.so"};
    void *expected = NULL;

    CHECK_OK(kaa_library_symbol(open_library(t, names[0]), "pow", &expected,
                                &t->err));
    for (int i = 0; i < 4; i++) {
        kaa_library *library = open_library(t, names[i]);
        void *address = NULL;

        CHECK_OK(kaa_library_symbol(library, "pow", &address, &t->err));
        CHECK_EQ(address, expected);
        CHECK_HAS(kaa_library_path(library), "/" MATH);
    }
}

KAA_TEST(the_program_has_no_path)
{
    kaa_library *library = open_library(t, NULL);
    void *address = NULL;

    CHECK_STR(kaa_library_path(library), "");
    CHECK_OK(kaa_library_symbol(library, "malloc", &address, &t->err));
    CHECK(address != NULL);
    CHECK_STATUS(
        kaa_library_symbol(library, "no_such_symbol_at_all", &address, &t->err),
        KAA_NO_SYMBOL);
    CHECK_HAS(t->err.message, "'no_such_symbol_at_all' in the program");
}

KAA_TEST(a_missing_symbol_names_its_neighbours)
{
    kaa_library *library = open_library(t, "libm.so.6");
    void *address = library;

    CHECK_STATUS(kaa_library_symbol(library, "hipot", &address, &t->err),
                 KAA_NO_SYMBOL);
    CHECK_HAS(t->err.message, "no symbol 'hipot' in " MATH);
    CHECK_HAS(t->err.message, "; nearest: ");
    CHECK_HAS(t->err.message, "'hypot'");
    CHECK_EQ(address, library);
    CHECK_STATUS(kaa_library_symbol(library, "xyzzyxyzzyxyzzy", &address, NULL),
                 KAA_NO_SYMBOL);
}

KAA_TEST(symbols_are_found_in_either_hash_table)
{
    static const char *const paths[] = {HASH_GNU, HASH_SYSV};

    for (int i = 0; i < 2; i++) {
        kaa_library *library = open_library(t, paths[i]);
        void *address = NULL;

        CHECK_STATUS(
            kaa_library_symbol(library, "chain_of_hashs", &address, &t->err),
            KAA_NO_SYMBOL);
        CHECK_HAS(t->err.message, "nearest: 'chain_of_hashes'");
    }
}

KAA_TEST(distances)
{
    CHECK_EQ(kaa_base__distance("compres", "compress", 3), 1);
    CHECK_EQ(kaa_base__distance("compress", "compress", 3), 0);
    CHECK_EQ(kaa_base__distance("pwo", "pow", 3), 1);
    CHECK_EQ(kaa_base__distance("", "ab", 3), 2);
    CHECK_EQ(kaa_base__distance("kitten", "sitting", 3), 3);
    CHECK_EQ(kaa_base__distance("kitten", "sitting", 2), 3);
    CHECK_EQ(kaa_base__distance("abc", "xyz", 2), 3);
}

KAA_TEST(versions_are_compared_as_numbers)
{
    CHECK(kaa_library__compare_versions("10", "9") > 0);
    CHECK(kaa_library__compare_versions("1.2.3", "1.2") > 0);
    CHECK(kaa_library__compare_versions("1.2", "1.10") < 0);
    CHECK_EQ(kaa_library__compare_versions("1.02", "1.2"), 0);
}

/* In this order: the loader keeps what it has once opened, even lazily, and
 * what it has once made global. So only the first run is refused. */
KAA_TEST(a_symbol_that_resolves_nowhere_is_named)
{
    kaa_library_options lazy = {.size = sizeof(lazy),
                                .flags = KAA_LIBRARY_LAZY};
    kaa_library_options both = {.size = sizeof(both),
                                .flags = KAA_LIBRARY_LAZY | KAA_LIBRARY_NOW};
    kaa_library_options global = {.size = sizeof(global),
                                  .flags = KAA_LIBRARY_GLOBAL};
    kaa_library *library = NULL;
    static int was_opened;
    const char *message = NULL;
    void *function = NULL;

    if (!was_opened) {
        message = refused(t, CHAIN_UNRESOLVED);
        CHECK_HAS(message, "chain_given");
        CHECK_HAS(message, "libkaa_unresolved.so");
    }
    CHECK_STATUS(kaa_library_open(CHAIN_UNRESOLVED, &both, &library, &t->err),
                 KAA_INVALID_ARGUMENT);
    was_opened = 1;
    CHECK_OK(kaa_library_open(CHAIN_UNRESOLVED, &lazy, &library, &t->err));
    DEFER(t, kaa_library_close, library);
    CHECK_OK(kaa_library_open(CHAIN_GIVER, &global, &library, &t->err));
    DEFER(t, kaa_library_close, library);
    library = open_library(t, CHAIN_UNRESOLVED);
    CHECK_OK(
        kaa_library_symbol(library, "chain_unresolved", &function, &t->err));
    CHECK_EQ(((int (*)(void))(uintptr_t)function)(), 2);
}

KAA_TEST(a_missing_library_is_named)
{
    CHECK_HAS(refused(t, "kaa_no_such_library"),
              "kaa_no_such_library: no such library, nor "
              "libkaa_no_such_library.so");
    CHECK_HAS(refused(t, "./no/such/file.so"),
              "./no/such/file.so: no such library file");
    CHECK_HAS(refused(t, "/"), "/: cannot be read: it is a directory");
}

KAA_TEST(a_missing_dependency_is_named)
{
    const char *message = refused(t, CHAIN_TOP);

    CHECK_HAS(message, "/libkaa_middle.so needs libkaa_gone.so.7, which is not "
                       "found, needed by ");
    CHECK_HAS(message, "libkaa_top.so");
}

KAA_TEST(an_explanation_tells_it_all)
{
    static char text[65536];
    size_t length = kaa_library_explain(CHAIN_TOP, text, sizeof(text));

    CHECK(length < sizeof(text));
    CHECK_EQ(strlen(text), length);
    if (strstr(text, "no memory") == text)
        return; /* of a fault run */
    CHECK_HAS(text, "names tried: ");
    CHECK_HAS(text, "libkaa_middle.so => ");
    CHECK_HAS(text, "(RUNPATH)");
    CHECK_HAS(text, "      libkaa_gone.so.7: not found\n");
    CHECK_HAS(text, "the first fault:\n");

    length = kaa_library_explain("kaa_nowhere", text, sizeof(text));
    if (strstr(text, "no memory") == text)
        return;
    CHECK_HAS(text, "kaa_nowhere, libkaa_nowhere.so\n");
    CHECK_HAS(text, "/usr/lib/kaa_nowhere (default)\n");
    if (!kaa_test_is_fault_run()) {
        CHECK_EQ(kaa_library_explain("kaa_nowhere", text, 10), length);
        CHECK_EQ(strlen(text), 9);
    }
    length = kaa_library_explain("libm.so.6", text, sizeof(text));
    if (strstr(text, "no memory") != text)
        CHECK_HAS(text, "no file is missing\n");
    CHECK(kaa_library_explain(NULL, NULL, 0) > 0);
}

KAA_TEST(ld_library_path_is_searched)
{
    static char text[65536];

    setenv("LD_LIBRARY_PATH", "/kaa/first:/kaa/second/", 1);
    kaa_library_explain("libkaa_nowhere.so.1", text, sizeof(text));
    unsetenv("LD_LIBRARY_PATH");
    if (strstr(text, "no memory") == text)
        return;
    CHECK_HAS(text, "/kaa/first/libkaa_nowhere.so.1 (LD_LIBRARY_PATH)\n"
                    "    /kaa/second/libkaa_nowhere.so.1 (LD_LIBRARY_PATH)\n");
}

KAA_TEST(mistakes_are_refused)
{
    kaa_library_options options = {.size = sizeof(options), .flags = 1u << 20};
    kaa_library *library = NULL;
    void *address = NULL;

    CHECK_STATUS(kaa_library_open("m", &options, &library, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_library_open("", NULL, &library, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_library_open("m", NULL, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_library_symbol(NULL, "x", &address, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_library_symbol(open_library(t, NULL), NULL, &address, &t->err),
        KAA_INVALID_ARGUMENT);
    kaa_library_close(NULL);
    CHECK_STR(kaa_library_path(NULL), "");
}

KAA_TEST(a_text_is_bound_at_once)
{
    static const char text[] =
        "double cos(double); typedef int number; int no_such_function(void);\n"
        "static inline int not_exported(int x) { return x; }\n"
        "double sine(double) __asm__(\"sin\");";
    kaa_library *library = open_library(t, "libm.so.6");
    kaa_ctype_table *table = NULL;
    kaa_decl *decl = NULL;
    void *addresses[16] = {NULL}, *expected = NULL;
    size_t missing = 99, found = 0;

    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, table);
    CHECK_OK(
        kaa_decl_parse(table, text, sizeof(text) - 1, NULL, &decl, &t->err));
    DEFER(t, kaa_decl_destroy, decl);
    CHECK(kaa_decl_count(decl) <= 16);
    CHECK_OK(kaa_library_bind(library, decl, addresses, &missing, &t->err));
    CHECK_EQ(missing, 1);
    for (size_t i = 0; i < kaa_decl_count(decl); i++) {
        const kaa_decl_item *item = kaa_decl_at(decl, i);

        found += addresses[i] != NULL;
        if (strcmp(item->name, "sine") != 0)
            continue;
        CHECK_OK(kaa_library_symbol(library, "sin", &expected, &t->err));
        CHECK_EQ(addresses[i], expected);
    }
    CHECK_EQ(found, 2);
    CHECK_STATUS(kaa_library_bind(library, NULL, addresses, &missing, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_library_bind(library, decl, NULL, &missing, &t->err),
                 KAA_INVALID_ARGUMENT);
}
