/* cpython/call/quick.h - reading and making common values by verified layouts.
 *
 * All of it holds only where quick_has_layouts() does, which functions and
 * callbacks ask once, when they are made. Each reader gives 1, or 0 where the
 * value is not so simple: then the call starts over on the general path.
 */
#ifndef KAA_CPYTHON_QUICK_H
#define KAA_CPYTHON_QUICK_H

#include <math.h>
#include <string.h>

#include "cpython/call/function.h"
#include "cpython/data/data.h"

#if defined(__GNUC__) || defined(__clang__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NEVER_INLINE __attribute__((noinline))
#else
#define ALWAYS_INLINE inline
#define NEVER_INLINE
#endif

/* Where things stand, if quick_has_layouts(). */
#define QUICK_HEADER 16u
#define QUICK_TYPE 8u
#define QUICK_FLOAT 16u
#define QUICK_BYTES 32u
#define QUICK_CDATA 16u
#define QUICK_CDATA_SIZE 40u

#define VIEWS_MAX 3

/* Buffers held during the call. */
typedef struct views {
    uint32_t count;
    uint32_t of[VIEWS_MAX]; /* which parameter's; quick.c alone keeps it */
    host_buffer view[VIEWS_MAX];
} views;

static inline void
release_views(views *held)
{
    while (held->count > 0)
        PY(PyBuffer_Release)(&held->view[--held->count]);
}

/* A word, or not: in two registers, where memory would cost more than the
 * reading. */
typedef struct quick_word {
    uint64_t word;
    uint64_t is_there;
} quick_word;

/* Whether everything was found by the attach, and stands where it is read. */
static inline int
quick_has_layouts(void)
{
    const kaa_cpython__layouts *found = &kaa_cpython__layout;

    return found->header == QUICK_HEADER && found->type_offset == QUICK_TYPE &&
           found->float_offset == QUICK_FLOAT &&
           found->bytes_offset == QUICK_BYTES &&
           found->cdata_offset == QUICK_CDATA &&
           found->cdata_size == QUICK_CDATA_SIZE &&
           found->long_layout != LONG_UNKNOWN && found->count_is_first;
}

static inline kaa_cpython__function *
quick_body(PyObject *object)
{
    return (kaa_cpython__function *)(void *)((char *)object + QUICK_HEADER);
}

static inline PyObject *
quick_type(const PyObject *value)
{
    PyObject *type;

    memcpy(&type, (const char *)value + QUICK_TYPE, sizeof(type));
    return type;
}

/* Counts so small are neither those of immortal objects nor marked in their
 * upper half, whatever the version; and one is left when one is taken. */
#define PLAIN_COUNTS ((uint64_t)1 << 30)

static inline void
quick_retain(PyObject *object)
{
    uint64_t count;

    memcpy(&count, object, sizeof(count));
    if (KAA_UNLIKELY(count >= PLAIN_COUNTS)) {
        PY(Py_IncRef)(object);
        return;
    }
    count++;
    memcpy(object, &count, sizeof(count));
}

static inline void
quick_release(PyObject *object)
{
    uint64_t count;

    memcpy(&count, object, sizeof(count));
    if (KAA_UNLIKELY(count - 2 >= PLAIN_COUNTS)) {
        PY(Py_DecRef)(object);
        return;
    }
    count--;
    memcpy(object, &count, sizeof(count));
}

/* ---- arguments ---- */

static ALWAYS_INLINE quick_word
quick_integer(const kaa_cpython__quick *quick, const PyObject *value)
{
    const char *at = (const char *)value + QUICK_HEADER;
    const quick_word none = {0, 0};
    int64_t word, number;
    uint32_t digit;
    uint64_t cut;

    if (KAA_UNLIKELY(quick_type(value) != PY(PyLong_Type)))
        return none;
    memcpy(&word, at, sizeof(word));
    memcpy(&digit, at + 8, sizeof(digit));
    if (kaa_cpython__layout.long_layout == LONG_TAG_FIELD) {
        if (KAA_UNLIKELY((uint64_t)word >= 16))
            return none;
        number = (1 - (word & 3)) * (int64_t)digit;
    } else {
        if (KAA_UNLIKELY((uint64_t)(word + 1) > 2))
            return none;
        number = word * (int64_t)digit; /* a zero has no digit, but room */
    }
    if (KAA_LIKELY(quick->sort == QUICK_SIGNED))
        return (quick_word){(uint64_t)number, 1};
    cut = (uint64_t)number << quick->unused;
    if (KAA_UNLIKELY(quick->is_signed ? (int64_t)cut >> quick->unused != number
                                      : number < 0 || cut >> quick->unused !=
                                                          (uint64_t)number))
        return none;
    return (quick_word){(uint64_t)number, 1};
}

static inline int
quick_is_float(const PyObject *value)
{
    return quick_type(value) == PY(PyFloat_Type);
}

static inline double
quick_float(const PyObject *value)
{
    double number;

    memcpy(&number, (const char *)value + QUICK_FLOAT, sizeof(number));
    return number;
}

static inline const char *
quick_cdata(const PyObject *value)
{
    const char *data;

    memcpy(&data, (const char *)value + QUICK_CDATA, sizeof(data));
    return data;
}

/* Whether an instance of direct_class has the memory that its class promises:
 * a class can be assigned to an instance. */
static inline int
quick_is_whole(const kaa_cpython__conversion *conversion, const PyObject *value)
{
    uint64_t bytes;

    memcpy(&bytes, (const char *)value + QUICK_CDATA_SIZE, sizeof(bytes));
    return bytes >= conversion->shape.item_size;
}

static inline quick_word
quick_address(const void *address)
{
    return (quick_word){(uint64_t)(uintptr_t)address, 1};
}

/* Whether ASCII characters have a NUL among them. The words overlap where
 * their number is not one of words; of such bytes the highest bit is free. */
static inline int
quick_has_nul(const char *text, size_t length)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t words[2];
    uint32_t halves[2];

    if (length > 16)
        return memchr(text, 0, length) != NULL;
    if (length >= 8) {
        memcpy(&words[0], text, 8);
        memcpy(&words[1], text + length - 8, 8);
        return (((words[0] - ones) | (words[1] - ones)) & ones << 7) != 0;
    }
    if (length >= 4) {
        memcpy(&halves[0], text, 4);
        memcpy(&halves[1], text + length - 4, 4);
        return (((halves[0] - (uint32_t)ones) | (halves[1] - (uint32_t)ones)) &
                (uint32_t)(ones << 7)) != 0;
    }
    for (size_t i = 0; i < length; i++)
        if (text[i] == 0)
            return 1;
    return 0;
}

/* These are in quick.c, each a call of the interpreter's or rare. */
quick_word kaa_cpython__quick_text(PyObject *value);

/* A str that is ASCII and has no NUL, where it stands. */
static ALWAYS_INLINE quick_word
quick_ascii(const PyObject *value)
{
    const kaa_cpython__layouts *layout = &kaa_cpython__layout;
    const char *text;
    uint32_t bits;
    size_t length;

    memcpy(&bits, (const char *)value + TEXT_STATE, sizeof(bits));
    if (KAA_UNLIKELY((bits & layout->text_mask) != layout->text_bits))
        return (quick_word){0, 0};
    memcpy(&length, (const char *)value + TEXT_LENGTH, sizeof(length));
    text = (const char *)value + layout->text_offset;
    return (quick_word){(uint64_t)(uintptr_t)text,
                        !quick_has_nul(text, length)};
}

quick_word kaa_cpython__quick_buffer(const kaa_cpython__conversion *conversion,
                                     PyObject *value, views *held);
quick_word kaa_cpython__quick_other(kaa_cpython *host,
                                    const kaa_cpython__conversion *conversion,
                                    PyObject *value);

/* Whether C data, of the type that was met before, is of its class too: its
 * __class__ may have been assigned to. */
static inline int
quick_is_own(const kaa_cpython__conversion *conversion, const PyObject *value)
{
    struct kaa_cpython__class *class_;

    memcpy(&class_,
           (const char *)value + QUICK_HEADER +
               offsetof(kaa_cpython__data, class_),
           sizeof(class_));
    return class_ == conversion->own_data;
}

static ALWAYS_INLINE quick_word
quick_pointer(kaa_cpython *host, const kaa_cpython__conversion *conversion,
              PyObject *value, views *held)
{
    PyObject *type = quick_type(value);

    if (conversion->shape.op == CONVERT_TEXT && type == PY(PyUnicode_Type)) {
        quick_word found = quick_ascii(value);

        return KAA_LIKELY(found.is_there) ? found
                                          : kaa_cpython__quick_text(value);
    }
    if (KAA_LIKELY(type == conversion->own_class) &&
        KAA_LIKELY(quick_is_own(conversion, value)))
        return quick_address(quick_cdata(value));
    if (type == conversion->direct_class &&
        KAA_LIKELY(quick_is_whole(conversion, value)))
        return quick_address(quick_cdata(value));
    if (type == conversion->buffer_class)
        return kaa_cpython__quick_buffer(conversion, value, held);
    if (type == PY(PyBytes_Type) &&
        (conversion->shape.flags & (CONVERT_BYTES | CONVERT_WRITABLE)) ==
            CONVERT_BYTES)
        return quick_address((const char *)value + QUICK_BYTES);
    return kaa_cpython__quick_other(host, conversion, value);
}

/* An address that takes nothing but reading: of text, of C data or a ctypes
 * instance of a type met before, of bytes. */
static ALWAYS_INLINE quick_word
quick_plain_pointer(const kaa_cpython__conversion *conversion,
                    const PyObject *value)
{
    const PyObject *type = quick_type(value);

    if (KAA_LIKELY(type == conversion->own_class) &&
        KAA_LIKELY(quick_is_own(conversion, value)))
        return quick_address(quick_cdata(value));
    if (type == PY(PyUnicode_Type) && conversion->shape.op == CONVERT_TEXT)
        return quick_ascii(value);
    if (type == conversion->direct_class &&
        KAA_LIKELY(quick_is_whole(conversion, value)))
        return quick_address(quick_cdata(value));
    if (type == PY(PyBytes_Type) && conversion->buffer_class != type &&
        (conversion->shape.flags & (CONVERT_BYTES | CONVERT_WRITABLE)) ==
            CONVERT_BYTES)
        return quick_address((const char *)value + QUICK_BYTES);
    return (quick_word){0, 0};
}

/* ---- results ---- */

/* Of a word that has been widened. */
static inline PyObject *
quick_make_word(const kaa_cpython__function *self, uint64_t word)
{
    const char *text = (const char *)(uintptr_t)word;

    if (KAA_LIKELY(self->result.shape.op == CONVERT_INTEGER &&
                   !(self->result.shape.flags & CONVERT_ENUM)))
        return self->result.shape.is_signed
                   ? PY(PyLong_FromLongLong)((int64_t)word)
                   : PY(PyLong_FromUnsignedLongLong)(word);
    if (self->result.shape.op == CONVERT_TEXT && text != NULL)
        return PY(PyUnicode_DecodeUTF8)(text, (ssize_t)strlen(text),
                                        "surrogateescape");
    return kaa_cpython__word_result(self, word);
}

/* ---- around the call ---- */

/* What has to be ended: `record`, or the thread's common one. */
static inline kaa_cpython__record *
quick_begin(const kaa_cpython__function *self, kaa_cpython__record *record)
{
    if (self->flags & FUNCTION_IS_CLOSED)
        return NULL;
    if (self->flags & FUNCTION_HOLDS_GIL)
        return kaa_cpython__begin_held(record, self->host);
    kaa_cpython__begin(record, self->host, 0);
    return record;
}

static inline int
quick_end(kaa_cpython__record *record)
{
    return record != NULL ? kaa_cpython__end(record) : 0;
}

/* The entry for a function's signature if it has one of pairs.c; NULL. */
host_vectorcall kaa_cpython__pairs_entry(const kaa_cpython__function *self);
/* The same of mixed.c. */
host_vectorcall kaa_cpython__mixed_entry(const kaa_cpython__function *self);
/* Calls what travels in registers, or in few words on the stack. */
PyObject *kaa_cpython__call_any(PyObject *object, PyObject *const *args,
                                size_t flagged_count, PyObject *names);
/* The same, or one of mixed.c, if it has one of registers.c; NULL. */
host_vectorcall kaa_cpython__registers_entry(const kaa_cpython__function *self);

#endif /* KAA_CPYTHON_QUICK_H */
