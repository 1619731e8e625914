# The output cannot be written: a clear error that names the file, status 125.
. "$ROOT/tests/cli/_lib.sh"
try() { # FILE PATTERN
	TRACE=$1 record "$PROGRAMS/tiny"
	eq "status for $1" 125 $status
	has "$T/err" "memscope-record: .*$2"
	eq "lines for $1" 1 "$(wc -l <"$T/err")"
}
try "$T/none/trace.ms" "none/trace.ms.*No such file or directory"
echo "precious" >"$T/other"
cp "$T/other" "$T/other.kept"
status=0
"$BIN/memscope-record" -o "$T/other" "$PROGRAMS/tiny" >"$T/out" 2>"$T/err" || status=$?
eq "status for a file that is no trace" 125 $status
has "$T/err" "^memscope-record: cannot write $T/other: it exists and is no trace: name another file, or remove it$"
same "$T/other" "$T/other.kept"
: >"$T/empty.ms"
for i in 1 2; do "$BIN/memscope-record" -q -o "$T/empty.ms" "$PROGRAMS/tiny" >"$T/out" || wrong "an empty file, or a trace, is not replaced"; done
report "$T/empty.ms"
cd "$T"
status=0
"$BIN/memscope-record" -o - "$PROGRAMS/tiny" >"$T/out" 2>"$T/err" || status=$?
eq "status for -" 125 $status
has "$T/err" "standard output is the program's"
mkdir "$T/folder.ms"
status=0
"$BIN/memscope-record" -o "$T/folder.ms" "$PROGRAMS/tiny" >"$T/out" 2>"$T/err" || status=$?
eq "status for a folder" 125 $status
has "$T/err" "memscope-record: .*folder.ms.*Is a directory"
status=0
"$BIN/memscope-record" -o /dev/full "$PROGRAMS/churn" 2000 10 >"$T/out" 2>"$T/err" || status=$?
has "$T/err" "memscope-record: .*/dev/full"
