/* layout.c - the layouts and numbers that users have compiled in, pinned.
 *
 * This only has to compile. Structures that begin with `size` may grow at their
 * end: their SIZE line changes then, no MEMBER line ever does. VALUE lines are
 * only added. tests/abi/pinned.py sees to it that nothing is left out.
 */
#include <kaa/base.h>
#include <kaa/call.h>
#include <kaa/checked.h>
#include <kaa/closure.h>
#include <kaa/cpython.h>
#include <kaa/ctype.h>
#include <kaa/decl.h>
#include <kaa/gil.h>
#include <kaa/heap.h>
#include <kaa/kaa.h>
#include <kaa/library.h>
#include <kaa/preprocess.h>

#include "abi/layout.h"

#if UINTPTR_MAX == UINT64_MAX /* the pinned numbers are those of LP64 */

/* base.h */
SIZE(kaa_error, 256);
MEMBER(kaa_error, status, 0);
MEMBER(kaa_error, argument, 4);
MEMBER(kaa_error, line, 8);
MEMBER(kaa_error, column, 12);
MEMBER(kaa_error, message, 16);

/* status.def */
VALUE(KAA_OK, 0);
VALUE(KAA_INVALID_ARGUMENT, 1);
VALUE(KAA_NO_MEMORY, 2);
VALUE(KAA_UNSUPPORTED, 3);
VALUE(KAA_SYNTAX, 4);
VALUE(KAA_NO_LIBRARY, 5);
VALUE(KAA_NO_SYMBOL, 6);
VALUE(KAA_SYSTEM, 7);
VALUE(KAA_LIMIT, 8);
VALUE(KAA_MISUSE, 9);
VALUE(KAA_DEADLOCK, 10);
VALUE(KAA_CANCELLED, 11);
VALUE(KAA_CORRUPT, 12);

/* ctype.h */
SIZE(kaa_ctype_member, 48);
MEMBER(kaa_ctype_member, name, 0);
MEMBER(kaa_ctype_member, type, 8);
MEMBER(kaa_ctype_member, offset, 16);
MEMBER(kaa_ctype_member, bit_position, 24);
MEMBER(kaa_ctype_member, bit_width, 32);
MEMBER(kaa_ctype_member, align, 36);
MEMBER(kaa_ctype_member, flags, 40);
MEMBER(kaa_ctype_member, scope, 44);
SIZE(kaa_ctype_parameter, 16);
MEMBER(kaa_ctype_parameter, name, 0);
MEMBER(kaa_ctype_parameter, type, 8);
SIZE(kaa_ctype_enumerator, 24);
MEMBER(kaa_ctype_enumerator, name, 0);
MEMBER(kaa_ctype_enumerator, value, 8);
MEMBER(kaa_ctype_enumerator, is_unsigned, 16);
MEMBER(kaa_ctype_enumerator, reserved, 20);
SIZE(kaa_ctype_record_options, 16);
MEMBER(kaa_ctype_record_options, size, 0);
MEMBER(kaa_ctype_record_options, flags, 4);
MEMBER(kaa_ctype_record_options, align, 8);
MEMBER(kaa_ctype_record_options, pack, 12);
SIZE(kaa_ctype_enum_options, 16);
MEMBER(kaa_ctype_enum_options, size, 0);
MEMBER(kaa_ctype_enum_options, flags, 4);
MEMBER(kaa_ctype_enum_options, underlying, 8);
VALUE(KAA_CTYPE_VOID, 0);
VALUE(KAA_CTYPE_BOOL, 1);
VALUE(KAA_CTYPE_CHAR, 2);
VALUE(KAA_CTYPE_SCHAR, 3);
VALUE(KAA_CTYPE_UCHAR, 4);
VALUE(KAA_CTYPE_SHORT, 5);
VALUE(KAA_CTYPE_USHORT, 6);
VALUE(KAA_CTYPE_INT, 7);
VALUE(KAA_CTYPE_UINT, 8);
VALUE(KAA_CTYPE_LONG, 9);
VALUE(KAA_CTYPE_ULONG, 10);
VALUE(KAA_CTYPE_LLONG, 11);
VALUE(KAA_CTYPE_ULLONG, 12);
VALUE(KAA_CTYPE_INT128, 13);
VALUE(KAA_CTYPE_UINT128, 14);
VALUE(KAA_CTYPE_WCHAR, 15);
VALUE(KAA_CTYPE_CHAR16, 16);
VALUE(KAA_CTYPE_CHAR32, 17);
VALUE(KAA_CTYPE_FLOAT16, 18);
VALUE(KAA_CTYPE_FLOAT, 19);
VALUE(KAA_CTYPE_DOUBLE, 20);
VALUE(KAA_CTYPE_LDOUBLE, 21);
VALUE(KAA_CTYPE_FLOAT128, 22);
VALUE(KAA_CTYPE_CFLOAT, 23);
VALUE(KAA_CTYPE_CDOUBLE, 24);
VALUE(KAA_CTYPE_CLDOUBLE, 25);
VALUE(KAA_CTYPE_VALIST, 26);
VALUE(KAA_CTYPE_POINTER, 32);
VALUE(KAA_CTYPE_ARRAY, 33);
VALUE(KAA_CTYPE_STRUCT, 34);
VALUE(KAA_CTYPE_UNION, 35);
VALUE(KAA_CTYPE_ENUM, 36);
VALUE(KAA_CTYPE_FUNCTION, 37);
VALUE(KAA_CTYPE_TYPEDEF, 38);
VALUE(KAA_CTYPE_QUALIFIED, 39);
VALUE(KAA_CTYPE_CONST, 1);
VALUE(KAA_CTYPE_VOLATILE, 2);
VALUE(KAA_CTYPE_RESTRICT, 4);
VALUE(KAA_CTYPE_ATOMIC, 8);
VALUE(KAA_CTYPE_VARIADIC, 1);
VALUE(KAA_CTYPE_UNPROTOTYPED, 2);
VALUE(KAA_CTYPE_PACKED, 1);
VALUE(KAA_CTYPE_FLEXIBLE, 2);
VALUE(KAA_CTYPE_BY_ADDRESS, 4);

/* preprocess.h */
SIZE(kaa_preprocess_options, 72);
MEMBER(kaa_preprocess_options, size, 0);
MEMBER(kaa_preprocess_options, flags, 4);
MEMBER(kaa_preprocess_options, name, 8);
MEMBER(kaa_preprocess_options, include_dirs, 16);
MEMBER(kaa_preprocess_options, system_dirs, 24);
MEMBER(kaa_preprocess_options, defines, 32);
MEMBER(kaa_preprocess_options, undefines, 40);
MEMBER(kaa_preprocess_options, include_dir_count, 48);
MEMBER(kaa_preprocess_options, system_dir_count, 52);
MEMBER(kaa_preprocess_options, define_count, 56);
MEMBER(kaa_preprocess_options, undefine_count, 60);
MEMBER(kaa_preprocess_options, predefined, 64);

/* decl.h */
SIZE(kaa_decl_options, 32);
MEMBER(kaa_decl_options, size, 0);
MEMBER(kaa_decl_options, flags, 4);
MEMBER(kaa_decl_options, preprocess, 8);
MEMBER(kaa_decl_options, only, 16);
MEMBER(kaa_decl_options, only_count, 24);
MEMBER(kaa_decl_options, reserved, 28);
SIZE(kaa_decl_parameter, 56);
MEMBER(kaa_decl_parameter, flags, 0);
MEMBER(kaa_decl_parameter, scope, 4);
MEMBER(kaa_decl_parameter, length_of, 8);
MEMBER(kaa_decl_parameter, length_times, 12);
MEMBER(kaa_decl_parameter, length_factor, 16);
MEMBER(kaa_decl_parameter, length_plus, 24);
MEMBER(kaa_decl_parameter, least, 32);
MEMBER(kaa_decl_parameter, free_function, 40);
MEMBER(kaa_decl_parameter, borrow_from, 48);
MEMBER(kaa_decl_parameter, reserved, 52);
SIZE(kaa_decl_item, 120);
MEMBER(kaa_decl_item, size, 0);
MEMBER(kaa_decl_item, kind, 4);
MEMBER(kaa_decl_item, flags, 8);
MEMBER(kaa_decl_item, line, 12);
MEMBER(kaa_decl_item, column, 16);
MEMBER(kaa_decl_item, source_line, 20);
MEMBER(kaa_decl_item, source_file, 24);
MEMBER(kaa_decl_item, name, 32);
MEMBER(kaa_decl_item, symbol, 40);
MEMBER(kaa_decl_item, type, 48);
MEMBER(kaa_decl_item, parameters, 56);
MEMBER(kaa_decl_item, free_function, 64);
MEMBER(kaa_decl_item, integer, 72);
MEMBER(kaa_decl_item, floating, 80);
MEMBER(kaa_decl_item, string, 88);
MEMBER(kaa_decl_item, string_length, 96);
MEMBER(kaa_decl_item, reason, 104);
MEMBER(kaa_decl_item, borrow_from, 112);
MEMBER(kaa_decl_item, format, 116);
MEMBER(kaa_decl_item, format_of, 118);
VALUE(KAA_DECL_TOLERANT, 1);
VALUE(KAA_DECL_FUNCTION, 0);
VALUE(KAA_DECL_VARIABLE, 1);
VALUE(KAA_DECL_TYPEDEF, 2);
VALUE(KAA_DECL_RECORD, 3);
VALUE(KAA_DECL_ENUM, 4);
VALUE(KAA_DECL_INTEGER, 5);
VALUE(KAA_DECL_FLOATING, 6);
VALUE(KAA_DECL_STRING, 7);
VALUE(KAA_DECL_SKIPPED, 8);
VALUE(KAA_DECL_HOLD_GIL, 1);
VALUE(KAA_DECL_ERRNO, 2);
VALUE(KAA_DECL_NULLABLE, 4);
VALUE(KAA_DECL_CONST, 8);
VALUE(KAA_DECL_PURE, 16);
VALUE(KAA_DECL_NORETURN, 32);
VALUE(KAA_DECL_DEPRECATED, 64);
VALUE(KAA_DECL_STATIC, 128);
VALUE(KAA_DECL_RETURNS_NONNULL, 256);
VALUE(KAA_DECL_UNSIGNED, 512);
VALUE(KAA_DECL_MACRO, 1024);
VALUE(KAA_DECL_ENUMERATOR, 2048);
VALUE(KAA_DECL_WEAK, 4096);
VALUE(KAA_DECL_BORROW, 16384);
VALUE(KAA_DECL_PARAMETER_OUT, 1);
VALUE(KAA_DECL_PARAMETER_NULLABLE, 2);
VALUE(KAA_DECL_PARAMETER_NONNULL, 4);
VALUE(KAA_DECL_PARAMETER_LENGTH, 8);
VALUE(KAA_DECL_PARAMETER_TIMES, 16);
VALUE(KAA_DECL_PARAMETER_BORROW, 32);
VALUE(KAA_DECL_MACRO_FUNCTION, 9);
VALUE(KAA_PREPROCESS_MACROS, 1);
VALUE(KAA_PREPROCESS_NO_PREDEFINED, 2);
VALUE(KAA_PREPROCESS_NO_OWN_HEADERS, 4);
VALUE(KAA_PREPROCESS_DEFINITIONS, 8);
VALUE(KAA_DECL_SCOPE_LIBRARY, 0);
VALUE(KAA_DECL_SCOPE_CALL, 1);
VALUE(KAA_DECL_SCOPE_ASYNC, 2);
VALUE(KAA_DECL_SCOPE_FOREVER, 3);
VALUE(KAA_DECL_SENTINEL, 32768);
VALUE(KAA_DECL_FORMAT_NONE, 0);
VALUE(KAA_DECL_FORMAT_PRINTF, 1);
VALUE(KAA_DECL_FORMAT_SCANF, 2);
SIZE(kaa_decl_wanted, 40);
MEMBER(kaa_decl_wanted, type, 0);
MEMBER(kaa_decl_wanted, least, 8);
MEMBER(kaa_decl_wanted, directive, 16);

/* convert.h */
SIZE(kaa_convert_fault, 40);
MEMBER(kaa_convert_fault, size, 0);
MEMBER(kaa_convert_fault, code, 4);
MEMBER(kaa_convert_fault, type, 8);
MEMBER(kaa_convert_fault, given, 16);
MEMBER(kaa_convert_fault, value, 24);
MEMBER(kaa_convert_fault, number, 32);
SIZE(kaa_convert_int128, 16);
MEMBER(kaa_convert_int128, low, 0);
MEMBER(kaa_convert_int128, high, 8);
VALUE(KAA_CONVERT_TYPE, 1);
VALUE(KAA_CONVERT_RANGE, 2);
VALUE(KAA_CONVERT_COUNT_ONE, 3);
VALUE(KAA_CONVERT_CODE_POINT, 4);
VALUE(KAA_CONVERT_NO_CHARACTER, 5);
VALUE(KAA_CONVERT_NUL, 6);
VALUE(KAA_CONVERT_SURROGATE, 7);
VALUE(KAA_CONVERT_NONE, 8);
VALUE(KAA_CONVERT_NULL, 9);
VALUE(KAA_CONVERT_SIGNATURE, 10);
VALUE(KAA_CONVERT_SMALL, 11);
VALUE(KAA_CONVERT_OUTSIDE, 12);
VALUE(KAA_CONVERT_VARIABLE, 13);
VALUE(KAA_CONVERT_VARIABLE_INT, 14);
VALUE(KAA_CONVERT_FORMAT, 15);
VALUE(KAA_CONVERT_LEAST, 16);
VALUE(KAA_CONVERT_SENTINEL, 17);

/* library.h */
SIZE(kaa_library_options, 8);
MEMBER(kaa_library_options, size, 0);
MEMBER(kaa_library_options, flags, 4);
VALUE(KAA_LIBRARY_GLOBAL, 1);
VALUE(KAA_LIBRARY_NOW, 2);
VALUE(KAA_LIBRARY_LAZY, 4);

/* call.h */
SIZE(kaa_call_options, 16);
MEMBER(kaa_call_options, size, 0);
MEMBER(kaa_call_options, flags, 4);
MEMBER(kaa_call_options, fixed_count, 8);
MEMBER(kaa_call_options, reserved, 12);
SIZE(kaa_call_operand, 16);
MEMBER(kaa_call_operand, data, 0);
MEMBER(kaa_call_operand, stride, 8);
VALUE(KAA_CALL_LIBFFI, 1);
VALUE(KAA_CALL_ERRNO, 2);

/* closure.h */
SIZE(kaa_closure_options, 24);
MEMBER(kaa_closure_options, size, 0);
MEMBER(kaa_closure_options, flags, 4);
MEMBER(kaa_closure_options, error_value, 8);
MEMBER(kaa_closure_options, retired, 16);

/* heap.h */
SIZE(kaa_heap_misuse, 56);
MEMBER(kaa_heap_misuse, size, 0);
MEMBER(kaa_heap_misuse, what, 4);
MEMBER(kaa_heap_misuse, block, 8);
MEMBER(kaa_heap_misuse, block_size, 16);
MEMBER(kaa_heap_misuse, serial, 24);
MEMBER(kaa_heap_misuse, site, 32);
MEMBER(kaa_heap_misuse, site_free, 40);
MEMBER(kaa_heap_misuse, message, 48);
SIZE(kaa_heap_options, 48);
MEMBER(kaa_heap_options, size, 0);
MEMBER(kaa_heap_options, flags, 4);
MEMBER(kaa_heap_options, bytes_limit, 8);
MEMBER(kaa_heap_options, quarantine_bytes, 16);
MEMBER(kaa_heap_options, fail_nth, 24);
MEMBER(kaa_heap_options, misuse, 32);
MEMBER(kaa_heap_options, user, 40);
SIZE(kaa_heap_count, 32);
MEMBER(kaa_heap_count, blocks_live, 0);
MEMBER(kaa_heap_count, blocks_peak, 8);
MEMBER(kaa_heap_count, bytes_live, 16);
MEMBER(kaa_heap_count, bytes_peak, 24);
SIZE(kaa_heap_statistics, 224);
MEMBER(kaa_heap_statistics, size, 0);
MEMBER(kaa_heap_statistics, fragmentation_permille, 4);
MEMBER(kaa_heap_statistics, total, 8);
MEMBER(kaa_heap_statistics, kinds, 40);
MEMBER(kaa_heap_statistics, arenas, 136);
MEMBER(kaa_heap_statistics, bytes_reserved, 144);
MEMBER(kaa_heap_statistics, pages, 152);
MEMBER(kaa_heap_statistics, pages_peak, 160);
MEMBER(kaa_heap_statistics, bytes_in_pages, 168);
MEMBER(kaa_heap_statistics, bytes_idle, 176);
MEMBER(kaa_heap_statistics, bytes_kept, 184);
MEMBER(kaa_heap_statistics, bytes_given_back, 192);
MEMBER(kaa_heap_statistics, purges, 200);
MEMBER(kaa_heap_statistics, quarantine_bytes, 208);
MEMBER(kaa_heap_statistics, allocations, 216);
SIZE(kaa_heap_class_statistics, 56);
MEMBER(kaa_heap_class_statistics, size, 0);
MEMBER(kaa_heap_class_statistics, block_size, 4);
MEMBER(kaa_heap_class_statistics, count, 8);
MEMBER(kaa_heap_class_statistics, pages, 40);
MEMBER(kaa_heap_class_statistics, blocks_free, 48);
SIZE(kaa_heap_block, 40);
MEMBER(kaa_heap_block, size, 0);
MEMBER(kaa_heap_block, kind, 4);
MEMBER(kaa_heap_block, block, 8);
MEMBER(kaa_heap_block, block_size, 16);
MEMBER(kaa_heap_block, serial, 24);
MEMBER(kaa_heap_block, site, 32);
VALUE(KAA_HEAP_OBJECT_TRACKED, 0);
VALUE(KAA_HEAP_OBJECT_PLAIN, 1);
VALUE(KAA_HEAP_RAW, 2);
VALUE(KAA_HEAP_DOUBLE_FREE, 1);
VALUE(KAA_HEAP_OVERRUN, 2);
VALUE(KAA_HEAP_UNDERRUN, 3);
VALUE(KAA_HEAP_USE_AFTER_FREE, 4);
VALUE(KAA_HEAP_FOREIGN_POINTER, 5);
VALUE(KAA_HEAP_LEAK, 6);

/* gil.h */
SIZE(kaa_gil_thread, 8);
MEMBER(kaa_gil_thread, requests, 0);
SIZE(kaa_gil_options, 48);
MEMBER(kaa_gil_options, size, 0);
MEMBER(kaa_gil_options, flags, 4);
MEMBER(kaa_gil_options, interval_ns, 8);
MEMBER(kaa_gil_options, short_ns, 16);
MEMBER(kaa_gil_options, name, 24);
MEMBER(kaa_gil_options, report, 32);
MEMBER(kaa_gil_options, user, 40);
SIZE(kaa_gil_entry, 16);
MEMBER(kaa_gil_entry, thread, 0);
MEMBER(kaa_gil_entry, acquired, 8);
MEMBER(kaa_gil_entry, reserved, 12);
SIZE(kaa_gil_statistics, 88);
MEMBER(kaa_gil_statistics, size, 0);
MEMBER(kaa_gil_statistics, threads, 4);
MEMBER(kaa_gil_statistics, acquisitions, 8);
MEMBER(kaa_gil_statistics, contended, 16);
MEMBER(kaa_gil_statistics, voluntary, 24);
MEMBER(kaa_gil_statistics, forced, 32);
MEMBER(kaa_gil_statistics, held_ns, 40);
MEMBER(kaa_gil_statistics, held_ns_max, 48);
MEMBER(kaa_gil_statistics, unsure_ns, 56);
MEMBER(kaa_gil_statistics, waited_ns, 64);
MEMBER(kaa_gil_statistics, waited_ns_max, 72);
MEMBER(kaa_gil_statistics, pending_calls, 80);
VALUE(KAA_GIL_DEBUG, 1);
VALUE(KAA_GIL_TIME_ALL, 2);
VALUE(KAA_GIL_TIME_NONE, 4);
VALUE(KAA_GIL_FENCE, 8);

/* cpython.h */
SIZE(kaa_cpython_data_options, 72);
MEMBER(kaa_cpython_data_options, size, 0);
MEMBER(kaa_cpython_data_options, dimensions, 4);
MEMBER(kaa_cpython_data_options, type, 8);
MEMBER(kaa_cpython_data_options, library, 16);
MEMBER(kaa_cpython_data_options, layout, 24);
MEMBER(kaa_cpython_data_options, base, 32);
MEMBER(kaa_cpython_data_options, name, 40);
MEMBER(kaa_cpython_data_options, doc, 48);
MEMBER(kaa_cpython_data_options, format, 56);
MEMBER(kaa_cpython_data_options, shape, 64);
VALUE(KAA_CPYTHON_DATA_ADDRESS, 0);
VALUE(KAA_CPYTHON_DATA_OWNER, 1);
VALUE(KAA_CPYTHON_DATA_LENGTH, 2);
VALUE(KAA_CPYTHON_DATA_HAS_MEMORY, 3);
VALUE(KAA_CPYTHON_DATA_KEPT, 4);
VALUE(KAA_CPYTHON_DATA_LAYOUT, 5);
VALUE(KAA_CPYTHON_DATA_IS_OWNED, 6);

SIZE(kaa_cpython_options, 112);
MEMBER(kaa_cpython_options, size, 0);
MEMBER(kaa_cpython_options, flags, 4);
MEMBER(kaa_cpython_options, handle, 8);
MEMBER(kaa_cpython_options, header_size, 16);
MEMBER(kaa_cpython_options, version, 24);
MEMBER(kaa_cpython_options, free_threaded, 28);
MEMBER(kaa_cpython_options, function_base, 32);
MEMBER(kaa_cpython_options, cdata, 40);
MEMBER(kaa_cpython_options, byref_type, 48);
MEMBER(kaa_cpython_options, pointer_base, 56);
MEMBER(kaa_cpython_options, function_pointer_base, 64);
MEMBER(kaa_cpython_options, hooks, 72);
MEMBER(kaa_cpython_options, sample, 80);
MEMBER(kaa_cpython_options, sample_byref, 88);
MEMBER(kaa_cpython_options, sample_address, 96);
MEMBER(kaa_cpython_options, sample_size, 104);
VALUE(KAA_CPYTHON_NO_LAYOUT, 1);

#endif

/* checked.h */
SIZE(kaa_checked_failure, 56);
MEMBER(kaa_checked_failure, module, 0);
MEMBER(kaa_checked_failure, function, 8);
MEMBER(kaa_checked_failure, slot, 16);
MEMBER(kaa_checked_failure, site, 24);
MEMBER(kaa_checked_failure, outcome, 32);
MEMBER(kaa_checked_failure, exception, 40);
MEMBER(kaa_checked_failure, mistakes, 48);
SIZE(kaa_checked_holding, 48);
MEMBER(kaa_checked_holding, module, 0);
MEMBER(kaa_checked_holding, holder, 8);
MEMBER(kaa_checked_holding, slot, 16);
MEMBER(kaa_checked_holding, site, 24);
MEMBER(kaa_checked_holding, object, 32);
MEMBER(kaa_checked_holding, count, 40);
SIZE(kaa_checked_use, 56);
MEMBER(kaa_checked_use, module, 0);
MEMBER(kaa_checked_use, function, 8);
MEMBER(kaa_checked_use, slot, 16);
MEMBER(kaa_checked_use, calls, 24);
MEMBER(kaa_checked_use, total_ns, 32);
MEMBER(kaa_checked_use, max_ns, 40);
MEMBER(kaa_checked_use, failures, 48);
SIZE(kaa_checked_call, 56);
MEMBER(kaa_checked_call, module, 0);
MEMBER(kaa_checked_call, function, 8);
MEMBER(kaa_checked_call, slot, 16);
MEMBER(kaa_checked_call, start_ns, 24);
MEMBER(kaa_checked_call, end_ns, 32);
MEMBER(kaa_checked_call, thread, 40);
MEMBER(kaa_checked_call, failed, 48);
MEMBER(kaa_checked_call, reserved, 52);
SIZE(kaa_checked_mistake, 104);
MEMBER(kaa_checked_mistake, size, 0);
MEMBER(kaa_checked_mistake, reserved, 4);
MEMBER(kaa_checked_mistake, count, 8);
MEMBER(kaa_checked_mistake, module, 16);
MEMBER(kaa_checked_mistake, kind, 24);
MEMBER(kaa_checked_mistake, function, 32);
MEMBER(kaa_checked_mistake, slot, 40);
MEMBER(kaa_checked_mistake, type, 48);
MEMBER(kaa_checked_mistake, repr, 56);
MEMBER(kaa_checked_mistake, where, 64);
MEMBER(kaa_checked_mistake, text, 72);
MEMBER(kaa_checked_mistake, made_at, 80);
MEMBER(kaa_checked_mistake, called_from, 88);
MEMBER(kaa_checked_mistake, backtrace, 96);
VALUE(KAA_CHECKED_REPORT, 0);
VALUE(KAA_CHECKED_RAISE, 1);
VALUE(KAA_CHECKED_ABORT, 2);
VALUE(KAA_CHECKED_FAULT, 3);
VALUE(KAA_CHECKED_TRACE, 4);
VALUE(KAA_CHECKED_STACKS, 5);
