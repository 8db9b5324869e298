/* decl/decl.c - the public face: parsing, and reading what was parsed. */
#include "decl/internal.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

static kaa_status
check_text(const kaa_ctype_table *types, const char *text, size_t length,
           const void *out, kaa_error *err)
{
    if (types == NULL || out == NULL || (text == NULL && length != 0))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "types, text and the output may not be NULL");
    if (length > KAA_DECL__TEXT_MAX)
        return kaa_base__fail(err, KAA_LIMIT, KAA_NO_ARGUMENT,
                              "the text has more than 1 GiB");
    return KAA_OK;
}

/* The parser is large, so it lives on the heap. */
static kaa_status
begin(kaa_ctype_table *types, const char *text, size_t length,
      kaa_decl__parser **out_parser, kaa_error *err)
{
    kaa_decl__parser *p = kaa_base__alloc(sizeof(*p));
    kaa_decl *decl = kaa_base__alloc_zeroed(sizeof(*decl));

    if (p == NULL || decl == NULL) {
        kaa_base__free(p);
        kaa_base__free(decl);
        return kaa_base__fail_memory(err, "declarations");
    }
    kaa_decl__parser_init(p, decl, types, length != 0 ? text : "", length, err);
    *out_parser = p;
    return KAA_OK;
}

static void
end(kaa_decl__parser *p)
{
    kaa_decl__parser_fini(p);
    kaa_base__free(p);
}

static kaa_status
preprocess(const kaa_decl_options *chosen, const char *text, size_t length,
           kaa_preprocess_result **out_source, kaa_error *err)
{
    kaa_preprocess_options options = {.size = sizeof(options)};
    kaa_status status = kaa_base__read_options(&options, sizeof(options),
                                               chosen->preprocess, err);

    if (status != KAA_OK)
        return status;
    options.flags |= KAA_PREPROCESS_MACROS;
    return kaa_preprocess_run(text, length, &options, out_source, err);
}

/* The parser reads what kaa preprocessed: the text itself is strict. */
static int
set_source(kaa_decl__parser *p, const kaa_preprocess_options *options)
{
    const char *name = options->name != NULL ? options->name : "<text>";
    kaa_decl__symbol *symbol = kaa_decl__intern(
        p, name, strlen(name), kaa_decl__hash(name, strlen(name)));

    if (symbol == NULL)
        return 0;
    p->is_preprocessed = 1;
    p->strict_file = symbol->name;
    return 1;
}

kaa_status
kaa_decl_parse(kaa_ctype_table *types, const char *text, size_t length,
               const kaa_decl_options *options, kaa_decl **out_decl,
               kaa_error *err)
{
    kaa_decl_options chosen = {.size = sizeof(chosen)};
    kaa_error own;
    kaa_decl__parser *p = NULL;
    kaa_preprocess_result *source = NULL;
    kaa_decl *decl;
    kaa_status status = check_text(types, text, length, out_decl, err);

    if (status == KAA_OK)
        status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status != KAA_OK)
        return status;
    if ((chosen.flags & ~(uint32_t)KAA_DECL_TOLERANT) != 0 ||
        (chosen.only_count != 0 && chosen.only == NULL))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "options have bits that are not known, or a list "
                              "that is NULL though its count is not 0");
    if (chosen.preprocess != NULL) {
        status = preprocess(&chosen, text, length, &source, err);
        if (status != KAA_OK)
            return status;
        text = kaa_preprocess_text(source, &length);
    }
    /* The parse writes into `own`: a failure it recovers from is no output. */
    status = begin(types, text, length, &p, &own);
    if (status != KAA_OK)
        kaa_preprocess_destroy(source);
    if (status == KAA_OK) {
        decl = p->decl;
        decl->source = source;
        p->is_tolerant = (chosen.flags & KAA_DECL_TOLERANT) != 0;
        if ((source == NULL || set_source(p, chosen.preprocess)) &&
            kaa_decl__translation_unit(p) && kaa_decl__finish_macros(p) &&
            kaa_decl__select(p, &chosen)) {
            kaa_decl__compact(p);
            *out_decl = decl;
        } else {
            status = (kaa_status)own.status;
            kaa_decl_destroy(decl);
        }
        end(p);
    }
    if (status != KAA_OK && err != NULL)
        *err = own;
    return status;
}

/* A whole text that is one type. */
static int
read_type(kaa_decl__parser *p, const kaa_ctype **out_type)
{
    kaa_decl__next(p);
    if (!kaa_decl__read_type_name(p, out_type))
        return 0;
    if (p->token.kind != T_END)
        return kaa_decl__fail_expected(p, "the end of the type");
    return !p->has_failed;
}

kaa_status
kaa_decl_parse_type(kaa_ctype_table *types, const kaa_decl *scope,
                    const char *text, size_t length, const kaa_ctype **out_type,
                    kaa_error *err)
{
    kaa_error own;
    kaa_decl__parser *p = NULL;
    const kaa_ctype *type = NULL;
    kaa_status status = check_text(types, text, length, out_type, err);

    if (status != KAA_OK)
        return status;
    status = begin(types, text, length, &p, &own);
    if (status == KAA_OK) {
        p->scope = scope;
        if (read_type(p, &type))
            *out_type = type;
        else
            status = (kaa_status)own.status;
        kaa_decl_destroy(p->decl);
        end(p);
    }
    if (status != KAA_OK && err != NULL)
        *err = own;
    return status;
}

void
kaa_decl_destroy(kaa_decl *decl)
{
    if (decl == NULL)
        return;
    kaa_decl__symbols_fini(&decl->symbols);
    kaa_preprocess_destroy(decl->source);
    kaa_base__free(decl->entries);
    kaa_base__arena_fini(&decl->arena);
    kaa_base__free(decl);
}

const kaa_preprocess_result *
kaa_decl_source(const kaa_decl *decl)
{
    return decl != NULL ? decl->source : NULL;
}

size_t
kaa_decl_count(const kaa_decl *decl)
{
    return decl != NULL ? decl->count : 0;
}

const kaa_decl_item *
kaa_decl_at(const kaa_decl *decl, size_t index)
{
    return decl != NULL && index < decl->count ? &decl->entries[index].item
                                               : NULL;
}

/* "struct x" and the like; any blanks may stand between the words. */
static const kaa_decl_item *
find_tag(const kaa_decl *decl, const char *name)
{
    static const struct {
        const char *word;
        kaa_ctype_kind kind;
    } words[] = {{"struct", KAA_CTYPE_STRUCT},
                 {"union", KAA_CTYPE_UNION},
                 {"enum", KAA_CTYPE_ENUM}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t length = strlen(words[i].word);
        const kaa_decl__symbol *symbol;
        const kaa_decl_item *item;

        if (strncmp(name, words[i].word, length) != 0 || name[length] != ' ')
            continue;
        name += length + strspn(name + length, " ");
        symbol = kaa_decl__lookup(&decl->symbols, name, strlen(name));
        if (symbol == NULL || symbol->tag == 0)
            return NULL;
        item = &decl->entries[symbol->tag - 1].item;
        return kaa_ctype_kind_of(item->type) == words[i].kind ? item : NULL;
    }
    return NULL;
}

const kaa_decl_item *
kaa_decl_find(const kaa_decl *decl, const char *name)
{
    const kaa_decl__symbol *symbol;

    if (decl == NULL || name == NULL)
        return NULL;
    if (strchr(name, ' ') != NULL)
        return find_tag(decl, name);
    symbol = kaa_decl__lookup(&decl->symbols, name, strlen(name));
    if (symbol == NULL || (symbol->ordinary == 0 && symbol->tag == 0))
        return NULL;
    return &decl->entries[(symbol->ordinary != 0 ? symbol->ordinary
                                                 : symbol->tag) -
                          1]
                .item;
}
