/* fuzz/decl.c - any bytes through the declaration parser.
 *
 * The first byte chooses: a strict or a tolerant parse, or a type alone. What
 * was understood is found by its name and printed, so that the table of names
 * and the printer are under test as well; the bytes are a format string, too.
 * With libFuzzer (clang, preset `fuzz`) this is its target; without, replay.c
 * runs it on the files it is given.
 */
#include <kaa/decl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
stop(const char *what, const char *text)
{
    fprintf(stderr, "%s: %s\n", what, text);
    abort();
}

/* Printing twice gives the same; every item has a type or was skipped. */
static void
check_printed(const kaa_decl *decl)
{
    for (size_t i = 0; i < kaa_decl_count(decl) && i < 64; i++) {
        const kaa_decl_item *item = kaa_decl_at(decl, i);
        size_t length = kaa_decl_print(item, NULL, 0);
        char *text = malloc(length + 1);

        if (text == NULL)
            abort();
        if (kaa_decl_print(item, text, length + 1) != length ||
            strlen(text) != length)
            stop("printed differently", text);
        if (item->kind != KAA_DECL_SKIPPED && item->type == NULL)
            stop("no type", text);
        if (kaa_decl_find(decl, item->name) == NULL &&
            item->kind != KAA_DECL_SKIPPED)
            stop("not found", text);
        free(text);
    }
}

static void
check_error(const kaa_error *err, size_t size)
{
    if (memchr(err->message, '\0', sizeof(err->message)) == NULL ||
        err->message[0] == '\0')
        stop("message without end", "");
    if (err->line == 0 || err->column == 0 || err->column > size + 1)
        stop("no place", err->message);
}

/* The same bytes as a format: whatever room there is for what it asks for. */
static void
check_format(const char *text, size_t length)
{
    for (uint16_t kind = KAA_DECL_FORMAT_PRINTF; kind <= KAA_DECL_FORMAT_SCANF;
         kind++) {
        const kaa_decl_item item = {.format = kind};
        kaa_decl_wanted wanted[3];
        int is_whole = 2;
        size_t count =
            kaa_decl_format(&item, text, length, wanted, 3, &is_whole);

        if (count > 4096 || is_whole > 1 ||
            count != kaa_decl_format(&item, text, length, NULL, 0, NULL))
            stop("counted differently", "");
        for (size_t i = 0; i < count && i < 3; i++)
            if (wanted[i].type != NULL && wanted[i].directive[0] != '%')
                stop("no directive", wanted[i].directive);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kaa_decl_options options = {.size = sizeof(options)};
    kaa_ctype_table *types = NULL;
    kaa_decl *decl = NULL;
    const kaa_ctype *type = NULL;
    kaa_error err = {0};
    const char *text = (const char *)data;

    if (size == 0 || kaa_ctype_table_create(&types, NULL) != KAA_OK)
        return 0;
    check_format(text + 1, size - 1);
    options.flags = *data & 1 ? KAA_DECL_TOLERANT : 0;
    if (*data % 4 == 2) {
        if (kaa_decl_parse_type(types, NULL, text + 1, size - 1, &type, &err) !=
            KAA_OK)
            check_error(&err, size);
        else
            (void)kaa_ctype_print(type, "x", NULL, 0);
    } else if (kaa_decl_parse(types, text + 1, size - 1, &options, &decl,
                              &err) == KAA_OK) {
        check_printed(decl);
    } else {
        if (options.flags & KAA_DECL_TOLERANT &&
            strstr(err.message, "needs a preprocessor") == NULL)
            stop("a tolerant parse failed", err.message);
        check_error(&err, size);
    }
    kaa_decl_destroy(decl);
    kaa_ctype_table_destroy(types);
    return 0;
}
