/* tests/fuzz/lines.c - any bytes as the line programs of a file: 8 bytes, the
 * address that is asked for; 2 bytes, how long the programs are; the programs;
 * and the texts, .debug_str as well as .debug_line_str.
 */
#include <stdlib.h>
#include <string.h>

#include "checked/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kaa_checked__image file = {0};
    uint64_t wanted;
    uint16_t length;
    char said[160] = "";
    unsigned char *copy;

    if (size < 10)
        return 0;
    memcpy(&wanted, data, 8);
    memcpy(&length, data + 8, 2);
    size -= 10;
    /* A block of its own, so that a byte too far is seen. */
    copy = malloc(size != 0 ? size : 1);
    if (copy == NULL)
        return 0;
    if (size != 0)
        memcpy(copy, data + 10, size);
    if (length > size)
        length = (uint16_t)size;
    file.bytes = copy;
    file.size = size;
    file.lines = (kaa_checked__span){copy, copy + length};
    file.strings = (kaa_checked__span){copy + length, copy + size};
    file.line_strings = file.strings;
    if (kaa_checked__find_line(&file, wanted, said, sizeof(said)) &&
        (strchr(said, ':') == NULL || strlen(said) >= sizeof(said) - 1))
        abort();
    free(copy);
    return 0;
}
