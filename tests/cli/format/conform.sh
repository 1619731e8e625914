# The schema may only grow: flatc compares it with the snapshot of the last release, and sees the changes that are not allowed.
. "$ROOT/tests/cli/_lib.sh"
cd "$ROOT/schemas"
# accepted FILE: FILE is a compatible evolution of the snapshot
accepted() { flatc --conform trace.v1.fbs "$1" >"$T/out" 2>"$T/err"; }

accepted trace.fbs || wrong "trace.fbs is no compatible evolution of trace.v1.fbs: $(cat "$T/out" "$T/err")"

# Proof that the check can fail, and for each change alone. allowed|forbidden NAME SED-EXPRESSION
changed() {
	sed "$2" trace.v1.fbs >"$T/$1.fbs"
	! cmp -s trace.v1.fbs "$T/$1.fbs" || wrong "$1: the expression changes nothing"
	flatc -b --schema -o "$T" "$T/$1.fbs" || wrong "$1: no valid schema"
}
allowed() { changed "$1" "$2"; accepted "$T/$1.fbs" || wrong "$1 was refused: $(cat "$T/out" "$T/err")"; }
forbidden() { changed "$1" "$2"; ! accepted "$T/$1.fbs" || wrong "$1 was accepted"; }

allowed new_field 's/^  free_stacks: bool (id: 13);$/&\n  more: uint (id: 15);/'
allowed new_codec 's/^  Split8 = 7,$/&\n  Another = 8,/'
allowed new_member 's/End, Index }/End, Index, Column }/'
forbidden other_type 's/^  first_event: ulong (id: 1);$/  first_event: uint (id: 1);/'
forbidden other_id 's/^  pid: uint (id: 6);$/  pid: uint (id: 7);/; s/^  parent_pid: uint (id: 7);$/  parent_pid: ulong (id: 6);/'
forbidden other_enum_value 's/^  Varint = 1,$/  Varint = 9,/'
forbidden other_order_in_union 's/union Body { Process, Strings/union Body { Strings, Process/'
