/* insight/got.c - see got.h. The layout of ELF's dynamic section, relocations
 * and symbols: System V ABI, the processors' supplements. */
#include "insight/got.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os/os.h"

#if defined(__x86_64__)
#define IS_SUPPORTED 1
#define TYPE_SLOT R_X86_64_JUMP_SLOT
#define TYPE_DATA R_X86_64_GLOB_DAT
#define TYPE_WORD R_X86_64_64
#elif defined(__aarch64__)
#define IS_SUPPORTED 1
#define TYPE_SLOT R_AARCH64_JUMP_SLOT
#define TYPE_DATA R_AARCH64_GLOB_DAT
#define TYPE_WORD R_AARCH64_ABS64
#elif defined(__s390x__)
#define IS_SUPPORTED 1
#define TYPE_SLOT R_390_JMP_SLOT
#define TYPE_DATA R_390_GLOB_DAT
#define TYPE_WORD R_390_64
#else
#define IS_SUPPORTED 0
#define TYPE_SLOT 0
#define TYPE_DATA 0
#define TYPE_WORD 0
#endif

/* What is read of an object. */
typedef struct object {
    uintptr_t base;
    const ElfW(Dyn) * dynamic;
    uintptr_t code_first, code_end; /* its executable segment */
    uintptr_t relro_first, relro_end;
    const ElfW(Sym) * symbols;
    const char *names;
    struct {
        const ElfW(Rela) * first;
        size_t count;
    } relocations[2];
} object;

static void
read_segments(const struct dl_phdr_info *info, object *found)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t first = info->dlpi_addr + segment->p_vaddr;

        if (segment->p_type == PT_DYNAMIC)
            found->dynamic = (const ElfW(Dyn) *)first;
        if (segment->p_type == PT_GNU_RELRO) {
            found->relro_first = first;
            found->relro_end = first + segment->p_memsz;
        }
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0) {
            found->code_first = first;
            found->code_end = first + segment->p_memsz;
        }
    }
}

static int
visit(struct dl_phdr_info *info, size_t size, void *user)
{
    object *found = user;

    (void)size;
    if (info->dlpi_addr != found->base)
        return 0;
    read_segments(info, found);
    /* Programs that load at a fixed address have 0, as the kernel's object
     * has: the one with code below what we look for is it. */
    return found->dynamic != NULL;
}

static void
read_dynamic(object *found)
{
    for (const ElfW(Dyn) *one = found->dynamic; one->d_tag != DT_NULL; one++) {
        uintptr_t value = one->d_un.d_ptr;

        /* glibc adds the load address to these in place; musl does not. */
        uintptr_t address = value < found->base ? found->base + value : value;

        if (one->d_tag == DT_JMPREL)
            found->relocations[0].first = (const ElfW(Rela) *)address;
        else if (one->d_tag == DT_PLTRELSZ)
            found->relocations[0].count = value / sizeof(ElfW(Rela));
        else if (one->d_tag == DT_RELA)
            found->relocations[1].first = (const ElfW(Rela) *)address;
        else if (one->d_tag == DT_RELASZ)
            found->relocations[1].count = value / sizeof(ElfW(Rela));
        else if (one->d_tag == DT_SYMTAB)
            found->symbols = (const ElfW(Sym) *)address;
        else if (one->d_tag == DT_STRTAB)
            found->names = (const char *)address;
    }
}

static kaa_status
open_object(uintptr_t base, object *found, kaa_error *err)
{
    memset(found, 0, sizeof(*found));
    found->base = base;
    if (IS_SUPPORTED && dl_iterate_phdr(visit, found) != 0)
        read_dynamic(found);
    if (found->symbols == NULL || found->names == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "no table of imported functions is found");
    return KAA_OK;
}

uintptr_t
kaa_insight__got_object(const void *address)
{
    int is_found = 0;
    uintptr_t bias;

    if (address == NULL)
        return 0;
    bias = kaa_base__load_bias(address, &is_found);
    /* 0 for a program at a fixed address, which is an answer too. */
    return !is_found ? 0 : bias != 0 ? bias : UINTPTR_MAX;
}

static kaa_status
add_place(const object *in, void **place, kaa_insight__patch *patch,
          kaa_error *err)
{
    void *before = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    uintptr_t address = (uintptr_t)before;
    void *own = dlsym(RTLD_DEFAULT, patch->name);
    uint32_t n = patch->places_count;

    if (before == patch->hook) { /* whoever was behind us has gone */
        before = patch->real;
        patch->is_left = 0;
    } else if (address >= in->code_first && address < in->code_end) {
        before = own; /* the object's stub, which looks for it at a call */
    }
    if (before == NULL)
        return kaa_base__fail(err, KAA_NO_SYMBOL, KAA_NO_ARGUMENT,
                              "this process has no %s", patch->name);
    patch->is_foreign = own != NULL && before != own;
    if (patch->is_left && patch->is_foreign)
        return KAA_OK; /* what stands there calls our hook */
    if (n == KAA_INSIGHT__GOT_PLACES_MAX)
        return kaa_base__fail(err, KAA_LIMIT, KAA_NO_ARGUMENT,
                              "%s is imported in more than %d places",
                              patch->name, KAA_INSIGHT__GOT_PLACES_MAX);
    patch->real = before;
    patch->places[n].place = place;
    patch->places[n].before = before;
    patch->places_count = n + 1;
    return KAA_OK;
}

static kaa_status
find_places(const object *in, kaa_insight__patch *patches, uint32_t count,
            kaa_error *err)
{
    kaa_status status = KAA_OK;

    for (int i = 0; i < 2; i++) {
        const ElfW(Rela) *one = in->relocations[i].first;
        size_t left = one != NULL ? in->relocations[i].count : 0;

        for (; left != 0 && status == KAA_OK; left--, one++) {
            uint32_t type = (uint32_t)ELF64_R_TYPE(one->r_info);
            const char *name =
                in->names + in->symbols[ELF64_R_SYM(one->r_info)].st_name;

            if (type != TYPE_SLOT && type != TYPE_DATA)
                continue;
            for (uint32_t k = 0; k < count && status == KAA_OK; k++)
                if (strcmp(name, patches[k].name) == 0)
                    status = add_place(in, (void **)(in->base + one->r_offset),
                                       &patches[k], err);
        }
    }
    return status;
}

/* 0, or -1: the memory could not be made writable. */
static int
write_place(const object *in, void **place, void *value)
{
    uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t page = (uintptr_t)place & ~(size - 1);
    int is_relro =
        (uintptr_t)place >= in->relro_first && (uintptr_t)place < in->relro_end;

    if (mprotect((void *)page, size, PROT_READ | PROT_WRITE) != 0)
        return -1;
    __atomic_store_n(place, value, __ATOMIC_SEQ_CST);
    if (is_relro)
        mprotect((void *)page, size, PROT_READ);
    return 0;
}

static uint32_t
put_back(const object *in, kaa_insight__patch *patch)
{
    uint32_t lost = 0;

    for (uint32_t i = 0; i < patch->places_count; i++) {
        void **place = patch->places[i].place;

        if (__atomic_load_n(place, __ATOMIC_ACQUIRE) == patch->hook)
            write_place(in, place, patch->places[i].before);
        else if (*place != patch->places[i].before)
            lost++;
    }
    patch->is_left = lost != 0;
    patch->places_count = 0;
    return lost;
}

static int
reopen(void *const *place, object *found)
{
    uintptr_t base = kaa_insight__got_object(place);

    return open_object(base == UINTPTR_MAX ? 0 : base, found, NULL) == KAA_OK;
}

kaa_status
kaa_insight__got_find(uintptr_t base, kaa_insight__patch *patches,
                      uint32_t count, kaa_error *err)
{
    object in;
    kaa_status status = open_object(base == UINTPTR_MAX ? 0 : base, &in, err);

    for (uint32_t k = 0; k < count; k++)
        patches[k].places_count = 0;
    if (status == KAA_OK)
        status = find_places(&in, patches, count, err);
    if (status != KAA_OK)
        for (uint32_t k = 0; k < count; k++)
            patches[k].places_count = 0;
    return status;
}

uint32_t
kaa_insight__got_remove(kaa_insight__patch *patches, uint32_t count)
{
    uint32_t lost = 0;
    object in;

    for (uint32_t k = 0; k < count; k++)
        if (patches[k].places_count != 0 &&
            reopen(patches[k].places[0].place, &in))
            lost += put_back(&in, &patches[k]);
    return lost;
}

kaa_status
kaa_insight__got_write(kaa_insight__patch *patches, uint32_t count,
                       kaa_error *err)
{
    int failed = 0;
    object in;

    for (uint32_t k = 0; k < count && !failed; k++) {
        if (patches[k].places_count == 0)
            continue;
        failed = !reopen(patches[k].places[0].place, &in);
        for (uint32_t i = 0; i < patches[k].places_count && !failed; i++)
            failed = write_place(&in, patches[k].places[i].place,
                                 patches[k].hook) != 0;
    }
    if (!failed)
        return KAA_OK;
    kaa_insight__got_remove(patches, count);
    return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                          "the table of imported functions cannot be made "
                          "writable");
}

/* ---- in all objects ---- */

typedef struct visit_all {
    kaa_insight__imports *imports;
    int are_in;
} visit_all;

/* Variables with the function's address are replaced too, where they are
 * initialised with nothing else: the allocators that libraries let be chosen.
 */
static const kaa_insight__import *
import_of(const object *in, const ElfW(Rela) * one,
          const kaa_insight__imports *imports, uint32_t count)
{
    uint32_t type = (uint32_t)ELF64_R_TYPE(one->r_info);
    const char *name;

    if (type != TYPE_SLOT && type != TYPE_DATA &&
        (type != TYPE_WORD || one->r_addend != 0))
        return NULL;
    name = in->names + in->symbols[ELF64_R_SYM(one->r_info)].st_name;
    for (uint32_t k = 0; k < count; k++)
        if (name[0] == imports->entries[k].name[0] &&
            strcmp(name, imports->entries[k].name) == 0)
            return &imports->entries[k];
    return NULL;
}

/* A function that is not bound yet is the object's own stub. */
static void
exchange(const object *in, const ElfW(Rela) * one,
         const kaa_insight__import *import, const visit_all *all)
{
    const ElfW(Sym) *symbol = &in->symbols[ELF64_R_SYM(one->r_info)];
    void **place = (void **)(in->base + one->r_offset);
    void *found = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    uintptr_t address = (uintptr_t)found;
    int is_stub = ELF64_R_TYPE(one->r_info) == TYPE_SLOT &&
                  symbol->st_shndx == SHN_UNDEF && address >= in->code_first &&
                  address < in->code_end;
    int is_address =
        import->address != NULL && ELF64_R_TYPE(one->r_info) != TYPE_SLOT;
    void *wanted = NULL;

    if (!all->are_in && found == import->hook)
        wanted = is_address ? import->address : import->real;
    else if (all->are_in && (found == import->real || is_stub ||
                             (is_address && found == import->address)))
        wanted = import->hook;
    else if (all->are_in && found != import->hook && found != NULL)
        all->imports->foreign++;
    if (wanted != NULL && write_place(in, place, wanted) != 0)
        all->imports->failed++;
}

static int
visit_imports(struct dl_phdr_info *info, size_t size, void *user)
{
    visit_all *all = user;
    kaa_insight__imports *imports = all->imports;
    object in = {.base = info->dlpi_addr};
    uint32_t count = imports->count;

    (void)size;
    imports->loads = info->dlpi_adds;
    if (info->dlpi_addr == getauxval(AT_BASE) ||
        info->dlpi_addr == getauxval(AT_SYSINFO_EHDR) ||
        kaa_base__holds(info, imports->never[0]) ||
        kaa_base__holds(info, imports->never[1]))
        return 0;
    if (kaa_base__holds(info, imports->apart))
        count = imports->count_apart;
    read_segments(info, &in);
    if (in.dynamic == NULL)
        return 0;
    read_dynamic(&in);
    if (in.symbols == NULL || in.names == NULL)
        return 0;
    for (int i = 0; i < 2; i++) {
        const ElfW(Rela) *one = in.relocations[i].first;
        size_t left = one != NULL ? in.relocations[i].count : 0;

        for (; left != 0; left--, one++) {
            const kaa_insight__import *import =
                import_of(&in, one, imports, count);

            if (import != NULL)
                exchange(&in, one, import, all);
        }
    }
    return 0;
}

void
kaa_insight__got_write_all(kaa_insight__imports *imports, int are_in)
{
    visit_all all = {imports, are_in};

    imports->foreign = 0;
    imports->failed = 0;
    if (IS_SUPPORTED)
        dl_iterate_phdr(visit_imports, &all);
}

static int
visit_first(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    *(uint64_t *)user = info->dlpi_adds;
    return 1;
}

uint64_t
kaa_insight__got_loads(void)
{
    uint64_t loads = 0;

    dl_iterate_phdr(visit_first, &loads);
    return loads;
}

typedef struct code {
    const void *address;
    object in;
} code;

static int
visit_code(struct dl_phdr_info *info, size_t size, void *user)
{
    code *wanted = user;

    (void)size;
    if (!kaa_base__holds(info, wanted->address))
        return 0;
    read_segments(info, &wanted->in);
    return 1;
}

int
kaa_insight__got_code(const void *address, uintptr_t *out_first,
                      uintptr_t *out_end)
{
    code wanted = {.address = address};

    if (dl_iterate_phdr(visit_code, &wanted) == 0)
        return 0;
    *out_first = wanted.in.code_first;
    *out_end = wanted.in.code_end;
    return 1;
}
