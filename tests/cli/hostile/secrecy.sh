# A trace is 0600 whatever the umask, and the environment is not in it.
. "$ROOT/tests/cli/_lib.sh"
export SECRET_TOKEN=xyzzy9f8e7d6c5b
for mask in 000 022 077; do
	(
		failures=0
		umask $mask
		TRACE=$T/m$mask.ms record -v "$PROGRAMS/end_how" exec 1 10
	)
	eq "mode under umask $mask" 600 "$(stat -c %a "$T/m$mask.ms")"
done
trace=$T/m022.ms
"$PROGRAMS/zstd_frames" "$trace" >"$T/plain" || give_up "no zstd frames"
has "$T/plain" "end_how" # the search works
has_not "$T/plain" "xyzzy9f8e7d6c5b|SECRET_TOKEN|LD_PRELOAD|HOME="
has_not "$trace" "xyzzy9f8e7d6c5b|SECRET_TOKEN"
"$BIN/memscope-trace" dump "$trace" >"$T/dump"
has_not "$T/dump" "xyzzy9f8e7d6c5b|SECRET_TOKEN"
echo "# an older file with another mode is replaced"
: >"$T/old.ms"
chmod 666 "$T/old.ms"
"$BIN/memscope-record" -q -o "$T/old.ms" "$PROGRAMS/tiny"
eq "its mode" 600 "$(stat -c %a "$T/old.ms")"
