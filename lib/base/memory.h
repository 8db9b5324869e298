/* base/memory.h - where kaa's own bookkeeping gets its memory.
 *
 * malloc with two additions, so that every test can be run with its n-th
 * allocation failing and can tell whether it leaked: a fault counter and a
 * count of live blocks. Blocks of a user's heap (heap/) do not come from here.
 */
#ifndef KAA_BASE_MEMORY_H
#define KAA_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* All return NULL when memory is short or a fault is due. Sizes of 0 give a
 * block of 1 byte. */
void *kaa_base__alloc(size_t bytes);
void *kaa_base__alloc_zeroed(size_t bytes);
/* NULL on overflow of count * bytes as well. */
void *kaa_base__alloc_array(size_t count, size_t bytes);
/* The old block stays as it was on failure. */
void *kaa_base__realloc(void *block, size_t bytes);
void *kaa_base__realloc_array(void *block, size_t count, size_t bytes);
void kaa_base__free(void *block); /* NULL is allowed */

/* A NUL-terminated copy of `length` bytes. */
char *kaa_base__copy_text(const char *text, size_t length);

/* Makes the n-th allocation from now fail (and only that one); 0 for none. */
void kaa_base__fault_set(uint64_t nth);
/* For code that gets memory elsewhere (mmap): is a fault due at this one? */
int kaa_base__fault_due(void);
/* Whether the fault that was set has happened. */
int kaa_base__fault_happened(void);

/* Blocks handed out and not freed, in the whole process. */
uint64_t kaa_base__blocks_live(void);

#endif /* KAA_BASE_MEMORY_H */
