# stdin, stdout and stderr are the program's, byte for byte.
. "$ROOT/tests/cli/_lib.sh"
head -c 3000 /dev/urandom >"$T/input"
plain=0
"$PROGRAMS/streams" <"$T/input" >"$T/plain.out" 2>"$T/plain.err" || plain=$?
eq "plain status" 45 $plain
INPUT=$T/input record -q "$PROGRAMS/streams"
eq "status with -q" 45 $status
same "$T/plain.out" "$T/out"
same "$T/plain.err" "$T/err"
INPUT=$T/input record "$PROGRAMS/streams"
eq status 45 $status
same "$T/plain.out" "$T/out"
size=$(stat -c %s "$T/plain.err")
head -c "$size" "$T/err" >"$T/first"
same "$T/plain.err" "$T/first"
tail -c +$((size + 1)) "$T/err" >"$T/rest"
eq "lines of ours after it" 1 "$(grep -c . "$T/rest")"
has "$T/rest" "memscope-record: .*$trace"
report
whole
site_is stream_alloc 3000 0
