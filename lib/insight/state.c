/* insight/state.c - where a thread has the state that it runs with.
 *
 * From 3.12 on that is a thread-local variable of the interpreter, which names
 * it to nobody: a function reads it, and where the interpreter is a shared
 * library that function calls another one to find it. If the library was there
 * when the program started, the variable is as far from each thread's pointer
 * as from any other's (Drepper, "ELF Handling For Thread-Local Storage", static
 * TLS), and one load reads it.
 *
 * The variable is the one word of the interpreter's thread-local block that is
 * the state while this thread has the GIL, and NULL while it has not. Another
 * thread sees that the block is where it is expected.
 */
#include "insight/state.h"

#include <link.h>
#include <pthread.h>
#include <string.h>

#define BLOCK_MAX 4096u /* bytes; larger ones are not looked through */

typedef struct block {
    uintptr_t within; /* an address in the code of the object */
    uintptr_t start;  /* of this thread's block; 0: it has none */
    size_t size;
} block;

#if defined(__x86_64__)
static uintptr_t
thread_pointer(void)
{
    uintptr_t pointer;

    __asm__("movq %%fs:0, %0" : "=r"(pointer));
    return pointer;
}
#endif

static int
look_at(struct dl_phdr_info *info, size_t size, void *user)
{
    block *out = user;
    size_t bytes = 0;
    int is_it = 0;

    if (size < offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof(void *))
        return 1;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *one = &info->dlpi_phdr[i];
        uintptr_t first = (uintptr_t)(info->dlpi_addr + one->p_vaddr);

        if (one->p_type == PT_LOAD && out->within >= first &&
            out->within < first + one->p_memsz)
            is_it = 1;
        else if (one->p_type == PT_TLS)
            bytes = (size_t)one->p_memsz;
    }
    if (is_it) {
        out->start = (uintptr_t)info->dlpi_tls_data;
        out->size = bytes;
    }
    return is_it;
}

static block
block_of(uintptr_t within)
{
    block found = {.within = within};

    (void)dl_iterate_phdr(look_at, &found);
    return found;
}

#if defined(__x86_64__)
typedef struct other {
    uintptr_t within;
    intptr_t at;
} other;

static void *
look_from_elsewhere(void *user)
{
    other *out = user;
    block found = block_of(out->within);

    out->at = found.start != 0 ? (intptr_t)(found.start - thread_pointer()) : 0;
    return NULL;
}

/* Whether the block of another thread is as far from its pointer as ours. */
static int
is_static(const block *own)
{
    other seen = {.within = own->within};
    pthread_t thread;

    if (pthread_create(&thread, NULL, look_from_elsewhere, &seen) != 0 ||
        pthread_join(thread, NULL) != 0)
        return 0;
    return seen.at == (intptr_t)(own->start - thread_pointer());
}

/* The GIL is let go meanwhile: whoever loads an object may wait for it. */
static size_t
find_empty(const kaa_insight__interpreter *in, uintptr_t within, block *own,
           unsigned char *is_empty)
{
    void *state = in->save_thread();
    size_t words = 0;

    *own = block_of(within);
    if (own->start != 0 && own->size <= BLOCK_MAX && is_static(own))
        words = own->size / sizeof(void *);
    for (size_t i = 0; i < words; i++)
        is_empty[i] =
            kaa_insight__word(own->start, (uint32_t)(i * sizeof(void *))) == 0;
    in->restore_thread(state);
    return words;
}
#endif

intptr_t
kaa_insight__state_find(const kaa_insight__interpreter *in,
                        void *(*current_state)(void))
{
#if defined(__x86_64__)
    unsigned char is_empty[BLOCK_MAX / sizeof(void *)];
    uintptr_t within, state;
    intptr_t found = 0;
    block own;
    size_t words;

    if (in->version < 0x030c)
        return 0;
    memcpy(&within, &current_state, sizeof(within));
    words = find_empty(in, within, &own, is_empty);
    state = (uintptr_t)current_state();
    for (size_t i = 0; i < words && state != 0; i++) {
        uint32_t at = (uint32_t)(i * sizeof(void *));

        if (!is_empty[i] || kaa_insight__word(own.start, at) != state)
            continue;
        if (found != 0)
            return 0; /* which one? */
        found = (intptr_t)(own.start + at - thread_pointer());
    }
    return found;
#else
    (void)in;
    (void)current_state;
    (void)look_at;
    (void)block_of;
    return 0;
#endif
}
