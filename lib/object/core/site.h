/* object/core/site.h - who made an object: for runtimes that keep that in mind.
 */
#ifndef KAA_OBJECT_SITE_H
#define KAA_OBJECT_SITE_H

#include "object/core/object.h"

/* Notes the code that is making `object`: the innermost caller that is not of
 * this library. Does nothing where memory is short. */
void kaa_object__site_note(kaa_runtime *runtime, const kaa_object *object);
void kaa_object__site_forget(kaa_runtime *runtime, const kaa_object *object);
/* An address in that code; NULL if it is not known. */
const void *kaa_object__site_of(const kaa_runtime *runtime,
                                const kaa_object *object);
/* "module.so+0x12a4 (function)"; "" for NULL. */
void kaa_object__site_text(const void *site, char *buffer, size_t size);
void kaa_object__sites_stop(kaa_runtime *runtime);

#endif /* KAA_OBJECT_SITE_H */
