/* python/load.c - a library for test_load, test_types and test_function:
 * variables of every kind, and functions that look at them. */
#include <complex.h>
#include <stdbool.h>
#include <stdint.h>
#include <uchar.h>
#include <wchar.h>

struct point {
    int x;
    double y;
};

struct bits {
    unsigned char kind;
    int small : 3;
    unsigned flags : 7;
    long long far : 40;
};

enum color { RED, GREEN = 5, BLUE = 250 };

int8_t load_i8 = -5;
uint8_t load_u8 = 200;
int load_int = 42;
unsigned long load_ulong = 1234567890123UL;
bool load_bool = true;
char load_char = 'k';
wchar_t load_wide = L'w';
char16_t load_char16 = u'h';
float load_float = 1.5F;
double load_double = 2.25;
long double load_ldouble = 3.5L;
double _Complex load_complex = 1.0;
__extension__ __int128 load_wide_int = -7;
enum color load_color = GREEN;
const int load_const = 7;
const char *load_text = "text";
char load_letters[8] = "letters";
int load_array[4] = {1, 2, 3, 4};
struct point load_point = {3, 4.5};
struct bits load_bits = {1, -2, 100, -123456789};
struct point *load_pointer = &load_point;
void *load_nothing = 0;
const int load_limit = 1000;

int
load_twice(int value)
{
    return 2 * value;
}

int (*load_function)(int) = load_twice;

int
load_apply(int value)
{
    return load_function(value);
}

int
load_sum(void)
{
    return load_array[0] + load_array[1] + load_array[2] + load_array[3];
}

double
load_distance(const struct point *point)
{
    return point->x + point->y;
}

int
load_first_letter(void)
{
    return load_text == 0 ? -1 : (unsigned char)load_text[0];
}

int renamed_symbol(int value);

int
renamed_symbol(int value)
{
    return value + 1000;
}
