/* heap/misuse.c - one line of text for each misuse, and who hears of it. */
#include "heap/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *
phrase(kaa_heap_misuse_kind what)
{
    switch (what) {
    case KAA_HEAP_DOUBLE_FREE:
        return "double free";
    case KAA_HEAP_OVERRUN:
        return "overrun: written behind the block";
    case KAA_HEAP_UNDERRUN:
        return "underrun: written before the block";
    case KAA_HEAP_USE_AFTER_FREE:
        return "use after free: written to after it was freed";
    case KAA_HEAP_FOREIGN_POINTER:
        return "foreign pointer: not the start of a block of this heap";
    case KAA_HEAP_LEAK:
        return "leak: live when its heap was destroyed";
    }
    return "misuse";
}

void
kaa_heap__describe(char *buffer, size_t size, kaa_heap_misuse_kind what,
                   const void *block, const kaa_heap__record *record,
                   uint64_t known_size)
{
    int length = snprintf(buffer, size, "%s, %p", phrase(what), block);

    if (length < 0 || (size_t)length >= size)
        return;
    buffer += length;
    size -= (size_t)length;
    if (record == NULL) {
        if (known_size != 0)
            snprintf(buffer, size, " (in a class of %" PRIu64 " bytes)",
                     known_size);
        return;
    }
    if (block != record->user)
        length =
            snprintf(buffer, size,
                     " (%td bytes from %p:", (const char *)block - record->user,
                     (const void *)record->user);
    else
        length = snprintf(buffer, size, " (");
    if (length < 0 || (size_t)length >= size)
        return;
    snprintf(buffer + length, size - (size_t)length,
             "%zu bytes, serial %" PRIu64 ", allocated at %s%s%s)",
             record->size, record->serial,
             record->site != NULL ? record->site : "an unknown site",
             record->site_free != NULL ? ", freed at " : "",
             record->site_free != NULL ? record->site_free : "");
}

void
kaa_heap__report(kaa_heap *heap, kaa_heap_misuse_kind what, const void *block,
                 const kaa_heap__record *record, uint64_t known_size)
{
    char message[320];
    kaa_heap_misuse misuse = {
        .size = sizeof(misuse),
        .what = (int32_t)what,
        .block = block,
        .block_size = record != NULL ? record->size : known_size,
        .serial = record != NULL ? record->serial : 0,
        .site = record != NULL ? record->site : NULL,
        .site_free = record != NULL ? record->site_free : NULL,
        .message = message,
    };

    kaa_heap__describe(message, sizeof(message), what, block, record,
                       known_size);
    kaa_base__stop_here();
    if (heap->misuse != NULL) {
        heap->misuse(&misuse, heap->user);
        return;
    }
    fprintf(stderr, "kaa heap: %s\n", message);
    fflush(stderr);
    if (what != KAA_HEAP_LEAK)
        abort();
}
