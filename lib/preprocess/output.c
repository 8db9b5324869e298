/* preprocess/output.c - the text that is the result: tokens, line markers,
 * pragmas, and behind all the macros.
 *
 * Lines are kept: a token stands on a line that the newest marker and the
 * newlines behind it give the number of its own. Blanks between tokens are one
 * space, where there were any or where two would read as one.
 */
#include "preprocess/internal.h"

#include <string.h>

#include "base/memory.h"

#define NEWLINES_MAX 8u /* a marker is shorter than more */

static void
add(kaa_preprocess__pp *pp, const char *text, size_t length)
{
    kaa_base__text *out = &pp->out;

    if (out->length > PP_OUTPUT_MAX) {
        kaa_preprocess__fail(pp, KAA_LIMIT, 0,
                             "the text expands to more than %zu MiB",
                             PP_OUTPUT_MAX >> 20);
    } else if (out->bytes != NULL && length < out->capacity - out->length) {
        memcpy(out->bytes + out->length, text, length);
        out->length += length;
        out->bytes[out->length] = '\0';
    } else {
        kaa_base__text_add(out, text, length);
    }
}

static void
end_line(kaa_preprocess__pp *pp)
{
    if (pp->is_line_open) {
        add(pp, "\n", 1);
        pp->out_line++;
        pp->is_line_open = 0;
    }
    pp->out_last.kind = T_END;
}

static void
add_marker(kaa_preprocess__pp *pp, const char *name, uint32_t line, int is_main)
{
    kaa_base__text_printf(&pp->out, "# %u", (unsigned)line);
    if (name != pp->out_name) {
        kaa_base__text_puts(&pp->out, " \"");
        for (const char *at = name; *at != '\0'; at++) {
            if (*at == '"' || *at == '\\')
                kaa_base__text_add(&pp->out, "\\", 1);
            kaa_base__text_add(&pp->out, *at != '\n' ? at : " ", 1);
        }
        /* 3 is what the compilers' markers have for headers of the system. */
        kaa_base__text_puts(&pp->out, is_main ? "\"" : "\" 3");
    }
    kaa_base__text_add(&pp->out, "\n", 1);
    pp->out_name = name;
    pp->out_line = line;
}

/* Goes on at that line of that file. */
static void
go_to(kaa_preprocess__pp *pp, const char *name, uint32_t line, int is_main)
{
    static const char newlines[NEWLINES_MAX + 1] = "\n\n\n\n\n\n\n\n";

    if (name == pp->out_name && line == pp->out_line)
        return;
    if (name == pp->out_name && line > pp->out_line &&
        line - pp->out_line <= NEWLINES_MAX) {
        add(pp, newlines, line - pp->out_line);
        pp->out_line = line;
    } else {
        end_line(pp);
        add_marker(pp, name, line, is_main);
    }
    pp->is_line_open = 0;
    pp->out_last.kind = T_END;
}

static int
is_word_end(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '.' ||
           (unsigned char)c > 0x7f;
}

/* Whether two tokens without a blank between them may read as others. */
static int
may_join(const kaa_preprocess__token *left, const kaa_preprocess__token *right)
{
    static const char signs[] = "+-*/%<>=&|^#:.!@\\`";
    char a, b;

    if (left->kind == T_END || left->length == 0 || right->length == 0)
        return 0;
    a = left->text[left->length - 1];
    b = right->text[0];
    if (is_word_end(a))
        return is_word_end(b) || b == '"' || b == '\'' ||
               (left->kind == T_NUMBER && (b == '+' || b == '-'));
    if (strchr(signs, a) != NULL && a != '\0')
        return (strchr(signs, b) != NULL && b != '\0') || (a == '.');
    return left->kind == T_OTHER || right->kind == T_OTHER;
}

static void
put(kaa_preprocess__pp *pp, const kaa_preprocess__token *token)
{
    if ((token->flags & F_SPACE) || may_join(&pp->out_last, token))
        add(pp, " ", 1);
    add(pp, token->text, token->length);
    pp->out_last = *token;
    pp->is_line_open = 1;
}

void
kaa_preprocess__write(kaa_preprocess__pp *pp,
                      const kaa_preprocess__token *token)
{
    go_to(pp, pp->place_name, pp->place_line, pp->place_is_main);
    put(pp, token);
}

void
kaa_preprocess__write_pragma(kaa_preprocess__pp *pp, const char *text,
                             size_t length, uint32_t line)
{
    const kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
    int has_text = pp->out_name == s->name && pp->is_line_open;

    if (pp->is_predefining)
        return;
    /* In the middle of a line it comes behind what stands there. */
    end_line(pp);
    if (!has_text)
        go_to(pp, s->name, (uint32_t)((int64_t)line + s->delta),
              s->file->is_main);
    add(pp, "#pragma ", 8);
    for (size_t i = 0; i < length; i++)
        add(pp, text[i] == '\n' || text[i] == '\\' ? " " : text + i, 1);
    add(pp, "\n", 1);
    pp->out_line++;
    pp->is_line_open = 0;
    pp->out_last.kind = T_END;
}

static int
is_parameter(const kaa_preprocess__macro *macro,
             const kaa_preprocess__name *name)
{
    for (uint32_t i = 0; i < macro->parameter_count; i++)
        if (macro->parameters[i] == name)
            return 1;
    return 0;
}

/* Behind _Pragma: its ("..."). It says nothing of a value. */
static void
skip_pragma(kaa_preprocess__pp *pp)
{
    kaa_preprocess__token token;

    do
        kaa_preprocess__next(pp, &token);
    while (token.kind != T_END && !kaa_preprocess__is(&token, CODE(')', 0, 0)));
}

/* The body, expanded; 0 if there is nothing to say of it. `is_number`: with 1
 * for each parameter. */
static int
write_body(kaa_preprocess__pp *pp, kaa_preprocess__macro *macro, int is_number)
{
    kaa_preprocess__token token;
    uint32_t count = 0;
    int is_good = 1;

    if (macro->is_function) {
        if (!kaa_preprocess__invoke_itself(pp, macro, is_number))
            return 0;
    } else {
        kaa_preprocess__context *context = kaa_preprocess__push(pp);
        kaa_preprocess__token name = {.kind = T_NAME,
                                      .name = macro->name,
                                      .text = macro->name->text,
                                      .length = macro->name->length};
        kaa_preprocess__token *owned = kaa_base__alloc(sizeof(*owned));
        if (context == NULL || owned == NULL) {
            kaa_base__free(owned);
            return kaa_preprocess__fail_memory(pp);
        }
        *owned = name;
        context->owned = owned;
        context->at = owned;
        context->end = owned + 1;
    }
    add(pp, " ", 1);
    pp->out_last.kind = T_END;
    while (!pp->has_failed && pp->context_count > 1) {
        kaa_preprocess__next(pp, &token);
        if (token.kind == T_END)
            break;
        if (token.kind == T_NAME && token.name->special == S_PRAGMA) {
            skip_pragma(pp);
            continue;
        }
        /* A name that a parameter hides, by way of another macro. */
        if (token.kind == T_NAME && (token.flags & F_STAND_IN) == 0 &&
            !is_number && macro->is_function && is_parameter(macro, token.name))
            is_good = 0;
        if (++count > PP_BODY_MAX)
            return 0;
        put(pp, &token);
    }
    return !pp->has_failed && is_good;
}

static void
write_head(kaa_preprocess__pp *pp, const kaa_preprocess__macro *macro)
{
    add(pp, "#define ", 8);
    add(pp, macro->name->text, macro->name->length);
    if (!macro->is_function)
        return;
    add(pp, "(", 1);
    for (uint32_t i = 0; i < macro->parameter_count; i++) {
        const kaa_preprocess__name *name = macro->parameters[i];
        int is_last = i + 1 == macro->parameter_count;
        if (i != 0)
            add(pp, ",", 1);
        if (is_last && macro->is_variadic)
            add(pp, "...", 3);
        else
            add(pp, name->text, name->length);
        if (name->is_spoiled)
            add(pp, "#", 1);
    }
    add(pp, ")", 1);
}

/* Whether expanding an object-like macro's body changes nothing in it. */
static int
is_plain(const kaa_preprocess__macro *macro)
{
    if (macro->is_function || macro->has_paste)
        return 0;
    for (uint32_t i = 0; i < macro->count; i++) {
        const kaa_preprocess__name *name = macro->body[i].name;
        if (macro->body[i].kind == T_NAME &&
            (name->macro != NULL || name->special != S_NONE))
            return 0;
    }
    return macro->count <= PP_BODY_MAX;
}

static void
write_plain(kaa_preprocess__pp *pp, const kaa_preprocess__macro *macro)
{
    kaa_preprocess__token first = macro->body[0];

    first.flags &= (uint8_t)~F_SPACE;
    write_head(pp, macro);
    add(pp, " ", 1);
    pp->out_last.kind = T_END;
    put(pp, &first);
    for (uint32_t i = 1; i < macro->count; i++)
        put(pp, &macro->body[i]);
}

/* Head and body, behind `prefix`; 0 if there is none, and nothing is written.
 */
static int
write_definition(kaa_preprocess__pp *pp, kaa_preprocess__macro *macro,
                 const char *prefix, int is_number)
{
    size_t length = pp->out.length;
    kaa_error own = {0};
    kaa_error *err = pp->err;
    kaa_preprocess__context *wall;
    int is_written;

    write_head(pp, macro);
    kaa_base__text_puts(&pp->out, prefix);
    wall = kaa_preprocess__push(pp);
    if (wall == NULL)
        return 0;
    wall->is_boundary = END_HERE;
    pp->err = &own;
    pp->is_space = 0;
    is_written = write_body(pp, macro, is_number);
    pp->err = err;
    kaa_preprocess__drop(pp, 0);
    if (pp->has_failed && own.status == KAA_NO_MEMORY)
        return kaa_preprocess__fail_memory(pp);
    pp->has_failed = 0; /* a body that means nothing by itself */
    if (!is_written && pp->out.bytes != NULL) {
        pp->out.length = length;
        pp->out.bytes[length] = '\0';
    }
    return is_written;
}

static void
forget_spoiled(kaa_preprocess__pp *pp, const kaa_preprocess__macro *macro)
{
    pp->is_spoiled = 0;
    for (uint32_t i = 0; i < macro->parameter_count; i++)
        ((kaa_preprocess__name *)(uintptr_t)macro->parameters[i])->is_spoiled =
            0;
}

static void
refuse_macro(kaa_preprocess__pp *pp, const kaa_preprocess__macro *macro,
             const char *reason)
{
    write_head(pp, macro);
    kaa_base__text_puts(&pp->out, " @ ");
    kaa_base__text_puts(&pp->out, reason);
    pp->is_line_open = 1;
    end_line(pp);
}

/* The macro as `#define f(a,b) body`. Where a call cannot be read without its
 * arguments, the parameters that are pasted or made strings have a # behind
 * them, and `@~reason@` and the body for 1s follow. `@ reason`: there is none.
 */
static void
write_macro(kaa_preprocess__pp *pp, kaa_preprocess__macro *macro)
{
    size_t length;
    int is_written;

    end_line(pp);
    go_to(pp, macro->file, macro->line, (int)macro->is_main);
    length = pp->out.length;
    if (length - pp->listing_start > PP_LISTING_MAX) {
        refuse_macro(pp, macro, "the macros expand to too much");
        return;
    }
    if (is_plain(macro)) {
        write_plain(pp, macro);
        end_line(pp);
        return;
    }
    forget_spoiled(pp, macro);
    is_written = write_definition(pp, macro, "", 0);
    if (is_written && (pp->is_spoiled || macro->is_variadic) &&
        pp->out.bytes != NULL) {
        pp->out.length = length;
        is_written = 0;
    }
    if (!is_written && macro->is_function && !pp->has_failed)
        is_written = write_definition(
            pp, macro,
            pp->is_spoiled       ? " @~a parameter is pasted or made a string@"
            : macro->is_variadic ? " @~it takes any number of arguments@"
                                 : " @~the body means nothing by itself@",
            1);
    if (!is_written && !pp->has_failed) {
        refuse_macro(pp, macro, "the body means nothing by itself");
        return;
    }
    pp->is_line_open = 1;
    end_line(pp);
}

void
kaa_preprocess__write_macros(kaa_preprocess__pp *pp)
{
    pp->in_directive = 1; /* no newline, no directive, no other file */
    pp->is_listing = 1;
    end_line(pp);
    pp->listing_start = pp->out.length;
    for (size_t i = 0; i < pp->macro_count && !pp->has_failed; i++) {
        kaa_preprocess__macro *macro = pp->macros[i];
        if (macro->name->macro == macro && macro->count != 0)
            write_macro(pp, macro);
    }
    pp->in_directive = 0;
}

/* `#define f(a,b...) a##b #a`, whose end of line is not written. */
static void
write_source(kaa_preprocess__pp *pp, const kaa_preprocess__macro *macro)
{
    add(pp, "#define ", 8);
    add(pp, macro->name->text, macro->name->length);
    if (macro->is_function)
        add(pp, "(", 1);
    for (uint32_t i = 0; i < macro->parameter_count; i++) {
        const kaa_preprocess__name *name = macro->parameters[i];
        if (i != 0)
            add(pp, ",", 1);
        if (!macro->is_variadic || i + 1 != macro->parameter_count ||
            strcmp(name->text, "__VA_ARGS__") != 0)
            add(pp, name->text, name->length);
    }
    if (macro->is_variadic)
        add(pp, "...", 3);
    if (macro->is_function)
        add(pp, ")", 1);
    for (uint32_t i = 0; i < macro->count; i++) {
        const kaa_preprocess__token *token = &macro->body[i];
        if (i == 0 || (token->flags & F_SPACE) || (token[-1].flags & F_PASTE))
            add(pp, " ", 1);
        if (token->flags & F_STRING)
            add(pp, "#", 1);
        add(pp, token->text, token->length);
        if (token->flags & F_PASTE)
            add(pp, " ##", 3);
    }
}

void
kaa_preprocess__write_definitions(kaa_preprocess__pp *pp)
{
    end_line(pp);
    for (size_t i = 0; i < pp->macro_count && !pp->has_failed; i++) {
        const kaa_preprocess__macro *macro = pp->macros[i];
        if (macro->name->macro != macro)
            continue;
        go_to(pp, macro->file, macro->line, (int)macro->is_main);
        write_source(pp, macro);
        pp->is_line_open = 1;
        end_line(pp);
    }
}
