/* checked/lines.c - the line of source of an address, by the line programs
 * (DWARF 2 to 5, .debug_line) of a file that is mapped.
 *
 * What a file says is believed within its own bounds only: every read goes
 * through a span. The layout: the DWARF 5 standard, 6.2.
 */
#include <stdio.h>
#include <string.h>

#include "checked/lines.h"

enum { FORMATS_MAX = 8, STEPS_MAX = 1 << 24 };

/* Numbers stand in a file as the machine has them that runs it: this one. */
enum { IS_BIG = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ };

/* DWARF's numbers. */
enum {
    CONTENT_PATH = 1,
    FORM_DATA2 = 0x05,
    FORM_DATA4 = 0x06,
    FORM_DATA8 = 0x07,
    FORM_STRING = 0x08,
    FORM_BLOCK = 0x09,
    FORM_DATA1 = 0x0b,
    FORM_STRP = 0x0e,
    FORM_UDATA = 0x0f,
    FORM_DATA16 = 0x1e,
    FORM_LINE_STRP = 0x1f,
    OP_EXTENDED = 0,
    OP_COPY = 1,
    OP_ADVANCE_PC = 2,
    OP_ADVANCE_LINE = 3,
    OP_SET_FILE = 4,
    OP_CONST_ADD_PC = 8,
    OP_FIXED_ADVANCE_PC = 9,
    EXTENDED_END = 1,
    EXTENDED_SET_ADDRESS = 2
};

/* ---- Reading: what is not there is 0, and ends the kaa_checked__span */

static uint64_t
take(kaa_checked__span *in, size_t bytes)
{
    uint64_t value = 0;

    if ((size_t)(in->end - in->at) < bytes) {
        in->at = in->end;
        return 0;
    }
    for (size_t i = 0; i < bytes && i < 8; i++)
        value |= (uint64_t)in->at[IS_BIG ? bytes - 1 - i : i] << 8 * i;
    in->at += bytes;
    return value;
}

static uint64_t
take_uleb(kaa_checked__span *in)
{
    uint64_t value = 0;

    for (unsigned shift = 0; in->at < in->end; shift += 7) {
        unsigned char byte = *in->at++;

        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            break;
    }
    return value;
}

static int64_t
take_sleb(kaa_checked__span *in)
{
    uint64_t value = 0;
    unsigned shift = 0;
    unsigned char byte = 0;

    while (in->at < in->end) {
        byte = *in->at++;
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
        if ((byte & 0x80) == 0)
            break;
    }
    if (shift < 64 && (byte & 0x40) != 0)
        value |= ~UINT64_C(0) << shift;
    return (int64_t)value;
}

static const char *
take_text(kaa_checked__span *in)
{
    const unsigned char *start = in->at;
    const unsigned char *end = memchr(start, '\0', (size_t)(in->end - in->at));

    if (end == NULL) {
        in->at = in->end;
        return "";
    }
    in->at = end + 1;
    return (const char *)start;
}

const char *
kaa_checked__text_at(kaa_checked__span in, uint64_t offset)
{
    if (offset >= (uint64_t)(in.end - in.at))
        return "";
    in.at += offset;
    return take_text(&in);
}

/* ---- One line program */

typedef struct program {
    kaa_checked__span names; /* of files, up to where the rows begin */
    kaa_checked__span rows;
    unsigned version;
    size_t offset_bytes; /* 4 or 8 */
    unsigned char step, line_range, opcode_base;
    int line_base;
    const unsigned char *lengths; /* of opcodes */
} program;

static int
read_program(kaa_checked__span *all, program *out)
{
    uint64_t length = take(all, 4), header;
    kaa_checked__span in;

    out->offset_bytes = 4;
    if (length == UINT32_MAX) {
        length = take(all, 8);
        out->offset_bytes = 8;
    }
    if (length > (uint64_t)(all->end - all->at))
        length = (uint64_t)(all->end - all->at);
    in.at = all->at;
    in.end = all->at += length;
    out->version = (unsigned)take(&in, 2);
    if (out->version < 2 || out->version > 5)
        return 0;
    if (out->version >= 5)
        (void)take(&in, 2); /* sizes of an address and of a segment */
    header = take(&in, out->offset_bytes);
    if (header > (uint64_t)(in.end - in.at))
        return 0;
    out->rows.at = in.at + header;
    out->rows.end = in.end;
    in.end = out->rows.at;
    out->step = (unsigned char)take(&in, 1);
    if (out->version >= 4)
        (void)take(&in, 1); /* operations of an instruction */
    (void)take(&in, 1);     /* whether a row is a statement */
    out->line_base = (int)(int8_t)take(&in, 1);
    out->line_range = (unsigned char)take(&in, 1);
    out->opcode_base = (unsigned char)take(&in, 1);
    out->lengths = in.at;
    if (out->line_range == 0 || out->opcode_base == 0 ||
        out->opcode_base - 1 > in.end - in.at)
        return 0;
    (void)take(&in, out->opcode_base - 1u);
    out->names = in;
    return 1;
}

typedef struct row {
    uint64_t address, file;
    int64_t line;
} row;

/* A file may say any number: it wraps. */
static void
add_lines(row *now, int64_t by)
{
    now->line = (int64_t)((uint64_t)now->line + (uint64_t)by);
}

/* An opcode that makes no row; 1 for the end of a sequence. */
static int
step_other(program *self, unsigned opcode, row *now)
{
    kaa_checked__span *in = &self->rows;
    uint64_t length;
    kaa_checked__span rest;

    switch (opcode) {
    case OP_EXTENDED:
        length = take_uleb(in);
        if (length > (uint64_t)(in->end - in->at))
            length = (uint64_t)(in->end - in->at);
        rest = *in;
        rest.end = in->at += length;
        opcode = (unsigned)take(&rest, 1);
        if (opcode == EXTENDED_SET_ADDRESS)
            now->address = take(&rest, (size_t)(rest.end - rest.at));
        return opcode == EXTENDED_END;
    case OP_ADVANCE_PC:
        now->address += take_uleb(in) * self->step;
        return 0;
    case OP_ADVANCE_LINE:
        add_lines(now, take_sleb(in));
        return 0;
    case OP_SET_FILE:
        now->file = take_uleb(in);
        return 0;
    case OP_CONST_ADD_PC:
        now->address +=
            (uint64_t)((255 - self->opcode_base) / self->line_range) *
            self->step;
        return 0;
    case OP_FIXED_ADVANCE_PC:
        now->address += take(in, 2);
        return 0;
    default:
        for (unsigned i = self->lengths[opcode - 1]; i > 0; i--)
            (void)take_uleb(in);
        return 0;
    }
}

/* The row that `wanted` lies in, or the nearest before it that is not of the
 * file `avoid` (UINT64_MAX: none). */
static int
find_row(program *self, uint64_t wanted, uint64_t avoid, row *out)
{
    const row first = {0, 1, 1};
    row now = first, last = first;
    int has_last = 0;

    *out = first;
    out->line = 0;

    for (int i = 0; i < STEPS_MAX && self->rows.at < self->rows.end; i++) {
        unsigned opcode = (unsigned)take(&self->rows, 1);
        int is_end = 0;

        if (opcode >= self->opcode_base) {
            unsigned rest = opcode - self->opcode_base;

            now.address += (uint64_t)(rest / self->line_range) * self->step;
            add_lines(&now, self->line_base + (int)(rest % self->line_range));
        } else if (opcode != OP_COPY) {
            is_end = step_other(self, opcode, &now);
            if (!is_end)
                continue;
        }
        if (has_last && last.file != avoid)
            *out = last;
        if (has_last && last.address <= wanted && wanted < now.address)
            return out->line != 0;
        last = now;
        has_last = !is_end;
        if (is_end) {
            now = first;
            out->line = 0;
        }
    }
    return 0;
}

/* ---- Names of files */

static const char *
take_form(const kaa_checked__image *file, const program *self,
          kaa_checked__span *in, uint64_t form)
{
    switch (form) {
    case FORM_STRING:
        return take_text(in);
    case FORM_LINE_STRP:
        return kaa_checked__text_at(file->line_strings,
                                    take(in, self->offset_bytes));
    case FORM_STRP:
        return kaa_checked__text_at(file->strings,
                                    take(in, self->offset_bytes));
    case FORM_UDATA:
        (void)take_uleb(in);
        return "";
    case FORM_DATA1:
        (void)take(in, 1);
        return "";
    case FORM_DATA2:
        (void)take(in, 2);
        return "";
    case FORM_DATA4:
        (void)take(in, 4);
        return "";
    case FORM_DATA8:
        (void)take(in, 8);
        return "";
    case FORM_DATA16:
        (void)take(in, 16);
        return "";
    case FORM_BLOCK:
        (void)take(in, (size_t)take_uleb(in));
        return "";
    default: /* of unknown length */
        in->at = in->end;
        return "";
    }
}

/* The path of entry `wanted` of a table of DWARF 5; "" for none. */
static const char *
read_table(const kaa_checked__image *file, const program *self,
           kaa_checked__span *in, uint64_t wanted)
{
    uint64_t formats[FORMATS_MAX][2];
    const char *found = "";
    size_t count = (size_t)take(in, 1);
    uint64_t entries;

    if (count == 0 || count > FORMATS_MAX) /* entries would take no bytes */
        return "";
    for (size_t i = 0; i < count; i++) {
        formats[i][0] = take_uleb(in);
        formats[i][1] = take_uleb(in);
    }
    entries = take_uleb(in);
    for (uint64_t i = 0; i < entries && in->at < in->end; i++)
        for (size_t j = 0; j < count; j++) {
            const char *text = take_form(file, self, in, formats[j][1]);

            if (i == wanted && formats[j][0] == CONTENT_PATH)
                found = text;
        }
    return found;
}

static const char *
name_of(const kaa_checked__image *file, const program *self, uint64_t wanted)
{
    kaa_checked__span in = self->names;

    if (self->version >= 5) {
        (void)read_table(file, self, &in, UINT64_MAX); /* folders */
        return read_table(file, self, &in, wanted);
    }
    while (in.at < in.end && *take_text(&in) != '\0')
        continue;
    for (uint64_t i = 1; in.at < in.end; i++) {
        const char *name = take_text(&in);

        if (*name == '\0')
            break;
        for (int j = 0; j < 3; j++) /* folder, time, length */
            (void)take_uleb(&in);
        if (i == wanted)
            return name;
    }
    return "";
}

/* kaa's own headers: what they inline belongs to the line that calls it. */
static int
is_header(const char *name)
{
    return strcmp(name, "slots.h") == 0 || strcmp(name, "context.h") == 0 ||
           strcmp(name, "module.h") == 0;
}

int
kaa_checked__find_line(const kaa_checked__image *file, uint64_t wanted,
                       char *out, size_t size)
{
    kaa_checked__span all = file->lines;
    program one;
    row found, outer;

    while (all.at < all.end) {
        const char *name;
        program again;

        if (!read_program(&all, &one))
            continue;
        again = one;
        if (!find_row(&one, wanted, UINT64_MAX, &found))
            continue;
        name = kaa_checked__last_part(name_of(file, &one, found.file));
        if (is_header(name) && find_row(&again, wanted, found.file, &outer)) {
            found = outer;
            name = kaa_checked__last_part(name_of(file, &one, found.file));
        }
        if (*name == '\0' || found.line <= 0)
            return 0;
        snprintf(out, size, "%.100s:%lld", name, (long long)found.line);
        return 1;
    }
    return 0;
}
