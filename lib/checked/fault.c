/* checked/fault.c - each call that may fail, failed once.
 *
 * At the first call of a slot from a place in the module the process is
 * divided: in the child the slot fails, with MemoryError, and the function goes
 * on by its error path, until the outermost call of the module has ended and
 * been judged; then the child tells its parent what it found, and ends. The
 * parent waits, and goes on as if nothing had been. So each error path runs
 * once, from the state it is met in, and nothing that comes of it stays.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args/args.h"
#include "base/clock.h"
#include "base/memory.h"
#include "checked/checked.h"

enum { SECONDS = 20, TOLD_MAX = 8192 };

#define PROGRESS_NS UINT64_C(5000000000)

static int
may_fail(kaa_checked__slot slot)
{
    switch ((int)slot) {
    case SLOT_type_of:
    case SLOT_parse_args_v:
    case SLOT_parse_keywords_v:
    case SLOT_poll:
    case SLOT_collect:
        return 0;
    default:
        return !kaa_checked__only_looks(slot);
    }
}

/* Whether this place has not failed yet; it has from now on. */
static int
is_first(kaa_checked__module *module, const void *site, kaa_checked__slot slot)
{
    const char *key = (const char *)site + slot;
    kaa_checked__entry *entry;
    int result;

    pthread_mutex_lock(&module->lock);
    entry = kaa_checked__entry_of(&module->failed, key, 1);
    result = entry != NULL && entry->balance == 0;
    if (result)
        entry->balance = 1;
    if (entry == NULL)
        kaa_checked__miss(module, NULL);
    pthread_mutex_unlock(&module->lock);
    return result;
}

/* Reads what the child found; each mistake is its texts, each with its NUL. */
static void
hear(kaa_checked__module *module, kaa_checked__failed *failed, int from)
{
    char told[TOLD_MAX];
    size_t length = 0;
    ssize_t got;

    while ((got = read(from, told + length, sizeof(told) - length)) > 0) {
        length += (size_t)got;
        for (;;) {
            size_t used = kaa_checked__hear(module, failed, told, length);

            if (used == 0)
                break;
            memmove(told, told + used, length - used);
            length -= used;
        }
        if (length == sizeof(told))
            length = 0; /* no mistake is so long */
    }
}

static void
judge_child(const kaa_checked__look *look, kaa_checked__failed *failed,
            int status)
{
    char more[96];

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        snprintf(more, sizeof(more), ": it did not end in %d s", SECONDS);
    else if (WIFSIGNALED(status))
        snprintf(more, sizeof(more), ": the process ended by signal %d",
                 WTERMSIG(status));
    else
        snprintf(more, sizeof(more), ": the process ended with status %d",
                 WEXITSTATUS(status));
    failed->outcome = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM
                          ? "stopped"
                          : "crashed";
    kaa_checked__tell(look->own, "crashed where a call had failed", look->slot,
                      NULL, look->site, more);
}

static kaa_checked__failed *
make_failed(const kaa_checked__look *look, const void *site)
{
    kaa_checked__failed *made = kaa_base__alloc_zeroed(sizeof(*made));

    if (made == NULL) {
        kaa_checked__miss(look->own->module, NULL);
        return NULL;
    }
    made->function = look->frame->function;
    made->site = site;
    made->slot = look->slot;
    made->outcome = "not known";
    return made;
}

static void
add_failed(kaa_checked__module *module, kaa_checked__failed *failed)
{
    pthread_mutex_lock(&module->lock);
    if (module->failures_end == NULL)
        module->failures_end = &module->failures;
    *module->failures_end = failed;
    module->failures_end = &failed->next;
    pthread_mutex_unlock(&module->lock);
}

/* A long run says now and then that it goes on. */
static void
tell_progress(kaa_checked__module *module)
{
    uint64_t now = kaa_base__now_ns(), at = atomic_load(&module->progress_at);

    if (at != 0 && now < at)
        return;
    atomic_store(&module->progress_at, now + PROGRESS_NS);
    if (at != 0)
        fprintf(stderr,
                "kaa: checked module '%s': %zu calls were made to fail so "
                "far\n",
                module->definition.name, kaa_checked_fault_count());
}

int
kaa_checked__fault(const kaa_checked__look *look)
{
    kaa_checked__context *own = look->own;
    const void *site = kaa_checked__caller(own, look->site);
    kaa_checked__failed *failed;
    int ends[2], status = 0;
    pid_t child;

    if (look->frame == NULL || own->is_telling || own->within != NULL ||
        own->module->answer != 0 || look->frame->is_thread ||
        !may_fail(look->slot) || kaa_error_occurred(own->inner) ||
        !is_first(own->module, site, look->slot))
        return 0;
    failed = make_failed(look, site);
    if (failed == NULL || pipe(ends) != 0) {
        kaa_base__free(failed);
        return 0;
    }
    fflush(NULL);
    child = fork();
    if (child == 0) {
        close(ends[0]);
        alarm(SECONDS);
        own->module->answer = ends[1];
        kaa_checked__place(site, own->module->failed_at,
                           sizeof(own->module->failed_at));
        own->module->failing = failed;
        kaa_raise_memory(own->inner);
        look->frame->may_be_pending = 1;
        return 1;
    }
    close(ends[1]);
    if (child > 0) {
        hear(own->module, failed, ends[0]);
        while (waitpid(child, &status, 0) < 0)
            continue;
        judge_child(look, failed, status);
        add_failed(own->module, failed);
        tell_progress(own->module);
    } else {
        kaa_base__free(failed);
    }
    close(ends[0]);
    return 0;
}

void
kaa_checked__end_child(kaa_checked__context *own,
                       const kaa_checked__frame *frame)
{
    kaa_checked__failed *failed = own->module->failing;
    kaa_object *raised;

    if (own->module->answer == 0 || frame->outer != NULL)
        return;
    failed->outcome = failed->mistakes != 0 ? "mistakes" : "returned";
    if (kaa_error_occurred(own->inner)) {
        if (failed->mistakes == 0)
            failed->outcome = "raised";
        raised = kaa_error_take(own->inner);
        (void)kaa_args__type_name(own->inner, raised, failed->exception,
                                  sizeof(failed->exception));
    }
    kaa_checked__send_end(own->module);
    _exit(0);
}

/* ---- Reading them */

size_t
kaa_checked_failures(kaa_checked_failure *out, size_t capacity)
{
    kaa_checked__module *module = kaa_checked__modules();
    size_t count = 0;

    for (; module != NULL; module = module->next) {
        pthread_mutex_lock(&module->lock);
        for (const kaa_checked__failed *one = module->failures; one != NULL;
             one = one->next) {
            if (count < capacity && out != NULL)
                out[count] = (kaa_checked_failure){
                    .module = module->definition.name,
                    .function = one->function,
                    .slot = kaa_checked__slot_name(one->slot),
                    .site = one->site,
                    .outcome = one->outcome,
                    .exception = one->exception,
                    .mistakes = one->mistakes,
                };
            count++;
        }
        pthread_mutex_unlock(&module->lock);
    }
    return count;
}

size_t
kaa_checked_fault_count(void)
{
    return kaa_checked_failures(NULL, 0);
}
