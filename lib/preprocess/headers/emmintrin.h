#ifndef __kaa_emmintrin_h
#define __kaa_emmintrin_h
#include <xmmintrin.h>
typedef double __m128d __attribute__((__vector_size__(16), __may_alias__));
typedef long long __m128i __attribute__((__vector_size__(16), __may_alias__));
#endif
