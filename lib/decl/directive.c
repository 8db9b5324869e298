/* decl/directive.c - what the preprocessor leaves in its output, and #define.
 *
 * A directive has its effect when the lexer first comes by: a second time,
 * after the parser has gone back to skip a declaration, it is only passed.
 * #include is refused: it needs a preprocessor. So do conditions, and they end
 * a tolerant parse too: both branches of one may declare the same function with
 * different types, and the wrong one would be taken without a word.
 */
#include "decl/internal.h"

#include <string.h>

/* A directive's text: one line, with continued ones. */
struct line {
    const char *at;
    const char *end;
};

/* The end of the line at `at` if it has no comment and no continued line; NULL
 * if it may have. */
static const char *
find_plain_end(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    const char *slash = at;

    if (newline == NULL)
        return NULL;
    while ((slash = memchr(slash, '/', (size_t)(newline - slash))) != NULL) {
        slash++;
        if (*slash == '/' || *slash == '*')
            return NULL;
    }
    for (at = newline; at[-1] == '\r'; at--) {
    }
    return at[-1] == '\\' ? NULL : newline;
}

/* The end of the line at c->at, which is behind its #; lines within it are
 * counted. Comments may hold newlines, and a quote hides the start of a
 * comment. */
static const char *
find_end(kaa_decl__cursor *c)
{
    const char *at = c->at;
    const char *end = c->end;
    const char *plain = find_plain_end(at, end);
    char quote = 0;
    int is_comment = 0;

    if (plain != NULL)
        return plain;
    for (; at < end; at++) {
        char next = end - at > 1 ? at[1] : '\0';
        int is_line_end = *at == '\n';

        if (*at == '\\' &&
            (next == '\n' || (next == '\r' && end - at > 2 && at[2] == '\n'))) {
            at += next == '\n' ? 1 : 2;
            c->line++;
            c->line_start = at + 1;
        } else if (is_comment) {
            if (is_line_end) {
                c->line++;
                c->line_start = at + 1;
            } else if (*at == '*' && next == '/') {
                is_comment = 0;
                at++;
            }
        } else if (is_line_end) {
            return at;
        } else if (quote != 0) {
            if (*at == '\\')
                at += end - at > 1;
            else if (*at == quote)
                quote = 0;
        } else if (*at == '/' && next == '*') {
            is_comment = 1;
            at++;
        } else if (*at == '/' && next == '/') {
            quote = '\n'; /* no comment begins in a comment */
        } else if (*at == '"' || *at == '\'') {
            quote = *at;
        }
    }
    return end;
}

static void
skip_blanks(struct line *l)
{
    while (l->at < l->end) {
        if (*l->at == ' ' || *l->at == '\t' || *l->at == '\r' ||
            *l->at == '\f' || *l->at == '\v' || *l->at == '\n') {
            l->at++;
        } else if (*l->at == '\\' && l->end - l->at > 1 &&
                   (l->at[1] == '\n' || l->at[1] == '\r')) {
            l->at++;
        } else if (*l->at == '/' && l->end - l->at > 1 && l->at[1] == '*') {
            l->at += 2;
            while (l->at < l->end &&
                   !(*l->at == '*' && l->end - l->at > 1 && l->at[1] == '/'))
                l->at++;
            l->at += l->end - l->at > 1 ? 2 : l->end - l->at;
        } else {
            return;
        }
    }
}

static int
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || (unsigned char)c > 0x7f;
}

/* The word at the line's place, perhaps of length 0. */
static size_t
take_word(struct line *l, const char **out_word)
{
    skip_blanks(l);
    *out_word = l->at;
    while (l->at < l->end &&
           (is_letter(*l->at) ||
            (l->at > *out_word && *l->at >= '0' && *l->at <= '9')))
        l->at++;
    return (size_t)(l->at - *out_word);
}

static int
take_number(struct line *l, uint64_t *out_number)
{
    skip_blanks(l);
    if (l->at >= l->end || *l->at < '0' || *l->at > '9')
        return 0;
    *out_number = 0;
    for (; l->at < l->end && *l->at >= '0' && *l->at <= '9'; l->at++)
        if (*out_number < UINT32_MAX)
            *out_number = *out_number * 10 + (uint64_t)(*l->at - '0');
    return 1;
}

static int
take(struct line *l, char wanted)
{
    skip_blanks(l);
    if (l->at >= l->end || *l->at != wanted)
        return 0;
    l->at++;
    return 1;
}

static int
is(const char *word, size_t length, const char *wanted)
{
    return strlen(wanted) == length && memcmp(word, wanted, length) == 0;
}

/* Strict text fails; a tolerant parse keeps a note. */
static int
refuse(kaa_decl__parser *p, const kaa_decl__token *where, const char *reason)
{
    if (!kaa_decl__is_tolerant(p, where->marker))
        return kaa_decl__fail(p, where, "%s", reason);
    return kaa_decl__add_skipped(p, "", where, reason);
}

static kaa_decl__symbol *
take_name(kaa_decl__parser *p, struct line *l)
{
    const char *name;
    size_t length = take_word(l, &name);

    if (length == 0)
        return NULL;
    return kaa_decl__intern(p, name, length, kaa_decl__hash(name, length));
}

static void
forget_macro(kaa_decl__parser *p, kaa_decl__symbol *symbol)
{
    if (symbol->macro != NULL && !symbol->macro->has_arguments)
        p->decl->entries[symbol->macro->entry].is_dead = 1;
    symbol->macro = NULL;
}

/* What kaa's preprocessor says in place of a body: `@ reason`, or `@~reason@`
 * in front of the body for 1s. The item of the latter keeps head, body and
 * reason.
 */
static int
add_late(kaa_decl__parser *p, kaa_decl__symbol *symbol,
         const kaa_decl__macro *macro, const char *mark,
         const kaa_decl__token *where)
{
    const char *reason = mark + 2; /* behind "@ " or "@~" */
    const char *end = macro->body_end;
    const char *second = memchr(reason, '@', (size_t)(end - reason));
    size_t head = (size_t)(mark - macro->body);
    kaa_decl__entry *entry;
    char *string;

    if (mark[1] != '~' || second == NULL) {
        reason = kaa_decl__copy(p, reason, (size_t)(end - reason));
        return reason != NULL &&
               kaa_decl__add_skipped(p, symbol->name, where, reason);
    }
    entry = kaa_decl__add(p, KAA_DECL_MACRO_FUNCTION, symbol, where);
    if (entry == NULL)
        return 0;
    entry->item.flags |= KAA_DECL_MACRO;
    symbol->ordinary = (uint32_t)p->decl->count;
    entry->item.reason = kaa_decl__copy(p, reason, (size_t)(second - reason));
    entry->item.string_length = head + (size_t)(end - second) - 1;
    string = kaa_decl__alloc(p, entry->item.string_length + 1);
    if (string == NULL || entry->item.reason == NULL)
        return 0;
    memcpy(string, macro->body, head);
    memcpy(string + head, second + 1, (size_t)(end - second) - 1);
    entry->item.string = string;
    return 1;
}

/* A macro with parameters, its body expanded by kaa's preprocessor. */
static int
add_callable(kaa_decl__parser *p, kaa_decl__symbol *symbol,
             const kaa_decl__macro *macro, const kaa_decl__token *where)
{
    const char *at = macro->body;
    const char *end = macro->body_end;
    const char *close = memchr(at, ')', (size_t)(end - at));
    kaa_decl__entry *entry;

    if (symbol->ordinary != 0)
        return 1; /* a function of that name serves better */
    if (close != NULL && end - close > 4 && close[1] == ' ' && close[2] == '@')
        return add_late(p, symbol, macro, close + 2, where);
    entry = kaa_decl__add(p, KAA_DECL_MACRO_FUNCTION, symbol, where);
    if (entry == NULL)
        return 0;
    entry->item.flags |= KAA_DECL_MACRO;
    entry->item.string = kaa_decl__copy(p, at, (size_t)(end - at));
    entry->item.string_length = (size_t)(end - at);
    symbol->ordinary = (uint32_t)p->decl->count;
    return entry->item.string != NULL;
}

static int
define(kaa_decl__parser *p, struct line *l, const kaa_decl__token *where)
{
    kaa_decl__token name_at = *where;
    kaa_decl__symbol *symbol;
    kaa_decl__macro *macro;
    kaa_decl__entry *entry;

    skip_blanks(l);
    name_at.start = name_at.place = l->at;
    name_at.column = where->column + (uint32_t)(l->at - where->place);
    symbol = take_name(p, l);
    if (symbol == NULL)
        return p->has_failed
                   ? 0
                   : refuse(p, &name_at, "expected a name behind #define");
    macro = kaa_decl__alloc(p, sizeof(*macro));
    if (macro == NULL)
        return 0;
    macro->symbol = symbol;
    macro->has_arguments = l->at < l->end && *l->at == '(';
    skip_blanks(l);
    macro->body = l->at;
    macro->body_end = l->end;
    forget_macro(p, symbol);
    if (macro->has_arguments) {
        if (p->is_preprocessed) {
            if (!add_callable(p, symbol, macro, &name_at))
                return 0;
        } else if (p->is_tolerant &&
                   !kaa_decl__add_skipped(p, symbol->name, &name_at,
                                          "a macro with arguments")) {
            return 0;
        }
    } else {
        entry = kaa_decl__add(p, KAA_DECL_INTEGER, symbol, &name_at);
        if (entry == NULL)
            return 0;
        entry->macro = macro;
        macro->entry = (uint32_t)(p->decl->count - 1);
    }
    symbol->macro = macro;
    return 1;
}

/* The file's name in a line marker, stored once as symbols are. */
static const char *
take_file(kaa_decl__parser *p, struct line *l)
{
    char name[1024];
    size_t length = 0;
    kaa_decl__symbol *symbol;

    if (!take(l, '"'))
        return NULL;
    while (l->at < l->end && *l->at != '"' && length < sizeof(name)) {
        if (*l->at == '\\' && l->end - l->at > 1)
            l->at++;
        name[length++] = *l->at++;
    }
    symbol = kaa_decl__intern(p, name, length, kaa_decl__hash(name, length));
    return symbol != NULL ? symbol->name : NULL;
}

/* Whether one of the flags behind a marker's file is that digit. */
static int
has_flag(const struct line *l, char wanted)
{
    for (const char *at = l->at; at < l->end && *at != '\n'; at++)
        if (*at == wanted)
            return 1;
    return 0;
}

/* `# 12 "file.h" 3` or `#line 12 "file.h"`: what the next line is called. */
static int
mark_line(kaa_decl__parser *p, struct line *l, const kaa_decl__token *where)
{
    kaa_decl__marker *marker;
    uint64_t number;
    const char *file;

    if (!take_number(l, &number))
        return refuse(p, where, "expected a line number");
    file = take_file(p, l);
    if (p->has_failed)
        return 0;
    marker = kaa_decl__alloc(p, sizeof(*marker));
    if (marker == NULL)
        return 0;
    marker->file = file != NULL        ? file
                   : p->marker != NULL ? p->marker->file
                                       : NULL;
    marker->delta = (int64_t)number - (int64_t)p->main.line - 1;
    marker->is_system = file == NULL && p->marker != NULL
                            ? p->marker->is_system
                            : (uint32_t)has_flag(l, '3');
    marker->is_strict =
        p->strict_file != NULL && marker->file == p->strict_file;
    p->marker = marker;
    return 1;
}

/* pack(push, name, n): the new packing when all has been read. */
struct pack {
    uint64_t number;
    const kaa_decl__symbol *name;
    uint8_t is_push;
    uint8_t is_pop;
    uint8_t has_number;
    uint8_t is_show;
};

static int
take_pack(kaa_decl__parser *p, struct line *l, struct pack *pack)
{
    if (!take(l, '('))
        return 0;
    if (take(l, ')')) {
        pack->has_number = 1;
        return 1;
    }
    do {
        const char *word;
        size_t length;

        if (take_number(l, &pack->number)) {
            pack->has_number = 1;
            continue;
        }
        length = take_word(l, &word);
        if (is(word, length, "push"))
            pack->is_push = 1;
        else if (is(word, length, "pop"))
            pack->is_pop = 1;
        else if (is(word, length, "show"))
            pack->is_show = 1;
        else if (length == 0)
            return 0;
        else
            pack->name =
                kaa_decl__intern(p, word, length, kaa_decl__hash(word, length));
    } while (take(l, ','));
    if (pack->name != NULL && !pack->is_push && !pack->is_pop)
        return 0;
    return take(l, ')') && !(pack->is_push && pack->is_pop) &&
           (!pack->has_number ||
            (pack->number <= 16 && (pack->number & (pack->number - 1)) == 0));
}

static int
apply_pack(kaa_decl__parser *p, const struct pack *pack,
           const kaa_decl__token *where)
{
    uint32_t at = p->pack_count;

    if (pack->is_push) {
        if (p->pack_count >= KAA_DECL__PACKS_MAX)
            return kaa_decl__fail_as(p, KAA_LIMIT, where,
                                     "#pragma pack(push) more than %u deep",
                                     KAA_DECL__PACKS_MAX);
        p->packs[p->pack_count].pack = p->pack;
        p->packs[p->pack_count].name = pack->name;
        p->pack_count++;
    } else if (pack->is_pop) {
        while (at > 0 && pack->name != NULL &&
               p->packs[at - 1].name != pack->name)
            at--;
        if (at == 0)
            return refuse(p, where, "#pragma pack(pop) without its push");
        p->pack = p->packs[at - 1].pack;
        p->pack_count = at - 1;
    }
    if (pack->has_number)
        p->pack = (uint32_t)pack->number;
    return 1;
}

int
kaa_decl__pragma(kaa_decl__parser *p, const char *text, const char *end,
                 const kaa_decl__token *where)
{
    struct line l = {text, end};
    struct pack pack = {0};
    const char *word;
    size_t length = take_word(&l, &word);

    if (!is(word, length, "pack"))
        return 1;
    if (!take_pack(p, &l, &pack))
        return p->has_failed ? 0
                             : refuse(p, where,
                                      "expected #pragma pack(n), pack(push, n) "
                                      "or pack(pop), n being 1, 2, 4, 8 or 16");
    return pack.is_show ? 1 : apply_pack(p, &pack, where);
}

static int
perform(kaa_decl__parser *p, struct line *l, const kaa_decl__token *where)
{
    static const char *const conditions[] = {
        "if", "ifdef", "ifndef", "elif", "elifdef", "elifndef", "else", "endif",
    };
    static const char *const included[] = {"include", "import", "embed",
                                           "include_next"};
    static const char *const ignored[] = {"ident", "sccs", "assert", "unassert",
                                          "warning"};
    const char *word;
    size_t length = take_word(l, &word);

    if (length == 0) {
        skip_blanks(l);
        return l->at == l->end ? 1 : mark_line(p, l, where);
    }
    if (is(word, length, "define"))
        return define(p, l, where);
    if (is(word, length, "pragma"))
        return kaa_decl__pragma(p, l->at, l->end, where);
    if (is(word, length, "line"))
        return mark_line(p, l, where);
    if (is(word, length, "undef")) {
        kaa_decl__symbol *symbol = take_name(p, l);
        if (symbol != NULL)
            forget_macro(p, symbol);
        return symbol != NULL || p->has_failed
                   ? !p->has_failed
                   : refuse(p, where, "expected a name behind #undef");
    }
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        if (is(word, length, ignored[i]))
            return 1;
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
        if (is(word, length, conditions[i]))
            return kaa_decl__fail_for_good(
                p, where,
                "#%s on line %u needs a preprocessor: give the output of cc -E",
                conditions[i], (unsigned)where->line);
    for (size_t i = 0; i < sizeof(included) / sizeof(included[0]); i++)
        if (is(word, length, included[i]))
            return refuse(p, where,
                          "#include needs a preprocessor: give the output of "
                          "cc -E");
    return refuse(p, where,
                  is(word, length, "error") ? "#error" : "unknown directive");
}

void
kaa_decl__directive(kaa_decl__parser *p, const char *hash)
{
    kaa_decl__cursor *c = &p->main;
    kaa_decl__token where = {.kind = '#', .length = 1};
    struct line l = {.at = c->at};

    where.start = where.place = hash;
    where.line = c->line;
    where.column = (uint32_t)(hash - c->line_start) + 1;
    where.marker = p->marker;
    l.end = find_end(c);
    c->at = l.end;
    if (hash < p->directives_done)
        return;
    p->directives_done = c->at;
    if (!perform(p, &l, &where) && kaa_decl__is_tolerant(p, where.marker) &&
        kaa_decl__forgive(p))
        kaa_decl__add_skipped(p, "", &where, p->err->message);
}
