#!/bin/sh
# compile.sh N FILE.c: compiles FILE.c N times, one after the other.
set -eu
times=$1 file=$2
while [ "$times" -gt 0 ]; do
    cc -O1 -c -o compiled.o "$file"
    times=$((times - 1))
done
