# Two libraries, one after the other at the same address: stacks name the right one.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/dlclose_reuse"
eq status 0 $status
eq "what it said" "same address" "$(cat "$T/out")"
report
exited 0
whole
site_is unload_a_alloc 30 0
site_is unload_b_alloc 60 0
eq "bytes in unload_a_alloc" 3030 "$(site unload_a_alloc allocated_bytes)"
eq "bytes in unload_b_alloc" 12120 "$(site unload_b_alloc allocated_bytes)"
for l in a b; do
	eq "modules of unload_${l}_alloc" "libunload_$l.so" "$(jq -r --arg f unload_${l}_alloc \
		'.sites[].stack[] | select(.function == $f) | .module | split("/")[-1]' "$T/report.json" | sort -u)"
done
ge "module-unload events" 6 "$(events '.kind == "module-unload"')"
