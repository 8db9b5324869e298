/* cpython/context/on_dict.c - the slots of dict. */
#include "cpython/context/context.h"

static int
must_be_dict(PyObject *object)
{
    return must_be(object, PY(PyDict_Type), "a dict");
}

/* A str for a key given as text. */
static PyObject *
key_of(const char *key, size_t size)
{
    if (size > PTRDIFF_MAX)
        return PY(PyErr_NoMemory)();
    return PY(PyUnicode_DecodeUTF8)(key, (ssize_t)size, NULL);
}

static int
find(kaa_context *ctx, PyObject *dict, PyObject *key, kaa_object **out)
{
    PyObject *value;

    if (PY(PyDict_GetItemRef) != NULL) {
        int result = PY(PyDict_GetItemRef)(dict, key, &value);

        if (result != 1)
            return result;
        if (out != NULL)
            *out = as_kaa(value);
        else
            kaa_decref(ctx, as_kaa(value));
        return 1;
    }
    value = PY(PyDict_GetItemWithError)(dict, key);
    if (value == NULL)
        return PY(PyErr_Occurred)() != NULL ? -1 : 0;
    if (out != NULL)
        *out = kaa_incref(ctx, as_kaa(value));
    return 1;
}

kaa_object *
kaa_cpython__slot_dict_new(kaa_context *ctx)
{
    (void)ctx;
    return as_kaa(PY(PyDict_New)());
}

ptrdiff_t
kaa_cpython__slot_dict_size(kaa_context *ctx, kaa_object *dict)
{
    (void)ctx;
    return must_be_dict(as_host(dict)) ? PY(PyDict_Size)(as_host(dict)) : -1;
}

int
kaa_cpython__slot_dict_find(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                            kaa_object **out)
{
    if (!must_be_dict(as_host(dict)))
        return -1;
    return find(ctx, as_host(dict), as_host(key), out);
}

int
kaa_cpython__slot_dict_find_text(kaa_context *ctx, kaa_object *dict,
                                 const char *key, size_t size, kaa_object **out)
{
    PyObject *str;
    int result;

    if (!must_be_dict(as_host(dict)))
        return -1;
    str = key_of(key, size);
    if (str == NULL)
        return -1;
    result = find(ctx, as_host(dict), str, out);
    PY(Py_DecRef)(str);
    return result;
}

static int
set_both(PyObject *dict, kaa_object *key, kaa_object *value)
{
    if (key != NULL && value != NULL)
        return PY(PyDict_SetItem)(dict, as_host(key), as_host(value));
    if (PY(PyErr_Occurred)() == NULL)
        kaa_cpython__raise(PY(PyExc_SystemError),
                           "an item is NULL, and no exception is pending");
    return -1;
}

kaa_object *
kaa_cpython__slot_dict_take_array(kaa_context *ctx, kaa_object *const *items,
                                  size_t count)
{
    PyObject *dict = PY(PyDict_New)();

    for (size_t i = 0; dict != NULL && i < count * 2; i += 2) {
        if (set_both(dict, items[i], items[i + 1]) < 0) {
            kaa_decref(ctx, as_kaa(dict));
            dict = NULL;
        }
    }
    for (size_t i = 0; i < count * 2; i++)
        kaa_decref(ctx, items[i]);
    return as_kaa(dict);
}

int
kaa_cpython__slot_dict_set(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                           kaa_object *value)
{
    (void)ctx;
    if (!must_be_dict(as_host(dict)))
        return -1;
    return PY(PyDict_SetItem)(as_host(dict), as_host(key), as_host(value));
}

int
kaa_cpython__slot_dict_set_text(kaa_context *ctx, kaa_object *dict,
                                const char *key, size_t size, kaa_object *value)
{
    PyObject *str;
    int result;

    (void)ctx;
    if (!must_be_dict(as_host(dict)))
        return -1;
    str = key_of(key, size);
    if (str == NULL)
        return -1;
    result = PY(PyDict_SetItem)(as_host(dict), str, as_host(value));
    PY(Py_DecRef)(str);
    return result;
}

/* Without a function that pops: its own look-up, then its own removal. */
static int
find_and_delete(kaa_context *ctx, PyObject *dict, PyObject *key,
                kaa_object **out)
{
    kaa_object *value;
    int result = find(ctx, dict, key, &value);

    if (result != 1)
        return result;
    if (PY(PyDict_DelItem)(dict, key) != 0) {
        kaa_decref(ctx, value);
        return -1;
    }
    if (out != NULL)
        *out = value;
    else
        kaa_decref(ctx, value);
    return 1;
}

int
kaa_cpython__slot_dict_remove(kaa_context *ctx, kaa_object *dict,
                              kaa_object *key, kaa_object **out)
{
    PyObject *value;
    int result;

    if (!must_be_dict(as_host(dict)))
        return -1;
    if (PY(PyDict_Pop) != NULL) {
        result = PY(PyDict_Pop)(as_host(dict), as_host(key), &value);
    } else if (PY(_PyDict_Pop) != NULL) {
        /* The context's own capsule can be in no dict. */
        PyObject *missing = own_of(ctx)->missing;

        value = PY(_PyDict_Pop)(as_host(dict), as_host(key), missing);
        result = value == NULL ? -1 : value != missing;
        if (result == 0)
            PY(Py_DecRef)(value);
    } else {
        return find_and_delete(ctx, as_host(dict), as_host(key), out);
    }
    if (result != 1)
        return result;
    if (out != NULL)
        *out = as_kaa(value);
    else
        kaa_decref(ctx, as_kaa(value));
    return 1;
}

int
kaa_cpython__slot_dict_next(kaa_context *ctx, kaa_object *dict,
                            size_t *position, kaa_object **out_key,
                            kaa_object **out_value)
{
    kaa_cpython__section section;
    PyObject *key, *value;
    ssize_t at = (ssize_t)*position;
    int found;

    if (!must_be_dict(as_host(dict)))
        return -1;
    /* What the host gives is borrowed: on builds without a GIL nobody else
     * may touch the dict meanwhile. */
    begin_section(&section,
                  own_of(ctx)->host->is_free_threaded ? as_host(dict) : NULL);
    found = PY(PyDict_Next)(as_host(dict), &at, &key, &value) != 0;
    if (found) {
        *position = (size_t)at;
        if (out_key != NULL)
            *out_key = kaa_incref(ctx, as_kaa(key));
        if (out_value != NULL)
            *out_value = kaa_incref(ctx, as_kaa(value));
    }
    end_section(&section);
    return found;
}

int
kaa_cpython__slot_dict_update(kaa_context *ctx, kaa_object *dict,
                              kaa_object *other)
{
    (void)ctx;
    if (!must_be_dict(as_host(dict)))
        return -1;
    return PY(PyDict_Update)(as_host(dict), as_host(other)) != 0 ? -1 : 0;
}

int
kaa_cpython__slot_dict_clear(kaa_context *ctx, kaa_object *dict)
{
    (void)ctx;
    if (!must_be_dict(as_host(dict)))
        return -1;
    PY(PyDict_Clear)(as_host(dict));
    return 0;
}

#define SLOT_OF_DICT(name, function)                                           \
    kaa_object *kaa_cpython__slot_dict_##name(kaa_context *ctx,                \
                                              kaa_object *dict)                \
    {                                                                          \
        (void)ctx;                                                             \
        return must_be_dict(as_host(dict))                                     \
                   ? as_kaa(PY(function)(as_host(dict)))                       \
                   : NULL;                                                     \
    }
SLOT_OF_DICT(copy, PyDict_Copy)
SLOT_OF_DICT(keys, PyDict_Keys)
SLOT_OF_DICT(values, PyDict_Values)
SLOT_OF_DICT(items, PyDict_Items)
