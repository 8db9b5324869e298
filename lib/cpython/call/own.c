/* cpython/call/own.c - C data of kaa's own as arguments: it stays where it is,
 * so its address needs no second look.
 */
#include <string.h>

#include "cpython/call/convert.h"
#include "cpython/data/data.h"

/* Remembers a class, of instances that need no look at their type again. */
static void
learn(kaa_cpython__conversion *self, PyObject *type, kaa_cpython__class *class_)
{
    PyObject *old = self->own_class;

    /* A type that was assigned to __class__ is not what the data are. */
    if (class_->type != type || class_->plain != NULL)
        return;
    PY(Py_IncRef)(type);
    self->own_data = class_;
    self->own_class = type;
    if (old != NULL)
        PY(Py_DecRef)(old);
}

static int
store_address(void *place, const void *address)
{
    memcpy(place, &address, sizeof(address));
    return 0;
}

/* Whether an instance may be passed as it is: a record or an array of the
 * target's type, an array of such, or a pointer to it. */
static int
data_fits(const kaa_cpython__conversion *self, const kaa_cpython__class *given)
{
    if (self->shape.item == ITEM_ANY)
        return 1;
    if (given->kind == KAA_CTYPE_POINTER || given->kind == KAA_CTYPE_ARRAY)
        if (given->element.core == self->shape.target ||
            kaa_ctype_same(given->element.core, self->shape.target))
            return 1;
    return given->kind != KAA_CTYPE_POINTER &&
           (given->core == self->shape.target ||
            kaa_ctype_same(given->core, self->shape.target));
}

/* 1: `value` is C data that fits, and its address stands at `place`: it stays
 * where it is. What has a length to be checked is left to the slow path. */
int
kaa_cpython__take_data(kaa_cpython__state *state, kaa_cpython__conversion *self,
                       PyObject *value, void *place)
{
    PyObject *type = kaa_cpython__type(value);
    const kaa_cpython__data *body;

    if (!kaa_cpython__is_data_type(state->host, type))
        return 0;
    body = kaa_cpython__data_body(value);
    if ((body->data == NULL && self->shape.flags & CONVERT_NONNULL) ||
        self->shape.flags & CONVERT_MEASURED)
        return 0;
    if (type != self->own_class || body->class_ != self->own_data) {
        if (!data_fits(self, body->class_))
            return 0;
        /* A pointer may be NULL another time. */
        if (!state->host->is_free_threaded &&
            !(self->shape.flags & CONVERT_NONNULL &&
              body->class_->kind == KAA_CTYPE_POINTER))
            learn(self, type, body->class_);
    }
    if (KAA_UNLIKELY(body->class_->plain != NULL)) {
        if (kaa_cpython__is_gone(value))
            return 0; /* the slow path says so */
        if (state->gives_up == NULL)
            state->gives_up = kaa_cpython__given_up(
                state->host, value, state->library, state->subject);
    }
    return store_address(place, body->data) == 0;
}

/* Whether a value is C data of the very type. */
int
kaa_cpython__is_own_record(const kaa_cpython__state *state,
                           kaa_cpython__conversion *self, PyObject *value)
{
    PyObject *type = kaa_cpython__type(value);
    kaa_cpython__class *given;

    if (!kaa_cpython__is_data_type(state->host, type))
        return 0;
    given = kaa_cpython__data_body(value)->class_;
    if (given->core != self->shape.core &&
        !kaa_ctype_same(given->core, self->shape.core))
        return 0;
    if (kaa_cpython__is_gone(value))
        return 0; /* the slow path says so */
    if (!state->host->is_free_threaded)
        learn(self, type, given);
    return 1;
}
