/* decl/attribute.c - __attribute__, [[...]], __declspec, _Alignas, __asm__.
 *
 * Attributes may stand nearly everywhere in a declaration, so every place reads
 * them with kaa_decl__read_attributes() into what belongs to it. Unknown ones
 * are skipped with their arguments; those that change the layout or the calling
 * convention in a way kaa does not have make the declaration unsupported.
 */
#include "decl/internal.h"

#include <string.h>

/* What `aligned` without a number means: the processor's own, wherever this
 * file is compiled for wider vectors than its users' are. */
#if defined(__s390x__)
#define ALIGN_LARGEST 8u
#else
#define ALIGN_LARGEST 16u
#endif

int
kaa_decl__is_attribute(kaa_decl__parser *p)
{
    switch (p->token.kind) {
    case T_ATTRIBUTE:
    case T_DECLSPEC:
    case T_ALIGNAS:
    case T_PRAGMA:
        return 1;
    case '[':
        return kaa_decl__peek(p)->kind == '[';
    default:
        return 0;
    }
}

static void
add_access(kaa_decl__attributes *a, const kaa_decl__access *access)
{
    if (a->access_count < KAA_DECL__ACCESS_MAX)
        a->access[a->access_count++] = *access;
}

void
kaa_decl__merge(kaa_decl__attributes *into, const kaa_decl__attributes *from)
{
    into->flags |= from->flags;
    into->parameter_flags |= from->parameter_flags;
    into->is_packed |= from->is_packed;
    into->is_nonnull_all |= from->is_nonnull_all;
    into->nonnull |= from->nonnull;
    if (from->format != KAA_DECL_FORMAT_NONE) {
        into->format = from->format;
        into->format_of = from->format_of;
        into->format_first = from->format_first;
    }
    for (uint32_t i = 0; i < from->access_count; i++)
        add_access(into, &from->access[i]);
    if (from->vector != 0)
        into->vector = from->vector;
    if (from->lanes != 0)
        into->lanes = from->lanes;
    if (from->align > into->align)
        into->align = from->align;
    if (from->scope != 0)
        into->scope = from->scope;
    if (from->mode != MODE_NONE)
        into->mode = from->mode;
    if (from->least > into->least)
        into->least = from->least;
    if (from->length.is_set)
        into->length = from->length;
    if (from->borrow_from != NULL)
        into->borrow_from = from->borrow_from;
    if (from->free_function != NULL)
        into->free_function = from->free_function;
    if (from->symbol != NULL)
        into->symbol = from->symbol;
    if (from->unsupported != NULL)
        into->unsupported = from->unsupported;
    if (from->has_place && !into->has_place) {
        into->has_place = 1;
        into->place = from->place;
    }
}

/* An alignment in parentheses, a number or (for _Alignas) a type. */
static int
read_align(kaa_decl__parser *p, kaa_decl__attributes *a, int is_type_allowed)
{
    kaa_decl__token where;
    kaa_decl__value value = {0};
    const kaa_ctype *type;

    kaa_decl__next(p);
    where = p->token;
    if (is_type_allowed && kaa_decl__is_type_start(p, &p->token)) {
        if (!kaa_decl__read_type_name(p, &type))
            return 0;
        kaa_decl__set_integer(&value, KAA_CTYPE_ULONG, kaa_ctype_align(type));
    } else if (!kaa_decl__integer_expression(p, &value, "an alignment")) {
        return 0;
    }
    if (value.bits > 1u << 28 || (value.bits & (value.bits - 1)) != 0)
        return kaa_decl__fail(p, &where, "an alignment is a power of 2");
    if (value.bits > a->align)
        a->align = (uint32_t)value.bits;
    return kaa_decl__expect(p, ')', "')'");
}

static int
read_mode(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    static const struct {
        const char *word;
        uint8_t mode;
    } modes[] = {
        {"QI", MODE_BYTE},          {"byte", MODE_BYTE},
        {"HI", MODE_HALF},          {"SI", MODE_SINGLE},
        {"DI", MODE_DOUBLE},        {"TI", MODE_QUAD},
        {"word", MODE_WORD},        {"pointer", MODE_WORD},
        {"unwind_word", MODE_WORD}, {"SF", MODE_FLOAT},
        {"DF", MODE_FLOAT_DOUBLE},  {"XF", MODE_FLOAT_LONG},
        {"TF", MODE_FLOAT_QUAD},
    };

    kaa_decl__next(p);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (kaa_decl__is_word(&p->token, modes[i].word))
            a->mode = modes[i].mode;
    if (a->mode == MODE_NONE)
        a->unsupported = "this mode";
    if (p->token.kind == T_END || p->token.kind == ')')
        return kaa_decl__fail_expected(p, "a mode");
    kaa_decl__next(p);
    return kaa_decl__expect(p, ')', "')'");
}

/* vector_size(bytes) or ext_vector_type(elements) */
static int
read_vector(kaa_decl__parser *p, uint64_t *out_number)
{
    kaa_decl__value value = {0};
    kaa_decl__token where;

    kaa_decl__next(p);
    where = p->token;
    if (!kaa_decl__integer_expression(p, &value, "the size of a vector"))
        return 0;
    if (value.bits == 0 || value.bits > 1u << 16)
        return kaa_decl__fail(p, &where, "a vector of this size");
    *out_number = value.bits;
    return kaa_decl__expect(p, ')', "')'");
}

/* nonnull(1, 3): parameters from 1. */
static int
read_nonnull(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    do {
        kaa_decl__value value = {0};

        kaa_decl__next(p);
        if (p->token.kind == ')' && a->nonnull == 0) {
            a->is_nonnull_all = 1;
            break;
        }
        if (!kaa_decl__integer_expression(p, &value, "a parameter's number"))
            return 0;
        if (value.bits >= 1 && value.bits <= 64)
            a->nonnull |= (uint64_t)1 << (value.bits - 1);
    } while (p->token.kind == ',');
    return kaa_decl__expect(p, ')', "')'");
}

/* Numbers behind commas, up to the `)`. */
static int
read_numbers(kaa_decl__parser *p, uint64_t *out, uint32_t capacity,
             uint32_t *out_count)
{
    *out_count = 0;
    while (p->token.kind == ',') {
        kaa_decl__value value = {0};

        kaa_decl__next(p);
        if (!kaa_decl__integer_expression(p, &value, "a parameter's number"))
            return 0;
        if (*out_count < capacity)
            out[(*out_count)++] = value.bits;
    }
    return kaa_decl__expect(p, ')', "')'");
}

/* format(printf, 2, 3): the parameter of the format, and the first argument
 * that it is about; 0: a va_list has them. */
static int
read_format(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    static const struct {
        const char *word;
        uint16_t format;
    } kinds[] = {
        {"printf", KAA_DECL_FORMAT_PRINTF},
        {"gnu_printf", KAA_DECL_FORMAT_PRINTF},
        {"scanf", KAA_DECL_FORMAT_SCANF},
        {"gnu_scanf", KAA_DECL_FORMAT_SCANF},
    };
    uint16_t format = KAA_DECL_FORMAT_NONE;
    uint64_t numbers[2];
    uint32_t count;

    p->is_raw = 1; /* `printf` may be a macro */
    kaa_decl__next(p);
    p->is_raw = 0;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kaa_decl__is_word(&p->token, kinds[i].word))
            format = kinds[i].format;
    if (p->token.symbol == NULL)
        return kaa_decl__fail_expected(p, "the kind of a format");
    kaa_decl__next(p);
    if (!read_numbers(p, numbers, 2, &count))
        return 0;
    if (count == 2 && numbers[0] - 1 < KAA_DECL__PARAMETERS_MAX &&
        numbers[1] - 1 < KAA_DECL__PARAMETERS_MAX) {
        a->format = format;
        a->format_of = (uint16_t)numbers[0];
        a->format_first = (uint16_t)numbers[1];
    }
    return 1;
}

/* access(read_only, 2, 3): parameter 2 points at as many as parameter 3 says.
 * What is read or written there, and how, its type says already. */
static int
read_access(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    uint64_t numbers[2];
    uint32_t count;
    int is_used;

    kaa_decl__next(p);
    is_used = !kaa_decl__is_word(&p->token, "none");
    if (p->token.symbol == NULL)
        return kaa_decl__fail_expected(p, "a kind of access");
    kaa_decl__next(p);
    if (!read_numbers(p, numbers, 2, &count))
        return 0;
    if (is_used && count == 2 && numbers[0] - 1 < KAA_DECL__PARAMETERS_MAX &&
        numbers[1] - 1 < KAA_DECL__PARAMETERS_MAX) {
        kaa_decl__access access = {(uint16_t)numbers[0], (uint16_t)numbers[1]};

        add_access(a, &access);
    }
    return 1;
}

/* Attributes without arguments of interest. */
static int
note_word(const kaa_decl__token *word, kaa_decl__attributes *a)
{
    static const struct {
        const char *word;
        uint32_t flag;
    } flags[] = {
        {"const", KAA_DECL_CONST},
        {"pure", KAA_DECL_PURE},
        {"noreturn", KAA_DECL_NORETURN},
        {"_Noreturn", KAA_DECL_NORETURN},
        {"deprecated", KAA_DECL_DEPRECATED},
        {"returns_nonnull", KAA_DECL_RETURNS_NONNULL},
        {"weak", KAA_DECL_WEAK},
        {"weak_import", KAA_DECL_WEAK},
        {"unsequenced", KAA_DECL_CONST},
        {"reproducible", KAA_DECL_PURE},
    };
    static const struct {
        const char *word;
        const char *reason;
    } unsupported[] = {
        {"neon_vector_type", "a SIMD vector"},
        {"ms_struct", "the layout ms_struct"},
        {"scalar_storage_order", "another byte order"},
        {"ms_abi", "the calling convention ms_abi"},
        {"vectorcall", "the calling convention vectorcall"},
        {"aarch64_vector_pcs", "the calling convention aarch64_vector_pcs"},
        {"regcall", "the calling convention regcall"},
        {"overloadable", "an overloaded function"},
#if defined(__i386__)
        {"stdcall", "the calling convention stdcall"},
        {"fastcall", "the calling convention fastcall"},
        {"thiscall", "the calling convention thiscall"},
        {"regparm", "the calling convention regparm"},
#endif
    };

    if (kaa_decl__is_word(word, "packed"))
        a->is_packed = 1;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (kaa_decl__is_word(word, flags[i].word)) {
            a->flags |= flags[i].flag;
            return 1;
        }
    for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++)
        if (kaa_decl__is_word(word, unsupported[i].word)) {
            a->unsupported = unsupported[i].reason;
            return 1;
        }
    return 0;
}

int
kaa_decl__gnu_attribute(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    kaa_decl__token word = p->token;

    if (p->token.symbol == NULL)
        return kaa_decl__fail_expected(p, "an attribute");
    kaa_decl__next(p);
    if (kaa_decl__is_word(&word, "aligned")) {
        if (p->token.kind == '(')
            return read_align(p, a, 0);
        if (a->align < ALIGN_LARGEST)
            a->align = ALIGN_LARGEST;
    } else if (p->token.kind == '(' && kaa_decl__is_word(&word, "mode")) {
        return read_mode(p, a);
    } else if (p->token.kind == '(' &&
               kaa_decl__is_word(&word, "vector_size")) {
        return read_vector(p, &a->vector);
    } else if (p->token.kind == '(' &&
               kaa_decl__is_word(&word, "ext_vector_type")) {
        return read_vector(p, &a->lanes);
    } else if (p->token.kind != '(' && kaa_decl__is_word(&word, "sentinel")) {
        a->flags |= KAA_DECL_SENTINEL; /* sentinel(1): not the last one */
    } else if (p->token.kind == '(' && kaa_decl__is_word(&word, "format")) {
        return read_format(p, a);
    } else if (p->token.kind == '(' && kaa_decl__is_word(&word, "access")) {
        return read_access(p, a);
    } else if (kaa_decl__is_word(&word, "nonnull")) {
        if (p->token.kind == '(')
            return read_nonnull(p, a);
        a->is_nonnull_all = 1;
    } else {
        note_word(&word, a);
        if (p->token.kind == '(')
            return kaa_decl__skip_group(p);
    }
    return 1;
}

/* __attribute__((a, b(1), , c)) */
static int
read_gnu(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    kaa_decl__next(p);
    if (!kaa_decl__expect(p, '(', "'(('"))
        return 0;
    if (!kaa_decl__expect(p, '(', "'(('"))
        return 0;
    while (p->token.kind != ')') {
        if (kaa_decl__accept(p, ','))
            continue;
        if (!kaa_decl__gnu_attribute(p, a))
            return 0;
        if (p->token.kind != ',' && p->token.kind != ')')
            return kaa_decl__fail_expected(p, "',' or ')'");
    }
    kaa_decl__next(p);
    return kaa_decl__expect(p, ')', "'))'");
}

/* One of [[...]]: word, word(...), namespace::word(...). */
static int
read_standard_one(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    kaa_decl__token word = p->token;

    if (word.symbol == NULL)
        return kaa_decl__fail_expected(p, "an attribute");
    kaa_decl__next(p);
    if (p->token.kind != T_SCOPE) {
        note_word(&word, a);
        a->is_packed = 0; /* [[packed]] is not the GNU attribute */
    } else {
        p->is_raw = 1; /* `errno` may be a macro */
        kaa_decl__next(p);
        p->is_raw = 0;
        if (kaa_decl__is_word(&word, "kaa"))
            return kaa_decl__annotation(p, a);
        if (kaa_decl__is_word(&word, "gnu"))
            return kaa_decl__gnu_attribute(p, a);
        if (p->token.symbol == NULL)
            return kaa_decl__fail_expected(p, "an attribute");
        kaa_decl__next(p);
    }
    return p->token.kind == '(' ? kaa_decl__skip_group(p) : 1;
}

static int
read_standard(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    kaa_decl__next(p);
    kaa_decl__next(p);
    while (p->token.kind != ']') {
        if (kaa_decl__accept(p, ','))
            continue;
        if (!read_standard_one(p, a))
            return 0;
        if (p->token.kind != ',' && p->token.kind != ']')
            return kaa_decl__fail_expected(p, "',' or ']]'");
    }
    kaa_decl__next(p);
    return kaa_decl__expect(p, ']', "']]'");
}

/* _Pragma("pack(1)") */
int
kaa_decl__read_pragma(kaa_decl__parser *p)
{
    kaa_decl__token where = p->token;
    const char *text;
    size_t length;

    kaa_decl__next(p);
    return kaa_decl__expect(p, '(', "'('") &&
           kaa_decl__strings(p, &text, &length) &&
           kaa_decl__expect(p, ')', "')'") &&
           kaa_decl__pragma(p, text, text + length, &where);
}

int
kaa_decl__read_attributes(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    while (kaa_decl__is_attribute(p)) {
        int is_read = 0;

        switch (p->token.kind) {
        case T_ATTRIBUTE:
            is_read = read_gnu(p, a);
            break;
        case T_PRAGMA:
            is_read = kaa_decl__read_pragma(p);
            break;
        case '[':
            is_read = read_standard(p, a);
            break;
        default: {
            int is_align = p->token.kind == T_ALIGNAS;
            kaa_decl__next(p);
            if (p->token.kind != '(')
                return kaa_decl__fail_expected(p, "'('");
            is_read = is_align ? read_align(p, a, 1) : kaa_decl__skip_group(p);
            break;
        }
        }
        if (!is_read)
            return 0;
    }
    return !p->has_failed;
}

int
kaa_decl__asm_name(kaa_decl__parser *p, const char **out_name)
{
    size_t length;
    kaa_decl__token where;

    if (!kaa_decl__expect(p, '(', "'('"))
        return 0;
    where = p->token;
    if (!kaa_decl__strings(p, out_name, &length))
        return 0;
    if (length == 0 || strlen(*out_name) != length)
        return kaa_decl__fail(p, &where, "a symbol's name is not empty");
    return kaa_decl__expect(p, ')', "')'");
}
