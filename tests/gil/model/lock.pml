/* lock.pml - the lock's algorithm for spin. algorithm.h says what is modelled;
 * alarms are not.
 *
 *     spin -a lock.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan
 *
 * -DNO_FENCE_ALL, -DNO_SECOND_LOOK and -DNO_SWAP each take out a part that the
 * algorithm needs; pan must find an error then.
 */
#ifndef THREADS
#define THREADS 3
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#define LIMIT 1
#define BOUND (LIMIT + THREADS - 1)
#define NOBODY 255

byte owner = NOBODY;
byte contended;
byte mutex = NOBODY;
byte inside;
byte overtakes;
byte finished;

/* A line: who[line * THREADS + place]; line 0 is ordinary, 1 urgent. */
byte who[2 * THREADS];
byte length[2];

bool buffered[THREADS]; /* its store of NOBODY to owner is not seen yet */
bool granted[THREADS];
bool resumed[THREADS];
byte over[THREADS]; /* turns of others since it became first */

#define FIRST(line) who[(line) * THREADS]

inline choose(next)
{
    if
    :: length[0] == 0 && length[1] == 0 -> next = NOBODY
    :: length[1] == 0 && length[0] > 0 -> next = FIRST(0)
    :: length[1] > 0 && (length[0] == 0 || overtakes < LIMIT) -> next = FIRST(1)
    :: length[1] > 0 && length[0] > 0 && overtakes >= LIMIT -> next = FIRST(0)
    fi
}

inline append(line, thread)
{
    who[(line) * THREADS + length[line]] = thread;
    length[line]++
}

inline prepend_ordinary(thread)
{
    k = length[0];
    do
    :: k > 0 -> who[k] = who[k - 1]; k--
    :: k == 0 -> break
    od;
    who[0] = thread;
    length[0]++
}

/* Only a line's first is ever served. */
inline take_first(line)
{
    k = 1;
    do
    :: k < length[line] ->
        who[(line) * THREADS + k - 1] = who[(line) * THREADS + k];
        k++
    :: k >= length[line] -> break
    od;
    length[line]--;
    who[(line) * THREADS + length[line]] = 0;
    k = 0
}

inline count_turn(thread)
{
    if
    :: length[0] > 0 && FIRST(0) != thread ->
        over[FIRST(0)]++;
        assert(over[FIRST(0)] <= BOUND)
    :: else
    fi;
    if
    :: length[1] > 0 && FIRST(1) != thread ->
        over[FIRST(1)]++;
        assert(over[FIRST(1)] <= BOUND)
    :: else
    fi
}

/* `thread`, the owner already, leaves the line and may go on. A thread that
 * yields is prepended after `thread` was chosen, so it may stand before it. */
inline grant(thread)
{
    if
    :: length[1] > 0 && FIRST(1) == thread ->
        take_first(1);
        j = 1
    :: else ->
        if
        :: FIRST(0) == thread -> take_first(0)
        :: else ->
            assert(who[1] == thread);
            who[1] = who[0];
            take_first(0)
        fi;
        j = (resumed[thread] -> 1 : 0)
    fi;
    if
    :: j == 1 && length[0] > 0 -> overtakes++
    :: else -> overtakes = 0
    fi;
    j = 0;
    over[thread] = 0;
    contended--;
    granted[thread] = 1;
    mutex = NOBODY;
    count_turn(thread)
}

inline go_in(thread)
{
    assert(inside == 0 && owner == thread);
    inside++
}

/* Locked instructions come after the thread's own stores. */
#define CAN_LOCK (mutex == NOBODY && !buffered[me])

proctype thread(byte me)
{
    byte rounds = ROUNDS, yields = 1, next, j, k;
    bool first;

again:
    if
    :: atomic { rounds == 0 -> finished++; goto done }
    :: atomic { rounds > 0 -> rounds-- }
    fi;

    /* kaa_gil_acquire() */
    if
    :: atomic { contended == 0 -> skip }
    :: atomic { contended > 0 -> goto slow }
    fi;
    if
    :: atomic { !buffered[me] && owner == NOBODY ->
            owner = me; count_turn(me); go_in(me); goto holding }
    :: atomic { !buffered[me] && owner != NOBODY -> skip }
    fi;

slow:
    if
    :: atomic { CAN_LOCK && contended == 0 && owner == NOBODY ->
            owner = me; go_in(me); goto holding }
    :: atomic { CAN_LOCK && !(contended == 0 && owner == NOBODY) ->
            mutex = me }
    fi;
    atomic {
        granted[me] = 0;
        resumed[me] = 0;
        over[me] = 0;
        if
        :: append(0, me)
        :: append(1, me)
        fi;
        first = (contended == 0);
        contended++
    };
#ifndef NO_FENCE_ALL
    next = 0;
    do
    :: atomic { first && next < THREADS ->
            if
            :: buffered[next] -> buffered[next] = 0; owner = NOBODY
            :: else
            fi;
            next++ }
    :: atomic { !first || next == THREADS -> next = 0; break }
    od;
#endif
    atomic {
        choose(next);
        if
        :: next == me && owner == NOBODY -> owner = me; next = 0
        :: else -> next = 0; mutex = NOBODY; goto waiting
        fi
    };
    atomic { grant(me); go_in(me); goto holding };

waiting:
    atomic { granted[me] -> go_in(me) };

holding:
    if
    :: atomic { yields > 0 && contended > 0 -> yields-- }
    :: atomic { inside--; goto release }
    fi;

    /* kaa_gil__yield() */
    atomic {
        CAN_LOCK ->
        choose(next);
        if
        :: next == NOBODY -> next = 0; goto holding
        :: next != NOBODY ->
            mutex = me;
            inside--;
            contended++;
            granted[me] = 0;
            over[me] = 0;
            if
            :: overtakes < LIMIT -> resumed[me] = 1; prepend_ordinary(me)
            :: resumed[me] = 0; append(0, me)
            fi;
            owner = next
        fi
    };
    atomic { grant(next); next = 0; goto waiting };

release:
    if
    :: atomic { contended == 0 -> skip }
    :: atomic { contended > 0 -> goto give }
    fi;
    buffered[me] = 1;
#ifdef NO_SECOND_LOOK
    goto again;
#else
    if
    :: atomic { contended == 0 -> goto again }
    :: atomic { contended > 0 -> skip }
    fi;
#endif
    /* kaa_gil__hand_over() */
    atomic {
        CAN_LOCK ->
        choose(next);
        if
#ifdef NO_SWAP
        :: next != NOBODY -> owner = next; mutex = me
        :: next == NOBODY -> next = 0; goto again
#else
        :: next != NOBODY && owner == NOBODY -> owner = next; mutex = me
        :: !(next != NOBODY && owner == NOBODY) -> next = 0; goto again
#endif
        fi
    };
    atomic { grant(next); next = 0; goto again };

give:
    atomic {
        CAN_LOCK ->
        choose(next);
        owner = next;
        if
        :: next == NOBODY -> next = 0; goto again
        :: next != NOBODY -> mutex = me
        fi
    };
    atomic { grant(next); next = 0; goto again };

done:
    skip
}

/* The processor lets a store be seen whenever it likes, but at last. */
#define SEEN(thread)                                                           \
    atomic { buffered[thread] -> buffered[thread] = 0; owner = NOBODY }

active proctype memory()
{
end:
    do
    :: SEEN(0)
    :: SEEN(1)
#if THREADS > 2
    :: SEEN(2)
#endif
    od
}

init
{
    byte i;

    atomic {
        do
        :: i < THREADS -> run thread(i); i++
        :: i == THREADS -> break
        od
    };
    finished == THREADS
}
