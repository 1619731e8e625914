# --follow: each process has a file of its own.
. "$ROOT/tests/cli/_lib.sh"
cat >"$T/run.sh" <<-EOF
	#!/bin/sh
	"$PROGRAMS/end_how" exit 1 500
	"$PROGRAMS/end_how" kill 4 100
	"$PROGRAMS/tiny"
	exit 31
EOF
chmod +x "$T/run.sh"
TRACE="$T/f.%p.%e.ms" record --follow "$T/run.sh"
eq status 31 $status
one() { # PATTERN
	local f=("$T"/$1)
	eq "files $1" 1 "${#f[@]}"
	trace=${f[0]}
	[ -s "$trace" ] || give_up "no trace $1: there are $(ls "$T")"
	report
	eq "its pid" "$(echo "${trace##*/}" | cut -d. -f2)" "$(value .trace.pid)"
}
ls "$T" >"$T/files"
eq "traces" 4 "$(grep -c '\.ms$' "$T/files")"
for f in "$T"/f.*.end_how.ms; do
	trace=$f
	report
	whole
	case $(value .trace.ended) in
	exited) exited 5; site_is known_alloc 500 250; seen_exit=1 ;;
	signaled) signaled 9; site_is known_alloc 400 200; seen_kill=1 ;;
	*) wrong "$f: ended $(value .trace.ended)" ;;
	esac
done
eq "both end_how processes have a trace" 11 "${seen_exit-0}${seen_kill-0}"
one "f.*.tiny.ms"
exited 0
whole
site_is tiny_alloc 2 0

echo "# children that fork without exec, from a threaded program"
rm -f "$T"/*.ms
TRACE="$T/g.%p.ms" record --follow "$PROGRAMS/fork_storm" 10
eq status 0 $status
eq hung 0 "$(said hung)"
children=0
for f in "$T"/g.*.ms; do
	trace=$f
	report
	eq "lost events in $f" 0 "$(value .trace.lost_events)"
	if [ "$(site child_alloc allocations)" != 0 ]; then
		site_is child_alloc 100 0
		eq ended exited "$(value .trace.ended)"
		children=$((children + 1))
	else
		site_is parent_alloc 10 0
	fi
done
eq "children with a trace" 10 $children
