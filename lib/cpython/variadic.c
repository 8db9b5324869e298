/* cpython/variadic.c - plans for variable arguments, kept from call to call.
 *
 * What follows the fixed arguments has other types in each call, so each call
 * needs a plan of its own; but most are like the one before. A function
 * therefore keeps its last plan. A call takes it out, and puts it or its own
 * back in when it is over: nobody else sees a plan that is in use, with or
 * without the GIL.
 */
#include "cpython/variadic.h"

#include <stdatomic.h>

#include "base/memory.h"

/* Types pile up in a plan's table while its types change from call to call. */
#define CHANGES_MAX 32u

struct kaa_cpython__variadic {
    kaa_ctype_table *table;
    const kaa_ctype *pointer; /* void *, in `table` */
    kaa_call_plan *plan;      /* NULL: none yet */
    const kaa_ctype **types;  /* of the plan's variable arguments */
    uint32_t count;
    uint32_t changes;
};

struct kaa_cpython__spare {
    _Atomic(kaa_cpython__variadic *) last;
};

static void
destroy(kaa_cpython__variadic *self)
{
    if (self == NULL)
        return;
    kaa_call_plan_destroy(self->plan);
    kaa_ctype_table_destroy(self->table);
    kaa_base__free(self->types);
    kaa_base__free(self);
}

kaa_cpython__spare *
kaa_cpython__spare_create(void)
{
    kaa_cpython__spare *self = kaa_base__alloc(sizeof(*self));

    if (self != NULL)
        atomic_init(&self->last, NULL);
    return self;
}

void
kaa_cpython__spare_destroy(kaa_cpython__spare *self)
{
    if (self != NULL)
        destroy(atomic_load(&self->last));
    kaa_base__free(self);
}

kaa_cpython__variadic *
kaa_cpython__variadic_take(kaa_cpython__spare *from)
{
    kaa_cpython__variadic *self = atomic_exchange(&from->last, NULL);

    if (self != NULL)
        return self;
    self = kaa_base__alloc_zeroed(sizeof(*self));
    if (self == NULL)
        return NULL;
    if (kaa_ctype_table_create(&self->table, NULL) == KAA_OK &&
        kaa_ctype_pointer(self->table, kaa_ctype_basic(KAA_CTYPE_VOID),
                          &self->pointer, NULL) == KAA_OK)
        return self;
    destroy(self);
    return NULL;
}

void
kaa_cpython__variadic_give(kaa_cpython__spare *to, kaa_cpython__variadic *self)
{
    if (self == NULL)
        return;
    if (self->plan == NULL || self->changes > CHANGES_MAX)
        destroy(self);
    else
        destroy(atomic_exchange(&to->last, self));
}

const kaa_ctype *
kaa_cpython__variadic_pointer(const kaa_cpython__variadic *self)
{
    return self->pointer;
}

/* Types of others may go before the plan does: such a plan serves one call. */
static int
will_last(const kaa_cpython__variadic *self, const kaa_ctype *type)
{
    return type == self->pointer ||
           type == kaa_ctype_basic(kaa_ctype_kind_of(type));
}

static int
is_made_for(const kaa_cpython__variadic *self, const kaa_ctype *const *types,
            uint32_t count)
{
    if (self->plan == NULL || self->count != count)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        if (self->types[i] != types[i])
            return 0;
    return 1;
}

kaa_status
kaa_cpython__variadic_plan(kaa_cpython__variadic *self,
                           const kaa_ctype *function,
                           const kaa_ctype *const *types, uint32_t count,
                           const kaa_call_options *options,
                           const kaa_call_plan **out_plan, kaa_error *err)
{
    const kaa_ctype_parameter *fixed = kaa_ctype_parameters(function);
    uint32_t fixed_count = (uint32_t)kaa_ctype_count(function);
    kaa_ctype_parameter *parameters;
    const kaa_ctype **copy, *type = NULL;
    kaa_call_plan *plan = NULL;
    kaa_status status;

    if (is_made_for(self, types, count)) {
        *out_plan = self->plan;
        return KAA_OK;
    }
    parameters =
        kaa_base__alloc_array(fixed_count + count + 1u, sizeof(*parameters));
    copy = kaa_base__alloc_array(count + 1u, sizeof(const kaa_ctype *));
    self->changes++;
    for (uint32_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = types[i];
        if (!will_last(self, types[i]))
            self->changes = CHANGES_MAX + 1;
    }
    status = parameters != NULL && copy != NULL ? KAA_OK : KAA_NO_MEMORY;
    for (uint32_t i = 0; status == KAA_OK && i < fixed_count + count; i++)
        parameters[i] = (kaa_ctype_parameter){
            NULL, i < fixed_count ? fixed[i].type : types[i - fixed_count]};
    if (status == KAA_OK)
        status = kaa_ctype_function(self->table, kaa_ctype_target(function),
                                    parameters, fixed_count + count,
                                    KAA_CTYPE_VARIADIC, &type, err);
    if (status == KAA_OK)
        status = kaa_call_plan_create(type, options, &plan, err);
    kaa_base__free(parameters);
    if (status != KAA_OK) {
        kaa_base__free(copy);
        return status;
    }
    kaa_call_plan_destroy(self->plan);
    kaa_base__free(self->types);
    self->plan = plan;
    self->types = copy;
    self->count = count;
    *out_plan = plan;
    return KAA_OK;
}
