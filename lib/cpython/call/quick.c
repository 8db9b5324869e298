/* cpython/call/quick.c - the path that has to cost what a compiled extension
 * costs.
 *
 * It reads what is common (floats, small ints, text, buffers, instances of a
 * class met before) by the layouts that the attach has verified, fills the
 * registers, calls, and makes the result. At the first thing that is not so
 * simple it starts over on the general path; nothing has happened by then that
 * is not undone.
 *
 * This file has what serves any signature; registers.c has entries for common
 * ones.
 */
#include "cpython/call/quick.h"

#include "base/assert.h"
#include "base/memory.h"

#define STACK_BYTES 128  /* of arguments, in a frame of the quick path */
#define MEMORY_BYTES 128 /* of a result in memory */

/* A frame with room for the stack. Nothing of it is set beforehand. */
typedef struct quick_frame {
    kaa_call__frame frame;
    _Alignas(16) unsigned char stack[STACK_BYTES];
    _Alignas(16) unsigned char result[MEMORY_BYTES];
} quick_frame;

_Static_assert(offsetof(quick_frame, stack) == sizeof(kaa_call__frame),
               "a frame's memory part follows it");

/* ---- arguments ---- */

quick_word
kaa_cpython__quick_text(PyObject *value)
{
    ssize_t length = 0;
    const char *text = PY(PyUnicode_AsUTF8AndSize)(value, &length);

    if (KAA_UNLIKELY(text == NULL)) {
        PY(PyErr_Clear)();
        return (quick_word){0, 0};
    }
    return (quick_word){(uint64_t)(uintptr_t)text,
                        strlen(text) == (size_t)length};
}

quick_word
kaa_cpython__quick_buffer(const kaa_cpython__conversion *conversion,
                          PyObject *value, views *held)
{
    const quick_word none = {0, 0};
    host_buffer *view;

    if (held->count == VIEWS_MAX)
        return none;
    view = &held->view[held->count];
    if (PY(PyObject_GetBuffer)(value, view,
                               kaa_cpython__buffer_flags(conversion)) != 0) {
        PY(PyErr_Clear)();
        return none;
    }
    held->count++;
    return kaa_cpython__view_fits(conversion, view) ? quick_address(view->buf)
                                                    : none;
}

quick_word
kaa_cpython__quick_other(kaa_cpython *host,
                         const kaa_cpython__conversion *conversion,
                         PyObject *value)
{
    quick_word found = {0, 0};

    if (value == kaa_cpython__none())
        found.is_there = !(conversion->shape.flags & CONVERT_NONNULL);
    else
        found.is_there = (uint64_t)kaa_cpython__known_instance(
            host, conversion, value, &found.word);
    return found;
}

static inline int
store_word(quick_word found, char *place)
{
    memcpy(place, &found.word, sizeof(found.word));
    return found.is_there != 0;
}

static inline int
store_floating(const kaa_cpython__quick *quick, PyObject *value, char *place)
{
    uint64_t word = 0;
    double number;
    float narrow;

    if (!quick_is_float(value))
        return 0;
    number = quick_float(value);
    if (quick->op == CONVERT_DOUBLE) {
        memcpy(place, &number, sizeof(number));
        return 1;
    }
    narrow = (float)number;
    if (isinf(narrow))
        return 0; /* perhaps out of range */
    memcpy(&word, &narrow, sizeof(narrow));
    memcpy(place, &word, sizeof(word));
    return 1;
}

/* Word by word where the size allows it: a call of memcpy() costs more than
 * the common sizes do, and so does a word read back from a wider store. */
static inline void
store_record(const kaa_call__place *place, char *frame, const char *data)
{
    char *first = frame + place->offset[0];

    if (place->size[0] % 8 != 0 || place->size[1] % 8 != 0 ||
        (KAA_CALL__AAPCS && place->load != KAA_CALL__LOAD_BYTES)) {
        kaa_call__store(place, (kaa_call__frame *)(void *)frame, data);
        return;
    }
    for (uint32_t at = 0; at < place->size[0]; at += 8)
        memcpy(first + at, data + at, 8);
    if (place->size[1] != 0)
        memcpy(frame + place->offset[1], data + 8, 8);
}

static inline int
store(const kaa_cpython__function *self, uint32_t i, PyObject *value,
      char *frame, views *held)
{
    const kaa_cpython__quick *quick = &self->quick[i];
    const kaa_cpython__conversion *conversion = &self->arguments[i];
    uint32_t before = held->count;
    quick_word found;

    switch (quick->op) {
    case CONVERT_INTEGER:
        return store_word(quick_integer(quick, value), frame + quick->offset);
    case CONVERT_DOUBLE:
    case CONVERT_FLOAT:
        return store_floating(quick, value, frame + quick->offset);
    case CONVERT_RECORD:
        if ((quick_type(value) != conversion->own_class ||
             !quick_is_own(conversion, value)) &&
            (quick_type(value) != conversion->direct_class ||
             !quick_is_whole(conversion, value)))
            return 0;
        store_record(&self->plan->places[i], frame, quick_cdata(value));
        return 1;
    default:
        found = quick_pointer(self->host, conversion, value, held);
        if (held->count != before)
            held->of[before] = i;
        return store_word(found, frame + quick->offset);
    }
}

/* ---- lengths ---- */

/* The bytes of a pointer's argument; -1: that takes a closer look. */
static int64_t
count_bytes(const kaa_cpython__function *self, uint32_t i, PyObject *value,
            const views *held)
{
    const kaa_cpython__conversion *conversion = &self->arguments[i];
    PyObject *type = quick_type(value);
    uint64_t bytes;

    if (type == PY(PyBytes_Type))
        return PY(PyBytes_Size)(value);
    if (type == PY(PyUnicode_Type) && quick_ascii(value).is_there) {
        memcpy(&bytes, (const char *)value + TEXT_LENGTH, sizeof(bytes));
        return (int64_t)bytes;
    }
    if (type == conversion->direct_class) {
        memcpy(&bytes, (const char *)value + QUICK_CDATA_SIZE, sizeof(bytes));
        return (int64_t)bytes;
    }
    for (uint32_t k = 0; k < held->count; k++)
        if (held->of[k] == i)
            return held->view[k].len;
    return -1;
}

/* What parameter `i` says, as a length or a part of one. 0: below zero. */
static inline int
read_length(const kaa_cpython__function *self, uint32_t i, const char *frame,
            uint64_t *out)
{
    memcpy(out, frame + self->quick[i].offset, sizeof(*out));
    return !self->quick[i].is_signed || (int64_t)*out >= 0;
}

/* Whether each pointer has as many elements as C will use. Where not, and where
 * nobody knows, the other path has the words. */
static int
lengths_fit(const kaa_cpython__function *self, PyObject *const *args,
            const char *frame, const views *held)
{
    for (uint32_t i = 0; i < self->count; i++) {
        const kaa_decl_parameter *notes = &self->item->parameters[i];
        const kaa_convert__shape *shape = &self->arguments[i].shape;
        uint64_t needed = 0, times = 1;
        int64_t bytes;

        if (!(shape->flags & CONVERT_MEASURED))
            continue;
        bytes = count_bytes(self, i, args[i], held);
        if (bytes < 0)
            return 0;
        if (shape->flags & CONVERT_LENGTH &&
            (!read_length(self, notes->length_of, frame, &needed) ||
             (notes->flags & KAA_DECL_PARAMETER_TIMES &&
              !read_length(self, notes->length_times, frame, &times)) ||
             __builtin_mul_overflow(needed, times, &needed) ||
             __builtin_mul_overflow(needed, notes->length_factor, &needed) ||
             __builtin_add_overflow(needed, notes->length_plus, &needed)))
            return 0;
        if (needed < notes->least)
            needed = notes->least;
        if (shape->item_size > 1 &&
            __builtin_mul_overflow(needed, shape->item_size, &needed))
            return 0;
        if ((uint64_t)bytes < needed)
            return 0;
    }
    return 1;
}

/* ---- results ---- */

static inline PyObject *
make_record(const kaa_cpython__function *self, const kaa_call__frame *frame)
{
    const kaa_call_plan *plan = self->plan;
    PyObject *made = kaa_cpython__new_record(
        self->host, self->library,
        (kaa_cpython__conversion *)(uintptr_t)&self->result,
        plan->result_in_memory ? frame->result_memory : frame->result.bytes,
        (size_t)plan->result_size);

    if (KAA_UNLIKELY(made == NULL))
        kaa_cpython__prefix(
            &(const kaa_cpython__state){.subject = self->item->name});
    return made;
}

static inline PyObject *
make_result(const kaa_cpython__function *self, const kaa_call__frame *frame)
{
    if (KAA_UNLIKELY(self->flags & (FUNCTION_ERRNO | FUNCTION_FREES)))
        return kaa_cpython__result(self, self->plan, frame);
    if (self->result.shape.op == CONVERT_DOUBLE)
        return PY(PyFloat_FromDouble)(frame->result.doubles[0]);
    if (self->result.shape.op == CONVERT_INTEGER)
        return quick_make_word(self, frame->result.words[0]);
    if (self->result.shape.op == CONVERT_RECORD)
        return make_record(self, frame);
    return kaa_cpython__result(self, self->plan, frame);
}

/* ---- calls ---- */

static inline int
is_other(const kaa_cpython__function *self, size_t flagged_count,
         PyObject *names)
{
    return names != NULL ||
           (flagged_count & ~HOST_ARGUMENTS_OFFSET) != self->count;
}

/* An exporter of a buffer may have run user code, and that may have moved what
 * an address was read of: it is read again. */
static int
store_again(const kaa_cpython__function *self, PyObject *const *args,
            char *frame, views *held)
{
    for (uint32_t i = 0; i < self->count; i++) {
        uint8_t op = self->quick[i].op;

        if ((op == CONVERT_TEXT || op == CONVERT_POINTER) &&
            quick_type(args[i]) != self->arguments[i].buffer_class &&
            !store(self, i, args[i], frame, held))
            return 0;
    }
    return 1;
}

/* All arguments into the frame. 0: the call has to start over, elsewhere. */
static inline int
store_all(const kaa_cpython__function *self, PyObject *const *args, char *frame,
          views *held)
{
    held->count = 0;
    for (uint32_t i = 0; i < self->count; i++)
        if (KAA_UNLIKELY(!store(self, i, args[i], frame, held)))
            return 0;
    if (KAA_UNLIKELY(held->count != 0) && !store_again(self, args, frame, held))
        return 0;
    return KAA_LIKELY(!(self->flags & FUNCTION_MEASURES)) ||
           lengths_fit(self, args, frame, held);
}

PyObject *
kaa_cpython__call_any(PyObject *object, PyObject *const *args,
                      size_t flagged_count, PyObject *names)
{
    const kaa_cpython__function *self = quick_body(object);
    kaa_cpython__record record, *begun;
    quick_frame local;
    PyObject *result = NULL;
    views held;

    if (KAA_UNLIKELY(is_other(self, flagged_count, names)))
        return kaa_cpython__call(object, args, flagged_count, names);
    if (KAA_UNLIKELY(!store_all(self, args, (char *)&local, &held))) {
        release_views(&held);
        return kaa_cpython__call(object, args, flagged_count, names);
    }
    local.frame.result_memory = local.result;
    begun = quick_begin(self, &record);
    kaa_call__run(self->plan, self->target, &local.frame);
    if (KAA_LIKELY(quick_end(begun) == 0))
        result = make_result(self, &local.frame);
    release_views(&held);
    return result;
}

/* ---- variable arguments ---- */

/* Whether a call's values fit a quick_frame. */
static int
fits_frame(const kaa_call_plan *plan)
{
    return plan->is_direct &&
           plan->frame_size <= sizeof(kaa_call__frame) + STACK_BYTES &&
           (!plan->result_in_memory ||
            (plan->result_size <= MEMORY_BYTES && plan->result_align <= 16));
}

int
kaa_cpython__is_quick_variadic(const kaa_cpython__function *self,
                               const kaa_call_plan *plan)
{
    if (self->quick == NULL || !fits_frame(plan))
        return 0;
    for (uint32_t i = 0; i < self->count; i++)
        if (plan->places[i].offset[0] != self->plan->places[i].offset[0] ||
            plan->places[i].offset[1] != self->plan->places[i].offset[1])
            return 0;
    return 1;
}

/* One by C's promotions: an int, a double, text, a null pointer. Its kind; 0:
 * that takes a closer look. */
static ALWAYS_INLINE uint32_t
take_extra(PyObject *value, uint64_t *out)
{
    static const kaa_cpython__quick any = {
        .unused = 32, .is_signed = 1, .sort = QUICK_SIGNED};
    const PyObject *type = quick_type(value);
    quick_word found = {0, value == kaa_cpython__none()};
    double number;

    if (type == PY(PyLong_Type)) {
        found = quick_integer(&any, value);
        *out = found.word;
        return found.is_there ? KAA_CTYPE_INT : 0;
    }
    if (type == PY(PyFloat_Type)) {
        number = quick_float(value);
        memcpy(out, &number, sizeof(number));
        return KAA_CTYPE_DOUBLE;
    }
    if (type == PY(PyUnicode_Type))
        found = quick_ascii(value);
    *out = found.word;
    return found.is_there ? KAA_CTYPE_POINTER : 0;
}

/* The same as a format asks for it: what the other path makes of it, too. */
static uint32_t
take_wanted(PyObject *value, const kaa_decl_wanted *wanted, uint64_t *out)
{
    kaa_ctype_kind kind = kaa_ctype_kind_of(wanted->type);
    uint64_t size = kaa_ctype_size(wanted->type);
    const kaa_cpython__quick asked = {
        .unused = (uint8_t)(64u - 8u * size),
        .is_signed = (uint8_t)kaa_ctype_is_signed(wanted->type),
        .sort = QUICK_CHECKED};
    const PyObject *type = quick_type(value);
    quick_word found;

    if (type == PY(PyLong_Type) && kind >= KAA_CTYPE_INT &&
        kind <= KAA_CTYPE_ULLONG) {
        found = quick_integer(&asked, value);
        *out = found.word;
        return found.is_there ? (uint32_t)kind : 0;
    }
    if ((type == PY(PyFloat_Type) && kind == KAA_CTYPE_DOUBLE) ||
        (type == PY(PyUnicode_Type) &&
         wanted->type == kaa_ctype_basic_pointer(KAA_CTYPE_CHAR, 1)))
        return take_extra(value, out);
    return 0;
}

/* What the format among the arguments asks for; 0: that takes a closer look. */
static int
read_format(const kaa_cpython__function *self, PyObject *const *args,
            uint32_t count, kaa_decl_wanted *out)
{
    PyObject *value = args[self->item->format_of];
    quick_word found = {0, 0};
    const char *text;

    if (quick_type(value) == PY(PyUnicode_Type))
        found = quick_ascii(value);
    if (!found.is_there)
        return 0;
    text = (const char *)(uintptr_t)found.word;
    if (kaa_decl_format(self->item, text, strlen(text), out, count, NULL) !=
        count)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        if (out[i].type == NULL || out[i].least != 0)
            return 0;
    return 1;
}

/* The kinds of arguments after the fixed ones, a byte each, and their words; 0:
 * one of them takes a closer look. */
NEVER_INLINE static uint64_t
take_formatted(const kaa_cpython__function *self, PyObject *const *args,
               uint32_t count, uint64_t *words)
{
    kaa_decl_wanted wanted[KAA_CPYTHON__EXTRAS_QUICK];
    uint64_t kinds = 0;

    if (!read_format(self, args, count, wanted))
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t kind =
            take_wanted(args[self->count + i], &wanted[i], &words[i]);

        if (kind == 0)
            return 0;
        kinds = kinds << 8 | kind;
    }
    return kinds;
}

static ALWAYS_INLINE uint64_t
take_extras(const kaa_cpython__function *self, PyObject *const *args,
            uint32_t count, uint64_t *words)
{
    PyObject *const *extras = args + self->count;
    uint64_t kinds = 0;

    if (count == 0 || count > KAA_CPYTHON__EXTRAS_QUICK ||
        (self->item->flags & KAA_DECL_SENTINEL &&
         extras[count - 1] != kaa_cpython__none()))
        return 0;
    if (self->item->format != KAA_DECL_FORMAT_NONE)
        return take_formatted(self, args, count, words);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t kind = take_extra(extras[i], &words[i]);

        if (KAA_UNLIKELY(kind == 0))
            return 0;
        kinds = kinds << 8 | kind;
    }
    return kinds;
}

static PyObject *
call_variadic(PyObject *object, PyObject *const *args, size_t flagged_count,
              PyObject *names)
{
    const kaa_cpython__function *self = quick_body(object);
    size_t given = flagged_count & ~HOST_ARGUMENTS_OFFSET;
    kaa_cpython__record record, *begun;
    const kaa_call_plan *plan = NULL;
    uint64_t words[KAA_CPYTHON__EXTRAS_QUICK], kinds = 0;
    PyObject *result = NULL;
    quick_frame local;
    views held;

    if (names == NULL && given > self->count)
        kinds = take_extras(self, args, (uint32_t)(given - self->count), words);
    if (KAA_LIKELY(kinds != 0))
        plan = kaa_cpython__variadic_plan(self, kinds);
    if (plan == NULL)
        return kaa_cpython__call(object, args, flagged_count, names);
    if (KAA_UNLIKELY(!store_all(self, args, (char *)&local, &held))) {
        release_views(&held);
        return kaa_cpython__call(object, args, flagged_count, names);
    }
    for (size_t i = self->count; i < given; i++)
        memcpy((char *)&local + plan->places[i].offset[0],
               &words[i - self->count], sizeof(words[0]));
    local.frame.result_memory = local.result;
    begun = quick_begin(self, &record);
    kaa_call__run(plan, self->target, &local.frame);
    if (KAA_LIKELY(quick_end(begun) == 0))
        result = make_result(self, &local.frame);
    release_views(&held);
    return result;
}

/* ---- choosing ---- */

/* What the quick path can take: what stands in registers or in little memory,
 * needs nothing done after the call but for buffers, and is read by layouts. */
static int
is_quick(const kaa_cpython__function *self)
{
    if (!fits_frame(self->plan) || !quick_has_layouts() ||
        self->flags & FUNCTION_BORROWS || self->visible != self->count)
        return 0;
    for (uint32_t i = 0; i < self->count; i++) {
        uint32_t op = self->arguments[i].shape.op;

        if (op > CONVERT_POINTER && op != CONVERT_RECORD)
            return 0;
    }
    return 1;
}

static uint8_t
sort_of(const kaa_convert__shape *result)
{
    if (result->op == CONVERT_VOID)
        return QUICK_NONE;
    if (result->op != CONVERT_INTEGER || result->flags & CONVERT_ENUM)
        return QUICK_OTHER;
    if (result->size == 8)
        return result->is_signed ? QUICK_LONG : QUICK_ULONG;
    return result->size == 4 && result->is_signed ? QUICK_INT : QUICK_OTHER;
}

int
kaa_cpython__init_quick(kaa_cpython__function *self)
{
    kaa_cpython__quick *quick;

    if (!is_quick(self))
        return 0;
    quick = kaa_base__alloc_zeroed((self->count + 1u) * sizeof(*quick));
    if (quick == NULL) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    for (uint32_t i = 0; i < self->count; i++) {
        const kaa_cpython__conversion *argument = &self->arguments[i];

        quick[i].op = argument->shape.op;
        quick[i].unused = (uint8_t)(64u - 8u * argument->shape.size);
        quick[i].is_signed = argument->shape.is_signed;
        quick[i].sort = argument->shape.is_signed && argument->shape.size >= 4
                            ? QUICK_SIGNED
                            : QUICK_CHECKED;
        quick[i].offset = self->plan->places[i].offset[0];
    }
    /* One more for the result, where it is an integer. */
    quick[self->count].unused = (uint8_t)(64u - 8u * self->result.shape.size);
    quick[self->count].is_signed = self->result.shape.is_signed;
    quick[self->count].sort = sort_of(&self->result.shape);
    self->quick = quick;
    if (self->flags & FUNCTION_VARIADIC)
        self->vectorcall = call_variadic;
    else if (!(self->flags & FUNCTION_MEASURES))
        self->vectorcall = kaa_cpython__registers_entry(self);
    else
        self->vectorcall = NULL;
    if (self->vectorcall == NULL)
        self->vectorcall = kaa_cpython__call_any;
    return 0;
}
