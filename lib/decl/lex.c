/* decl/lex.c - from bytes to tokens.
 *
 * Nothing is read at or beyond cursor->end; the text may hold any bytes. A
 * token is given once: kaa_decl__peek() keeps one ahead. An identifier that is
 * an object-like macro is replaced by its body, which becomes a cursor of its
 * own on a small stack; the macro's name stands for itself in there.
 */
#include "decl/internal.h"

#include <string.h>

#include "base/memory.h"

enum { OTHER = 0, LETTER, DIGIT, BLANK, LINE_END };

/* Bytes above 0x7f are letters: identifiers may be UTF-8. */
static const uint8_t class_of[256] = {
    ['\t'] = BLANK,
    ['\v'] = BLANK,
    ['\f'] = BLANK,
    ['\r'] = BLANK,
    [' '] = BLANK,
    ['\n'] = LINE_END,
    ['0'] = DIGIT,
    DIGIT,
    DIGIT,
    DIGIT,
    DIGIT,
    DIGIT,
    DIGIT,
    DIGIT,
    DIGIT,
    DIGIT,
    ['$'] = LETTER,
    ['_'] = LETTER,
    ['A'] = LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    ['a'] = LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
    LETTER,
#define L8 LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER
    [128] = L8,
    L8,
    L8,
    L8,
    L8,
    L8,
    L8,
    L8,
    L8,
    L8,
    L8,
    L8,
    L8,
    L8,
    L8,
    L8,
#undef L8
};

static inline unsigned
class_at(const char *at)
{
    return class_of[(unsigned char)*at];
}

/* A comment without an end takes the rest of the text with it. */
static void
report_comment(kaa_decl__parser *p, const kaa_decl__cursor *c,
               const char *start, uint32_t line, uint32_t column)
{
    kaa_decl__token where = {.kind = T_STRAY, .place = start, .start = start};

    if (c != &p->main || p->has_failed || start < p->directives_done)
        return;
    p->directives_done = c->end;
    where.line = line;
    where.column = column;
    where.marker = p->marker;
    if (kaa_decl__is_tolerant(p, where.marker))
        kaa_decl__add_skipped(p, "", &where, "a comment has no end");
    else
        kaa_decl__fail(p, &where, "a comment has no end");
}

/* Behind a comment whose / is at `at`; NULL if it is no comment. */
static const char *
skip_comment(kaa_decl__parser *p, kaa_decl__cursor *c, const char *at)
{
    const char *end = c->end;
    const char *start = at;
    uint32_t line = c->line;
    uint32_t column = (uint32_t)(at - c->line_start) + 1;

    if (end - at < 2 || (at[1] != '/' && at[1] != '*'))
        return NULL;
    if (at[1] == '/') {
        for (at += 2; at < end && *at != '\n'; at++)
            if (*at == '\\' && end - at > 1 && at[1] == '\n') {
                c->line++;
                at++;
                c->line_start = at + 1;
            }
        return at;
    }
    for (at += 2; at < end; at++) {
        if (*at == '\n') {
            c->line++;
            c->line_start = at + 1;
        } else if (*at == '*' && end - at > 1 && at[1] == '/') {
            return at + 2;
        }
    }
    report_comment(p, c, start, line, column);
    return at;
}

/* Moves the cursor over blanks, comments, continued lines and directives. */
static void
skip_blanks(kaa_decl__parser *p, kaa_decl__cursor *c)
{
    const char *at = c->at;

    while (at < c->end) {
        const char *behind;

        switch (class_at(at)) {
        case LINE_END:
            c->line++;
            c->line_start = at + 1;
            c->is_fresh = 1;
            at++;
            continue;
        case BLANK:
            at++;
            continue;
        case LETTER:
        case DIGIT:
            c->at = at;
            return;
        default:
            break;
        }
        if (*at == '/') {
            behind = skip_comment(p, c, at);
            if (behind == NULL)
                break;
            at = behind;
        } else if (*at == '\\' && c->end - at > 1 &&
                   (at[1] == '\n' ||
                    (at[1] == '\r' && c->end - at > 2 && at[2] == '\n'))) {
            at += at[1] == '\n' ? 2 : 3;
            c->line++;
            c->line_start = at;
        } else if (*at == '#' && c->is_fresh && c == &p->main) {
            c->at = at + 1;
            kaa_decl__directive(p, at);
            at = c->at;
            if (p->has_failed)
                return;
        } else {
            break;
        }
    }
    c->at = at;
}

/* Behind the closing quote, or NULL where the line ends before it. */
static const char *
skip_quoted(kaa_decl__cursor *c, const char *at, char quote)
{
    for (at++; at < c->end && *at != '\n'; at++) {
        if (*at == quote)
            return at + 1;
        if (*at == '\\') {
            if (c->end - at < 2)
                return NULL;
            at++;
            if (*at == '\n') { /* the string goes on in the next line */
                c->line++;
                c->line_start = at + 1;
            }
        }
    }
    return NULL;
}

static const char *
scan_quoted(kaa_decl__parser *p, kaa_decl__cursor *c, const char *quote,
            kaa_decl__token *token)
{
    const char *behind = skip_quoted(c, quote, *quote);

    token->kind = *quote == '"' ? T_STRING : T_CHARACTER;
    if (behind != NULL)
        return behind;
    token->kind = T_STRAY;
    p->stray = *quote == '"' ? "a string has no closing '\"'"
                             : "a character has no closing '";
    while (quote < c->end && *quote != '\n')
        quote++;
    return quote;
}

/* A preprocessing number: 1, 0x1p-3, 1.5e+10L, 1'000. */
static const char *
scan_number(const char *at, const char *end)
{
    while (at < end) {
        if (class_at(at) == LETTER || class_at(at) == DIGIT || *at == '.') {
            char letter = *at;
            at++;
            if ((letter == 'e' || letter == 'E' || letter == 'p' ||
                 letter == 'P') &&
                at < end && (*at == '+' || *at == '-'))
                at++;
        } else if (*at == '\'' && end - at > 1 &&
                   (class_at(at + 1) == LETTER || class_at(at + 1) == DIGIT)) {
            at += 2;
        } else {
            break;
        }
    }
    return at;
}

/* Behind the punctuation at `at`; its kind in *kind. */
static const char *
scan_punctuation(const char *at, const char *end, uint16_t *kind)
{
    static const struct {
        char text[4];
        uint16_t kind;
    } longer[] = {
        {"...", T_ELLIPSIS},  {"<<=", T_OTHER},        {">>=", T_OTHER},
        {"->", T_ARROW},      {"<<", T_SHIFT_LEFT},    {">>", T_SHIFT_RIGHT},
        {"<=", T_LESS_EQUAL}, {">=", T_GREATER_EQUAL}, {"==", T_EQUAL},
        {"!=", T_NOT_EQUAL},  {"&&", T_AND},           {"||", T_OR},
        {"::", T_SCOPE},      {"++", T_OTHER},         {"--", T_OTHER},
        {"+=", T_OTHER},      {"-=", T_OTHER},         {"*=", T_OTHER},
        {"/=", T_OTHER},      {"%=", T_OTHER},         {"&=", T_OTHER},
        {"|=", T_OTHER},      {"^=", T_OTHER},         {"##", T_OTHER},
    };
    size_t left = (size_t)(end - at);

    /* Most are followed by something that cannot make them longer. */
    if (left > 1 && class_at(at + 1) == OTHER && *at != '(' && *at != ')' &&
        *at != ';' && *at != ',' && *at != '[' && *at != ']')
        for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]); i++) {
            size_t length = strlen(longer[i].text);
            if (length <= left && memcmp(at, longer[i].text, length) == 0) {
                *kind = longer[i].kind;
                return at + length;
            }
        }
    *kind = (unsigned char)*at;
    return at + 1;
}

static int
is_punctuation(char c)
{
    return c > ' ' && c < 0x7f && c != '@' && c != '`' && c != '\\';
}

static int
is_string_prefix(const char *at, size_t length)
{
    return (length == 1 && (*at == 'L' || *at == 'u' || *at == 'U')) ||
           (length == 2 && at[0] == 'u' && at[1] == '8');
}

/* An identifier, or a string with a prefix. 0 if it was a macro, whose body is
 * now what is read. */
static int
scan_word(kaa_decl__parser *p, kaa_decl__cursor *c, kaa_decl__token *token)
{
    const char *start = c->at;
    const char *at = start;
    const char *end = c->end;
    uint32_t hash = KAA_DECL__HASH_START;
    kaa_decl__symbol *symbol;

    do
        hash = KAA_DECL__HASH_STEP(hash, *at);
    while (++at < end && (class_at(at) == LETTER || class_at(at) == DIGIT));
    if (at < end && (*at == '"' || *at == '\'') &&
        is_string_prefix(start, (size_t)(at - start))) {
        c->at = scan_quoted(p, c, at, token);
        return 1;
    }
    c->at = at;
    symbol = kaa_decl__intern(p, start, (size_t)(at - start), hash);
    if (symbol == NULL) {
        token->kind = T_END;
        return 1;
    }
    token->kind = symbol->token;
    token->symbol = symbol;
    return symbol->macro == NULL || p->is_raw || symbol->macro->is_known ||
           !kaa_decl__push_frame(p, symbol->macro);
}

static void
scan_other(kaa_decl__parser *p, kaa_decl__cursor *c, kaa_decl__token *token)
{
    const char *at = c->at;

    if (class_at(at) == DIGIT ||
        (*at == '.' && c->end - at > 1 && class_at(at + 1) == DIGIT)) {
        token->kind = T_NUMBER;
        c->at = scan_number(at, c->end);
    } else if (*at == '"' || *at == '\'') {
        c->at = scan_quoted(p, c, at, token);
    } else if (is_punctuation(*at)) {
        c->at = scan_punctuation(at, c->end, &token->kind);
    } else {
        token->kind = T_STRAY;
        p->stray = "a byte that is no part of C";
        c->at = at + 1;
    }
}

/* Notes where an outermost token stands; inner ones keep their macro's place.
 */
static void
place(kaa_decl__parser *p, const kaa_decl__cursor *c, kaa_decl__token *token)
{
    token->place = c->at;
    token->line = c->line;
    token->column = (uint32_t)(c->at - c->line_start) + 1;
    token->marker = p->marker;
}

static void
scan(kaa_decl__parser *p, kaa_decl__token *token)
{
    for (;;) {
        kaa_decl__cursor *c = p->cursor;

        token->symbol = NULL;
        skip_blanks(p, c);
        if (p->has_failed || c->at >= c->end) {
            if (p->has_failed || c == &p->main) {
                place(p, c, token);
                token->start = c->at;
                token->length = 0;
                token->kind = T_END;
                return;
            }
            c->macro->is_busy = 0;
            p->frame_count--;
            p->cursor =
                p->frame_count != 0 ? &p->frames[p->frame_count - 1] : &p->main;
            continue;
        }
        c->is_fresh = 0;
        if (c == &p->main) {
            place(p, c, token);
        } else if (p->expansion_left-- == 0) {
            p->expansion_left = 0;
            kaa_decl__fail_as(p, KAA_LIMIT, token, "macros expand to too much");
            continue;
        }
        token->start = c->at;
        if (class_at(c->at) != LETTER)
            scan_other(p, c, token);
        else if (!scan_word(p, c, token))
            continue;
        token->length = (uint32_t)(c->at - token->start);
        return;
    }
}

void
kaa_decl__next(kaa_decl__parser *p)
{
    if (p->has_ahead) {
        p->token = p->ahead;
        p->has_ahead = 0;
        return;
    }
    scan(p, &p->token);
}

const kaa_decl__token *
kaa_decl__peek(kaa_decl__parser *p)
{
    if (!p->has_ahead) {
        p->ahead = p->token; /* its place, should a macro be read */
        scan(p, &p->ahead);
        p->has_ahead = 1;
    }
    return &p->ahead;
}

int
kaa_decl__accept(kaa_decl__parser *p, uint32_t kind)
{
    if (p->token.kind != kind)
        return 0;
    kaa_decl__next(p);
    return 1;
}

int
kaa_decl__expect(kaa_decl__parser *p, uint32_t kind, const char *what)
{
    if (p->token.kind != kind)
        return kaa_decl__fail_expected(p, what);
    kaa_decl__next(p);
    return 1;
}

int
kaa_decl__push_frame(kaa_decl__parser *p, kaa_decl__macro *macro)
{
    kaa_decl__cursor *frame;

    if (macro->has_arguments || macro->is_busy)
        return 0;
    if (p->frame_count >= KAA_DECL__FRAMES_MAX) {
        p->too_deep = macro;
        return 0;
    }
    frame = &p->frames[p->frame_count++];
    frame->at = macro->body;
    frame->end = macro->body_end;
    frame->line_start = macro->body;
    frame->line = 0;
    frame->is_fresh = 0;
    frame->macro = macro;
    macro->is_busy = 1;
    p->cursor = frame;
    return 1;
}

void
kaa_decl__drop_frames(kaa_decl__parser *p)
{
    while (p->frame_count > 0)
        p->frames[--p->frame_count].macro->is_busy = 0;
    p->cursor = &p->main;
    p->has_ahead = 0;
}

kaa_decl__position *
kaa_decl__keep_position(kaa_decl__parser *p)
{
    size_t frames = p->frame_count * sizeof(p->frames[0]);
    kaa_decl__position *position = kaa_base__alloc(sizeof(*position) + frames);

    KAA_ASSERT(!p->has_ahead);
    if (position == NULL) {
        kaa_decl__fail_memory(p);
        return NULL;
    }
    position->token = p->token;
    position->main = p->main;
    position->frame_count = p->frame_count;
    memcpy(position->frames, p->frames, frames);
    return position;
}

void
kaa_decl__return_to(kaa_decl__parser *p, const kaa_decl__position *position)
{
    kaa_decl__drop_frames(p);
    p->token = position->token;
    p->main = position->main;
    p->frame_count = (uint32_t)position->frame_count;
    for (size_t i = 0; i < position->frame_count; i++) {
        p->frames[i] = position->frames[i];
        p->frames[i].macro->is_busy = 1;
        p->cursor = &p->frames[i];
    }
}

int
kaa_decl__skip_group(kaa_decl__parser *p)
{
    kaa_decl__token open = p->token;
    uint64_t depth = 0;

    KAA_ASSERT(open.kind == '(' || open.kind == '[' || open.kind == '{');
    do {
        switch (p->token.kind) {
        case '(':
        case '[':
        case '{':
            depth++;
            break;
        case ')':
        case ']':
        case '}':
            depth--;
            break;
        case T_END:
            return kaa_decl__fail(p, &open, "this '%c' has no end",
                                  (int)open.kind);
        default:
            break;
        }
        kaa_decl__next(p);
    } while (depth != 0);
    return 1;
}

int
kaa_decl__skip_to(kaa_decl__parser *p, uint32_t end, const char *what)
{
    while (p->token.kind != ',' && p->token.kind != end) {
        switch (p->token.kind) {
        case '(':
        case '[':
        case '{':
            if (!kaa_decl__skip_group(p))
                return 0;
            break;
        case T_END:
        case T_STRAY:
        case ';':
        case ')':
        case ']':
        case '}':
            return kaa_decl__fail_expected(p, what);
        default:
            kaa_decl__next(p);
            break;
        }
    }
    return 1;
}

/* Words of attributes may be written with two underscores on either side. */
int
kaa_decl__is_word(const kaa_decl__token *token, const char *word)
{
    size_t length = strlen(word);
    const char *start = token->start;
    size_t given = token->length;

    if (given == length + 4 && memcmp(start, "__", 2) == 0 &&
        memcmp(start + given - 2, "__", 2) == 0) {
        start += 2;
        given -= 4;
    }
    return given == length && memcmp(start, word, length) == 0;
}
