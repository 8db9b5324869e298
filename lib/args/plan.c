/* args/plan.c - from a format to a plan. */
#include <string.h>

#include "args/internal.h"

/* The units of one letter, with what may follow it. */
typedef struct letter {
    char letter;
    char suffix; /* '#', '*', '!', '&', or 0 */
    uint8_t op;
    uint8_t kinds; /* bits: 1 parsing, 2 building */
    uint8_t borrows;
} letter;

static const letter letters[] = {
    {'s', '#', OP_TEXT_SIZED, 3, 1},   {'s', '*', OP_TEXT_BUFFER, 1, 0},
    {'s', 0, OP_TEXT, 3, 1},           {'z', '#', OP_NULL_SIZED, 3, 1},
    {'z', '*', OP_NULL_BUFFER, 1, 0},  {'z', 0, OP_TEXT_NULL, 3, 1},
    {'y', '#', OP_BYTES_SIZED, 3, 1},  {'y', '*', OP_BUFFER, 1, 0},
    {'y', 0, OP_BYTES, 3, 1},          {'w', '*', OP_WRITABLE, 1, 0},
    {'p', 0, OP_TRUTH, 3, 0},          {'b', 0, OP_BYTE, 3, 0},
    {'B', 0, OP_BYTE_MASK, 3, 0},      {'h', 0, OP_SHORT, 3, 0},
    {'H', 0, OP_SHORT_MASK, 3, 0},     {'i', 0, OP_INT, 3, 0},
    {'I', 0, OP_INT_MASK, 3, 0},       {'l', 0, OP_LONG, 3, 0},
    {'k', 0, OP_LONG_MASK, 3, 0},      {'L', 0, OP_LONG_LONG, 3, 0},
    {'K', 0, OP_LONG_LONG_MASK, 3, 0}, {'n', 0, OP_SIZE, 3, 0},
    {'c', 0, OP_CHAR, 3, 0},           {'C', 0, OP_CODE_POINT, 3, 0},
    {'f', 0, OP_FLOAT, 3, 0},          {'d', 0, OP_DOUBLE, 3, 0},
    {'D', 0, OP_COMPLEX, 3, 0},        {'S', 0, OP_BYTES_OBJECT, 1, 1},
    {'S', 0, OP_OBJECT, 2, 0},         {'U', 0, OP_STR_OBJECT, 1, 1},
    {'U', '#', OP_TEXT_SIZED, 2, 0},   {'U', 0, OP_TEXT, 2, 0},
    {'O', '!', OP_INSTANCE, 1, 1},     {'O', '&', OP_CONVERTER, 3, 0},
    {'O', 0, OP_OBJECT, 3, 1},         {'N', '&', OP_CONVERTER, 2, 0},
    {'N', 0, OP_TAKEN, 2, 0},
};

/* A format on its way to a plan. */
typedef struct compiler {
    kaa_args__plan *plan;
    const char *at;
    const char *fault; /* NULL: none yet */
    uint32_t depth;
    int optional;                        /* where | stood; -1: nowhere */
    int keyword;                         /* where $ stood; -1: nowhere */
    uint8_t open[KAA_ARGS__NESTING_MAX]; /* units of groups not yet closed */
    uint8_t items[KAA_ARGS__NESTING_MAX + 1];
} compiler;

static const letter *
find_letter(const char *at, uint8_t kinds)
{
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        const letter *one = &letters[i];

        if (one->letter == at[0] && (one->kinds & kinds) != 0 &&
            (one->suffix == 0 || one->suffix == at[1]))
            return one;
    }
    return NULL;
}

static kaa_args__unit *
add_unit(compiler *self, uint8_t op)
{
    kaa_args__plan *plan = self->plan;
    kaa_args__unit *unit;

    if (plan->count == KAA_ARGS__UNITS_MAX) {
        self->fault = "more than 255 units";
        return NULL;
    }
    unit = &plan->units[plan->count++];
    unit->op = op;
    unit->borrows = unit->items = unit->span = 0;
    self->items[self->depth]++;
    return unit;
}

static void
open_group(compiler *self, uint8_t op)
{
    if (self->depth == KAA_ARGS__NESTING_MAX) {
        self->fault = "more than 30 groups within groups";
        return;
    }
    if (add_unit(self, op) == NULL)
        return;
    self->open[self->depth++] = (uint8_t)(self->plan->count - 1);
    self->items[self->depth] = 0;
}

static void
close_group(compiler *self, uint8_t op)
{
    kaa_args__plan *plan = self->plan;
    kaa_args__unit *group;

    if (self->depth == 0 || plan->units[self->open[self->depth - 1]].op != op) {
        self->fault = "closes what is not open";
        return;
    }
    group = &plan->units[self->open[self->depth - 1]];
    group->items = self->items[self->depth];
    group->span = (uint8_t)(plan->count - self->open[self->depth - 1] - 1);
    if (op == OP_DICT && group->items % 2 != 0)
        self->fault = "a dict needs a value for each key";
    for (unsigned i = 1; i <= group->span; i++)
        group->borrows |= group[i].borrows;
    self->depth--;
}

static void
take_unit(compiler *self, uint8_t kinds)
{
    const letter *one = find_letter(self->at, kinds);
    kaa_args__unit *unit;

    if (one == NULL) {
        self->fault =
            *self->at == 'w' && kinds == 1 ? "w must be w*" : "not a unit";
        return;
    }
    unit = add_unit(self, one->op);
    if (unit == NULL)
        return;
    unit->borrows = one->borrows;
    self->at += one->suffix != 0;
}

/* | and $. Each may stand once, outside of groups, | before $. */
static void
mark(compiler *self)
{
    int is_optional = *self->at == '|';
    int *place = is_optional ? &self->optional : &self->keyword;

    if (self->depth != 0)
        self->fault = is_optional ? "| inside a group" : "$ inside a group";
    else if (*place >= 0)
        self->fault = is_optional ? "| specified twice" : "$ specified twice";
    else if (is_optional && self->keyword >= 0)
        self->fault = "$ before |";
    else if (!is_optional && self->plan->kind != KAA_ARGS__KEYWORDS)
        self->fault = "$ without keywords";
    else
        *place = self->items[0];
}

static void
compile_parse(compiler *self)
{
    kaa_args__plan *plan = self->plan;

    for (; *self->at != '\0' && self->fault == NULL; self->at++) {
        switch (*self->at) {
        case '(':
            open_group(self, OP_TUPLE);
            break;
        case ')':
            close_group(self, OP_TUPLE);
            break;
        case '|':
        case '$':
            mark(self);
            break;
        case ':':
        case ';':
            if (self->depth != 0) {
                self->fault = "( is not closed";
                return;
            }
            if (*self->at == ':')
                plan->name = self->at + 1;
            else
                plan->message = self->at + 1;
            self->at = plan->text + strlen(plan->text);
            return;
        default:
            take_unit(self, 1);
        }
        if (self->fault != NULL)
            return;
    }
    if (self->depth != 0)
        self->fault = "( is not closed";
}

static void
compile_build(compiler *self)
{
    for (; *self->at != '\0'; self->at++) {
        switch (*self->at) {
        case ' ':
        case '\t':
        case ',':
        case ':':
            break;
        case '(':
            open_group(self, OP_TUPLE);
            break;
        case ')':
            close_group(self, OP_TUPLE);
            break;
        case '[':
            open_group(self, OP_LIST);
            break;
        case ']':
            close_group(self, OP_LIST);
            break;
        case '{':
            open_group(self, OP_DICT);
            break;
        case '}':
            close_group(self, OP_DICT);
            break;
        default:
            take_unit(self, 2);
        }
        if (self->fault != NULL)
            return;
    }
    if (self->depth != 0)
        self->fault = "a bracket is not closed";
}

const kaa_args__plan *
kaa_args__compile(kaa_context *ctx, kaa_args__kind kind, const char *format,
                  kaa_args__room *room)
{
    kaa_args__plan *plan = &room->plan;
    compiler self = {.plan = plan, .at = format, .optional = -1, .keyword = -1};

    memset(plan, 0, sizeof(*plan));
    plan->format = plan->text = format;
    plan->kind = (uint8_t)kind;
    if (kind == KAA_ARGS__BUILD)
        compile_build(&self);
    else
        compile_parse(&self);
    if (self.fault != NULL) {
        kaa_raise_format(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR),
                         "bad format '%.200s', column %zu: %s", format,
                         (size_t)(self.at - format) + 1, self.fault);
        return NULL;
    }
    plan->items = self.items[0];
    plan->minimum = self.optional >= 0 ? (uint8_t)self.optional : self.items[0];
    plan->maximum = self.keyword >= 0 ? (uint8_t)self.keyword : self.items[0];
    plan->is_quick = 1;
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->units[i].op != OP_TEXT && plan->units[i].op != OP_INT &&
            plan->units[i].op != OP_OBJECT)
            plan->is_quick = 0;
    kaa_args__remember(plan);
    return plan;
}
