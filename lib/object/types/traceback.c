/* object/types/traceback.c - exceptions as text: what is printed, and what is
 * told where nobody can be given an exception. */
#include <stdio.h>
#include <string.h>

#include "object/types/exception.h"
#include "object/types/type.h"

/* A chain of causes may be long, or a circle. */
#define CAUSES_MAX 64
#define FRAMES_MAX 100u

void
kaa_object__exception_line(kaa_context *ctx, kaa_object *exception,
                           kaa_base__text *out)
{
    kaa_object *pending = kaa_object__error_take(ctx);
    kaa_object *message = kaa_object__str(ctx, exception);
    size_t size = 0;
    const char *text = NULL;

    kaa_base__text_puts(out, exception->type->name);
    if (message != NULL)
        text = kaa_object__str_as_utf8(ctx, message, &size);
    if (text == NULL) {
        kaa_object__error_clear(ctx);
        kaa_base__text_puts(out, ": <exception str() failed>");
    } else if (size != 0) {
        kaa_base__text_puts(out, ": ");
        kaa_base__text_add(out, text, size);
    }
    kaa_decref(ctx, message);
    kaa_object__set_pending(ctx, pending);
}

static void
add_frames(const kaa_object__exception *self, kaa_base__text *out)
{
    const kaa_object__frame *frames =
        self->frame_capacity != 0 ? self->frames : self->inline_frames;
    uint32_t i = self->frame_count;

    if (i == 0)
        return;
    kaa_base__text_puts(out, "Traceback (most recent call last):\n");
    if (i > FRAMES_MAX) {
        kaa_base__text_printf(out, "  [%u frames more]\n", i - FRAMES_MAX);
        i = FRAMES_MAX;
    }
    while (i-- > 0) {
        if (frames[i].file != NULL)
            kaa_base__text_printf(out, "  File \"%s\", line %d, in %s\n",
                                  frames[i].file, frames[i].line,
                                  frames[i].function);
        else
            kaa_base__text_printf(out, "  In %s()\n", frames[i].function);
    }
}

void
kaa_object__exception_story(kaa_context *ctx, kaa_object *exception,
                            kaa_base__text *out)
{
    kaa_object *chain[CAUSES_MAX], *each = exception;
    size_t count = 0, i;

    while (each != NULL && count < CAUSES_MAX) {
        for (i = 0; i < count && chain[i] != each; i++)
            ;
        if (i < count)
            break;
        chain[count++] = kaa_incref(ctx, each);
        each = ((kaa_object__exception *)(void *)each)->cause;
    }
    for (i = count; i-- > 0;) {
        add_frames((kaa_object__exception *)(void *)chain[i], out);
        kaa_object__exception_line(ctx, chain[i], out);
        kaa_base__text_puts(
            out, i == 0 ? "\n"
                        : "\n\nThe above exception was the direct cause of "
                          "the following exception:\n\n");
    }
    for (i = 0; i < count; i++)
        kaa_decref(ctx, chain[i]);
}

void
kaa_object__error_print(kaa_context *ctx)
{
    kaa_object *exception = kaa_object__error_take(ctx);
    kaa_base__text text = {0};

    if (exception == NULL)
        return;
    kaa_object__exception_story(ctx, exception, &text);
    fflush(stdout);
    if (text.bytes != NULL)
        fwrite(text.bytes, 1, text.length, stderr);
    if (text.failed)
        fprintf(stderr, "%s\n", exception->type->name);
    kaa_base__text_fini(&text);
    kaa_decref(ctx, exception);
}

void
kaa_object__error_unraisable(kaa_context *ctx, kaa_object *where)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    kaa_object *exception = kaa_object__error_take(ctx), *repr;
    kaa_base__text text = {0};

    if (exception == NULL)
        return;
    kaa_base__text_puts(&text, "Exception ignored");
    if (where != NULL) {
        repr = kaa_object__repr(ctx, where);
        if (repr == NULL)
            kaa_object__error_clear(ctx);
        kaa_base__text_printf(&text, " in: %s",
                              repr != NULL ? kaa_object__text_of(ctx, repr)
                                           : "<object repr() failed>");
        kaa_decref(ctx, repr);
    }
    kaa_base__text_puts(&text, "\n");
    kaa_object__exception_story(ctx, exception, &text);
    if (runtime->unraisable != NULL)
        runtime->unraisable(text.failed ? exception->type->name : text.bytes,
                            runtime->user);
    else
        fprintf(stderr, "%s", text.failed ? exception->type->name : text.bytes);
    kaa_base__text_fini(&text);
    kaa_decref(ctx, exception);
}
