/* tests/library/finding.c - which file is taken for a name, in which order it
 * is looked for, and what is near to a name that is not there. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kaa/library.h>

#include "base/memory.h"
#include "kaa_test.h"
#include "library/internal.h"

DEFERRABLE(kaa_library_close, kaa_library)
DEFERRABLE(kaa_library__search_fini, kaa_library__search)

/* What could not be remembered is told: a search without the loader's cache,
 * say, would find other files. */
KAA_TEST(a_search_says_that_memory_is_short)
{
    static kaa_library__search search;
    int is_good = kaa_library__search_init(&search);

    DEFER(t, kaa_library__search_fini, &search);
    CHECK_EQ(is_good, !kaa_base__fault_happened());
}

/* A folder of the test's own; what is in it goes with it. */
static char folder[] = "/tmp/kaa_finding_XXXXXX";
static char files[8][64];
static int file_count;

static void
remove_folder(void *unused)
{
    (void)unused;
    while (file_count > 0)
        unlink(files[--file_count]);
    rmdir(folder);
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    unsetenv("LD_LIBRARY_PATH");
}

DEFERRABLE(remove_folder, void)

static void
make_folder(kaa_test *t)
{
    CHECK(mkdtemp(folder) != NULL);
    DEFER(t, remove_folder, folder);
    setenv("LD_LIBRARY_PATH", folder, 1);
}

/* A file in it: a copy, or empty. */
static const char *
place(kaa_test *t, const char *name, const char *from)
{
    char *path = files[file_count];
    FILE *out, *in = from != NULL ? fopen(from, "rb") : NULL;
    int c;

    CHECK(file_count < 8);
    snprintf(path, sizeof(files[0]), "%s/%s", folder, name);
    file_count++;
    out = fopen(path, "wb");
    CHECK(out != NULL && (from == NULL || in != NULL));
    while (in != NULL && (c = fgetc(in)) != EOF)
        fputc(c, out);
    if (in != NULL)
        fclose(in);
    fclose(out);
    return path;
}

static void
check_names_in(kaa_test *t, const char *name, const char *const *expected,
               uint32_t count, int has_cache)
{
    kaa_library__search search;
    kaa_library__names names = {.count = 0};
    int is_made = kaa_library__search_init(&search);
    char got[4][64] = {""};

    if (!has_cache)
        search.cache.count = 0;
    is_made = is_made && kaa_library__names_of(&search, name, &names);
    for (uint32_t i = 0; is_made && i < names.count; i++)
        snprintf(got[i], sizeof(got[i]), "%s", names.of[i]);
    kaa_library__search_fini(&search);
    CHECK_MEMORY(is_made ? &search : NULL);
    CHECK_EQ(names.count, count);
    for (uint32_t i = 0; i < count; i++)
        CHECK_STR(got[i], expected[i]);
}

static void
check_names(kaa_test *t, const char *name, const char *const *expected,
            uint32_t count)
{
    check_names_in(t, name, expected, count, 1);
}

/* A cache that somebody forgot to renew, or that is another system's. */
KAA_TEST(a_library_that_the_cache_lacks_is_found_in_its_folder)
{
#ifdef __GLIBC__
    static const char *const c[] = {"c", "libc.so", "libc.so.6"};

    unsetenv("LD_LIBRARY_PATH");
    check_names_in(t, "c", c, 3, 0);
    check_names(t, "c", c, 3);
#else
    SKIP("the C library of this system has no number");
#endif
}

KAA_TEST(the_newest_version_is_the_last_name_tried)
{
    static const char *const bare[] = {"kaafound", "libkaafound.so",
                                       "libkaafound.so.10"};
    static const char *const lib[] = {"libkaafound", "libkaafound.so",
                                      "libkaafound.so.10"};
    static const char *const so[] = {"libkaafound.so", "libkaafound.so.10"};
    static const char *const exact[] = {"libkaafound.so.9"};
    static const char *const slash[] = {"./kaafound"};
    static const char *const none[] = {"kaanone", "libkaanone.so"};

    make_folder(t);
    place(t, "libkaafound.so.9", NULL);
    place(t, "libkaafound.so.10", NULL);
    place(t, "libkaafound.so.2", NULL);
    place(t, "libkaafound.so.old", NULL);
    check_names(t, "kaafound", bare, 3);
    check_names(t, "libkaafound", lib, 3);
    check_names(t, "libkaafound.so", so, 2);
    check_names(t, "libkaafound.so.9", exact, 1);
    check_names(t, "./kaafound", slash, 1);
    check_names(t, "kaanone", none, 2);
}

/* The program's own RUNPATH leads to the tests' libraries. */
KAA_TEST(a_bare_name_opens_a_library)
{
    kaa_library *library = NULL;
    void *address = NULL;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    SKIP("a sanitizer opens libraries itself, and has no such RUNPATH");
#endif
    CHECK_OK(kaa_library_open("kaa_giver", NULL, &library, &t->err));
    DEFER(t, kaa_library_close, library);
    CHECK_HAS(kaa_library_path(library), "/libkaa_giver.so");
    CHECK_OK(kaa_library_symbol(library, "chain_given", &address, &t->err));
}

/* Where the first of a tree's needs is found, and what it is told of. */
static void
check_place(kaa_test *t, const char *path, const char *name, const char *where)
{
    kaa_library__search search;
    int is_made = kaa_library__search_init(&search) &&
                  kaa_library__search_add(&search, path, NULL) != NULL;
    const char *found = NULL;
    uint32_t same = 0;

    if (is_made)
        kaa_library__search_walk(&search);
    is_made = is_made && !search.failed;
    for (const kaa_library__node *n = search.first; is_made && n != NULL;
         n = n->next) {
        if (strcmp(n->name, name) == 0)
            found = n->where; /* a constant */
        for (const kaa_library__node *m = search.first; m != n; m = m->next)
            same += strcmp(m->name, n->name) == 0;
    }
    kaa_library__search_fini(&search);
    CHECK_MEMORY(is_made ? &search : NULL);
    CHECK_STR(found, where);
    CHECK_EQ(same, 0); /* each name once, whoever needs it */
}

KAA_TEST(the_loaders_order)
{
    make_folder(t);
    check_place(t, CHAIN_OLD, "libkaa_middle.so", "RPATH");
    check_place(t, CHAIN_TOP, "libkaa_middle.so", "RUNPATH");
    place(t, "libkaa_middle.so", CHAIN_MIDDLE);
    check_place(t, CHAIN_OLD, "libkaa_middle.so", "RPATH");
    check_place(t, CHAIN_TOP, "libkaa_middle.so", "LD_LIBRARY_PATH");
}

/* libm needs libc, and both need the loader. */
KAA_TEST(what_several_need_is_looked_for_once)
{
#ifndef __GLIBC__
    SKIP("libm is libc here");
#endif
    check_place(t, "libm.so.6", "libc.so.6", "already loaded");
}

KAA_TEST(a_file_for_another_machine_is_passed_over)
{
    unsigned char machine[2] = {0xF3, 0}; /* RISC-V */
    const char *path;
    FILE *file;

    make_folder(t);
    path = place(t, "libkaa_middle.so", CHAIN_MIDDLE);
    file = fopen(path, "r+b");
    CHECK(file != NULL && fseek(file, 18, SEEK_SET) == 0);
    CHECK_EQ(fwrite(machine, 1, 2, file), 2);
    fclose(file);
    check_place(t, CHAIN_TOP, "libkaa_middle.so", "RUNPATH");
}

KAA_TEST(the_last_symbol_is_near_too)
{
    kaa_library *library = NULL;
    void *address = NULL;

    CHECK_OK(kaa_library_open(CHAIN_GIVER, NULL, &library, &t->err));
    DEFER(t, kaa_library_close, library);
    CHECK_STATUS(kaa_library_symbol(library, "chain_gived", &address, &t->err),
                 KAA_NO_SYMBOL);
    CHECK_STR(t->err.message, "no symbol 'chain_gived' in libkaa_giver.so; "
                              "nearest: 'chain_given'");
    CHECK_STATUS(kaa_library_symbol(library, "chain_xxxxx", &address, &t->err),
                 KAA_NO_SYMBOL);
    CHECK_STR(t->err.message, "no symbol 'chain_xxxxx' in libkaa_giver.so");
}

KAA_TEST(one_file_is_checked)
{
    kaa_error err = {0};

    CHECK_OK(kaa_library__check_file(CHAIN_GIVER, &t->err));
    make_folder(t);
    place(t, "text.so", NULL);
    CHECK_STATUS(kaa_library__check_file(files[0], &t->err), KAA_NO_LIBRARY);
    CHECK_HAS(t->err.message, "/text.so: is not a shared library");
    CHECK_STATUS(kaa_library__check_file("/kaa/none.so", &err), KAA_NO_LIBRARY);
    CHECK_STR(err.message, "/kaa/none.so: not found");
}
