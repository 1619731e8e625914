# Every function of the malloc family is recorded, with its own kind and requested size.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/family"
eq status 0 $status
report
exited 0
whole
kind() { eq "$1 of $2 bytes" 1 "$(events ".kind == \"$1\" and .size_bytes == $2")"; }
kind malloc 7001
kind calloc 7002
kind realloc-new 7003
kind realloc 7004
kind posix_memalign 7005
kind aligned_alloc 7040
kind memalign 7006
kind valloc 7007
kind pvalloc 7008
kind realloc-new 7007
kind realloc 7014
kind malloc 7000
eq "alloc-failed" 6 "$(events '.kind == "alloc-failed"')"
for f in use_malloc use_calloc use_posix_memalign use_aligned_alloc use_memalign use_valloc use_pvalloc use_strdup \
	use_realloc use_reallocarray; do
	site_is $f 1 0
done
eq "reallocations" 2 "$(value .totals.reallocations)"
