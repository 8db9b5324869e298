/* object/text/str_type.c - the type str and its iterator. */
#include "object/text/text.h"
#include "object/text/utf8.h"

static kaa_object *
str(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

static ptrdiff_t
length(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return (ptrdiff_t)kaa_object__str_count(self);
}

/* The characters of a slice whose step is not 1. */
static kaa_object *
pick(kaa_context *ctx, kaa_object *self, ptrdiff_t start, ptrdiff_t step,
     ptrdiff_t count)
{
    const char *text = kaa_object__str_text(self);
    size_t size = 0;
    kaa_object *result;
    char *out;

    for (ptrdiff_t i = 0; i < count; i++)
        size += kaa_object__utf8_width(
            text[kaa_object__str_offset(self, (size_t)(start + i * step))]);
    result = kaa_object__str_alloc(ctx, size, (size_t)count);
    if (result == NULL)
        return NULL;
    out = kaa_object__str_fill(result);
    for (ptrdiff_t i = 0; i < count; i++) {
        size_t from = kaa_object__str_offset(self, (size_t)(start + i * step));
        size_t width = kaa_object__utf8_width(text[from]);

        memcpy(out, text + from, width);
        out += width;
    }
    return result;
}

static kaa_object *
get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, key);
    ptrdiff_t start, step, count;
    size_t index, offset;

    if (type->index != NULL) {
        if (kaa_object__text_index(ctx, key, kaa_object__str_count(self),
                                   "string index", &index) < 0)
            return NULL;
        offset = kaa_object__str_offset(self, index);
        return kaa_object__str_of_code_point(
            ctx, kaa_object__utf8_decode(kaa_object__str_text(self) + offset));
    }
    if (type->id != KAA_SLICE_TYPE) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "string indices must be integers, not '%s'",
                               type->name);
        return NULL;
    }
    if (kaa_object__slice_resolve(ctx, key,
                                  (ptrdiff_t)kaa_object__str_count(self),
                                  &start, &step, &count) < 0)
        return NULL;
    if (step == 1 || count <= 1)
        return kaa_object__str_substring(ctx, self, start, start + count);
    return pick(ctx, self, start, step, count);
}

static int
contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    if (!kaa_object__is_str(item))
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "'in <string>' requires string as left operand, not %s",
            kaa_object__borrow_type(ctx, item)->name);
    return kaa_object__find_bytes(
               kaa_object__str_text(self), kaa_object__str_size(self),
               kaa_object__str_text(item), kaa_object__str_size(item), 0) >= 0;
}

static kaa_object *
iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__text_iter(ctx, self, KAA_OBJECT__INTERNAL_STR_ITERATOR);
}

/* str(), str(object), str(bytes, encoding, errors) */
static kaa_object *
create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
       size_t nargs, kaa_object *kwnames)
{
    const char *encoding, *errors;
    kaa_buffer buffer = {0};
    kaa_object *result;

    (void)type;
    if (nargs == 0 && kwnames == NULL)
        return kaa_incref(ctx, kaa_object__runtime_of(ctx)->empty_str);
    if (nargs == 1 && kwnames == NULL)
        return kaa_object__str(ctx, args[0]);
    if (kaa_object__codec_names(ctx, "str", args, nargs, 1, kwnames, &encoding,
                                &errors) < 0)
        return NULL;
    if (kaa_object__is_str(args[0])) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "decoding str is not supported");
        return NULL;
    }
    if (kaa_object__borrow_type(ctx, args[0])->get_buffer == NULL) {
        kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "decoding to str: need a bytes-like object, %s found",
            kaa_object__borrow_type(ctx, args[0])->name);
        return NULL;
    }
    if (kaa_object__buffer_get(ctx, args[0], &buffer, KAA_BUFFER_SIMPLE) < 0)
        return NULL;
    result = kaa_object__decode(ctx, buffer.data, (size_t)buffer.bytes,
                                encoding, errors);
    kaa_object__buffer_release(ctx, &buffer);
    return result;
}

const kaa_object__type kaa_object__template_str = {
    .doc = "str(object='')\nstr(bytes, encoding='utf-8', errors='strict')\n"
           "--\n\nUnicode text.",
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .methods = kaa_object__str_methods,
    .create = create,
    .repr = kaa_object__str_repr,
    .str = str,
    .hash = kaa_object__text_hash,
    .compare = kaa_object__text_compare,
    .truth = kaa_object__text_truth,
    .iter = iter,
    .length = length,
    .get_item = get_item,
    .contains = contains,
    .binary = kaa_object__text_binary,
};

static kaa_object *
next(kaa_context *ctx, kaa_object *object)
{
    kaa_object__text_iterator *self =
        (kaa_object__text_iterator *)(void *)object;
    kaa_object *result;
    const char *at;

    if (self->text == NULL)
        return NULL;
    if (self->at >= kaa_object__str_size(self->text)) {
        KAA_CLEAR(ctx, self->text);
        return NULL;
    }
    at = kaa_object__str_text(self->text) + self->at;
    result = kaa_object__str_of_code_point(ctx, kaa_object__utf8_decode(at));
    if (result != NULL)
        self->at += kaa_object__utf8_width(*at);
    return result;
}

const kaa_object__type kaa_object__template_str_iterator = {
    .flags = KAA_OBJECT__NO_SUBTYPES | KAA_OBJECT__NO_INSTANCES,
    .block_bytes = sizeof(kaa_object__text_iterator),
    .traverse = kaa_object__text_iterator_traverse,
    .release = kaa_object__text_iterator_release,
    .iter = kaa_object__iter_itself,
    .next = next,
};
