/* kjson - JSON (RFC 8259), an example of an extension module.
 *
 * Functions and errors are as those of Python's json, with which it is compared
 * in tests; different on purpose:
 *
 * - nesting is limited by memory alone, both ways;
 * - bytes must be UTF-8 (with or without a byte order mark);
 * - loads() has allow_nan, to refuse what is not JSON, but none of the hooks.
 */
#include "kjson.h"

#define INDENT_MAX 1024

/* ---- loads */

/* The document of an object: *out_keeper holds its text, which a NUL ends.
 * Bytes that may change while they are read are copied. */
static const char *
open_document(kaa_context *ctx, kaa_object *object, kaa_object **out_keeper,
              size_t *out_size)
{
    kaa_object *keeper;
    kaa_buffer buffer;

    if (kaa_check(ctx, object, KAA_STR_TYPE)) {
        *out_keeper = kaa_incref(ctx, object);
        return kaa_str_as_utf8(ctx, object, out_size);
    }
    if (kaa_check(ctx, object, KAA_BYTES_TYPE)) {
        *out_keeper = kaa_incref(ctx, object);
        return kaa_bytes_as_data(ctx, object, out_size);
    }
    if (kaa_buffer_get(ctx, object, &buffer, KAA_BUFFER_SIMPLE) < 0) {
        if (kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR))) {
            kaa_error_clear(ctx);
            kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                             "the JSON object must be str, bytes or "
                             "bytes-like, not %T",
                             object);
        }
        return NULL;
    }
    keeper = kaa_bytes_from_data(ctx, buffer.data, (size_t)buffer.bytes);
    kaa_buffer_release(ctx, &buffer);
    *out_keeper = keeper;
    return keeper == NULL ? NULL : kaa_bytes_as_data(ctx, keeper, out_size);
}

/* A str with lone surrogates as the bytes that Python makes of it. */
static kaa_object *
encode_loosely(kaa_context *ctx, kaa_object *str)
{
    kaa_object *args[3] = {str, NULL, NULL};
    kaa_object *result = NULL;

    kaa_error_clear(ctx);
    args[1] = kaa_text(ctx, "utf-8");
    args[2] = kaa_text(ctx, "surrogatepass");
    if (args[1] != NULL && args[2] != NULL)
        result = kaa_call_method(ctx, "encode", args, 3, NULL);
    kaa_decref(ctx, args[1]);
    kaa_decref(ctx, args[2]);
    return result;
}

static kaa_object *
load_text(kaa_context *ctx, const kjson_state *state, kaa_object *object,
          int allow_nan)
{
    kaa_object *keeper = NULL, *result = NULL;
    size_t size = 0;
    const char *text = open_document(ctx, object, &keeper, &size);
    int is_str = keeper == object && kaa_check(ctx, object, KAA_STR_TYPE);

    if (text == NULL && is_str &&
        kaa_error_matches(ctx, kaa_builtin(ctx, KAA_UNICODE_ENCODE_ERROR))) {
        kaa_decref(ctx, keeper);
        keeper = encode_loosely(ctx, object);
        if (keeper != NULL)
            text = kaa_bytes_as_data(ctx, keeper, &size);
    }
    if (text != NULL && size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        if (is_str) {
            kjson_parser p = {.ctx = ctx, .state = state, .start = text};

            kjson_fail(&p, "Unexpected UTF-8 BOM (decode using utf-8-sig)",
                       text);
            text = NULL;
        } else {
            text += 3;
            size -= 3;
        }
    }
    if (text != NULL)
        result = kjson_parse(ctx, state, text, size, allow_nan);
    kaa_decref(ctx, keeper);
    return result;
}

static kaa_object *
loads(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
      kaa_object *kwnames)
{
    static const char *const names[] = {"s", "allow_nan", NULL};
    kaa_object *object = NULL;
    int allow_nan = 1;

    if (nargs == 1 && kwnames == NULL)
        object = args[0];
    else if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "O|$p:loads", names,
                                 &object, &allow_nan))
        return NULL;
    return load_text(ctx, kaa_module_state(ctx, self), object, allow_nan);
}

static kaa_object *
load(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
     kaa_object *kwnames)
{
    static const char *const names[] = {"fp", "allow_nan", NULL};
    kaa_object *file = NULL, *text, *result;
    int allow_nan = 1;

    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "O|$p:load", names,
                            &file, &allow_nan))
        return NULL;
    text = kaa_call_method(ctx, "read", &file, 1, NULL);
    if (text == NULL)
        return NULL;
    result = load_text(ctx, kaa_module_state(ctx, self), text, allow_nan);
    kaa_decref(ctx, text);
    return result;
}

/* ---- dumps */

/* What dumps() is given, before it is looked at. */
typedef struct options {
    kaa_object *indent, *separators, *fallback;
    kjson_style style;
    char spaces[INDENT_MAX];
} options;

static int
read_text(kaa_context *ctx, kaa_object *str, const char **out, size_t *out_size)
{
    if (!kaa_check(ctx, str, KAA_STR_TYPE))
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                                "separators must be str, not %T", str);
    *out = kaa_str_as_utf8(ctx, str, out_size);
    return *out == NULL ? -1 : 0;
}

static int
read_indent(kaa_context *ctx, options *o)
{
    int64_t width = 0;

    if (o->indent == NULL || kaa_is_none(ctx, o->indent))
        return 0;
    if (kaa_check(ctx, o->indent, KAA_STR_TYPE)) {
        o->style.indent =
            kaa_str_as_utf8(ctx, o->indent, &o->style.indent_size);
        return o->style.indent == NULL ? -1 : 0;
    }
    if (kaa_int_as_int64(ctx, o->indent, &width) < 0)
        return -1;
    if (width > INDENT_MAX)
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                                "indent must be at most %d", INDENT_MAX);
    memset(o->spaces, ' ', sizeof(o->spaces));
    o->style.indent = o->spaces;
    o->style.indent_size = width < 0 ? 0 : (size_t)width;
    return 0;
}

static int
read_separators(kaa_context *ctx, options *o)
{
    kjson_style *style = &o->style;

    style->item_separator = ", ";
    style->item_separator_size = style->indent == NULL ? 2 : 1;
    style->key_separator = ": ";
    style->key_separator_size = 2;
    if (o->separators == NULL || kaa_is_none(ctx, o->separators))
        return 0;
    if (!kaa_check(ctx, o->separators, KAA_TUPLE_TYPE) ||
        kaa_tuple_size(ctx, o->separators) != 2)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                         "separators must be a tuple of two str");
    if (read_text(ctx, kaa_tuple_get_borrowed(ctx, o->separators, 0),
                  &style->item_separator, &style->item_separator_size) < 0)
        return -1;
    return read_text(ctx, kaa_tuple_get_borrowed(ctx, o->separators, 1),
                     &style->key_separator, &style->key_separator_size);
}

/* The text of an object, as a str. */
static kaa_object *
dump_text(kaa_context *ctx, options *o, kaa_object *object)
{
    kjson_buffer out = {NULL, 0, 0};
    kaa_object *result = NULL;

    if (o->fallback != NULL && !kaa_is_none(ctx, o->fallback))
        o->style.fallback = o->fallback;
    if (read_indent(ctx, o) == 0 && read_separators(ctx, o) == 0 &&
        kjson_write(ctx, &o->style, object, &out) == 0)
        result = kaa_str_from_utf8(ctx, out.text, out.size);
    kaa_mem_free(ctx, out.text);
    return result;
}

#define DUMP_FORMAT "|$ppppOOO:"

static kaa_object *
dumps(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
      kaa_object *kwnames)
{
    static const char *const names[] = {
        "obj",    "skipkeys",   "ensure_ascii", "allow_nan", "sort_keys",
        "indent", "separators", "default",      NULL};
    options o = {.style = {.ensure_ascii = 1, .allow_nan = 1}};
    kaa_object *object = NULL;

    (void)self;
    if (nargs == 1 && kwnames == NULL)
        object = args[0];
    else if (!kaa_parse_keywords(ctx, args, nargs, kwnames,
                                 "O" DUMP_FORMAT "dumps", names, &object,
                                 &o.style.skip_keys, &o.style.ensure_ascii,
                                 &o.style.allow_nan, &o.style.sort_keys,
                                 &o.indent, &o.separators, &o.fallback))
        return NULL;
    return dump_text(ctx, &o, object);
}

static kaa_object *
dump(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
     kaa_object *kwnames)
{
    static const char *const names[] = {
        "obj",       "fp",     "skipkeys",   "ensure_ascii", "allow_nan",
        "sort_keys", "indent", "separators", "default",      NULL};
    options o = {.style = {.ensure_ascii = 1, .allow_nan = 1}};
    kaa_object *object = NULL, *done;
    kaa_object *call[2] = {NULL, NULL};

    (void)self;
    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "OO" DUMP_FORMAT "dump",
                            names, &object, &call[0], &o.style.skip_keys,
                            &o.style.ensure_ascii, &o.style.allow_nan,
                            &o.style.sort_keys, &o.indent, &o.separators,
                            &o.fallback))
        return NULL;
    call[1] = dump_text(ctx, &o, object);
    if (call[1] == NULL)
        return NULL;
    done = kaa_call_method(ctx, "write", call, 2, NULL);
    kaa_decref(ctx, call[1]);
    if (done == NULL)
        return NULL;
    kaa_decref(ctx, done);
    return kaa_none(ctx);
}

/* ---- The module */

static int
fill(kaa_context *ctx, kaa_object *module)
{
    kjson_state *state = kaa_module_state(ctx, module);

    state->numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (state->numbers == (locale_t)0)
        return kaa_raise_memory(ctx);
    state->error = kaa_exception_new_type(
        ctx, "kjson.JSONError", "A text is not JSON, or not all of it is.",
        kaa_builtin(ctx, KAA_VALUE_ERROR));
    if (state->error == NULL)
        return -1;
    return kaa_set_attr_text(ctx, module, "JSONError", state->error);
}

static int
traverse(void *data, kaa_visit visit, void *arg)
{
    const kjson_state *state = data;

    KAA_VISIT(state->error);
    return 0;
}

static void
clear(kaa_context *ctx, void *data)
{
    kjson_state *state = data;

    KAA_CLEAR(ctx, state->error);
}

static void
destroy(kaa_context *ctx, void *data)
{
    kjson_state *state = data;

    clear(ctx, data);
    if (state->numbers != (locale_t)0)
        freelocale(state->numbers);
    state->numbers = (locale_t)0;
}

static const kaa_method methods[] = {
    KAA_METHOD_KEYWORDS("loads", loads,
                        "loads(s, *, allow_nan=True)\n--\n\n"
                        "The value of a JSON text: str, or UTF-8 as bytes or "
                        "something bytes-like."),
    KAA_METHOD_KEYWORDS("load", load,
                        "load(fp, *, allow_nan=True)\n--\n\n"
                        "The value of the JSON text in a file."),
    KAA_METHOD_KEYWORDS(
        "dumps", dumps,
        "dumps(obj, *, skipkeys=False, ensure_ascii=True, allow_nan=True, "
        "sort_keys=False, indent=None, separators=None, default=None)\n--\n\n"
        "The JSON text of a value."),
    KAA_METHOD_KEYWORDS(
        "dump", dump,
        "dump(obj, fp, *, skipkeys=False, ensure_ascii=True, allow_nan=True, "
        "sort_keys=False, indent=None, separators=None, default=None)\n--\n\n"
        "Writes the JSON text of a value to a file."),
    KAA_METHODS_END,
};

KAA_MODULE(kjson, .doc = "JSON texts to values, and back.", .methods = methods,
           .state_bytes = sizeof(kjson_state), .exec = fill,
           .traverse = traverse, .clear = clear, .destroy = destroy);
