# A child that is forked in a signal handler returns into our code, if that is what was interrupted: it must find memory there.
. "$ROOT/tests/cli/_lib.sh"
for options in "" --sample-rate=0.9 --sample-rate=0.01 --sample-bytes=64; do
	record --no-symbols $options "$PROGRAMS/fork_in_handler" 300
	eq "status with '$options'" 0 "$status"
	eq "children that ended well with '$options'" 300 "$(cat "$T/out")"
done
