/* fuzz/preprocess.c - any bytes through the preprocessor, and what comes of it
 * through the declaration parser.
 *
 * The first byte chooses: without the predefined macros, with the macros behind
 * the text, or all the way to declarations. What kaa preprocessed, it has to be
 * able to preprocess again. With libFuzzer (clang, preset `fuzz`) this is its
 * target; without, replay.c runs it on the files it is given.
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

static void
check_error(const kaa_error *err)
{
    if (memchr(err->message, '\0', sizeof(err->message)) == NULL ||
        err->message[0] == '\0')
        stop("message without end", "");
}

static void
declare(const kaa_preprocess_options *preprocess, const char *text, size_t size)
{
    kaa_decl_options options = {.size = sizeof(options),
                                .flags = KAA_DECL_TOLERANT,
                                .preprocess = preprocess};
    kaa_ctype_table *types = NULL;
    kaa_decl *decl = NULL;
    kaa_error err = {0};

    if (kaa_ctype_table_create(&types, NULL) != KAA_OK)
        return;
    if (kaa_decl_parse(types, text, size, &options, &decl, &err) != KAA_OK)
        check_error(&err);
    for (size_t i = 0; i < kaa_decl_count(decl) && i < 64; i++)
        (void)kaa_decl_print(kaa_decl_at(decl, i), NULL, 0);
    kaa_decl_destroy(decl);
    kaa_ctype_table_destroy(types);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kaa_preprocess_options options = {.size = sizeof(options)};
    kaa_preprocess_result *result = NULL;
    kaa_preprocess_result *again = NULL;
    kaa_error err = {0};
    const char *text = (const char *)data;
    size_t length;

    if (size == 0)
        return 0;
    options.flags = KAA_PREPROCESS_NO_PREDEFINED;
    if (*data & 1)
        options.flags |= KAA_PREPROCESS_MACROS;
    if (*data % 4 == 2) {
        declare(&options, text + 1, size - 1);
        return 0;
    }
    if (kaa_preprocess_run(text + 1, size - 1, &options, &result, &err) !=
        KAA_OK) {
        check_error(&err);
        return 0;
    }
    text = kaa_preprocess_text(result, &length);
    if (text[length] != '\0')
        stop("no end", text);
    options.flags = KAA_PREPROCESS_NO_PREDEFINED;
    if ((*data & 1) == 0 &&
        kaa_preprocess_run(text, length, &options, &again, &err) == KAA_OK)
        kaa_preprocess_destroy(again);
    kaa_preprocess_destroy(result);
    return 0;
}
