# A program that closes every descriptor: recording goes on, its own files stay its own.
. "$ROOT/tests/cli/_lib.sh"
for how in loop range; do
	echo "# $how"
	record "$PROGRAMS/close_fds" $how "$T/file"
	eq status 0 $status
	report
	exited 0
	whole
	site_is open_alloc 20 20
	site_is closed_alloc 10000 0
done
echo "# exec after closing"
record "$PROGRAMS/close_fds" exec "$T/file"
eq status 0 $status
eq "what it said" after "$(cat "$T/out")"
report
exited 0
whole
eq "allocations in open_alloc" 20 "$(site open_alloc allocations)"
site_is closed_alloc 10000 0
site_is after_exec_alloc 40 40
