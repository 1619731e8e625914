# The guard library exports what the other one does and the libc functions that it compares, and nothing else; its own calls of
# libc do not come back to those. Libraries and programs run with it whether there is a recording or not.
. "$ROOT/tests/cli/_lib.sh"
so=$LIB/libmemscope-guard.so
nm -D --defined-only "$so" | awk '{ print $3 }' | sed 's/@.*//' | LC_ALL=C sort >"$T/exports"
diff "$ROOT/tests/golden/guard-exports.txt" "$T/exports" || wrong "exported symbols differ from tests/golden/guard-exports.txt"
diff "$ROOT/tests/golden/preload-exports.txt" "$T/exports" | grep '^<' && wrong "something is missing that libmemscope-preload.so has"
eq "needed libraries" "libc.so.6" "$(readelf -dW "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^ld-linux' | tr '\n' ' ' | sed 's/ $//')"
eq "calls of __tls_get_addr" 0 "$(nm -D --undefined-only "$so" | grep -c __tls_get_addr || true)"
# What it exports and calls itself through libc's name would be compared as if the program had called it: relocations by name.
readelf -rW "$so" | awk '$3 ~ /JUMP_SLO|GLOB_DAT|_64$/ { print $5 }' | sed 's/@.*//' | LC_ALL=C sort -u >"$T/calls"
eq "own calls that come back" "" "$(LC_ALL=C comm -12 "$T/calls" "$ROOT/tests/golden/guard-exports.txt" | tr '\n' ' ')"
# Every fortified form that glibc has of what is compared.
libc=$(ldd /bin/true | sed -n 's/.*=> \(.*libc\.so\.6\) .*/\1/p')
nm -D --defined-only "$libc" | awk '{ print $3 }' | sed -n 's/^\(__.*_chk\)@.*/\1/p' | sort -u | while read -r chk; do
	plain=${chk#__}
	plain=${plain%_chk}
	if grep -qx "$plain" "$T/exports" && ! grep -qx "$chk" "$T/exports"; then echo "$chk"; fi
done >"$T/missing"
eq "fortified forms left out" "" "$(tr '\n' ' ' <"$T/missing")"
printf 'a b\nc d\n' | LD_PRELOAD=$so sort -r >"$T/sorted"
eq "a program without a recording" "c d a b" "$(tr '\n' ' ' <"$T/sorted" | sed 's/ $//')"
