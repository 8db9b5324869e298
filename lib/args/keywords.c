/* args/keywords.c - taking arguments with keywords apart.
 *
 *     args      [ positional ... | values of kwnames ... ]
 *     values[]  one place a unit: filled by position, then by name
 */
#include <string.h>

#include "args/internal.h"

/* A call on its way. */
typedef struct call {
    kaa_context *ctx;
    const kaa_args__plan *plan;
    const char *const *names;
    size_t unnamed; /* leading names that are "" */
    size_t nargs;
    kaa_object *values[KAA_ARGS__UNITS_MAX];
} call;

static const char *
subject(const kaa_args__plan *plan)
{
    return plan->name != NULL ? plan->name : "function";
}

static const char *
parentheses(const kaa_args__plan *plan)
{
    return plan->name != NULL ? "()" : "";
}

static int
refuse_names(kaa_context *ctx, const char *format, const char *why)
{
    (void)kaa_raise_format(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR),
                           "names of format '%.200s': %s", format, why);
    return -1;
}

/* That there is one name a unit, and unnamed ones first. */
static int
check_names(call *self, const char *format)
{
    const kaa_args__plan *plan = self->plan;
    size_t count = 0;

    self->unnamed = 0;
    for (; self->names[count] != NULL; count++) {
        if (count == plan->items)
            return refuse_names(self->ctx, format, "more than units");
        if (*self->names[count] != '\0')
            continue;
        if (self->unnamed != count)
            return refuse_names(self->ctx, format, "an empty one after others");
        self->unnamed++;
    }
    if (count != plan->items)
        return refuse_names(self->ctx, format, "fewer than units");
    if (self->unnamed > plan->maximum)
        return refuse_names(self->ctx, format, "an empty one after $");
    return 0;
}

static int
refuse_positional(const call *self, const char *how, size_t wanted)
{
    kaa_context *ctx = self->ctx;
    const kaa_args__plan *plan = self->plan;

    if (wanted == 0)
        (void)kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                               "%.150s%s takes no positional arguments",
                               subject(plan), parentheses(plan));
    else
        (void)kaa_raise_format(
            ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
            "%.150s%s takes %s %zu positional argument%s (%zu given)",
            subject(plan), parentheses(plan), how, wanted,
            wanted == 1 ? "" : "s", self->nargs);
    return -1;
}

static int
check_count(const call *self, size_t given)
{
    kaa_context *ctx = self->ctx;
    const kaa_args__plan *plan = self->plan;

    if (given > plan->items) {
        (void)kaa_raise_format(
            ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
            "%.150s%s takes %s %u %sargument%s (%zu given)", subject(plan),
            parentheses(plan),
            plan->minimum == plan->items ? "exactly" : "at most",
            (unsigned)plan->items, self->nargs == 0 ? "keyword " : "",
            plan->items == 1 ? "" : "s", given);
        return -1;
    }
    if (self->nargs > plan->maximum)
        return refuse_positional(
            self, plan->minimum < plan->maximum ? "at most" : "exactly",
            plan->maximum);
    if (self->nargs < self->unnamed && self->nargs < plan->minimum)
        return refuse_positional(
            self, self->unnamed <= plan->minimum ? "exactly" : "at least",
            self->unnamed < plan->minimum ? self->unnamed : plan->minimum);
    return 0;
}

/* The place of a keyword's name, or `items` if nobody has it. The names are
 * mostly given in their order: the search begins where the last one ended. */
static size_t
find_name(const call *self, const char *text, size_t size, size_t from)
{
    size_t items = self->plan->items;

    for (size_t i = 0; i < items; i++) {
        size_t place = from + i < items ? from + i : from + i - items;
        const char *name = self->names[place];

        if (place >= self->unnamed && strncmp(name, text, size) == 0 &&
            name[size] == '\0')
            return place;
    }
    return items;
}

static int
place_keyword(call *self, kaa_object *keyword, kaa_object *value, size_t *from)
{
    kaa_context *ctx = self->ctx;
    const kaa_args__plan *plan = self->plan;
    size_t size = 0, place;
    const char *text = kaa_str_as_utf8(ctx, keyword, &size);

    if (text == NULL) {
        if (kaa_check(ctx, keyword, KAA_STR_TYPE))
            return -1;
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                         "keywords must be strings");
    }
    place = find_name(self, text, size, *from);
    if (place == plan->items)
        return kaa_args__unknown_keyword(ctx, plan->name, keyword,
                                         self->names + self->unnamed,
                                         plan->items - self->unnamed);
    if (place < self->nargs)
        return kaa_raise_format(
            ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
            "argument for %.150s%s given by name ('%s') and position (%zu)",
            subject(plan), parentheses(plan), text, place + 1);
    if (self->values[place] != NULL)
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                                "%.150s%s got multiple values for keyword "
                                "argument '%s'",
                                subject(plan), parentheses(plan), text);
    self->values[place] = value;
    *from = place + 1;
    return 0;
}

static int
place_all(call *self, kaa_object *const *args, kaa_object *kwnames,
          size_t named)
{
    kaa_context *ctx = self->ctx;
    const kaa_args__plan *plan = self->plan;
    size_t from = self->nargs;

    KAA_ASSERT(plan->minimum <= plan->items);
    for (size_t i = 0; i < plan->items; i++)
        self->values[i] = i < self->nargs ? args[i] : NULL;
    for (size_t i = 0; i < named; i++) {
        kaa_object *keyword =
            kaa_tuple_get_borrowed(ctx, kwnames, (ptrdiff_t)i);

        if (keyword == NULL ||
            place_keyword(self, keyword, args[self->nargs + i], &from) != 0)
            return -1;
    }
    for (size_t i = self->nargs; i < plan->minimum; i++) {
        if (self->values[i] != NULL)
            continue;
        return kaa_raise_format(
            ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
            "%.150s%s missing required argument '%s' (pos %zu)", subject(plan),
            parentheses(plan), self->names[i], i + 1);
    }
    return 0;
}

static int
convert_all(const call *self, va_list out)
{
    const kaa_args__unit *unit = self->plan->units;
    kaa_args__walk walk;
    int result = 1;

    walk.ctx = self->ctx;
    walk.plan = self->plan;
    walk.names = self->names;
    walk.depth = 0;
    walk.held_count = 0;
    va_copy(walk.out, out);
    for (uint32_t i = 0; i < self->plan->items && result; i++) {
        walk.position = i;
        /* NOLINTNEXTLINE(clang-analyzer-core.*): by place_all() */
        if (self->values[i] == NULL) {
            kaa_args__skip(&walk, unit);
        } else if (kaa_args__convert(&walk, unit, self->values[i]) != 0) {
            kaa_args__undo(&walk);
            result = 0;
        }
        unit += 1u + unit->span;
    }
    va_end(walk.out);
    return result;
}

int
kaa_args__parse_keywords_v(kaa_context *ctx, kaa_object *const *args,
                           size_t nargs, kaa_object *kwnames,
                           const char *format, const char *const *names,
                           va_list out)
{
    call self;
    kaa_args__room room;
    ptrdiff_t named = 0;

    self.ctx = ctx;
    self.names = names;
    self.nargs = nargs;
    self.plan = kaa_args__find(KAA_ARGS__KEYWORDS, format);
    if (KAA_UNLIKELY(self.plan == NULL)) {
        self.plan = kaa_args__compile(ctx, KAA_ARGS__KEYWORDS, format, &room);
        if (self.plan == NULL)
            return 0;
    }
    if (kwnames != NULL && (named = kaa_tuple_size(ctx, kwnames)) < 0)
        return 0;
    if (check_names(&self, format) != 0 ||
        check_count(&self, nargs + (size_t)named) != 0 ||
        place_all(&self, args, kwnames, (size_t)named) != 0)
        return 0;
    return convert_all(&self, out);
}
