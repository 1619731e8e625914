# A program that goes into an empty chroot: recording goes on.
. "$ROOT/tests/cli/_lib.sh"
in_namespace
mkdir "$T/empty"
record "$PROGRAMS/in_chroot" "$T/empty"
eq status 0 $status
report
exited 0
whole
site_is outside_alloc 10 10
site_is inside_alloc 20000 0
site_is thread_alloc 15 0
