/* insight/interpreter.c - finding the interpreter's functions and the layout of
 * its frames. The table was read from CPython's sources, 3.9 to 3.15
 * (cpython/pystate.h, internal/pycore_frame.h), on 64-bit machines. */
#include "insight/interpreter.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include "base/os/os.h"
#include <kaa/insight.h>

#define IN(member) offsetof(kaa_insight__interpreter, member)

static const struct {
    const char *name;
    size_t place;
} functions[] = {
    {"PyEval_SaveThread", IN(save_thread)},
    {"PyEval_RestoreThread", IN(restore_thread)},
    {"PyGILState_GetThisThreadState", IN(this_thread_state)},
    {"PyThreadState_Get", IN(thread_state_get)},
    {"Py_IncRef", IN(incref)},
    {"Py_DecRef", IN(decref)},
    {"PyCode_Type", IN(code_type)},
    {"PyCode_Addr2Line", IN(code_line)},
    {"PyEval_GetFrame", IN(eval_get_frame)},
    {"PyFrame_GetCode", IN(frame_get_code)},
    {"PyFrame_GetBack", IN(frame_get_back)},
    {"PyFrame_GetLineNumber", IN(frame_get_line)},
};

/* From this version on: frame, through, code, back, instruction, owner,
 * owner_c, code_bytes, scale. 3.11's owners are all Python's. */
static const struct {
    uint32_t version;
    kaa_insight__frame_layout layout;
} layouts[] = {
    {0x0309, {1, 24, -1, 32, 24, 104, -1, 0, 0, 1}},
    {0x030a, {1, 24, -1, 32, 24, 96, -1, 0, 0, 2}},
    {0x030b, {1, 56, 8, 32, 48, 56, -1, 0, 184, 1}},
    {0x030c, {1, 56, 0, 0, 8, 56, 70, 3, 192, 1}},
    {0x030d, {1, 72, -1, 0, 8, 56, 70, 3, 200, 1}},
    {0x030e, {1, 72, -1, 0, 8, 56, 74, 3, 208, 1}},
};

/* No stack is deeper; a damaged one may be endless. */
#define DEPTH_MAX 100000u

static int
is_of_c(const kaa_insight__frame_layout *layout, uintptr_t frame)
{
    unsigned char owner;

    if (layout->owner < 0)
        return 0;
    memcpy(&owner, (const void *)(frame + (uint32_t)layout->owner), 1);
    return owner >= layout->owner_c;
}

static int64_t
instruction_of(const kaa_insight__frame_layout *layout, uintptr_t frame,
               uintptr_t code)
{
    int number;

    if (layout->code_bytes != 0)
        return (int64_t)(kaa_insight__word(frame, layout->instruction) -
                         (code + layout->code_bytes));
    memcpy(&number, (const void *)(frame + layout->instruction),
           sizeof(number));
    return (int64_t)number * layout->scale;
}

int
kaa_insight__place_is_begun(const kaa_insight__frame_layout *layout,
                            const kaa_insight__place *place)
{
    int first;

    if (layout->code_bytes == 0)
        return 1;
    memcpy(&first,
           (const char *)place->code + layout->code_bytes -
               KAA_INSIGHT__FIRST_BEFORE,
           sizeof(first));
    return place->instruction >=
           (int64_t)first * KAA_INSIGHT__INSTRUCTION_BYTES;
}

uint32_t
kaa_insight__frames_read(const kaa_insight__frame_layout *layout,
                         const void *state, kaa_insight__place *places,
                         uint32_t capacity)
{
    uintptr_t frame;
    uint32_t count = 0;

    if (!layout->is_known || state == NULL)
        return 0;
    frame = kaa_insight__word((uintptr_t)state, layout->frame);
    if (frame != 0 && layout->through >= 0)
        frame = kaa_insight__word(frame, (uint32_t)layout->through);
    for (uint32_t i = 0; frame != 0 && count < capacity && i < DEPTH_MAX; i++) {
        if (!is_of_c(layout, frame)) {
            uintptr_t code = kaa_insight__word(frame, layout->code) &
                             KAA_INSIGHT__POINTER_BITS;

            places[count].code = (void *)code;
            places[count].instruction = instruction_of(layout, frame, code);
            /* A frame that is being cleared has none. */
            count += (uint32_t)(code != 0 && kaa_insight__place_is_begun(
                                                 layout, &places[count]));
        }
        frame = kaa_insight__word(frame, layout->back);
    }
    return count;
}

uintptr_t
kaa_insight__frames_entry(const kaa_insight__frame_layout *layout,
                          const void *state)
{
    uintptr_t frame;

    if (!layout->is_known || layout->owner < 0 || state == NULL)
        return 0;
    frame = kaa_insight__word((uintptr_t)state, layout->frame);
    if (frame != 0 && layout->through >= 0)
        frame = kaa_insight__word(frame, (uint32_t)layout->through);
    for (uint32_t i = 0; frame != 0 && i < DEPTH_MAX; i++) {
        if (is_of_c(layout, frame))
            return frame;
        frame = kaa_insight__word(frame, layout->back);
    }
    return 0;
}

/* As much of a frame as is looked at. */
#define FRAME_BYTES_MAX 128u

static uint32_t
frame_bytes(const kaa_insight__frame_layout *layout)
{
    uint32_t end = layout->instruction + 8;

    if (layout->code + 8 > end)
        end = layout->code + 8;
    if (layout->back + 8 > end)
        end = layout->back + 8;
    if (layout->owner >= 0 && (uint32_t)layout->owner + 1 > end)
        end = (uint32_t)layout->owner + 1;
    return end;
}

uint32_t
kaa_insight__frames_peek(const kaa_insight__frame_layout *layout, pid_t process,
                         uintptr_t state, kaa_insight__place *places,
                         uint32_t capacity)
{
    unsigned char bytes[FRAME_BYTES_MAX];
    uint32_t size = frame_bytes(layout), count = 0;
    uintptr_t at, frame = 0;

    if (!layout->is_known || size > sizeof(bytes) ||
        !kaa_base__peek(process, state + layout->frame, &frame, sizeof(frame)))
        return 0;
    if (frame != 0 && layout->through >= 0 &&
        !kaa_base__peek(process, frame + (uint32_t)layout->through, &frame,
                        sizeof(frame)))
        return 0;
    /* A list that changes while it is read may have no end. */
    for (uint32_t i = 0; frame != 0 && count < capacity && i < 4 * capacity;
         i++) {
        if (!kaa_base__peek(process, frame, bytes, size))
            break;
        at = (uintptr_t)bytes;
        if (!is_of_c(layout, at)) {
            uintptr_t code =
                kaa_insight__word(at, layout->code) & KAA_INSIGHT__POINTER_BITS;

            places[count].code = (void *)code;
            places[count].instruction = instruction_of(layout, at, code);
            count++;
        }
        frame = kaa_insight__word(at, layout->back);
    }
    return count;
}

/* An object is a reference count and a type, and a freed block may still have
 * the type. pymalloc writes its list's next block over the count, which lies
 * above the first 4 GiB, or nothing: the lower half of a word of a count that
 * is not 0 has nothing above it. From 3.14 on an object's flags are in the
 * topmost 16 bits (Include/object.h), which are 0 in a pointer. */
#define COUNT_BITS 0xffffffffu
#define FLAGS_BITS ((uintptr_t)0xffff << 48)

int
kaa_insight__is_referred(const kaa_insight__interpreter *in, const void *object)
{
    uintptr_t count = kaa_insight__word((uintptr_t)object, 0);

    return (in->version >= 0x030e ? count & ~FLAGS_BITS : count) != 0;
}

int
kaa_insight__is_code(const kaa_insight__interpreter *in, const void *code)
{
    uintptr_t words[4], count;

#if defined(__SANITIZE_ADDRESS__)
    /* Its freed blocks have a small number where the count was. */
    if (__asan_address_is_poisoned(code))
        return 0;
#endif
    if (!kaa_base__peek(getpid(), (uintptr_t)code, words, sizeof(words)) ||
        words[in->is_free_threaded ? 3 : 1] != (uintptr_t)in->code_type)
        return 0;
    if (in->is_free_threaded) /* the count is split */
        return 1;
    count = in->version >= 0x030e ? words[0] & ~FLAGS_BITS : words[0];
    return count != 0 && count <= COUNT_BITS;
}

/* ---- opening ---- */

#define CHECKED_FRAMES 16u
/* Of another process, the most that are asked for. */
#define PEEKED_FRAMES 128u

typedef struct stack {
    void *codes[CHECKED_FRAMES];
    int lines[CHECKED_FRAMES];
    uint32_t count;
} stack;

/* The stack as the documented functions give it. */
static void
read_documented(const kaa_insight__interpreter *in, stack *found)
{
    void *frame = in->eval_get_frame(); /* borrowed */

    found->count = 0;
    if (frame != NULL)
        in->incref(frame);
    while (frame != NULL && found->count < CHECKED_FRAMES) {
        void *code = in->frame_get_code(frame);
        void *back = in->frame_get_back(frame);

        found->codes[found->count] = code;
        found->lines[found->count] = in->frame_get_line(frame);
        found->count++;
        in->decref(code); /* the frame keeps it */
        in->decref(frame);
        frame = back;
    }
    if (frame != NULL)
        in->decref(frame);
}

static int
gives(const kaa_insight__interpreter *in,
      const kaa_insight__frame_layout *layout, const stack *expected)
{
    kaa_insight__place places[CHECKED_FRAMES];
    uint32_t count = kaa_insight__frames_read(layout, in->thread_state_get(),
                                              places, CHECKED_FRAMES);

    if (count != expected->count)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        if (places[i].code != expected->codes[i])
            return 0;
    for (uint32_t i = 0; i < count; i++)
        if (in->code_line(places[i].code, (int)places[i].instruction) !=
            expected->lines[i])
            return 0;
    return 1;
}

static const kaa_insight__frame_layout *
layout_of(uint32_t version)
{
    const kaa_insight__frame_layout *chosen = NULL;

    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (version >= layouts[i].version)
            chosen = &layouts[i].layout;
    return chosen;
}

uint32_t
kaa_insight_peek_frames(uint32_t process, uint64_t state, uint32_t version,
                        kaa_insight_frame *out, uint32_t capacity)
{
    kaa_insight__place places[PEEKED_FRAMES];
    const kaa_insight__frame_layout *layout = layout_of(version);
    uint32_t count;

    if (layout == NULL || out == NULL || sizeof(void *) != 8)
        return 0;
    if (capacity > PEEKED_FRAMES)
        capacity = PEEKED_FRAMES;
    count = kaa_insight__frames_peek(layout, (pid_t)process, (uintptr_t)state,
                                     places, capacity);
    for (uint32_t i = 0; i < count; i++)
        out[i] = (kaa_insight_frame){places[i].code,
                                     (int32_t)places[i].instruction, 0};
    return count;
}

static int
try_layout(kaa_insight__interpreter *in,
           const kaa_insight__frame_layout *layout, uint32_t code,
           int32_t owner, const stack *expected)
{
    kaa_insight__frame_layout one = *layout;

    one.code_bytes += code;
    if (one.owner >= 0)
        one.owner += owner;
    if (!gives(in, &one, expected))
        return 0;
    in->frames = one;
    return 1;
}

static void
find_layout(kaa_insight__interpreter *in)
{
    const kaa_insight__frame_layout *chosen = layout_of(in->version);
    stack expected;

    memset(&in->frames, 0, sizeof(in->frames));
    if (sizeof(void *) != 8 || chosen == NULL)
        return;
    read_documented(in, &expected);
    if (expected.count == 0)
        return;
    /* A free-threaded build's objects have larger headers, its frames a word
     * more. */
    for (uint32_t code = 0; code <= 32 && chosen->code_bytes != 0; code += 8)
        for (int32_t owner = 0; owner <= 8; owner += 4)
            if (try_layout(in, chosen, code, owner, &expected))
                return;
    try_layout(in, chosen, 0, 0, &expected);
}

kaa_status
kaa_insight__interpreter_open(void *handle, uint32_t version,
                              kaa_insight__interpreter *out, kaa_error *err)
{
    kaa_insight__interpreter in = {.handle = handle, .version = version};
    const char *(*text)(void);

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        kaa_status status = kaa_base__find_function(
            handle, functions[i].name, (char *)&in + functions[i].place, err);

        if (status != KAA_OK)
            return status;
    }
    if (kaa_base__find_function(handle, "Py_GetVersion", &text, NULL) == KAA_OK)
        in.is_free_threaded = strstr(text(), "free-threading build") != NULL;
    find_layout(&in);
    *out = in;
    return KAA_OK;
}
