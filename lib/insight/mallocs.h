/* insight/mallocs.h - hooks in front of malloc() and its family, in every
 * loaded object but the interpreter, kaa and the loader.
 *
 * What the interpreter itself allocates goes through its own allocators, which
 * have hooks: it would be counted twice. An object that reaches another
 * malloc() than the program's, or another tool's hook, is left alone. Objects
 * that are loaded later get hooks soon after: dlopen() has one, too.
 */
#ifndef KAA_INSIGHT_MALLOCS_H
#define KAA_INSIGHT_MALLOCS_H

#include <stdint.h>

#include <kaa/base.h>

/* `python`: an address in the interpreter. The GIL is held.
 * fails: KAA_UNSUPPORTED, KAA_NO_SYMBOL */
KAA_NODISCARD kaa_status kaa_insight__mallocs_install(const void *python,
                                                      kaa_error *err);
void kaa_insight__mallocs_remove(void);

/* Puts hooks into objects that have been loaded. In a hook that holds the GIL
 * and nothing else: waits for the loader. */
void kaa_insight__mallocs_look(void);

/* How many loaded objects were left alone, as another tool's hook stands there.
 */
uint32_t kaa_insight__mallocs_foreign(void);

#endif /* KAA_INSIGHT_MALLOCS_H */
