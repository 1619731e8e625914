# 127 not found, 126 not executable, 125 our own failure.
. "$ROOT/tests/cli/_lib.sh"
record "$T/none"
eq "not found" 127 $status
has "$T/err" "memscope-record: .*none"
record nonexistent-program-name
eq "not found on PATH" 127 $status
echo hello >"$T/plain"
record "$T/plain"
eq "not executable" 126 $status
has "$T/err" "memscope-record: .*plain"
record "$T"
eq "a folder" 126 $status
for bad in --no-such-option --level=99 --on-full=perhaps --max-size=lots --stack-depth=-1; do
	record $bad "$PROGRAMS/tiny"
	eq "$bad" 125 $status
	has "$T/err" "memscope-record: "
done
record
eq "no program" 125 $status
echo "# what comes after the program's name is the program's"
cat >"$T/args.sh" <<-'EOF'
	#!/bin/sh
	echo "$@"
	exit 3
EOF
chmod +x "$T/args.sh"
record -q "$T/args.sh" -q --help -- -o x
eq status 3 $status
eq arguments "-q --help -- -o x" "$(cat "$T/out")"
record -q -- "$T/args.sh" a
eq "status with --" 3 $status
eq arguments a "$(cat "$T/out")"
