# --follow without %p in the name: the first process has the name, each child has it with its process id; grandchildren too.
. "$ROOT/tests/cli/_lib.sh"
cat >"$T/inner.sh" <<-EOF
	#!/bin/sh
	"$PROGRAMS/end_how" exit 1 40
	echo inner \$\$
	exit 4
EOF
cat >"$T/outer.sh" <<-EOF
	#!/bin/sh
	"$T/inner.sh"
	echo outer \$?
	exit 6
EOF
chmod +x "$T"/*.sh
mkdir "$T/f"
TRACE=$T/f/x.ms record --follow "$T/outer.sh"
eq status 6 $status
has "$T/out" "^outer 4$"
eq "traces" 3 "$(ls "$T/f" | wc -l)"
eq "those of children" 2 "$(ls "$T/f" | grep -c '^x\.ms\.[0-9]*$')"
eq "summary lines" 3 "$(grep -c ' events, ' "$T/err")"
for f in "$T"/f/x.ms.*; do
	report "$f"
	eq "pid of $f" "${f##*.}" "$(value .trace.pid)"
	codes="${codes-} $(value .trace.exit_code)"
	whole "$f"
done
eq "how they ended" " 4 5" " $(echo $codes | tr ' ' '\n' | sort -n | tr '\n' ' ' | sed 's/ $//')"
report "$T/f/x.ms"
exited 6

echo "# many children, one after the other and at once"
cat >"$T/many.sh" <<-EOF
	#!/bin/sh
	for i in 1 2 3 4 5; do "$PROGRAMS/tiny"; done
	for i in 1 2 3 4 5; do "$PROGRAMS/tiny" & done
	wait
EOF
chmod +x "$T/many.sh"
rm -r "$T/f"
mkdir "$T/f"
TRACE=$T/f/x.ms record --follow -q "$T/many.sh"
eq status 0 $status
tiny=0
for f in "$T"/f/x.ms.*; do
	report "$f"
	exited 0
	eq "lost events in $f" 0 "$(value .trace.lost_events)"
	[ "$(site tiny_alloc allocations)" != 2 ] || tiny=$((tiny + 1))
done
eq "traces of tiny" 10 $tiny

echo "# a place where no child can write"
cat >"$T/away.sh" <<-EOF
	#!/bin/sh
	chmod 500 "$T/f"
	"$PROGRAMS/tiny"
	exit 8
EOF
chmod +x "$T/away.sh"
rm -rf "$T/f"
mkdir "$T/f"
chmod 755 "$T" "$T/f"
if [ "$(id -u)" = 0 ]; then
	chown -R 65534:65534 "$T"
	status=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$BIN/memscope-record" -q -o "$T/f/x.ms" --follow "$T/away.sh" \
		>"$T/out" 2>"$T/err" </dev/null || status=$?
	# where the build folder is closed to others nothing can be said
	if [ $status -ne 126 ] && [ $status -ne 127 ]; then
		eq status 8 $status
		has "$T/err" "^memscope-record: process [0-9]* is not recorded: cannot write .*Permission denied"
		eq "traces" 2 "$(ls "$T/f" | wc -l)" # the first process and chmod
	fi
	chmod 755 "$T/f"
fi
