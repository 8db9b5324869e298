/* preprocess/directive.c - lines that begin with #: conditions, and who does
 * the rest. A group that is not taken is passed over here at once. */
#include "preprocess/internal.h"

#include <string.h>

enum {
    D_NONE = 0,
    D_IF,
    D_IFDEF,
    D_IFNDEF,
    D_ELIF,
    D_ELIFDEF,
    D_ELIFNDEF,
    D_ELSE,
    D_ENDIF,
    D_DEFINE,
    D_UNDEF,
    D_INCLUDE,
    D_INCLUDE_NEXT,
    D_IMPORT,
    D_EMBED,
    D_LINE,
    D_ERROR,
    D_PRAGMA,
    D_PASSED, /* #warning, #ident and the like say nothing to kaa */
};

void
kaa_preprocess__name_directives(kaa_preprocess__pp *pp)
{
    static const struct {
        const char *text;
        uint8_t directive;
    } directives[] = {
        {"if", D_IF},           {"ifdef", D_IFDEF},
        {"ifndef", D_IFNDEF},   {"elif", D_ELIF},
        {"elifdef", D_ELIFDEF}, {"elifndef", D_ELIFNDEF},
        {"else", D_ELSE},       {"endif", D_ENDIF},
        {"define", D_DEFINE},   {"undef", D_UNDEF},
        {"include", D_INCLUDE}, {"include_next", D_INCLUDE_NEXT},
        {"import", D_IMPORT},   {"embed", D_EMBED},
        {"line", D_LINE},       {"error", D_ERROR},
        {"pragma", D_PRAGMA},   {"warning", D_PASSED},
        {"ident", D_PASSED},    {"sccs", D_PASSED},
        {"assert", D_PASSED},   {"unassert", D_PASSED},
    };

    for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
        kaa_preprocess__name *name = kaa_preprocess__name_of(
            pp, directives[i].text, strlen(directives[i].text));
        if (name == NULL)
            return;
        name->directive = directives[i].directive;
    }
}

static int
is_conditional(uint32_t directive)
{
    return directive >= D_IF && directive <= D_ENDIF;
}

/* The name behind #ifdef and the like; NULL after a failure. */
static kaa_preprocess__name *
take_name(kaa_preprocess__pp *pp, uint32_t line, const char *directive)
{
    kaa_preprocess__token token;

    kaa_preprocess__lex(pp, &token);
    if (token.kind == T_NAME)
        return token.name;
    kaa_preprocess__fail(pp, KAA_SYNTAX, line, "expected a name behind #%s",
                         directive);
    return NULL;
}

static int
is_defined(const kaa_preprocess__name *name)
{
    return name->macro != NULL ||
           (name->special != S_NONE && name->special != S_DEFINED &&
            name->special < S_VA_ARGS && name->special != S_PRAGMA);
}

static int
push_condition(kaa_preprocess__pp *pp, uint32_t line, int is_true, int is_outer)
{
    kaa_preprocess__condition *c;

    if (pp->condition_count >= PP_CONDITIONS_MAX)
        return kaa_preprocess__fail(pp, KAA_LIMIT, line,
                                    "conditions nested more than %u deep",
                                    PP_CONDITIONS_MAX);
    if (!kaa_preprocess__grow(pp, &pp->conditions, pp->condition_count,
                              &pp->condition_capacity, sizeof(*c)))
        return 0;
    c = &pp->conditions[pp->condition_count++];
    memset(c, 0, sizeof(*c));
    c->line = line;
    c->is_outer_skipping = (uint8_t)is_outer;
    c->was_true = (uint8_t)(is_true || is_outer);
    c->is_skipping = (uint8_t)!is_true;
    return 1;
}

/* An #ifndef that begins a file may guard all of it. */
static void
note_guard(kaa_preprocess__pp *pp, const kaa_preprocess__name *name,
           int is_first)
{
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);

    if (is_first && name != NULL) {
        s->guard = name;
        s->guard_depth = (uint32_t)pp->condition_count;
    }
}

/* The name in `#if !defined(NAME)`, if that is all of it; the line is not
 * stepped over. */
static const kaa_preprocess__name *
peek_guard(kaa_preprocess__pp *pp)
{
    kaa_preprocess__source before = *kaa_preprocess__source_of(pp);
    kaa_preprocess__token token;
    const kaa_preprocess__name *name = NULL;
    int has_parenthesis = 0;

    kaa_preprocess__lex(pp, &token);
    if (kaa_preprocess__is(&token, CODE('!', 0, 0))) {
        kaa_preprocess__lex(pp, &token);
        if (token.kind == T_NAME && token.name->special == S_DEFINED) {
            kaa_preprocess__lex(pp, &token);
            has_parenthesis = kaa_preprocess__is(&token, CODE('(', 0, 0));
            if (has_parenthesis)
                kaa_preprocess__lex(pp, &token);
            name = token.kind == T_NAME ? token.name : NULL;
            kaa_preprocess__lex(pp, &token);
            if (has_parenthesis && kaa_preprocess__is(&token, CODE(')', 0, 0)))
                kaa_preprocess__lex(pp, &token);
            if (token.kind != T_END)
                name = NULL;
        }
    }
    *kaa_preprocess__source_of(pp) = before;
    return name;
}

/* #if, #ifdef, #ifndef in text that is read. */
static void
begin_condition(kaa_preprocess__pp *pp, uint32_t directive, uint32_t line)
{
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
    int is_first = !s->has_tokens && s->guard == NULL;
    const kaa_preprocess__name *guard = NULL;
    int is_true = 0;

    if (s->guard_depth == 0 && !is_first)
        s->has_tokens = 1;
    if (directive == D_IF) {
        guard = is_first ? peek_guard(pp) : NULL;
        if (!kaa_preprocess__evaluate(pp, &is_true))
            return;
    } else {
        kaa_preprocess__name *name =
            take_name(pp, line, directive == D_IFDEF ? "ifdef" : "ifndef");
        if (name == NULL)
            return;
        is_true = is_defined(name) == (directive == D_IFDEF);
        guard = directive == D_IFNDEF ? name : NULL;
    }
    if (push_condition(pp, line, is_true, 0))
        note_guard(pp, guard, is_first);
}

/* Whether the group behind #elif or #else is taken. */
static int
next_group(kaa_preprocess__pp *pp, uint32_t directive, uint32_t line)
{
    kaa_preprocess__condition *c = &pp->conditions[pp->condition_count - 1];
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
    kaa_preprocess__name *name;
    int is_true = 0;

    if (c->has_else)
        return kaa_preprocess__fail(
            pp, KAA_SYNTAX, line, "#%s behind the #else of line %u",
            directive == D_ELSE ? "else" : "elif", (unsigned)c->line);
    if (s->guard_depth == pp->condition_count)
        s->has_tokens = 1;
    if (directive == D_ELSE) {
        c->has_else = 1;
        is_true = !c->was_true;
    } else if (!c->was_true) {
        if (directive == D_ELIF) {
            if (!kaa_preprocess__evaluate(pp, &is_true))
                return 0;
        } else {
            name = take_name(pp, line, "elifdef");
            if (name == NULL)
                return 0;
            is_true = is_defined(name) == (directive == D_ELIFDEF);
        }
        c = &pp->conditions[pp->condition_count - 1];
    }
    c->is_skipping = (uint8_t)!is_true;
    c->was_true |= (uint8_t)is_true;
    return 1;
}

static void
conditional(kaa_preprocess__pp *pp, uint32_t directive, uint32_t line)
{
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);

    if (directive <= D_IFNDEF) {
        int is_skipping = pp->condition_count > s->conditions &&
                          pp->conditions[pp->condition_count - 1].is_skipping;
        if (is_skipping)
            push_condition(pp, line, 0, 1);
        else
            begin_condition(pp, directive, line);
        return;
    }
    if (pp->condition_count <= s->conditions) {
        kaa_preprocess__fail(pp, KAA_SYNTAX, line, "#%s without #if",
                             directive == D_ENDIF  ? "endif"
                             : directive == D_ELSE ? "else"
                                                   : "elif");
        return;
    }
    if (directive != D_ENDIF) {
        next_group(pp, directive, line);
        return;
    }
    if (s->guard_depth == pp->condition_count)
        s->guard_depth = 0;
    pp->condition_count--;
}

/* #line 12 "file", or a marker `# 12 "file" 1`; the number is `token`. */
static int
set_line(kaa_preprocess__pp *pp, const kaa_preprocess__token *number,
         uint32_t line)
{
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
    kaa_preprocess__token token;
    uint64_t value = 0;

    if (number->kind != T_NUMBER)
        return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                    "expected a line number");
    for (uint32_t i = 0; i < number->length; i++) {
        char c = number->text[i];
        if (c == '\'')
            continue;
        value = value * 10 + (uint64_t)(c - '0');
        if (c < '0' || c > '9' || value > INT32_MAX)
            return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                        "expected a line number");
    }
    kaa_preprocess__next(pp, &token);
    if (token.kind == T_STRING && token.text[0] == '"') {
        char *name = kaa_preprocess__alloc(pp, token.length);
        size_t length = 0;
        if (name == NULL)
            return 0;
        for (uint32_t i = 1; i + 1 < token.length; i++) {
            if (token.text[i] == '\\' && i + 2 < token.length)
                i++;
            name[length++] = token.text[i];
        }
        s->name = name;
    } else if (token.kind != T_END) {
        return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                    "expected a file's name in quotes");
    }
    s->delta = (int32_t)((int64_t)value - (int64_t)s->line - 1);
    return !pp->has_failed;
}

static void
error_line(kaa_preprocess__pp *pp, uint32_t line)
{
    const kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
    const char *from = s->at;
    const char *newline = memchr(from, '\n', (size_t)(s->end - from));
    size_t length = (size_t)((newline != NULL ? newline : s->end) - from);

    while (length != 0 && (*from == ' ' || *from == '\t')) {
        from++;
        length--;
    }
    while (length != 0 && (from[length - 1] == '\r' || from[length - 1] == ' '))
        length--;
    kaa_preprocess__fail(pp, KAA_SYNTAX, line, "#error %.*s",
                         length < 160 ? (int)length : 160, from);
}

static void
undefine(kaa_preprocess__pp *pp, uint32_t line)
{
    kaa_preprocess__name *name = take_name(pp, line, "undef");

    if (name != NULL)
        name->macro = NULL;
}

/* A directive that is no condition; the rest of its line is passed by the
 * caller, but for what was included. */
static void
perform(kaa_preprocess__pp *pp, const kaa_preprocess__token *token,
        uint32_t line)
{
    switch (token->name->directive) {
    case D_DEFINE:
        kaa_preprocess__define(pp, line);
        break;
    case D_UNDEF:
        undefine(pp, line);
        break;
    case D_INCLUDE:
        kaa_preprocess__include(pp, line, 0, 0);
        break;
    case D_INCLUDE_NEXT:
        kaa_preprocess__include(pp, line, 1, 0);
        break;
    case D_IMPORT:
        kaa_preprocess__include(pp, line, 0, 1);
        break;
    case D_EMBED:
        kaa_preprocess__fail(pp, KAA_UNSUPPORTED, line,
                             "#embed is not supported: a declaration needs no "
                             "contents of files");
        break;
    case D_LINE: {
        kaa_preprocess__token number;
        kaa_preprocess__next(pp, &number);
        set_line(pp, &number, line);
        break;
    }
    case D_ERROR:
        error_line(pp, line);
        break;
    case D_PRAGMA:
        kaa_preprocess__pragma(pp, line);
        break;
    case D_PASSED:
        break;
    default:
        kaa_preprocess__fail(
            pp, KAA_SYNTAX, line, "'#%.*s' is no directive that kaa has",
            token->length < 40 ? (int)token->length : 40, token->text);
        break;
    }
}

static void
one_line(kaa_preprocess__pp *pp, uint32_t line, int is_skipping)
{
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
    size_t sources = pp->source_count;
    kaa_preprocess__token token;

    kaa_preprocess__lex(pp, &token);
    if (token.kind == T_NAME && is_conditional(token.name->directive)) {
        conditional(pp, token.name->directive, line);
    } else if (!is_skipping && token.kind != T_END) {
        if (s->guard_depth == 0)
            s->has_tokens = 1;
        if (token.kind == T_NAME)
            perform(pp, &token, line);
        else if (token.kind == T_NUMBER)
            set_line(pp, &token, line);
        else
            kaa_preprocess__fail(
                pp, KAA_SYNTAX, line, "'#%.*s' is no directive",
                token.length < 40 ? (int)token.length : 40, token.text);
    }
    if (!pp->has_failed && pp->source_count == sources)
        kaa_preprocess__skip_line(pp);
}

/* Behind the # of a line that is read. Macros in the middle of their arguments
 * do not see the directive's tokens. */
void
kaa_preprocess__directive(kaa_preprocess__pp *pp, uint32_t line)
{
    uint8_t no_expand = pp->no_expand;
    size_t sources = pp->source_count;
    size_t contexts = pp->context_count;
    kaa_preprocess__context *wall = NULL;

    /* What #if expands must not run on into the contexts below. */
    if (contexts != 0) {
        wall = kaa_preprocess__push(pp);
        if (wall == NULL)
            return;
        wall->is_boundary = SOURCE_HERE;
    }
    pp->no_expand = 0;
    pp->in_directive = 1;
    one_line(pp, line, 0);
    while (!pp->has_failed && pp->source_count == sources &&
           pp->condition_count != 0 &&
           pp->condition_count > kaa_preprocess__source_of(pp)->conditions &&
           pp->conditions[pp->condition_count - 1].is_skipping) {
        pp->in_directive = 0;
        if (!kaa_preprocess__skip_group(pp))
            break; /* kaa_preprocess__leave() says what is missing */
        pp->in_directive = 1;
        one_line(pp, kaa_preprocess__source_of(pp)->line, 1);
    }
    pp->in_directive = 0;
    pp->no_expand = no_expand;
    if (wall != NULL)
        kaa_preprocess__drop(pp, contexts);
}
