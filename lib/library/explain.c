/* library/explain.c - why a library does not open: in one line, and in full. */
#include <stdio.h>
#include <string.h>

#include "library/internal.h"

static const char *
text_of(kaa_library__verdict verdict)
{
    switch (verdict) {
    case KAA_LIBRARY__GOOD:
        return "good";
    case KAA_LIBRARY__MISSING:
        return "not found";
    case KAA_LIBRARY__UNREADABLE:
        return "cannot be read";
    case KAA_LIBRARY__NOT_ELF:
        return "is not a shared library";
    case KAA_LIBRARY__SCRIPT:
        return "is a text for the linker, not a library; it names";
    case KAA_LIBRARY__WRONG_MACHINE:
        return "is for another machine";
    case KAA_LIBRARY__NOT_SHARED:
        return "is not a shared library but";
    case KAA_LIBRARY__CORRUPT:
        return "is cut short or corrupt";
    case KAA_LIBRARY__NO_MEMORY:
        return "no memory to read it";
    }
    return "";
}

static void
describe(kaa_base__text *out, const kaa_library__elf *elf)
{
    const char *separator = elf->verdict == KAA_LIBRARY__UNREADABLE ||
                                    elf->verdict == KAA_LIBRARY__NOT_ELF
                                ? ": "
                            : elf->verdict == KAA_LIBRARY__WRONG_MACHINE ? " ("
                                                                         : " ";

    kaa_base__text_puts(out, text_of(elf->verdict));
    if (elf->detail != NULL)
        kaa_base__text_printf(out, "%s%s%s", separator, elf->detail,
                              elf->verdict == KAA_LIBRARY__WRONG_MACHINE ? ")"
                                                                         : "");
    else if (elf->verdict == KAA_LIBRARY__SCRIPT)
        kaa_base__text_puts(out, " none");
    else if (elf->verdict == KAA_LIBRARY__NOT_SHARED)
        kaa_base__text_puts(out, " something else");
}

kaa_status
kaa_library__check_file(const char *path, kaa_error *err)
{
    kaa_base__arena arena = {0};
    kaa_base__text text = {0};
    kaa_library__elf elf;
    kaa_status status = KAA_OK;

    kaa_library__elf_open(path, &arena, &elf);
    if (elf.verdict == KAA_LIBRARY__NO_MEMORY) {
        status = kaa_base__fail_memory(err, "reading a library");
    } else if (elf.verdict != KAA_LIBRARY__GOOD) {
        describe(&text, &elf);
        if (text.failed)
            status = kaa_base__fail_memory(err, "reading a library");
        else
            status = kaa_base__fail(err, KAA_NO_LIBRARY, KAA_NO_ARGUMENT,
                                    "%s: %s", path, text.bytes);
    }
    kaa_base__text_fini(&text);
    kaa_base__arena_fini(&arena);
    return status;
}

/* The first file of the tree that is not good, or NULL. */
static const kaa_library__node *
first_fault(const kaa_library__search *search)
{
    for (const kaa_library__node *n = search->first; n != NULL; n = n->next)
        if (n->elf.verdict != KAA_LIBRARY__GOOD)
            return n;
    return NULL;
}

/* The candidate to tell of: the first that exists, or else the first. */
static const char *
pick(kaa_library__search *search, const kaa_library__names *names)
{
    const char *picked = names->of[0];

    for (uint32_t i = 0; i < names->count; i++) {
        const kaa_library__node *n =
            kaa_library__search_add(search, names->of[i], NULL);

        if (n != NULL && n->path != NULL) {
            picked = names->of[i];
            break;
        }
    }
    search->first = search->last = NULL;
    search->count = 0;
    return picked;
}

static void
name_fault(kaa_base__text *out, const kaa_library__names *names,
           const kaa_library__node *fault)
{
    const kaa_library__node *parent = fault->parent;

    if (parent == NULL && fault->elf.verdict == KAA_LIBRARY__MISSING) {
        kaa_base__text_printf(out, "%s: no such library", names->of[0]);
        if (strchr(names->of[0], '/') != NULL)
            kaa_base__text_puts(out, " file");
        for (uint32_t i = 1; i < names->count; i++)
            kaa_base__text_printf(out, "%s%s", i == 1 ? ", nor " : ", ",
                                  names->of[i]);
        return;
    }
    if (parent == NULL) {
        kaa_base__text_printf(out, "%s: ", fault->path);
        describe(out, &fault->elf);
        return;
    }
    kaa_base__text_printf(out, "%s needs %s, which ",
                          parent->path != NULL ? parent->path : parent->name,
                          fault->name);
    if (fault->elf.verdict == KAA_LIBRARY__MISSING)
        kaa_base__text_puts(out, "is ");
    describe(out, &fault->elf);
    if (fault->path != NULL)
        kaa_base__text_printf(out, " [%s]", fault->path);
    for (parent = parent->parent; parent != NULL; parent = parent->parent)
        kaa_base__text_printf(out, ", needed by %s", parent->name);
}

kaa_status
kaa_library__diagnose(kaa_library__search *search,
                      const kaa_library__names *names, const char *said,
                      kaa_error *err)
{
    const kaa_library__node *fault;
    kaa_base__text text = {.bytes = NULL};
    kaa_status status;

    if (kaa_library__search_add(search, pick(search, names), NULL) != NULL)
        kaa_library__search_walk(search);
    fault = first_fault(search);
    /* A good tree: the loader's own words (a version or symbol is missing). */
    if (!search->failed && fault == NULL)
        kaa_base__text_puts(&text, said != NULL ? said : names->of[0]);
    else if (!search->failed)
        name_fault(&text, names, fault);
    if (search->failed || text.failed || text.bytes == NULL)
        status = kaa_base__fail_memory(err, "the reason why a library does "
                                            "not open");
    else
        status = kaa_base__fail(err, KAA_NO_LIBRARY, KAA_NO_ARGUMENT, "%s",
                                text.bytes);
    kaa_base__text_fini(&text);
    return status;
}

static uint32_t
depth_of(const kaa_library__node *node)
{
    uint32_t depth = 0;

    for (; node->parent != NULL && depth < 40; node = node->parent)
        depth++;
    return depth;
}

/* The tree below a node, children in the order in which they are needed. */
static void
write_tree(kaa_base__text *out, const kaa_library__node *node, int depth)
{
    kaa_base__text_printf(out, "    %*s%s", (int)depth_of(node) * 2, "",
                          node->name);
    if (node->path != NULL && strcmp(node->path, node->name) != 0)
        kaa_base__text_printf(out, " => %s (%s)", node->path, node->where);
    if (node->elf.verdict != KAA_LIBRARY__GOOD) {
        kaa_base__text_puts(out, ": ");
        describe(out, &node->elf);
    }
    kaa_base__text_puts(out, "\n");
    for (const kaa_library__node *n = node->next; n != NULL && depth < 40;
         n = n->next)
        if (n->parent == node)
            write_tree(out, n, depth + 1);
}

static void
explain(kaa_library__search *search, const char *name, kaa_base__text *out)
{
    kaa_library__names names;
    const char *picked;

    if (!kaa_library__names_of(search, name, &names))
        return;
    kaa_base__text_puts(out, "names tried:");
    for (uint32_t i = 0; i < names.count; i++)
        kaa_base__text_printf(out, "%s %s", i > 0 ? "," : "", names.of[i]);
    picked = pick(search, &names);
    kaa_base__text_printf(out, "\nplaces searched for %s:\n", picked);
    search->searched = out;
    kaa_library__search_add(search, picked, NULL);
    search->searched = NULL;
    if (search->first == NULL)
        return;
    kaa_library__search_walk(search);
    kaa_base__text_puts(out, "what it needs:\n");
    write_tree(out, search->first, 0);
    if (first_fault(search) == NULL) {
        kaa_base__text_puts(out, "no file is missing\n");
        return;
    }
    kaa_base__text_puts(out, "the first fault:\n    ");
    name_fault(out, &names, first_fault(search));
    kaa_base__text_puts(out, "\n");
}

size_t
kaa_library_explain(const char *name, char *buffer, size_t size)
{
    static const char short_of_memory[] = "no memory for an explanation\n";
    static const char program[] = "the program itself is always open\n";
    kaa_library__search search;
    kaa_base__text text = {.bytes = NULL};
    size_t length;

    if (name == NULL)
        return kaa_base__copy_out(program, sizeof(program) - 1, buffer, size);
    if (kaa_library__search_init(&search))
        explain(&search, name, &text);
    if (search.failed || text.failed || text.bytes == NULL)
        length = kaa_base__copy_out(short_of_memory,
                                    sizeof(short_of_memory) - 1, buffer, size);
    else
        length = kaa_base__copy_out(text.bytes, text.length, buffer, size);
    kaa_base__text_fini(&text);
    kaa_library__search_fini(&search);
    return length;
}
