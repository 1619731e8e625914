# Pointers in thread-local storage, of living threads and of one that ended. The dynamic linker's block of a thread is larger by a slot.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

compare leak_tls "1 512" "0 0" "1 304" "3 448" possible 0 -16
eq "held by thread-local storage" "128 256 64" "$(value '[.holders.blocks[] | select(.kind == "reachable") | .size_bytes] | sort_by(tostring) | map(tostring) | join(" ")')"
