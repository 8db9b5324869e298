/* object/values_driver.c - does with kaa's objects what lines of text ask for,
 * and prints what came out. python_values.py asks, and knows the answers.
 *
 * A line is words with tabs between them: an operation and its operands.
 *
 *     i:TEXT    an int, decimal        f:HEX     a float, by its bits
 *     s:HEX     a str, as UTF-8        b:HEX     bytes
 *     c:HEX,HEX a complex              T F N     True, False, None
 *     w:TEXT    a word: an operator's number, a method's name
 *
 * The answer is "= repr", or "! Exception: message".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kaa/runtime.h>

#define WORDS_MAX 8

static kaa_context *ctx;

static size_t
read_hex(const char *text, size_t size, unsigned char *out)
{
    for (size_t i = 0; i + 1 < size; i += 2) {
        char pair[3] = {text[i], text[i + 1], '\0'};

        out[i / 2] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return size / 2;
}

static double
read_double(const char *text)
{
    uint64_t bits = strtoull(text, NULL, 16);
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* An operand. */
static kaa_object *
read_object(const char *word)
{
    const char *text = word + 2;
    size_t size = strlen(word) < 2 ? 0 : strlen(text);
    unsigned char *bytes;
    kaa_object *result = NULL;

    switch (word[0]) {
    case 'i':
        return kaa_int_from_text(ctx, text, size, 10);
    case 'f':
        return kaa_float_from_double(ctx, read_double(text));
    case 'c':
        return kaa_complex_from_doubles(ctx, read_double(text),
                                        read_double(strchr(text, ',') + 1));
    case 'T':
    case 'F':
        return kaa_bool(ctx, word[0] == 'T');
    case 'N':
        return kaa_none(ctx);
    default:
        break;
    }
    bytes = malloc(size + 1);
    if (bytes == NULL)
        abort();
    size = read_hex(text, size, bytes);
    if (word[0] == 's')
        result = kaa_str_from_utf8(ctx, (const char *)bytes, size);
    else
        result = kaa_bytes_from_data(ctx, bytes, size);
    free(bytes);
    return result;
}

static kaa_object *
answer(int value)
{
    return value < 0 ? NULL : kaa_bool(ctx, value);
}

static kaa_object *
to_bytes(kaa_object *object, char *const *words)
{
    size_t size = (size_t)atoi(words[2]);
    unsigned char *bytes = malloc(size + 1);
    kaa_object *result = NULL;

    if (bytes == NULL)
        abort();
    if (kaa_int_as_bytes(ctx, object, bytes, size, words[3][0] == '1',
                         words[4][0] == '1') == 0)
        result = kaa_bytes_from_data(ctx, bytes, size);
    free(bytes);
    return result;
}

static kaa_object *
slice(kaa_object *object, kaa_object **parts)
{
    kaa_object *key = kaa_slice_new(ctx, parts[0], parts[1], parts[2]);
    kaa_object *result = key == NULL ? NULL : kaa_get_item(ctx, object, key);

    kaa_decref(ctx, key);
    return result;
}

/* What needs the words themselves. */
static kaa_object *
run_on_words(const char *name, char *const *words, kaa_object **args)
{
    size_t size = 0;
    const char *text;

    if (strcmp(name, "tobytes") == 0)
        return to_bytes(args[0], words);
    if (strcmp(name, "text") == 0)
        return kaa_int_as_text(ctx, args[0], atoi(words[2]));
    if (strcmp(name, "frombytes") == 0) {
        text = kaa_bytes_as_data(ctx, args[0], &size);
        return kaa_int_from_bytes(ctx, text, size, words[2][0] == '1',
                                  words[3][0] == '1');
    }
    if (strcmp(name, "decode") == 0) {
        text = kaa_bytes_as_data(ctx, args[0], &size);
        return kaa_str_from_utf8(ctx, text, size);
    }
    return NULL;
}

static kaa_object *
run(char **words, int count)
{
    const char *name = words[0];
    kaa_object *args[WORDS_MAX] = {NULL}, *result = NULL, *type;
    size_t nargs = 0;
    int number = 0, failed = 0;

    for (int i = 1; i < count && !failed; i++) {
        if (words[i][0] == 'w' && words[i][1] == ':') {
            number = atoi(words[i] + 2);
        } else if (words[i][1] == ':' || strchr("TFN", words[i][0]) != NULL) {
            args[nargs] = read_object(words[i]);
            failed = args[nargs] == NULL;
            nargs++;
        }
    }
    if (failed)
        ;
    else if (strcmp(name, "binary") == 0)
        result = kaa_binary(ctx, args[0], args[1], number);
    else if (strcmp(name, "unary") == 0)
        result = kaa_unary(ctx, args[0], number);
    else if (strcmp(name, "compare") == 0)
        result = kaa_compare(ctx, args[0], args[1], number);
    else if (strcmp(name, "hash") == 0)
        result = kaa_int(ctx, kaa_hash(ctx, args[0]));
    else if (strcmp(name, "repr") == 0)
        result = kaa_incref(ctx, args[0]);
    else if (strcmp(name, "truth") == 0)
        result = answer(kaa_truth(ctx, args[0]));
    else if (strcmp(name, "in") == 0)
        result = answer(kaa_contains(ctx, args[0], args[1]));
    else if (strcmp(name, "len") == 0)
        result = kaa_int(ctx, kaa_length(ctx, args[0]));
    else if (strcmp(name, "list") == 0)
        result = kaa_to_list(ctx, args[0]);
    else if (strcmp(name, "item") == 0)
        result = kaa_get_item(ctx, args[0], args[1]);
    else if (strcmp(name, "slice") == 0)
        result = slice(args[0], args + 1);
    else if (strcmp(name, "method") == 0)
        result = kaa_call_method(ctx, words[1] + 2, args, nargs, NULL);
    else if (strcmp(name, "type") == 0) {
        type = kaa_builtin(ctx, (kaa_builtin_id)(KAA_BOOL_TYPE + number));
        result = kaa_call(ctx, type, args, nargs, NULL);
    } else
        result = run_on_words(name, words, args);
    for (size_t i = 0; i < nargs; i++)
        kaa_decref(ctx, args[i]);
    return result;
}

static void
print(kaa_object *object)
{
    kaa_object *text = object == NULL ? NULL : kaa_repr(ctx, object), *type;
    kaa_object *error;

    kaa_decref(ctx, object);
    if (text != NULL) {
        printf("= %s\n", kaa_str_as_utf8(ctx, text, NULL));
        kaa_decref(ctx, text);
        return;
    }
    error = kaa_error_take(ctx);
    if (error == NULL) {
        printf("! nothing\n");
        return;
    }
    type = kaa_type_of(ctx, error);
    object = kaa_get_attr_text(ctx, type, "__name__");
    text = kaa_str(ctx, error);
    printf("! %s: %s\n", kaa_str_as_utf8(ctx, object, NULL),
           kaa_str_as_utf8(ctx, text, NULL));
    kaa_decref(ctx, text);
    kaa_decref(ctx, object);
    kaa_decref(ctx, type);
    kaa_decref(ctx, error);
}

static void
count_leak(const kaa_runtime_leak *leak, void *user)
{
    printf("leaked %llu of %s: %s\n", (unsigned long long)leak->objects,
           leak->type, leak->example == NULL ? "?" : leak->example);
    ++*(int *)user;
}

int
main(void)
{
    kaa_runtime *runtime = NULL;
    kaa_error err = {0};
    char *line = NULL, *words[WORDS_MAX];
    size_t room = 0;
    int leaks = 0;
    kaa_runtime_report report = {
        .size = sizeof(report), .leak = count_leak, .user = &leaks};

    if (kaa_runtime_create(NULL, &runtime, &err) != KAA_OK ||
        kaa_runtime_attach(runtime, "driver", &ctx, &err) != KAA_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    while (getline(&line, &room, stdin) > 0) {
        char *at = line, *end = line + strcspn(line, "\n");
        int count = 0;

        *end = '\0';
        for (; count < WORDS_MAX; count++) {
            words[count] = at;
            at += strcspn(at, "\t");
            if (*at == '\0') {
                count++;
                break;
            }
            *at++ = '\0';
        }
        print(run(words, count));
    }
    free(line);
    kaa_runtime_detach(ctx);
    if (kaa_runtime_destroy(runtime, &report, &err) != KAA_OK)
        return 1;
    return leaks != 0;
}
