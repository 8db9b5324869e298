/* checked/lines.h - for lines.c, place.c: a file that is mapped. */
#ifndef KAA_CHECKED_LINES_H
#define KAA_CHECKED_LINES_H

#include <stddef.h>
#include <stdint.h>

typedef struct kaa_checked__span {
    const unsigned char *at, *end;
} kaa_checked__span;

typedef struct kaa_checked__image {
    const unsigned char *bytes;
    size_t size;
    kaa_checked__span lines, strings, line_strings;
} kaa_checked__image;

/* The NUL-terminated text at an offset; "" where there is none. */
const char *kaa_checked__text_at(kaa_checked__span in, uint64_t offset);
/* What stands behind the last slash. */
const char *kaa_checked__last_part(const char *path);
/* "file.c:41" of an address as the file has it; 1, or 0: it has none. */
int kaa_checked__find_line(const kaa_checked__image *file, uint64_t wanted,
                           char *out, size_t size);

#endif /* KAA_CHECKED_LINES_H */
