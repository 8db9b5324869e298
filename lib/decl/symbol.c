/* decl/symbol.c - identifiers, each stored once.
 *
 * A lexed identifier is looked up here once; what it means (keyword, macro,
 * typedef, item) is then a load from its symbol. The table outlives the parse:
 * kaa_decl_find() uses it.
 */
#include "decl/internal.h"

#include <string.h>

#include "base/memory.h"

#define CAPACITY_MIN 64u

struct keyword {
    const char *text;
    uint16_t length;
    uint16_t token;
};

static const struct keyword keywords[] = {
#define KEYWORD(token, text) {text, sizeof(text) - 1, T_##token},
#include "decl/keywords.def"
#undef KEYWORD
};

uint32_t
kaa_decl__hash(const char *name, size_t length)
{
    uint32_t hash = KAA_DECL__HASH_START;

    for (size_t i = 0; i < length; i++)
        hash = KAA_DECL__HASH_STEP(hash, name[i]);
    return hash;
}

static uint32_t
slot_of(uint32_t hash, uint32_t capacity)
{
    return (hash ^ hash >> 15) & (capacity - 1);
}

static uint16_t
keyword_of(const char *name, size_t length)
{
    size_t low = 0;
    size_t high = sizeof(keywords) / sizeof(keywords[0]);

    if (length == 0 || length > 20 ||
        (name[0] != '_' && (name[0] < 'a' || name[0] > 'v')))
        return T_IDENTIFIER;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct keyword *keyword = &keywords[middle];
        size_t shorter = length < keyword->length ? length : keyword->length;
        int order = memcmp(name, keyword->text, shorter);
        if (order == 0 && length == keyword->length)
            return keyword->token;
        if (order < 0 || (order == 0 && length < keyword->length))
            high = middle;
        else
            low = middle + 1;
    }
    return T_IDENTIFIER;
}

static kaa_decl__symbol **
find_slot(const kaa_decl__symbols *symbols, const char *name, size_t length,
          uint32_t hash)
{
    uint32_t at = slot_of(hash, symbols->capacity);

    for (;;) {
        kaa_decl__symbol *symbol = symbols->slots[at];
        if (symbol == NULL ||
            (symbol->hash == hash && symbol->length == length &&
             memcmp(symbol->name, name, length) == 0))
            return &symbols->slots[at];
        at = (at + 1) & (symbols->capacity - 1);
    }
}

static int
grow(kaa_decl__symbols *symbols)
{
    kaa_decl__symbols larger = {0};

    larger.capacity =
        symbols->capacity != 0 ? symbols->capacity * 2 : CAPACITY_MIN;
    larger.slots =
        kaa_base__alloc_zeroed(larger.capacity * sizeof(larger.slots[0]));
    if (larger.slots == NULL)
        return 0;
    for (uint32_t i = 0; i < symbols->capacity; i++) {
        kaa_decl__symbol *symbol = symbols->slots[i];
        if (symbol != NULL) {
            uint32_t at = slot_of(symbol->hash, larger.capacity);
            while (larger.slots[at] != NULL)
                at = (at + 1) & (larger.capacity - 1);
            larger.slots[at] = symbol;
        }
    }
    larger.count = symbols->count;
    kaa_base__free(symbols->slots);
    *symbols = larger;
    return 1;
}

static kaa_decl__symbol *
make(kaa_decl__parser *p, const char *name, size_t length, uint32_t hash)
{
    kaa_decl__symbol *symbol = kaa_decl__alloc(p, sizeof(*symbol) + length + 1);
    char *copy;

    if (symbol == NULL)
        return NULL;
    copy = (char *)(symbol + 1);
    memcpy(copy, name, length);
    symbol->name = copy;
    symbol->length = (uint32_t)length;
    symbol->hash = hash;
    symbol->token = keyword_of(name, length);
    if (p->scope != NULL) {
        symbol->outer = kaa_decl__lookup(&p->scope->symbols, name, length);
        if (symbol->outer != NULL)
            symbol->type = symbol->outer->type;
    }
    return symbol;
}

kaa_decl__symbol *
kaa_decl__intern(kaa_decl__parser *p, const char *name, size_t length,
                 uint32_t hash)
{
    kaa_decl__symbols *symbols = &p->decl->symbols;
    kaa_decl__symbol **slot;

    if (symbols->capacity != 0) {
        slot = find_slot(symbols, name, length, hash);
        if (*slot != NULL)
            return *slot;
    }
    if (symbols->count >= symbols->capacity / 2) {
        if (!grow(symbols)) {
            kaa_decl__fail_memory(p);
            return NULL;
        }
    }
    slot = find_slot(symbols, name, length, hash);
    *slot = make(p, name, length, hash);
    if (*slot != NULL)
        symbols->count++;
    return *slot;
}

const kaa_decl__symbol *
kaa_decl__lookup(const kaa_decl__symbols *symbols, const char *name,
                 size_t length)
{
    if (symbols->capacity == 0)
        return NULL;
    return *find_slot(symbols, name, length, kaa_decl__hash(name, length));
}

void
kaa_decl__symbols_fini(kaa_decl__symbols *symbols)
{
    kaa_base__free(symbols->slots);
    memset(symbols, 0, sizeof(*symbols));
}

const kaa_ctype *
kaa_decl__named_type(kaa_decl__parser *p, kaa_decl__symbol *symbol)
{
    const kaa_ctype *type;
    kaa_error why;
    kaa_status status;

    if (symbol->type != NULL || symbol->is_well_known || symbol->ordinary != 0)
        return symbol->type;
    symbol->is_well_known = 1;
    type = kaa_ctype_well_known(symbol->name, symbol->length);
    if (type == NULL)
        return NULL;
    /* Kept as a typedef, so that the type prints as it was written; the kinds
     * with a name of their own need none. */
    if (kaa_ctype_name(type) != NULL &&
        strcmp(kaa_ctype_name(type), symbol->name) == 0) {
        symbol->type = type;
        return type;
    }
    status = kaa_ctype_typedef(p->types, symbol->name, symbol->length, type,
                               &symbol->type, &why);
    if (status != KAA_OK) {
        symbol->is_well_known = 0;
        kaa_decl__fail_ctype(p, &p->token, status, &why);
        return NULL;
    }
    return symbol->type;
}

const kaa_decl_item *
kaa_decl__ordinary(const kaa_decl__parser *p, const kaa_decl__symbol *symbol)
{
    if (symbol->ordinary != 0)
        return &p->decl->entries[symbol->ordinary - 1].item;
    if (symbol->outer != NULL && symbol->outer->ordinary != 0)
        return &p->scope->entries[symbol->outer->ordinary - 1].item;
    return NULL;
}

const kaa_decl_item *
kaa_decl__tagged(const kaa_decl__parser *p, const kaa_decl__symbol *symbol)
{
    if (symbol->tag != 0)
        return &p->decl->entries[symbol->tag - 1].item;
    if (symbol->outer != NULL && symbol->outer->tag != 0)
        return &p->scope->entries[symbol->outer->tag - 1].item;
    return NULL;
}
