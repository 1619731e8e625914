#!/usr/bin/env bash
# The process that reads debug information beside the collector: the names are the same with it, without it (killed), and when
# they are resolved later; it does not outlive the collector, and nobody who waits for our output waits for it.
. "$ROOT/tests/cli/_lib.sh"

# symbols TRACE: the frames' names, sorted
symbols() {
	"$BIN/memscope-trace" dump --json "$1" >/dev/null
	"$BIN/memscope-analyze" --json "$1" | jq -S '[.sites[].stack[] | [.function, .file, .line, .module]] | unique'
}
helper_of() { # pid of memscope-record -> pid of its helper
	local p
	for p in $(pgrep -P "$1"); do
		[ "$(cat "/proc/$p/comm" 2>/dev/null)" = memscope-names ] && echo "$p" && return 0
	done
	return 1
}
program=(/usr/bin/perl -e 'my @a = map { "x" x $_ } 1 .. 2000; select undef, undef, undef, 1.5; print scalar @a')

"$BIN/memscope-record" -q -o "$T/with.ms" "${program[@]}" >"$T/out1"
"$BIN/memscope-record" -q --no-symbols -o "$T/later.ms" "${program[@]}" >"$T/out2"
"$BIN/memscope-trace" symbolize -o "$T/named.ms" "$T/later.ms" 2>/dev/null

"$BIN/memscope-record" -q -o "$T/killed.ms" "${program[@]}" >"$T/out3" &
recorder=$!
for _ in $(seq 100); do helper=$(helper_of $recorder) && break; sleep 0.01; done
[ -n "${helper:-}" ] || give_up "no helper below memscope-record"
kill -KILL "$helper"
wait $recorder || wrong "status of the recording whose helper was killed: $?"

for t in with killed named; do symbols "$T/$t.ms" >"$T/$t.names"; done
[ "$(jq length "$T/with.names")" -gt 5 ] || wrong "hardly any names"
cmp "$T/with.names" "$T/killed.names" || wrong "other names without the helper"
cmp "$T/with.names" "$T/named.names" || wrong "other names when they are resolved later"

# It ends with the collector.
"$BIN/memscope-record" -q -o "$T/gone.ms" sleep 2 &
recorder=$!
for _ in $(seq 100); do helper=$(helper_of $recorder) && break; sleep 0.01; done
kill -KILL $recorder
wait $recorder 2>/dev/null || true
runs() { # a process that is dead and not waited for does not
	local state
	state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) && [ "$state" != Z ] && [ "$state" != X ]
}
for _ in $(seq 200); do runs "$helper" || break; sleep 0.01; done
if runs "$helper"; then wrong "the helper outlives the collector"; fi

# A pipe behind us is closed as soon as the program and we are gone, not later.
start=$(date +%s%N)
"$BIN/memscope-record" -q -o "$T/pipe.ms" echo hello | cat >"$T/out4"
[ $((($(date +%s%N) - start) / 1000000)) -lt 5000 ] || wrong "the pipe stayed open"
[ "$(cat "$T/out4")" = hello ] || wrong "output"

# It works when nobody else does, but only where it may come back from that: an ordinary user would wait for it on a busy machine.
policy_of() { # OUTPUT COMMAND-PREFIX...
	local trace=$1 recorder helper=
	shift
	"$@" "$BIN/memscope-record" -q -o "$trace" sleep 1 &
	recorder=$!
	for _ in $(seq 200); do helper=$(helper_of $recorder) && [ "$(chrt -p "$helper" | sed -n 's/.*policy: //p')" != SCHED_OTHER ] && break; sleep 0.01; done
	chrt -p "${helper:-0}" | sed -n 's/.*policy: //p'
	wait $recorder
}
if [ "$(id -u)" = 0 ]; then
	eq "policy for root" SCHED_IDLE "$(policy_of "$T/root.ms")"
	mkdir -m 777 "$T/nobody"
	chmod 755 "$T"
	if setpriv --reuid=65534 --clear-groups --bounding-set=-all test -x "$BIN/memscope-record" -a -w "$T/nobody"; then
		eq "policy for an ordinary user" SCHED_BATCH "$(policy_of "$T/nobody/trace.ms" setpriv --reuid=65534 --clear-groups --bounding-set=-all)"
	fi
fi
