/* object/text/text.h - what str and bytes share beside their layout, and
 * codecs. */
#ifndef KAA_OBJECT_TEXT_H
#define KAA_OBJECT_TEXT_H

#include "object/text/str.h"

/* left + right, of two objects of the same type. */
kaa_object *kaa_object__text_concat(kaa_context *ctx, kaa_object *left,
                                    kaa_object *right);
/* The operators of a sequence, of str or bytes: + and *. */
kaa_object *kaa_object__text_binary(kaa_context *ctx, kaa_object *left,
                                    kaa_object *right, int op);
kaa_object *kaa_object__text_compare(kaa_context *ctx, kaa_object *self,
                                     kaa_object *other, int op);
int64_t kaa_object__text_hash(kaa_context *ctx, kaa_object *self);
int kaa_object__text_truth(kaa_context *ctx, kaa_object *self);
/* An iterator of the given type, which begins with kaa_object__text_iterator.
 */
typedef struct kaa_object__text_iterator {
    kaa_object header;
    kaa_object *text; /* held; NULL at the end */
    size_t at;        /* in bytes */
} kaa_object__text_iterator;

kaa_object *kaa_object__text_iter(kaa_context *ctx, kaa_object *text,
                                  kaa_object__internal_id type);
int kaa_object__text_iterator_traverse(kaa_object *self, kaa_visit visit,
                                       void *arg);
void kaa_object__text_iterator_release(kaa_context *ctx, kaa_object *self);
kaa_object *kaa_object__iter_itself(kaa_context *ctx, kaa_object *self);

/* An index into `length` items, of an int; negative ones count from the end.
 * -1: an error is pending; `what` is "string" or "index". */
int kaa_object__text_index(kaa_context *ctx, kaa_object *key, size_t length,
                           const char *what, size_t *out);
/* The optional arguments start and end of find() and the like, as slices have
 * them, of `length` items. */
int kaa_object__text_range(kaa_context *ctx, kaa_object *const *args,
                           size_t nargs, size_t length, size_t *out_start,
                           size_t *out_end);

/* codec.c: utf-8, ascii, latin-1, with errors strict, ignore, replace. NULL for
 * a name: utf-8, strict. Fails: LookupError, UnicodeError. */
kaa_object *kaa_object__encode(kaa_context *ctx, kaa_object *str,
                               const char *encoding, const char *errors);
kaa_object *kaa_object__decode(kaa_context *ctx, const char *data, size_t size,
                               const char *encoding, const char *errors);
/* The arguments `encoding` and `errors` of a call, from args[first] on. */
int kaa_object__codec_names(kaa_context *ctx, const char *function,
                            kaa_object *const *args, size_t nargs, size_t first,
                            kaa_object *kwnames, const char **out_encoding,
                            const char **out_errors);

/* str_methods.c, bytes_methods.c */
extern const kaa_method kaa_object__str_methods[];
extern const kaa_method kaa_object__bytes_methods[];

#endif /* KAA_OBJECT_TEXT_H */
