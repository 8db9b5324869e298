/* object/text/str.c - making and reading str: the slots of kaa/api.def and what
 * str.h adds to them.
 *
 * The empty str and those of one ASCII character are shared. Names that C code
 * interns stand in a table of the runtime and are immortal: their number is
 * that of the names in the program's text. Nothing else is interned.
 */
#include "object/text/str.h"

#include "object/text/utf8.h"

/* runtime->interned */
typedef struct kaa_object__interned {
    kaa_object **names; /* open addressing by hash; NULL: free */
    size_t capacity;    /* a power of two, or 0 */
    size_t count;
    kaa_object *characters[128]; /* made when first asked for; immortal */
} interned;

static interned *
interned_of(kaa_context *ctx)
{
    return kaa_object__runtime_of(ctx)->interned;
}

static kaa_object *
alloc(kaa_context *ctx, kaa_builtin_id type, size_t size, size_t tail)
{
    kaa_object *object;
    kaa_object__text *self;

    if (size > PTRDIFF_MAX / 2) {
        kaa_object__raise_memory(ctx);
        return NULL;
    }
    object = kaa_object__new(
        ctx, kaa_object__builtin(ctx, type),
        sizeof(kaa_object__text) +
            (tail == 0 ? size + 1 : kaa_object__str_tail_offset(size) + tail),
        KAA_HEAP_OBJECT_PLAIN);
    if (object == NULL)
        return NULL;
    self = (kaa_object__text *)(void *)object;
    self->hash = 0;
    self->size = size;
    self->text[size] = '\0';
    return object;
}

kaa_object *
kaa_object__str_alloc(kaa_context *ctx, size_t size, size_t count)
{
    size_t tail;
    kaa_object *object;
    kaa_object__str_tail *written;

    if (KAA_LIKELY(count == size))
        return alloc(ctx, KAA_STR_TYPE, size, 0);
    tail = sizeof(*written) +
           (count / KAA_OBJECT__STR_STRIDE + 1) * sizeof(uint64_t);
    object = alloc(ctx, KAA_STR_TYPE, size, tail);
    if (object == NULL)
        return NULL;
    written =
        (kaa_object__str_tail *)(void *)(kaa_object__str_fill(object) +
                                         kaa_object__str_tail_offset(size));
    written->length = count;
    written->offsets[0] = 0;
    ((kaa_object__text *)(void *)object)->size |= KAA_OBJECT__NOT_ASCII;
    return object;
}

kaa_object *
kaa_object__bytes_alloc(kaa_context *ctx, size_t size)
{
    return alloc(ctx, KAA_BYTES_TYPE, size, 0);
}

int
kaa_object__strs_start(kaa_context *ctx)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    interned *own = kaa_object__memory(ctx, sizeof(*own));

    if (own == NULL)
        return -1;
    memset(own, 0, sizeof(*own));
    runtime->interned = own;
    runtime->empty_str = alloc(ctx, KAA_STR_TYPE, 0, 0);
    if (runtime->empty_str == NULL)
        return -1;
    runtime->empty_str->word = KAA_OBJECT__IMMORTAL_WORD;
    runtime->empty_bytes = alloc(ctx, KAA_BYTES_TYPE, 0, 0);
    if (runtime->empty_bytes == NULL)
        return -1;
    runtime->empty_bytes->word = KAA_OBJECT__IMMORTAL_WORD;
    return 0;
}

/* The shared str of an ASCII character. */
static kaa_object *
character(kaa_context *ctx, char what)
{
    interned *own = interned_of(ctx);
    kaa_object *object = own->characters[(unsigned char)what];

    if (KAA_LIKELY(object != NULL))
        return kaa_incref(ctx, object);
    object = alloc(ctx, KAA_STR_TYPE, 1, 0);
    if (object == NULL)
        return NULL;
    kaa_object__str_fill(object)[0] = what;
    object->word = KAA_OBJECT__IMMORTAL_WORD;
    own->characters[(unsigned char)what] = object;
    return kaa_incref(ctx, object);
}

kaa_object *
kaa_object__str_ascii(kaa_context *ctx, const char *text, size_t size)
{
    kaa_object *object;

    if (KAA_UNLIKELY(size <= 1))
        return size == 0
                   ? kaa_incref(ctx, kaa_object__runtime_of(ctx)->empty_str)
                   : character(ctx, text[0]);
    object = alloc(ctx, KAA_STR_TYPE, size, 0);
    if (KAA_LIKELY(object != NULL))
        memcpy(kaa_object__str_fill(object), text, size);
    return object;
}

/* Valid UTF-8 of `count` characters. */
static kaa_object *
copy(kaa_context *ctx, const char *text, size_t size, size_t count)
{
    kaa_object *object;

    if (KAA_LIKELY(count == size))
        return kaa_object__str_ascii(ctx, text, size);
    object = kaa_object__str_alloc(ctx, size, count);
    if (KAA_LIKELY(object != NULL))
        memcpy(kaa_object__str_fill(object), text, size);
    return object;
}

kaa_object *
kaa_object__str_trusted(kaa_context *ctx, const char *text, size_t size)
{
    size_t plain = kaa_object__utf8_ascii(text, size);

    if (KAA_LIKELY(plain == size))
        return kaa_object__str_ascii(ctx, text, size);
    return copy(ctx, text, size,
                plain + kaa_object__utf8_count(text + plain, size - plain));
}

kaa_object *
kaa_object__str_of_code_point(kaa_context *ctx, uint32_t point)
{
    char text[4];

    return copy(ctx, text, kaa_object__utf8_encode(point, text), 1);
}

static kaa_object *
refuse(kaa_context *ctx, const char *text, const kaa_object__utf8_error *error)
{
    if (error->end - error->start == 1)
        kaa_object__raise_text(
            ctx, KAA_UNICODE_DECODE_ERROR,
            "'utf-8' codec can't decode byte 0x%02x in position %zu: %s",
            (unsigned)(unsigned char)text[error->start], error->start,
            error->reason);
    else
        kaa_object__raise_text(
            ctx, KAA_UNICODE_DECODE_ERROR,
            "'utf-8' codec can't decode bytes in position %zu-%zu: %s",
            error->start, error->end - 1, error->reason);
    return NULL;
}

kaa_object *
kaa_object__str_from_utf8(kaa_context *ctx, const char *text, size_t size)
{
    kaa_object__utf8_error error = {0, 0, ""};
    size_t count = 0;

    if (KAA_LIKELY(kaa_object__utf8_ascii(text, size) == size))
        return kaa_object__str_ascii(ctx, text, size);
    if (kaa_object__utf8_check(text, size, &count, &error) < 0)
        return refuse(ctx, text, &error);
    return copy(ctx, text, size, count);
}

/* ---- Interned names */

/* The place of a text, or the free one where it belongs. */
static kaa_object **
find_name(interned *own, const char *text, size_t size, uint64_t hash)
{
    size_t at = (size_t)hash & (own->capacity - 1);

    while (own->names[at] != NULL) {
        const kaa_object__text *name = kaa_object__str_of(own->names[at]);

        if (name->hash == hash && kaa_object__str_size(&name->header) == size &&
            memcmp(name->text, text, size) == 0)
            break;
        at = (at + 1) & (own->capacity - 1);
    }
    return &own->names[at];
}

static int
grow_names(kaa_context *ctx, interned *own)
{
    interned larger = *own;

    larger.capacity = own->capacity == 0 ? 64 : own->capacity * 2;
    larger.names =
        kaa_object__memory(ctx, larger.capacity * sizeof(*larger.names));
    if (larger.names == NULL)
        return -1;
    memset(larger.names, 0, larger.capacity * sizeof(*larger.names));
    for (size_t i = 0; i < own->capacity; i++) {
        kaa_object *name = own->names[i];

        if (name != NULL)
            *find_name(&larger, kaa_object__str_text(name),
                       kaa_object__str_size(name),
                       kaa_object__str_of(name)->hash) = name;
    }
    kaa_object__memory_free(ctx, own->names);
    own->names = larger.names;
    own->capacity = larger.capacity;
    return 0;
}

kaa_object *
kaa_object__str_intern_text(kaa_context *ctx, const char *text, size_t size)
{
    interned *own = interned_of(ctx);
    uint64_t hash = kaa_object__hash_text(ctx, text, size);
    kaa_object **place, *object;

    if (own->capacity != 0) {
        place = find_name(own, text, size, hash);
        if (*place != NULL)
            return kaa_incref(ctx, *place);
    }
    object = kaa_object__str_from_utf8(ctx, text, size);
    if (object == NULL)
        return NULL;
    /* Only now: raising an error may have interned other names. */
    if (own->count * 4 >= own->capacity * 3 && grow_names(ctx, own) < 0) {
        kaa_decref(ctx, object);
        return NULL;
    }
    place = find_name(own, text, size, hash);
    if (object->word < KAA_OBJECT__IMMORTAL)
        object->word = KAA_OBJECT__IMMORTAL_WORD;
    ((kaa_object__text *)(void *)object)->hash = hash;
    *place = object;
    own->count++;
    return kaa_incref(ctx, object);
}

kaa_object *
kaa_object__str_name(kaa_context *ctx, const char *text, size_t size)
{
    interned *own = interned_of(ctx);

    if (own->capacity != 0) {
        kaa_object **place =
            find_name(own, text, size, kaa_object__hash_text(ctx, text, size));

        if (*place != NULL)
            return kaa_incref(ctx, *place);
    }
    return kaa_object__str_from_utf8(ctx, text, size);
}

kaa_object *
kaa_object__str_intern(kaa_context *ctx, const char *text)
{
    return kaa_object__str_intern_text(ctx, text, strlen(text));
}

/* ---- Reading */

static int
expect_str(kaa_context *ctx, kaa_object *object)
{
    if (KAA_LIKELY(kaa_object__is_str(object)))
        return 0;
    return kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "expected str, not %s",
                                  kaa_object__borrow_type(ctx, object)->name);
}

const char *
kaa_object__str_as_utf8(kaa_context *ctx, kaa_object *str, size_t *out_size)
{
    if (expect_str(ctx, str) < 0)
        return NULL;
    if (out_size != NULL)
        *out_size = kaa_object__str_size(str);
    return kaa_object__str_text(str);
}

ptrdiff_t
kaa_object__str_length(kaa_context *ctx, kaa_object *str)
{
    if (expect_str(ctx, str) < 0)
        return -1;
    return (ptrdiff_t)kaa_object__str_count(str);
}

int
kaa_object__str_equals(kaa_context *ctx, kaa_object *str, const char *text,
                       size_t size)
{
    (void)ctx;
    return kaa_object__is_str(str) && kaa_object__str_size(str) == size &&
           (size == 0 || memcmp(kaa_object__str_text(str), text, size) == 0);
}

/* Where each 256th character begins. */
static void
fill_offsets(kaa_object *str)
{
    kaa_object__text *self = (kaa_object__text *)(void *)str;
    size_t size = kaa_object__str_size(str), number = 0;
    kaa_object__str_tail *tail =
        (kaa_object__str_tail *)(void *)(self->text +
                                         kaa_object__str_tail_offset(size));

    for (size_t at = 0; at < size; at += kaa_object__utf8_width(self->text[at]))
        if (number++ % KAA_OBJECT__STR_STRIDE == 0)
            tail->offsets[(number - 1) / KAA_OBJECT__STR_STRIDE] = at;
    tail->offsets[0] = 1; /* known; the first is at 0 */
}

size_t
kaa_object__str_offset(kaa_object *str, size_t index)
{
    const char *text = kaa_object__str_text(str);
    const kaa_object__str_tail *tail;
    size_t from = 0;

    if (KAA_LIKELY(kaa_object__str_is_ascii(str)))
        return index;
    tail = kaa_object__str_tail_of(str);
    if (index >= tail->length)
        return kaa_object__str_size(str);
    if (index >= KAA_OBJECT__STR_STRIDE) {
        if (tail->offsets[0] == 0)
            fill_offsets(str);
        from = tail->offsets[index / KAA_OBJECT__STR_STRIDE];
    }
    return from +
           kaa_object__utf8_skip(text + from, index % KAA_OBJECT__STR_STRIDE);
}

kaa_object *
kaa_object__str_substring(kaa_context *ctx, kaa_object *str, ptrdiff_t start,
                          ptrdiff_t end)
{
    ptrdiff_t count;
    size_t from, to;

    if (expect_str(ctx, str) < 0)
        return NULL;
    count = (ptrdiff_t)kaa_object__str_count(str);
    if (start < 0)
        start = 0;
    if (end > count)
        end = count;
    if (start >= end)
        return kaa_incref(ctx, kaa_object__runtime_of(ctx)->empty_str);
    if (start == 0 && end == count)
        return kaa_incref(ctx, str);
    from = kaa_object__str_offset(str, (size_t)start);
    to = kaa_object__str_offset(str, (size_t)end);
    return copy(ctx, kaa_object__str_text(str) + from, to - from,
                (size_t)(end - start));
}

ptrdiff_t
kaa_object__str_code_point(kaa_context *ctx, kaa_object *str, ptrdiff_t index)
{
    ptrdiff_t count;

    if (expect_str(ctx, str) < 0)
        return -1;
    count = (ptrdiff_t)kaa_object__str_count(str);
    if (index < 0 || index >= count)
        return kaa_object__raise_text(ctx, KAA_INDEX_ERROR,
                                      "string index out of range");
    return (ptrdiff_t)kaa_object__utf8_decode(
        kaa_object__str_text(str) + kaa_object__str_offset(str, (size_t)index));
}
