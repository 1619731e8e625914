# mimalloc: malloc and its own functions, heaps of its own among them.
. "$ROOT/tests/cli/allocators/_allocators.sh"
build shared mi.c -lmimalloc
build aligned mi.c -DALIGNED -lmimalloc

exact "$T/shared"
mi_is_right
eq "the allocator" libmimalloc.so.2 "$("$BIN/memscope-trace" info "$trace" | sed -n 's/^allocator *//p' | head -1)"
has <(direct) "^libmimalloc.so.2 mimalloc library [0-9]+ recorded$"

echo "# aligned blocks"
exact "$T/aligned"
mi_is_right
sites_are "aligned 3 3
posix_ 2 2
page 1 1"

echo "# put in front of a program by LD_PRELOAD"
export LD_PRELOAD=$ARCHIVES/libmimalloc.so.2
exact "$PROGRAMS/churn"
unset LD_PRELOAD
