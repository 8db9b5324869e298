/* tests/fuzz/args.c - any bytes as a format: parsing arguments, building
 * values, formatting text.
 *
 *     kind | arguments | which objects, 8 bytes | format ...
 *
 * A scanner of the target's own says which variables a good format wants, and
 * libffi passes them. What it finds bad is called without any: the library must
 * refuse it, and touch nothing. Where the two disagree the target aborts.
 */
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kaa/module.h>
#include <kaa/runtime.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OBJECTS 16
#define WANTS_MAX 600

/* One value that a format wants. */
typedef enum want {
    WANT_OUT,       /* a variable to store into */
    WANT_TYPE,      /* O! */
    WANT_CONVERTER, /* O& of parsing */
    WANT_MAKER,     /* O& of building */
    WANT_TEXT,
    WANT_SIZE,
    WANT_INT,
    WANT_LONG,
    WANT_DOUBLE,
    WANT_PARTS, /* two doubles */
    WANT_OBJECT,
    WANT_TAKEN,
    WANT_POINTER,
} want;

static _Noreturn void
die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    abort();
}

typedef struct scan {
    want wants[WANTS_MAX];
    size_t count;
    size_t items; /* at the top */
    int is_good;
} scan;

static kaa_runtime *runtime;
static kaa_context *ctx;
static kaa_object *objects[OBJECTS];
static size_t counts[OBJECTS];     /* references, before anything happened */
static kaa_buffer outs[WANTS_MAX]; /* room for whatever is stored */
static const double parts[2] = {1.5, -0.5};

/* What a heap keeps of malloc()'s stands in pages, where no leak checker looks:
 * it must have been given back. */
static void
end(void)
{
    for (int i = 0; i < OBJECTS; i++)
        kaa_decref(ctx, objects[i]);
    kaa_runtime_detach(ctx);
    if (kaa_runtime_destroy(runtime, NULL, NULL) != KAA_OK)
        die("no end");
}

static void
start(void)
{
    kaa_object *text, *pair[2];

    if (kaa_runtime_create(NULL, &runtime, NULL) != KAA_OK ||
        kaa_runtime_attach(runtime, "fuzz", &ctx, NULL) != KAA_OK ||
        atexit(end) != 0)
        die("no runtime");
    text = kaa_text(ctx, "h\xc3\xa9llo");
    pair[0] = kaa_int(ctx, 1);
    pair[1] = text;
    objects[0] = kaa_none(ctx);
    objects[1] = kaa_int(ctx, 7);
    objects[2] = kaa_int(ctx, -300);
    objects[3] = kaa_int_from_text(ctx, "99999999999999999999", 20, 10);
    objects[4] = kaa_float_from_double(ctx, 2.5);
    objects[5] = text;
    objects[6] = kaa_str_from_utf8(ctx, "a\0b", 3);
    objects[7] = kaa_bytes_from_data(ctx, "x", 1);
    objects[8] = kaa_call(ctx, kaa_builtin(ctx, KAA_BYTEARRAY_TYPE),
                          &objects[7], 1, NULL);
    objects[9] = kaa_tuple_from_array(ctx, pair, 2);
    objects[10] = kaa_list_from_array(ctx, pair, 2);
    objects[11] = kaa_dict_new(ctx);
    objects[12] = kaa_text(ctx, "z");
    objects[13] = kaa_complex_from_doubles(ctx, 1.0, 2.0);
    objects[14] = kaa_tuple_from_array(ctx, &objects[9], 2);
    objects[15] = kaa_builtin(ctx, KAA_STR_TYPE);
    for (size_t i = 0; i < OBJECTS; i++)
        if (objects[i] == NULL)
            die("no object");
    for (size_t i = 0; i < OBJECTS; i++)
        counts[i] = kaa_refcount(ctx, objects[i]);
}

static void
add(scan *self, want what)
{
    if (self->count < WANTS_MAX)
        self->wants[self->count++] = what;
}

/* A unit of parsing at `at`: its length, or 0. */
static size_t
scan_parse_unit(scan *self, const char *at)
{
    size_t length = 1;

    if (*at == '\0' || strchr("szywpbBhHiIlkLKncCfdDSUO", *at) == NULL)
        return 0;
    if (*at == 'w' && at[1] != '*')
        return 0;
    if (strchr("szy", *at) != NULL && at[1] == '#') {
        add(self, WANT_OUT);
        length = 2;
    } else if (strchr("szyw", *at) != NULL && at[1] == '*') {
        length = 2;
    } else if (*at == 'O' && (at[1] == '!' || at[1] == '&')) {
        add(self, at[1] == '!' ? WANT_TYPE : WANT_CONVERTER);
        length = 2;
    }
    add(self, WANT_OUT);
    return length;
}

static size_t
scan_build_unit(scan *self, const char *at)
{
    if (*at == '\0')
        return 0;
    if (strchr("szyU", *at) != NULL) {
        add(self, WANT_TEXT);
        if (at[1] == '#')
            add(self, WANT_SIZE);
        return at[1] == '#' ? 2 : 1;
    }
    if (strchr("ON", *at) != NULL && at[1] == '&') {
        add(self, WANT_MAKER);
        add(self, WANT_POINTER);
        return 2;
    }
    if (strchr("pbBhHicC", *at) != NULL || *at == 'I')
        add(self, WANT_INT);
    else if (strchr("lkLKn", *at) != NULL)
        add(self, WANT_LONG);
    else if (strchr("fd", *at) != NULL)
        add(self, WANT_DOUBLE);
    else if (*at == 'D')
        add(self, WANT_PARTS);
    else if (strchr("OS", *at) != NULL)
        add(self, WANT_OBJECT);
    else if (*at == 'N')
        add(self, WANT_TAKEN);
    else
        return 0;
    return 1;
}

/* Brackets, which may nest 30 deep. */
typedef struct nest {
    char close[30];
    size_t items[31];
    size_t depth;
} nest;

/* Whether the bracket at `at` is right where it stands. */
static int
scan_bracket(nest *self, char at, const char *opening, const char *closing)
{
    const char *open = strchr(opening, at);

    if (open != NULL) {
        if (self->depth == 30)
            return 0;
        self->items[self->depth]++;
        self->close[self->depth++] = closing[open - opening];
        self->items[self->depth] = 0;
        return 1;
    }
    if (self->depth == 0 || self->close[self->depth - 1] != at)
        return 0;
    self->depth--;
    return at != '}' || self->items[self->depth + 1] % 2 == 0;
}

static void
scan_parse(scan *self, const char *at, int has_keywords)
{
    nest groups = {.depth = 0};
    size_t units = 0, length;
    int bar = 0, dollar = 0;

    for (; *at != '\0' && *at != ':' && *at != ';'; at += length) {
        length = 1;
        if (*at == '(' || *at == ')') {
            if (!scan_bracket(&groups, *at, "(", ")") ||
                (*at == '(' && ++units > 255))
                return;
        } else if (*at == '|' || *at == '$') {
            if (groups.depth != 0 || (*at == '|' && (bar || dollar)) ||
                (*at == '$' && (dollar || !has_keywords)))
                return;
            bar |= *at == '|';
            dollar |= *at == '$';
        } else {
            length = scan_parse_unit(self, at);
            if (length == 0 || ++units > 255)
                return;
            groups.items[groups.depth]++;
        }
    }
    self->items = groups.items[0];
    self->is_good = groups.depth == 0;
}

static void
scan_build(scan *self, const char *at)
{
    nest groups = {.depth = 0};
    size_t units = 0, length;

    for (; *at != '\0'; at += length) {
        length = 1;
        if (strchr(" \t,:", *at) != NULL)
            continue;
        if (strchr("([{)]}", *at) != NULL) {
            if (!scan_bracket(&groups, *at, "([{", ")]}"))
                return;
            if (strchr("([{", *at) != NULL && ++units > 255)
                return;
        } else {
            length = scan_build_unit(self, at);
            if (length == 0 || ++units > 255)
                return;
            groups.items[groups.depth]++;
        }
    }
    self->is_good = groups.depth == 0;
}

static size_t
scan_number(const char *at, int *is_good)
{
    size_t length = 0;
    unsigned value = 0;

    for (; at[length] >= '0' && at[length] <= '9'; length++) {
        value = value * 10 + (unsigned)(at[length] - '0');
        if (value > 100000) {
            *is_good = 0;
            return length;
        }
    }
    return length;
}

static void
scan_text(scan *self, const char *at)
{
    while ((at = strchr(at, '%')) != NULL) {
        char size = 0;
        int is_good = 1;

        if (*++at == '%') {
            at++;
            continue;
        }
        at += strspn(at, "-0");
        at += scan_number(at, &is_good);
        if (is_good && *at == '.')
            at += 1 + scan_number(at + 1, &is_good);
        if (!is_good)
            return;
        if (*at != '\0' && strchr("hljzt", *at) != NULL) {
            size = *at++;
            if ((size == 'h' || size == 'l') && *at == size)
                at++;
        }
        if (*at == '\0')
            return;
        if (strchr("diux", *at) != NULL)
            add(self, size == 0 || size == 'h' ? WANT_INT : WANT_LONG);
        else if (size != 0 || strchr("cpsgfeUSRT", *at) == NULL)
            return;
        else
            add(self, *at == 'c'                   ? WANT_INT
                      : *at == 'p'                 ? WANT_POINTER
                      : *at == 's'                 ? WANT_TEXT
                      : strchr("gfe", *at) != NULL ? WANT_DOUBLE
                                                   : WANT_OBJECT);
        at++;
    }
    self->is_good = 1;
}

static int
convert(kaa_context *context, kaa_object *object, void *out)
{
    if (object == NULL)
        return 1;
    *(kaa_object **)out = object;
    if (kaa_is_none(context, object))
        return kaa_raise(context, kaa_builtin(context, KAA_KEY_ERROR), "no") +
               1;
    return KAA_CLEANUP_SUPPORTED;
}

static kaa_object *
make(kaa_context *context, void *value)
{
    return kaa_int(context, *(const int *)value);
}

/* Values for the wants, from the input. */
typedef union value {
    void *pointer;
    long number;
    int small;
    double real;
} value;

static ffi_type *
fill(want what, value *out, size_t i, const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"abc", "", "h\xc3\xa9\xff\xed\xa0\x80z",
                                        NULL};
    static int seed = 21;
    uint8_t byte = size != 0 ? data[i % size] : 0;
    const char *text = texts[byte % 4];
    kaa_object *object;

    switch (what) {
    case WANT_OUT:
        out->pointer = &outs[i];
        return &ffi_type_pointer;
    case WANT_TYPE:
        out->pointer =
            kaa_builtin(ctx, byte % 2 != 0 ? KAA_STR_TYPE : KAA_TUPLE_TYPE);
        return &ffi_type_pointer;
    case WANT_CONVERTER: {
        int (*function)(kaa_context *, kaa_object *, void *) = convert;

        memcpy(&out->pointer, &function, sizeof(function));
        return &ffi_type_pointer;
    }
    case WANT_MAKER: {
        kaa_object *(*function)(kaa_context *, void *) = make;

        memcpy(&out->pointer, &function, sizeof(function));
        return &ffi_type_pointer;
    }
    case WANT_TEXT:
        memcpy(&out->pointer, &text, sizeof(text));
        return &ffi_type_pointer;
    case WANT_SIZE: /* of the text before it */
        text = texts[(size != 0 ? data[(i - 1) % size] : 0) % 4];
        out->number = text != NULL ? (long)strlen(text) : 0;
        return &ffi_type_slong;
    case WANT_INT:
        out->small = byte * 8713 - 1000;
        return &ffi_type_sint;
    case WANT_LONG:
        out->number = byte * 8713L - 1000;
        return &ffi_type_slong;
    case WANT_DOUBLE:
        out->real = byte * 1e5 - 2.5;
        return &ffi_type_double;
    case WANT_PARTS: {
        const double *two = parts;

        memcpy(&out->pointer, &two, sizeof(two));
        return &ffi_type_pointer;
    }
    case WANT_OBJECT:
    case WANT_TAKEN:
        object = byte % 17 < OBJECTS ? objects[byte % 17] : NULL;
        out->pointer = object;
        if (what == WANT_TAKEN)
            kaa_incref(ctx, object);
        return &ffi_type_pointer;
    case WANT_POINTER:
        out->pointer = &seed;
        return &ffi_type_pointer;
    }
    abort();
}

/* function(fixed..., values of the wants...): what it returned. */
static void *
call(void (*function)(void), void *const *fixed, size_t fixed_count,
     const scan *self, const uint8_t *data, size_t size)
{
    static value values[WANTS_MAX + 8];
    static void *places[WANTS_MAX + 8];
    static ffi_type *types[WANTS_MAX + 8];
    size_t count = self->is_good ? self->count : 0;
    ffi_arg result = 0;
    ffi_cif cif;

    for (size_t i = 0; i < fixed_count; i++) {
        values[i].pointer = fixed[i];
        types[i] = &ffi_type_pointer;
        places[i] = &values[i];
    }
    for (size_t i = 0; i < count; i++) {
        types[fixed_count + i] =
            fill(self->wants[i], &values[fixed_count + i], i, data, size);
        places[fixed_count + i] = &values[fixed_count + i];
    }
    if (ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, (unsigned)fixed_count,
                         (unsigned)(fixed_count + count), &ffi_type_pointer,
                         types) != FFI_OK)
        die("ffi");
    ffi_call(&cif, function, &result, places);
    return (void *)result;
}

/* kaa_parse_args() and kaa_parse_keywords(): what ffi can call. */
static void *
parse_args(kaa_object *const *args, void *nargs, const char *format, ...)
{
    va_list out;
    int result;

    va_start(out, format);
    result = ctx->api->parse_args_v(ctx, args, (size_t)(uintptr_t)nargs, format,
                                    out);
    va_end(out);
    return (void *)(intptr_t)result;
}

static void *
parse_keywords(kaa_object *const *args, void *nargs, kaa_object *kwnames,
               const char *format, const char *const *names, ...)
{
    va_list out;
    int result;

    va_start(out, names);
    result = ctx->api->parse_keywords_v(ctx, args, (size_t)(uintptr_t)nargs,
                                        kwnames, format, names, out);
    va_end(out);
    return (void *)(intptr_t)result;
}

/* That what failed has an exception, which is of `type` where the format is bad
 * (and nowhere else, if it `is_certain`). */
static void
judge(const scan *self, int has_failed, kaa_builtin_id type, int is_certain)
{
    int is_format;

    if (has_failed != kaa_error_occurred(ctx))
        die("failed without an exception, or the other way");
    is_format = has_failed && kaa_error_matches(ctx, kaa_builtin(ctx, type));
    if (!self->is_good && !is_format)
        die("a bad format was taken for a good one");
    if (self->is_good && is_format && is_certain)
        die("a good format was taken for a bad one");
    kaa_error_clear(ctx);
}

/* Buffers are told from other things stored by the format alone. */
static void
release_buffers(const char *at)
{
    size_t i = 0;

    for (; *at != '\0' && *at != ':' && *at != ';'; at++) {
        if (strchr("()|$", *at) != NULL)
            continue;
        if (at[1] == '*') {
            if (outs[i].owner != NULL)
                kaa_buffer_release(ctx, &outs[i]);
            at++;
        } else if (at[1] == '#' || at[1] == '!' || at[1] == '&') {
            i++;
            at++;
        }
        i++;
    }
}

static void
fuzz_parse(const uint8_t *data, size_t size, const char *format, int keywords)
{
    static const char *const known[] = {"a", "b",  "color", "d", "e",
                                        "f", "gg", "h",     "i", NULL};
    const char *names[300];
    kaa_object *args[16], *kwnames = NULL;
    size_t nargs = data[1] % 8u, named = 0, items;
    scan self = {.count = 0};
    void *result;

    scan_parse(&self, format, keywords);
    memset(outs, 0, sizeof(outs));
    for (size_t i = 0; i < 16; i++)
        args[i] = objects[data[2 + i % 8] % OBJECTS];
    if (!keywords) {
        void *fixed[] = {args, (void *)(uintptr_t)nargs, NULL};

        memcpy(&fixed[2], &format, sizeof(format));
        result = call((void (*)(void))parse_args, fixed, 3, &self, data, size);
    } else {
        void *fixed[5] = {args, (void *)(uintptr_t)nargs};
        const char *const *all = names;
        kaa_object *keys[8];

        named = data[1] / 8u % 5u;
        for (size_t i = 0; i < named; i++) {
            const char *name = known[(data[2 + i] / 16u) % 9u];

            keys[i] = data[1] >= 250 ? kaa_int(ctx, 1) : kaa_text(ctx, name);
        }
        kwnames = kaa_tuple_take_array(ctx, keys, named);
        items = self.is_good ? self.items : 3;
        if (data[1] >= 240 && items < 290)
            items++;
        for (size_t i = 0; i < items; i++)
            names[i] = data[0] >= 128 && i < 2 ? "" : known[i % 9];
        names[items] = NULL;
        fixed[2] = kwnames;
        memcpy(&fixed[3], &format, sizeof(format));
        memcpy(&fixed[4], &all, sizeof(all));
        result =
            call((void (*)(void))parse_keywords, fixed, 5, &self, data, size);
    }
    if (result != NULL)
        release_buffers(format);
    judge(&self, result == NULL, KAA_SYSTEM_ERROR, !keywords);
    kaa_decref(ctx, kwnames);
}

static void
fuzz_make(const uint8_t *data, size_t size, const char *format, int builds)
{
    scan self = {.count = 0};
    void *fixed[2] = {ctx, NULL};
    kaa_object *result;

    memcpy(&fixed[1], &format, sizeof(format));
    if (builds)
        scan_build(&self, format);
    else
        scan_text(&self, format);
    result = call(builds ? (void (*)(void))kaa_build
                         : (void (*)(void))kaa_str_format,
                  fixed, 2, &self, data, size);
    judge(&self, result == NULL, builds ? KAA_SYSTEM_ERROR : KAA_VALUE_ERROR,
          !builds);
    kaa_decref(ctx, result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *format;

    if (size < 10 || size > 2000)
        return 0;
    if (ctx == NULL)
        start();
    format = malloc(size - 9);
    if (format == NULL)
        return 0;
    memcpy(format, data + 10, size - 10);
    format[size - 10] = '\0';
    switch (data[0] % 4) {
    case 0:
        fuzz_parse(data, size, format, 0);
        break;
    case 1:
        fuzz_parse(data, size, format, 1);
        break;
    case 2:
        fuzz_make(data, size, format, 1);
        break;
    default:
        fuzz_make(data, size, format, 0);
    }
    free(format);
    for (size_t i = 0; i < OBJECTS; i++)
        if (kaa_refcount(ctx, objects[i]) > counts[i])
            die("references were kept");
    return 0;
}
