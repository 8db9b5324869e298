/* insight/garbage.c - see garbage.h. Offsets in PyTypeObject: the same from 3.9
 * to 3.15, on 64-bit machines. */
#include "insight/garbage.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/os/os.h"

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

uint64_t
kaa_insight__garbage_collect(kaa_insight__garbage *garbage, const void *state)
{
    uint64_t now = kaa_base__now_ns(), took = 0;

    if (state == NULL && garbage->began != 0)
        took = now - garbage->began;
    garbage->began = state != NULL ? now : 0;
    garbage->state = garbage->entries != NULL ? state : NULL;
    garbage->round += state != NULL;
    return took;
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
           (kaa_base__peek(getpid(), type + TYPE_FLAGS, &flags,
                           sizeof(flags)) &&
            (flags & IS_TYPE_SUBCLASS) != 0);
}

/* The text of a name, or as much of it as there is. */
static void
read_text(uintptr_t text, char *name)
{
    memset(name, 0, KAA_INSIGHT_TYPE_NAME);
    if (kaa_base__peek(getpid(), text, name, KAA_INSIGHT_TYPE_NAME - 1))
        return;
    for (uint32_t i = 0; i + 1 < KAA_INSIGHT_TYPE_NAME; i++)
        if (!kaa_base__peek(getpid(), text + i, &name[i], 1) || name[i] == '\0')
            break;
}

/* Whether the word points at a type. One that was a type in an earlier
 * collection may be another one now, or none. */
static int
look_at(const kaa_insight__garbage *garbage, kaa_insight__kind *kind,
        uintptr_t word)
{
    uintptr_t found[TYPE_NAME / sizeof(uintptr_t) + 1];
    uintptr_t text;

    if (word % sizeof(void *) != 0 ||
        !kaa_base__peek(getpid(), word, found, sizeof(found)) ||
        !makes_types(garbage, found[OBJECT_TYPE / sizeof(uintptr_t)]))
        return 0;
    text = found[TYPE_NAME / sizeof(uintptr_t)];
    if (kind->word != word || kind->text != text)
        read_text(text, kind->name);
    kind->word = word;
    kind->text = text;
    kind->round = garbage->round;
    return kind->name[0] != '\0';
}

/* The type of the object in a block; empty if there is none. Those that are
 * known are looked for first: else a system call is made for each word. */
static const char *
type_in(kaa_insight__garbage *garbage, const void *block, size_t size)
{
    static const uint32_t headers[] = {0, 16, 32};
    kaa_insight__kind *kinds[3];
    uintptr_t words[3];
    uint32_t count = 0;

    for (; count < 3 && headers[count] + 2 * sizeof(void *) <= size; count++) {
        memcpy(&words[count],
               (const char *)block + headers[count] + OBJECT_TYPE,
               sizeof(words[0]));
        kinds[count] =
            &garbage->kinds[mix(words[count]) % KAA_INSIGHT__KINDS_MAX];
        if (words[count] != 0 && kinds[count]->word == words[count] &&
            kinds[count]->round == garbage->round)
            return kinds[count]->name;
    }
    for (uint32_t i = 0; i < count; i++)
        if (words[i] != 0 && look_at(garbage, kinds[i], words[i]))
            return kinds[i]->name;
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
