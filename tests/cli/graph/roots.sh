# Every kind of place that can hold a pointer: the edges are those of which the program says where it put them.
. "$ROOT/tests/cli/graph/_graph.sh"

# With guards the blocks lie elsewhere, in full mode at odd addresses; who points to whom does not change.
for guard in "" canary full sample; do
	echo "guard: $guard"
	record ${guard:+"--guard=$guard"} "$PROGRAMS/graph_roots"
	eq status 0 $status
	edges
	complete 0
	held global data:global
	held chain "block:$(address global)"
	held static_local data:static_local.0
	held main_stack stack:main
	held stack stack:hold_on_stack
	held tls tls
	held register registers
	held mapped mapping:
	held shared "mapping:/dev/zero_(deleted)"
	held interior data:interior_of
	eq "offset into interior" "data:interior_of" "$(to "$(address interior)" 24)"
	held cycle_a "block:$(address cycle_b)"
	held cycle_b "block:$(address cycle_a)"
	held hidden ""
	held lost ""
	held end ""
	held ringed "block:$(address ringed)"
	large=$(awk '$1 == "block" && $3 == 1048576 { print $2 }' "$T/edges")
	held large "block:$large"
	eq "sources of the large block" mapping: "$(to "$large")"
	has_not "$T/edges" '^unscanned'
	report
	whole
done
