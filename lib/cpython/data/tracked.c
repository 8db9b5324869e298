/* cpython/data/tracked.c - which instances the interpreter's collector sees.
 *
 * An instance refers to its type, and that to its library. While nothing that
 * the library keeps is a stranger's, no cycle can lead through them, and
 * instances without an owner stay out of the collector: they cost it nothing.
 *
 * The first callback that a library keeps changes that, because it may reach
 * any instance. So each class knows its instances, by a place in a list that is
 * given when their memory is allocated and left when it is freed. (Those on the
 * list of free objects stay there: what is common costs nothing.) All join
 * then, and all later ones join when they are made. Without a GIL, joining is
 * cheaper than a list that threads share: instances join at once there.
 */
#include "base/memory.h"
#include "cpython/data/data.h"

typedef kaa_cpython__data data;
typedef kaa_cpython__class class;

#define ROOM_MIN 64u

void
kaa_cpython__track(PyObject *object)
{
    data *body = kaa_cpython__data_body(object);

    if (!(body->flags & DATA_IS_TRACKED)) {
        body->flags |= DATA_IS_TRACKED;
        PY(PyObject_GC_Track)(object);
    }
}

void
kaa_cpython__join_slowly(PyObject *object, class *self)
{
    uint32_t room = self->known_room != 0 ? self->known_room * 2 : ROOM_MIN;
    PyObject **grown = NULL;

    if (room < DATA_UNKNOWN / 2)
        grown = kaa_base__realloc_array(self->known, room, sizeof(*grown));
    if (grown == NULL) {
        kaa_cpython__track(object);
        return;
    }
    self->known = grown;
    self->known_room = room;
    kaa_cpython__join(object, self);
}

static void
forget(class *self, data *body)
{
    PyObject *last = self->known[--self->known_count];

    self->known[body->place] = last;
    kaa_cpython__data_body(last)->place = body->place;
    if (self->known_room > ROOM_MIN &&
        self->known_count < self->known_room / 4) {
        uint32_t room = self->known_room / 2;
        PyObject **less =
            kaa_base__realloc_array(self->known, room, sizeof(*less));

        if (less != NULL) {
            self->known = less;
            self->known_room = room;
        }
    }
}

void
kaa_cpython__delete_data(PyObject *object, class *self)
{
    data *body = kaa_cpython__data_body(object);

    if (body->place != DATA_UNKNOWN)
        forget(self->plain != NULL ? self->plain : self, body);
    PY(PyObject_GC_Del)(object);
}

/* Of free objects nothing is looked at either: they are as their last use left
 * them. */
static void
mark_free_objects(class *self)
{
    for (uint32_t i = 0; i < self->free_count; i++)
        kaa_cpython__data_body(self->free_objects[i])->flags |= DATA_IS_ENDING;
}

/* From now on all instances are tracked. */
static void
start(class *self)
{
    mark_free_objects(self);
    self->flags |= CLASS_TRACKS;
    for (uint32_t i = 0; i < self->known_count; i++) {
        data *body = kaa_cpython__data_body(self->known[i]);

        body->place = DATA_UNKNOWN;
        if (!(body->flags & DATA_IS_ENDING))
            kaa_cpython__track(self->known[i]);
    }
    kaa_cpython__forget_all(self);
}

/* Those of another library's class that hold something: it may be of one whose
 * instances are tracked. */
static void
track_holders(class *self)
{
    mark_free_objects(self);
    for (uint32_t i = 0; i < self->known_count; i++) {
        const data *body = kaa_cpython__data_body(self->known[i]);

        if (!(body->flags & DATA_IS_ENDING) &&
            (body->owner != NULL || body->kept != NULL))
            kaa_cpython__track(self->known[i]);
    }
}

void
kaa_cpython__forget_all(class *self)
{
    kaa_base__free(self->known);
    self->known = NULL;
    self->known_count = self->known_room = 0;
}

/* Whether the library keeps something already. */
static int
keeps(PyObject *library)
{
    PyObject *closures = PY(PyObject_GetAttrString)(library, "_closures");
    int found = closures == NULL || PY(PyDict_Size)(closures) != 0;

    if (closures != NULL)
        PY(Py_DecRef)(closures);
    PY(PyErr_Clear)();
    return found;
}

void
kaa_cpython__list_class(class *self)
{
    class **first = &self->host->classes;

    if (!self->has_free_list || keeps(self->library)) {
        self->flags |= CLASS_TRACKS;
        return;
    }
    self->next = *first;
    self->pointer = first;
    if (self->next != NULL)
        self->next->pointer = &self->next;
    *first = self;
}

void
kaa_cpython__unlist_class(class *self)
{
    if (self->pointer == NULL)
        return;
    *self->pointer = self->next;
    if (self->next != NULL)
        self->next->pointer = self->pointer;
    self->pointer = NULL;
    self->next = NULL;
}

int
kaa_cpython_data_track(kaa_cpython *host, void *library)
{
    class *next;
    int is_first = 0;

    for (class *one = host->classes; one != NULL; one = next) {
        next = one->next;
        if (one->library != library)
            continue;
        is_first = 1;
        kaa_cpython__unlist_class(one);
        start(one);
    }
    if (is_first)
        for (class *one = host->classes; one != NULL; one = one->next)
            track_holders(one);
    return is_first;
}
