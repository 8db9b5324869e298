/* preprocess/define.c - #define, and the macros that are there from the start.
 */
#include "preprocess/internal.h"

#include <string.h>

#include "base/memory.h"

static int
fail_parameters(kaa_preprocess__pp *pp, uint32_t line,
                const kaa_preprocess__name *macro)
{
    return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                "the parameters of macro '%.64s' are no list "
                                "of names",
                                macro->text);
}

/* Behind the ( of a parameter list, to behind its ). The names are marked. */
static int
read_parameters(kaa_preprocess__pp *pp, kaa_preprocess__macro *macro,
                uint32_t line)
{
    const kaa_preprocess__name **names = NULL;
    size_t capacity = 0;
    kaa_preprocess__token token;
    int is_good = 0;

    macro->is_function = 1;
    kaa_preprocess__lex(pp, &token);
    if (kaa_preprocess__is(&token, CODE(')', 0, 0)))
        return 1;
    for (;;) {
        kaa_preprocess__name *name = token.name;

        if (kaa_preprocess__is(&token, CODE('.', '.', '.'))) {
            name = kaa_preprocess__name_of(pp, "__VA_ARGS__", 11);
            macro->is_variadic = 1;
        } else if (token.kind != T_NAME) {
            break;
        }
        if (name == NULL || name->parameter != 0 ||
            macro->parameter_count >= PP_PARAMETERS_MAX ||
            !kaa_preprocess__grow(pp, &names, macro->parameter_count, &capacity,
                                  sizeof(*names)))
            break;
        names[macro->parameter_count++] = name;
        name->parameter = macro->parameter_count;
        kaa_preprocess__lex(pp, &token);
        if (!macro->is_variadic &&
            kaa_preprocess__is(&token, CODE('.', '.', '.'))) {
            macro->is_variadic = 1;
            kaa_preprocess__lex(pp, &token);
        }
        is_good = kaa_preprocess__is(&token, CODE(')', 0, 0));
        if (is_good || macro->is_variadic ||
            !kaa_preprocess__is(&token, CODE(',', 0, 0)))
            break;
        kaa_preprocess__lex(pp, &token);
    }
    if (names != NULL) {
        size_t bytes = macro->parameter_count * sizeof(*names);
        const kaa_preprocess__name **kept = kaa_preprocess__alloc(pp, bytes);
        for (uint32_t i = 0; i < macro->parameter_count; i++) {
            kaa_preprocess__name *name =
                (kaa_preprocess__name *)(uintptr_t)names[i];
            if (is_good && kept != NULL)
                kept[i] = name;
            else
                name->parameter = 0;
        }
        macro->parameters = is_good ? kept : NULL;
    }
    kaa_base__free(names);
    return is_good && !pp->has_failed ? 1
                                      : fail_parameters(pp, line, macro->name);
}

/* One token of a body, added to pp->line. 0 after a failure. */
static int
add_token(kaa_preprocess__pp *pp, kaa_preprocess__macro *macro,
          kaa_preprocess__token *token, int *is_string, uint32_t line)
{
    kaa_preprocess__list *list = &pp->line;

    if (kaa_preprocess__is(token, CODE('#', '#', 0))) {
        if (list->count == 0)
            return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                        "## begins the body of macro '%.64s'",
                                        macro->name->text);
        list->tokens[list->count - 1].flags |= F_PASTE;
        macro->has_paste = 1;
        return 1;
    }
    if (macro->is_function && token->kind == T_NAME &&
        token->name->parameter != 0) {
        token->kind = T_PARAMETER;
        token->code = token->name->parameter - 1;
    }
    if (*is_string) {
        kaa_preprocess__token *before = &list->tokens[list->count - 1];
        int is_optional =
            token->kind == T_NAME && token->name->special == S_VA_OPT;
        if (token->kind != T_PARAMETER && !is_optional)
            return kaa_preprocess__fail(
                pp, KAA_SYNTAX, line,
                "# is not followed by a parameter in macro '%.64s'",
                macro->name->text);
        token->flags = (uint8_t)(before->flags | F_STRING);
        *before = *token;
        *is_string = 0;
        return 1;
    }
    if (macro->is_function && kaa_preprocess__is(token, CODE('#', 0, 0)))
        *is_string = 1;
    return kaa_preprocess__append(pp, list, token);
}

static int
read_body(kaa_preprocess__pp *pp, kaa_preprocess__macro *macro, uint32_t line)
{
    kaa_preprocess__token token;
    int is_string = 0;
    int ends_in_paste = 0;
    kaa_preprocess__token *body;

    pp->line.count = 0;
    for (;;) {
        kaa_preprocess__lex(pp, &token);
        if (token.kind == T_END)
            break;
        ends_in_paste = kaa_preprocess__is(&token, CODE('#', '#', 0));
        token.flags &= F_SPACE;
        if (!add_token(pp, macro, &token, &is_string, line))
            return 0;
    }
    if (pp->has_failed)
        return 0;
    if (ends_in_paste || is_string)
        return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                    "%s ends the body of macro '%.64s'",
                                    is_string ? "#" : "##", macro->name->text);
    macro->count = (uint32_t)pp->line.count;
    if (macro->count == 0)
        return 1;
    body = kaa_preprocess__alloc(pp, macro->count * sizeof(*body));
    if (body == NULL)
        return 0;
    memcpy(body, pp->line.tokens, macro->count * sizeof(*body));
    body[0].flags &= (uint8_t)~F_SPACE;
    macro->body = body;
    return 1;
}

static void
forget_parameters(const kaa_preprocess__macro *macro)
{
    for (uint32_t i = 0;
         macro->parameters != NULL && i < macro->parameter_count; i++)
        ((kaa_preprocess__name *)(uintptr_t)macro->parameters[i])->parameter =
            0;
}

int
kaa_preprocess__define(kaa_preprocess__pp *pp, uint32_t line)
{
    const kaa_preprocess__source *s = kaa_preprocess__source_of(pp);
    kaa_preprocess__token token;
    kaa_preprocess__macro *macro;
    int is_read;

    kaa_preprocess__lex(pp, &token);
    if (token.kind != T_NAME || token.name->special == S_DEFINED)
        return kaa_preprocess__fail(pp, KAA_SYNTAX, line,
                                    "expected a name behind #define");
    macro = kaa_preprocess__alloc(pp, sizeof(*macro));
    if (macro == NULL)
        return 0;
    macro->name = token.name;
    macro->line = (uint32_t)((int64_t)line + s->delta);
    macro->file = pp->is_predefining ? NULL : s->name;
    macro->is_main = s->file->is_main;
    is_read = 1;
    s = kaa_preprocess__source_of(pp);
    if (s->at < s->end && *s->at == '(') {
        kaa_preprocess__lex(pp, &token);
        is_read = read_parameters(pp, macro, line);
    }
    is_read = is_read && read_body(pp, macro, line);
    forget_parameters(macro);
    if (!is_read ||
        !kaa_preprocess__grow(pp, &pp->macros, pp->macro_count,
                              &pp->macro_capacity, sizeof(*pp->macros)))
        return 0;
    macro->name->macro = macro;
    if (macro->file != NULL)
        pp->macros[pp->macro_count++] = macro;
    return 1;
}

/* "NAME=body" as a line; without a body it is 1. */
static void
add_define(kaa_base__text *text, const char *define)
{
    const char *equals = strchr(define, '=');

    kaa_base__text_puts(text, "#define ");
    kaa_base__text_add(text, define,
                       equals != NULL ? (size_t)(equals - define)
                                      : strlen(define));
    kaa_base__text_puts(text, " ");
    kaa_base__text_puts(text, equals != NULL ? equals + 1 : "1");
    kaa_base__text_puts(text, "\n");
}

int
kaa_preprocess__predefine(kaa_preprocess__pp *pp)
{
    const kaa_preprocess_options *o = &pp->options;
    kaa_base__text text = {0};
    kaa_preprocess__token token;
    size_t length;
    char *copy;

    if (o->predefined != NULL)
        kaa_base__text_puts(&text, o->predefined);
    else if ((o->flags & KAA_PREPROCESS_NO_PREDEFINED) == 0)
        kaa_base__text_puts(&text, kaa_preprocess__predefined);
    kaa_base__text_puts(&text, "\n");
    for (uint32_t i = 0; i < o->define_count; i++)
        add_define(&text, o->defines[i]);
    for (uint32_t i = 0; i < o->undefine_count; i++)
        kaa_base__text_printf(&text, "#undef %s\n", o->undefines[i]);
    length = text.length;
    copy = text.failed ? NULL : kaa_preprocess__alloc(pp, length + 1);
    if (copy != NULL)
        memcpy(copy, text.bytes, length);
    kaa_base__text_fini(&text);
    if (copy == NULL)
        return kaa_preprocess__fail_memory(pp);
    pp->is_predefining = 1;
    if (!kaa_preprocess__enter_text(pp, "<predefined>", copy, length))
        return 0;
    do
        kaa_preprocess__lex(pp, &token);
    while (token.kind != T_END);
    if (!pp->has_failed)
        kaa_preprocess__leave(pp);
    pp->is_predefining = 0;
    pp->file_count = 0;
    return !pp->has_failed;
}
