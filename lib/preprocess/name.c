/* preprocess/name.c - identifiers, each stored once. */
#include "preprocess/internal.h"

#include <string.h>

#include "base/memory.h"

#define CAPACITY_MIN 2048u

static kaa_preprocess__name **
find_slot(const kaa_preprocess__names *names, const char *text, size_t length,
          uint32_t hash)
{
    uint32_t at = (hash ^ hash >> 15) & (names->capacity - 1);

    for (;;) {
        kaa_preprocess__name *name = names->slots[at];
        if (name == NULL || (name->hash == hash && name->length == length &&
                             memcmp(name->text, text, length) == 0))
            return &names->slots[at];
        at = (at + 1) & (names->capacity - 1);
    }
}

static int
grow(kaa_preprocess__names *names)
{
    kaa_preprocess__names larger = {0};

    larger.capacity = names->capacity != 0 ? names->capacity * 2 : CAPACITY_MIN;
    larger.slots =
        kaa_base__alloc_zeroed(larger.capacity * sizeof(larger.slots[0]));
    if (larger.slots == NULL)
        return 0;
    for (uint32_t i = 0; i < names->capacity; i++) {
        kaa_preprocess__name *name = names->slots[i];
        if (name != NULL)
            *find_slot(&larger, name->text, name->length, name->hash) = name;
    }
    larger.count = names->count;
    kaa_base__free(names->slots);
    *names = larger;
    return 1;
}

kaa_preprocess__name *
kaa_preprocess__intern(kaa_preprocess__pp *pp, const char *text, size_t length,
                       uint32_t hash)
{
    kaa_preprocess__names *names = &pp->names;
    kaa_preprocess__name **slot;
    kaa_preprocess__name *name;
    char *copy;

    if (names->count >= names->capacity / 2 && !grow(names)) {
        kaa_preprocess__fail_memory(pp);
        return NULL;
    }
    slot = find_slot(names, text, length, hash);
    if (*slot != NULL)
        return *slot;
    name = kaa_preprocess__alloc(pp, sizeof(*name) + length + 1);
    if (name == NULL)
        return NULL;
    copy = (char *)(name + 1);
    memcpy(copy, text, length);
    name->text = copy;
    name->length = (uint32_t)length;
    name->hash = hash;
    names->count++;
    *slot = name;
    return name;
}

kaa_preprocess__name *
kaa_preprocess__name_of(kaa_preprocess__pp *pp, const char *text, size_t length)
{
    uint32_t hash = PP_HASH_START;

    for (size_t i = 0; i < length; i++)
        hash = PP_HASH_STEP(hash, text[i]);
    return kaa_preprocess__intern(pp, text, length, hash);
}
