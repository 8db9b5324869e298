/* checked/choice.c - which modules are checked. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "checked/checked.h"

static struct {
    pthread_mutex_t lock;
    char *selected; /* what kaa_checked_select() was given, with commas */
} chosen = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The next "name[:mode]" of a list: 1, 0 at its end, -1 if it is wrong. */
static int
next_choice(const char **list, const char **name, size_t *length,
            uint32_t *mode)
{
    static const char *const modes[] = {"report", "raise", "abort",
                                        "fault",  "trace", "stacks"};
    const char *start = *list, *colon = NULL;
    size_t all_of_it = strcspn(start, ",");

    if (*start == '\0')
        return 0;
    *list = start + all_of_it + (start[all_of_it] == ',');
    for (size_t i = 0; i < all_of_it; i++)
        if (start[i] == ':')
            colon = start + i;
    *name = start;
    *length = colon != NULL ? (size_t)(colon - start) : all_of_it;
    *mode = KAA_CHECKED_REPORT;
    if (*length == 0)
        return -1;
    for (uint32_t i = 0; colon != NULL; i++) {
        size_t rest = all_of_it - *length - 1;

        if (i == sizeof(modes) / sizeof(modes[0]))
            return -1;
        if (strlen(modes[i]) == rest &&
            memcmp(modes[i], colon + 1, rest) == 0) {
            *mode = i;
            break;
        }
    }
    return 1;
}

static kaa_status
refuse_choice(const char *what, const char *choice, kaa_error *err)
{
    return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                          "%s\"%.80s\": a module, or a module and :report, "
                          ":raise, :abort, :fault, :trace or :stacks was "
                          "expected",
                          what, choice);
}

/* A list that is wrong anywhere is wrong. */
static int
is_right(const char *list)
{
    const char *name;
    uint32_t mode;
    size_t length;
    int more = 0;

    while (list != NULL &&
           (more = next_choice(&list, &name, &length, &mode)) > 0)
        continue;
    return more == 0;
}

static int
is_chosen(const char *list, const char *path, const char *name, uint32_t *mode)
{
    const char *one;
    uint32_t its_mode;
    size_t length;

    if (list == NULL)
        return 0;
    while (next_choice(&list, &one, &length, &its_mode) > 0)
        if ((strlen(name) == length && memcmp(name, one, length) == 0) ||
            (strlen(path) == length && memcmp(path, one, length) == 0)) {
            *mode = its_mode;
            return 1;
        }
    return 0;
}

kaa_status
kaa_checked_select(const char *choice, kaa_error *err)
{
    size_t length, before;
    char *longer;

    if (choice == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "choice may not be NULL");
    if (*choice == '\0' || !is_right(choice))
        return refuse_choice("", choice, err);
    pthread_mutex_lock(&chosen.lock);
    before = chosen.selected != NULL ? strlen(chosen.selected) : 0;
    length = strlen(choice);
    longer = kaa_base__alloc(before + length + 2);
    if (longer != NULL) { /* the newest first */
        memcpy(longer, choice, length + 1);
        if (before != 0)
            longer[length] = ',';
        if (before != 0)
            memcpy(longer + length + 1, chosen.selected, before + 1);
        kaa_base__free(chosen.selected);
        chosen.selected = longer;
    }
    pthread_mutex_unlock(&chosen.lock);
    return longer != NULL ? KAA_OK : kaa_base__fail_memory(err, "a choice");
}

kaa_status
kaa_checked__is_chosen(const char *path, const char *name, const char *choice,
                       uint32_t *out_mode, int *out, kaa_error *err)
{
    const char *asked = getenv("KAA_CHECK");

    if (!is_right(asked))
        return refuse_choice("KAA_CHECK=", asked, err);
    if (!is_right(choice))
        return refuse_choice("check: ", choice, err);
    pthread_mutex_lock(&chosen.lock);
    *out = is_chosen(chosen.selected, path, name, out_mode);
    pthread_mutex_unlock(&chosen.lock);
    if (!*out)
        *out = is_chosen(choice, path, name, out_mode) ||
               is_chosen(asked, path, name, out_mode);
    return KAA_OK;
}
