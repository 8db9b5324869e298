/* preprocess/builtin.c - __FILE__, __LINE__ and the like; __has_include() and
 * its relatives in #if. */
#include "preprocess/internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct named {
    const char *text;
    uint8_t special; /* an enum kaa_preprocess__special */
};

static void
name_all(kaa_preprocess__pp *pp, const struct named *at, size_t count)
{
    for (; count != 0; at++, count--) {
        kaa_preprocess__name *name =
            kaa_preprocess__name_of(pp, at->text, strlen(at->text));

        if (name == NULL)
            return;
        name->special = at->special;
    }
}

void
kaa_preprocess__name_builtins(kaa_preprocess__pp *pp)
{
    static const struct named specials[] = {
        {"__FILE__", S_FILE},
        {"__FILE_NAME__", S_FILE_NAME},
        {"__LINE__", S_LINE},
        {"__COUNTER__", S_COUNTER},
        {"__DATE__", S_DATE},
        {"__TIME__", S_TIME},
        {"__TIMESTAMP__", S_TIMESTAMP},
        {"__INCLUDE_LEVEL__", S_INCLUDE_LEVEL},
        {"__BASE_FILE__", S_BASE_FILE},
        {"_Pragma", S_PRAGMA},
        {"defined", S_DEFINED},
        {"__has_include", S_HAS_INCLUDE},
        {"__has_include_next", S_HAS_INCLUDE_NEXT},
        {"__has_attribute", S_HAS_ATTRIBUTE},
        {"__has_c_attribute", S_HAS_C_ATTRIBUTE},
        {"__has_builtin", S_HAS_BUILTIN},
        {"__VA_OPT__", S_VA_OPT},
    };
    /* A header asks with #ifdef whether there is such a question. */
    static const struct named clang[] = {
        {"__has_feature", S_HAS_FEATURE},
        {"__has_extension", S_HAS_EXTENSION},
        {"__has_warning", S_HAS_WARNING},
        {"__has_declspec_attribute", S_HAS_DECLSPEC_ATTRIBUTE},
        {"__is_identifier", S_IS_IDENTIFIER},
        {"__is_target_arch", S_IS_TARGET_ARCH},
        {"__is_target_vendor", S_IS_TARGET_VENDOR},
        {"__is_target_os", S_IS_TARGET_OS},
        {"__is_target_environment", S_IS_TARGET_ENVIRONMENT},
        {"__building_module", S_BUILDING_MODULE},
    };
    static const struct named others[] = {
        {"__has_cpp_attribute", S_HAS_CPP_ATTRIBUTE},
    };
    const kaa_preprocess__name *name =
        kaa_preprocess__name_of(pp, "__clang__", 9);

    name_all(pp, specials, sizeof(specials) / sizeof(specials[0]));
    if (name != NULL && name->macro != NULL)
        name_all(pp, clang, sizeof(clang) / sizeof(clang[0]));
    else
        name_all(pp, others, sizeof(others) / sizeof(others[0]));
}

static int
make_token(kaa_preprocess__pp *pp, uint8_t kind, const char *text,
           size_t length, kaa_preprocess__token *token)
{
    char *copy = kaa_preprocess__alloc(pp, length + 1);

    if (copy == NULL)
        return 0;
    memcpy(copy, text, length);
    token->kind = kind;
    token->text = copy;
    token->length = (uint32_t)length;
    token->name = NULL;
    token->code = 0;
    return 1;
}

int
kaa_preprocess__make_number(kaa_preprocess__pp *pp, long value,
                            kaa_preprocess__token *token)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%ld", value);

    return make_token(pp, T_NUMBER, text, (size_t)length, token);
}

/* A name in quotes, backslashes and quotes escaped. */
static int
make_string(kaa_preprocess__pp *pp, const char *name,
            kaa_preprocess__token *token)
{
    size_t length = strlen(name);
    char *text = kaa_preprocess__alloc(pp, 2 * length + 3);
    size_t used = 0;

    if (text == NULL)
        return 0;
    text[used++] = '"';
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '"' || name[i] == '\\')
            text[used++] = '\\';
        text[used++] = name[i];
    }
    text[used++] = '"';
    return make_token(pp, T_STRING, text, used, token);
}

static int
make_time(kaa_preprocess__pp *pp, uint32_t special,
          kaa_preprocess__token *token)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[64];
    time_t now = time(NULL);
    struct tm parts = {0};

    localtime_r(&now, &parts);
    if (special == S_TIME)
        snprintf(text, sizeof(text), "\"%02d:%02d:%02d\"", parts.tm_hour,
                 parts.tm_min, parts.tm_sec);
    else
        snprintf(text, sizeof(text), "\"%.3s %2d %d\"",
                 months + (size_t)(parts.tm_mon % 12) * 3, parts.tm_mday,
                 parts.tm_year + 1900);
    return make_token(pp, T_STRING, text, strlen(text), token);
}

int
kaa_preprocess__builtin(kaa_preprocess__pp *pp, kaa_preprocess__token *token)
{
    const kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
    const char *slash;

    if (pp->is_listing)
        return 1;
    switch (token->name->special) {
    case S_FILE:
        return make_string(pp, s->name, token);
    case S_BASE_FILE:
        return make_string(pp, pp->sources[0].file->path, token);
    case S_FILE_NAME:
        slash = strrchr(s->name, '/');
        return make_string(pp, slash != NULL ? slash + 1 : s->name, token);
    case S_LINE:
        return kaa_preprocess__make_number(pp, (long)s->line + s->delta, token);
    case S_COUNTER:
        return kaa_preprocess__make_number(pp, (long)pp->counter++, token);
    case S_INCLUDE_LEVEL:
        return kaa_preprocess__make_number(pp, (long)pp->source_count - 1,
                                           token);
    case S_DATE:
    case S_TIME:
    case S_TIMESTAMP:
        return make_time(pp, token->name->special, token);
    default:
        return 1;
    }
}

static int
fail(kaa_preprocess__pp *pp, const char *what)
{
    return kaa_preprocess__fail(pp, KAA_SYNTAX,
                                kaa_preprocess__source_of(pp)->line,
                                "expected (%s) in a condition", what);
}

static int
has_include(kaa_preprocess__pp *pp, int is_next, long *out_value)
{
    kaa_preprocess__token token;
    const char *name;
    size_t length;
    int is_angled;

    if (!kaa_preprocess__header_name(pp, "__has_include", &name, &length,
                                     &is_angled))
        return 0;
    kaa_preprocess__next(pp, &token);
    if (!kaa_preprocess__is(&token, CODE(')', 0, 0)))
        return fail(pp, "header");
    *out_value =
        kaa_preprocess__find(pp, name, length, is_angled, is_next) != NULL;
    return !pp->has_failed;
}

/* What the compiler answered when kaa was built; 0 if it was not asked. */
static long
recorded(const char *kind, const char *word, size_t length)
{
    size_t kind_length = strlen(kind);

    if (length > 4 && memcmp(word, "__", 2) == 0 &&
        memcmp(word + length - 2, "__", 2) == 0 &&
        strcmp(kind, "builtin") != 0 && strcmp(kind, "keyword") != 0) {
        word += 2;
        length -= 4;
    }
    for (const kaa_preprocess__answer *a = kaa_preprocess__answers;
         a->question != NULL; a++)
        if (strncmp(a->question, kind, kind_length) == 0 &&
            a->question[kind_length] == ' ' &&
            strncmp(a->question + kind_length + 1, word, length) == 0 &&
            a->question[kind_length + 1 + length] == '\0')
            return a->value;
    return 0;
}

/* name, or scope::name */
static int
read_word(kaa_preprocess__pp *pp, char *word, size_t size, size_t *out_length)
{
    kaa_preprocess__token token;
    size_t length = 0;

    for (;;) {
        kaa_preprocess__next(pp, &token);
        if (token.kind == T_END)
            return 0;
        if (kaa_preprocess__is(&token, CODE(')', 0, 0)))
            break;
        if (token.kind != T_NAME && token.kind != T_STRING &&
            token.kind != T_NUMBER &&
            !kaa_preprocess__is(&token, CODE(':', ':', 0)) &&
            !kaa_preprocess__is(&token, CODE(':', 0, 0)))
            return 0;
        if (token.length >= size - length)
            return 0;
        memcpy(word + length, token.text, token.length);
        length += token.length;
    }
    *out_length = length;
    return length != 0;
}

/* The first word of a line of questions.txt; no line asks the last one. */
static const char *
kind_of(uint32_t special)
{
    switch (special) {
    case S_HAS_ATTRIBUTE:
        return "attribute";
    case S_HAS_CPP_ATTRIBUTE:
    case S_HAS_C_ATTRIBUTE:
        return "c_attribute";
    case S_HAS_BUILTIN:
        return "builtin";
    case S_HAS_FEATURE:
        return "feature";
    case S_HAS_EXTENSION:
        return "extension";
    case S_HAS_WARNING:
        return "warning";
    case S_HAS_DECLSPEC_ATTRIBUTE:
        return "declspec_attribute";
    case S_IS_IDENTIFIER:
        return "keyword";
    case S_IS_TARGET_ARCH:
        return "target_arch";
    case S_IS_TARGET_VENDOR:
        return "target_vendor";
    case S_IS_TARGET_OS:
        return "target_os";
    case S_IS_TARGET_ENVIRONMENT:
        return "target_environment";
    default:
        return "module";
    }
}

int
kaa_preprocess__has(kaa_preprocess__pp *pp, uint32_t special, long *out_value)
{
    kaa_preprocess__token token;
    char word[256];
    size_t length;
    uint8_t no_expand = pp->no_expand;
    int is_read;

    *out_value = 0;
    kaa_preprocess__next(pp, &token);
    if (!kaa_preprocess__is(&token, CODE('(', 0, 0)))
        return fail(pp, "name");
    if (special == S_HAS_INCLUDE || special == S_HAS_INCLUDE_NEXT)
        return has_include(pp, special == S_HAS_INCLUDE_NEXT, out_value);
    /* __is_target_os(linux) means the word, which may be a macro too. */
    pp->no_expand = no_expand || special >= S_IS_IDENTIFIER;
    is_read = read_word(pp, word, sizeof(word), &length);
    pp->no_expand = no_expand;
    if (!is_read)
        return fail(pp, "name");
    *out_value = recorded(kind_of(special), word, length);
    if (special == S_IS_IDENTIFIER)
        *out_value = !*out_value;
    return 1;
}
