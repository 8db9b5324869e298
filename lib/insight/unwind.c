/* insight/unwind.c - see unwind.h. libgcc_s is not linked: where it is missing,
 * forced and voluntary releases are not told apart, and all else works. */
#include "insight/unwind.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include <unwind.h>

typedef _Unwind_Reason_Code backtrace(_Unwind_Trace_Fn, void *);
typedef _Unwind_Word read_word(struct _Unwind_Context *);

static backtrace *walk;
static read_word *frame_address;
static read_word *instruction;

typedef struct walker {
    kaa_insight__c_frame *frames;
    uint32_t count, capacity;
} walker;

int
kaa_insight__unwind_start(void)
{
    void *handle;
    void *found[3];

    if (walk != NULL)
        return 1;
    handle = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return 0;
    found[0] = dlsym(handle, "_Unwind_Backtrace");
    found[1] = dlsym(handle, "_Unwind_GetCFA");
    found[2] = dlsym(handle, "_Unwind_GetIP");
    if (found[0] == NULL || found[1] == NULL || found[2] == NULL)
        return 0;
    memcpy(&frame_address, &found[1], sizeof(found[1]));
    memcpy(&instruction, &found[2], sizeof(found[2]));
    memcpy(&walk, &found[0], sizeof(found[0]));
    return 1;
}

/* The address of a frame, as the unwinder sees it, is where the return address
 * of its callee was pushed: right below stands that very instruction. */
static _Unwind_Reason_Code
visit(struct _Unwind_Context *context, void *user)
{
    walker *state = user;
    uintptr_t address = (uintptr_t)instruction(context);
    uintptr_t *place = (uintptr_t *)(frame_address(context) - sizeof(void *));

    if (state->count == state->capacity || address == 0)
        return _URC_END_OF_STACK;
    state->frames[state->count].address = address;
    state->frames[state->count].place = *place == address ? place : NULL;
    state->count++;
    return _URC_NO_REASON;
}

uint32_t
kaa_insight__unwind(kaa_insight__c_frame *frames, uint32_t capacity)
{
    walker state = {.frames = frames, .capacity = capacity};

    if (walk == NULL)
        return 0;
    walk(visit, &state);
    return state.count;
}
