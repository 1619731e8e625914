# A program that forbids itself all system calls but an allocator's lives on under each guard, and is still watched.
. "$ROOT/tests/cli/_lib.sh"
"$PROGRAMS/shut_in" >"$T/plain" || { [ $? = 77 ] && skip "no seccomp filters here"; give_up "the program alone: $?"; }
for mode in off canary full sample=20; do
	args=()
	[ $mode = off ] || args=(--guard=$mode)
	record "${args[@]}" -- "$PROGRAMS/shut_in"
	eq "$mode: status" 0 "$status"
	eq "$mode: output" end "$(cat "$T/out")"
	report
	eq "$mode: findings" 0 "$(value '.findings | length')"
done
