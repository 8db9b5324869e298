/* preprocess/lex.c - from bytes to preprocessing tokens.
 *
 * A continued line (a backslash at its end) may cut a token in two. That is
 * rare: tokens are scanned where they stand, and only one with such an end
 * behind it is scanned again in a copy without it.
 */
#include "preprocess/internal.h"

#include <string.h>

#define COPY_MIN 256u /* bytes of a line that are first copied */

enum { OTHER = 0, LETTER, DIGIT, BLANK, LINE_END };

/* Bytes above 0x7f are letters: identifiers may be UTF-8. */
static unsigned
class_of(char c)
{
    static const uint8_t below[128] = {
        /* \0 is a blank, as gcc has it */
        3, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    };
    unsigned char byte = (unsigned char)c;

    return byte < 128 ? below[byte] : LETTER;
}

static int
is_word(char c)
{
    unsigned class = class_of(c);

    return class == LETTER || class == DIGIT;
}

/* Behind a backslash, blanks and a newline at `at`; or `at`. */
static const char *
splice(const char *at, const char *end)
{
    const char *behind = at + 1;

    if (at >= end || *at != '\\')
        return at;
    while (behind < end && (*behind == ' ' || *behind == '\t' ||
                            *behind == '\r' || *behind == '\f'))
        behind++;
    return behind < end && *behind == '\n' ? behind + 1 : at;
}

/* Where the next character stands, behind continued lines. */
static const char *
logical(const char *at, const char *end)
{
    for (;;) {
        const char *behind = splice(at, end);
        if (behind == at)
            return at;
        at = behind;
    }
}

static void
count_lines(kaa_preprocess__source *s, const char *from, const char *to)
{
    while (from < to &&
           (from = memchr(from, '\n', (size_t)(to - from))) != NULL) {
        s->line++;
        from++;
    }
}

/* At / and *; behind the comment. */
static const char *
skip_block(kaa_preprocess__pp *pp, kaa_preprocess__source *s, const char *at)
{
    const char *start = at;
    uint32_t line = s->line;

    for (;;) {
        const char *star =
            at < s->end ? memchr(at, '*', (size_t)(s->end - at)) : NULL;
        const char *next;

        if (star == NULL) {
            count_lines(s, start, s->end);
            kaa_preprocess__fail(pp, KAA_SYNTAX, line, "a comment has no end");
            return s->end;
        }
        next = logical(star + 1, s->end);
        if (next < s->end && *next == '/') {
            count_lines(s, start, next);
            return next + 1;
        }
        at = star + 1;
    }
}

/* To the newline that ends a // comment. */
static const char *
skip_rest(kaa_preprocess__source *s, const char *at)
{
    for (;;) {
        const char *newline =
            at < s->end ? memchr(at, '\n', (size_t)(s->end - at)) : NULL;
        const char *back;

        if (newline == NULL)
            return s->end;
        back = newline;
        while (back > at && (back[-1] == '\r' || back[-1] == ' ' ||
                             back[-1] == '\t' || back[-1] == '\f'))
            back--;
        if (back == at || back[-1] != '\\')
            return newline;
        s->line++;
        at = newline + 1;
    }
}

/* Behind a comment at `at`, or NULL if there is none. */
static const char *
skip_comment(kaa_preprocess__pp *pp, kaa_preprocess__source *s, const char *at)
{
    const char *next = logical(at + 1, s->end);

    if (next >= s->end || (*next != '*' && *next != '/'))
        return NULL;
    count_lines(s, at, next);
    return *next == '*' ? skip_block(pp, s, next + 1) : skip_rest(s, next + 1);
}

/* Over blanks, comments and continued lines; over newlines too, unless in a
 * directive. 1 if there were any. */
static int
skip_blanks(kaa_preprocess__pp *pp, kaa_preprocess__source *s)
{
    const char *at = s->at;
    const char *start = at;

    while (at < s->end) {
        const char *behind;
        unsigned class = class_of(*at);

        if (class == BLANK) {
            at++;
        } else if (class == LINE_END) {
            if (pp->in_directive)
                break;
            s->line++;
            s->is_fresh = 1;
            at++;
        } else if (*at == '/') {
            behind = skip_comment(pp, s, at);
            if (behind == NULL)
                break;
            at = behind;
        } else if (*at == '\\') {
            behind = splice(at, s->end);
            if (behind == at)
                break;
            s->line++;
            at = behind;
        } else {
            break;
        }
    }
    s->at = at;
    return at != start;
}

/* Behind the closing quote, or where the line (or this part of it) ends. */
static const char *
scan_quoted(const char *at, const char *end, kaa_preprocess__token *token)
{
    char quote = *at;

    for (at++; at < end && *at != '\n'; at++) {
        if (*at == quote) {
            token->kind = quote == '"' ? T_STRING : T_CHARACTER;
            return at + 1;
        }
        if (*at == '\\') {
            if (splice(at, end) != at)
                break;
            if (end - at > 1 && at[1] != '\n')
                at++;
        }
    }
    token->kind = T_OTHER;
    return at;
}

static const char *
scan_number(const char *at, const char *end)
{
    while (at < end) {
        char c = *at;
        if (is_word(c) || c == '.') {
            at++;
            if ((c == 'e' || c == 'E' || c == 'p' || c == 'P') && at < end &&
                (*at == '+' || *at == '-'))
                at++;
        } else if (c == '\'' && end - at > 1 && is_word(at[1])) {
            at += 2;
        } else {
            break;
        }
    }
    return at;
}

/* How many of the characters at `at` are one punctuator: at least one. */
static size_t
punctuation_length(const char *at, size_t left)
{
    char a = at[0];
    char b = left > 1 ? at[1] : '\0';
    char c = left > 2 ? at[2] : '\0';

    switch (a) {
    case '.':
        return b == '.' && c == '.' ? 3 : 1;
    case '<':
        if (b == '<')
            return c == '=' ? 3 : 2;
        return b == '=' || b == ':' || b == '%' ? 2 : 1;
    case '>':
        if (b == '>')
            return c == '=' ? 3 : 2;
        return b == '=' ? 2 : 1;
    case '%':
        if (b == ':' && c == '%' && left > 3 && at[3] == ':')
            return 4;
        return b == '=' || b == '>' || b == ':' ? 2 : 1;
    case '-':
        return b == '>' || b == '-' || b == '=' ? 2 : 1;
    case '+':
    case '&':
    case '|':
        return b == a || b == '=' ? 2 : 1;
    case '#':
        return b == '#' ? 2 : 1;
    case ':':
        return b == '>' || b == ':' ? 2 : 1;
    case '*':
    case '/':
    case '=':
    case '!':
    case '^':
        return b == '=' ? 2 : 1;
    default:
        return 1;
    }
}

static const char *
scan_punctuation(const char *at, const char *end, kaa_preprocess__token *token)
{
    size_t length = punctuation_length(at, (size_t)(end - at));

    if (at[0] < ' ' || at[0] == 0x7f || at[0] == '@' || at[0] == '`' ||
        at[0] == '\\') {
        token->kind = T_OTHER;
        return at + 1;
    }
    token->kind = T_PUNCTUATION;
    token->code = CODE(at[0], length > 1 ? at[1] : 0, length > 2 ? at[2] : 0);
    if (length == 4) /* %:%: */
        token->code = CODE('#', '#', 0);
    else if (token->code == CODE('%', ':', 0))
        token->code = CODE('#', 0, 0);
    return at + length;
}

static int
is_prefix(const char *at, size_t length)
{
    return (length == 1 && (*at == 'L' || *at == 'u' || *at == 'U')) ||
           (length == 2 && at[0] == 'u' && at[1] == '8');
}

const char *
kaa_preprocess__scan(kaa_preprocess__pp *pp, const char *at, const char *end,
                     kaa_preprocess__token *token)
{
    const char *start = at;
    unsigned class = class_of(*at);
    uint32_t hash = PP_HASH_START;

    token->text = start;
    token->name = NULL;
    token->code = 0;
    if (class == LETTER) {
        do
            hash = PP_HASH_STEP(hash, *at);
        while (++at < end && is_word(*at));
        if (at < end && (*at == '"' || *at == '\'') &&
            is_prefix(start, (size_t)(at - start))) {
            at = scan_quoted(at, end, token);
        } else {
            token->kind = T_NAME;
            token->name =
                kaa_preprocess__intern(pp, start, (size_t)(at - start), hash);
            if (token->name == NULL)
                token->kind = T_END;
        }
    } else if (class == DIGIT ||
               (*at == '.' && end - at > 1 && class_of(at[1]) == DIGIT)) {
        token->kind = T_NUMBER;
        at = scan_number(at, end);
    } else if (*at == '"' || *at == '\'') {
        at = scan_quoted(at, end, token);
    } else {
        at = scan_punctuation(at, end, token);
    }
    token->length = (uint32_t)(at - start);
    return at;
}

/* The token at s->at from a copy of at most `room` bytes of its line, without
 * the ends of continued lines. 0 if it may be longer than that. */
static int
scan_copy(kaa_preprocess__pp *pp, kaa_preprocess__source *s, size_t room,
          kaa_preprocess__token *token)
{
    char *copy = kaa_preprocess__alloc(pp, room + 1);
    const char *at = s->at;
    size_t length = 0;

    if (copy == NULL)
        return 1;
    while (length < room && (at = logical(at, s->end)) < s->end && *at != '\n')
        copy[length++] = *at++;
    kaa_preprocess__scan(pp, copy, copy + length, token);
    if (token->length == length && length == room)
        return 0;
    at = s->at;
    for (uint32_t i = 0; i < token->length; i++) {
        const char *next = logical(at, s->end);
        count_lines(s, at, next);
        at = next + 1;
    }
    s->at = at;
    return 1;
}

static void
scan_here(kaa_preprocess__pp *pp, kaa_preprocess__source *s,
          kaa_preprocess__token *token)
{
    const char *behind = kaa_preprocess__scan(pp, s->at, s->end, token);
    size_t room = COPY_MIN;

    if (behind >= s->end || *behind != '\\' ||
        splice(behind, s->end) == behind) {
        s->at = behind;
        return;
    }
    while (!scan_copy(pp, s, room, token))
        room *= 4;
}

static void
set_end(kaa_preprocess__pp *pp, kaa_preprocess__token *token)
{
    memset(token, 0, sizeof(*token));
    token->text = "";
    if (pp->source_count != 0)
        token->line = pp->sources[pp->source_count - 1].line;
}

void
kaa_preprocess__lex(kaa_preprocess__pp *pp, kaa_preprocess__token *token)
{
    for (;;) {
        kaa_preprocess__source *s;

        if (pp->has_failed || pp->source_count == 0)
            break;
        s = kaa_preprocess__source_of(pp);
        token->flags = skip_blanks(pp, s) ? F_SPACE : 0;
        if (pp->has_failed)
            break;
        if (s->at >= s->end) {
            if (pp->in_directive || pp->nesting != 0)
                break;
            if (pp->source_count == 1)
                break;
            kaa_preprocess__leave(pp);
            continue;
        }
        if (*s->at == '\n')
            break;
        token->line = s->line;
        if (s->is_fresh)
            token->flags |= F_FRESH;
        s->is_fresh = 0;
        scan_here(pp, s, token);
        if ((token->flags & F_FRESH) && !pp->in_directive &&
            kaa_preprocess__is(token, CODE('#', 0, 0))) {
            kaa_preprocess__directive(pp, token->line);
            continue;
        }
        if (!pp->in_directive && s->guard_depth == 0)
            s->has_tokens = 1;
        if (pp->has_failed)
            break;
        return;
    }
    set_end(pp, token);
}

int
kaa_preprocess__take_parenthesis(kaa_preprocess__pp *pp)
{
    kaa_preprocess__source *s;
    kaa_preprocess__source before;

    if (pp->has_failed || pp->source_count == 0)
        return 0;
    s = kaa_preprocess__source_of(pp);
    before = *s;
    skip_blanks(pp, s);
    if (!pp->has_failed && s->at < s->end && *s->at == '(') {
        s->at++;
        s->is_fresh = 0;
        return 1;
    }
    if (!pp->has_failed)
        *s = before;
    return 0;
}

/* Not to the newline that ends the line, comments and quotes looked at. */
static const char *
pass_line(kaa_preprocess__pp *pp, kaa_preprocess__source *s, const char *at)
{
    while (at < s->end && *at != '\n') {
        const char *behind;

        if (*at == '/') {
            behind = skip_comment(pp, s, at);
            at = behind != NULL ? behind : at + 1;
        } else if (*at == '"' || *at == '\'') {
            kaa_preprocess__token token;
            at = scan_quoted(at, s->end, &token);
        } else if (*at == '\\') {
            behind = splice(at, s->end);
            if (behind != at)
                s->line++;
            at = behind != at ? behind : at + 1;
        } else {
            at++;
        }
    }
    return at;
}

int
kaa_preprocess__skip_group(kaa_preprocess__pp *pp)
{
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);

    while (!pp->has_failed) {
        skip_blanks(pp, s);
        if (s->at >= s->end)
            return 0;
        if (s->is_fresh &&
            (*s->at == '#' ||
             (*s->at == '%' && s->end - s->at > 1 && s->at[1] == ':'))) {
            s->at += *s->at == '#' ? 1 : 2;
            s->is_fresh = 0;
            return 1;
        }
        s->is_fresh = 0;
        s->at = pass_line(pp, s, s->at);
    }
    return 0;
}

void
kaa_preprocess__skip_line(kaa_preprocess__pp *pp)
{
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);

    s->at = pass_line(pp, s, s->at);
}

int
kaa_preprocess__angled(kaa_preprocess__pp *pp, const char **out_text,
                       size_t *out_length)
{
    kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
    const char *at;

    skip_blanks(pp, s);
    at = s->at;
    if (at >= s->end || (*at != '<' && *at != '"'))
        return 0;
    *out_text = at;
    for (at++; at < s->end && *at != '\n'; at++)
        if (*at == (*s->at == '<' ? '>' : '"')) {
            *out_length = (size_t)(at + 1 - s->at);
            s->at = at + 1;
            return 1;
        }
    return 0;
}

int
kaa_preprocess__is(const kaa_preprocess__token *token, uint32_t code)
{
    return token->kind == T_PUNCTUATION && token->code == code;
}
