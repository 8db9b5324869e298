/* decl/print.c - an item as the C declaration that kaa reads back. */
#include "decl/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "ctype/internal.h"

/* Appends what one of the printing functions of ctype.h writes. */
static void
add_type(kaa_base__text *out, const kaa_ctype *type, const char *name)
{
    size_t length = kaa_ctype_print(type, name, NULL, 0);
    char *text = kaa_base__alloc(length + 1);

    if (text == NULL) {
        out->failed = 1;
        return;
    }
    kaa_ctype_print(type, name, text, length + 1);
    kaa_base__text_add(out, text, length);
    kaa_base__free(text);
}

/* A definition on one line, with its semicolon if it is a statement. A #pragma,
 * which needs a line of its own, becomes a _Pragma. */
static void
add_definition(kaa_base__text *out, const kaa_ctype *type, int is_statement)
{
    static const char pragma[] = "#pragma ";
    size_t length = kaa_ctype_print_definition(type, NULL, 0);
    char *text = kaa_base__alloc(length + 1);
    const char *line = text;
    const char *before = "";
    char *semicolon;

    if (text == NULL) {
        out->failed = 1;
        return;
    }
    kaa_ctype_print_definition(type, text, length + 1);
    semicolon = strrchr(text, ';');
    if (!is_statement && semicolon != NULL)
        memmove(semicolon, semicolon + 1, strlen(semicolon));
    while (*line != '\0') {
        size_t used = strcspn(line += strspn(line, " \n"), "\n");
        size_t skipped = sizeof(pragma) - 1;

        if (used == 0)
            break;
        if (strncmp(line, pragma, skipped) == 0)
            kaa_base__text_printf(out, "%s_Pragma(\"%.*s\")", before,
                                  (int)(used - skipped), line + skipped);
        else
            kaa_base__text_printf(out, "%s%.*s", before, (int)used, line);
        before = " ";
        line += used;
    }
    kaa_base__free(text);
}

/* The record or enum without a tag that a type is made of, or NULL. */
static const kaa_ctype *
untagged_base(const kaa_ctype *type)
{
    while (type != NULL) {
        switch (type->kind) {
        case KAA_CTYPE_STRUCT:
        case KAA_CTYPE_UNION:
        case KAA_CTYPE_ENUM:
            return type->name == NULL && type->is_complete ? type : NULL;
        case KAA_CTYPE_POINTER:
        case KAA_CTYPE_ARRAY:
        case KAA_CTYPE_FUNCTION:
        case KAA_CTYPE_QUALIFIED:
            type = type->target;
            break;
        default:
            return NULL;
        }
    }
    return NULL;
}

/* As add_type(); a type without a tag is spelled out where its name would be.
 */
static void
add_spelled(kaa_base__text *out, const kaa_ctype *type, const char *name)
{
    const kaa_ctype *base = untagged_base(type);
    kaa_base__text plain = {0};
    const char *hole;

    add_type(&plain, type, name);
    hole = base != NULL && !plain.failed && plain.bytes != NULL
               ? strstr(plain.bytes, "{...}")
               : NULL;
    if (hole == NULL) {
        kaa_base__text_add(out, plain.bytes, plain.length);
    } else {
        const char *word = hole; /* back over "struct " */
        while (word > plain.bytes && word[-1] == ' ')
            word--;
        while (word > plain.bytes && word[-1] != ' ' && word[-1] != '(')
            word--;
        kaa_base__text_add(out, plain.bytes, (size_t)(word - plain.bytes));
        add_definition(out, base, 0);
        kaa_base__text_puts(out, hole + 5);
    }
    out->failed |= plain.failed;
    kaa_base__text_fini(&plain);
}

static const char *
parameter_name(const kaa_ctype *type, uint32_t index)
{
    return index < type->count ? type->list.parameters[index].name : NULL;
}

/* [[kaa::length(n * m * 2 + 1)]]. Of two lengths the printed text says the one
 * with names, and a length is what both are for C. */
static void
add_length(kaa_base__text *out, const kaa_decl_parameter *notes,
           const kaa_ctype *type)
{
    const char *of = parameter_name(type, notes->length_of);
    const char *times = parameter_name(type, notes->length_times);

    if (notes->least != 0)
        kaa_base__text_printf(out, "[[kaa::length(%llu)]] ",
                              (unsigned long long)notes->least);
    if (!(notes->flags & KAA_DECL_PARAMETER_LENGTH) || of == NULL)
        return;
    kaa_base__text_printf(out, "[[kaa::length(%s", of);
    if (notes->flags & KAA_DECL_PARAMETER_TIMES && times != NULL)
        kaa_base__text_printf(out, " * %s", times);
    if (notes->length_factor != 1)
        kaa_base__text_printf(out, " * %llu",
                              (unsigned long long)notes->length_factor);
    if (notes->length_plus != 0)
        kaa_base__text_printf(out, " + %llu",
                              (unsigned long long)notes->length_plus);
    kaa_base__text_puts(out, ")]] ");
}

static void
add_loan(kaa_base__text *out, uint32_t is_set, uint32_t from,
         const kaa_ctype *type)
{
    const char *name = parameter_name(type, from);

    if (is_set && name != NULL)
        kaa_base__text_printf(out, "[[kaa::borrow(%s)]] ", name);
}

static void
add_parameter(kaa_base__text *out, const kaa_decl_item *item,
              const kaa_ctype *type, uint64_t index)
{
    static const char *const scopes[] = {"library", "call", "async", "forever"};
    const kaa_ctype_parameter *parameters = type->list.parameters;
    const kaa_decl_parameter *notes = &item->parameters[index];

    if (notes->flags & KAA_DECL_PARAMETER_OUT)
        kaa_base__text_puts(out, "[[kaa::out]] ");
    if (notes->flags & KAA_DECL_PARAMETER_NULLABLE)
        kaa_base__text_puts(out, "[[kaa::nullable]] ");
    add_length(out, notes, type);
    add_loan(out, notes->flags & KAA_DECL_PARAMETER_BORROW, notes->borrow_from,
             type);
    if (notes->free_function != NULL)
        kaa_base__text_printf(out, "[[kaa::free(%s)]] ", notes->free_function);
    if (notes->scope != KAA_DECL_SCOPE_LIBRARY &&
        notes->scope <= KAA_DECL_SCOPE_FOREVER)
        kaa_base__text_printf(out, "[[kaa::scope(%s)]] ", scopes[notes->scope]);
    add_spelled(out, parameters[index].type, parameters[index].name);
}

/* name(parameters): the declarator that the result's type is printed around. */
static void
add_declarator(kaa_base__text *out, const kaa_decl_item *item,
               const kaa_ctype *type)
{
    kaa_base__text_puts(out, item->name);
    kaa_base__text_puts(out, "(");
    for (uint64_t i = 0; i < type->count; i++) {
        if (i != 0)
            kaa_base__text_puts(out, ", ");
        add_parameter(out, item, type, i);
    }
    if (type->flags & KAA_CTYPE_VARIADIC)
        kaa_base__text_puts(out, type->count != 0 ? ", ..." : "...");
    else if (type->count == 0 && !(type->flags & KAA_CTYPE_UNPROTOTYPED))
        kaa_base__text_puts(out, "void");
    kaa_base__text_puts(out, ")");
}

static void
add_nonnull(kaa_base__text *out, const kaa_decl_item *item, uint64_t count)
{
    const char *before = " __attribute__((nonnull(";

    for (uint64_t i = 0; i < count; i++)
        if (item->parameters[i].flags & KAA_DECL_PARAMETER_NONNULL) {
            kaa_base__text_printf(out, "%s%u", before, (unsigned)i + 1);
            before = ", ";
        }
    if (before[0] == ',')
        kaa_base__text_puts(out, ")))");
}

/* What has no place in front of a parameter: lengths that a parameter without a
 * name tells, and formats. */
static void
add_uses(kaa_base__text *out, const kaa_decl_item *item, const kaa_ctype *type)
{
    const uint32_t kinds = KAA_DECL_PARAMETER_LENGTH | KAA_DECL_PARAMETER_TIMES;

    for (uint32_t i = 0; i < type->count; i++) {
        const kaa_decl_parameter *notes = &item->parameters[i];

        if ((notes->flags & kinds) == KAA_DECL_PARAMETER_LENGTH &&
            parameter_name(type, notes->length_of) == NULL &&
            notes->length_factor == 1 && notes->length_plus == 0)
            kaa_base__text_printf(
                out, " __attribute__((access(read_write, %u, %u)))",
                (unsigned)i + 1, (unsigned)notes->length_of + 1);
    }
    if (item->format != KAA_DECL_FORMAT_NONE)
        kaa_base__text_printf(
            out, " __attribute__((format(%s, %u, %u)))",
            item->format == KAA_DECL_FORMAT_SCANF ? "scanf" : "printf",
            (unsigned)item->format_of + 1, (unsigned)type->count + 1);
}

static void
add_function(kaa_base__text *out, const kaa_decl_item *item)
{
    static const struct {
        uint32_t flag;
        const char *text;
    } words[] = {
        {KAA_DECL_HOLD_GIL, "[[kaa::hold_gil]] "},
        {KAA_DECL_ERRNO, "[[kaa::errno]] "},
        {KAA_DECL_NULLABLE, "[[kaa::nullable]] "},
        {KAA_DECL_CONST, "[[gnu::const]] "},
        {KAA_DECL_PURE, "[[gnu::pure]] "},
        {KAA_DECL_NORETURN, "[[noreturn]] "},
        {KAA_DECL_DEPRECATED, "[[deprecated]] "},
        {KAA_DECL_RETURNS_NONNULL, "[[gnu::returns_nonnull]] "},
        {KAA_DECL_WEAK, "[[gnu::weak]] "},
        {KAA_DECL_SENTINEL, "[[gnu::sentinel]] "},
        {KAA_DECL_STATIC, "static "},
    };
    const kaa_ctype *type = item->type;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (item->flags & words[i].flag)
            kaa_base__text_puts(out, words[i].text);
    if (item->free_function != NULL)
        kaa_base__text_printf(out, "[[kaa::free(%s)]] ", item->free_function);
    add_loan(out, item->flags & KAA_DECL_BORROW, item->borrow_from,
             kaa_ctype__strip(type));
    if (type->kind == KAA_CTYPE_FUNCTION) {
        kaa_base__text declarator = {0};

        add_declarator(&declarator, item, type);
        if (declarator.failed)
            out->failed = 1;
        else
            add_spelled(out, type->target, declarator.bytes);
        kaa_base__text_fini(&declarator);
    } else { /* declared by a typedef's name */
        add_type(out, type, item->name);
    }
    if (strcmp(item->symbol, item->name) != 0)
        kaa_base__text_printf(out, " __asm__(\"%s\")", item->symbol);
    add_nonnull(out, item, kaa_ctype__strip(type)->count);
    add_uses(out, item, kaa_ctype__strip(type));
    kaa_base__text_puts(out, ";");
}

static void
add_string(kaa_base__text *out, const kaa_decl_item *item)
{
    kaa_base__text_puts(out, "\"");
    for (size_t i = 0; i < item->string_length; i++) {
        unsigned char c = (unsigned char)item->string[i];

        if (c == '"' || c == '\\')
            kaa_base__text_printf(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f && c != '?')
            kaa_base__text_add(out, &item->string[i], 1);
        else
            kaa_base__text_printf(out, "\\%03o", c);
    }
    kaa_base__text_puts(out, "\"");
}

/* As few digits as give the same value again; the locale has no say. */
static void
add_floating(kaa_base__text *out, const kaa_decl_item *item)
{
    char text[64];
    int is_float = kaa_ctype__kind(item->type) == KAA_CTYPE_FLOAT;
    const char *suffix = is_float ? "f"
                         : kaa_ctype__kind(item->type) == KAA_CTYPE_LDOUBLE
                             ? "L"
                             : "";

    if (item->floating != item->floating ||
        item->floating - item->floating != 0) {
        kaa_base__text_printf(out, "(%s0.0%s / 0.0%s)",
                              item->floating != item->floating ? ""
                              : item->floating < 0             ? "-1"
                                                               : "1",
                              suffix, suffix);
        return;
    }
    for (int digits = is_float ? 6 : 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, item->floating);
        if (is_float ? (double)strtof(text, NULL) == item->floating
                     : strtod(text, NULL) == item->floating)
            break;
    }
    for (char *c = text; *c != '\0'; c++)
        if (strchr("0123456789+-e", *c) == NULL)
            *c = '.';
    if (strpbrk(text, ".e") == NULL)
        strcat(text, ".0");
    kaa_base__text_printf(out, text[0] == '-' ? "(%s%s)" : "%s%s", text,
                          suffix);
}

static void
add_integer(kaa_base__text *out, const kaa_decl_item *item)
{
    static const struct {
        kaa_ctype_kind kind;
        const char *suffix;
    } suffixes[] = {{KAA_CTYPE_INT, ""},     {KAA_CTYPE_UINT, "U"},
                    {KAA_CTYPE_LONG, "L"},   {KAA_CTYPE_ULONG, "UL"},
                    {KAA_CTYPE_LLONG, "LL"}, {KAA_CTYPE_ULLONG, "ULL"}};
    const char *suffix = "";
    /* Only a macro's type depends on how its value is written. */
    int is_plain = (item->flags & KAA_DECL_MACRO) == 0;

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (item->type->kind == (uint8_t)suffixes[i].kind) {
            suffix = suffixes[i].suffix;
            is_plain = 1;
        }
    if (!is_plain) {
        kaa_base__text_puts(out, "((");
        add_type(out, item->type, NULL);
        kaa_base__text_puts(out, ")");
    }
    if (item->integer >= 0 || !kaa_ctype_is_signed(item->type))
        kaa_base__text_printf(out, "%llu%s", (unsigned long long)item->integer,
                              suffix[0] == '\0' && item->integer < 0 ? "U"
                                                                     : suffix);
    else if (item->integer == INT64_MIN || item->integer == INT32_MIN)
        /* C has no negative literals, and their absolute values no room. */
        kaa_base__text_printf(out, "(%lld%s - 1)", (long long)item->integer + 1,
                              suffix);
    else
        kaa_base__text_printf(out, "(%lld%s)", (long long)item->integer,
                              suffix);
    if (!is_plain)
        kaa_base__text_puts(out, ")");
}

static void
add_constant(kaa_base__text *out, const kaa_decl_item *item)
{
    int is_macro = (item->flags & KAA_DECL_MACRO) != 0;
    int is_enumerator = (item->flags & KAA_DECL_ENUMERATOR) != 0;

    if (is_macro) {
        kaa_base__text_printf(out, "#define %s ", item->name);
    } else if (is_enumerator) {
        kaa_base__text_puts(out, "enum ");
        if (item->type->kind != KAA_CTYPE_INT) {
            kaa_base__text_puts(out, ": ");
            add_type(out, item->type, NULL);
            kaa_base__text_puts(out, " ");
        }
        kaa_base__text_printf(out, "{ %s = ", item->name);
    } else {
        kaa_base__text_puts(out, "static ");
        add_type(out, item->type, item->name);
        kaa_base__text_puts(out, " = ");
    }
    if (item->kind == KAA_DECL_STRING)
        add_string(out, item);
    else if (item->kind == KAA_DECL_FLOATING)
        add_floating(out, item);
    else
        add_integer(out, item);
    if (!is_macro)
        kaa_base__text_puts(out, is_enumerator ? " };" : ";");
}

/* A comment; the reason may not end it early. */
static void
add_skipped(kaa_base__text *out, const kaa_decl_item *item)
{
    const char *at = item->reason;
    const char *close;

    kaa_base__text_printf(out, "/* %s%sline %u: ", item->name,
                          item->name[0] != '\0' ? ", " : "",
                          (unsigned)item->line);
    while ((close = strstr(at, "*/")) != NULL) {
        kaa_base__text_add(out, at, (size_t)(close - at) + 1);
        kaa_base__text_puts(out, " ");
        at = close + 1;
    }
    kaa_base__text_puts(out, at);
    kaa_base__text_puts(out, " */");
}

static void
add_item(kaa_base__text *out, const kaa_decl_item *item)
{
    switch ((kaa_decl_kind)item->kind) {
    case KAA_DECL_FUNCTION:
        add_function(out, item);
        break;
    case KAA_DECL_VARIABLE:
        if (item->flags & KAA_DECL_WEAK)
            kaa_base__text_puts(out, "[[gnu::weak]] ");
        kaa_base__text_puts(out, item->flags & KAA_DECL_STATIC ? "static "
                                                               : "extern ");
        add_spelled(out, item->type, item->name);
        if (strcmp(item->symbol, item->name) != 0)
            kaa_base__text_printf(out, " __asm__(\"%s\")", item->symbol);
        kaa_base__text_puts(out, ";");
        break;
    case KAA_DECL_TYPEDEF:
        kaa_base__text_puts(out, "typedef ");
        add_spelled(out,
                    item->type->kind == KAA_CTYPE_TYPEDEF ? item->type->target
                                                          : item->type,
                    item->name);
        kaa_base__text_puts(out, ";");
        break;
    case KAA_DECL_RECORD:
    case KAA_DECL_ENUM:
        add_definition(out, item->type, kaa_ctype_is_complete(item->type));
        if (!kaa_ctype_is_complete(item->type))
            kaa_base__text_puts(out, ";");
        break;
    case KAA_DECL_INTEGER:
    case KAA_DECL_FLOATING:
    case KAA_DECL_STRING:
        add_constant(out, item);
        break;
    case KAA_DECL_MACRO_FUNCTION:
        if (item->reason != NULL && item->string[0] == '(') {
            add_skipped(out, item); /* the body is none */
            break;
        }
        kaa_base__text_printf(out, "#define %s%s", item->name, item->string);
        break;
    case KAA_DECL_SKIPPED:
        add_skipped(out, item);
        break;
    }
}

size_t
kaa_decl_print(const kaa_decl_item *item, char *buffer, size_t size)
{
    kaa_base__text out = {0};
    size_t length;

    if (item != NULL)
        add_item(&out, item);
    length = kaa_base__copy_out(out.failed ? "" : out.bytes,
                                out.failed ? 0 : out.length, buffer, size);
    kaa_base__text_fini(&out);
    return length;
}
