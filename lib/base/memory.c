/* base/memory.c - malloc with a fault counter and a count of live blocks. */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* Allocations until the one that fails; 0: none will. See lib/globals.txt. */
static _Atomic uint64_t fault_countdown;
static atomic_int fault_hit;
static _Atomic uint64_t blocks_live;

void
kaa_base__fault_set(uint64_t nth)
{
    atomic_store(&fault_hit, 0);
    atomic_store(&fault_countdown, nth);
}

int
kaa_base__fault_due(void)
{
    uint64_t left =
        atomic_load_explicit(&fault_countdown, memory_order_relaxed);

    while (left != 0) {
        if (atomic_compare_exchange_weak(&fault_countdown, &left, left - 1)) {
            if (left != 1)
                return 0;
            atomic_store(&fault_hit, 1);
            kaa_base__stop_here();
            return 1;
        }
    }
    return 0;
}

int
kaa_base__fault_happened(void)
{
    return atomic_load(&fault_hit);
}

uint64_t
kaa_base__blocks_live(void)
{
    return atomic_load_explicit(&blocks_live, memory_order_relaxed);
}

static void *
count(void *block)
{
    if (block != NULL)
        atomic_fetch_add_explicit(&blocks_live, 1, memory_order_relaxed);
    return block;
}

void *
kaa_base__alloc(size_t bytes)
{
    if (kaa_base__fault_due())
        return NULL;
    return count(malloc(bytes != 0 ? bytes : 1));
}

void *
kaa_base__alloc_zeroed(size_t bytes)
{
    if (kaa_base__fault_due())
        return NULL;
    return count(calloc(1, bytes != 0 ? bytes : 1));
}

void *
kaa_base__alloc_array(size_t count_, size_t bytes)
{
    if (bytes != 0 && count_ > SIZE_MAX / bytes)
        return NULL;
    return kaa_base__alloc(count_ * bytes);
}

void *
kaa_base__realloc(void *block, size_t bytes)
{
    if (block == NULL)
        return kaa_base__alloc(bytes);
    if (kaa_base__fault_due())
        return NULL;
    return realloc(block, bytes != 0 ? bytes : 1);
}

void *
kaa_base__realloc_array(void *block, size_t count_, size_t bytes)
{
    if (bytes != 0 && count_ > SIZE_MAX / bytes)
        return NULL;
    return kaa_base__realloc(block, count_ * bytes);
}

void
kaa_base__free(void *block)
{
    if (block == NULL)
        return;
    atomic_fetch_sub_explicit(&blocks_live, 1, memory_order_relaxed);
    free(block);
}

char *
kaa_base__copy_text(const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? (char *)kaa_base__alloc(length + 1) : NULL;

    if (copy != NULL) {
        if (length != 0)
            memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}
