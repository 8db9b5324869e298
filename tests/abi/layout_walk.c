/* layout_walk.c - the layouts and numbers of kaa/walk.h: see layout.c. */
#include <kaa/walk.h>

#include "abi/layout.h"

#if UINTPTR_MAX == UINT64_MAX /* the pinned numbers are those of LP64 */

SIZE(kaa_walk_link, 16);
MEMBER(kaa_walk_link, source, 0);
MEMBER(kaa_walk_link, target, 8);
SIZE(kaa_walk_options, 96);
MEMBER(kaa_walk_options, size, 0);
MEMBER(kaa_walk_options, version, 4);
MEMBER(kaa_walk_options, handle, 8);
MEMBER(kaa_walk_options, objects, 16);
MEMBER(kaa_walk_options, getsizeof, 24);
MEMBER(kaa_walk_options, roots, 32);
MEMBER(kaa_walk_options, roots_count, 40);
MEMBER(kaa_walk_options, links_count, 44);
MEMBER(kaa_walk_options, links, 48);
MEMBER(kaa_walk_options, code_fields, 56);
MEMBER(kaa_walk_options, code_fields_count, 64);
MEMBER(kaa_walk_options, reserved, 68);
MEMBER(kaa_walk_options, hidden, 72);
MEMBER(kaa_walk_options, hidden_count, 80);
MEMBER(kaa_walk_options, reserved_too, 84);
MEMBER(kaa_walk_options, interned, 88);
SIZE(kaa_walk_sums, 56);
MEMBER(kaa_walk_sums, size, 0);
MEMBER(kaa_walk_sums, types, 4);
MEMBER(kaa_walk_sums, objects, 8);
MEMBER(kaa_walk_sums, bytes, 16);
MEMBER(kaa_walk_sums, references, 24);
MEMBER(kaa_walk_sums, roots, 32);
MEMBER(kaa_walk_sums, garbage_objects, 40);
MEMBER(kaa_walk_sums, garbage_bytes, 48);
SIZE(kaa_walk_type, 32);
MEMBER(kaa_walk_type, type, 0);
MEMBER(kaa_walk_type, count, 8);
MEMBER(kaa_walk_type, bytes, 16);
MEMBER(kaa_walk_type, retained_bytes, 24);
SIZE(kaa_walk_retainer, 40);
MEMBER(kaa_walk_retainer, object, 0);
MEMBER(kaa_walk_retainer, dominator, 8);
MEMBER(kaa_walk_retainer, bytes, 16);
MEMBER(kaa_walk_retainer, retained_bytes, 24);
MEMBER(kaa_walk_retainer, count, 32);
MEMBER(kaa_walk_retainer, parent, 36);
SIZE(kaa_walk_path, 504);
MEMBER(kaa_walk_path, length, 0);
MEMBER(kaa_walk_path, is_cut, 4);
MEMBER(kaa_walk_path, objects, 8);
SIZE(kaa_walk_cycle, 32);
MEMBER(kaa_walk_cycle, count, 0);
MEMBER(kaa_walk_cycle, objects, 8);
MEMBER(kaa_walk_cycle, bytes, 16);
MEMBER(kaa_walk_cycle, garbage, 24);
SIZE(kaa_walk_suspect, 64);
MEMBER(kaa_walk_suspect, object, 0);
MEMBER(kaa_walk_suspect, count, 8);
MEMBER(kaa_walk_suspect, references, 16);
MEMBER(kaa_walk_suspect, holders_count, 24);
MEMBER(kaa_walk_suspect, reserved, 28);
MEMBER(kaa_walk_suspect, holders, 32);
SIZE(kaa_walk_waste, 24);
MEMBER(kaa_walk_waste, object, 0);
MEMBER(kaa_walk_waste, count, 8);
MEMBER(kaa_walk_waste, bytes, 16);
VALUE(KAA_WALK_FIELDS, 16);
VALUE(KAA_WALK_HOLDERS, 4);
VALUE(KAA_WALK_STEPS, 62);
VALUE(KAA_WALK_NONE, 0xffffffffu);

#endif
