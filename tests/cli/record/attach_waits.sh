# A thread that is made to load the library, to begin and to end the recording comes back to what it did: a system call that it waited in goes
# on waiting, the program sees no EINTR, no signal, no changed register.
. "$ROOT/tests/cli/_lib.sh"
needs_ptrace

for call in read poll select epoll_wait epoll_pwait nanosleep sem msgrcv sigtimedwait spin; do
	rm -f "$T/commands" "$T/ready"
	mkfifo "$T/commands"
	"$PROGRAMS/attach_waits" $call <"$T/commands" >"$T/ready" 2>"$T/failed" &
	app=$!
	exec 3>"$T/commands"
	while [ ! -s "$T/ready" ]; do
		kill -0 $app 2>/dev/null || give_up "$call: the program did not start: $(cat "$T/failed")"
		sleep 0.02
	done
	# nanosleep ends by itself, after three seconds.
	for i in 1 $([ $call = nanosleep ] || echo 2 3); do
		record -p $app --duration 0.05 --no-symbols
		eq "$call: status" 0 "$status"
	done
	kill -0 $app 2>/dev/null || wrong "$call: the program has ended"
	[ $call != sigtimedwait ] || kill -USR1 $app
	(printf x >&3) 2>/dev/null || true
	rc=0
	wait $app || rc=$?
	exec 3>&-
	eq "$call: status of the program" 0 "$rc"
	[ ! -s "$T/failed" ] || wrong "$call: $(cat "$T/failed")"
done
