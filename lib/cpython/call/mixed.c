/* cpython/call/mixed.c - calls whose arguments stand in registers of both
 * sorts, and in few words on the stack: numbers and pointers beside each other,
 * records by value.
 *
 * As in registers.c what costs is the deciding. A function's arguments are put
 * into the frame's registers, and the target is called as one that takes all of
 * them, or the first four of each sort: a callee that wants fewer does not look
 * at the others. What comes back in two registers becomes a record at once.
 */
#include "call/internal.h"
#include "cpython/call/quick.h"

#if KAA_CALL__SYSV

#define FEW 4 /* registers of each sort, words on the stack */

/* What is filled: few registers, all of them, the stack as well; or nothing but
 * the stack, by one record of three or four words. */
typedef enum filled {
    FEW_ONLY,
    ALL_REGISTERS,
    ALL_AND_STACK,
    ONE_OF_THREE,
    ONE_OF_FOUR
} filled;

/* The stack's part follows the frame, where a plan has it. */
typedef struct mixed_frame {
    kaa_call__frame frame;
    uint64_t stack[FEW];
    const char *record; /* that is passed from where it is */
} mixed_frame;

/* Records that C passes on the stack, wherever they are. */
typedef struct three {
    uint64_t words[3];
} __attribute__((packed, may_alias)) three;
typedef struct four {
    uint64_t words[4];
} __attribute__((packed, may_alias)) four;

_Static_assert(offsetof(mixed_frame, stack) == sizeof(kaa_call__frame),
               "the stack's words follow the frame");

typedef kaa_call__pair_ii pair_ii;
typedef kaa_call__pair_dd pair_dd;
typedef kaa_call__pair_id pair_id;
typedef kaa_call__pair_di pair_di;

/* ---- arguments ---- */

/* The bytes of a record; NULL: it is not certainly one that fits. */
static ALWAYS_INLINE const char *
find_record(const kaa_cpython__function *self, uint32_t i,
            const PyObject *value)
{
    const kaa_cpython__conversion *conversion = &self->arguments[i];
    const PyObject *type = quick_type(value);

    if (!(type == conversion->own_class && quick_is_own(conversion, value)) &&
        !(type == conversion->direct_class &&
          quick_is_whole(conversion, value)))
        return NULL;
    return quick_cdata(value);
}

/* Those bytes in one or two registers, or on the stack. */
static ALWAYS_INLINE int
store_record(const kaa_cpython__function *self, uint32_t i,
             const PyObject *value, char *frame)
{
    const kaa_call__place *place = &self->plan->places[i];
    const char *data = find_record(self, i, value);

    if (KAA_UNLIKELY(data == NULL))
        return 0;
    memcpy(frame + place->offset[0], data, 8);
    if (place->size[1] != 0)
        memcpy(frame + place->offset[1], data + 8, 8);
    for (uint32_t at = 8; at < place->size[0]; at += 8)
        memcpy(frame + place->offset[0] + at, data + at, 8);
    return 1;
}

/* The low half of a register; perhaps out of range: 0. */
static ALWAYS_INLINE int
store_float(const PyObject *value, char *place)
{
    uint64_t word = 0;
    float narrow;

    if (KAA_UNLIKELY(!quick_is_float(value)))
        return 0;
    narrow = (float)quick_float(value);
    memcpy(&word, &narrow, sizeof(narrow));
    memcpy(place, &word, sizeof(word));
    return !isinf(narrow);
}

static ALWAYS_INLINE int
store(const kaa_cpython__function *self, uint32_t i, const PyObject *value,
      char *frame)
{
    const kaa_cpython__quick *quick = &self->quick[i];
    quick_word found;

    if (quick->op == CONVERT_DOUBLE) {
        if (KAA_UNLIKELY(!quick_is_float(value)))
            return 0;
        memcpy(frame + quick->offset, (const char *)value + QUICK_FLOAT, 8);
        return 1;
    }
    if (quick->op == CONVERT_RECORD)
        return store_record(self, i, value, frame);
    if (quick->op == CONVERT_FLOAT)
        return store_float(value, frame + quick->offset);
    found = quick->op == CONVERT_INTEGER
                ? quick_integer(quick, value)
                : quick_plain_pointer(&self->arguments[i], value);
    memcpy(frame + quick->offset, &found.word, sizeof(found.word));
    return found.is_there != 0;
}

/* ---- the call ---- */

#define U uint64_t
#define F double
#define I(n) frame->integers[n]
#define V(n) vector(frame, n)

static inline double
vector(const kaa_call__frame *frame, uint32_t index)
{
    double value;

    memcpy(&value, &frame->vectors[index], sizeof(value));
    return value;
}

#define U6 U, U, U, U, U, U
#define F8 F, F, F, F, F, F, F, F
#define I6 I(0), I(1), I(2), I(3), I(4), I(5)
#define V8 V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7)
#define W4 local->stack[0], local->stack[1], local->stack[2], local->stack[3]
/* The words are handed over one by one: read as wider ones than they were
 * written as, they would be waited for. */
#define RUN(type)                                                              \
    (how == FEW_ONLY ? ((type(*)(U, U, U, U, F, F, F, F))self->target)(        \
                           I(0), I(1), I(2), I(3), V(0), V(1), V(2), V(3))     \
     : how == ALL_AND_STACK                                                    \
         ? ((type(*)(U6, F8, U, U, U, U))self->target)(I6, V8, W4)             \
     : how == ONE_OF_THREE ? ((type(*)(three))self->target)(                   \
                                 *(const three *)(const void *)local->record)  \
     : how == ONE_OF_FOUR ? ((type(*)(four))self->target)(                     \
                                *(const four *)(const void *)local->record)    \
                          : ((type(*)(U6, F8))self->target)(I6, V8))
#define RUN_PAIR(type)                                                         \
    do {                                                                       \
        type pair_ = RUN(type);                                                \
        memcpy(frame->result.bytes, &pair_, sizeof(pair_));                    \
    } while (0)

/* NOLINTBEGIN(clang-analyzer-core.CallAndMessage): what is not filled is passed
 * on as it is, and not looked at. */
static ALWAYS_INLINE void
run(const kaa_cpython__function *self, mixed_frame *local, const filled how)
{
    kaa_call__frame *frame = &local->frame;

    switch (self->plan->result_how) {
    case KAA_CALL__RESULT_D:
        frame->result.doubles[0] = RUN(double);
        break;
    case KAA_CALL__RESULT_I:
        frame->result.words[0] = RUN(uint64_t);
        break;
    case KAA_CALL__RESULT_DD:
        RUN_PAIR(pair_dd);
        break;
    case KAA_CALL__RESULT_II:
        RUN_PAIR(pair_ii);
        break;
    case KAA_CALL__RESULT_ID:
        RUN_PAIR(pair_id);
        break;
    default:
        RUN_PAIR(pair_di);
        break;
    }
}
/* NOLINTEND(clang-analyzer-core.CallAndMessage) */

/* ---- the result ---- */

NEVER_INLINE static PyObject *
make_first_record(const kaa_cpython__function *self,
                  const kaa_call__frame *frame)
{
    PyObject *made = kaa_cpython__new_record(
        self->host, self->library,
        (kaa_cpython__conversion *)(uintptr_t)&self->result,
        frame->result.bytes, (size_t)self->plan->result_size);

    if (made == NULL)
        kaa_cpython__prefix(
            &(const kaa_cpython__state){.subject = self->item->name});
    return made;
}

static ALWAYS_INLINE PyObject *
make_result(const kaa_cpython__function *self, const kaa_call__frame *frame)
{
    struct kaa_cpython__class *class_;
    PyObject *made;

    if (self->result.shape.op == CONVERT_DOUBLE)
        return PY(PyFloat_FromDouble)(frame->result.doubles[0]);
    if (self->result.shape.op != CONVERT_RECORD) {
        if (self->quick[self->count].sort == QUICK_NONE) {
            quick_retain(kaa_cpython__none());
            return kaa_cpython__none();
        }
        return quick_make_word(
            self, kaa_call__widen(self->plan, frame->result.words[0]));
    }
    class_ =
        atomic_load_explicit(&self->result.data_class, memory_order_acquire);
    made = KAA_LIKELY(class_ != NULL)
               ? kaa_cpython__new_words(class_, frame->result.words[0],
                                        frame->result.words[1])
               : NULL;
    return KAA_LIKELY(made != NULL || class_ != NULL)
               ? made
               : make_first_record(self, frame);
}

/* ---- entries ---- */

static ALWAYS_INLINE PyObject *
mixed(PyObject *object, PyObject *const *args, size_t flagged_count,
      PyObject *names, const uint32_t count, const filled how)
{
    const kaa_cpython__function *self = quick_body(object);
    kaa_cpython__record record, *begun;
    mixed_frame local;

    if (KAA_UNLIKELY(names != NULL ||
                     (flagged_count & ~HOST_ARGUMENTS_OFFSET) != count))
        return kaa_cpython__call(object, args, flagged_count, names);
    if (how == ONE_OF_THREE || how == ONE_OF_FOUR) {
        local.record = find_record(self, 0, args[0]);
        if (KAA_UNLIKELY(local.record == NULL))
            return kaa_cpython__call_any(object, args, flagged_count, names);
    }
    for (uint32_t i = 0; i < count && how <= ALL_AND_STACK; i++)
        if (KAA_UNLIKELY(!store(self, i, args[i], (char *)&local)))
            return kaa_cpython__call_any(object, args, flagged_count, names);
    local.frame.result.words[1] = 0;
    begun = quick_begin(self, &record);
    run(self, &local, how);
    if (KAA_UNLIKELY(quick_end(begun) != 0))
        return NULL;
    return make_result(self, &local.frame);
}

#define ENTRY(name, count, how)                                                \
    static PyObject *name(PyObject *object, PyObject *const *args,             \
                          size_t flagged_count, PyObject *names)               \
    {                                                                          \
        return mixed(object, args, flagged_count, names, count, how);          \
    }

/* clang-format off: no statements, but definitions */
ENTRY(few_1, 1, FEW_ONLY)
ENTRY(few_2, 2, FEW_ONLY)
ENTRY(few_any, quick_body(object)->count, FEW_ONLY)
ENTRY(stack_1, 1, ALL_AND_STACK)
ENTRY(stack_any, quick_body(object)->count, ALL_AND_STACK)
ENTRY(one_of_three, 1, ONE_OF_THREE)
ENTRY(one_of_four, 1, ONE_OF_FOUR)
ENTRY(all_any, quick_body(object)->count, ALL_REGISTERS)
/* clang-format on */

/* ---- choosing ---- */

/* Whether a result comes in one or two registers and is made here. */
static int
is_small(const kaa_cpython__function *self)
{
    const kaa_convert__shape *result = &self->result.shape;
    uint8_t how = self->plan->result_how;

    if (result->op == CONVERT_RECORD)
        return self->plan->result_size > 0 && how < KAA_CALL__RESULT_MEMORY;
    if (result->op == CONVERT_DOUBLE)
        return how == KAA_CALL__RESULT_D;
    return result->op < CONVERT_RECORD && result->op != CONVERT_FLOAT &&
           how == KAA_CALL__RESULT_I;
}

enum { NEEDS_FEW = 1, NEEDS_ALL = 2, NEEDS_STACK = 4, NOT_HERE = 8 };

/* What an argument needs to be filled; NOT_HERE: it is stored in another way.
 */
static int
argument_needs(const kaa_cpython__function *self, uint32_t i)
{
    const kaa_call__place *place = &self->plan->places[i];
    uint8_t op = self->arguments[i].shape.op;
    int needs = NEEDS_FEW;

    if (op == CONVERT_RECORD) {
        if (place->load != KAA_CALL__LOAD_BYTES || place->size[0] % 8 != 0 ||
            place->size[0] == 0 || (place->size[1] != 0 && place->size[1] != 8))
            return NOT_HERE;
    } else if (op < CONVERT_INTEGER || op > CONVERT_POINTER) {
        return NOT_HERE;
    }
    for (uint32_t piece = 0; piece < (place->size[1] != 0 ? 2u : 1u); piece++) {
        uint32_t offset = place->offset[piece];

        if (offset >= offsetof(kaa_call__frame, result)) {
            needs |= offset < sizeof(kaa_call__frame) ? NOT_HERE : NEEDS_STACK;
            continue;
        }
        if (offset >= offsetof(kaa_call__frame, vectors))
            offset -= (uint32_t)offsetof(kaa_call__frame, vectors);
        if (offset >= FEW * 8)
            needs |= NEEDS_ALL;
    }
    return needs;
}

host_vectorcall
kaa_cpython__mixed_entry(const kaa_cpython__function *self)
{
    int needs = 0;

    if (!self->plan->is_direct || !is_small(self) ||
        self->flags & (FUNCTION_ERRNO | FUNCTION_FREES | FUNCTION_VARIADIC))
        return NULL;
    for (uint32_t i = 0; i < self->count; i++)
        needs |= argument_needs(self, i);
    if (needs & NOT_HERE || self->plan->stack_words > FEW)
        return NULL;
    if (self->count == 1 && self->arguments[0].shape.op == CONVERT_RECORD &&
        self->plan->places[0].offset[0] == offsetof(mixed_frame, stack) &&
        self->plan->places[0].size[1] == 0) {
        if (self->plan->places[0].size[0] == sizeof(three))
            return one_of_three;
        if (self->plan->places[0].size[0] == sizeof(four))
            return one_of_four;
    }
    if (needs & NEEDS_STACK)
        return self->count == 1 ? stack_1 : stack_any;
    if (needs & NEEDS_ALL)
        return all_any;
    return self->count == 1 ? few_1 : self->count == 2 ? few_2 : few_any;
}

#else

host_vectorcall
kaa_cpython__mixed_entry(const kaa_cpython__function *self)
{
    (void)self;
    return NULL;
}

#endif
