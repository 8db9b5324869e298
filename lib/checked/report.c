/* checked/report.c - telling of mistakes, and keeping them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args/args.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "checked/checked.h"

typedef kaa_checked__told told;

enum {
    MODULE,
    KIND,
    FUNCTION,
    SLOT,
    TYPE,
    REPR,
    WHERE,
    TEXT,
    MADE,
    CALLED,
    STACK
};

enum { CALLS_MAX = 16 };

static struct {
    pthread_mutex_t lock;
    told *first;
    told **end;
    size_t count;
} mistakes = {.lock = PTHREAD_MUTEX_INITIALIZER};

const char *
kaa_checked__slot_name(kaa_checked__slot slot)
{
    static const char *const names[] = {
#define KAA_SLOT(result, name, parameters, arguments) #name,
#define KAA_VOID_SLOT(name, parameters, arguments) #name,
#define KAA_BARE_SLOT(result, name, parameters) #name,
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT
        "",
    };

    return names[slot];
}

static void
free_told(told *one)
{
    if (one->is_of_module)
        return;
    for (size_t i = 0; i < KAA_CHECKED__TEXTS; i++)
        kaa_base__free((void *)(uintptr_t)one->texts[i]);
    kaa_base__free((void *)(uintptr_t)one->first_stack);
    kaa_base__free(one);
}

void
kaa_checked__forget(void)
{
    told *one, *next;

    pthread_mutex_lock(&mistakes.lock);
    for (one = mistakes.first; one != NULL; one = next) {
        next = one->next;
        free_told(one);
    }
    mistakes.first = NULL;
    mistakes.end = NULL;
    mistakes.count = 0;
    pthread_mutex_unlock(&mistakes.lock);
}

/* The same mistake, of another object: repr, text and origin may differ. */
static int
is_same(const told *one, const char *const *texts)
{
    for (size_t i = 0; i < KAA_CHECKED__TEXTS; i++)
        if (i != REPR && i != TEXT && i != MADE && i != CALLED && i != STACK &&
            strcmp(one->texts[i], texts[i]) != 0)
            return 0;
    return 1;
}

static void
add(told *one)
{
    one->count = 1;
    if (mistakes.end == NULL)
        mistakes.end = &mistakes.first;
    *mistakes.end = one;
    mistakes.end = &one->next;
    mistakes.count++;
}

/* 1 if it is new. The lock is held. */
static int
miss(kaa_checked__module *module)
{
    told *one = &module->missed;

    if (one->count != 0) {
        one->count++;
        return 0;
    }
    for (size_t i = 0; i < KAA_CHECKED__TEXTS; i++)
        one->texts[i] = "";
    one->texts[MODULE] = module->definition.name;
    one->texts[KIND] = "not recorded";
    one->texts[TEXT] = "memory was short: what calls did is not known in full";
    one->is_of_module = 1;
    add(one);
    return 1;
}

static void
tell_missed(const kaa_checked__module *module)
{
    fprintf(stderr, "kaa: checked module '%s': %s\n", module->definition.name,
            module->missed.texts[TEXT]);
}

void
kaa_checked__miss(kaa_checked__module *module, kaa_checked__frame *frame)
{
    int is_new;

    if (frame != NULL)
        frame->is_blind = 1;
    pthread_mutex_lock(&mistakes.lock);
    is_new = miss(module);
    pthread_mutex_unlock(&mistakes.lock);
    if (is_new)
        tell_missed(module);
}

void
kaa_checked__miss_reference(kaa_checked__module *module,
                            kaa_checked__frame *frame)
{
    atomic_store(&module->has_missed, 1);
    kaa_checked__miss(module, frame);
}

/* The calls of a leak that was told before them; whoever reads texts may still
 * have the first. */
static void
complete_stack(told *one, const char *stack)
{
    const char *copy;

    if (one->first_stack != NULL || strchr(one->texts[STACK], '\n') != NULL ||
        strchr(stack, '\n') == NULL)
        return;
    copy = kaa_base__copy_text(stack, strlen(stack));
    if (copy == NULL)
        return;
    one->first_stack = one->texts[STACK];
    one->texts[STACK] = copy;
}

/* 1 if it is new, or could not be kept: then that is. The lock is held. */
static int
keep(kaa_checked__module *module, const char *const *texts)
{
    told *one;
    int complete = 1;

    for (one = mistakes.first; one != NULL; one = one->next)
        if (is_same(one, texts)) {
            one->count++;
            if (strncmp(texts[KIND], "leaked ", 7) == 0)
                complete_stack(one, texts[STACK]);
            return 0;
        }
    one = kaa_base__alloc_zeroed(sizeof(*one));
    if (one == NULL) {
        (void)miss(module);
        return 1;
    }
    for (size_t i = 0; i < KAA_CHECKED__TEXTS; i++) {
        one->texts[i] = kaa_base__copy_text(texts[i], strlen(texts[i]));
        complete &= one->texts[i] != NULL;
    }
    if (!complete) {
        free_told(one);
        (void)miss(module);
        return 1;
    }
    add(one);
    return 1;
}

/* ---- Children of fault mode */

static void
send_texts(int to, const char *const *texts)
{
    char line[4096];
    size_t length = 0;

    for (size_t i = 0; i < KAA_CHECKED__TEXTS; i++) {
        size_t size = strlen(texts[i]) + 1;

        if (size > sizeof(line) - length)
            return;
        memcpy(line + length, texts[i], size);
        length += size;
    }
    if (write(to, line, length) != (ssize_t)length)
        return; /* it is on stderr, at least */
}

/* The last of its texts, where a mistake has a module: "", and what it is. */
void
kaa_checked__send_end(const kaa_checked__module *module)
{
    const kaa_checked__failed *failed = module->failing;
    const char *texts[KAA_CHECKED__TEXTS];
    char count[24];

    for (size_t i = 0; i < KAA_CHECKED__TEXTS; i++)
        texts[i] = "";
    snprintf(count, sizeof(count), "%llu",
             (unsigned long long)failed->mistakes);
    texts[KIND] = failed->outcome;
    texts[TYPE] = failed->exception;
    texts[REPR] = count;
    send_texts(module->answer, texts);
}

static void
hear_end(kaa_checked__failed *failed, const char *const *texts)
{
    static const char *const outcomes[] = {"raised", "returned", "mistakes"};

    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
        if (strcmp(outcomes[i], texts[KIND]) == 0)
            failed->outcome = outcomes[i];
    kaa_base__copy_out(texts[TYPE], strlen(texts[TYPE]), failed->exception,
                       sizeof(failed->exception));
    failed->mistakes = strtoull(texts[REPR], NULL, 10);
}

size_t
kaa_checked__hear(kaa_checked__module *module, kaa_checked__failed *failed,
                  const char *heard, size_t length)
{
    const char *texts[KAA_CHECKED__TEXTS], *end;
    size_t used = 0;

    for (size_t i = 0; i < KAA_CHECKED__TEXTS; i++) {
        end = memchr(heard + used, '\0', length - used);
        if (end == NULL)
            return 0;
        texts[i] = heard + used;
        used = (size_t)(end - heard) + 1;
    }
    if (*texts[MODULE] == '\0') {
        hear_end(failed, texts);
        return used;
    }
    failed->mistakes++; /* until it says itself, if it comes to that */
    pthread_mutex_lock(&mistakes.lock);
    (void)keep(module, texts);
    pthread_mutex_unlock(&mistakes.lock);
    return used;
}

/* ---- Words */

static void
describe(kaa_context *ctx, kaa_object *object, char *type, char *repr,
         size_t size)
{
    kaa_object *pending = kaa_error_occurred(ctx) ? kaa_error_take(ctx) : NULL;
    kaa_object *text;
    const char *utf8 = NULL;

    if (kaa_args__type_name(ctx, object, type, 64) != 0)
        kaa_error_clear(ctx);
    text = kaa_repr(ctx, object);
    if (text != NULL)
        utf8 = kaa_str_as_utf8(ctx, text, NULL);
    if (utf8 != NULL) {
        size_t length = kaa_base__copy_out(utf8, strlen(utf8), repr, size);

        if (length >= size)
            memcpy(repr + size - 4, "...", 4);
    }
    kaa_error_clear(ctx);
    kaa_decref(ctx, text);
    if (pending != NULL) {
        kaa_raise_exception(ctx, pending);
        kaa_decref(ctx, pending);
    }
}

/* An attribute's text; "" where it has none. */
static void
copy_attribute(kaa_context *ctx, kaa_object *object, const char *name,
               char *out, size_t size)
{
    kaa_object *value = kaa_get_attr_text(ctx, object, name);
    kaa_object *text = value != NULL ? kaa_str(ctx, value) : NULL;
    const char *utf8 = text != NULL ? kaa_str_as_utf8(ctx, text, NULL) : NULL;

    if (utf8 != NULL)
        kaa_base__copy_out(utf8, strlen(utf8), out, size);
    kaa_error_clear(ctx);
    kaa_decref(ctx, text);
    kaa_decref(ctx, value);
}

/* The line of Python that called: sys._getframe() of a CPython. */
static void
describe_caller(kaa_context *ctx, char *out, size_t size)
{
    kaa_object *pending = kaa_error_occurred(ctx) ? kaa_error_take(ctx) : NULL;
    kaa_object *sys = kaa_import(ctx, "sys"), *frame = NULL, *code = NULL;
    char file[256] = "", line[24] = "", function[100] = "";

    if (sys != NULL)
        frame = kaa_call_method(ctx, "_getframe", &sys, 1, NULL);
    if (frame != NULL)
        code = kaa_get_attr_text(ctx, frame, "f_code");
    if (code != NULL) {
        copy_attribute(ctx, code, "co_filename", file, sizeof(file));
        copy_attribute(ctx, code, "co_name", function, sizeof(function));
        copy_attribute(ctx, frame, "f_lineno", line, sizeof(line));
        snprintf(out, size, "%s:%s (%s)", file, line, function);
    }
    kaa_error_clear(ctx);
    kaa_decref(ctx, code);
    kaa_decref(ctx, frame);
    kaa_decref(ctx, sys);
    if (pending != NULL) {
        kaa_raise_exception(ctx, pending);
        kaa_decref(ctx, pending);
    }
}

/* Where the module got its last reference to the object, if that is another
 * place than `site`. */
static void
place_origin(kaa_checked__context *own, const kaa_checked__frame *frame,
             const kaa_object *object, const void *site, char *out, size_t size)
{
    const kaa_checked__entry *entry = NULL;
    const void *origin = NULL;

    for (; frame != NULL && object != NULL && origin == NULL;
         frame = frame->outer) {
        kaa_checked__ledger seen = frame->ledger;

        entry = kaa_checked__entry_of(&seen, object, 0);
        origin = entry != NULL ? entry->site : NULL;
    }
    if (object != NULL && origin == NULL) {
        pthread_mutex_lock(&own->module->lock);
        entry = kaa_checked__entry_of(&own->module->kept, object, 0);
        origin = entry != NULL ? entry->site : NULL;
        pthread_mutex_unlock(&own->module->lock);
    }
    if (origin != NULL && origin != site)
        kaa_checked__place(origin, out, size);
}

/* What led to it: of what is seen at the end of a call the place alone, or what
 * was noted of a leak. */
static void
describe_calls(kaa_checked__module *module, const void *site,
               const kaa_checked__entry *leak, char *out, size_t size)
{
    const void *calls[CALLS_MAX];
    size_t count =
        leak != NULL
            ? kaa_checked__stack_of(module, leak->stack, calls, CALLS_MAX)
            : kaa_checked__calls_from(module, site, calls, CALLS_MAX);

    if (count == 0 && site != NULL)
        calls[count++] = site;
    kaa_checked__tell_calls(calls, count, out, size);
    if (leak != NULL)
        kaa_checked__want_stack(module, site, leak->stack);
}

static void
tell(kaa_checked__context *own, const char *kind, kaa_checked__slot slot,
     kaa_object *object, const void *site, const kaa_checked__entry *leak,
     const char *more)
{
    int is_own = pthread_equal(own->thread, pthread_self());
    kaa_checked__frame *frame = is_own ? own->frame : NULL;
    char type[64] = "", repr[120] = "", where[160] = "", text[512];
    const char *function = frame != NULL ? frame->function : "";
    char made[160] = "", caller[400] = "", stack[600] = "";
    const char *texts[] = {"",    kind, function, "",     type, repr,
                           where, text, made,     caller, stack};
    int is_new;

    if (is_own && own->is_telling)
        return;
    if (is_own)
        own->is_telling = 1;
    if (object != NULL)
        describe(own->inner, object, type, repr, sizeof(repr));
    /* What is told with the lock let go has no frame, or takes it back. */
    if (frame != NULL && !frame->is_let_go &&
        (own->inner->flags & KAA_TAGGED_INTS) == 0)
        describe_caller(own->inner, caller, sizeof(caller));
    if (strcmp(type, repr) == 0)
        *type = '\0'; /* None */
    if (leak == NULL)
        site = kaa_checked__caller(own, site);
    kaa_checked__place(site, where, sizeof(where));
    place_origin(own, frame, object, site, made, sizeof(made));
    describe_calls(own->module, site, leak, stack, sizeof(stack));
    snprintf(text, sizeof(text), "%s%s: %s%s%s%s%s%s",
             *function != '\0' ? function : "outside of a call",
             *function != '\0' ? "()" : "", kind, object != NULL ? ": " : "",
             type, *type != '\0' ? " " : "", repr, more);
    if (own->module->answer != 0) {
        size_t length = strlen(text);

        snprintf(text + length, sizeof(text) - length,
                 ", where kaa_%s() failed [%s]",
                 kaa_checked__slot_name(own->module->failing->slot),
                 own->module->failed_at);
    }
    texts[0] = own->module->definition.name;
    texts[3] = kaa_checked__slot_name(slot);
    pthread_mutex_lock(&mistakes.lock);
    is_new = keep(own->module, texts);
    pthread_mutex_unlock(&mistakes.lock);
    if (is_new && own->module->answer != 0)
        send_texts(own->module->answer, texts);
    if (is_new)
        fprintf(stderr, "kaa: checked module '%s': %s%s%s%s%s%s%s\n",
                own->module->definition.name, text,
                slot != SLOT_NONE ? " (by kaa_" : "",
                kaa_checked__slot_name(slot), slot != SLOT_NONE ? "())" : "",
                *where != '\0' ? " [" : "", where, *where != '\0' ? "]" : "");
    if (own->module->mode == KAA_CHECKED_ABORT) {
        fflush(stderr);
        abort();
    }
    if (own->module->answer != 0)
        own->module->failing->mistakes++;
    if (frame != NULL && frame->mistakes++ == 0)
        memcpy(frame->text, text, sizeof(frame->text));
    if (is_own)
        own->is_telling = 0;
}

void
kaa_checked__tell(kaa_checked__context *own, const char *kind,
                  kaa_checked__slot slot, kaa_object *object, const void *site,
                  const char *more)
{
    tell(own, kind, slot, object, site, NULL, more);
}

void
kaa_checked__tell_leak(kaa_checked__context *own, const char *kind,
                       kaa_object *object, const kaa_checked__entry *leak,
                       const char *more)
{
    tell(own, kind, (kaa_checked__slot)leak->slot, object, leak->site, leak,
         more);
}

/* ---- Reading them */

size_t
kaa_checked_count(void)
{
    size_t count;

    pthread_mutex_lock(&mistakes.lock);
    count = mistakes.count;
    pthread_mutex_unlock(&mistakes.lock);
    return count;
}

kaa_status
kaa_checked_get(size_t index, kaa_checked_mistake *out, kaa_error *err)
{
    const told *one;
    size_t count;

    if (out == NULL || out->size != sizeof(*out))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                              "out->size must be %zu", sizeof(*out));
    pthread_mutex_lock(&mistakes.lock);
    count = mistakes.count;
    one = mistakes.first;
    for (size_t i = 0; i < index && one != NULL; i++)
        one = one->next;
    if (one != NULL)
        *out = (kaa_checked_mistake){
            .size = sizeof(*out),
            .count = one->count,
            .module = one->texts[MODULE],
            .kind = one->texts[KIND],
            .function = one->texts[FUNCTION],
            .slot = one->texts[SLOT],
            .type = one->texts[TYPE],
            .repr = one->texts[REPR],
            .where = one->texts[WHERE],
            .text = one->texts[TEXT],
            .made_at = one->texts[MADE],
            .called_from = one->texts[CALLED],
            .backtrace = one->texts[STACK],
        };
    pthread_mutex_unlock(&mistakes.lock);
    if (one == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "there are %zu mistakes, and none with index %zu",
                              count, index);
    return KAA_OK;
}
