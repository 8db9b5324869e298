/* cpython/data/kept.c - what the pointers within C data were set from.
 *
 * A dict from the pointers' addresses to objects remembers it, for the bytes of
 * an instance, of a kaa_cpython__owned, or of C's. A pointer and its entry are
 * written, read and copied as one. With the GIL nothing in between lets another
 * thread run, or Python code: no collection starts, and no object ends. Without
 * a GIL a lock is held for that, of which each host has a few, by the dicts'
 * places. It is the interpreter's PyMutex: a thread that waits for one does not
 * hold up a collection. (A critical section would not do: the interpreter opens
 * it when the thread waits for anything else.)
 */
#include <string.h>

#include "base/assert.h"
#include "cpython/data/data.h"

typedef kaa_cpython__data data;
typedef PyObject *_Atomic dict;

/* ---- the places, and their locks ---- */

static dict *
dict_of_root(kaa_cpython *host, PyObject *root)
{
    if (root == NULL)
        return &host->pointed;
    if (kaa_cpython__is_owned(host, root))
        return kaa_cpython__kept_by_owned(root);
    return &kaa_cpython__data_body(root)->kept;
}

/* Where it is remembered for the bytes of `object`. */
static inline dict *
dict_for(PyObject *object)
{
    const data *body = kaa_cpython__data_body(object);
    PyObject *root = kaa_cpython__root(object);

    if (KAA_LIKELY(root != NULL))
        return &kaa_cpython__data_body(root)->kept;
    return dict_of_root(body->class_->host,
                        body->class_->plain != NULL ? body->owner : NULL);
}

/* NULL with a GIL: there is nothing to be locked. */
static inline uint64_t *
lock_of(kaa_cpython *host, const dict *place)
{
    uintptr_t word = (uintptr_t)place;

    if (KAA_LIKELY(!host->is_free_threaded))
        return NULL;
    return &host->pointing[(word >> 4 ^ word >> 10) % HOST_LOCKS];
}

static inline void
lock(uint64_t *one)
{
    if (KAA_UNLIKELY(one != NULL))
        PY(PyMutex_Lock)(one);
}

static inline void
unlock(uint64_t *one)
{
    if (KAA_UNLIKELY(one != NULL))
        PY(PyMutex_Unlock)(one);
}

static PyObject *
address_key(const void *address)
{
    return PY(PyLong_FromUnsignedLongLong)(
        (unsigned long long)(uintptr_t)address);
}

/* Makes the dict, unless it is there: 0, or -1 with an exception. Not with the
 * lock: a collection may start. */
static int
need_dict(dict *place)
{
    PyObject *made, *none = NULL;

    if (atomic_load_explicit(place, memory_order_acquire) != NULL)
        return 0;
    made = PY(PyDict_New)();
    if (made == NULL)
        return -1;
    if (!atomic_compare_exchange_strong(place, &none, made))
        PY(Py_DecRef)(made);
    return 0;
}

/* ---- one pointer ---- */

/* Reads a pointer that is NULL, or was there before anything was remembered: 1.
 * (An entry is made before its pointer is written.) */
static int
read_alone(const dict *place, const char *at, void **out_address)
{
    if ((uintptr_t)at % sizeof(void *) != 0)
        return 0;
    *out_address =
        __atomic_load_n((void *const *)(const void *)at, __ATOMIC_ACQUIRE);
    return *out_address == NULL ||
           atomic_load_explicit(place, memory_order_acquire) == NULL;
}

static inline int
read_pointer(kaa_cpython *host, dict *place, const char *at, void **out_address,
             PyObject **out_kept)
{
    PyObject *key, *kept, *found = NULL;
    uint64_t *mine;

    *out_kept = NULL;
    if (KAA_LIKELY(read_alone(place, at, out_address)))
        return 0;
    key = address_key(at);
    if (key == NULL)
        return -1;
    mine = lock_of(host, place);
    lock(mine);
    memcpy(out_address, at, sizeof(*out_address));
    kept = atomic_load_explicit(place, memory_order_acquire);
    if (kept != NULL)
        found = PY(PyDict_GetItemWithError)(kept, key);
    if (found != NULL)
        kaa_cpython__retain(found);
    unlock(mine);
    PY(Py_DecRef)(key);
    *out_kept = found;
    return 0;
}

int
kaa_cpython__read_pointer(PyObject *object, const char *at, void **out_address,
                          PyObject **out_kept)
{
    return read_pointer(kaa_cpython__data_body(object)->class_->host,
                        dict_for(object), at, out_address, out_kept);
}

ssize_t
kaa_cpython__read_short_text(PyObject *object, const char *at,
                             char text[DATA_TEXT_SHORT])
{
    dict *place = dict_for(object);
    uint64_t *mine =
        lock_of(kaa_cpython__data_body(object)->class_->host, place);
    const char *found;
    size_t length = DATA_TEXT_SHORT;
    int is_ascii = 1;

    lock(mine);
    memcpy(&found, at, sizeof(found));
    if (found != NULL)
        length = strnlen(found, DATA_TEXT_SHORT);
    if (length < DATA_TEXT_SHORT)
        memcpy(text, found, length);
    unlock(mine);
    if (length == DATA_TEXT_SHORT)
        return -1;
    for (size_t i = 0; i < length; i++)
        is_ascii &= (unsigned char)text[i] < 0x80;
    return is_ascii ? (ssize_t)length : -1;
}

static void
write_word(char *at, const void *address)
{
    if ((uintptr_t)at % sizeof(void *) == 0)
        __atomic_store_n((const void **)(void *)at, address, __ATOMIC_RELEASE);
    else
        memcpy(at, &address, sizeof(address));
}

/* With the lock: the entry, then the pointer. The object that was kept comes to
 * the caller, as a reference of its own. */
static int
replace(PyObject *kept, PyObject *key, char *at, const void *address,
        PyObject *object, PyObject **out_before)
{
    PyObject *before = PY(PyDict_GetItemWithError)(kept, key);

    if (before != NULL)
        PY(Py_IncRef)(before);
    *out_before = before;
    if (object != NULL && PY(PyDict_SetItem)(kept, key, object) != 0)
        return -1;
    write_word(at, address);
    return object == NULL && before != NULL ? PY(PyDict_DelItem)(kept, key) : 0;
}

/* The root joins the collector if what it keeps could lead back to it. */
static void
join(kaa_cpython *host, PyObject *root, PyObject *object)
{
    if (root != NULL && !kaa_cpython__is_owned(host, root) &&
        kaa_cpython__may_lead_back(host, object))
        kaa_cpython__track(root);
}

int
kaa_cpython__write_pointer(kaa_cpython *host, PyObject *root, char *at,
                           const void *address, PyObject *object)
{
    dict *place = dict_of_root(host, root);
    PyObject *key = address_key(at), *before = NULL, *kept = NULL;
    uint64_t *mine = lock_of(host, place);
    int failed = key == NULL ? -1 : 0;

    while (!failed && kept == NULL) {
        if (object != NULL && need_dict(place) != 0) {
            failed = -1;
            break;
        }
        lock(mine);
        kept = atomic_load_explicit(place, memory_order_acquire);
        if (kept != NULL)
            failed = replace(kept, key, at, address, object, &before);
        else if (object == NULL)
            write_word(at, address);
        if (kept != NULL && !failed && object != NULL)
            join(host, root, object);
        unlock(mine);
        if (object == NULL)
            break;
    }
    if (key != NULL)
        PY(Py_DecRef)(key);
    if (before != NULL) /* its end may run Python code */
        PY(Py_DecRef)(before);
    return failed;
}

/* ---- many ---- */

/* An entry of a dict goes into another, for the address `to`. */
static int
move_entry(PyObject *object, const char *to, PyObject *into)
{
    PyObject *key = address_key(to);
    int failed = key != NULL ? PY(PyDict_SetItem)(into, key, object) : -1;

    if (key != NULL)
        PY(Py_DecRef)(key);
    return failed;
}

/* The entries for `size` bytes from `from` on go into another dict, for those
 * from `to` on. The bytes or the dict are gone through, what is shorter. */
static int
gather(PyObject *kept, const char *from, size_t size, const char *to,
       PyObject *into)
{
    PyObject *key, *object;
    ssize_t position = 0;
    int failed = 0;

    if (kept == NULL || PY(PyDict_Size)(kept) == 0)
        return 0;
    if ((size_t)PY(PyDict_Size)(kept) <= size) {
        while (!failed && PY(PyDict_Next)(kept, &position, &key, &object)) {
            uintptr_t at = (uintptr_t)PY(PyLong_AsUnsignedLongLong)(key);

            if (at - (uintptr_t)from < size)
                failed = move_entry(object, to + (at - (uintptr_t)from), into);
        }
        return failed;
    }
    for (size_t i = 0; i < size && !failed; i++) {
        key = address_key(from + i);
        object = key != NULL ? PY(PyDict_GetItemWithError)(kept, key) : NULL;
        failed = key == NULL      ? -1
                 : object != NULL ? move_entry(object, to + i, into)
                                  : 0;
        if (key != NULL)
            PY(Py_DecRef)(key);
    }
    return failed;
}

/* The entries `old` of a dict become those of `fresh`; -1 with an exception,
 * and they are as before. */
static int
exchange(PyObject *kept, PyObject *old, PyObject *fresh)
{
    PyObject *key, *object, *raised[3];
    ssize_t position = 0;
    int failed = 0;

    while (!failed && PY(PyDict_Next)(fresh, &position, &key, &object))
        failed = PY(PyDict_SetItem)(kept, key, object);
    if (failed) { /* what follows allocates nothing: the keys are there */
        PyObject *wrong = fresh;

        PY(PyErr_Fetch)(&raised[0], &raised[1], &raised[2]);
        fresh = old;
        old = wrong;
        position = 0;
        while (PY(PyDict_Next)(fresh, &position, &key, &object))
            PY(PyDict_SetItem)(kept, key, object);
    }
    position = 0;
    while (PY(PyDict_Next)(old, &position, &key, &object))
        if (PY(PyDict_GetItemWithError)(fresh, key) == NULL &&
            PY(PyDict_GetItemWithError)(kept, key) != NULL)
            PY(PyDict_DelItem)(kept, key);
    if (failed)
        PY(PyErr_Restore)(raised[0], raised[1], raised[2]);
    return failed;
}

static void
join_all(kaa_cpython *host, PyObject *root, PyObject *kept)
{
    PyObject *key, *object;
    ssize_t position = 0;

    while (root != NULL && PY(PyDict_Next)(kept, &position, &key, &object))
        join(host, root, object);
}

/* Both locks, the lower first; they may be one. */
static void
lock_two(uint64_t *one, uint64_t *other)
{
    lock(one < other ? one : other);
    if (one != other)
        lock(one < other ? other : one);
}

static void
unlock_two(uint64_t *one, uint64_t *other)
{
    unlock(one);
    if (one != other)
        unlock(other);
}

/* `old` and `fresh` are empty dicts; what was kept before lives on in `old`. */
static int
copy(kaa_cpython *host, PyObject *root, char *to, dict *source,
     const char *from, size_t size, PyObject *old, PyObject *fresh)
{
    dict *place = dict_of_root(host, root);
    uint64_t *mine = lock_of(host, place), *other = lock_of(host, source);
    PyObject *kept;
    int failed;

    do {
        if (*source != NULL && need_dict(place) != 0)
            return -1;
        lock_two(mine, other);
        kept = *place;
        if (kept != NULL || *source == NULL)
            break;
        unlock_two(mine, other);
    } while (1);
    failed = gather(kept, to, size, to, old);
    if (!failed)
        failed = gather(*source, from, size, to, fresh);
    if (!failed && kept != NULL)
        failed = exchange(kept, old, fresh);
    if (!failed) {
        join_all(host, root, fresh);
        memmove(to, from, size);
    }
    unlock_two(mine, other);
    return failed;
}

/* ---- what Python asks: kaa/cpython.h ---- */

/* The root that Python names: None: the memory is C's. */
static int
read_root(const kaa_cpython *host, PyObject *given, PyObject **out)
{
    *out = given == kaa_cpython__none() ? NULL : given;
    if (*out == NULL || kaa_cpython__is_owned(host, given) ||
        kaa_cpython__is_data_type(host, kaa_cpython__type(given)))
        return 0;
    return kaa_cpython__raise(PY(PyExc_TypeError),
                              "an instance of C data expected");
}

int
kaa_cpython_data_set_pointer(kaa_cpython *host, void *instance, uint64_t at,
                             uint64_t address, void *object)
{
    PyObject *root;

    if (read_root(host, instance, &root) != 0)
        return -1;
    return kaa_cpython__write_pointer(
        host, root, (char *)(uintptr_t)at, (const void *)(uintptr_t)address,
        object == kaa_cpython__none() ? NULL : object);
}

void *
kaa_cpython_data_get_pointer(kaa_cpython *host, void *instance, uint64_t at)
{
    PyObject *root, *kept, *number, *made;
    void *address;

    if (read_root(host, instance, &root) != 0 ||
        read_pointer(host, dict_of_root(host, root),
                     (const char *)(uintptr_t)at, &address, &kept) != 0)
        return NULL;
    if (kept == NULL)
        kept = kaa_cpython__new_none();
    number = address_key(address);
    made = number != NULL ? PY(PyTuple_New)(2) : NULL;
    if (made == NULL) {
        if (number != NULL)
            PY(Py_DecRef)(number);
        PY(Py_DecRef)(kept);
        return NULL;
    }
    PY(PyTuple_SetItem)(made, 0, number);
    PY(PyTuple_SetItem)(made, 1, kept);
    return made;
}

int
kaa_cpython_data_copy(kaa_cpython *host, void *instance, uint64_t to,
                      void *source, uint64_t from, uint64_t size)
{
    PyObject *root, *other, *old, *fresh;
    int failed = -1;

    if (read_root(host, instance, &root) != 0 ||
        read_root(host, source, &other) != 0)
        return -1;
    old = PY(PyDict_New)(); /* here a collection may start */
    fresh = PY(PyDict_New)();
    if (old != NULL && fresh != NULL)
        failed =
            copy(host, root, (char *)(uintptr_t)to, dict_of_root(host, other),
                 (const char *)(uintptr_t)from, (size_t)size, old, fresh);
    if (fresh != NULL)
        PY(Py_DecRef)(fresh);
    if (old != NULL) /* whose objects' ends may run Python code */
        PY(Py_DecRef)(old);
    return failed;
}

void *
kaa_cpython__copy_kept(kaa_cpython *host, PyObject *root)
{
    dict *place = dict_of_root(host, root);
    uint64_t *mine = lock_of(host, place);
    PyObject *made = PY(PyDict_New)();
    int failed;

    if (made == NULL)
        return NULL;
    lock(mine);
    failed = gather(*place, NULL, SIZE_MAX, NULL, made);
    unlock(mine);
    if (!failed)
        return made;
    PY(Py_DecRef)(made);
    return NULL;
}
