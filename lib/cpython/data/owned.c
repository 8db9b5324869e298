/* cpython/data/owned.c - memory of C's that is freed: [[kaa::free(f)]].
 *
 *     pointer, views of its target --owner--> owned --base--> owned
 *                                             address, f
 *
 * An owned stands between C data and what has to be freed. That is freed once:
 * when nothing refers to it any more, by kaa.release(), at the end of `with`,
 * or by a call of f itself. What was borrowed from it ([[kaa::borrow]]) and has
 * to be freed too is freed before it.
 *
 * C data with such an owner is of its class's twin, whose members are all
 * DATA_GUARDED: each use looks first whether the memory is still there, and
 * other data cost nothing for that.
 */
#include <string.h>

#include "base/assert.h"
#include "cpython/data/data.h"
#include "cpython/host/thread.h"

typedef kaa_cpython__owned owned;

static owned *
body_of(PyObject *object)
{
    return (owned *)(void *)((char *)object + kaa_cpython__layout.header);
}

/* ---- who borrows from whom ---- */

/* Held for a few instructions. With a GIL nobody else ever waits. */
static void
lock(kaa_cpython *host)
{
    pthread_mutex_lock(&host->lending);
}

static void
unlock(kaa_cpython *host)
{
    pthread_mutex_unlock(&host->lending);
}

/* With the lock held. */
static void
unlink_from_base(owned *self)
{
    if (self->place == NULL)
        return;
    *self->place = self->next;
    if (self->next != NULL)
        self->next->place = self->place;
    self->place = NULL;
    self->next = NULL;
}

int
kaa_cpython__is_owned(const kaa_cpython *host, PyObject *object)
{
    return object != NULL && kaa_cpython__type(object) == host->owned_type;
}

void
kaa_cpython__lend(PyObject *object, PyObject *base)
{
    owned *self = body_of(object), *from;

    KAA_ASSERT(self->base == NULL);
    PY(Py_IncRef)(base);
    self->base = base;
    if (!kaa_cpython__is_owned(self->host, base))
        return;
    from = body_of(base);
    lock(self->host);
    self->next = from->first;
    if (self->next != NULL)
        self->next->place = &self->next;
    self->place = &from->first;
    from->first = self;
    unlock(self->host);
}

/* ---- freeing ---- */

/* 0, or -1 with the exception that a callback raised. */
static int
call_free(kaa_cpython *host, kaa_function function, void *address)
{
    void (*release)(void *) = NULL;
    kaa_cpython__record record;

    memcpy(&release, &function, sizeof(release));
    kaa_cpython__begin(&record, host, 0);
    release(address);
    return kaa_cpython__end(&record);
}

void
kaa_cpython__free_now(kaa_cpython *host, kaa_function function, void *address,
                      PyObject *subject)
{
    PyObject *raised[3];

    PY(PyErr_Fetch)(&raised[0], &raised[1], &raised[2]);
    if (call_free(host, function, address) != 0)
        PY(PyErr_WriteUnraisable)(subject);
    PY(PyErr_Restore)(raised[0], raised[1], raised[2]);
}

/* What is to be called for what. */
typedef struct end {
    kaa_function function; /* NULL: it was called */
    void *address;
} end;

static int
end_claim(owned *self)
{
    return atomic_exchange(&self->is_released, 1) == 0;
}

/* One of those that borrow from `self`, of which nobody borrows: it is taken
 * from its base, and its end is the caller's now. 0: there is none. */
static int
take_borrower(owned *self, end *out)
{
    owned *last;
    int is_live = 0;

    lock(self->host);
    last = self->first;
    while (last != NULL && last->first != NULL)
        last = last->first;
    if (last != NULL) {
        unlink_from_base(last);
        is_live = end_claim(last);
        out->function = is_live ? last->free_function : NULL;
        out->address = last->address;
    }
    unlock(self->host);
    return last != NULL;
}

static int
has_exports(owned *self)
{
    int found;

    lock(self->host);
    found = self->exports != 0;
    for (const owned *one = self->first; !found && one != NULL; one = one->next)
        found = one->exports != 0;
    unlock(self->host);
    return found;
}

int
kaa_cpython__release_owned(PyObject *object, int calls_free)
{
    owned *self = body_of(object);
    end borrower;

    if (has_exports(self))
        return kaa_cpython__raise(PY(PyExc_BufferError),
                                  "memory that a buffer shows cannot be "
                                  "released");
    while (take_borrower(self, &borrower))
        if (borrower.function != NULL)
            kaa_cpython__free_now(self->host, borrower.function,
                                  borrower.address, self->library);
    if (!end_claim(self))
        return 0;
    lock(self->host);
    unlink_from_base(self);
    unlock(self->host);
    if (calls_free &&
        call_free(self->host, self->free_function, self->address) != 0)
        return -1;
    return 1;
}

/* ---- the looks ---- */

static int
is_released(PyObject *object)
{
    return atomic_load_explicit(&body_of(object)->is_released,
                                memory_order_acquire);
}

int
kaa_cpython__is_gone(PyObject *object)
{
    const kaa_cpython__data *body = kaa_cpython__data_body(object);

    return body->class_->plain != NULL && is_released(body->owner);
}

int
kaa_cpython__check_guarded(PyObject *object)
{
    char printed[128];

    if (KAA_LIKELY(!kaa_cpython__is_gone(object)))
        return 0;
    kaa_ctype_print(kaa_cpython__data_body(object)->class_->core, NULL, printed,
                    sizeof(printed));
    return kaa_cpython__raise(PY(PyExc_ValueError), "'%s' was released",
                              printed);
}

/* `by` is +1 or -1. */
void
kaa_cpython__count_export(PyObject *object, int by)
{
    PyObject *owner = kaa_cpython__data_body(object)->owner;

    lock(body_of(owner)->host);
    body_of(owner)->exports += by;
    unlock(body_of(owner)->host);
}

PyObject *
kaa_cpython__given_up(const kaa_cpython *host, PyObject *value,
                      PyObject *library, const char *function)
{
    PyObject *owner = kaa_cpython__data_body(value)->owner;
    const owned *self;

    if (!kaa_cpython__is_owned(host, owner) || function == NULL)
        return NULL;
    self = body_of(owner);
    return self->library == library && strcmp(self->name, function) == 0 &&
                   self->address == kaa_cpython__data_body(value)->data
               ? owner
               : NULL;
}

PyObject *_Atomic *
kaa_cpython__kept_by_owned(PyObject *object)
{
    return &body_of(object)->kept;
}

/* ---- the objects ---- */

/* A chain of them, each borrowed from the next, ends one by one: as C data do,
 * in instance.c. */
#define DEPTH_MAX 50

static _Thread_local uint32_t depth;
static _Thread_local PyObject *waiting;

static void
finish(PyObject *object)
{
    owned *self = body_of(object);
    PyObject *type = kaa_cpython__type(object), *library = self->library;
    PyObject *base = self->base, *kept = self->kept;

    if (end_claim(self))
        kaa_cpython__free_now(self->host, self->free_function, self->address,
                              library);
    PY(PyObject_GC_Del)(object);
    if (kept != NULL)
        PY(Py_DecRef)(kept);
    if (base != NULL)
        PY(Py_DecRef)(base);
    PY(Py_DecRef)(library);
    PY(Py_DecRef)(type);
}

static void
dealloc(PyObject *object)
{
    owned *self = body_of(object);

    PY(PyObject_GC_UnTrack)(object);
    lock(self->host);
    unlink_from_base(self);
    unlock(self->host);
    if (depth >= DEPTH_MAX) {
        self->waiting = waiting;
        waiting = object;
        return;
    }
    depth++;
    finish(object);
    depth--;
    while (depth == 0 && waiting != NULL) {
        PyObject *next = waiting;

        waiting = body_of(next)->waiting;
        depth++;
        finish(next);
        depth--;
    }
}

static int
traverse(PyObject *object, host_visit visit, void *user)
{
    const owned *self = body_of(object);
    PyObject *kept = self->kept;
    int stop = visit(kaa_cpython__type(object), user);

    if (stop == 0)
        stop = visit(self->library, user);
    if (stop == 0 && self->base != NULL)
        stop = visit(self->base, user);
    if (stop == 0 && kept != NULL)
        stop = visit(kept, user);
    return stop;
}

static PyObject *
refuse_new(PyObject *type, PyObject *args, PyObject *kwargs)
{
    (void)type;
    (void)args;
    (void)kwargs;
    kaa_cpython__raise(PY(PyExc_TypeError),
                       "what is freed comes from a call of C alone");
    return NULL;
}

PyObject *
kaa_cpython__make_owned_type(kaa_cpython *host)
{
    kaa_cpython__slots slots = {.count = 0};
    host_type_spec spec = {
        "kaa.Owned", (int)(kaa_cpython__layout.header + sizeof(owned)), 0,
        kaa_cpython__sealed(host) | HOST_FLAGS_GC, slots.slots};
    PyObject *bases = PY(PyTuple_New)(1), *type;

    if (bases == NULL)
        return NULL;
    PY(Py_IncRef)(PY(PyBaseObject_Type));
    PY(PyTuple_SetItem)(bases, 0, PY(PyBaseObject_Type));
    FUNCTION_AS_SLOT(&slots, HOST_TP_DEALLOC, dealloc);
    FUNCTION_AS_SLOT(&slots, HOST_TP_TRAVERSE, traverse);
    FUNCTION_AS_SLOT(&slots, HOST_TP_NEW, refuse_new);
    FUNCTION_AS_SLOT(&slots, HOST_TP_ALLOC, kaa_cpython__refuse_alloc);
    type = PY(PyType_FromSpecWithBases)(&spec, bases);
    PY(Py_DecRef)(bases);
    return type;
}

PyObject *
kaa_cpython__new_owned(kaa_cpython *host, PyObject *library, void *address,
                       kaa_function free_function, const char *name)
{
    PyObject *object = PY(_PyObject_GC_New)(host->owned_type);
    owned *self;

    if (object == NULL) {
        kaa_cpython__free_now(host, free_function, address, library);
        return NULL;
    }
    self = body_of(object);
    memset(self, 0, sizeof(*self));
    self->host = host;
    PY(Py_IncRef)(library);
    self->library = library;
    self->name = name;
    self->free_function = free_function;
    self->address = address;
    PY(PyObject_GC_Track)(object);
    return object;
}

int
kaa_cpython_data_release(kaa_cpython *host, void *instance)
{
    PyObject *owner;
    int released;

    if (!kaa_cpython__is_data_type(host, kaa_cpython__type(instance)))
        return kaa_cpython__raise(PY(PyExc_TypeError),
                                  "an instance of C data expected");
    owner = kaa_cpython__data_body(instance)->owner;
    if (!kaa_cpython__is_owned(host, owner))
        return 2;
    PY(Py_IncRef)(owner);
    released = kaa_cpython__release_owned(owner, 1);
    PY(Py_DecRef)(owner);
    return released;
}
