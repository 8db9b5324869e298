/* SIMD types of x86; the intrinsics are functions of the compiler's own. */
#ifndef __kaa_mmintrin_h
#define __kaa_mmintrin_h
typedef int __m64 __attribute__((__vector_size__(8), __may_alias__));
#endif
