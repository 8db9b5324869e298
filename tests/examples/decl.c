/* decl.c - prints what a header declares, one line an item, and where records
 * keep their members. Give it a preprocessed header: cc -E file.h | decl -
 *
 * Without an argument it reads the text below, and prints:
 *   #define POINT_MAX 100
 *   struct point: 16 bytes
 *     int id at 0
 *     unsigned int visible at 4, 1 bit from bit 32
 *     double weight at 8
 *   typedef struct point point;
 *   double distance(const point *a, const point *b);
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kaa/kaa.h>

static const char sample[] = "#define POINT_MAX (10 * 10)\n"
                             "typedef struct point {\n"
                             "    int id;\n"
                             "    unsigned visible : 1;\n"
                             "    double weight;\n"
                             "} point;\n"
                             "double distance(const point *a, const point *b);";

#define INPUT_MAX ((size_t)16 << 20)

static void
print_record(const kaa_decl_item *item)
{
    const kaa_ctype_member *members = kaa_ctype_members(item->type);
    char line[256];

    kaa_ctype_print(item->type, NULL, line, sizeof(line));
    printf("%s: %llu bytes\n", line,
           (unsigned long long)kaa_ctype_size(item->type));
    for (uint64_t i = 0; i < kaa_ctype_count(item->type); i++) {
        const kaa_ctype_member *member = &members[i];
        kaa_ctype_print(member->type, member->name, line, sizeof(line));
        printf("  %s at %llu", line, (unsigned long long)member->offset);
        if (member->bit_width != KAA_CTYPE_NOT_A_BIT_FIELD)
            printf(", %u bit%s from bit %llu", (unsigned)member->bit_width,
                   member->bit_width == 1 ? "" : "s",
                   (unsigned long long)member->bit_position);
        putchar('\n');
    }
}

static kaa_status
print(const char *text, size_t length, kaa_error *err)
{
    kaa_decl_options options = {.size = sizeof(options),
                                .flags = KAA_DECL_TOLERANT};
    kaa_ctype_table *types = NULL;
    kaa_decl *decl = NULL;
    kaa_status status;
    char line[1024]; /* longer declarations are cut */

    status = kaa_ctype_table_create(&types, err);
    if (status == KAA_OK)
        status = kaa_decl_parse(types, text, length, &options, &decl, err);
    if (status == KAA_OK) {
        for (size_t i = 0; i < kaa_decl_count(decl); i++) {
            const kaa_decl_item *item = kaa_decl_at(decl, i);
            if (item->kind == KAA_DECL_RECORD) {
                print_record(item);
            } else {
                kaa_decl_print(item, line, sizeof(line));
                puts(line);
            }
        }
    }
    kaa_decl_destroy(decl);
    kaa_ctype_table_destroy(types);
    return status;
}

int
main(int argc, char **argv)
{
    kaa_error err = {0};
    kaa_status status;

    if (argc < 2) {
        status = print(sample, strlen(sample), &err);
    } else {
        FILE *file = strcmp(argv[1], "-") == 0 ? stdin : fopen(argv[1], "rb");
        char *text = malloc(INPUT_MAX);
        if (file == NULL || text == NULL) {
            perror(argv[1]);
            free(text);
            return 1;
        }
        status = print(text, fread(text, 1, INPUT_MAX, file), &err);
        free(text);
        fclose(file);
    }
    if (status != KAA_OK)
        fprintf(stderr, "%u:%u: %s\n", (unsigned)err.line, (unsigned)err.column,
                err.message);
    return status != KAA_OK;
}
