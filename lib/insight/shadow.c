/* insight/shadow.c - see shadow.h. */
#include "insight/shadow.h"

#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/memory.h"

#define DIRECTORY_BYTES                                                        \
    (sizeof(kaa_insight__leaf *)                                               \
     << (KAA_INSIGHT__ADDRESS_BITS - KAA_INSIGHT__LEAF_SHIFT))

static void *
reserve(size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

kaa_status
kaa_insight__shadow_init(kaa_insight__shadow *shadow, kaa_error *err)
{
    void *memory = MAP_FAILED;

    if (!kaa_base__fault_due())
        memory = reserve(DIRECTORY_BYTES);
    if (memory == MAP_FAILED)
        return kaa_base__fail_memory(err, "the directory of blocks");
    shadow->directory = memory;
    shadow->leaves = NULL;
    return KAA_OK;
}

void
kaa_insight__shadow_fini(kaa_insight__shadow *shadow)
{
    kaa_insight__leaf *leaf = shadow->leaves;

    while (leaf != NULL) {
        kaa_insight__leaf *next = leaf->next;

        munmap(leaf, sizeof(*leaf));
        leaf = next;
    }
    if (shadow->directory != NULL)
        munmap(shadow->directory, DIRECTORY_BYTES);
    memset(shadow, 0, sizeof(*shadow));
}

uint32_t *
kaa_insight__shadow_make(kaa_insight__shadow *shadow, const void *block)
{
    uintptr_t address = (uintptr_t)block;
    kaa_insight__leaf *leaf;

    /* Two blocks may share a word if they are not aligned. There is no leaf for
     * NULL, so that nobody needs to look for it. */
    if (address >> KAA_INSIGHT__ADDRESS_BITS != 0 ||
        address >> KAA_INSIGHT__LEAF_SHIFT == 0 ||
        address % (1u << KAA_INSIGHT__GRANULE_SHIFT) != 0)
        return NULL;
    if (shadow->directory[address >> KAA_INSIGHT__LEAF_SHIFT] == NULL) {
        leaf = reserve(sizeof(*leaf));
        if (leaf == MAP_FAILED)
            return NULL;
        leaf->next = shadow->leaves;
        shadow->leaves = leaf;
        shadow->directory[address >> KAA_INSIGHT__LEAF_SHIFT] = leaf;
    }
    return kaa_insight__shadow_find(shadow, block);
}

uint32_t *
kaa_insight__shadow_next(const kaa_insight__shadow *shadow, uintptr_t *address)
{
    size_t leaves = (size_t)1
                    << (KAA_INSIGHT__ADDRESS_BITS - KAA_INSIGHT__LEAF_SHIFT);
    size_t leaf = *address >> KAA_INSIGHT__LEAF_SHIFT;
    size_t word =
        (*address >> KAA_INSIGHT__GRANULE_SHIFT) % KAA_INSIGHT__LEAF_WORDS;

    for (; leaf < leaves; leaf++, word = 0)
        for (;
             shadow->directory[leaf] != NULL && word < KAA_INSIGHT__LEAF_WORDS;
             word++)
            if ((shadow->directory[leaf]->words[word] &
                 KAA_INSIGHT__IS_BLOCK) != 0) {
                *address = (leaf << KAA_INSIGHT__LEAF_SHIFT) +
                           ((word + 1) << KAA_INSIGHT__GRANULE_SHIFT);
                return &shadow->directory[leaf]->words[word];
            }
    return NULL;
}
