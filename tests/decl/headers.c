/* decl/headers.c - the system's real headers, as the compiler preprocesses
 * them.
 *
 * Each header of the list that is installed is parsed tolerantly. Nothing may
 * be skipped but what kaa says it does not have. What was understood is then
 * written down as static assertions (sizes, alignments, offsets, the values of
 * macros and enumerators), and the compiler has to agree with all of them.
 */
#include "decl/common.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <unistd.h>

static const char *const headers[] = {
    "aio.h",          "alloca.h",        "argp.h",
    "argz.h",         "arpa/inet.h",     "arpa/nameser.h",
    "assert.h",       "byteswap.h",      "bzlib.h",
    "complex.h",      "cpio.h",          "crypt.h",
    "ctype.h",        "curl/curl.h",     "curses.h",
    "dirent.h",       "dlfcn.h",         "elf.h",
    "endian.h",       "envz.h",          "err.h",
    "errno.h",        "error.h",         "execinfo.h",
    "expat.h",        "fcntl.h",         "fenv.h",
    "ffi.h",          "float.h",         "fmtmsg.h",
    "fnmatch.h",      "fstab.h",         "fts.h",
    "ftw.h",          "getopt.h",        "glob.h",
    "grp.h",          "iconv.h",         "ifaddrs.h",
    "inttypes.h",     "langinfo.h",      "libgen.h",
    "libintl.h",      "libxml/parser.h", "limits.h",
    "link.h",         "linux/fs.h",      "linux/perf_event.h",
    "locale.h",       "lzma.h",          "malloc.h",
    "math.h",         "mntent.h",        "monetary.h",
    "mqueue.h",       "net/if.h",        "netdb.h",
    "netinet/in.h",   "netinet/ip.h",    "netinet/tcp.h",
    "netinet/udp.h",  "nl_types.h",      "openssl/evp.h",
    "openssl/ssl.h",  "openssl/x509.h",  "png.h",
    "poll.h",         "printf.h",        "pthread.h",
    "pty.h",          "pwd.h",           "readline/readline.h",
    "regex.h",        "resolv.h",        "sched.h",
    "search.h",       "semaphore.h",     "setjmp.h",
    "shadow.h",       "signal.h",        "spawn.h",
    "sqlite3.h",      "stdalign.h",      "stdarg.h",
    "stdatomic.h",    "stdbool.h",       "stddef.h",
    "stdint.h",       "stdio.h",         "stdio_ext.h",
    "stdlib.h",       "stdnoreturn.h",   "string.h",
    "strings.h",      "sys/epoll.h",     "sys/eventfd.h",
    "sys/file.h",     "sys/inotify.h",   "sys/ioctl.h",
    "sys/ipc.h",      "sys/mman.h",      "sys/mount.h",
    "sys/msg.h",      "sys/param.h",     "sys/personality.h",
    "sys/poll.h",     "sys/prctl.h",     "sys/ptrace.h",
    "sys/random.h",   "sys/resource.h",  "sys/select.h",
    "sys/sem.h",      "sys/sendfile.h",  "sys/shm.h",
    "sys/signalfd.h", "sys/socket.h",    "sys/stat.h",
    "sys/statvfs.h",  "sys/sysinfo.h",   "sys/time.h",
    "sys/timerfd.h",  "sys/times.h",     "sys/types.h",
    "sys/ucontext.h", "sys/uio.h",       "sys/un.h",
    "sys/utsname.h",  "sys/vfs.h",       "sys/wait.h",
    "sys/xattr.h",    "syslog.h",        "tar.h",
    "term.h",         "termios.h",       "tgmath.h",
    "threads.h",      "time.h",          "uchar.h",
    "ucontext.h",     "ulimit.h",        "unistd.h",
    "utime.h",        "utmpx.h",         "wchar.h",
    "wctype.h",       "wordexp.h",       "yaml.h",
    "zlib.h",         "zstd.h",
};
#define HEADER_COUNT (sizeof(headers) / sizeof(headers[0]))

/* Fewer than this many found and understood is a failure of the test itself. */
#define HEADERS_MIN 60u

struct work {
    const char *compiler;
    char folder[64];
    char input[96];  /* what the compiler is given */
    char output[96]; /* what it gives */
    size_t found;
    size_t items;
    size_t functions;
    size_t skipped;
    size_t assertions;
    size_t failures;
};

static int run(const char *format, ...) KAA_PRINTF(1, 2);

static int
run(const char *format, ...)
{
    char command[512];
    va_list values;

    va_start(values, format);
    vsnprintf(command, sizeof(command), format, values);
    va_end(values);
    return system(command) == 0;
}

static int
has_compiler(const char *compiler)
{
    return run("%s --version >/dev/null 2>&1", compiler);
}

/* The whole of a file, or NULL. */
static char *
read_file(const char *name, size_t *out_length)
{
    FILE *file = fopen(name, "rb");
    char *text = NULL;
    long length;

    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0 &&
        fseek(file, 0, SEEK_SET) == 0) {
        text = malloc((size_t)length + 1);
        if (text != NULL)
            *out_length = fread(text, 1, (size_t)length, file);
    }
    fclose(file);
    return text;
}

/* Preprocesses a header with `options`; NULL if there is no such header. */
static char *
preprocess(const struct work *work, const char *header, const char *options,
           size_t *out_length)
{
    FILE *file = fopen(work->input, "w");

    if (file == NULL)
        return NULL;
    fprintf(file, "#include <stddef.h>\n#include <stdio.h>\n#include <%s>\n",
            header);
    fclose(file);
    if (!run(
            "%s -std=gnu11 -E %s -D_GNU_SOURCE -I/usr/include/libxml2 %s -o %s "
            "2>/dev/null",
            work->compiler, options, work->input, work->output))
        return NULL;
    return read_file(work->output, out_length);
}

static int
is_unsupported(const kaa_decl_item *item)
{
    return strncmp(item->reason, "kaa does not have", 17) == 0;
}

/* Counts, and tells what was skipped and why. */
static void
tell(struct work *work, const char *header, const kaa_decl *decl)
{
    size_t functions = 0;
    size_t skipped = 0;

    for (size_t i = 0; i < kaa_decl_count(decl); i++) {
        const kaa_decl_item *item = kaa_decl_at(decl, i);

        functions += item->kind == KAA_DECL_FUNCTION;
        skipped += item->kind == KAA_DECL_SKIPPED;
    }
    printf("%s: %zu items, %zu functions, %zu skipped\n", header,
           kaa_decl_count(decl), functions, skipped);
    for (size_t i = 0; i < kaa_decl_count(decl); i++) {
        const kaa_decl_item *item = kaa_decl_at(decl, i);

        if (item->kind != KAA_DECL_SKIPPED)
            continue;
        printf("    %s, %s, line %u: %s\n", item->name,
               item->source_file != NULL ? item->source_file : "",
               item->source_line, item->reason);
        if (!is_unsupported(item)) {
            printf("    NOT UNDERSTOOD\n");
            work->failures++;
        }
    }
    work->items += kaa_decl_count(decl);
    work->functions += functions;
    work->skipped += skipped;
}

/* sizeof, _Alignof and offsets of `type`, which the compiler calls `name`. */
static void
assert_layout(struct work *work, FILE *file, const char *name,
              const kaa_ctype *type)
{
    const kaa_ctype *record = kaa_ctype_strip(type);
    const kaa_ctype_member *members = kaa_ctype_members(record);
    /* A SIMD vector is a record for kaa alone. */
    int is_vector = kaa_ctype_name(record) != NULL &&
                    strchr(kaa_ctype_name(record), ' ') != NULL;

    fprintf(file,
            "_Static_assert(sizeof(%s) == %" PRIu64 ", \"sizeof %s\");\n"
            "_Static_assert(_Alignof(%s) == %u, \"_Alignof %s\");\n",
            name, kaa_ctype_size(type), name, name, kaa_ctype_align(type),
            name);
    work->assertions += 2;
    if (is_vector)
        members = NULL;
    for (uint64_t i = 0; members != NULL && i < kaa_ctype_count(record); i++) {
        if (members[i].name == NULL ||
            members[i].bit_width != KAA_CTYPE_NOT_A_BIT_FIELD)
            continue;
        fprintf(file,
                "_Static_assert(__builtin_offsetof(%s, %s) == %" PRIu64
                ", \"%s.%s\");\n",
                name, members[i].name, members[i].offset, name,
                members[i].name);
        work->assertions++;
    }
}

/* Assertions about types, to be compiled behind the preprocessed text. */
static void
assert_types(struct work *work, FILE *file, const kaa_decl *decl)
{
    char name[256];

    for (size_t i = 0; i < kaa_decl_count(decl); i++) {
        const kaa_decl_item *item = kaa_decl_at(decl, i);

        if ((item->kind != KAA_DECL_RECORD && item->kind != KAA_DECL_ENUM &&
             item->kind != KAA_DECL_TYPEDEF) ||
            !kaa_ctype_is_complete(item->type) ||
            kaa_ctype_kind_of(kaa_ctype_strip(item->type)) ==
                KAA_CTYPE_FUNCTION)
            continue;
        snprintf(name, sizeof(name), "%s", item->name);
        if (item->kind != KAA_DECL_TYPEDEF)
            kaa_ctype_print(item->type, NULL, name, sizeof(name));
        assert_layout(work, file, name, item->type);
    }
}

/* Assertions about constants, to be compiled where the macros are. */
static void
assert_constants(struct work *work, FILE *file, const kaa_decl *decl)
{
    for (size_t i = 0; i < kaa_decl_count(decl); i++) {
        const kaa_decl_item *item = kaa_decl_at(decl, i);
        kaa_ctype_kind kind;

        if (!(item->flags & (KAA_DECL_MACRO | KAA_DECL_ENUMERATOR)))
            continue;
        kind = kaa_ctype_kind_of(kaa_ctype_strip(item->type));
        if (item->kind == KAA_DECL_INTEGER && kind != KAA_CTYPE_POINTER)
            fprintf(
                file,
                "_Static_assert((%s) == %" PRId64 "%s && (sizeof(%s) == "
                "%" PRIu64 "%s), \"%s\");\n",
                item->name,
                item->integer == INT64_MIN ? item->integer + 1 : item->integer,
                item->integer == INT64_MIN        ? "L - 1"
                : item->flags & KAA_DECL_UNSIGNED ? "UL"
                                                  : "L",
                item->name, kaa_ctype_size(item->type),
                /* Compilers before C23 leave those that fit an int. */
                item->flags & KAA_DECL_ENUMERATOR ? " || __GNUC__ < 13" : "",
                item->name);
        else if (item->kind == KAA_DECL_FLOATING && isfinite(item->floating) &&
                 kind != KAA_CTYPE_LDOUBLE)
            fprintf(file,
                    "_Static_assert((%s) == %a && sizeof(%s) == %" PRIu64
                    ", \"%s\");\n",
                    item->name, item->floating, item->name,
                    kaa_ctype_size(item->type), item->name);
        else if (item->kind == KAA_DECL_STRING)
            fprintf(file,
                    "_Static_assert(sizeof(%s) == %" PRIu64 ", \"%s\");\n",
                    item->name, kaa_ctype_size(item->type), item->name);
        else
            continue;
        work->assertions++;
    }
}

/* The header's text as types, or NULL after a failure that is told. */
static kaa_decl *
understand(kaa_test *t, struct work *work, const char *header, const char *text,
           size_t length)
{
    kaa_ctype_table *types = new_table(t);
    kaa_decl *decl = NULL;

    if (parse_bytes(types, text, length, KAA_DECL_TOLERANT, &decl, &t->err) !=
        KAA_OK) {
        printf("%s: FAILED: %s\n", header, t->err.message);
        work->failures++;
    }
    return decl;
}

static void
compile(struct work *work, const char *header, const char *options)
{
    if (run("%s -std=gnu11 -w -fsyntax-only -D_GNU_SOURCE "
            "-I/usr/include/libxml2 %s %s >%s/log 2>&1",
            work->compiler, options, work->input, work->folder))
        return;
    printf("%s: THE COMPILER DISAGREES\n", header);
    fflush(stdout);
    run("grep -m 20 error %s/log", work->folder);
    work->failures++;
}

static void
check_types(kaa_test *t, struct work *work, const char *header)
{
    size_t length = 0;
    char *text = preprocess(work, header, "", &length);
    kaa_decl *decl;
    FILE *file;

    if (text == NULL) {
        printf("%s: not installed\n", header);
        return;
    }
    decl = understand(t, work, header, text, length);
    if (decl != NULL) {
        work->found++;
        tell(work, header, decl);
        file = fopen(work->input, "w");
        if (file != NULL) {
            fwrite(text, 1, length, file);
            assert_types(work, file, decl);
            fclose(file);
            compile(work, header, "-x cpp-output");
        }
    }
    kaa_decl_destroy(decl);
    free(text);
}

static void
check_constants(kaa_test *t, struct work *work, const char *header)
{
    size_t length = 0;
    char *text = preprocess(work, header, "-dD", &length);
    kaa_decl *decl;
    FILE *file;

    if (text == NULL)
        return;
    decl = understand(t, work, header, text, length);
    if (decl != NULL) {
        file = fopen(work->input, "a"); /* behind its #include */
        if (file != NULL) {
            assert_constants(work, file, decl);
            fclose(file);
            compile(work, header, "");
        }
    }
    kaa_decl_destroy(decl);
    free(text);
}

static void
check_all(kaa_test *t, const char *compiler, int is_thorough)
{
    struct work work = {.compiler = compiler};

    if (!has_compiler(compiler))
        SKIP("no %s on this machine", compiler);
    snprintf(work.folder, sizeof(work.folder), "/tmp/kaa-headers-XXXXXX");
    CHECK(mkdtemp(work.folder) != NULL);
    snprintf(work.input, sizeof(work.input), "%s/in.c", work.folder);
    snprintf(work.output, sizeof(work.output), "%s/out.i", work.folder);
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        check_types(t, &work, headers[i]);
        if (is_thorough)
            check_constants(t, &work, headers[i]);
    }
    run("rm -r %s", work.folder);
    printf("%s: %zu headers, %zu items, %zu functions, %zu skipped, "
           "%zu assertions\n",
           compiler, work.found, work.items, work.functions, work.skipped,
           work.assertions);
    CHECK_EQ(work.failures, 0);
    CHECK(work.found >= HEADERS_MIN);
}

KAA_TEST(headers_as_gcc_has_them)
{
#ifdef KAA_TEST_CROSS_COMPILER
    check_all(t, KAA_TEST_CROSS_COMPILER, 1);
#else
    check_all(t, "gcc", 1);
#endif
}

KAA_TEST(headers_as_clang_has_them)
{
#ifdef KAA_TEST_CROSS_COMPILER
    SKIP("clang is this machine's, this build is for another");
#endif
    /* Its _Static_assert takes no floating comparison, and the values of the
     * macros are the same. */
    check_all(t, "clang", 0);
}
