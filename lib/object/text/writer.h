/* object/text/writer.h - text that is written bit by bit and becomes a str:
 * reprs, joins, formats.
 *
 *     kaa_object__writer writer = {.ctx = ctx};
 *
 *     if (kaa_object__write(&writer, "[", 1) < 0 || ...) {
 *         kaa_object__writer_fini(&writer);
 *         return NULL;
 *     }
 *     return kaa_object__writer_finish(&writer);
 *
 * Functions return 0; -1 with MemoryError pending. After the first failure the
 * others do nothing and fail too, so that asking at the end is enough.
 */
#ifndef KAA_OBJECT_WRITER_H
#define KAA_OBJECT_WRITER_H

#include "object/core/object.h"

typedef struct kaa_object__writer {
    kaa_context *ctx;
    char *text; /* `here`, or memory of the runtime */
    size_t size;
    size_t capacity;
    size_t count; /* characters */
    int failed;
    char here[104];
} kaa_object__writer;

/* `text` is whole characters of UTF-8. */
int kaa_object__write(kaa_object__writer *writer, const char *text,
                      size_t size);
/* A NUL-terminated text. */
int kaa_object__write_text(kaa_object__writer *writer, const char *text);
int kaa_object__write_str(kaa_object__writer *writer, kaa_object *str);
int kaa_object__write_code_point(kaa_object__writer *writer, uint32_t point);
/* The same character `times` times; ASCII. */
int kaa_object__write_repeated(kaa_object__writer *writer, char what,
                               size_t times);
/* What repr(object) and str(object) give; fails with what they raise. */
int kaa_object__write_repr(kaa_object__writer *writer, kaa_object *object);
int kaa_object__write_str_of(kaa_object__writer *writer, kaa_object *object);
/* The str, as a new reference; ends the writer, also when it fails. */
kaa_object *kaa_object__writer_finish(kaa_object__writer *writer);
/* The end of a writer that is given up. */
void kaa_object__writer_fini(kaa_object__writer *writer);

#endif /* KAA_OBJECT_WRITER_H */
