/* kaa/insight.h - who holds a GIL and who waits for it, which lines asked for
 * memory, and who changes an object's reference count, in a live CPython.
 *
 * A trace is exact: the interpreter's calls of pthread_cond_signal() and
 * pthread_cond_timedwait() go through functions of kaa's, which know from the
 * first release and acquisition what the GIL is. Nothing is preloaded, no code
 * is changed, nobody is stopped, and stopping the trace puts everything back.
 *
 *     kaa_insight_trace_start(&options, &err)          in a thread with the GIL
 *         ... the program runs ...
 *     kaa_insight_trace_threads(threads, capacity)     any number of times
 *     kaa_insight_trace_stacks(stacks, capacity)
 *     kaa_insight_trace_stop()
 *
 * There is one trace in a process. Starts are counted: who starts one that runs
 * joins it, and the last stop ends it. Each moment of a thread's life counts as
 * held (it has the GIL), waited (it wants it) or off (it wants none: blocked,
 * or in C code that released it); the three add up to its life.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC. Functions that need the GIL say so;
 * those are meant for kaa's Python package.
 */
#ifndef KAA_INSIGHT_H
#define KAA_INSIGHT_H

#include <kaa/base.h>
#include <kaa/gil.h>
#include <kaa/heap.h>

KAA_BEGIN_DECLS

/** Buckets of a histogram; number i counts spells of 2^i to 2^(i+1)-1 ns. */
#define KAA_INSIGHT_BUCKETS 40
/** Convoys kept for each thread. */
#define KAA_INSIGHT_CONVOYS 4
/** System calls told for each thread. */
#define KAA_INSIGHT_CALLS 6
/** As a system call: none, the thread runs. */
#define KAA_INSIGHT_RUNNING 0xffff
/** Threads named for each stack and state. */
#define KAA_INSIGHT_STACK_THREADS 6

/** What a thread can be doing; indices of arrays. */
typedef enum kaa_insight_state {
    KAA_INSIGHT_HELD = 0,
    KAA_INSIGHT_WAITED = 1,
    KAA_INSIGHT_OFF = 2,
    KAA_INSIGHT_MIXED = 3, /**< Many short spells: kaa_insight_span. */
} kaa_insight_state;

/** Bits of kaa_insight_options::flags. */
enum {
    KAA_INSIGHT_NO_TIMELINE = 1u << 0, /**< Keep no spans. */
};

/** Choices for a trace. All zero but `size` means the defaults. */
typedef struct kaa_insight_options {
    uint32_t size;     /**< sizeof(kaa_insight_options) in the caller. */
    uint32_t flags;    /**< KAA_INSIGHT_* bits; an unknown bit is refused. */
    void *handle;      /**< For dlsym(); NULL: the program's own symbols. */
    uint32_t version;  /**< Of the interpreter, as 0x030c for 3.12. */
    uint32_t reserved; /**< 0. */
    uint64_t threshold_ns; /**< Longer spells are told by stack; 0: 0.1 ms. */
    uint64_t interval_ns;  /**< The switch interval; 0: 5 ms. */
    uint64_t alarm_ns;     /**< Longer holds are alarms; 0: none are. */
} kaa_insight_options;

/**
 * Starts tracing the GIL, or joins the trace that runs (whose choices stay).
 *
 * @param options  NULL is refused: `version` is needed.
 *
 * @gil    held (the interpreter's); let go and taken again meanwhile
 * @fails  KAA_INVALID_ARGUMENT; KAA_UNSUPPORTED (no GIL, an interpreter or a
 *         machine that is not known); KAA_NO_MEMORY; KAA_SYSTEM
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_insight_trace_start(const kaa_insight_options *options, kaa_error *err);

/**
 * Undoes one start. The last one takes the hooks out, unless another tool put
 * its own behind them: they then stay and do nothing. What was recorded is
 * gone afterwards.
 *
 * @return 1 if the trace goes on for others, else 0.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API int kaa_insight_trace_stop(void);

/**
 * Ends kaa's own thread of the trace (`is_on` 0), or begins it again when a
 * thread next takes the GIL: for fork(). CPython 3.12 and later warn of a
 * fork() in a process with more than one thread, and count threads that are not
 * theirs too, some after the fork. Without it the trace goes on; what is not
 * seen meanwhile is the lines of holds that nobody asks for, and the calls that
 * threads are blocked in. Nothing happens without a trace.
 *
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API void kaa_insight_trace_watch(int is_on);

/** What is to be known of a trace as a whole. */
typedef struct kaa_insight_trace {
    uint32_t size;       /**< sizeof(kaa_insight_trace) in the caller. */
    uint32_t users;      /**< Starts without their stop; 0: there is none. */
    uint64_t started_ns; /**< CLOCK_MONOTONIC; all other times count from it. */
    uint64_t now_ns;     /**< How long it has been on. */
    uint32_t has_lines;  /**< 0: stacks are empty, the layout is unknown. */
    uint32_t has_forced; /**< 0: all releases count as voluntary. */
    uint32_t is_foreign; /**< Another tool's hooks are called on. */
    uint32_t is_left; /**< An earlier trace's hooks could not be taken out. */
    uint32_t gils;    /**< Interpreters with GILs of their own, that ran. */
    uint32_t threads; /**< How many kaa_insight_trace_threads() has. */
    uint64_t threads_lost; /**< Threads that found no room. */
    uint64_t stacks_lost;  /**< Spells that found no room for their stack. */
    uint32_t stacks;       /**< How many kaa_insight_trace_stacks() has. */
    uint32_t reserved;     /**< 0. */
    uint64_t gil;          /**< Where the main interpreter's GIL is. */
} kaa_insight_trace;

/**
 * Tells of the trace.
 *
 * @param out  `size` is the caller's; as much is written.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT
 * @since  0.1
 */
KAA_API kaa_status kaa_insight_trace_read(kaa_insight_trace *out,
                                          kaa_error *err);

/** A thread that, again and again, waits long after short holds. */
typedef struct kaa_insight_convoy {
    uint32_t holder;       /**< Id of the thread that held the GIL; 0: none. */
    uint32_t holder_stack; /**< Where it let go, once. */
    uint32_t waiter_stack; /**< Where the thread waited, once. */
    uint32_t reserved;
    uint64_t count;
    uint64_t waited_ns;
} kaa_insight_convoy;

/** Time off, by what the thread was blocked in, where that was looked at. */
typedef struct kaa_insight_call {
    uint32_t call; /**< The system call's number and 1; KAA_INSIGHT_RUNNING. */
    uint32_t reserved;
    uint64_t ns;
} kaa_insight_call;

/** One thread. */
typedef struct kaa_insight_thread {
    uint32_t id;    /**< The operating system's; 0: the sum of ended threads
                         that found no room, end_ns being that of their lives. */
    uint32_t state; /**< What it does now. */
    uint32_t gil;   /**< 0: the main interpreter's. */
    uint32_t is_ended;
    uint64_t start_ns; /**< Its first event. */
    uint64_t end_ns;   /**< Its end, or now. */
    uint64_t ns[3];    /**< By state; they add up to end_ns - start_ns. */
    uint64_t acquired;
    uint64_t contended; /**< Acquisitions that found the GIL held. */
    uint64_t forced;    /**< Releases that others asked for. */
    uint64_t voluntary;
    uint64_t ns_max[2]; /**< The longest held and waited, since last taken. */
    uint64_t cpu_ns;    /**< Of the processor, in its life. */
    char name[16];      /**< The operating system's. */
    uint32_t spans;     /**< How many kaa_insight_trace_spans() has. */
    uint32_t serial;    /**< Of this thread alone in this trace; not 0. */
    uint32_t histograms[2][KAA_INSIGHT_BUCKETS]; /**< Held and waited. */
    kaa_insight_convoy convoys[KAA_INSIGHT_CONVOYS];
    kaa_insight_call calls[KAA_INSIGHT_CALLS];
} kaa_insight_thread;

/**
 * Copies what threads did since the trace began, those that ended included.
 *
 * @param take  Whether ns_max begins anew.
 *
 * @return how many there are; at most `capacity` are written.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_trace_threads(kaa_insight_thread *out,
                                           uint32_t capacity, int take);

/** What a thread did for a while. */
typedef struct kaa_insight_span {
    uint64_t start_ns;
    uint64_t end_ns;
    uint64_t held_ns;   /**< Of a KAA_INSIGHT_MIXED span. */
    uint64_t waited_ns; /**< Likewise. */
    uint32_t state;
    uint32_t stack; /**< A number of kaa_insight_trace_stacks(), or 0. */
    uint32_t call;  /**< As kaa_insight_call::call, or 0. */
    uint32_t reserved;
} kaa_insight_span;

/**
 * Copies the timeline of the thread with that serial: spans without gaps, in
 * order, bounded in number whatever happened.
 *
 * @return how many there are; at most `capacity` are written.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_trace_spans(uint32_t serial, kaa_insight_span *out,
                                         uint32_t capacity);

/** What happened at a stack, of one state. */
typedef struct kaa_insight_tally {
    uint64_t count;     /**< Spells longer than the threshold. */
    uint64_t ns;        /**< Their sum. */
    uint64_t ns_max;    /**< The longest, since last taken. */
    uint64_t others_ns; /**< What other threads waited meanwhile, added up. */
    uint64_t address;   /**< In the C function it was in, or 0. */
    uint32_t call;      /**< As kaa_insight_call::call, or 0. */
    uint32_t reserved;
    uint32_t threads[KAA_INSIGHT_STACK_THREADS]; /**< Ids, the first ones. */
} kaa_insight_tally;

/** A Python stack at which something took long. */
typedef struct kaa_insight_stack {
    uint32_t number;
    uint32_t frames;
    kaa_insight_tally tallies[3]; /**< By state. */
} kaa_insight_stack;

/**
 * Copies the stacks. Number 0, without frames, stands for all that found none.
 *
 * @param take  Whether ns_max begins anew.
 *
 * @return how many there are; at most `capacity` are written.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_trace_stacks(kaa_insight_stack *out,
                                          uint32_t capacity, int take);

/** One frame of a stack. */
typedef struct kaa_insight_frame {
    void *code;          /**< The code object, borrowed from the trace. */
    int32_t instruction; /**< Bytes, as PyCode_Addr2Line() wants them. */
    int32_t line;        /**< Its line; 0 where there is none. */
} kaa_insight_frame;

/**
 * Copies the frames of a stack, the innermost first.
 *
 * @return how many there are; at most `capacity` are written.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_trace_frames(uint32_t number,
                                          kaa_insight_frame *out,
                                          uint32_t capacity);

/** A hold that was longer than kaa_insight_options::alarm_ns. */
typedef struct kaa_insight_alarm {
    uint32_t thread; /**< The operating system's id. */
    uint32_t stack;
    uint64_t held_ns;
    uint64_t others_ns; /**< What others waited meanwhile, added up. */
    uint64_t at_ns;     /**< When it ended. */
} kaa_insight_alarm;

/**
 * Waits for the next alarm. Alarms that nobody takes are kept, the last 64.
 *
 * @return 1 and *out; 0 when `timeout_ns` is over or the trace has ended.
 * @gil    free (the interpreter's)
 * @since  0.1
 */
KAA_API int kaa_insight_trace_alarm(uint64_t timeout_ns,
                                    kaa_insight_alarm *out);

/** What knocking at the GIL found. */
typedef struct kaa_insight_knock {
    uint64_t count;     /**< Knocks. */
    uint64_t waited_ns; /**< Until the GIL was got, added up. */
    uint64_t waited_ns_max;
    uint64_t wall_ns; /**< Since the start. */
} kaa_insight_knock;

/**
 * Starts a thread that takes the GIL and lets it go every options->interval_ns
 * (0: 1 ms): where nothing else works, this says how busy it is.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_MISUSE if it runs already, KAA_UNSUPPORTED,
 *         KAA_SYSTEM
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_insight_knock_start(const kaa_insight_options *options, kaa_error *err);

/**
 * The figures since the start, also after the stop.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_insight_knock_read(kaa_insight_knock *out);

/**
 * Ends the thread, and waits for that.
 *
 * @gil    free (the interpreter's): the thread may be waiting for it
 * @since  0.1
 */
KAA_API void kaa_insight_knock_stop(void);

/** Return addresses kept of each wait. */
#define KAA_INSIGHT_PARK_FRAMES 10

/** Where a thread of a free-threaded interpreter waited for another. */
typedef struct kaa_insight_park {
    uint64_t count;
    uint64_t ns;
    uint64_t ns_max;
    uint64_t addresses[KAA_INSIGHT_PARK_FRAMES]; /**< The C stack's, innermost
                                                      first; for
                                                      kaa_insight_symbol(). */
    uint32_t thread; /**< The operating system's id. */
    uint32_t stack;  /**< For kaa_insight_trace_frames(), or 0. */
} kaa_insight_park;

/**
 * Starts watching where threads wait for each other in an interpreter without a
 * GIL (CPython 3.13 and later, free-threaded), or joins who does already. Waits
 * longer than options->threshold_ns (0: 1 us) are told.
 *
 * @gil    held (the interpreter's; a thread that may run Python code)
 * @fails  KAA_INVALID_ARGUMENT; KAA_UNSUPPORTED; KAA_MISUSE if the GIL is
 * traced; KAA_NO_MEMORY; KAA_SYSTEM
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_insight_parks_start(const kaa_insight_options *options, kaa_error *err);

/**
 * Copies the waits: one entry a thread, C stack and Python stack.
 *
 * @return how many there are; at most `capacity` are written.
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_parks_read(kaa_insight_park *out,
                                        uint32_t capacity);

/**
 * Undoes one start; the last one takes the hooks out.
 *
 * @return 1 if others go on, else 0.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API int kaa_insight_parks_stop(void);

/**
 * Finds the C function that an address lies in, static ones too where the file
 * has its symbols.
 *
 * @return the length of "function" (or "file+0x12"), as snprintf() does; 0 if
 *         the address is in no loaded file.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_insight_symbol(uint64_t address, char *buffer, size_t size);

/**
 * Copies memory of a process, which is not stopped. Needs the right to trace
 * it.
 *
 * @return 1; 0 if not all of it could be read, and errno then says why.
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_insight_peek(uint32_t process, uint64_t address, void *out,
                             size_t size);

/**
 * Reads the Python frames of a thread of a process, which is not stopped: what
 * runs may change while it is read, so believe no code object unseen.
 *
 * @param state    The address of its thread state.
 * @param version  Of the interpreter, as 0x030c for 3.12.
 * @param out      The innermost frames first; `line` is 0.
 *
 * @return how many there are, at most `capacity`; 0 for an unknown version.
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_peek_frames(uint32_t process, uint64_t state,
                                         uint32_t version,
                                         kaa_insight_frame *out,
                                         uint32_t capacity);

/**
 * Writes the figures of one of kaa's own locks, kaa/gil.h, as JSON of the form
 * that `python -m kaa gil report` and the views of the Python package read;
 * with the last circle of threads that a KAA_DEADLOCK of this lock told of,
 * and of a KAA_GIL_DEBUG lock the last two orders in which threads took it and
 * another one: `deadlocks`.
 *
 * @return the length of the text, as snprintf() does; 0 for no lock.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_insight_gil_json(kaa_gil *gil, char *buffer, size_t size);

/**
 * Writes the counters of all of kaa's own locks in this process, up to now, as
 * JSON: what kaa.gil takes at the begin and end of a recording. Each lock has
 * the threads that are attached, and last the sum of those that were.
 *
 * @return the length of the text, as snprintf() does.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_insight_gils_json(char *buffer, size_t size);

/**
 * Writes what a heap of kaa's own, kaa/heap.h, knows of itself as JSON of the
 * form that `python -m kaa heap report` and the views of the Python package
 * read: what its pages are used for, and its live blocks by kind and size.
 *
 * @return the length of the text, as snprintf() does; 0 for no heap.
 * @gil    held: the heap's owner
 * @since  0.1
 */
KAA_API size_t kaa_insight_heap_json(kaa_heap *heap, char *buffer, size_t size);

/* ---- memory ---- */

/** How memory is profiled. */
typedef enum kaa_insight_heap_mode {
    KAA_INSIGHT_HEAP_OFF = 0,
    KAA_INSIGHT_HEAP_SAMPLED = 1, /**< One block every so many bytes. */
    KAA_INSIGHT_HEAP_EXACT = 2,   /**< Every block. Not on free-threaded builds:
                                      KAA_UNSUPPORTED. */
} kaa_insight_heap_mode;

/** kaa_insight_heap_options::flags. */
#define KAA_INSIGHT_HEAP_NATIVE                                                \
    1u /**< malloc() and its family, wherever loaded objects call it: sampled, \
            in exact profiles too. */

/** kaa_insight_frame::instruction of a C frame: `code` is a return address, for
 *  kaa_insight_symbol(). */
#define KAA_INSIGHT_FRAME_C (-2)

/** Choices for a profile. All zero but `size`, `mode` and `version` means the
 *  defaults. */
typedef struct kaa_insight_heap_options {
    uint32_t size;    /**< sizeof(kaa_insight_heap_options) in the caller. */
    uint32_t mode;    /**< A kaa_insight_heap_mode. */
    void *handle;     /**< For dlsym(); NULL: the program's own symbols. */
    uint32_t version; /**< Of the interpreter, as 0x030c for 3.12. */
    uint32_t frames;  /**< Of a stack, the innermost, at most 64; 0: 1 if exact,
                           16 if sampled. */
    uint64_t every_bytes; /**< Between two samples, on average; 0: 512 KiB. */
    uint64_t seed;        /**< Of the samples' choice; 0: a new one. */
    uint32_t flags;       /**< KAA_INSIGHT_HEAP_NATIVE */
    uint32_t reserved;    /**< 0 */
} kaa_insight_heap_options;

/**
 * Starts to follow the blocks that the interpreter's allocators give from now
 * on, by the Python frames that asked for them, and with
 * KAA_INSIGHT_HEAP_NATIVE those of malloc() in extension modules and libraries,
 * by the C frames and the Python frames. There is one profile in a process.
 *
 * Sampled: a byte is chosen every `every_bytes` on average, with exponential
 * gaps; the block that it is in stands for all that were not chosen. What is
 * told are unbiased estimates.
 *
 * @param options  NULL is refused.
 *
 * @gil    held (the interpreter's), with a Python frame
 * @fails  KAA_INVALID_ARGUMENT; KAA_LIMIT; KAA_MISUSE if a profile is running;
 *         KAA_UNSUPPORTED (an interpreter that is not known); KAA_NO_MEMORY;
 *         KAA_SYSTEM
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_insight_heap_start(const kaa_insight_heap_options *options, kaa_error *err);

/**
 * Ends the profile, if there is one. What was found is gone afterwards. Hooks
 * that another tool put its own in front of stay, do nothing, and are taken
 * out by a later stop.
 *
 * @return in how many domains hooks had to stay.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_heap_stop(void);

/**
 * While muted, the calling thread's allocations are not followed: for who reads
 * the profile. Mutes are counted; while one thread is muted, those of others
 * do nothing.
 *
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API void kaa_insight_heap_mute(int is_muted);

/** What is to be known of a profile as a whole. */
typedef struct kaa_insight_heap {
    uint32_t size;       /**< sizeof(kaa_insight_heap) in the caller. */
    uint32_t mode;       /**< A kaa_insight_heap_mode. */
    uint64_t live_bytes; /**< Given since the start and not freed. */
    uint64_t live_blocks;
    uint64_t peak_bytes; /**< The most that was alive at a time. */
    uint64_t peak_blocks;
    uint64_t every_bytes; /**< Between two samples; 0: there are none. */
    uint64_t error_bytes; /**< The standard error of live_bytes. */
    uint64_t lost;        /**< Blocks or sites that found no room. */
    uint32_t samples;     /**< Sampled blocks that are alive. */
    uint32_t sites;       /**< How many kaa_insight_heap_sites() has. */
    uint32_t frames;      /**< Of a stack, at most. */
    uint32_t is_left;     /**< Domains with an earlier profile's hooks. */
    uint32_t is_foreign;  /**< Domains with another tool's hooks below. */
    uint32_t is_unlinked; /**< Another tool took the hooks out: the figures
                               end there. */
    uint64_t peak_at_ns;  /**< After the start, when memory was asked for last
                               before or at the peak, within some ms. */
    uint32_t points;      /**< How many kaa_insight_heap_points() has. */
    uint32_t has_native;  /**< malloc() is followed. */
    uint32_t native_foreign; /**< Places in loaded objects that go to another
                                  malloc() or tool, and were left alone. */
    uint32_t reserved;       /**< 0. */
} kaa_insight_heap;

/**
 * Tells of the profile.
 *
 * @param out  `size` is the caller's; as much is written.
 *
 * @gil    held (the interpreter's)
 * @fails  KAA_INVALID_ARGUMENT
 * @since  0.1
 */
KAA_API kaa_status kaa_insight_heap_read(kaa_insight_heap *out, kaa_error *err);

/** What one stack asked for. Number 0 is what no Python frame asked for. */
typedef struct kaa_insight_heap_site {
    uint32_t number; /**< For kaa_insight_heap_frames(). */
    uint32_t frames;
    uint64_t live_bytes;
    uint64_t live_blocks;
    uint64_t peak_bytes; /**< Of it, alive at the peak of all. */
    uint64_t peak_blocks;
    uint64_t allocated_bytes; /**< Freed or not. */
    uint64_t allocated_blocks;
} kaa_insight_heap_site;

/**
 * Tells of all stacks that asked for memory.
 *
 * @param out  Room for `capacity`; may be NULL to count.
 *
 * @return how many there are.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_heap_sites(kaa_insight_heap_site *out,
                                        uint32_t capacity);

/** A block that is alive. */
typedef struct kaa_insight_heap_block {
    void *block;
    uint64_t
        bytes; /**< That it stands for, as kaa_insight_heap_site has them. */
    uint32_t blocks;
    uint32_t site; /**< For kaa_insight_heap_frames(). */
} kaa_insight_heap_block;

/**
 * Tells of the blocks that are followed: the sampled ones, or all.
 *
 * @param out  Room for `capacity`; may be NULL to count.
 *
 * @return how many there are.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_heap_blocks(kaa_insight_heap_block *out,
                                         uint32_t capacity);

/** How much memory there was at a time. */
typedef struct kaa_insight_heap_point {
    uint64_t at_ns; /**< After the start. */
    uint64_t live_bytes;
    uint64_t resident_bytes; /**< Of the process; 0 where it is not told. */
} kaa_insight_heap_point;

/**
 * Tells how memory grew and shrank: points at most 5 ms apart while memory is
 * asked for, further apart in long profiles, 2048 at most. Reading the profile
 * notes one, too.
 *
 * @return how many there are; at most `capacity` are written.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_heap_points(kaa_insight_heap_point *out,
                                         uint32_t capacity);

/**
 * The frames of a site, the innermost first: of malloc() those of C, marked
 * with KAA_INSIGHT_FRAME_C, before those of Python. A code object is NULL if it
 * ended before it could be referred to.
 *
 * @return how many there are; 0 if there is no such site.
 * @owns   The code objects belong to the profile, and live until its stop.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_heap_frames(uint32_t number,
                                         kaa_insight_frame *out,
                                         uint32_t capacity);

/** The longest name of a type that is told, with its end. */
#define KAA_INSIGHT_TYPE_NAME 64

/** What the cycle collector freed of one site: members of garbage cycles, and
 *  what only they kept. */
typedef struct kaa_insight_heap_collected {
    uint32_t site;     /**< For kaa_insight_heap_frames(). */
    uint32_t reserved; /**< 0 */
    uint64_t bytes;
    uint64_t blocks;
    char type[KAA_INSIGHT_TYPE_NAME]; /**< tp_name; empty: blocks that are no
                                           objects, such as entries of lists. */
} kaa_insight_heap_collected;

/**
 * Says that the collector begins to run in this thread, or has ended: for who
 * is called by it (gc.callbacks).
 *
 * @return at its end how many ns have passed since its beginning; else 0.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint64_t kaa_insight_heap_collecting(int is_collecting);

/**
 * Tells what has been freed in collections since the start, by site and type.
 *
 * @param out  Room for `capacity`; may be NULL to count.
 *
 * @return how many there are.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_heap_freed_by_collector(
    kaa_insight_heap_collected *out, uint32_t capacity);

/* ---- reference counts ---- */

/** Bits of kaa_insight_refcount_options::flags. */
enum {
    KAA_INSIGHT_REFCOUNT_SPLIT = 1u << 0, /**< A free-threaded interpreter. */
};

/** Choices for a watch of one object's reference count. */
typedef struct kaa_insight_refcount_options {
    uint32_t size;     /**< sizeof(kaa_insight_refcount_options) */
    uint32_t version;  /**< Of the interpreter, as 0x030c for 3.12. */
    void *handle;      /**< For dlsym(); NULL: the program's own symbols. */
    void *object;      /**< The object. */
    uint32_t capacity; /**< Changes that are kept, the last ones; 0: 65,536. */
    uint32_t flags;    /**< KAA_INSIGHT_REFCOUNT_* bits. */
} kaa_insight_refcount_options;

/**
 * Watches an object's reference count, by the processor: each write to it stops
 * the thread that wrote, for some ten microseconds, in a handler of SIGTRAP,
 * which stays in place. Other objects cost nothing. The processor has 4 such
 * watchpoints; a free-threaded interpreter's count takes 2. Needs Linux 5.13 on
 * x86-64, and the right to use perf events. Threads that begin later are
 * watched, a child after fork() is not.
 *
 * @param out  The number of the watch.
 *
 * @owns   The watch refers to the object once, until it is freed.
 * @gil    held (the interpreter's)
 * @fails  KAA_INVALID_ARGUMENT (also for an immortal object); KAA_UNSUPPORTED,
 *         saying what to set; KAA_LIMIT (all watchpoints are in use);
 *         KAA_NO_MEMORY; KAA_SYSTEM
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_insight_refcount_start(
    const kaa_insight_refcount_options *options, uint32_t *out, kaa_error *err);

/**
 * Ends a watch; what it noted may be read until it is freed.
 *
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API void kaa_insight_refcount_stop(uint32_t number);

/**
 * Ends and forgets a watch, and gives up its reference to the object.
 *
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API void kaa_insight_refcount_free(uint32_t number);

/** What a watch has seen so far. */
typedef struct kaa_insight_refcount {
    uint32_t size;       /**< sizeof(kaa_insight_refcount) in the caller. */
    uint32_t is_on;      /**< 0: it was stopped, or the process has forked. */
    int64_t first;       /**< The count at the start, the watch's own in it. */
    int64_t last;        /**< The count after the last change. */
    uint64_t changes;    /**< All that were seen. */
    uint64_t late;       /**< Of those: told after their time, since the thread
                              had blocked SIGTRAP; several may be one. */
    uint64_t sites_lost; /**< That found no room: they count for site 0. */
    uint32_t kept;       /**< Changes that can be read. */
    uint32_t sites;      /**< Places that made changes. */
    uint32_t has_lines;  /**< Whether Python's frames can be read. */
    uint32_t reserved;
} kaa_insight_refcount;

/** Bits of kaa_insight_change::flags. */
enum {
    KAA_INSIGHT_CHANGE_LATE = 1u << 0,   /**< Told after its time, by a thread
                                              that had blocked SIGTRAP. */
    KAA_INSIGHT_CHANGE_UNHELD = 1u << 1, /**< By a thread that may not: without
                                              the GIL, or without a state. */
};

/** One change. */
typedef struct kaa_insight_change {
    uint64_t at_ns;  /**< After the start. */
    int64_t count;   /**< After the change. */
    int32_t by;      /**< Mostly 1 or -1. */
    uint32_t site;   /**< For kaa_insight_refcount_frames(). */
    uint32_t thread; /**< The operating system's number. */
    uint32_t flags;  /**< KAA_INSIGHT_CHANGE_* bits. */
} kaa_insight_change;

/** What one place did. */
typedef struct kaa_insight_refcount_site {
    uint32_t number; /**< 0: not known. */
    uint32_t frames;
    uint64_t up;   /**< References that it took. */
    uint64_t down; /**< References that it gave up. */
} kaa_insight_refcount_site;

/**
 * Tells what a watch has seen.
 *
 * @gil    held (the interpreter's)
 * @fails  KAA_INVALID_ARGUMENT: there is no such watch, or out->size is not set
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_insight_refcount_read(
    uint32_t number, kaa_insight_refcount *out, kaa_error *err);

/**
 * Copies the changes that are kept, the oldest first.
 *
 * @return how many there are; at most `capacity` are written.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_refcount_changes(uint32_t number,
                                              kaa_insight_change *out,
                                              uint32_t capacity);

/**
 * Copies the places that made changes.
 *
 * @return how many there are; at most `capacity` are written.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_refcount_sites(uint32_t number,
                                            kaa_insight_refcount_site *out,
                                            uint32_t capacity);

/**
 * Copies the frames of a place, the innermost first: those of C, marked with
 * KAA_INSIGHT_FRAME_C, the address behind the instruction that wrote first and
 * those behind the calls up to the evaluation loop after it, then Python's.
 *
 * @return how many there are; at most `capacity` are written.
 * @owns   The code objects belong to the watch, and live until it is freed.
 * @gil    held (the interpreter's)
 * @since  0.1
 */
KAA_API uint32_t kaa_insight_refcount_frames(uint32_t number, uint32_t site,
                                             kaa_insight_frame *out,
                                             uint32_t capacity);

KAA_END_DECLS

#endif /* KAA_INSIGHT_H */
