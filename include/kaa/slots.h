/* kaa/slots.h - the slots of the table as functions: kaa_list_append(ctx, ...).
 *
 * Written by tests/abi/slots.py from kaa/api.def; change that, then run
 * `slots.py --write include`. kaa/context.h includes this header, so nobody
 * else needs to.
 *
 * Each function is one indirect call through the context's table. The GIL is
 * held around each. Objects that are parameters are borrowed, and results are
 * new references, but where the comment says otherwise. What failed has left an
 * exception pending in the context and has changed nothing else; any function
 * may raise MemoryError, and TypeError for an object of a wrong type.
 */
#ifndef KAA_SLOTS_H
#define KAA_SLOTS_H

#include <kaa/context.h>

KAA_BEGIN_DECLS

/* In debug builds too: so who calls a slot is who wanted it, for debuggers and
 * reports. */
#if defined(__GNUC__) || defined(__clang__)
#define KAA_SLOT_INLINE static inline __attribute__((always_inline))
#else
#define KAA_SLOT_INLINE static inline
#endif

/* ---- References */

/** How many references there are; SIZE_MAX for what is not counted. */
KAA_SLOT_INLINE size_t
kaa_refcount(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->refcount(ctx, object);
}

/* ---- Errors */

/**
 * Whether an exception is pending. Cannot fail.
 *
 * @return 1 or 0.
 */
KAA_SLOT_INLINE int
kaa_error_occurred(kaa_context *ctx)
{
    return ctx->api->error_occurred(ctx);
}

/**
 * Whether one is pending and is an instance of `type`. Cannot fail.
 *
 * @return 1 or 0.
 */
KAA_SLOT_INLINE int
kaa_error_matches(kaa_context *ctx, kaa_object *type)
{
    return ctx->api->error_matches(ctx, type);
}

/** Drops the pending exception, if there is one. */
KAA_SLOT_INLINE void
kaa_error_clear(kaa_context *ctx)
{
    ctx->api->error_clear(ctx);
}

/**
 * The pending exception, which is no longer pending; NULL if there is none.
 *
 * @return A new reference.
 */
KAA_SLOT_INLINE kaa_object *
kaa_error_take(kaa_context *ctx)
{
    return ctx->api->error_take(ctx);
}

/** Makes an exception instance pending, in place of any other. Returns -1. */
KAA_SLOT_INLINE int
kaa_raise_exception(kaa_context *ctx, kaa_object *exception)
{
    return ctx->api->raise_exception(ctx, exception);
}

/** Makes `type(value)` pending. Returns -1. */
KAA_SLOT_INLINE int
kaa_raise_object(kaa_context *ctx, kaa_object *type, kaa_object *value)
{
    return ctx->api->raise_object(ctx, type, value);
}

/** Makes `type(text)` pending. Returns -1. */
KAA_SLOT_INLINE int
kaa_raise(kaa_context *ctx, kaa_object *type, const char *text)
{
    return ctx->api->raise(ctx, type, text);
}

/**
 * Makes the subclass of OSError for a value of errno pending. `filename` may
 * be NULL. Returns -1.
 */
KAA_SLOT_INLINE int
kaa_raise_errno(kaa_context *ctx, int number, const char *filename)
{
    return ctx->api->raise_errno(ctx, number, filename);
}

/** Makes MemoryError pending, without needing memory. Returns -1. */
KAA_SLOT_INLINE int
kaa_raise_memory(kaa_context *ctx)
{
    return ctx->api->raise_memory(ctx);
}

/**
 * Tells of the pending exception, and drops it, where nobody can be given
 * it: in a finaliser. `where` may be NULL.
 */
KAA_SLOT_INLINE void
kaa_error_unraisable(kaa_context *ctx, kaa_object *where)
{
    ctx->api->error_unraisable(ctx, where);
}

/**
 * Writes the pending exception to stderr, with causes and traceback, and
 * drops it.
 */
KAA_SLOT_INLINE void
kaa_error_print(kaa_context *ctx)
{
    ctx->api->error_print(ctx);
}

/**
 * Adds a frame of C code to the traceback of the pending exception, if there
 * is one; see KAA_TRACE(). Cannot fail. The texts are constants.
 */
KAA_SLOT_INLINE void
kaa_error_add_frame(kaa_context *ctx, const char *function, const char *file,
                    int line)
{
    ctx->api->error_add_frame(ctx, function, file, line);
}

/**
 * A new exception type. `name` is "module.Name", `base` NULL for Exception,
 * `doc` may be NULL.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_exception_new_type(kaa_context *ctx, const char *name, const char *doc,
                       kaa_object *base)
{
    return ctx->api->exception_new_type(ctx, name, doc, base);
}

/**
 * The cause of an exception (`raise ... from`), or None.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_exception_cause(kaa_context *ctx, kaa_object *exception)
{
    return ctx->api->exception_cause(ctx, exception);
}

/**
 * `cause` may be None.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_exception_set_cause(kaa_context *ctx, kaa_object *exception,
                        kaa_object *cause)
{
    return ctx->api->exception_set_cause(ctx, exception, cause);
}

/**
 * The traceback: the host's, or a tuple of (function, file, line), innermost
 * first; None where none is known.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_exception_traceback(kaa_context *ctx, kaa_object *exception)
{
    return ctx->api->exception_traceback(ctx, exception);
}

/**
 * Issues a warning; fails where warnings are made errors. Outside a Python:
 * "Category: text" on stderr, each text once.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_warn(kaa_context *ctx, kaa_object *category, const char *text)
{
    return ctx->api->warn(ctx, category, text);
}

/* ---- Types of objects */

/**
 * The type.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_type_of(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->type_of(ctx, object);
}

/**
 * Whether the type of `object` is that builtin type or derived from it.
 * Cannot fail. `id` is a kaa_builtin_id of a type.
 *
 * @return 1 or 0.
 */
KAA_SLOT_INLINE int
kaa_check(kaa_context *ctx, kaa_object *object, int id)
{
    return ctx->api->check(ctx, object, id);
}

/**
 * The same for the very type.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_check_exact(kaa_context *ctx, kaa_object *object, int id)
{
    return ctx->api->check_exact(ctx, object, id);
}

/**
 * As isinstance(), which believes an object's `__class__`: see
 * kaa_is_made_of(). `type` may be a tuple of types.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_is_instance(kaa_context *ctx, kaa_object *object, kaa_object *type)
{
    return ctx->api->is_instance(ctx, object, type);
}

/**
 * As issubclass().
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_is_subtype(kaa_context *ctx, kaa_object *type, kaa_object *of)
{
    return ctx->api->is_subtype(ctx, type, of);
}

/**
 * Whether the object can be called. Cannot fail.
 *
 * @return 1 or 0.
 */
KAA_SLOT_INLINE int
kaa_is_callable(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->is_callable(ctx, object);
}

/* ---- int: any size */

/**
 * An int.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_int_from_uint64(kaa_context *ctx, uint64_t value)
{
    return ctx->api->int_from_uint64(ctx, value);
}

/**
 * From an integer of `size` bytes in two's complement, or without sign.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_int_from_bytes(kaa_context *ctx, const void *bytes, size_t size,
                   int is_big_endian, int is_signed)
{
    return ctx->api->int_from_bytes(ctx, bytes, size, is_big_endian, is_signed);
}

/**
 * As int(text, base); `base` is 0 or 2 to 36. Fails: ValueError.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_int_from_text(kaa_context *ctx, const char *text, size_t size, int base)
{
    return ctx->api->int_from_text(ctx, text, size, base);
}

/**
 * The value of an int that is not negative; takes what has __index__. Fails:
 * OverflowError.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_int_as_uint64(kaa_context *ctx, kaa_object *object, uint64_t *out)
{
    return ctx->api->int_as_uint64(ctx, object, out);
}

/**
 * The lowest 64 bits.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_int_as_uint64_mask(kaa_context *ctx, kaa_object *object, uint64_t *out)
{
    return ctx->api->int_as_uint64_mask(ctx, object, out);
}

/**
 * Writes `size` bytes, in two's complement if `is_signed`. Fails:
 * OverflowError where they are too few, or the int is negative and not
 * `is_signed`.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_int_as_bytes(kaa_context *ctx, kaa_object *object, void *bytes, size_t size,
                 int is_big_endian, int is_signed)
{
    return ctx->api->int_as_bytes(ctx, object, bytes, size, is_big_endian,
                                  is_signed);
}

/**
 * The str in a base of 2, 8, 10 or 16, without a prefix.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_int_as_text(kaa_context *ctx, kaa_object *object, int base)
{
    return ctx->api->int_as_text(ctx, object, base);
}

/**
 * -1, 0 or 1 into *out.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_int_sign(kaa_context *ctx, kaa_object *object, int *out)
{
    return ctx->api->int_sign(ctx, object, out);
}

/**
 * The length of the absolute value in bits.
 *
 * @return The number; -1 with an exception pending.
 */
KAA_SLOT_INLINE ptrdiff_t
kaa_int_bit_length(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->int_bit_length(ctx, object);
}

/* ---- float, complex */

/**
 * A float.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_float_from_double(kaa_context *ctx, double value)
{
    return ctx->api->float_from_double(ctx, value);
}

/**
 * Takes an int and what has __float__ or __index__ too.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_float_as_double(kaa_context *ctx, kaa_object *object, double *out)
{
    return ctx->api->float_as_double(ctx, object, out);
}

/**
 * A complex.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_complex_from_doubles(kaa_context *ctx, double real, double imaginary)
{
    return ctx->api->complex_from_doubles(ctx, real, imaginary);
}

/**
 * Takes what kaa_float_as_double() takes too.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_complex_as_doubles(kaa_context *ctx, kaa_object *object, double *out_real,
                       double *out_imaginary)
{
    return ctx->api->complex_as_doubles(ctx, object, out_real, out_imaginary);
}

/* ---- str: Unicode text */

/**
 * Fails: UnicodeDecodeError, with the position, where it is not UTF-8.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_str_from_utf8(kaa_context *ctx, const char *text, size_t size)
{
    return ctx->api->str_from_utf8(ctx, text, size);
}

/**
 * The same of a NUL-terminated text, always the same object for equal texts:
 * for names.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_str_intern(kaa_context *ctx, const char *text)
{
    return ctx->api->str_intern(ctx, text);
}

/**
 * The text, NUL-terminated, borrowed as long as the str lives; its bytes
 * into *out_size, if that is not NULL. Fails: UnicodeEncodeError where it
 * holds lone surrogates.
 *
 * @return Borrowed; NULL with an exception pending.
 */
KAA_SLOT_INLINE const char *
kaa_str_as_utf8(kaa_context *ctx, kaa_object *str, size_t *out_size)
{
    return ctx->api->str_as_utf8(ctx, str, out_size);
}

/**
 * How many characters it has.
 *
 * @return The number; -1 with an exception pending.
 */
KAA_SLOT_INLINE ptrdiff_t
kaa_str_length(kaa_context *ctx, kaa_object *str)
{
    return ctx->api->str_length(ctx, str);
}

/**
 * Whether the object is a str with just this text. Cannot fail.
 *
 * @return 1 or 0.
 */
KAA_SLOT_INLINE int
kaa_str_equals(kaa_context *ctx, kaa_object *str, const char *text, size_t size)
{
    return ctx->api->str_equals(ctx, str, text, size);
}

/**
 * Characters from `start` to before `end`, cut to what there is.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_str_substring(kaa_context *ctx, kaa_object *str, ptrdiff_t start,
                  ptrdiff_t end)
{
    return ctx->api->str_substring(ctx, str, start, end);
}

/**
 * As separator.join(items).
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_str_join(kaa_context *ctx, kaa_object *separator, kaa_object *items)
{
    return ctx->api->str_join(ctx, separator, items);
}

/**
 * The character at an index, as a code point; -1 when it failed
 * (IndexError).
 */
KAA_SLOT_INLINE ptrdiff_t
kaa_str_code_point(kaa_context *ctx, kaa_object *str, ptrdiff_t index)
{
    return ctx->api->str_code_point(ctx, str, index);
}

/* ---- bytes */

/**
 * `data` NULL: the bytes are zeros.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_bytes_from_data(kaa_context *ctx, const void *data, size_t size)
{
    return ctx->api->bytes_from_data(ctx, data, size);
}

/**
 * The bytes, followed by a NUL, borrowed as long as the object lives. They
 * may be written to as long as nobody else has the object.
 *
 * @return Borrowed; NULL with an exception pending.
 */
KAA_SLOT_INLINE char *
kaa_bytes_as_data(kaa_context *ctx, kaa_object *bytes, size_t *out_size)
{
    return ctx->api->bytes_as_data(ctx, bytes, out_size);
}

/* ---- tuple */

/**
 * `items` may be NULL if `count` is 0.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_tuple_from_array(kaa_context *ctx, kaa_object *const *items, size_t count)
{
    return ctx->api->tuple_from_array(ctx, items, count);
}

/**
 * The same, and the references in `items` are the tuple's, or gone when it
 * failed. An item that is NULL makes it fail with what is pending.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_tuple_take_array(kaa_context *ctx, kaa_object *const *items, size_t count)
{
    return ctx->api->tuple_take_array(ctx, items, count);
}

/**
 * How many items it has.
 *
 * @return The number; -1 with an exception pending.
 */
KAA_SLOT_INLINE ptrdiff_t
kaa_tuple_size(kaa_context *ctx, kaa_object *tuple)
{
    return ctx->api->tuple_size(ctx, tuple);
}

/**
 * Fails: IndexError; an index may not be negative.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_tuple_get(kaa_context *ctx, kaa_object *tuple, ptrdiff_t index)
{
    return ctx->api->tuple_get(ctx, tuple, index);
}

/**
 * The same, borrowed as long as the tuple lives.
 *
 * @return Borrowed; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_tuple_get_borrowed(kaa_context *ctx, kaa_object *tuple, ptrdiff_t index)
{
    return ctx->api->tuple_get_borrowed(ctx, tuple, index);
}

/* ---- list */

/**
 * Empty. `capacity` is how many items are expected.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_list_new(kaa_context *ctx, size_t capacity)
{
    return ctx->api->list_new(ctx, capacity);
}

/**
 * `items` may be NULL if `count` is 0.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_list_from_array(kaa_context *ctx, kaa_object *const *items, size_t count)
{
    return ctx->api->list_from_array(ctx, items, count);
}

/**
 * As kaa_tuple_take_array().
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_list_take_array(kaa_context *ctx, kaa_object *const *items, size_t count)
{
    return ctx->api->list_take_array(ctx, items, count);
}

/**
 * How many items it has.
 *
 * @return The number; -1 with an exception pending.
 */
KAA_SLOT_INLINE ptrdiff_t
kaa_list_size(kaa_context *ctx, kaa_object *list)
{
    return ctx->api->list_size(ctx, list);
}

/**
 * Fails: IndexError; an index may not be negative.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_list_get(kaa_context *ctx, kaa_object *list, ptrdiff_t index)
{
    return ctx->api->list_get(ctx, list, index);
}

/**
 * Puts another item in the place of one. Fails: IndexError; an index may not
 * be negative.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_list_set(kaa_context *ctx, kaa_object *list, ptrdiff_t index,
             kaa_object *item)
{
    return ctx->api->list_set(ctx, list, index, item);
}

/**
 * Adds an item at the end.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_list_append(kaa_context *ctx, kaa_object *list, kaa_object *item)
{
    return ctx->api->list_append(ctx, list, item);
}

/**
 * The same, and the reference to `item` is the list's, or gone when it
 * failed. NULL for `item` makes it fail with what is pending.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_list_take_append(kaa_context *ctx, kaa_object *list, kaa_object *item)
{
    return ctx->api->list_take_append(ctx, list, item);
}

/**
 * Before `index`, which is cut to what there is.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_list_insert(kaa_context *ctx, kaa_object *list, ptrdiff_t index,
                kaa_object *item)
{
    return ctx->api->list_insert(ctx, list, index, item);
}

/**
 * Adds what iterating over `items` gives. What came before an error stays.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_list_extend(kaa_context *ctx, kaa_object *list, kaa_object *items)
{
    return ctx->api->list_extend(ctx, list, items);
}

/**
 * Removes the item at `index` (-1: the last) and gives it. Fails:
 * IndexError.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_list_pop(kaa_context *ctx, kaa_object *list, ptrdiff_t index)
{
    return ctx->api->list_pop(ctx, list, index);
}

/**
 * A new list of the items from `start` to before `end`, cut to what there
 * is.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_list_slice(kaa_context *ctx, kaa_object *list, ptrdiff_t start,
               ptrdiff_t end)
{
    return ctx->api->list_slice(ctx, list, start, end);
}

/**
 * Puts the items of the iterable `items` (NULL: none) in their place.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_list_set_slice(kaa_context *ctx, kaa_object *list, ptrdiff_t start,
                   ptrdiff_t end, kaa_object *items)
{
    return ctx->api->list_set_slice(ctx, list, start, end, items);
}

/**
 * In place, by `<`, stable.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_list_sort(kaa_context *ctx, kaa_object *list)
{
    return ctx->api->list_sort(ctx, list);
}

/**
 * In place.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_list_reverse(kaa_context *ctx, kaa_object *list)
{
    return ctx->api->list_reverse(ctx, list);
}

/* ---- dict: insertion order */

/**
 * Empty.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_dict_new(kaa_context *ctx)
{
    return ctx->api->dict_new(ctx);
}

/**
 * How many entries it has.
 *
 * @return The number; -1 with an exception pending.
 */
KAA_SLOT_INLINE ptrdiff_t
kaa_dict_size(kaa_context *ctx, kaa_object *dict)
{
    return ctx->api->dict_size(ctx, dict);
}

/**
 * Whether the key is there; then its value is a new reference in *out. `out`
 * may be NULL.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_dict_find(kaa_context *ctx, kaa_object *dict, kaa_object *key,
              kaa_object **out)
{
    return ctx->api->dict_find(ctx, dict, key, out);
}

/**
 * The same with a text of `size` bytes for the key.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_dict_find_text(kaa_context *ctx, kaa_object *dict, const char *key,
                   size_t size, kaa_object **out)
{
    return ctx->api->dict_find_text(ctx, dict, key, size, out);
}

/**
 * Adds an entry, or gives one another value. Fails: TypeError for a key that
 * has no hash.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_dict_set(kaa_context *ctx, kaa_object *dict, kaa_object *key,
             kaa_object *value)
{
    return ctx->api->dict_set(ctx, dict, key, value);
}

/**
 * The same with a text of `size` bytes for the key.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_dict_set_text(kaa_context *ctx, kaa_object *dict, const char *key,
                  size_t size, kaa_object *value)
{
    return ctx->api->dict_set_text(ctx, dict, key, size, value);
}

/**
 * Removes a key, if it is there: 1 if it was. Its value is a new reference
 * in *out, if `out` is not NULL.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_dict_remove(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                kaa_object **out)
{
    return ctx->api->dict_remove(ctx, dict, key, out);
}

/**
 * The entry at *position, which starts as 0 and is moved on: 1, with two new
 * references (either `out` may be NULL); 0 at the end. The dict's keys may
 * not change meanwhile.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_dict_next(kaa_context *ctx, kaa_object *dict, size_t *position,
              kaa_object **out_key, kaa_object **out_value)
{
    return ctx->api->dict_next(ctx, dict, position, out_key, out_value);
}

/**
 * Adds the entries of another dict, or of an object with keys().
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_dict_update(kaa_context *ctx, kaa_object *dict, kaa_object *other)
{
    return ctx->api->dict_update(ctx, dict, other);
}

/**
 * Removes all entries.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_dict_clear(kaa_context *ctx, kaa_object *dict)
{
    return ctx->api->dict_clear(ctx, dict);
}

/**
 * A new dict with the same entries.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_dict_copy(kaa_context *ctx, kaa_object *dict)
{
    return ctx->api->dict_copy(ctx, dict);
}

/**
 * A new list of the keys.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_dict_keys(kaa_context *ctx, kaa_object *dict)
{
    return ctx->api->dict_keys(ctx, dict);
}

/**
 * A new list of the values.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_dict_values(kaa_context *ctx, kaa_object *dict)
{
    return ctx->api->dict_values(ctx, dict);
}

/**
 * A new list of tuples (key, value).
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_dict_items(kaa_context *ctx, kaa_object *dict)
{
    return ctx->api->dict_items(ctx, dict);
}

/* ---- set, frozenset */

/**
 * Of the items of an iterable; NULL: empty.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_set_new(kaa_context *ctx, kaa_object *items)
{
    return ctx->api->set_new(ctx, items);
}

/**
 * The same, never to change.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_frozenset_new(kaa_context *ctx, kaa_object *items)
{
    return ctx->api->frozenset_new(ctx, items);
}

/**
 * How many items it has.
 *
 * @return The number; -1 with an exception pending.
 */
KAA_SLOT_INLINE ptrdiff_t
kaa_set_size(kaa_context *ctx, kaa_object *set)
{
    return ctx->api->set_size(ctx, set);
}

/**
 * Whether the item is there.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_set_contains(kaa_context *ctx, kaa_object *set, kaa_object *item)
{
    return ctx->api->set_contains(ctx, set, item);
}

/**
 * A set alone.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_set_add(kaa_context *ctx, kaa_object *set, kaa_object *item)
{
    return ctx->api->set_add(ctx, set, item);
}

/**
 * Removes an item, if it is there: 1 if it was.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_set_discard(kaa_context *ctx, kaa_object *set, kaa_object *item)
{
    return ctx->api->set_discard(ctx, set, item);
}

/**
 * Removes an item and gives it. Fails: KeyError when empty.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_set_pop(kaa_context *ctx, kaa_object *set)
{
    return ctx->api->set_pop(ctx, set);
}

/* ---- Other builtin types */

/**
 * Each part may be NULL, for None.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_slice_new(kaa_context *ctx, kaa_object *start, kaa_object *stop,
              kaa_object *step)
{
    return ctx->api->slice_new(ctx, start, stop, step);
}

/**
 * Where the slice begins, its step, and how many items it picks of a
 * sequence of `length`.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_slice_resolve(kaa_context *ctx, kaa_object *slice, ptrdiff_t length,
                  ptrdiff_t *out_start, ptrdiff_t *out_step,
                  ptrdiff_t *out_count)
{
    return ctx->api->slice_resolve(ctx, slice, length, out_start, out_step,
                                   out_count);
}

/**
 * A function. `self` (may be NULL) is what it is called with, `module` (may
 * be NULL) the name of its module. `method` lives as long.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_function_new(kaa_context *ctx, const kaa_method *method, kaa_object *self,
                 kaa_object *module)
{
    return ctx->api->function_new(ctx, method, self, module);
}

/**
 * A pointer as an object. `destroy` (may be NULL) is called at its end with
 * the pointer; `name` (may be NULL) is a constant.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_capsule_new(kaa_context *ctx, void *pointer, const char *name,
                void (*destroy)(void *pointer))
{
    return ctx->api->capsule_new(ctx, pointer, name, destroy);
}

/**
 * The pointer of a capsule. Fails: ValueError if it has another name.
 *
 * @return A pointer; NULL with an exception pending.
 */
KAA_SLOT_INLINE void *
kaa_capsule_get(kaa_context *ctx, kaa_object *capsule, const char *name)
{
    return ctx->api->capsule_get(ctx, capsule, name);
}

/**
 * A weak reference. `callback` (may be NULL) is called with it when the
 * object is gone. Fails: TypeError where the type has none.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_weakref_new(kaa_context *ctx, kaa_object *object, kaa_object *callback)
{
    return ctx->api->weakref_new(ctx, object, callback);
}

/**
 * Whether the object lives; then it is a new reference in *out.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_weakref_get(kaa_context *ctx, kaa_object *weakref, kaa_object **out)
{
    return ctx->api->weakref_get(ctx, weakref, out);
}

/* ---- Types and instances of one's own */

/**
 * A type. `module` (may be NULL) is what kaa_type_module() gives; `base`
 * (may be NULL: object) a type of one's own or an exception type.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_type_new(kaa_context *ctx, const kaa_type_spec *spec, kaa_object *module,
             kaa_object *base)
{
    return ctx->api->type_new(ctx, spec, module, base);
}

/**
 * The module that the type, or the nearest of its bases, was made with.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_type_module(kaa_context *ctx, kaa_object *type)
{
    return ctx->api->type_module(ctx, type);
}

/**
 * An instance whose data are zeros, its `init` not called.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_instance_new(kaa_context *ctx, kaa_object *type)
{
    return ctx->api->instance_new(ctx, type);
}

/* ---- Every object */

/**
 * As getattr(). Fails: AttributeError.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_get_attr(kaa_context *ctx, kaa_object *object, kaa_object *name)
{
    return ctx->api->get_attr(ctx, object, name);
}

/**
 * The same by a NUL-terminated name.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_get_attr_text(kaa_context *ctx, kaa_object *object, const char *name)
{
    return ctx->api->get_attr_text(ctx, object, name);
}

/**
 * Whether the attribute is there; then its value is a new reference in *out.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_find_attr(kaa_context *ctx, kaa_object *object, const char *name,
              kaa_object **out)
{
    return ctx->api->find_attr(ctx, object, name, out);
}

/**
 * `value` NULL: delete.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_set_attr(kaa_context *ctx, kaa_object *object, kaa_object *name,
             kaa_object *value)
{
    return ctx->api->set_attr(ctx, object, name, value);
}

/**
 * The same by a NUL-terminated name.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_set_attr_text(kaa_context *ctx, kaa_object *object, const char *name,
                  kaa_object *value)
{
    return ctx->api->set_attr_text(ctx, object, name, value);
}

/**
 * The look-up that a type without `get_attr` of its own has.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_generic_get_attr(kaa_context *ctx, kaa_object *object, kaa_object *name)
{
    return ctx->api->generic_get_attr(ctx, object, name);
}

/**
 * The assignment that a type without `set_attr` of its own has.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_generic_set_attr(kaa_context *ctx, kaa_object *object, kaa_object *name,
                     kaa_object *value)
{
    return ctx->api->generic_set_attr(ctx, object, name, value);
}

/**
 * As object[key].
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_get_item(kaa_context *ctx, kaa_object *object, kaa_object *key)
{
    return ctx->api->get_item(ctx, object, key);
}

/**
 * `value` NULL: delete.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_set_item(kaa_context *ctx, kaa_object *object, kaa_object *key,
             kaa_object *value)
{
    return ctx->api->set_item(ctx, object, key, value);
}

/**
 * As object[index], of sequences; negative ones count from the end.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_get_index(kaa_context *ctx, kaa_object *object, ptrdiff_t index)
{
    return ctx->api->get_index(ctx, object, index);
}

/**
 * As len().
 *
 * @return The number; -1 with an exception pending.
 */
KAA_SLOT_INLINE ptrdiff_t
kaa_length(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->length(ctx, object);
}

/**
 * As `item in object`.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_contains(kaa_context *ctx, kaa_object *object, kaa_object *item)
{
    return ctx->api->contains(ctx, object, item);
}

/**
 * As iter().
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_iter(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->iter(ctx, object);
}

/**
 * The next item of an iterator: 1, with a new reference in *out; 0 at the
 * end.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_next(kaa_context *ctx, kaa_object *iterator, kaa_object **out)
{
    return ctx->api->next(ctx, iterator, out);
}

/**
 * `args` are `nargs` positional arguments and then the values of `kwnames`,
 * a tuple of str or NULL.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_call(kaa_context *ctx, kaa_object *callable, kaa_object *const *args,
         size_t nargs, kaa_object *kwnames)
{
    return ctx->api->call(ctx, callable, args, nargs, kwnames);
}

/**
 * The same for callable(*args, **kwargs): a tuple, and a dict or NULL.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_call_dict(kaa_context *ctx, kaa_object *callable, kaa_object *args,
              kaa_object *kwargs)
{
    return ctx->api->call_dict(ctx, callable, args, kwargs);
}

/**
 * As args[0].name(args[1], ...).
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_call_method(kaa_context *ctx, const char *name, kaa_object *const *args,
                size_t nargs, kaa_object *kwnames)
{
    return ctx->api->call_method(ctx, name, args, nargs, kwnames);
}

/**
 * `op` is a kaa_comparison.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_compare(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    return ctx->api->compare(ctx, left, right, op);
}

/**
 * The truth of it. One object is equal to itself.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_compare_truth(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    return ctx->api->compare_truth(ctx, left, right, op);
}

/** As hash(); -1 when it failed, and never otherwise. */
KAA_SLOT_INLINE int64_t
kaa_hash(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->hash(ctx, object);
}

/**
 * As repr().
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_repr(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->repr(ctx, object);
}

/**
 * As str().
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_str(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->str(ctx, object);
}

/**
 * As bool().
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_truth(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->truth(ctx, object);
}

/**
 * `op` is a kaa_operator.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    return ctx->api->binary(ctx, left, right, op);
}

/**
 * As `left op= right`: the result is to replace `left`.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_inplace(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    return ctx->api->inplace(ctx, left, right, op);
}

/**
 * `op` is a kaa_unary_operator.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_unary(kaa_context *ctx, kaa_object *object, int op)
{
    return ctx->api->unary(ctx, object, op);
}

/**
 * As int(), of a number.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_to_int(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->to_int(ctx, object);
}

/**
 * As float(), of a number.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_to_float(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->to_float(ctx, object);
}

/**
 * As operator.index(): an int without loss.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_index(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->index(ctx, object);
}

/**
 * A new list of what iterating gives.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_to_list(kaa_context *ctx, kaa_object *items)
{
    return ctx->api->to_list(ctx, items);
}

/**
 * A new tuple of what iterating gives.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_to_tuple(kaa_context *ctx, kaa_object *items)
{
    return ctx->api->to_tuple(ctx, items);
}

/**
 * Borrows an object's memory into *out, until kaa_buffer_release().
 * `request` are KAA_BUFFER_* bits. Fails: BufferError.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_buffer_get(kaa_context *ctx, kaa_object *object, kaa_buffer *out,
               int request)
{
    return ctx->api->buffer_get(ctx, object, out, request);
}

/** Repeating it does nothing. */
KAA_SLOT_INLINE void
kaa_buffer_release(kaa_context *ctx, kaa_buffer *buffer)
{
    ctx->api->buffer_release(ctx, buffer);
}

/**
 * A memoryview of an object's buffer.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_memoryview_new(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->memoryview_new(ctx, object);
}

/* ---- Arguments and values */

/* ---- Modules */

/**
 * An empty module.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_module_new(kaa_context *ctx, const char *name)
{
    return ctx->api->module_new(ctx, name);
}

/**
 * The state of a module made from a definition; NULL if it has none. Does
 * not fail on a module.
 *
 * @return A pointer.
 */
KAA_SLOT_INLINE void *
kaa_module_state(kaa_context *ctx, kaa_object *module)
{
    return ctx->api->module_state(ctx, module);
}

/**
 * The module that this runtime made from a definition. Fails: ImportError if
 * there is none. Hold it as long as its state is used: what the state refers
 * to may be cleared with the module, in any call.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_module_find(kaa_context *ctx, const struct kaa_module_def *definition)
{
    return ctx->api->module_find(ctx, definition);
}

/**
 * A module by its name or, with a slash in it, the path of its file.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_import(kaa_context *ctx, const char *name)
{
    return ctx->api->import(ctx, name);
}

/* ---- Threads */

/**
 * Lets the GIL go around something that may block; no object may be used
 * until kaa_end_allow_threads() with what this returned.
 *
 * @return A pointer; NULL with an exception pending.
 */
KAA_SLOT_INLINE void *
kaa_begin_allow_threads(kaa_context *ctx)
{
    return ctx->api->begin_allow_threads(ctx);
}

/** Takes the GIL back. */
KAA_SLOT_INLINE void
kaa_end_allow_threads(kaa_context *ctx, void *begun)
{
    ctx->api->end_allow_threads(ctx, begun);
}

/**
 * What kaa_thread_enter() needs: a number, which may be kept beyond the end
 * of the runtime, and is refused from then on.
 *
 * @return A pointer; NULL with an exception pending.
 */
KAA_SLOT_INLINE void *
kaa_runtime_handle(kaa_context *ctx)
{
    return ctx->api->runtime_handle(ctx);
}

/** Undoes one kaa_thread_enter(). */
KAA_SLOT_INLINE void
kaa_thread_leave(kaa_context *ctx)
{
    ctx->api->thread_leave(ctx);
}

/* ---- Memory */

/**
 * Memory that counts for the runtime; freed with kaa_mem_free() alone.
 *
 * @return A pointer; NULL with an exception pending.
 */
KAA_SLOT_INLINE void *
kaa_mem_alloc(kaa_context *ctx, size_t size)
{
    return ctx->api->mem_alloc(ctx, size);
}

/**
 * `block` may be NULL; it is as it was when this failed.
 *
 * @return A pointer; NULL with an exception pending.
 */
KAA_SLOT_INLINE void *
kaa_mem_resize(kaa_context *ctx, void *block, size_t size)
{
    return ctx->api->mem_resize(ctx, block, size);
}

/** Frees what kaa_mem_alloc() gave. NULL is allowed. */
KAA_SLOT_INLINE void
kaa_mem_free(kaa_context *ctx, void *block)
{
    ctx->api->mem_free(ctx, block);
}

/**
 * Says that objects hold so many bytes more (or less) of memory from
 * elsewhere, for the pace of the collector.
 */
KAA_SLOT_INLINE void
kaa_add_external(kaa_context *ctx, ptrdiff_t bytes)
{
    ctx->api->add_external(ctx, bytes);
}

/**
 * Frees unreachable cycles; how many objects they had.
 *
 * @return The number; -1 with an exception pending.
 */
KAA_SLOT_INLINE ptrdiff_t
kaa_collect(kaa_context *ctx)
{
    return ctx->api->collect(ctx);
}

/* ---- Newer slots: at the end, whatever they belong to */

/**
 * A new dict of `count` keys and values, in turn in `items`; a key that
 * comes again replaces its value. The references in `items` are the dict's,
 * or gone when it failed. An item that is NULL makes it fail with what is
 * pending.
 *
 * @return A new reference; NULL with an exception pending.
 */
KAA_SLOT_INLINE kaa_object *
kaa_dict_take_array(kaa_context *ctx, kaa_object *const *items, size_t count)
{
    return ctx->api->dict_take_array(ctx, items, count);
}

/**
 * Before a call of C code that may come back to where it is made: a parser
 * of what is nested, a walk. Counted with the other calls within calls;
 * `where` ends the message (" while parsing"). 0: kaa_leave_call() must
 * follow. Fails: RecursionError.
 *
 * @return 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_enter_call(kaa_context *ctx, const char *where)
{
    return ctx->api->enter_call(ctx, where);
}

/** After it. */
KAA_SLOT_INLINE void
kaa_leave_call(kaa_context *ctx)
{
    ctx->api->leave_call(ctx);
}

/**
 * For a repr of what may contain itself: 1 if the repr of `object` is being
 * made further out on this thread (then "..." should stand for it); 0:
 * kaa_repr_leave() must follow.
 *
 * @return 1 or 0; -1 with an exception pending.
 */
KAA_SLOT_INLINE int
kaa_repr_enter(kaa_context *ctx, kaa_object *object)
{
    return ctx->api->repr_enter(ctx, object);
}

/** Undoes kaa_repr_enter(), the newest first. */
KAA_SLOT_INLINE void
kaa_repr_leave(kaa_context *ctx, kaa_object *object)
{
    ctx->api->repr_leave(ctx, object);
}

#undef KAA_SLOT_INLINE

KAA_END_DECLS

#endif /* KAA_SLOTS_H */
