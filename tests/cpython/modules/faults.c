/* One small function for each kind of parameter, typed in a module, and
 * exported so that kaa.load() binds it too: both refuse in the same words. */
#include <stddef.h>
#include <stdint.h>

#include <kaa/module.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int8_t tiny(int8_t n);
EXPORT uint64_t wide(uint64_t n);
EXPORT _Bool flag(_Bool b);
EXPORT char letter(char c);
EXPORT float single(float x);
EXPORT double real(double x);
EXPORT int text(const char *s);
EXPORT int bytes(unsigned char *p);
EXPORT int chars(char *p);
EXPORT int doubles(const double *p);
EXPORT int shorts(short *p);
EXPORT int any(const void *p);
EXPORT int sure(const void *p);
EXPORT int two(int a, int b);
EXPORT int none(void);
EXPORT int unnamed(int a, int b);
EXPORT long total(const long *items, unsigned char count);
EXPORT int both(const char *a, const char *b, int count);
EXPORT int halves(int whole, int *rest);

int8_t
tiny(int8_t n)
{
    return n;
}

uint64_t
wide(uint64_t n)
{
    return n;
}

_Bool
flag(_Bool b)
{
    return b;
}

char
letter(char c)
{
    return c;
}

float
single(float x)
{
    return x;
}

double
real(double x)
{
    return x;
}

int
text(const char *s)
{
    return s != NULL;
}

int
bytes(unsigned char *p)
{
    return p != NULL;
}

int
chars(char *p)
{
    return p != NULL;
}

int
doubles(const double *p)
{
    return p != NULL;
}

int
shorts(short *p)
{
    return p != NULL;
}

int
any(const void *p)
{
    return p != NULL;
}

int
sure(const void *p)
{
    return p != NULL;
}

int
two(int a, int b)
{
    return a + b;
}

int
none(void)
{
    return 0;
}

int
unnamed(int a, int b)
{
    return a + b;
}

long
total(const long *items, unsigned char count)
{
    long sum = 0;

    for (int i = 0; i < count; i++)
        sum += items[i];
    return sum;
}

int
both(const char *a, const char *b, int count)
{
    return a != NULL && b != NULL ? count : -1;
}

int
halves(int whole, int *rest)
{
    *rest = whole % 2;
    return whole / 2;
}

static const kaa_method methods[] = {
    KAA_FUNCTION("int8_t tiny(int8_t n)", tiny, NULL),
    KAA_FUNCTION("uint64_t wide(uint64_t n)", wide, NULL),
    KAA_FUNCTION("_Bool flag(_Bool b)", flag, NULL),
    KAA_FUNCTION("char letter(char c)", letter, NULL),
    KAA_FUNCTION("float single(float x)", single, NULL),
    KAA_FUNCTION("double real(double x)", real, NULL),
    KAA_FUNCTION("int text(const char *s)", text, NULL),
    KAA_FUNCTION("int bytes(unsigned char *p)", bytes, NULL),
    KAA_FUNCTION("int chars(char *p)", chars, NULL),
    KAA_FUNCTION("int doubles(const double *p)", doubles, NULL),
    KAA_FUNCTION("int shorts(short *p)", shorts, NULL),
    KAA_FUNCTION("int any(const void *p)", any, NULL),
    KAA_FUNCTION("int sure(const void *p) __attribute__((nonnull))", sure,
                 NULL),
    KAA_FUNCTION("int two(int a, int b)", two, NULL),
    KAA_FUNCTION("int none(void)", none, NULL),
    KAA_FUNCTION("int unnamed(int, int b)", unnamed, NULL),
    KAA_FUNCTION("long total(const long *items [[kaa::length(count)]], "
                 "unsigned char count)",
                 total, NULL),
    KAA_FUNCTION("int both(const char *a [[kaa::length(count)]], "
                 "const char *b [[kaa::length(count)]], int count)",
                 both, NULL),
    KAA_FUNCTION("int halves(int whole, int *rest [[kaa::out]])", halves, NULL),
    KAA_METHODS_END,
};

KAA_MODULE(faults, .methods = methods);
