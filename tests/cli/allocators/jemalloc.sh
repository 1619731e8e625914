# jemalloc, shared and linked statically, by malloc and by its own functions: every block, and nothing twice.
. "$ROOT/tests/cli/allocators/_allocators.sh"
build shared je.c '-DJE(name)=name' -ljemalloc
build static je.c '-DJE(name)=name' "$ARCHIVES/libjemalloc.a" -lstdc++ -lm -lpthread

exact "$T/shared"
je_is_right
eq "the allocator" libjemalloc.so.2 "$("$BIN/memscope-trace" info "$trace" | sed -n 's/^allocator *//p' | head -1)"
eq "whose functions" "libjemalloc.so.2 jemalloc library 5 recorded" "$(direct)"

echo "# inside the executable"
exact "$T/static"
je_is_right
eq "whose functions" "static jemalloc inside 13 recorded" "$(direct)"
has_not "$T/report.txt" "is not seen"

echo "# with a prefix, beside libc's malloc"
objcopy --redefine-sym malloc=je_malloc --redefine-sym free=je_free --redefine-sym calloc=je_calloc --redefine-sym realloc=je_realloc \
	--redefine-sym posix_memalign=je_posix_memalign --redefine-sym aligned_alloc=je_aligned_alloc --redefine-sym memalign=je_memalign \
	--redefine-sym valloc=je_valloc --redefine-sym mallocx=je_mallocx --redefine-sym rallocx=je_rallocx --redefine-sym xallocx=je_xallocx \
	--redefine-sym sallocx=je_sallocx --redefine-sym nallocx=je_nallocx --redefine-sym dallocx=je_dallocx --redefine-sym sdallocx=je_sdallocx \
	"$ARCHIVES/libjemalloc.a" "$T/libprefixed.a"
build prefixed je.c '-DJE(name)=je_##name' "$T/libprefixed.a" -lstdc++ -lm -lpthread
exact "$T/prefixed"
je_is_right
eq "whose functions" "prefixed jemalloc inside 13 recorded" "$(direct)"

echo "# without a symbol table not all of its functions are known: none is recorded, and that is said"
strip -o "$T/stripped" "$T/static"
record "$T/stripped"
eq status 0 $status
report
eq "errors" 0 "$(value '.findings | length')"
eq "whose functions" "stripped own inside 8 unseen" "$(direct)"
has "$T/report.txt" "! the executable stripped has an allocator inside, and what it allocates is not seen: the executable has no symbol table"

echo "# under a guard only malloc is watched, and that is said"
record --guard=canary "$T/shared" apart
eq status 0 $status
report
eq "errors" 0 "$(value '.findings | map(select(.kind | startswith("leak") | not)) | length')"
eq "whose functions" "libjemalloc.so.2 jemalloc library 5 unseen" "$(direct)"
has "$T/report.txt" "! libjemalloc.so.2: calls of jemalloc's own functions are not seen: a guard"
site_is ordinary 7 2

echo "# put in front of a program by LD_PRELOAD"
export LD_PRELOAD=$ARCHIVES/libjemalloc.so.2
record "$PROGRAMS/realloc_forms"
unset LD_PRELOAD
eq status 0 $status
report
whole
eq "the allocator" libjemalloc.so.2 "$("$BIN/memscope-trace" info "$trace" | sed -n 's/^allocator *//p' | head -1)"
