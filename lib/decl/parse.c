/* decl/parse.c - declarations, one after the other.
 *
 * A tolerant parse that fails in a declaration goes back to its start and skips
 * it as a whole, counting brackets only: each byte is lexed at most three times
 * (once more for an initialiser that is no constant), however bad the text.
 */
#include "decl/internal.h"

#include <string.h>

#include "ctype/internal.h"

void
kaa_decl__mark_here(const kaa_decl__parser *p, kaa_decl__mark *mark)
{
    mark->token = p->token;
    mark->depth = p->depth;
    mark->unevaluated = p->unevaluated;
    mark->counts[0] = p->parameters.count;
    mark->counts[1] = p->passed.count;
    mark->counts[2] = p->steps.count;
    mark->counts[3] = p->members.count;
    mark->counts[4] = p->enumerators.count;
    mark->counts[5] = p->places.count;
}

void
kaa_decl__rewind(kaa_decl__parser *p, const kaa_decl__mark *mark)
{
    const kaa_decl__token *token = &mark->token;

    p->depth = mark->depth;
    p->unevaluated = mark->unevaluated;
    p->parameters.count = mark->counts[0];
    p->passed.count = mark->counts[1];
    p->steps.count = mark->counts[2];
    p->members.count = mark->counts[3];
    p->enumerators.count = mark->counts[4];
    p->places.count = mark->counts[5];
    kaa_decl__drop_frames(p);
    p->main.at = token->place;
    p->main.line = token->line;
    p->main.line_start = token->place - (token->column - 1);
    p->main.is_fresh = 0;
    p->is_raw = 1;
    kaa_decl__next(p);
}

/* ("text") without the parentheses, for the message. */
static int
read_assertion(kaa_decl__parser *p, const char **out_text)
{
    size_t length;

    *out_text = "";
    if (kaa_decl__accept(p, ',') && !kaa_decl__strings(p, out_text, &length))
        return 0;
    return kaa_decl__expect(p, ')', "')'");
}

int
kaa_decl__read_static_assert(kaa_decl__parser *p)
{
    kaa_decl__token where = p->token;
    kaa_decl__value value = {0};
    kaa_decl__mark mark;
    const char *text;

    kaa_decl__next(p);
    if (p->token.kind != '(')
        return kaa_decl__fail_expected(p, "'('");
    kaa_decl__mark_here(p, &mark);
    kaa_decl__next(p);
    if (kaa_decl__read_expression(p, &value) && value.kind <= VALUE_FLOATING) {
        if (!read_assertion(p, &text))
            return 0;
        if (!kaa_decl__is_true(&value))
            return kaa_decl__fail(p, &where, "static assertion failed%s%s",
                                  *text != '\0' ? ": " : "", text);
    } else {
        /* Not for kaa to judge: it may need what only a compiler knows. */
        int is_skipped;

        if (p->has_failed && !kaa_decl__forgive(p))
            return 0;
        kaa_decl__rewind(p, &mark);
        is_skipped = kaa_decl__skip_group(p);
        p->is_raw = 0;
        if (!is_skipped)
            return 0;
    }
    return kaa_decl__expect(p, ';', "';'");
}

/* `return expression;` that is all of a static function's body, which begins at
 * `at`: the item keeps the expression. */
static int
note_result(kaa_decl__parser *p, const kaa_decl__declarator *d, const char *at)
{
    kaa_decl_item *item;
    const char *end;

    if (d->name->ordinary == 0)
        return 1;
    item = &p->decl->entries[d->name->ordinary - 1].item;
    if (item->kind != KAA_DECL_FUNCTION || !(item->flags & KAA_DECL_STATIC))
        return 1;
    while (at < p->text_end && (*at == ' ' || *at == '\n' || *at == '\t'))
        at++;
    if (p->text_end - at < 7 || memcmp(at, "return", 6) != 0 ||
        (at[6] != ' ' && at[6] != '(' && at[6] != '\n'))
        return 1;
    at += 6;
    end = memchr(at, ';', (size_t)(p->text_end - at));
    if (end == NULL || memchr(at, '#', (size_t)(end - at)) != NULL ||
        memchr(at, '{', (size_t)(end - at)) != NULL ||
        memchr(at, '"', (size_t)(end - at)) != NULL)
        return 1;
    item->string = kaa_decl__copy(p, at, (size_t)(end - at));
    item->string_length = (size_t)(end - at);
    for (end++; end < p->text_end && (*end == ' ' || *end == '\n'); end++) {
    }
    if (end < p->text_end && *end != '}') /* more than one statement */
        item->string = NULL;
    return item->string != NULL || !p->has_failed;
}

/* The body of a function, raw: macros in it are of no account. */
static int
skip_body(kaa_decl__parser *p, const kaa_decl__declarator *d)
{
    const char *from;
    int is_skipped;

    p->is_raw = 1;
    from = p->token.start + 1;
    is_skipped = kaa_decl__skip_group(p);
    p->is_raw = 0;
    return is_skipped && (p->is_preprocessed == 0 || d->name == NULL ||
                          note_result(p, d, from));
}

/* Behind the =. *has_value: the initialiser is one constant. */
static int
read_initialiser(kaa_decl__parser *p, kaa_decl__value *value, int *has_value)
{
    kaa_decl__mark mark;
    int is_skipped;

    *has_value = 0;
    if (p->token.kind == ';' || p->token.kind == ',')
        return kaa_decl__fail_expected(p, "a value");
    kaa_decl__mark_here(p, &mark);
    if (p->token.kind != '{') {
        int was_quiet = p->is_quiet;

        p->is_quiet = 1;
        *has_value = kaa_decl__read_expression(p, value) &&
                     (p->token.kind == ',' || p->token.kind == ';');
        p->is_quiet = was_quiet ? 1 : 0;
        if (*has_value)
            return 1;
        if (p->has_failed && !kaa_decl__forgive(p))
            return 0;
    }
    kaa_decl__rewind(p, &mark);
    is_skipped = kaa_decl__skip_to(p, ';', "';'");
    p->is_raw = 0;
    return is_skipped;
}

/* Between an old-style definition's names and its body. */
static int
skip_old_style(kaa_decl__parser *p)
{
    while (p->token.kind != '{' && p->token.kind != T_END)
        kaa_decl__next(p);
    return 1;
}

/* __asm__("name") and attributes, in any order. */
static int
read_suffixes(kaa_decl__parser *p, kaa_decl__declarator *d)
{
    for (;;) {
        if (p->token.kind == T_ASM) {
            kaa_decl__next(p);
            if (!kaa_decl__asm_name(p, &d->attributes.symbol))
                return 0;
        } else if (kaa_decl__is_attribute(p)) {
            if (!kaa_decl__read_attributes(p, &d->attributes))
                return 0;
        } else {
            return !p->has_failed;
        }
    }
}

/* `auto name = value;`: the type, with the qualifiers that stand before it. */
static int
infer(kaa_decl__parser *p, kaa_decl__declarator *d,
      const kaa_decl__value *value)
{
    uint32_t qualifiers = kaa_ctype_qualifiers(d->type);
    const kaa_ctype *type;

    if (kaa_ctype__strip(d->type) != kaa_ctype_basic(KAA_CTYPE_INT))
        return kaa_decl__fail(p, &d->where, "'auto' declares a plain name");
    if (value == NULL)
        return kaa_decl__fail_as(p, KAA_UNSUPPORTED, &d->where,
                                 "the type of '%.64s' is that of a value that "
                                 "is no constant",
                                 d->name->name);
    if (!kaa_decl__value_type(p, &d->where, value, &type))
        return 0;
    d->type = type;
    return kaa_decl__make_qualified(p, &d->where, qualifiers, 0, &d->type);
}

/* One declarator with all that belongs to it. *is_done: it was a function's
 * definition, with its body. */
static int
read_one(kaa_decl__parser *p, const kaa_decl__specifiers *s,
         kaa_decl__declarator *d, int *is_done)
{
    kaa_decl__value value = {0};
    int has_value = 0;

    if (!kaa_decl__read_declarator(p, s->type, DECLARE_NAMED, d) ||
        !read_suffixes(p, d) || !kaa_decl__settle(p, s, d))
        return 0;
    if (d->old_style.kind != T_END && p->token.kind != '{') {
        if (p->token.kind == ';' || p->token.kind == ',' ||
            !kaa_decl__is_type_start(p, &p->token)) {
            p->token = d->old_style;
            return kaa_decl__fail_unknown_type(p);
        }
        if (!skip_old_style(p))
            return 0;
    }
    if (p->token.kind == '{' && d->is_function &&
        !(s->storage & STORAGE_TYPEDEF)) {
        *is_done = 1;
        return kaa_decl__declare(p, s, d, NULL) && skip_body(p, d);
    }
    if (p->token.kind == '=' && !(s->storage & STORAGE_TYPEDEF)) {
        kaa_decl__next(p);
        if (!read_initialiser(p, &value, &has_value))
            return 0;
    }
    if (s->is_inferred && !infer(p, d, has_value ? &value : NULL))
        return 0;
    has_value = has_value &&
                (kaa_ctype_qualifiers(d->type) & KAA_CTYPE_CONST ||
                 s->storage & STORAGE_CONSTEXPR || value.kind == VALUE_STRING);
    return kaa_decl__declare(p, s, d, has_value ? &value : NULL);
}

static int
read_declaration(kaa_decl__parser *p, kaa_decl__declarator *d)
{
    kaa_decl__specifiers s;
    int is_done = 0;

    if (!kaa_decl__read_specifiers(p, &s, 1))
        return 0;
    if (p->token.kind == ';') {
        if (!s.has_tag)
            return kaa_decl__fail_expected(p, "a name");
        if (!kaa_decl__refuse_annotations(p, &s.attributes, "at a record"))
            return 0;
        kaa_decl__next(p);
        return 1;
    }
    do {
        if (!read_one(p, &s, d, &is_done))
            return 0;
        p->parameters.count = 0;
        if (is_done)
            return 1;
    } while (kaa_decl__accept(p, ','));
    if (p->token.kind != ';')
        return kaa_decl__fail_expected(p, d->is_function ? "';' or '{'"
                                                         : "',' or ';'");
    kaa_decl__next(p);
    return 1;
}

/* extern "C" { */
static int
read_linkage(kaa_decl__parser *p)
{
    kaa_decl__next(p);
    kaa_decl__next(p);
    if (p->token.kind == '{') {
        if (p->linkage == UINT32_MAX)
            return kaa_decl__fail_as(p, KAA_LIMIT, &p->token,
                                     "too many extern");
        p->linkage++;
        kaa_decl__next(p);
    }
    return 1;
}

/* asm("..."); outside of functions */
static int
skip_asm(kaa_decl__parser *p)
{
    kaa_decl__next(p);
    while (kaa_decl__qualifier(p->token.kind) != 0)
        kaa_decl__next(p);
    if (p->token.kind != '(')
        return kaa_decl__fail_expected(p, "'('");
    return kaa_decl__skip_group(p) && kaa_decl__expect(p, ';', "';'");
}

static int
read_external(kaa_decl__parser *p, kaa_decl__declarator *d)
{
    switch (p->token.kind) {
    case ';':
        kaa_decl__next(p);
        return 1;
    case '}':
        if (p->linkage == 0)
            return kaa_decl__fail(p, &p->token, "this '}' closes nothing");
        p->linkage--;
        kaa_decl__next(p);
        return 1;
    case T_ASM:
        return skip_asm(p);
    case T_STATIC_ASSERT:
        return kaa_decl__read_static_assert(p);
    case T_PRAGMA:
        return kaa_decl__read_pragma(p);
    case T_EXTERN:
        if (kaa_decl__peek(p)->kind == T_STRING)
            return read_linkage(p);
        return read_declaration(p, d);
    case T_STRAY:
        return kaa_decl__fail(p, &p->token, "%s", p->stray);
    default:
        return read_declaration(p, d);
    }
}

/* What skip_declaration() has seen since the declaration's start. */
struct skip {
    const char *failed_at; /* no end before this counts */
    uint64_t braces;
    int is_tag;               /* struct, union or enum: a { is its members */
    int has_value;            /* behind =: a { is an initialiser */
    int is_body;              /* the outermost { is a function's */
    kaa_decl__symbol *before; /* the identifier before this token */
    kaa_decl__symbol *name;   /* what seems to be declared */
};

/* A declaration that was not understood still has a name, most likely: the
 * first identifier in front of what follows a declarator's name or a tag. */
static void
note_name(struct skip *skip, const kaa_decl__token *token)
{
    if (token->kind == T_IDENTIFIER) {
        skip->before = token->symbol;
        return;
    }
    if (skip->before != NULL && skip->braces == 0 &&
        (token->kind == T_ATTRIBUTE ||
         (token->kind < 128 && strchr("([{};,=", (int)token->kind) != NULL))) {
        if (skip->name == NULL)
            skip->name = skip->before;
        skip->before->is_skipped = 1;
    }
    skip->before = NULL;
}

/* One token. 1: the declaration ends behind it. */
static int
is_end(struct skip *skip, const kaa_decl__token *token)
{
    switch (token->kind) {
    case T_STRUCT:
    case T_UNION:
    case T_ENUM:
        skip->is_tag = 1;
        break;
    case '(':
    case '*':
    case ',':
        skip->is_tag = 0;
        break;
    case '=':
        skip->has_value = 1;
        break;
    case '{':
        if (skip->braces++ == 0)
            skip->is_body = !skip->is_tag && !skip->has_value;
        break;
    case '}':
        if (skip->braces == 0)
            return 1;
        skip->braces--;
        return skip->braces == 0 && skip->is_body &&
               token->start >= skip->failed_at;
    case ';':
        return skip->braces == 0 && token->start >= skip->failed_at;
    default:
        break;
    }
    return 0;
}

/* Words whose ( ... ) belongs to them, not to a function. */
static int
has_group(uint32_t kind)
{
    return kind == T_ATTRIBUTE || kind == T_ALIGNAS || kind == T_DECLSPEC ||
           kind == T_ASM || kind == T_TYPEOF || kind == T_PRAGMA;
}

/* Over ( ... ) of an attribute; it may end early, where the text is bad. */
static void
skip_parentheses(kaa_decl__parser *p)
{
    uint64_t depth = 0;

    do {
        if (p->token.kind == '(')
            depth++;
        else if (p->token.kind == ')')
            depth--;
        else if (p->token.kind == ';' || p->token.kind == '{' ||
                 p->token.kind == '}' || p->token.kind == T_END)
            return;
        kaa_decl__next(p);
    } while (depth != 0);
}

static int
skip_declaration(kaa_decl__parser *p, const kaa_decl__mark *start,
                 const char *failed_at, kaa_decl__symbol **out_name)
{
    struct skip skip = {.failed_at = failed_at};

    kaa_decl__rewind(p, start);
    while (p->token.kind != T_END) {
        uint32_t kind = p->token.kind;
        int ends;

        note_name(&skip, &p->token);
        ends = is_end(&skip, &p->token);

        /* What closes extern "C" { is read by its own rule. */
        if (ends && kind == '}' && skip.braces == 0 && !skip.is_body &&
            p->linkage != 0 && p->token.start != start->token.start)
            break;
        p->is_raw = ends ? 0 : 1;
        kaa_decl__next(p);
        if (ends)
            break;
        if (has_group(kind) && p->token.kind == '(')
            skip_parentheses(p);
    }
    p->is_raw = 0;
    *out_name = skip.name;
    return !p->has_failed;
}

/* A failure in a tolerant parse: a skipped item, and on to the next one. */
static int
recover(kaa_decl__parser *p, const kaa_decl__mark *start,
        const kaa_decl__declarator *d)
{
    const char *failed_at = p->token.place;
    kaa_decl__symbol *name;
    size_t index = p->decl->count;

    if (!kaa_decl__is_tolerant(p, start->token.marker) ||
        !kaa_decl__forgive(p) ||
        !kaa_decl__add_skipped(p, "", &start->token, p->err->message) ||
        !skip_declaration(p, start, failed_at, &name))
        return 0;
    if (d->name != NULL) {
        name = d->name;
        kaa_decl__set_place(&p->decl->entries[index].item, &d->where);
    }
    if (name != NULL)
        p->decl->entries[index].item.name = name->name;
    return 1;
}

int
kaa_decl__translation_unit(kaa_decl__parser *p)
{
    kaa_decl__next(p);
    while (p->token.kind != T_END) {
        kaa_decl__declarator d;
        kaa_decl__mark start;

        d.name = NULL;
        kaa_decl__mark_here(p, &start);
        if (!read_external(p, &d) && !recover(p, &start, &d))
            return 0;
    }
    if (!p->has_failed && p->linkage != 0 && !p->is_tolerant)
        return kaa_decl__fail_expected(p, "'}'");
    return !p->has_failed;
}
