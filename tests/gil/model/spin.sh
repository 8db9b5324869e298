#!/bin/sh
# spin.sh CC MODEL FOLDER - checks the model with spin, and that it sees what
# goes wrong when a part is taken out. 77: skipped.
set -eu
cc=$1 model=$2 folder=$3
if ! command -v spin >/dev/null 2>&1; then
    echo "skipped: spin is not installed"
    exit 77
fi
# Compiling takes longer than running, save in the long run.
optimize=-O0
[ -z "${KAA_TEST_LONG:-}" ] || optimize=-O2
mkdir -p "$folder"
cd "$folder"

# check WANTED OPTIONS...: runs the model; WANTED is the count of errors.
check() {
    wanted=$1
    shift
    rm -f pan pan.c lock.pml.trail
    spin -a "$@" "$model" >spin.log 2>&1 || { cat spin.log; exit 1; }
    "$cc" $optimize -w -DSAFETY -DCOLLAPSE -DVECTORSZ=2048 -o pan pan.c
    ./pan -m1000000 >pan.log 2>&1 || { cat pan.log; exit 1; }
    if grep -q "max search depth too small\|out of memory" pan.log; then
        cat pan.log
        exit 1
    fi
    errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log)
    states=$(sed -n 's/ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
    echo "$* : $states states, errors: $errors, wanted: $wanted"
    if [ "$errors" != "$wanted" ]; then
        cat pan.log
        exit 1
    fi
}

check 0 -DTHREADS=2 -DROUNDS=3
check 0 -DTHREADS=3 -DROUNDS=1
if [ -n "${KAA_TEST_LONG:-}" ]; then
    check 0 -DTHREADS=3 -DROUNDS=2
fi
check 1 -DTHREADS=2 -DROUNDS=2 -DNO_FENCE_ALL
check 1 -DTHREADS=2 -DROUNDS=2 -DNO_SECOND_LOOK
check 1 -DTHREADS=3 -DROUNDS=1 -DNO_SWAP
