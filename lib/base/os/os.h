/* base/os/os.h - what an operating system has, behind names of kaa's own. A
 * port to another system writes this folder anew, and what lib/os.txt lists. */
#ifndef KAA_BASE_OS_OS_H
#define KAA_BASE_OS_OS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <kaa/base.h>

/* Random: fills `out`; 0 where the system has none to give now. */
int kaa_base__random(void *out, size_t bytes);

/* The process: a variable of its environment, but NULL in a program that runs
 * with more rights than its user, who may have set it. */
const char *kaa_base__trusted_variable(const char *name);

/* Loaded objects. Writes the address of a function of the interpreter in this
 * process to *out, a pointer to it; `handle` is dlopen()'s, or NULL for all
 * that is loaded. KAA_UNSUPPORTED, and *out as it was, where there is none. */
kaa_status kaa_base__find_function(void *handle, const char *name, void *out,
                                   kaa_error *err);

/* The size of the symbol that starts at an address, from its
 * object's own table; 0 if none starts there or it tells no size. */
size_t kaa_base__symbol_bytes(const void *start);

/* How far the loaded object that holds an address stands from where it was
 * linked to; 0 and *out_found 0 if no object holds it. */
uintptr_t kaa_base__load_bias(const void *address, int *out_found);

/* Whether a loaded object, as dl_iterate_phdr() tells of it, holds an address.
 */
struct dl_phdr_info;
int kaa_base__holds(const struct dl_phdr_info *object, const void *address);

/* The loader's record of the object that holds an address, by which its handle
 * is told; NULL if no object does. The record is the loader's. */
const void *kaa_base__loaded_object(const void *address);

/* The return addresses of the calling thread's calls, the innermost first, of
 * kaa's own too; how many, 0 where the C library cannot tell. */
int kaa_base__backtrace(void **out, int max);

/* Files: maps one to read it; NULL where it has no `least` bytes, or cannot be
 * read. For kaa_base__unmap(). */
void *kaa_base__map_file(const char *path, size_t least, size_t *out_bytes);

/* Memory: address space without memory behind it, whose pages come as they are
 * touched; NULL if there is none. `align` is a power of two, of whole pages. */
void *kaa_base__map(size_t bytes, size_t align);
void kaa_base__unmap(void *start, size_t bytes);

/* Reads `size` bytes of this or another process that may not be there, by the
 * kernel; 1 if all were. Needs the right to trace the process; one's own is
 * always allowed, unless system calls are filtered. */
int kaa_base__peek(int process, uintptr_t address, void *out, size_t size);

/* Gives whole pages back. They stay mapped, and read as zeros. */
void kaa_base__purge(void *start, size_t bytes);

/* Asks for huge pages, or no longer; does nothing where there are none. */
void kaa_base__want_huge_pages(void *start, size_t bytes, int are_wanted);

/* Calls `look` for each stretch of the process's private memory that may be
 * written and has been touched, by address; is_anonymous: no file is behind it.
 * What is mapped meanwhile may be missing, and nothing may be unmapped. 0: the
 * system does not tell. */
typedef void kaa_base__look(uintptr_t start, uintptr_t end, int is_anonymous,
                            void *user);
int kaa_base__each_written(kaa_base__look *look, void *user);

/* Overwrites what malloc() keeps for later and would hand to this thread, but
 * small pieces, and leaks it: for a process that ends soon. Does nothing where
 * that is not known. */
void kaa_base__wipe_free_memory(void);

/* Above which address the calling thread's stack lies, and how large it may
 * grow; 0 where the system does not say. */
int kaa_base__stack_bounds(uintptr_t *out_top, size_t *out_bytes);

/* Whether memory may become executable: 0, or the number of the error. */
int kaa_base__executable_fault(void);

/* Waits. Deadlines are kaa_base__now_ns()'s; KAA_BASE__NEVER has none. */
#define KAA_BASE__NEVER UINT64_MAX

/* Whether a thread can sleep on a word, by futex(2). A test asks for the other
 * way; systems of 32 bits have two futexes, by the size of time_t. */
#if defined(__linux__) && defined(__LP64__) && !defined(KAA_GIL__PORTABLE)
#define KAA_BASE__WORD_WAITS 1
#else
#define KAA_BASE__WORD_WAITS 0
#endif

#if KAA_BASE__WORD_WAITS
/* Sleeps while *word is `value`, up to the deadline; may wake for nothing. Only
 * threads of this process wake it, one a call. */
void kaa_base__wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline);
void kaa_base__wake(_Atomic uint32_t *word);
#endif

/* A condition for kaa_base__condition_wait(): 0, or the number of the error. */
int kaa_base__condition_init(pthread_cond_t *condition);

/* pthread_cond_timedwait() up to a deadline: 0, or the number of the error. */
int kaa_base__condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                             uint64_t deadline);

/* Whether threads of this process may run at the same time; 1 if unknown. */
int kaa_base__has_processors(void);

/* Has each running thread of the process pass a fence; 0 where the system
 * cannot. The process calls the first one once, before the second. */
int kaa_base__fence_all_start(void);
int kaa_base__fence_all(void);

#endif
