/* preprocess/include.c - #include in its forms, and #pragma. */
#include "preprocess/internal.h"

#include <string.h>

/* <name> that macros expanded to: the tokens' text, joined. */
static int
join_angled(kaa_preprocess__pp *pp, const char **out_name, size_t *out_length)
{
    kaa_preprocess__token token;
    char name[1024];
    size_t length = 0;
    char *copy;

    for (;;) {
        kaa_preprocess__next(pp, &token);
        if (token.kind == T_END || kaa_preprocess__is(&token, CODE('>', 0, 0)))
            break;
        if ((token.flags & F_SPACE) != 0 && length != 0 &&
            length < sizeof(name))
            name[length++] = ' ';
        if (token.length >= sizeof(name) - length)
            break;
        memcpy(name + length, token.text, token.length);
        length += token.length;
    }
    if (!kaa_preprocess__is(&token, CODE('>', 0, 0)) || length == 0)
        return 0;
    copy = kaa_preprocess__alloc(pp, length);
    if (copy == NULL)
        return 0;
    memcpy(copy, name, length);
    *out_name = copy;
    *out_length = length;
    return 1;
}

int
kaa_preprocess__header_name(kaa_preprocess__pp *pp, const char *what,
                            const char **out_name, size_t *out_length,
                            int *out_is_angled)
{
    uint32_t line = kaa_preprocess__source_of(pp)->line;
    kaa_preprocess__token token;
    const char *text;
    size_t length;

    if (pp->context_count == 0 ||
        pp->contexts[pp->context_count - 1].is_boundary == SOURCE_HERE)
        if (kaa_preprocess__angled(pp, &text, &length)) {
            *out_is_angled = *text == '<';
            *out_name = text + 1;
            *out_length = length - 2;
            return 1;
        }
    kaa_preprocess__next(pp, &token);
    if (token.kind == T_STRING && token.text[0] == '"') {
        *out_is_angled = 0;
        *out_name = token.text + 1;
        *out_length = token.length - 2;
        return 1;
    }
    *out_is_angled = 1;
    if (kaa_preprocess__is(&token, CODE('<', 0, 0)) &&
        join_angled(pp, out_name, out_length))
        return 1;
    return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                "expected \"header\" or <header> behind %s",
                                what);
}

int
kaa_preprocess__include(kaa_preprocess__pp *pp, uint32_t line, int is_next,
                        int is_import)
{
    kaa_preprocess__file *file;
    const char *name = NULL;
    size_t length = 0;
    int is_angled = 0;

    if (!kaa_preprocess__header_name(pp, "#include", &name, &length,
                                     &is_angled))
        return 0;
    file = kaa_preprocess__find(pp, name, length, is_angled, is_next);
    if (file == NULL)
        return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                    "no header has the name '%.*s'",
                                    length < 120 ? (int)length : 120, name);
    kaa_preprocess__skip_line(pp);
    pp->in_directive = 0;
    if (is_import && file->was_read)
        return 1;
    if (is_import)
        file->is_once = 0;
    if (!kaa_preprocess__note_main(pp, file, is_angled) ||
        !kaa_preprocess__enter(pp, file))
        return 0;
    if (is_import)
        file->is_once = 1;
    return 1;
}

/* #pragma push_macro("NAME") and pop_macro. */
static int
save_macro(kaa_preprocess__pp *pp, int is_pop, uint32_t line)
{
    kaa_preprocess__token token;
    kaa_preprocess__name *name;
    struct kaa_preprocess__saved *saved;

    kaa_preprocess__lex(pp, &token);
    kaa_preprocess__lex(pp, &token);
    if (token.kind != T_STRING || token.length < 3)
        return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                    "expected (\"NAME\") behind #pragma "
                                    "push_macro or pop_macro");
    name = kaa_preprocess__name_of(pp, token.text + 1, token.length - 2u);
    if (name == NULL)
        return 0;
    if (is_pop) {
        if (name->saved != NULL) {
            name->macro = name->saved->macro;
            name->saved = name->saved->older;
        }
        return 1;
    }
    saved = kaa_preprocess__alloc(pp, sizeof(*saved));
    if (saved == NULL)
        return 0;
    saved->older = name->saved;
    saved->macro = name->macro;
    name->saved = saved;
    return 1;
}

static int
is_word(const kaa_preprocess__token *token, const char *word)
{
    return token->kind == T_NAME && strcmp(token->name->text, word) == 0;
}

int
kaa_preprocess__pragma(kaa_preprocess__pp *pp, uint32_t line)
{
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
    const char *from = s->at;
    kaa_preprocess__token token;

    kaa_preprocess__lex(pp, &token);
    if (is_word(&token, "once")) {
        if (pp->source_count > 1)
            s->file->is_once = 1;
        return 1;
    }
    if (is_word(&token, "push_macro") || is_word(&token, "pop_macro"))
        return save_macro(pp, token.name->text[1] == 'o', line);
    if (is_word(&token, "GCC") || is_word(&token, "clang")) {
        kaa_preprocess__lex(pp, &token);
        if (is_word(&token, "system_header"))
            return 1;
    }
    kaa_preprocess__skip_line(pp);
    kaa_preprocess__write_pragma(pp, from, (size_t)(s->at - from), line);
    return 1;
}

/* _Pragma("text"): the text, its quotes and backslashes taken off. */
int
kaa_preprocess__pragma_operator(kaa_preprocess__pp *pp)
{
    kaa_preprocess__token token;
    kaa_preprocess__token string;
    uint32_t line = pp->place_line;
    char *text;
    size_t length = 0;

    kaa_preprocess__next(pp, &token);
    if (!kaa_preprocess__is(&token, CODE('(', 0, 0)))
        return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                    "expected (\"...\") behind _Pragma");
    kaa_preprocess__next(pp, &string);
    kaa_preprocess__next(pp, &token);
    if (string.kind != T_STRING || !kaa_preprocess__is(&token, CODE(')', 0, 0)))
        return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                    "expected (\"...\") behind _Pragma");
    text = kaa_preprocess__alloc(pp, string.length);
    if (text == NULL)
        return 0;
    for (uint32_t i = string.text[0] == 'L' ? 2 : 1; i + 1 < string.length;
         i++) {
        if (string.text[i] == '\\' && i + 2 < string.length &&
            (string.text[i + 1] == '"' || string.text[i + 1] == '\\'))
            i++;
        text[length++] = string.text[i];
    }
    kaa_preprocess__write_pragma(pp, text, length, line);
    return 1;
}
