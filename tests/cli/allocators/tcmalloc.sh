# gperftools' tcmalloc, shared and linked statically, by malloc, by C++ operators and by its own functions.
. "$ROOT/tests/cli/allocators/_allocators.sh"
build shared tc.cpp -ltcmalloc_minimal
build static tc.cpp -Wl,--whole-archive "$ARCHIVES/libtcmalloc_minimal.a" -Wl,--no-whole-archive -lpthread

exact "$T/shared"
tc_is_right
eq "the allocator" libtcmalloc_minimal.so.4 "$("$BIN/memscope-trace" info "$trace" | sed -n 's/^allocator *//p' | head -1)"
eq "whose functions" "libtcmalloc_minimal.so.4 tcmalloc library 18 recorded" "$(direct)"

echo "# inside the executable"
exact "$T/static"
tc_is_right
eq "whose functions" "static tcmalloc inside 18 recorded" "$(direct)"

echo "# put in front of a program by LD_PRELOAD"
export LD_PRELOAD=$ARCHIVES/libtcmalloc_minimal.so.4
record "$PROGRAMS/operators"
unset LD_PRELOAD
eq status 0 $status
report
whole
eq "errors" 0 "$(value '[.findings[] | select(.kind | startswith("leak") | not)] | length')"
