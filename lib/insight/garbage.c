/* insight/garbage.c - see garbage.h. Offsets in PyTypeObject: the same from 3.9
 * to 3.15, on 64-bit machines. */
#include "insight/garbage.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "insight/memory.h"

#define ENTRIES_MAX 4096u /* a hash table that is never full */
#define ENTRIES_BYTES (ENTRIES_MAX * sizeof(kaa_insight_heap_collected))

#define OBJECT_TYPE 8u
#define TYPE_NAME 24u
#define TYPE_FLAGS 168u
#define IS_TYPE_SUBCLASS ((uint64_t)1 << 31) /* Py_TPFLAGS_TYPE_SUBCLASS */

void
kaa_insight__garbage_init(kaa_insight__garbage *garbage, void *handle)
{
    void *memory = MAP_FAILED;

    memset(garbage, 0, sizeof(*garbage));
    garbage->type_type =
        dlsym(handle != NULL ? handle : RTLD_DEFAULT, "PyType_Type");
    if (garbage->type_type != NULL && !kaa_base__fault_due())
        memory = mmap(NULL, ENTRIES_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED)
        garbage->entries = memory;
}

void
kaa_insight__garbage_fini(kaa_insight__garbage *garbage)
{
    if (garbage->entries != NULL)
        munmap(garbage->entries, ENTRIES_BYTES);
    memset(garbage, 0, sizeof(*garbage));
}

void
kaa_insight__garbage_collect(kaa_insight__garbage *garbage, const void *state)
{
    garbage->state = garbage->entries != NULL ? state : NULL;
    /* Types may have ended since the last one. */
    if (garbage->state != NULL)
        memset(garbage->kinds, 0, sizeof(garbage->kinds));
}

static uint32_t
mix(uintptr_t word)
{
    return (uint32_t)((word >> 4) * 0x9e3779b97f4a7c15u >> 32);
}

/* Whether the instances of this type are types. */
static int
makes_types(const kaa_insight__garbage *garbage, uintptr_t type)
{
    uint64_t flags;

    return type == (uintptr_t)garbage->type_type ||
           (kaa_insight__peek(getpid(), type + TYPE_FLAGS, &flags,
                              sizeof(flags)) &&
            (flags & IS_TYPE_SUBCLASS) != 0);
}

/* Fills in the name of a type; empty if the word does not point at one. */
static void
read_name(const kaa_insight__garbage *garbage, uintptr_t word, char *name)
{
    uintptr_t type = 0, text = 0;

    name[0] = '\0';
    if (word % sizeof(void *) != 0 ||
        !kaa_insight__peek(getpid(), word + OBJECT_TYPE, &type, sizeof(type)) ||
        !makes_types(garbage, type) ||
        !kaa_insight__peek(getpid(), word + TYPE_NAME, &text, sizeof(text)))
        return;
    for (uint32_t i = 0; i + 1 < KAA_INSIGHT_TYPE_NAME; i++) {
        if (!kaa_insight__peek(getpid(), text + i, &name[i], 1) ||
            name[i] == '\0')
            break;
        name[i + 1] = '\0';
    }
}

static const char *
name_of(kaa_insight__garbage *garbage, uintptr_t word)
{
    uint32_t i = mix(word) % KAA_INSIGHT__KINDS_MAX;

    if (garbage->kinds[i].word != word) {
        read_name(garbage, word, garbage->kinds[i].name);
        garbage->kinds[i].word = word;
    }
    return garbage->kinds[i].name;
}

/* The type of the object in a block; empty if there is none. */
static const char *
type_in(kaa_insight__garbage *garbage, const void *block, size_t size)
{
    static const uint32_t headers[] = {0, 16, 32};
    uintptr_t word;

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const char *name;

        if (headers[i] + 2 * sizeof(word) > size)
            break;
        memcpy(&word, (const char *)block + headers[i] + OBJECT_TYPE,
               sizeof(word));
        if (word == 0)
            continue;
        name = name_of(garbage, word);
        if (name[0] != '\0')
            return name;
    }
    return "";
}

void
kaa_insight__garbage_note(kaa_insight__garbage *garbage, const void *block,
                          size_t size, uint32_t site, uint64_t bytes,
                          uint64_t blocks)
{
    const char *type = type_in(garbage, block, size);
    uint32_t hash = site * 0x9e3779b1u;
    kaa_insight_heap_collected *one;

    for (const char *c = type; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 0x01000193u;
    for (uint32_t i = hash;; i++) {
        one = &garbage->entries[i % ENTRIES_MAX];
        if (one->blocks == 0 ||
            (one->site == site && strcmp(one->type, type) == 0))
            break;
    }
    if (one->blocks == 0) {
        if (garbage->count >= ENTRIES_MAX / 4 * 3) {
            garbage->lost++;
            return;
        }
        garbage->count++;
        one->site = site;
        memcpy(one->type, type, strlen(type) + 1);
    }
    one->bytes += bytes;
    one->blocks += blocks;
}

uint32_t
kaa_insight__garbage_read(const kaa_insight__garbage *garbage,
                          kaa_insight_heap_collected *out, uint32_t capacity)
{
    uint32_t count = 0;

    for (uint32_t i = 0; garbage->entries != NULL && i < ENTRIES_MAX; i++)
        if (garbage->entries[i].blocks != 0 && count++ < capacity &&
            out != NULL)
            out[count - 1] = garbage->entries[i];
    return count;
}
