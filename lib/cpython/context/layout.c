/* cpython/context/layout.c - what contexts may read and write in the host's
 * objects without asking, once known objects have shown it. */
#include <string.h>

#include "cpython/context/context.h"

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
        word_at(list, header + 16) > (ssize_t)2 * ITEMS)
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

/* Whether a str of the text is, or is not, taken for ASCII, and read right. */
static int
reads_right(const char *text, int is_ascii, int is_interned)
{
    PyObject *str =
        is_interned
            ? PY(PyUnicode_InternFromString)(text)
            : PY(PyUnicode_DecodeUTF8)(text, (ssize_t)strlen(text), NULL);
    const char *found, *known;
    size_t size = 0;
    int result;

    if (str == NULL)
        return 0;
    found = ascii_text(str, &size);
    known = PY(PyUnicode_AsUTF8AndSize)(str, NULL);
    result = is_ascii ? found == known && size == strlen(text) : found == NULL;
    PY(Py_DecRef)(str);
    return result;
}

static int
probe_ascii(void)
{
    return reads_right("", 1, 0) && reads_right("a", 1, 0) &&
           reads_right("abc", 1, 0) && reads_right("some_name", 1, 1) &&
           reads_right("a longer text that is no name", 1, 0) &&
           reads_right("a longer text that is interned", 1, 1) &&
           reads_right("\xc3\xa9", 0, 0) && reads_right("x\xc3\xa9y", 0, 1) &&
           reads_right("\xe2\x82\xac", 0, 0) &&
           reads_right("\xf0\x9f\x98\x80", 0, 0);
}

/* The state of a str has, from some bit on: 3 bits with the width of its
 * characters, whether they follow the structure, whether they are ASCII. The
 * structure has one field less since 3.12, and the first bit is another since
 * 3.14. Believed if strs of all kinds are read right so. */
static void
find_ascii(void)
{
    static const struct {
        uint32_t shift;
        size_t text;
    } guesses[] = {{2, 48}, {2, 40}, {16, 40}, {8, 40}};

    for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
        kaa_cpython__sequence.ascii_text = guesses[i].text;
        kaa_cpython__sequence.ascii_mask = 0x1fu << guesses[i].shift;
        kaa_cpython__sequence.ascii_bits = 0x19u << guesses[i].shift;
        if (probe_ascii())
            return;
    }
    kaa_cpython__sequence.ascii_text = 0;
    PY(PyErr_Clear)();
}

void
kaa_cpython__probe_sequences(void)
{
    kaa_cpython__sequences found = {0};
    PyObject *items[ITEMS], *tuple, *list;

    if (kaa_cpython__layout.type_offset != 8) /* or it has no GIL */
        return;
    tuple = PY(PyTuple_New)(ITEMS);
    list = PY(PyList_New)(ITEMS);
    for (int i = 0; tuple != NULL && list != NULL && i < ITEMS; i++) {
        items[i] = PY(PyFloat_FromDouble)(i);
        if (items[i] == NULL) {
            xdecref(tuple);
            tuple = NULL;
            break;
        }
        PY(PyTuple_SetItem)(tuple, i, new_ref(items[i]));
        PY(PyList_SetItem)(list, i, items[i]);
    }
    if (tuple != NULL && list != NULL) {
        size_t header = kaa_cpython__layout.header;

        probe_tuple(tuple, items, header, &found);
        probe_list(list, items, header, &found);
    }
    xdecref(tuple);
    xdecref(list);
    PY(PyErr_Clear)();
    kaa_cpython__sequence = found;
    find_ascii();
}

/* ---- critical sections */

kaa_cpython__sections kaa_cpython__section_layout;

/* A free-threaded build's thread state is larger, by its heap. */
#define STATE_SEARCHED 1024

/* The only place in a thread state that has a word; 0: none, or several. */
static size_t
place_in_state(uintptr_t word)
{
    const char *state = (const char *)kaa_cpython__running_state();
    size_t found = 0;

    for (size_t at = 0; at < STATE_SEARCHED; at += sizeof(word)) {
        if (memcmp(state + at, &word, sizeof(word)) != 0)
            continue;
        if (found != 0)
            return 0;
        found = at;
    }
    return found;
}

/* The word of a section that leads into its lock. */
static int
mutex_of(const kaa_cpython__section *section, PyObject *lock,
         kaa_cpython__sections *out)
{
    for (size_t i = 0; i < 2; i++) {
        uintptr_t into = section->words[i] - (uintptr_t)lock;

        if (into < kaa_cpython__layout.header) {
            out->word = i * sizeof(section->words[0]);
            out->mutex = into;
            return 1;
        }
    }
    return 0;
}

/* Two sections, one within the other, have to be found at the same place. */
void
kaa_cpython__probe_sections(const kaa_cpython *host)
{
    kaa_cpython__section first = {.words = {0}}, second = {.words = {0}};
    kaa_cpython__sections found = {0}, again = {0};
    PyObject *one, *two;
    int is_found;

    if (!host->is_free_threaded || kaa_cpython__layout.type_offset == 0 ||
        kaa_cpython__section_layout.newest != 0)
        return;
    one = PY(PyList_New)(0);
    two = PY(PyList_New)(0);
    if (one != NULL && two != NULL) {
        PY(PyCriticalSection_Begin)(first.words, one);
        found.newest = place_in_state((uintptr_t)first.words);
        is_found = found.newest != 0 && mutex_of(&first, one, &found);
        PY(PyCriticalSection_Begin)(second.words, two);
        again.newest = place_in_state((uintptr_t)second.words);
        is_found = is_found && mutex_of(&second, two, &again) &&
                   memcmp(&found, &again, sizeof(found)) == 0;
        PY(PyCriticalSection_End)(second.words);
        is_found =
            is_found && place_in_state((uintptr_t)first.words) == found.newest;
        PY(PyCriticalSection_End)(first.words);
        if (is_found && place_in_state((uintptr_t)first.words) == 0)
            kaa_cpython__section_layout = found;
    }
    xdecref(one);
    xdecref(two);
    PY(PyErr_Clear)();
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
