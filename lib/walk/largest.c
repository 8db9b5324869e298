/* walk/largest.c - the largest of many values: see internal.h. */
#include <stdlib.h>

#include "walk/internal.h"

static int
is_less(const kaa_walk__ranked *a, const kaa_walk__ranked *b)
{
    if (a->value != b->value)
        return a->value < b->value;
    return a->number > b->number;
}

static void
swap(kaa_walk__ranked *a, kaa_walk__ranked *b)
{
    kaa_walk__ranked kept = *a;

    *a = *b;
    *b = kept;
}

static void
sink(kaa_walk__ranked *entries, uint32_t count)
{
    for (uint32_t i = 0, child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && is_less(&entries[child + 1], &entries[child]))
            child++;
        if (!is_less(&entries[child], &entries[i]))
            return;
        swap(&entries[child], &entries[i]);
    }
}

static void
rise(kaa_walk__ranked *entries, uint32_t i)
{
    while (i != 0 && is_less(&entries[i], &entries[(i - 1) / 2])) {
        swap(&entries[i], &entries[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

void
kaa_walk__largest_add(kaa_walk__largest *largest, uint64_t value,
                      uint32_t number)
{
    kaa_walk__ranked one = {value, number};

    if (largest->capacity == 0 || value == 0)
        return;
    if (largest->count < largest->capacity) {
        largest->entries[largest->count] = one;
        rise(largest->entries, largest->count++);
    } else if (is_less(&largest->entries[0], &one)) {
        largest->entries[0] = one;
        sink(largest->entries, largest->count);
    }
}

static int
compare(const void *a, const void *b)
{
    return is_less(a, b) ? 1 : -1;
}

void
kaa_walk__largest_sort(kaa_walk__largest *largest)
{
    qsort(largest->entries, largest->count, sizeof(kaa_walk__ranked), compare);
}
