/* call/loop.c - the loops of a map.
 *
 * For the signatures that numeric code is made of there are loops typed as the
 * function is, which the compiler turns into what a C programmer would write:
 * load, call, store. Everything else goes through a frame, where values that
 * are the same for all elements are stored once.
 *
 * Elements are read and written by memcpy: arrays that others own (slices of
 * packed records, say) need not be aligned.
 */
#include "call/loop.h"

static inline const char *
element(const kaa_call_operand *operand, uint64_t index)
{
    return (const char *)operand->data + (int64_t)index * operand->stride;
}

#define LOAD(name, type, from)                                                 \
    type name;                                                                 \
    memcpy(&name, from, sizeof(name))

#define LOOP1(name, R, A)                                                      \
    static void name(const kaa_call__loop *loop, uint64_t begin, uint64_t end, \
                     kaa_call__frame *frame)                                   \
    {                                                                          \
        R (*function)(A) = (R(*)(A))loop->target;                              \
        int64_t step = loop->operands[0].stride;                               \
        int64_t step_out = loop->operands[1].stride;                           \
        const char *a = element(&loop->operands[0], begin);                    \
        char *out =                                                            \
            (char *)loop->operands[1].data + (int64_t)begin * step_out;        \
                                                                               \
        (void)frame;                                                           \
        for (uint64_t i = begin; i < end; i++) {                               \
            LOAD(x, A, a);                                                     \
            R got = function(x);                                               \
            memcpy(out, &got, sizeof(got));                                    \
            a += step;                                                         \
            out += step_out;                                                   \
        }                                                                      \
    }

#define LOOP2(name, R, A, B)                                                   \
    static void name(const kaa_call__loop *loop, uint64_t begin, uint64_t end, \
                     kaa_call__frame *frame)                                   \
    {                                                                          \
        R (*function)(A, B) = (R(*)(A, B))loop->target;                        \
        int64_t step_a = loop->operands[0].stride;                             \
        int64_t step_b = loop->operands[1].stride;                             \
        int64_t step_out = loop->operands[2].stride;                           \
        const char *a = element(&loop->operands[0], begin);                    \
        const char *b = element(&loop->operands[1], begin);                    \
        char *out =                                                            \
            (char *)loop->operands[2].data + (int64_t)begin * step_out;        \
                                                                               \
        (void)frame;                                                           \
        for (uint64_t i = begin; i < end; i++) {                               \
            LOAD(x, A, a);                                                     \
            LOAD(y, B, b);                                                     \
            R got = function(x, y);                                            \
            memcpy(out, &got, sizeof(got));                                    \
            a += step_a;                                                       \
            b += step_b;                                                       \
            out += step_out;                                                   \
        }                                                                      \
    }

#define LOOP3(name, R, A, B, C)                                                \
    static void name(const kaa_call__loop *loop, uint64_t begin, uint64_t end, \
                     kaa_call__frame *frame)                                   \
    {                                                                          \
        R (*function)(A, B, C) = (R(*)(A, B, C))loop->target;                  \
        int64_t step_a = loop->operands[0].stride;                             \
        int64_t step_b = loop->operands[1].stride;                             \
        int64_t step_c = loop->operands[2].stride;                             \
        int64_t step_out = loop->operands[3].stride;                           \
        const char *a = element(&loop->operands[0], begin);                    \
        const char *b = element(&loop->operands[1], begin);                    \
        const char *c = element(&loop->operands[2], begin);                    \
        char *out =                                                            \
            (char *)loop->operands[3].data + (int64_t)begin * step_out;        \
                                                                               \
        (void)frame;                                                           \
        for (uint64_t i = begin; i < end; i++) {                               \
            LOAD(x, A, a);                                                     \
            LOAD(y, B, b);                                                     \
            LOAD(z, C, c);                                                     \
            R got = function(x, y, z);                                         \
            memcpy(out, &got, sizeof(got));                                    \
            a += step_a;                                                       \
            b += step_b;                                                       \
            c += step_c;                                                       \
            out += step_out;                                                   \
        }                                                                      \
    }

/* Types by letter: d double, f float, i and u 32-bit integers, l a 64-bit one
 * (of either sign: they travel alike). */
LOOP1(d_d, double, double)
LOOP1(f_f, float, float)
LOOP1(i_i, int32_t, int32_t)
LOOP1(u_u, uint32_t, uint32_t)
LOOP1(l_l, uint64_t, uint64_t)
LOOP1(i_d, int32_t, double)
LOOP1(l_d, uint64_t, double)
LOOP1(d_i, double, int32_t)
LOOP1(d_l, double, uint64_t)
LOOP2(d_dd, double, double, double)
LOOP2(f_ff, float, float, float)
LOOP2(i_ii, int32_t, int32_t, int32_t)
LOOP2(u_uu, uint32_t, uint32_t, uint32_t)
LOOP2(l_ll, uint64_t, uint64_t, uint64_t)
LOOP2(d_di, double, double, int32_t)
LOOP2(d_id, double, int32_t, double)
LOOP3(d_ddd, double, double, double, double)
LOOP3(f_fff, float, float, float, float)
LOOP3(l_lll, uint64_t, uint64_t, uint64_t, uint64_t)

static const struct {
    const char *letters; /* the result's, then the arguments' */
    kaa_call__body *body;
} typed[] = {
    {"dd", d_d},     {"ff", f_f},     {"ii", i_i},     {"uu", u_u},
    {"ll", l_l},     {"id", i_d},     {"ld", l_d},     {"di", d_i},
    {"dl", d_l},     {"ddd", d_dd},   {"fff", f_ff},   {"iii", i_ii},
    {"uuu", u_uu},   {"lll", l_ll},   {"ddi", d_di},   {"did", d_id},
    {"dddd", d_ddd}, {"ffff", f_fff}, {"llll", l_lll},
};

/* Any plan, by its frame. */
static void
any(const kaa_call__loop *loop, uint64_t begin, uint64_t end,
    kaa_call__frame *frame)
{
    const kaa_call_plan *plan = loop->plan;
    const kaa_call_operand *result = &loop->operands[plan->argument_count];

    for (uint32_t j = 0; begin < end && j < plan->argument_count; j++)
        if (loop->operands[j].stride == 0)
            kaa_call__store(&plan->places[j], frame, loop->operands[j].data);
    for (uint64_t i = begin; i < end; i++) {
        void *out = plan->result_size == 0
                        ? NULL
                        : (char *)result->data + (int64_t)i * result->stride;

        for (uint32_t j = 0; j < plan->argument_count; j++)
            if (loop->operands[j].stride != 0 ||
                (KAA_CALL__AAPCS &&
                 plan->places[j].load == KAA_CALL__LOAD_REFERENCE))
                kaa_call__store(&plan->places[j], frame,
                                element(&loop->operands[j], i));
        frame->result_memory = out;
        kaa_call__run(plan, loop->target, frame);
        if (!plan->result_in_memory && out != NULL)
            kaa_call__fetch(plan, frame, out);
    }
}

static char
letter_of(const kaa_ctype *type)
{
    kaa_ctype_kind kind = kaa_ctype_kind_of(kaa_ctype_strip(type));

    if (kind == KAA_CTYPE_DOUBLE)
        return 'd';
    switch (kaa_call__load_of(type)) {
    case KAA_CALL__LOAD_FLOAT:
        return 'f';
    case KAA_CALL__LOAD_S32:
        return 'i';
    case KAA_CALL__LOAD_U32:
        return 'u';
    case KAA_CALL__LOAD_64:
        return 'l';
    default:
        return '?';
    }
}

static kaa_call__body *
choose(const kaa_call_plan *plan)
{
    const kaa_ctype_parameter *parameters =
        kaa_ctype_parameters(plan->signature);
    uint32_t count = plan->argument_count;
    char letters[8] = "";

    /* A cast function type says nothing of errno and of `...`. */
    if (count > 3 || plan->flags != 0 ||
        kaa_ctype_flags(plan->signature) & KAA_CTYPE_VARIADIC)
        return any;
    letters[0] = letter_of(kaa_ctype_target(plan->signature));
    for (uint32_t i = 0; i < count; i++)
        letters[1 + i] = letter_of(parameters[i].type);
    for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
        if (strcmp(typed[i].letters, letters) == 0)
            return typed[i].body;
    return any;
}

kaa_status
kaa_call__loop_init(kaa_call__loop *loop, const kaa_call_plan *plan,
                    kaa_function target, const kaa_call_operand *operands,
                    const kaa_call_operand *result, uint64_t count,
                    kaa_error *err)
{
    uint32_t n;

    if (plan == NULL || target == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "plan and target may not be NULL");
    n = plan->argument_count;
    if (operands == NULL && n > 0)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "operands may not be NULL");
    for (uint32_t i = 0; i < n; i++)
        if (operands[i].data == NULL && count > 0 &&
            plan->places[i].load != KAA_CALL__LOAD_NOTHING)
            return kaa_base__fail(err, KAA_INVALID_ARGUMENT, i,
                                  "operand %u has no data (NULL)", i);
    if (plan->result_size > 0 && count > 0 &&
        (result == NULL || result->data == NULL))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "result has no data (NULL)");
    loop->operands =
        kaa_base__alloc_array((size_t)n + 1, sizeof(*loop->operands));
    if (loop->operands == NULL)
        return kaa_base__fail_memory(err, "the operands of a map");
    if (n > 0)
        memcpy(loop->operands, operands, n * sizeof(*operands));
    memset(&loop->operands[n], 0, sizeof(*loop->operands));
    if (result != NULL)
        loop->operands[n] = *result;
    loop->plan = plan;
    loop->target = target;
    loop->body = choose(plan);
    loop->needs_frame = loop->body == any;
    return KAA_OK;
}

void
kaa_call__loop_fini(kaa_call__loop *loop)
{
    kaa_base__free(loop->operands);
}

kaa_status
kaa_call_map_run(const kaa_call_plan *plan, kaa_function target,
                 const kaa_call_operand *operands,
                 const kaa_call_operand *result, uint64_t count, kaa_error *err)
{
    kaa_call__loop loop;
    kaa_call__frame *frame = NULL;
    kaa_status status =
        kaa_call__loop_init(&loop, plan, target, operands, result, count, err);

    if (status != KAA_OK)
        return status;
    if (loop.needs_frame) {
        frame = kaa_base__alloc(plan->frame_size);
        if (frame == NULL) {
            kaa_call__loop_fini(&loop);
            return kaa_base__fail_memory(err, "the arguments of a call");
        }
    }
    loop.body(&loop, 0, count, frame);
    kaa_base__free(frame);
    kaa_call__loop_fini(&loop);
    return KAA_OK;
}
