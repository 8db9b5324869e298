/* main.c - a user of an installed kaa: the version it runs is the one it was
 * compiled for. Also compiled as C++. */
#include <stdio.h>

#include <kaa/kaa.h>

int
main(void)
{
    uint32_t number = KAA_VERSION_MAJOR * 1000000u + KAA_VERSION_MINOR * 1000u +
                      KAA_VERSION_PATCH;

    if (kaa_version_number() != number) {
        fputs("header and library differ\n", stderr);
        return 1;
    }
    printf("kaa %u: %s\n", (unsigned)kaa_version_number(),
           kaa_status_text(KAA_OK));
    return 0;
}
