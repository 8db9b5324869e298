/* ctype/layout_driver.c - builds types from a plain list and prints layouts.
 *
 *     layout_driver [--definitions] <types.txt
 *     layout_driver --text <types.c
 *
 * random_layout.py writes the list, one type a line; types are numbered from 0
 * in the order of the lines:
 *
 *     basic KIND
 *     pointer TYPE
 *     array TYPE COUNT                             (-1: not known)
 *     qualified TYPE QUALIFIERS ALIGN
 *     typedef TYPE NAME
 *     enum TAG PACKED COUNT (NAME VALUE)...
 *     record struct|union TAG PACKED ALIGN PACK COUNT
 *         (NAME TYPE WIDTH ALIGN PACKED)...        (-: no name; -1: no width)
 *
 * For each enum and record with a tag it prints what the same declarations,
 * compiled, print: the tag, size, alignment (an enum: sign), and for each
 * member with a name, those of anonymous members included, its name, lowest
 * bit, and width (0 if it is no bit-field). With --definitions it prints the
 * types as C text instead. With --text it reads the declarations as C text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kaa/decl.h>

#define TYPES_MAX 100000
#define PARTS_MAX 200

static kaa_ctype_table *table;
static const kaa_ctype *types[TYPES_MAX];
static int type_count;
static int is_for_definitions;

_Noreturn static void
stop(const char *what)
{
    fprintf(stderr, "layout_driver: type %d: %s\n", type_count, what);
    exit(2);
}

static void
check(kaa_status status, const kaa_error *err)
{
    if (status != KAA_OK)
        stop(err->message);
}

static long long
integer(void)
{
    char text[64];

    if (scanf("%63s", text) != 1)
        stop("a number is missing");
    return strtoll(text, NULL, 10);
}

static const kaa_ctype *
type(void)
{
    long long number = integer();

    if (number < 0 || number >= type_count)
        stop("a type that is not known yet");
    return types[number];
}

/* NULL for "-". */
static const char *
text(char storage[64])
{
    if (scanf("%63s", storage) != 1)
        stop("a name is missing");
    return strcmp(storage, "-") != 0 ? storage : NULL;
}

static const kaa_ctype *
read_enum(void)
{
    static char names[PARTS_MAX][64];
    static kaa_ctype_enumerator parts[PARTS_MAX];
    kaa_ctype_enum_options options = {.size = sizeof(options)};
    kaa_error err = {0};
    char storage[64];
    const char *tag = text(storage);
    const kaa_ctype *made = NULL;
    long long count;

    options.flags = integer() != 0 ? KAA_CTYPE_PACKED : 0;
    count = integer();
    if (count > PARTS_MAX)
        stop("too many enumerators");
    for (long long i = 0; i < count; i++) {
        parts[i].name = text(names[i]);
        parts[i].value = integer();
    }
    check(
        kaa_ctype_enum(table, tag, tag != NULL ? strlen(tag) : 0, &made, &err),
        &err);
    check(kaa_ctype_enum_define(table, made, parts, (uint32_t)count, &options,
                                &err),
          &err);
    return made;
}

static const kaa_ctype *
read_record(void)
{
    static char names[PARTS_MAX][64];
    static kaa_ctype_member parts[PARTS_MAX];
    kaa_ctype_record_options options = {.size = sizeof(options)};
    kaa_error err = {0};
    char storage[64];
    const char *word = text(storage);
    kaa_ctype_kind kind = word != NULL && strcmp(word, "union") == 0
                              ? KAA_CTYPE_UNION
                              : KAA_CTYPE_STRUCT;
    const char *tag = text(storage);
    const kaa_ctype *made = NULL;
    long long count;

    options.flags = integer() != 0 ? KAA_CTYPE_PACKED : 0;
    options.align = (uint32_t)integer();
    options.pack = (uint32_t)integer();
    count = integer();
    if (count > PARTS_MAX)
        stop("too many members");
    for (long long i = 0; i < count; i++) {
        parts[i].name = text(names[i]);
        parts[i].type = type();
        parts[i].bit_width = (uint32_t)integer();
        parts[i].align = (uint32_t)integer();
        parts[i].flags = integer() != 0 ? KAA_CTYPE_PACKED : 0;
    }
    check(kaa_ctype_record(table, kind, tag, tag != NULL ? strlen(tag) : 0,
                           &made, &err),
          &err);
    check(kaa_ctype_record_define(table, made, parts, (uint32_t)count, &options,
                                  &err),
          &err);
    return made;
}

static const kaa_ctype *
read_type(const char *word)
{
    kaa_error err = {0};
    char storage[64];
    const kaa_ctype *part, *made = NULL;

    if (strcmp(word, "basic") == 0) {
        made = kaa_ctype_basic((kaa_ctype_kind)integer());
    } else if (strcmp(word, "pointer") == 0) {
        check(kaa_ctype_pointer(table, type(), &made, &err), &err);
    } else if (strcmp(word, "array") == 0) {
        part = type();
        check(kaa_ctype_array(table, part, (uint64_t)integer(), &made, &err),
              &err);
    } else if (strcmp(word, "qualified") == 0) {
        part = type();
        uint32_t qualifiers = (uint32_t)integer();
        check(kaa_ctype_qualified(table, part, qualifiers, (uint32_t)integer(),
                                  &made, &err),
              &err);
    } else if (strcmp(word, "typedef") == 0) {
        part = type();
        const char *name = text(storage);
        check(kaa_ctype_typedef(table, name, name != NULL ? strlen(name) : 0,
                                part, &made, &err),
              &err);
    } else if (strcmp(word, "enum") == 0) {
        made = read_enum();
    } else if (strcmp(word, "record") == 0) {
        made = read_record();
    }
    if (made == NULL)
        stop(word);
    return made;
}

static void
print_members(const kaa_ctype *record, uint64_t base)
{
    const kaa_ctype_member *members = kaa_ctype_members(record);

    for (uint64_t i = 0; i < kaa_ctype_count(record); i++) {
        const kaa_ctype_member *m = &members[i];
        int is_bit_field = m->bit_width != KAA_CTYPE_NOT_A_BIT_FIELD;

        if (m->name != NULL)
            printf(" %s %" PRIu64 " %u", m->name, base + m->bit_position,
                   is_bit_field ? m->bit_width : 0);
        else if (!is_bit_field)
            print_members(kaa_ctype_strip(m->type), base + m->bit_position);
    }
}

static void
print_definition(const kaa_ctype *made)
{
    static char buffer[1 << 16];
    kaa_ctype_kind kind = kaa_ctype_kind_of(made);

    if (kind == KAA_CTYPE_TYPEDEF) {
        kaa_ctype_print(kaa_ctype_target(made), kaa_ctype_name(made), buffer,
                        sizeof(buffer));
        printf("typedef %s;\n", buffer);
    } else if ((kind == KAA_CTYPE_STRUCT || kind == KAA_CTYPE_UNION ||
                kind == KAA_CTYPE_ENUM) &&
               kaa_ctype_name(made) != NULL) {
        if (kaa_ctype_print_definition(made, buffer, sizeof(buffer)) >=
            sizeof(buffer))
            stop("a definition is too long");
        puts(buffer);
    }
}

static void
print_layout(const kaa_ctype *made)
{
    kaa_ctype_kind kind = kaa_ctype_kind_of(made);

    if (kaa_ctype_name(made) == NULL)
        return;
    if (kind == KAA_CTYPE_ENUM) {
        printf("%s %" PRIu64 " %d\n", kaa_ctype_name(made),
               kaa_ctype_size(made), kaa_ctype_is_signed(made));
    } else if (kind == KAA_CTYPE_STRUCT || kind == KAA_CTYPE_UNION) {
        printf("%s %" PRIu64 " %u", kaa_ctype_name(made), kaa_ctype_size(made),
               kaa_ctype_align(made));
        print_members(made, 0);
        putchar('\n');
    }
}

/* All of standard input. */
static char *
read_all(size_t *out_length)
{
    size_t capacity = 1 << 16, length = 0, got;
    char *bytes = malloc(capacity);

    while (bytes != NULL &&
           (got = fread(bytes + length, 1, capacity - length, stdin)) > 0) {
        length += got;
        if (length == capacity)
            bytes = realloc(bytes, capacity *= 2);
    }
    if (bytes == NULL)
        stop("no memory for the text");
    *out_length = length;
    return bytes;
}

static void
print_layouts_of_text(void)
{
    size_t length = 0;
    char *bytes = read_all(&length);
    kaa_decl *decl = NULL;
    kaa_error err = {0};

    check(kaa_decl_parse(table, bytes, length, NULL, &decl, &err), &err);
    for (size_t i = 0; i < kaa_decl_count(decl); i++) {
        const kaa_decl_item *item = kaa_decl_at(decl, i);

        if (item->kind == KAA_DECL_RECORD || item->kind == KAA_DECL_ENUM)
            print_layout(item->type);
    }
    kaa_decl_destroy(decl);
    free(bytes);
}

int
main(int argc, char **argv)
{
    char word[64];
    kaa_error err = {0};

    is_for_definitions = argc > 1 && strcmp(argv[1], "--definitions") == 0;
    check(kaa_ctype_table_create(&table, &err), &err);
    if (argc > 1 && strcmp(argv[1], "--text") == 0)
        print_layouts_of_text();
    while (scanf("%63s", word) == 1) {
        if (type_count == TYPES_MAX)
            stop("too many types");
        types[type_count] = read_type(word);
        if (strcmp(word, "qualified") == 0)
            ; /* perhaps a type that was there, and printed, before */
        else if (is_for_definitions)
            print_definition(types[type_count]);
        else
            print_layout(types[type_count]);
        type_count++;
    }
    kaa_ctype_table_destroy(table);
    return 0;
}
