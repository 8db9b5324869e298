/* insight/codes.h - which code objects have ended lately.
 *
 * The watcher notes code objects of a hold that lasts; when the hold ends they
 * are referred to, if they still live. A freed one may look like one that
 * lives. From 3.12 on the interpreter tells when a code object ends
 * (PyCode_AddWatcher()), and what has ended since the hold began is not
 * believed. Earlier ones do not tell: there kaa_insight__is_code() alone
 * decides.
 */
#ifndef KAA_INSIGHT_CODES_H
#define KAA_INSIGHT_CODES_H

#include <stdint.h>

#define KAA_INSIGHT__ENDED_MAX 512u

/* Guarded by the GIL. */
typedef struct kaa_insight__codes {
    int is_watched;
    int id; /* the interpreter's, of the watcher of code objects */
    int (*clear)(int id);
    uint64_t count; /* of all that have ended; the last ones stand in `ended` */
    struct {
        const void *code;
        uint64_t at; /* ticks */
    } ended[KAA_INSIGHT__ENDED_MAX];
} kaa_insight__codes;

/* Begins to note those that end, where the interpreter tells. With the GIL. */
void kaa_insight__codes_start(kaa_insight__codes *codes, void *handle);
void kaa_insight__codes_stop(kaa_insight__codes *codes);

/* 0: the code object has ended since a moment, or that many have that it cannot
 * be told. Where the GIL is held, or has just been let go. */
int kaa_insight__codes_has(const kaa_insight__codes *codes, const void *code,
                           uint64_t since);

#endif /* KAA_INSIGHT_CODES_H */
