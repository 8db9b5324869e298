/* tests/python/samples.c - C functions of every kind of argument and result,
 * for the Python tests to call. Compiled as a shared library; the tests
 * declare what they call themselves. */
#include <complex.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uchar.h>
#include <wchar.h>

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

enum color { RED, GREEN = 5, BLUE };
enum level { LOW = -2, MIDDLE = 0, HIGH = 2 };

/* --- numbers: each type there and back ---------------------------------- */

#define SAME(name, type)                                                       \
    type same_##name(type value);                                              \
    type same_##name(type value)                                               \
    {                                                                          \
        return value;                                                          \
    }
SAME(bool, bool)
SAME(char, char)
SAME(schar, signed char)
SAME(uchar, unsigned char)
SAME(short, short)
SAME(ushort, unsigned short)
SAME(int, int)
SAME(uint, unsigned)
SAME(long, long)
SAME(ulong, unsigned long)
SAME(llong, long long)
SAME(ullong, unsigned long long)
SAME(int8, int8_t)
SAME(uint8, uint8_t)
SAME(int16, int16_t)
SAME(uint16, uint16_t)
SAME(int32, int32_t)
SAME(uint32, uint32_t)
SAME(int64, int64_t)
SAME(uint64, uint64_t)
SAME(size, size_t)
SAME(int128, int128)
SAME(uint128, uint128)
SAME(wchar, wchar_t)
SAME(char16, char16_t)
SAME(char32, char32_t)
SAME(float, float)
SAME(double, double)
SAME(ldouble, long double)
SAME(cfloat, float complex)
SAME(cdouble, double complex)
SAME(cldouble, long double complex)
SAME(color, enum color)
SAME(level, enum level)
SAME(pointer, void *)
SAME(const_pointer, const void *)
SAME(int_pointer, int *)
SAME(text, const char *)
SAME(text_mutable, char *)
SAME(wide, const wchar_t *)
SAME(text16, const char16_t *)
SAME(text32, const char32_t *)

int add(int a, int b);
int
add(int a, int b)
{
    return a + b;
}

int subtract(int, int);
int
subtract(int a, int b)
{
    return a - b;
}

void nothing(void);
void
nothing(void)
{
}

int forty_two(void);
int
forty_two(void)
{
    return 42;
}

uint32_t code_point(uint32_t value);
uint32_t
code_point(uint32_t value)
{
    return value;
}

long many_integers(signed char a, unsigned char b, short c, unsigned short d,
                   int e, unsigned f, long g, unsigned long h, long long i,
                   bool j);
long
many_integers(signed char a, unsigned char b, short c, unsigned short d, int e,
              unsigned f, long g, unsigned long h, long long i, bool j)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * (long)f + 7 * g +
           8 * (long)h + 9 * i + 10 * j;
}

double many_doubles(double a, float b, double c, float d, double e, float f,
                    double g, float h, double i, float j);
double
many_doubles(double a, float b, double c, float d, double e, float f, double g,
             float h, double i, float j)
{
    return a + 2 * (double)b + 3 * c + 4 * (double)d + 5 * e + 6 * (double)f +
           7 * g + 8 * (double)h + 9 * i + 10 * (double)j;
}

double mixed(int8_t a, double b, const char *c, float d, uint64_t e,
             const void *f, short g, long double h);
double
mixed(int8_t a, double b, const char *c, float d, uint64_t e, const void *f,
      short g, long double h)
{
    return a + 2 * b + 3 * (double)strlen(c) + 4 * (double)d + 5 * (double)e +
           6 * (f != NULL) + 7 * g + 8 * (double)h;
}

/* None meets a single free register: clang before 18 would split it. */
int128 wide_sum(int128 a, uint128 b, long c, int e, int128 d, int128 f);
int128
wide_sum(int128 a, uint128 b, long c, int e, int128 d, int128 f)
{
    return a + 2 * (int128)b + 3 * c + 4 * d + 5 * e + 6 * f;
}

double complex complex_product(double complex a, float complex b, double c);
double complex
complex_product(double complex a, float complex b, double c)
{
    return a * (double complex)b * c;
}

/* --- text --------------------------------------------------------------- */

size_t text_length(const char *text);
size_t
text_length(const char *text)
{
    return text == NULL ? (size_t)-1 : strlen(text);
}

int text_byte(const char *text, size_t index);
int
text_byte(const char *text, size_t index)
{
    return (unsigned char)text[index];
}

const char *text_sample(int which);
const char *
text_sample(int which)
{
    static const char *const samples[] = {"plain", "na\xc3\xafve",
                                          "\xff bad \xc3", ""};

    return which < 0 || which > 3 ? NULL : samples[which];
}

char *text_upper(char *text);
char *
text_upper(char *text)
{
    for (char *at = text; at != NULL && *at != '\0'; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    return text;
}

size_t wide_length(const wchar_t *text);
size_t
wide_length(const wchar_t *text)
{
    return text == NULL ? (size_t)-1 : wcslen(text);
}

size_t length16(const char16_t *text);
size_t
length16(const char16_t *text)
{
    size_t length = 0;

    while (text != NULL && text[length] != 0)
        length++;
    return length;
}

size_t length32(const char32_t *text);
size_t
length32(const char32_t *text)
{
    size_t length = 0;

    while (text != NULL && text[length] != 0)
        length++;
    return length;
}

uint32_t unit16(const char16_t *text, size_t index);
uint32_t
unit16(const char16_t *text, size_t index)
{
    return text[index];
}

void wide_fill(wchar_t *text, size_t count, wchar_t value);
void
wide_fill(wchar_t *text, size_t count, wchar_t value)
{
    for (size_t i = 0; i < count; i++)
        text[i] = value;
}

static atomic_int live_texts;

char *text_copy(const char *text);
char *
text_copy(const char *text)
{
    char *copy = text == NULL ? NULL : malloc(strlen(text) + 1);

    if (copy != NULL) {
        memcpy(copy, text, strlen(text) + 1);
        atomic_fetch_add(&live_texts, 1);
    }
    return copy;
}

#define COPY(name, type)                                                       \
    type *name(const type *text);                                              \
    type *name(const type *text)                                               \
    {                                                                          \
        size_t size = sizeof(type);                                            \
                                                                               \
        for (const type *at = text; *at != 0; at++)                            \
            size += sizeof(type);                                              \
        type *copy = malloc(size);                                             \
        if (copy != NULL) {                                                    \
            memcpy(copy, text, size);                                          \
            atomic_fetch_add(&live_texts, 1);                                  \
        }                                                                      \
        return copy;                                                           \
    }
COPY(wide_copy, wchar_t)
COPY(copy16, char16_t)
COPY(copy32, char32_t)

void text_free(char *text);
void
text_free(char *text)
{
    if (text == NULL)
        abort(); /* kaa::free must not be called for NULL */
    atomic_fetch_sub(&live_texts, 1);
    free(text);
}

int text_live(void);
int
text_live(void)
{
    return atomic_load(&live_texts);
}

/* A copy of what a callback gives, or of nothing: text_free() frees it. */
char *text_made(const char *(*make)(int), int value);
char *
text_made(const char *(*make)(int), int value)
{
    const char *text = make(value);

    return text_copy(text != NULL ? text : "");
}

/* Records that no stack of a quick path holds. */
struct megabyte {
    unsigned char bytes[1000000];
};
SAME(megabyte, struct megabyte)

/* --- pointers ----------------------------------------------------------- */

#define SUM(name, type, wide)                                                  \
    wide sum_##name(const type *items, size_t count);                          \
    wide sum_##name(const type *items, size_t count)                           \
    {                                                                          \
        wide sum = 0;                                                          \
                                                                               \
        for (size_t i = 0; items != NULL && i < count; i++)                    \
            sum = (wide)(sum + (wide)items[i]);                                \
        return sum;                                                            \
    }                                                                          \
    void fill_##name(type *items, size_t count, type value);                   \
    void fill_##name(type *items, size_t count, type value)                    \
    {                                                                          \
        for (size_t i = 0; items != NULL && i < count; i++)                    \
            items[i] = value;                                                  \
    }
SUM(bool, bool, long)
SUM(char, char, long)
SUM(schar, signed char, long)
SUM(uchar, unsigned char, long)
SUM(short, short, long)
SUM(ushort, unsigned short, long)
SUM(int, int, long)
SUM(uint, unsigned, long)
SUM(long, long, long)
SUM(ulong, unsigned long, unsigned long)
SUM(llong, long long, long long)
SUM(ullong, unsigned long long, unsigned long long)
SUM(float, float, double)
SUM(double, double, double)
SUM(color, enum color, long)

double complex sum_cdouble(const double complex *items, size_t count);
double complex
sum_cdouble(const double complex *items, size_t count)
{
    double complex sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += items[i];
    return sum;
}

long sum_bytes(const void *data, size_t size);
long
sum_bytes(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    long sum = 0;

    for (size_t i = 0; bytes != NULL && i < size; i++)
        sum += bytes[i];
    return sum;
}

void fill_bytes(void *data, size_t size, int value);
void
fill_bytes(void *data, size_t size, int value)
{
    if (data != NULL)
        memset(data, value, size);
}

uintptr_t address_of(const void *data);
uintptr_t
address_of(const void *data)
{
    return (uintptr_t)data;
}

int through(int **pointer);
int
through(int **pointer)
{
    return pointer == NULL || *pointer == NULL ? -1 : **pointer;
}

void redirect(int **pointer, int *target);
void
redirect(int **pointer, int *target)
{
    *pointer = target;
}

size_t lengths(const char **texts, size_t count);
size_t
lengths(const char **texts, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += texts[i] == NULL ? 100 : strlen(texts[i]);
    return sum;
}

void allocate(void **out, size_t size);
void
allocate(void **out, size_t size)
{
    *out = calloc(1, size);
}

int row_sum(const int row[3]);
int
row_sum(const int row[3])
{
    return row[0] + row[1] + row[2];
}

int matrix_sum(const int (*rows)[3], int count);
int
matrix_sum(const int (*rows)[3], int count)
{
    int sum = 0;

    for (int i = 0; i < count; i++)
        sum += row_sum(rows[i]);
    return sum;
}

struct handle {
    int value;
};

struct handle *handle_open(int value);
struct handle *
handle_open(int value)
{
    struct handle *made = value < 0 ? NULL : malloc(sizeof(*made));

    if (made != NULL)
        made->value = value;
    return made;
}

int handle_value(const struct handle *from);
int
handle_value(const struct handle *from)
{
    return from == NULL ? -1 : from->value;
}

void handle_close(struct handle *from);
void
handle_close(struct handle *from)
{
    free(from);
}

/* --- records ------------------------------------------------------------ */

struct point {
    int x, y;
};
struct real2 {
    double x, y;
};
struct float3 {
    float x, y, z;
};
struct blend {
    char c;
    double d;
    int i;
};
struct half {
    int i;
    float f;
};
struct huge {
    long items[8];
};
struct nested {
    struct point at;
    double weight;
};
struct text8 {
    char text[8];
};
struct bits {
    unsigned a : 3;
    unsigned b : 13;
    int c : 16;
};
union number {
    int i;
    double d;
};
struct tiny {
    unsigned char only;
};
struct __attribute__((packed)) tight {
    char c;
    int i;
};
struct mixed_complex {
    float complex z;
    int n;
};
struct linked {
    int value;
    struct linked *next;
};
/* Around the sizes at which calls are made another way. */
#define WORDS(count)                                                           \
    struct words##count {                                                      \
        long items[count];                                                     \
    };                                                                         \
    SAME(words##count, struct words##count)
WORDS(3)
WORDS(4)
WORDS(5)
WORDS(12)
WORDS(13)
WORDS(16)
WORDS(17)
WORDS(40)
WORDS(41)
struct odd27 {
    char text[27];
};
struct extended {
    long double x;
    int n;
};

SAME(point, struct point)
SAME(real2, struct real2)
SAME(float3, struct float3)
SAME(blend, struct blend)
SAME(half, struct half)
SAME(huge, struct huge)
SAME(nested, struct nested)
SAME(text8, struct text8)
SAME(bits, struct bits)
SAME(number, union number)
SAME(tiny, struct tiny)
SAME(tight, struct tight)
SAME(mixed_complex, struct mixed_complex)
SAME(odd27, struct odd27)
SAME(extended, struct extended)

struct point point_add(struct point a, struct point b);
struct point
point_add(struct point a, struct point b)
{
    return (struct point){a.x + b.x, a.y + b.y};
}

double record_digest(int n, struct real2 a, struct float3 b, struct blend c,
                     struct huge d, struct bits e, union number f,
                     struct tiny g);
double
record_digest(int n, struct real2 a, struct float3 b, struct blend c,
              struct huge d, struct bits e, union number f, struct tiny g)
{
    return n + a.x + 2 * a.y + 3 * (double)(b.x + b.y + b.z) + c.c + c.d + c.i +
           (double)(d.items[0] + d.items[7]) + e.a + e.b + e.c + f.d + g.only;
}

/* The first six in registers, then bytes, an odd size, an alignment of 16. */
struct extended stacked(long a, long b, long c, long d, long e, long f,
                        signed char g, struct odd27 h, struct extended i,
                        float j, short k);
struct extended
stacked(long a, long b, long c, long d, long e, long f, signed char g,
        struct odd27 h, struct extended i, float j, short k)
{
    i.x = 2 * i.x + (long double)j;
    i.n = (int)(i.n + a + b + c + d + e + f + g + k);
    for (size_t at = 0; at < sizeof(h.text); at++)
        i.n += h.text[at];
    return i;
}

void point_move(struct point *at, int dx, int dy);
void
point_move(struct point *at, int dx, int dy)
{
    at->x += dx;
    at->y += dy;
}

int points_sum(const struct point *items, size_t count);
int
points_sum(const struct point *items, size_t count)
{
    int sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += items[i].x + items[i].y;
    return sum;
}

struct point *point_largest(struct point *items, size_t count);
struct point *
point_largest(struct point *items, size_t count)
{
    struct point *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (best == NULL || items[i].x > best->x)
            best = &items[i];
    return best;
}

int linked_sum(const struct linked *list);
int
linked_sum(const struct linked *list)
{
    int sum = 0;

    for (; list != NULL; list = list->next)
        sum += list->value;
    return sum;
}

static atomic_int live_points;

struct point *point_new(int x, int y);
struct point *
point_new(int x, int y)
{
    struct point *made = x < 0 ? NULL : malloc(sizeof(*made));

    if (made != NULL) {
        *made = (struct point){x, y};
        atomic_fetch_add(&live_points, 1);
    }
    return made;
}

void point_free(struct point *at);
void
point_free(struct point *at)
{
    if (at == NULL)
        abort(); /* kaa::free must not be called for NULL */
    atomic_fetch_sub(&live_points, 1);
    free(at);
}

int point_live(void);
int
point_live(void)
{
    return atomic_load(&live_points);
}

/* --- callbacks ---------------------------------------------------------- */

typedef int int_function(int);
typedef int compare_function(const void *, const void *);

void sort(void *items, size_t count, size_t size, compare_function *compare);
void
sort(void *items, size_t count, size_t size, compare_function *compare)
{
    qsort(items, count, size, compare);
}

int apply(int_function *function, int value);
int
apply(int_function *function, int value)
{
    return function == NULL ? -1 : function(value);
}

int apply_times(int_function *function, int times);
int
apply_times(int_function *function, int times)
{
    int sum = 0;

    for (int i = 0; i < times; i++)
        sum += function(i);
    return sum;
}

#define APPLY(name, type)                                                      \
    type apply_##name(type (*function)(type), type value);                     \
    type apply_##name(type (*function)(type), type value)                      \
    {                                                                          \
        return function == NULL ? value : function(value);                     \
    }
APPLY(bool, bool)
APPLY(char, char)
APPLY(schar, signed char)
APPLY(uchar, unsigned char)
APPLY(short, short)
APPLY(ushort, unsigned short)
APPLY(uint, unsigned)
APPLY(long, long)
APPLY(ulong, unsigned long)
APPLY(wchar, wchar_t)
APPLY(float, float)
APPLY(double, double)
APPLY(ldouble, long double)
APPLY(cdouble, double complex)
APPLY(int128, int128)
APPLY(color, enum color)
APPLY(text, const char *)
APPLY(pointer, void *)
APPLY(point, struct point)
APPLY(real2, struct real2)
APPLY(huge, struct huge)
APPLY(bits, struct bits)
APPLY(number, union number)

void visit(void (*visitor)(const char *name, struct point *at, void *user),
           void *user);
void
visit(void (*visitor)(const char *name, struct point *at, void *user),
      void *user)
{
    struct point first = {1, 2};

    visitor("first", &first, user);
    visitor(NULL, NULL, user);
}

long apply_many(long (*function)(signed char, unsigned short, int, long, double,
                                 float, unsigned char, long long, void *, int,
                                 double));
long
apply_many(long (*function)(signed char, unsigned short, int, long, double,
                            float, unsigned char, long long, void *, int,
                            double))
{
    return function(-1, 2, -3, 4, 5.5, 6.25f, 7, -8, NULL, 9, 10.5);
}

int (*pick(int which))(int, int);
int (*pick(int which))(int, int)
{
    return which == 0 ? add : which == 1 ? subtract : NULL;
}

static int_function *kept;

void keep(int_function *function);
void
keep(int_function *function)
{
    kept = function;
}

int call_kept(int value);
int
call_kept(int value)
{
    return kept == NULL ? -1 : kept(value);
}

int same_as_kept(int_function *function);
int
same_as_kept(int_function *function)
{
    return function == kept;
}

static void
call_and_print(void)
{
    printf("%d\n", call_kept(1));
    fflush(stdout);
}

/* The answer is printed when the process ends, after Python has. */
int call_kept_at_exit(void);
int
call_kept_at_exit(void)
{
    return atexit(call_and_print);
}

struct job {
    int_function *function;
    int value;
    int result;
};

static void *
run_job(void *user)
{
    struct job *job = user;

    job->result = job->function(job->value);
    return NULL;
}

int apply_on_thread(int_function *function, int value);
int
apply_on_thread(int_function *function, int value)
{
    struct job job = {function, value, -1};
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_job, &job) != 0)
        return -2;
    pthread_join(thread, NULL);
    return job.result;
}

struct operations {
    int_function *run;
    const char *name;
    int scale;
};

int operate(const struct operations *with, int value);
int
operate(const struct operations *with, int value)
{
    return with->scale * with->run(value);
}

/* --- variadics ---------------------------------------------------------- */

int format_text(char *buffer, size_t size, const char *format, ...);
int
format_text(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

/* One letter an argument: i l L (unsigned long long) d s p z (point) Z (real2)
 * h (huge). */
double digest(const char *kinds, ...);
double
digest(const char *kinds, ...)
{
    va_list arguments;
    double sum = 0;

    va_start(arguments, kinds);
    for (int at = 1; *kinds != '\0'; kinds++, at++) {
        double value = 0;
        if (*kinds == 'i')
            value = va_arg(arguments, int);
        else if (*kinds == 'l')
            value = (double)va_arg(arguments, long long);
        else if (*kinds == 'L')
            value = (double)va_arg(arguments, unsigned long long);
        else if (*kinds == 'd')
            value = va_arg(arguments, double);
        else if (*kinds == 's')
            value = (double)strlen(va_arg(arguments, const char *));
        else if (*kinds == 'p')
            value = va_arg(arguments, void *) != NULL;
        else if (*kinds == 'z')
            value = va_arg(arguments, struct point).y;
        else if (*kinds == 'Z')
            value = va_arg(arguments, struct real2).y;
        else if (*kinds == 'h')
            value = (double)va_arg(arguments, struct huge).items[7];
        sum += at * value;
    }
    va_end(arguments);
    return sum;
}

/* --- errno -------------------------------------------------------------- */

#define FAIL(name, type)                                                       \
    type fail_##name(int error, type result);                                  \
    type fail_##name(int error, type result)                                   \
    {                                                                          \
        errno = error;                                                         \
        return result;                                                         \
    }
FAIL(int, int)
FAIL(long, long)
FAIL(uint, unsigned)
FAIL(size, size_t)
FAIL(pointer, void *)
FAIL(text, const char *)
FAIL(int_pointer, int *)
FAIL(double, double)
FAIL(float, float)
FAIL(point, struct point)

void fail_void(int error);
void
fail_void(int error)
{
    errno = error;
}

int errno_now(void);
int
errno_now(void)
{
    return errno == 0 ? 0 : -1;
}

/* --- annotations -------------------------------------------------------- */

int divide(int a, int b, int *quotient, int *remainder);
int
divide(int a, int b, int *quotient, int *remainder)
{
    if (b == 0)
        return -1;
    *quotient = a / b;
    *remainder = a % b;
    return 0;
}

void half_of(double *result, double value);
void
half_of(double *result, double value)
{
    *result = value / 2;
}

void describe(char *letter, bool *flag, enum color *shade, const char **name,
              struct point *at, struct point **where, void **nowhere);
void
describe(char *letter, bool *flag, enum color *shade, const char **name,
         struct point *at, struct point **where, void **nowhere)
{
    static struct point fixed = {7, 8};

    *letter = 'k';
    *flag = true;
    *shade = GREEN;
    *name = "described";
    *at = (struct point){3, 4};
    *where = &fixed;
    *nowhere = NULL;
}

double weighted(const double *items, size_t count, double weight);
double
weighted(const double *items, size_t count, double weight)
{
    return weight * sum_double(items, count);
}

double dot(const double *a, const double *b, size_t count);
double
dot(const double *a, const double *b, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

long count_first(int count, const int *items);
long
count_first(int count, const int *items)
{
    return sum_int(items, (size_t)count);
}

/* --- map ---------------------------------------------------------------- */

double scale_add(double a, double x, double y);
double
scale_add(double a, double x, double y)
{
    return a * x + y;
}

int square(int value);
int
square(int value)
{
    return value * value;
}

float halve(float value);
float
halve(float value)
{
    return value / 2;
}

double powers(int8_t a, uint16_t b, float c, long d);
double
powers(int8_t a, uint16_t b, float c, long d)
{
    return a + 2.0 * b + 4.0 * (double)c + 8.0 * (double)d;
}

static atomic_long touched;

void touch(int value);
void
touch(int value)
{
    atomic_fetch_add(&touched, value);
}

long touch_count(void);
long
touch_count(void)
{
    return atomic_exchange(&touched, 0);
}

void pause_for(int milliseconds);
void
pause_for(int milliseconds)
{
    struct timespec length = {milliseconds / 1000,
                              milliseconds % 1000 * 1000000L};

    nanosleep(&length, NULL);
}

double slow(double value);
double
slow(double value)
{
    struct timespec pause = {0, 200000};

    nanosleep(&pause, NULL);
    return value + 1;
}

/* Waits until another thread calls tell(), at most five minutes: 1; else 0. */
static int is_waiting, is_told;
double until_told(double value);
double
until_told(double value)
{
    struct timespec pause = {0, 200000};

    __atomic_store_n(&is_told, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&is_waiting, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 5 * 60 * 5000; i++) {
        if (__atomic_load_n(&is_told, __ATOMIC_SEQ_CST))
            break;
        nanosleep(&pause, NULL);
    }
    __atomic_store_n(&is_waiting, 0, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&is_told, __ATOMIC_SEQ_CST) ? value : 0;
}

int tell(void);
int
tell(void)
{
    if (__atomic_load_n(&is_waiting, __ATOMIC_SEQ_CST))
        __atomic_store_n(&is_told, 1, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&is_told, __ATOMIC_SEQ_CST);
}

/* --- variables ---------------------------------------------------------- */

int counter = 3;
struct point origin = {10, 20};
const char *title = "samples";
int table[4] = {1, 2, 3, 4};
