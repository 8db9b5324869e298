/* cpython/layout.c - what contexts may read and write in the host's objects
 * without asking, once known objects have shown it. */
#include <string.h>

#include "cpython/context.h"

kaa_cpython__sequences kaa_cpython__sequence;

#define ITEMS 5

static ssize_t
word_at(PyObject *object, size_t offset)
{
    ssize_t word;

    memcpy(&word, (char *)object + offset, sizeof(word));
    return word;
}

/* Whether the items stand at `place`. */
static int
are_items(PyObject *const *place, PyObject *const *items)
{
    return memcmp(place, items, ITEMS * sizeof(*items)) == 0;
}

/* The items follow the size, perhaps with a word between (the hash that tuples
 * keep since 3.14). */
static void
probe_tuple(PyObject *tuple, PyObject *const *items, size_t header,
            kaa_cpython__sequences *found)
{
    if (word_at(tuple, header) != ITEMS)
        return;
    found->size = header;
    for (size_t at = header + 8; at <= header + 16; at += 8) {
        /* As far as the object reaches if its items stand at header + 8. */
        if (memcmp((char *)tuple + at, items, (ITEMS - 1) * sizeof(*items)) ==
            0) {
            found->tuple_items = at;
            return;
        }
    }
}

/* Size, pointer to the items, and how many fit. The pointer is followed only
 * if what is around it is as expected. */
static void
probe_list(PyObject *list, PyObject *const *items, size_t header,
           kaa_cpython__sequences *found)
{
    void *pointer;

    if (word_at(list, header) != ITEMS || word_at(list, header + 16) < ITEMS ||
        word_at(list, header + 16) > 2 * ITEMS)
        return;
    memcpy(&pointer, (char *)list + header + 8, sizeof(pointer));
    if (pointer == NULL || (uintptr_t)pointer % sizeof(void *) != 0 ||
        (uintptr_t)pointer < 65536)
        return;
    if (are_items(pointer, items)) {
        found->size = header;
        found->list_items = header + 8;
        if (word_at(list, header + 16) == ITEMS)
            found->allocated = header + 16;
    }
}

void
kaa_cpython__probe_sequences(void)
{
    kaa_cpython__sequences found = {0};
    PyObject *items[ITEMS], *tuple, *list;

    if (kaa_cpython__layout.type_offset == 0)
        return;
    tuple = PY(PyTuple_New)(ITEMS);
    list = PY(PyList_New)(ITEMS);
    for (int i = 0; tuple != NULL && list != NULL && i < ITEMS; i++) {
        items[i] = PY(PyFloat_FromDouble)(i);
        if (items[i] == NULL) {
            drop(tuple);
            tuple = NULL;
            break;
        }
        PY(PyTuple_SetItem)(tuple, i, new_reference(items[i]));
        PY(PyList_SetItem)(list, i, items[i]);
    }
    if (tuple != NULL && list != NULL) {
        size_t header = kaa_cpython__layout.header;

        probe_tuple(tuple, items, header, &found);
        probe_list(list, items, header, &found);
    }
    drop(tuple);
    drop(list);
    PY(PyErr_Clear)();
    kaa_cpython__sequence = found;
}

/* A debug build counts elsewhere as well. */
static int
counts_total(void)
{
    return PY(PySys_GetObject)("gettotalrefcount") != NULL;
}

/* Since 3.12 objects that never end have a count whose low half is negative,
 * and it stays as it is. */
static int
probe_half(void)
{
    PyObject *object = PY(PyFloat_FromDouble)(0.25);
    PyObject *none = PY(_Py_NoneStruct);
    uint64_t first, second, before, after;

    if (object == NULL) {
        PY(PyErr_Clear)();
        return 0;
    }
    memcpy(&first, object, sizeof(first));
    PY(Py_IncRef)(object);
    memcpy(&second, object, sizeof(second));
    PY(Py_DecRef)(object);
    PY(Py_DecRef)(object);
    memcpy(&before, none, sizeof(before));
    PY(Py_IncRef)(none);
    memcpy(&after, none, sizeof(after));
    PY(Py_DecRef)(none);
    return (uint32_t)first == 1 && second == first + 1 && before == after &&
           (int32_t)(uint32_t)before < 0;
}

uint32_t
kaa_cpython__probe_counting(const kaa_cpython *host)
{
    if (kaa_cpython__layout.type_offset == 0 ||
        !kaa_cpython__layout.count_is_first || host->is_free_threaded ||
        counts_total())
        return KAA_COUNT_CALL;
    if (host->version < 0x030c)
        return KAA_COUNT_WORD;
    if (host->version <= 0x030f && probe_half())
        return KAA_COUNT_HALF;
    return KAA_COUNT_CALL;
}
