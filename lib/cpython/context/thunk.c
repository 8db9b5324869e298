/* cpython/context/thunk.c - thunks: compiled ones, and closures where those
 * end.
 *
 * Thunk i loads the address of slot i (AArch64: i), and the common part moves
 * each argument one register on, loads the first from the slot, and jumps to
 * the function. endbr64 and `hint #34` (bti c) are what processors that track
 * branches want at the target of a pointer.
 */
#include "cpython/context/thunk.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "call/plan.h"

/* ---- compiled */

#if KAA_CALL__DIRECT
#define SLOTS 4096
#define BYTES 16 /* of a thunk's code */

typedef struct slot {
    void *data;
    kaa_cpython__any function;
} slot;

/* Assembly has their names, so they are not static. */
extern slot kaa_cpython__thunk_slots[SLOTS];
extern const char kaa_cpython__thunks[];
slot kaa_cpython__thunk_slots[SLOTS];

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

#if KAA_CALL__SYSV
__asm__(
    ".pushsection .text\n"
    ".p2align 4\n"
    ".hidden kaa_cpython__thunk_slots\n"
    ".type kaa_cpython__thunk_common, @function\n"
    "kaa_cpython__thunk_common:\n"
    ".cfi_startproc\n"
    "    movq %rcx, %r8\n"
    "    movq %rdx, %rcx\n"
    "    movq %rsi, %rdx\n"
    "    movq %rdi, %rsi\n"
    "    movq (%rax), %rdi\n"
    "    jmpq *8(%rax)\n"
    ".cfi_endproc\n"
    ".size kaa_cpython__thunk_common, . - kaa_cpython__thunk_common\n"
    ".p2align 4\n"
    ".globl kaa_cpython__thunks\n"
    ".hidden kaa_cpython__thunks\n"
    ".type kaa_cpython__thunks, @function\n"
    "kaa_cpython__thunks:\n"
    ".cfi_startproc\n"
    ".set kaa_cpython__thunk_at, 0\n"
    ".rept " TEXT(
        SLOTS) "\n"
               "    endbr64\n"
               "    leaq kaa_cpython__thunk_slots+kaa_cpython__thunk_at(%rip), "
               "%rax\n"
               "    jmp kaa_cpython__thunk_common\n"
               ".p2align 4\n"
               ".set kaa_cpython__thunk_at, kaa_cpython__thunk_at + 16\n"
               ".endr\n"
               ".cfi_endproc\n"
               ".size kaa_cpython__thunks, . - kaa_cpython__thunks\n"
               ".popsection\n");
#else
__asm__(
    ".pushsection .text\n"
    ".p2align 4\n"
    ".hidden kaa_cpython__thunk_slots\n"
    ".type kaa_cpython__thunk_common, @function\n"
    "kaa_cpython__thunk_common:\n"
    ".cfi_startproc\n"
    "    adrp x10, kaa_cpython__thunk_slots\n"
    "    add x10, x10, :lo12:kaa_cpython__thunk_slots\n"
    "    add x10, x10, x9, lsl #4\n"
    "    mov x4, x3\n"
    "    mov x3, x2\n"
    "    mov x2, x1\n"
    "    mov x1, x0\n"
    "    ldp x0, x16, [x10]\n"
    "    br x16\n"
    ".cfi_endproc\n"
    ".size kaa_cpython__thunk_common, . - kaa_cpython__thunk_common\n"
    ".p2align 4\n"
    ".globl kaa_cpython__thunks\n"
    ".hidden kaa_cpython__thunks\n"
    ".type kaa_cpython__thunks, @function\n"
    "kaa_cpython__thunks:\n"
    ".cfi_startproc\n"
    ".set kaa_cpython__thunk_index, 0\n"
    ".rept " TEXT(
        SLOTS) "\n"
               "    hint #34\n"
               "    mov w9, #kaa_cpython__thunk_index\n"
               "    b kaa_cpython__thunk_common\n"
               ".p2align 4\n"
               ".set kaa_cpython__thunk_index, kaa_cpython__thunk_index + 1\n"
               ".endr\n"
               ".cfi_endproc\n"
               ".size kaa_cpython__thunks, . - kaa_cpython__thunks\n"
               ".popsection\n");
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t fresh;  /* slots from here on were never used */
static slot *free_slot; /* freed ones, linked through data */

static void *
take_slot(kaa_cpython__any function, void *data)
{
    slot *taken = NULL;

    pthread_mutex_lock(&lock);
    if (free_slot != NULL) {
        taken = free_slot;
        free_slot = taken->data;
    } else if (fresh < SLOTS) {
        taken = &kaa_cpython__thunk_slots[fresh++];
    }
    pthread_mutex_unlock(&lock);
    if (taken == NULL)
        return NULL;
    taken->data = data;
    taken->function = function;
    return (void *)(uintptr_t)(kaa_cpython__thunks +
                               (taken - kaa_cpython__thunk_slots) * BYTES);
}

/* Whether it was a compiled one. */
static int
give_slot(void *thunk)
{
    uintptr_t at = (uintptr_t)thunk - (uintptr_t)kaa_cpython__thunks;
    slot *given;

    if (at >= (uintptr_t)SLOTS * BYTES)
        return 0;
    given = &kaa_cpython__thunk_slots[at / BYTES];
    pthread_mutex_lock(&lock);
    given->data = free_slot;
    free_slot = given;
    pthread_mutex_unlock(&lock);
    return 1;
}

#else

static void *
take_slot(kaa_cpython__any function, void *data)
{
    (void)function;
    (void)data;
    return NULL;
}

static int
give_slot(void *thunk)
{
    (void)thunk;
    return 0;
}

#endif

/* ---- closures */

typedef struct closure_thunk {
    struct closure_thunk *next;
    kaa_closure *closure;
    void *pointer;
    kaa_cpython__any function;
    void *data;
} closure_thunk;

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static closure_thunk *list; /* to be found again by their pointer */

static void
call(void *result, void *const *args, void *user)
{
    typedef void *five(void *, void *, void *, void *, void *);
    const closure_thunk *self = user;
    void *given[4], *answer;

    for (int i = 0; i < 4; i++)
        memcpy(&given[i], args[i], sizeof(given[i]));
    answer = ((five *)self->function)(self->data, given[0], given[1], given[2],
                                      given[3]);
    memcpy(result, &answer, sizeof(answer));
}

/* void *(void *, void *, void *, void *) */
static kaa_status
find_type(kaa_cpython *host, const kaa_ctype **out)
{
    const kaa_ctype *pointer = host->void_pointer;
    const kaa_ctype_parameter parameters[4] = {{.type = pointer},
                                               {.type = pointer},
                                               {.type = pointer},
                                               {.type = pointer}};

    return kaa_ctype_function(host->types, pointer, parameters, 4, 0, out,
                              NULL);
}

static void *
new_closure(kaa_cpython *host, kaa_cpython__any function, void *data)
{
    closure_thunk *self = kaa_base__alloc_zeroed(sizeof(*self));
    const kaa_ctype *type = NULL;
    kaa_status status;

    if (self == NULL)
        return NULL;
    self->function = function;
    self->data = data;
    pthread_mutex_lock(&list_lock); /* for the types */
    status = find_type(host, &type);
    pthread_mutex_unlock(&list_lock);
    if (status == KAA_OK)
        status =
            kaa_closure_create(type, call, self, NULL, &self->closure, NULL);
    if (status != KAA_OK) {
        kaa_base__free(self);
        return NULL;
    }
    self->pointer = (void *)(uintptr_t)kaa_closure_pointer(self->closure);
    pthread_mutex_lock(&list_lock);
    self->next = list;
    list = self;
    pthread_mutex_unlock(&list_lock);
    return self->pointer;
}

static void
free_closure(void *pointer)
{
    closure_thunk **link = &list, *found;

    pthread_mutex_lock(&list_lock);
    while ((found = *link) != NULL && found->pointer != pointer)
        link = &found->next;
    if (found != NULL)
        *link = found->next;
    pthread_mutex_unlock(&list_lock);
    if (found != NULL) {
        kaa_closure_destroy(found->closure);
        kaa_base__free(found);
    }
}

void *
kaa_cpython__thunk_new(kaa_cpython *host, kaa_cpython__any function, void *data)
{
    void *thunk = take_slot(function, data);

    if (thunk == NULL)
        thunk = new_closure(host, function, data);
    if (thunk == NULL)
        PY(PyErr_NoMemory)();
    return thunk;
}

void
kaa_cpython__thunk_free(void *thunk)
{
    if (thunk != NULL && !give_slot(thunk))
        free_closure(thunk);
}
