/* object/containers_driver.c - does with kaa's containers what lines of text
 * ask for, and prints what came out. containers.py asks, and knows the answers.
 *
 * A line is words with spaces between them: a variable that is to be set (a
 * number), an operation, its operands:
 *
 *     $N       a variable        i:TEXT   an int      s:HEX   a str
 *     T F N    constants         d:TEXT   a float     b:HEX   bytes
 *
 *     new TYPE operands...       call METHOD $N operands...
 *     get, del A B   set A B C   bin, inp, cmp OP A B   len, hash, show A
 *     has A B        slice A B C
 *
 * The answer is "= value" of the variable, the items of sets in the order of
 * their texts, or "! Exception".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kaa/runtime.h>

#define WORDS_MAX 16
#define VARIABLES 16
#define LINE_MAX_BYTES 65536
#define DEPTH_MAX 6

static kaa_context *ctx;
static kaa_object *variables[VARIABLES];

static void
die(const char *what)
{
    fprintf(stderr, "containers_driver: %s\n", what);
    exit(2);
}

/* ---- Reading */

static kaa_object *
read_hex(const char *text, int is_str)
{
    static char bytes[LINE_MAX_BYTES];
    size_t size = strlen(text) / 2;

    for (size_t i = 0; i < size; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};

        bytes[i] = (char)strtoul(pair, NULL, 16);
    }
    return is_str ? kaa_str_from_utf8(ctx, bytes, size)
                  : kaa_bytes_from_data(ctx, bytes, size);
}

/* An operand; NULL: an exception is pending. */
static kaa_object *
read_object(const char *word)
{
    switch (word[0]) {
    case '$':
        return kaa_incref(ctx, variables[atoi(word + 1) % VARIABLES]);
    case 'i':
        return kaa_int_from_text(ctx, word + 2, strlen(word + 2), 10);
    case 'd':
        return kaa_float_from_double(ctx, strtod(word + 2, NULL));
    case 's':
        return read_hex(word + 2, 1);
    case 'b':
        return read_hex(word + 2, 0);
    case 'T':
    case 'F':
        return kaa_bool(ctx, word[0] == 'T');
    default:
        return kaa_none(ctx);
    }
}

/* ---- Printing */

static void show(kaa_object *object, int depth, FILE *out);

static int
compare_texts(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void
show_set(kaa_object *set, int depth, FILE *out)
{
    kaa_object *list = kaa_to_list(ctx, set);
    size_t count = list == NULL ? 0 : (size_t)kaa_list_size(ctx, list);
    char **texts = calloc(count + 1, sizeof(texts[0]));

    if (list == NULL || texts == NULL)
        die("no memory");
    for (size_t i = 0; i < count; i++) {
        kaa_object *item = kaa_list_get(ctx, list, (ptrdiff_t)i);
        size_t size;
        FILE *text = open_memstream(&texts[i], &size);

        if (text == NULL)
            die("no memory");
        show(item, depth + 1, text);
        fclose(text);
        kaa_decref(ctx, item);
    }
    qsort(texts, count, sizeof(texts[0]), compare_texts);
    fprintf(out, "{");
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s ", texts[i]);
        free(texts[i]);
    }
    fprintf(out, "}");
    free(texts);
    kaa_decref(ctx, list);
}

static void
show_items(kaa_object *object, const char *brackets, int depth, FILE *out)
{
    kaa_object *iterator = kaa_iter(ctx, object), *item;

    if (iterator == NULL)
        die("no iterator");
    fprintf(out, "%c", brackets[0]);
    while (kaa_next(ctx, iterator, &item) == 1) {
        show(item, depth + 1, out);
        fprintf(out, " ");
        kaa_decref(ctx, item);
    }
    fprintf(out, "%c", brackets[1]);
    kaa_decref(ctx, iterator);
}

static void
show_dict(kaa_object *dict, int depth, FILE *out)
{
    kaa_object *key, *value;
    size_t position = 0;

    fprintf(out, "<");
    while (kaa_dict_next(ctx, dict, &position, &key, &value) == 1) {
        show(key, depth + 1, out);
        fprintf(out, ":");
        show(value, depth + 1, out);
        fprintf(out, " ");
        kaa_decref(ctx, key);
        kaa_decref(ctx, value);
    }
    fprintf(out, ">");
}

static void
show_slice(kaa_object *slice, int depth, FILE *out)
{
    static const char *const names[] = {"start", "stop", "step"};

    fprintf(out, "slice(");
    for (int i = 0; i < 3; i++) {
        kaa_object *part = kaa_get_attr_text(ctx, slice, names[i]);

        if (part == NULL)
            die("a slice lacks a part");
        show(part, depth + 1, out);
        fprintf(out, " ");
        kaa_decref(ctx, part);
    }
    fprintf(out, ")");
}

static void
show(kaa_object *object, int depth, FILE *out)
{
    kaa_object *text;

    if (depth > DEPTH_MAX)
        fprintf(out, "~");
    else if (kaa_check(ctx, object, KAA_LIST_TYPE))
        show_items(object, "[]", depth, out);
    else if (kaa_check(ctx, object, KAA_TUPLE_TYPE))
        show_items(object, "()", depth, out);
    else if (kaa_check(ctx, object, KAA_DICT_TYPE))
        show_dict(object, depth, out);
    else if (kaa_check(ctx, object, KAA_SET_TYPE) ||
             kaa_check(ctx, object, KAA_FROZENSET_TYPE))
        show_set(object, depth, out);
    else if (kaa_check(ctx, object, KAA_SLICE_TYPE))
        show_slice(object, depth, out);
    else if (kaa_check(ctx, object, KAA_MEMORYVIEW_TYPE))
        fprintf(out, "memory");
    else {
        text = kaa_repr(ctx, object);
        if (text == NULL)
            die("no repr");
        fprintf(out, "%s", kaa_str_as_utf8(ctx, text, NULL));
        kaa_decref(ctx, text);
    }
}

/* ---- Doing */

static kaa_object *
truth(int result)
{
    return result < 0 ? NULL : kaa_bool(ctx, result);
}

static kaa_object *
done(int result)
{
    return result < 0 ? NULL : kaa_none(ctx);
}

static kaa_object *
make(const char *name, kaa_object **args, size_t count)
{
    static const struct {
        const char *name;
        kaa_builtin_id id;
    } types[] = {
        {"list", KAA_LIST_TYPE},           {"tuple", KAA_TUPLE_TYPE},
        {"dict", KAA_DICT_TYPE},           {"set", KAA_SET_TYPE},
        {"frozenset", KAA_FROZENSET_TYPE}, {"bytearray", KAA_BYTEARRAY_TYPE},
        {"bytes", KAA_BYTES_TYPE},         {"memoryview", KAA_MEMORYVIEW_TYPE},
    };

    if (strcmp(name, "row") == 0)
        return kaa_list_from_array(ctx, args, count);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(name, types[i].name) == 0)
            return kaa_call(ctx, kaa_builtin(ctx, types[i].id), args, count,
                            NULL);
    die("no such type");
    return NULL;
}

static kaa_object *
do_operation(const char *operation, const char *word, kaa_object **args,
             size_t count)
{
    int op = word == NULL ? 0 : atoi(word);
    ptrdiff_t length;

    if (strcmp(operation, "new") == 0)
        return make(word, args, count);
    if (strcmp(operation, "call") == 0)
        return kaa_call_method(ctx, word, args, count, NULL);
    if (strcmp(operation, "bin") == 0)
        return kaa_binary(ctx, args[0], args[1], op);
    if (strcmp(operation, "inp") == 0)
        return kaa_inplace(ctx, args[0], args[1], op);
    if (strcmp(operation, "cmp") == 0)
        return kaa_compare(ctx, args[0], args[1], op);
    if (strcmp(operation, "get") == 0)
        return kaa_get_item(ctx, args[0], args[1]);
    if (strcmp(operation, "set") == 0)
        return done(kaa_set_item(ctx, args[0], args[1], args[2]));
    if (strcmp(operation, "del") == 0)
        return done(kaa_set_item(ctx, args[0], args[1], NULL));
    if (strcmp(operation, "has") == 0)
        return truth(kaa_contains(ctx, args[0], args[1]));
    if (strcmp(operation, "slice") == 0)
        return kaa_slice_new(ctx, args[0], args[1], args[2]);
    if (strcmp(operation, "hash") == 0) /* only whether it has one */
        return kaa_hash(ctx, args[0]) == -1 ? NULL : kaa_none(ctx);
    if (strcmp(operation, "show") == 0)
        return kaa_incref(ctx, args[0]);
    if (strcmp(operation, "len") == 0) {
        length = kaa_length(ctx, args[0]);
        return length < 0 ? NULL : kaa_int(ctx, length);
    }
    die("no such operation");
    return NULL;
}

static void
print_error(void)
{
    kaa_object *error = kaa_error_take(ctx), *type, *name;

    if (error == NULL)
        die("failed without an exception");
    type = kaa_type_of(ctx, error);
    name = kaa_get_attr_text(ctx, type, "__name__");
    printf("! %s\n", name != NULL ? kaa_str_as_utf8(ctx, name, NULL) : "?");
    kaa_decref(ctx, name);
    kaa_decref(ctx, type);
    kaa_decref(ctx, error);
}

static void
do_line(char *line)
{
    char *words[WORDS_MAX], *rest = line, *word;
    kaa_object *args[WORDS_MAX] = {NULL}, *result = NULL;
    size_t count = 0, first, made = 0;
    int has_word;

    while (count < WORDS_MAX && (word = strsep(&rest, " \n")) != NULL)
        if (*word != '\0')
            words[count++] = word;
    if (count < 2)
        return;
    has_word = strcmp(words[1], "new") == 0 || strcmp(words[1], "call") == 0 ||
               strcmp(words[1], "bin") == 0 || strcmp(words[1], "inp") == 0 ||
               strcmp(words[1], "cmp") == 0;
    first = has_word ? 3 : 2;
    while (made + first < count) {
        args[made] = read_object(words[made + first]);
        if (args[made] == NULL)
            die("an operand cannot be made");
        made++;
    }
    result = do_operation(words[1], has_word ? words[2] : NULL, args, made);
    for (size_t i = 0; i < made; i++)
        kaa_decref(ctx, args[i]);
    if (result == NULL) {
        print_error();
        return;
    }
    if (kaa_error_occurred(ctx))
        die("succeeded with an exception");
    KAA_CLEAR(ctx, variables[atoi(words[0]) % VARIABLES]);
    variables[atoi(words[0]) % VARIABLES] = result;
    printf("= ");
    show(result, 0, stdout);
    printf("\n");
}

int
main(void)
{
    static char line[LINE_MAX_BYTES * 2];
    kaa_runtime *runtime = NULL;
    kaa_error err = {0};

    if (kaa_runtime_create(NULL, &runtime, &err) != KAA_OK ||
        kaa_runtime_attach(runtime, "driver", &ctx, &err) != KAA_OK)
        die(err.message);
    for (int i = 0; i < VARIABLES; i++)
        variables[i] = kaa_none(ctx);
    while (fgets(line, sizeof(line), stdin) != NULL)
        do_line(line);
    for (int i = 0; i < VARIABLES; i++)
        KAA_CLEAR(ctx, variables[i]);
    kaa_runtime_detach(ctx);
    return kaa_runtime_destroy(runtime, NULL, NULL) != KAA_OK;
}
