/* insight/interpreter.h - what monitors call of the interpreter, and where its
 * frames stand.
 *
 * Monitors need little, and need it without kaa's bridge: in a process that was
 * attached to, too. Nothing is compiled against CPython: functions are looked
 * up, and a layout is believed only after it gave the same stack as the
 * documented functions did (kaa_insight__interpreter_open()).
 */
#ifndef KAA_INSIGHT_INTERPRETER_H
#define KAA_INSIGHT_INTERPRETER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <kaa/base.h>

#include "base/assert.h"

/* One place in Python code: a code object, borrowed, and how many bytes into
 * its instructions the frame stands (-1: before the first). */
typedef struct kaa_insight__place {
    void *code;
    int64_t instruction;
} kaa_insight__place;

/* Where a thread state keeps its frames, in bytes. `is_known` 0: not at all,
 * and the functions below give no places. */
typedef struct kaa_insight__frame_layout {
    int is_known;
    uint32_t frame;       /* of the pointer in the thread state */
    int32_t through;      /* that points at a structure with it; -1: it is it */
    uint32_t code;        /* of the code object in a frame */
    uint32_t back;        /* of the calling frame */
    uint32_t instruction; /* of the instruction: a pointer, or an int */
    int32_t owner;        /* of the byte that tells frames of C code; -1 none */
    uint32_t owner_c;     /* from this value on it is one */
    uint32_t code_bytes;  /* of the instructions in a code object; 0: an int */
    uint32_t scale;       /* bytes for 1 of that int */
} kaa_insight__frame_layout;

typedef struct kaa_insight__interpreter {
    void *handle;     /* for dlsym() */
    uint32_t version; /* 0x030c for 3.12 */
    int is_free_threaded;
    void *(*save_thread)(void);
    void (*restore_thread)(void *);
    void *(*this_thread_state)(void); /* of this thread, even without the GIL */
    void *(*thread_state_get)(void);
    void (*incref)(void *);
    void (*decref)(void *);
    void *code_type;
    int (*code_line)(void *code, int instruction);
    void *(*eval_get_frame)(void);
    void *(*frame_get_code)(void *);
    void *(*frame_get_back)(void *);
    int (*frame_get_line)(void *);
    kaa_insight__frame_layout frames;
} kaa_insight__interpreter;

/* Finds the functions and the layout, in a thread that holds the GIL. Without
 * a running Python frame, or where the layout is another one, frames.is_known
 * is 0. fails: KAA_UNSUPPORTED, naming the function that is missing */
KAA_NODISCARD kaa_status
kaa_insight__interpreter_open(void *handle, uint32_t version,
                              kaa_insight__interpreter *out, kaa_error *err);

/* The innermost `capacity` places of the thread that `state` belongs to, by
 * reading memory alone. Call it where that thread cannot run Python code, or
 * on that thread. Returns how many. */
uint32_t kaa_insight__frames_read(const kaa_insight__frame_layout *layout,
                                  const void *state, kaa_insight__place *places,
                                  uint32_t capacity);

/* The address of the frame that the running evaluation loop has on the C stack,
 * for which callers of the loop lie above it (3.12 and later); 0: unknown. On
 * the thread that `state` belongs to. */
uintptr_t kaa_insight__frames_entry(const kaa_insight__frame_layout *layout,
                                    const void *state);

static inline uintptr_t
kaa_insight__word(uintptr_t base, uint32_t offset)
{
    uintptr_t value;

    memcpy(&value, (const void *)(base + offset), sizeof(value));
    return value;
}

/* References to code objects carry marks in their low bits from 3.14 on. */
#define KAA_INSIGHT__POINTER_BITS (~(uintptr_t)7)

/* A frame that has not got to its first instruction that can be traced is none
 * yet, or only there to call another one. 3.11 and later: the number of that
 * instruction (_co_firsttraceable) stands 16 bytes before the instructions. */
#define KAA_INSIGHT__FIRST_BEFORE 16u
#define KAA_INSIGHT__INSTRUCTION_BYTES 2

/* What tells the innermost place from every other one as long as code objects
 * live: the address of the instruction, or before 3.11 that of the code object
 * with a number above it. 0: it cannot be told so. */
static inline uintptr_t
kaa_insight__frame_key(const kaa_insight__frame_layout *layout,
                       const void *state)
{
    uintptr_t frame;
    uint32_t last;

    if (KAA_UNLIKELY(state == NULL))
        return 0;
    frame = kaa_insight__word((uintptr_t)state, layout->frame);
    if (frame != 0 && layout->through >= 0)
        frame = kaa_insight__word(frame, (uint32_t)layout->through);
    if (KAA_UNLIKELY(frame == 0))
        return 0;
    if (KAA_LIKELY(layout->code_bytes != 0))
        return kaa_insight__word(frame, layout->instruction);
    memcpy(&last, (const void *)(frame + layout->instruction), sizeof(last));
    return last <= 0x7fff
               ? kaa_insight__word(frame, layout->code) | (uintptr_t)last << 48
               : 0;
}

/* The innermost place, where it is simple: a frame of Python code that has
 * begun. 0: ask kaa_insight__frames_read(). */
static inline int
kaa_insight__frame_read(const kaa_insight__frame_layout *layout,
                        const void *state, kaa_insight__place *place)
{
    uintptr_t frame, code;
    int first;

    if (!layout->is_known || state == NULL)
        return 0;
    frame = kaa_insight__word((uintptr_t)state, layout->frame);
    if (frame != 0 && layout->through >= 0)
        frame = kaa_insight__word(frame, (uint32_t)layout->through);
    if (frame == 0 ||
        (layout->owner >= 0 &&
         *(const unsigned char *)(frame + (uint32_t)layout->owner) >=
             layout->owner_c))
        return 0;
    code = kaa_insight__word(frame, layout->code) & KAA_INSIGHT__POINTER_BITS;
    place->code = (void *)code;
    if (layout->code_bytes == 0) {
        memcpy(&first, (const void *)(frame + layout->instruction),
               sizeof(first));
        place->instruction = (int64_t)first * layout->scale;
        return first >= 0;
    }
    place->instruction =
        (int64_t)(kaa_insight__word(frame, layout->instruction) -
                  (code + layout->code_bytes));
    memcpy(
        &first,
        (const void *)(code + layout->code_bytes - KAA_INSIGHT__FIRST_BEFORE),
        sizeof(first));
    return place->instruction >=
           (int64_t)first * KAA_INSIGHT__INSTRUCTION_BYTES;
}

/* Whether a frame at that place runs already; its code object must live. */
int kaa_insight__place_is_begun(const kaa_insight__frame_layout *layout,
                                const kaa_insight__place *place);

/* The same of a thread that runs, or of another process: what is read may
 * change meanwhile, so code objects must be looked at before they are believed.
 */
uint32_t kaa_insight__frames_peek(const kaa_insight__frame_layout *layout,
                                  pid_t process, uintptr_t state,
                                  kaa_insight__place *places,
                                  uint32_t capacity);

/* Whether an object's memory, which may be read, has a reference count other
 * than 0. */
int kaa_insight__is_referred(const kaa_insight__interpreter *in,
                             const void *object);

/* Whether there is a live code object, as far as its memory tells. */
int kaa_insight__is_code(const kaa_insight__interpreter *in, const void *code);

#endif /* KAA_INSIGHT_INTERPRETER_H */
