/* ctype/print.c - from a type to the text of a declaration.
 *
 * A declaration reads from the inside out, so it is written in two halves
 * around the name: before() writes from the base type to the last `*`, after()
 * the brackets and parameter lists.
 *
 *     int (*            name         )(const char *text)
 *     \__ before() __/          \__ after() __________/
 *
 * Text goes straight to the caller's buffer; no memory is needed.
 */
#include "ctype/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Text beyond this is not written: types may share parts, and a small graph of
 * them can be a very long text. */
#define LENGTH_MAX ((size_t)1 << 20)

/* Records without tags are written out inside one another to this depth. */
#define EXPAND_MAX 32u

typedef struct out {
    char *buffer;
    size_t size;
    size_t length;
    char last;       /* the last character written, or 0 */
    int is_full;     /* LENGTH_MAX is reached */
    uint32_t expand; /* records and enums without tags: how deep to write them
                        out; 0: as `struct {...}` */
    uint32_t indent; /* of the line that is being written */
    uint32_t pack;   /* the #pragma pack in force there */
} out;

static void before(out *o, const kaa_ctype *type, int has_more);
static void after(out *o, const kaa_ctype *type);
static void write_body(out *o, const kaa_ctype *type);

static void
add(out *o, const char *text, size_t length)
{
    if (length == 0 || o->is_full)
        return;
    if (o->length > LENGTH_MAX) {
        o->is_full = 1;
        text = "...";
        length = 3;
    }
    if (o->length < o->size) {
        size_t room = o->size - o->length;
        memcpy(o->buffer + o->length, text, length < room ? length : room);
    }
    o->length += length;
    o->last = text[length - 1];
}

static void
put(out *o, const char *text)
{
    add(o, text, strlen(text));
}

static void
number(out *o, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    put(o, text);
}

/* A space, unless what was written ends in one or opens something. */
static void
space(out *o)
{
    if (o->last != 0 && o->last != ' ' && o->last != '(' && o->last != '*' &&
        o->last != '\n')
        put(o, " ");
}

static void
word(out *o, const char *text)
{
    space(o);
    put(o, text);
}

static void
new_line(out *o)
{
    put(o, "\n");
    for (uint32_t i = 0; i < o->indent; i++)
        put(o, "    ");
}

static void
write_aligned(out *o, uint32_t align)
{
    word(o, "__attribute__((aligned(");
    number(o, align);
    put(o, ")))");
}

static void
write_qualifiers(out *o, uint32_t qualifiers)
{
    if ((qualifiers & KAA_CTYPE_ATOMIC) != 0)
        word(o, "_Atomic");
    if ((qualifiers & KAA_CTYPE_CONST) != 0)
        word(o, "const");
    if ((qualifiers & KAA_CTYPE_VOLATILE) != 0)
        word(o, "volatile");
    if ((qualifiers & KAA_CTYPE_RESTRICT) != 0)
        word(o, "restrict");
}

static const char *
keyword(const kaa_ctype *type)
{
    return type->kind == KAA_CTYPE_STRUCT  ? "struct"
           : type->kind == KAA_CTYPE_UNION ? "union"
                                           : "enum";
}

static void
write_base(out *o, const kaa_ctype *type)
{
    int is_tagged = type->kind == KAA_CTYPE_STRUCT ||
                    type->kind == KAA_CTYPE_UNION ||
                    type->kind == KAA_CTYPE_ENUM;

    if (!is_tagged) {
        word(o, type->name);
        return;
    }
    word(o, keyword(type));
    if (type->name != NULL) {
        word(o, type->name);
    } else if (o->expand != 0 && type->is_complete) {
        o->expand--;
        write_body(o, type);
        o->expand++;
    } else {
        put(o, " {...}");
    }
}

/* Whether a pointer to it needs parentheses. */
static int
is_postfix(const kaa_ctype *type)
{
    return type->kind == KAA_CTYPE_ARRAY || type->kind == KAA_CTYPE_FUNCTION;
}

/* What lies around a name is nested no deeper than KAA_CTYPE__DEPTH_MAX, which
 * bounds the recursion of before() and after(). */
static void
before(out *o, const kaa_ctype *type, int has_more)
{
    switch ((int)type->kind) {
    case KAA_CTYPE_POINTER:
        before(o, type->target, 1);
        if (o->last != '*')
            space(o);
        put(o, is_postfix(type->target) ? "(*" : "*");
        return;
    case KAA_CTYPE_ARRAY:
        before(o, type->target, has_more);
        return;
    case KAA_CTYPE_FUNCTION:
        before(o, type->target, 1);
        if (!has_more)
            space(o);
        return;
    case KAA_CTYPE_QUALIFIED:
        if (type->target->kind == KAA_CTYPE_POINTER) {
            before(o, type->target, 1);
            write_qualifiers(o, type->own_qualifiers);
            if (type->align != 0)
                write_aligned(o, type->align);
            return;
        }
        if (type->align != 0)
            write_aligned(o, type->align);
        write_qualifiers(o, type->own_qualifiers);
        before(o, type->target, has_more);
        return;
    default:
        write_base(o, type);
    }
}

static void
write_parameters(out *o, const kaa_ctype *function)
{
    const kaa_ctype_parameter *parameters = function->list.parameters;

    put(o, "(");
    if (function->count == 0 && function->flags == 0)
        put(o, "void");
    for (uint64_t i = 0; i < function->count && !o->is_full; i++) {
        const char *name = parameters[i].name;

        if (i != 0)
            put(o, ", ");
        before(o, parameters[i].type, name != NULL);
        if (name != NULL)
            word(o, name);
        after(o, parameters[i].type);
    }
    if ((function->flags & KAA_CTYPE_VARIADIC) != 0)
        put(o, function->count != 0 ? ", ..." : "...");
    put(o, ")");
}

static void
after(out *o, const kaa_ctype *type)
{
    for (;;) {
        switch ((int)type->kind) {
        case KAA_CTYPE_POINTER:
            if (is_postfix(type->target))
                put(o, ")");
            break;
        case KAA_CTYPE_ARRAY:
            put(o, "[");
            if (type->count != KAA_CTYPE_UNKNOWN_COUNT)
                number(o, type->count);
            put(o, "]");
            break;
        case KAA_CTYPE_FUNCTION:
            write_parameters(o, type);
            break;
        case KAA_CTYPE_QUALIFIED:
            break;
        default:
            return;
        }
        type = type->target;
    }
}

static void
write_declaration(out *o, const kaa_ctype *type, const char *name)
{
    int is_named = name != NULL && name[0] != '\0';

    before(o, type, is_named);
    if (is_named)
        word(o, name);
    after(o, type);
}

static void
write_attributes(out *o, const kaa_ctype *type)
{
    int is_packed = (type->flags & KAA_CTYPE_PACKED) != 0;

    if (is_packed)
        put(o, " __attribute__((packed))");
    if (type->record_align != 0)
        write_aligned(o, type->record_align);
}

/* The type that a declaration begins with. */
static const kaa_ctype *
base_of(const kaa_ctype *type)
{
    while (type->kind == KAA_CTYPE_POINTER || type->kind == KAA_CTYPE_ARRAY ||
           type->kind == KAA_CTYPE_FUNCTION ||
           type->kind == KAA_CTYPE_QUALIFIED)
        type = type->target;
    return type;
}

/* A record without tag that was laid out under another #pragma pack than the
 * record it is written in. */
static int
is_packed_apart(const out *o, const kaa_ctype *type)
{
    return o->expand != 0 && type->name == NULL && type->is_complete &&
           kaa_ctype__is_record(type) && type->record_pack != o->pack;
}

static void
write_member(out *o, const kaa_ctype_member *member)
{
    static const char *const scopes[] = {"library", "call", "async", "forever"};
    int is_bit_field = member->bit_width != KAA_CTYPE_NOT_A_BIT_FIELD;
    const kaa_ctype *base = base_of(member->type);
    int is_apart = is_packed_apart(o, base);
    uint32_t outer_pack = o->pack;

    if (is_apart) {
        o->pack = base->record_pack;
        put(o, "#pragma pack(push, ");
        number(o, o->pack);
        put(o, ")");
        new_line(o);
    }
    write_declaration(o, member->type, member->name);
    if (is_bit_field) {
        put(o, " : ");
        number(o, member->bit_width);
    }
    if ((member->flags & KAA_CTYPE_PACKED) != 0)
        word(o, "__attribute__((packed))");
    if (member->align != 0)
        write_aligned(o, member->align);
    if (member->scope != 0 && member->scope <= 4) {
        put(o, " [[kaa::scope(");
        put(o, scopes[member->scope - 1]);
        put(o, ")]]");
    }
    put(o, ";");
    if (is_apart) {
        o->pack = outer_pack;
        new_line(o);
        put(o, "#pragma pack(pop)");
    }
}

static void
write_enumerator(out *o, const kaa_ctype_enumerator *enumerator)
{
    char text[32];

    put(o, enumerator->name);
    if (enumerator->is_unsigned)
        snprintf(text, sizeof(text), " = %" PRIu64 "u",
                 (uint64_t)enumerator->value);
    else if (enumerator->value == INT64_MIN) /* no literal of C is that */
        snprintf(text, sizeof(text), " = -%" PRId64 " - 1", INT64_MAX);
    else
        snprintf(text, sizeof(text), " = %" PRId64, enumerator->value);
    put(o, text);
    put(o, ",");
}

/* From the brace to the attributes. */
static void
write_body(out *o, const kaa_ctype *type)
{
    if (type->is_fixed_enum) {
        put(o, " : ");
        put(o, type->target->name);
    }
    put(o, " {");
    o->indent++;
    for (uint64_t i = 0; i < type->count && !o->is_full; i++) {
        new_line(o);
        if (type->kind == KAA_CTYPE_ENUM)
            write_enumerator(o, &type->list.enumerators[i]);
        else
            write_member(o, &type->list.members[i]);
    }
    o->indent--;
    new_line(o);
    put(o, "}");
    write_attributes(o, type);
}

static size_t
finish(out *o)
{
    if (o->size > 0)
        o->buffer[o->length < o->size ? o->length : o->size - 1] = '\0';
    return o->length;
}

size_t
kaa_ctype_print(const kaa_ctype *type, const char *name, char *buffer,
                size_t size)
{
    out o = {.buffer = buffer, .size = buffer != NULL ? size : 0};

    if (type != NULL)
        write_declaration(&o, type, name);
    return finish(&o);
}

size_t
kaa_ctype_print_definition(const kaa_ctype *type, char *buffer, size_t size)
{
    out o = {.buffer = buffer,
             .size = buffer != NULL ? size : 0,
             .expand = EXPAND_MAX};

    if (type != NULL && type->is_complete && type->list.any != NULL &&
        type->kind != KAA_CTYPE_FUNCTION) {
        if (type->record_pack != 0) {
            put(&o, "#pragma pack(push, ");
            number(&o, o.pack = type->record_pack);
            put(&o, ")\n");
        }
        put(&o, keyword(type));
        if (type->name != NULL)
            word(&o, type->name);
        write_body(&o, type);
        put(&o, type->record_pack != 0 ? ";\n#pragma pack(pop)" : ";");
    } else if (type != NULL) {
        o.expand = 0;
        write_declaration(&o, type, NULL);
    }
    return finish(&o);
}
