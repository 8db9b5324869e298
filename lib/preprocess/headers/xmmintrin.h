#ifndef __kaa_xmmintrin_h
#define __kaa_xmmintrin_h
#include <mmintrin.h>
typedef float __m128 __attribute__((__vector_size__(16), __may_alias__));
#endif
