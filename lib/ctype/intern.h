/* ctype/intern.h - making types; only for the files of this folder. */
#ifndef KAA_CTYPE_INTERN_H
#define KAA_CTYPE_INTERN_H

#include "ctype/internal.h"

/* Gives the table's type that is like `model`, made now if there is none.
 * Parts of the model are interned; its parameters are copied; `stripped` NULL
 * means the type itself. Sets model->hash. */
kaa_status kaa_ctype__intern(kaa_ctype_table *table, kaa_ctype *model,
                             const kaa_ctype **out_type, kaa_error *err);

/* Of what makes an interned type: its kind and parts. */
uint64_t kaa_ctype__hash(const kaa_ctype *model);

/* A new incomplete record or enum. */
kaa_status kaa_ctype__new(kaa_ctype_table *table, kaa_ctype_kind kind,
                          const char *tag, size_t tag_length,
                          const kaa_ctype **out_type, kaa_error *err);

/* NULL if the table and its types are as they should be, or the first thing
 * that is not. Walks everything that is interned. */
const char *kaa_ctype__verify(const kaa_ctype_table *table);

#endif /* KAA_CTYPE_INTERN_H */
