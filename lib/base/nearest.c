/* base/nearest.c - what was meant by a name that nobody has. */
#include "base/nearest.h"

#include <string.h>

#define LENGTH_MAX 120u

uint32_t
kaa_base__distance(const char *a, const char *b, uint32_t limit)
{
    size_t m = strlen(a), n = strlen(b);
    uint8_t rows[3][LENGTH_MAX + 1]; /* the last three of the matrix */

    if (m > LENGTH_MAX || n > LENGTH_MAX || m > n + limit || n > m + limit)
        return limit + 1;
    for (size_t j = 0; j <= n; j++)
        rows[0][j] = (uint8_t)j;
    for (size_t i = 1; i <= m; i++) {
        uint8_t *row = rows[i % 3], *above = rows[(i + 2) % 3],
                *higher = rows[(i + 1) % 3];
        uint8_t best = row[0] = (uint8_t)i;

        for (size_t j = 1; j <= n; j++) {
            uint8_t cost = (uint8_t)(above[j - 1] + (a[i - 1] != b[j - 1]));

            if (above[j] + 1 < cost)
                cost = (uint8_t)(above[j] + 1);
            if (row[j - 1] + 1 < cost)
                cost = (uint8_t)(row[j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1] && higher[j - 2] + 1 < cost)
                cost = (uint8_t)(higher[j - 2] + 1);
            row[j] = cost;
            if (cost < best)
                best = cost;
        }
        if (best > limit)
            return limit + 1;
    }
    return rows[m % 3][n] > limit ? limit + 1 : rows[m % 3][n];
}

/* One edit in three letters, or it is another word: among names of one or two
 * letters any would be near to any. */
uint32_t
kaa_base__edits_allowed(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b), longer = m > n ? m : n;

    return longer < 9 ? (uint32_t)longer / 3 : 3;
}

size_t
kaa_base__nearest(const char *wanted, const char *const *names, size_t count)
{
    size_t found = count;
    uint32_t best = UINT32_MAX;

    for (size_t i = 0; i < count; i++) {
        uint32_t limit = kaa_base__edits_allowed(wanted, names[i]);
        uint32_t edits = kaa_base__distance(wanted, names[i], limit);

        if (edits <= limit && edits < best) {
            best = edits;
            found = i;
        }
    }
    return found;
}
