# What the tests of leak-shaped programs share. Source after _lib.sh.

# kinds_of_memscope PROGRAM...: records it; a line "definite BLOCKS BYTES" per kind into $T/ours
kinds_of_memscope() {
	record "$@"
	report
	eq "leaks of $1 are observable" true "$(value .leaks.observable)"
	value '.leaks | "definite \(.definite.blocks) \(.definite.bytes)", "indirect \(.indirect.blocks) \(.indirect.bytes)",
	       "possible \(.possible.blocks) \(.possible.bytes)", "reachable \(.reachable.blocks) \(.reachable.bytes)"' >"$T/ours"
}

# kinds_of_memcheck PROGRAM...: the same as Memcheck sees it, into $T/theirs
kinds_of_memcheck() {
	# shellcheck disable=SC2086
	timeout -k 5 300 valgrind ${MEMCHECK_OPTIONS-} --leak-check=full --show-leak-kinds=all --log-file="$T/valgrind.log" "$@" >"$T/valgrind.out" 2>&1 </dev/null || true
	if grep -q 'no leaks are possible' "$T/valgrind.log"; then
		printf '%s 0 0\n' definite indirect possible reachable >"$T/theirs"
		return
	fi
	tr -d , <"$T/valgrind.log" | sed -nE \
		-e 's/^.* definitely lost: ([0-9]+) bytes in ([0-9]+) blocks$/definite \2 \1/p' \
		-e 's/^.* indirectly lost: ([0-9]+) bytes in ([0-9]+) blocks$/indirect \2 \1/p' \
		-e 's/^.* possibly lost: ([0-9]+) bytes in ([0-9]+) blocks$/possible \2 \1/p' \
		-e 's/^.* still reachable: ([0-9]+) bytes in ([0-9]+) blocks$/reachable \2 \1/p' >"$T/theirs"
	eq "lines of Memcheck's summary of $1" 4 "$(wc -l <"$T/theirs")"
}

# compare PROGRAM DEFINITE INDIRECT POSSIBLE REACHABLE [KIND BLOCKS BYTES]...: what the program was written to lose, as "BLOCKS BYTES" each, is
# what memscope says; and Memcheck says the same but for the differences listed: in that kind it has so many blocks and bytes more than we
# (less: negative), each one explained in docs/LIMITATIONS.md.
compare() {
	local program=$1 kind blocks bytes
	kinds_of_memscope "$PROGRAMS/$program"
	printf 'definite %s\nindirect %s\npossible %s\nreachable %s\n' "$2" "$3" "$4" "$5" >"$T/expected"
	cmp -s "$T/expected" "$T/ours" || wrong "$program: expected '$(tr '\n' ';' <"$T/expected")', memscope says '$(tr '\n' ';' <"$T/ours")'"
	shift 5
	command -v valgrind >/dev/null || [ "$failures" -gt 0 ] || skip "no valgrind to compare with"
	while [ $# -ge 3 ]; do
		awk -v k="$1" -v n="$2" -v b="$3" '$1 == k { $2 += n; $3 += b } { print }' "$T/ours" >"$T/ours.new"
		mv "$T/ours.new" "$T/ours"
		shift 3
	done
	kinds_of_memcheck "$PROGRAMS/$program"
	while read -r kind blocks bytes; do
		eq "$program: $kind, of Memcheck and of memscope with the known differences" \
			"$blocks $bytes" "$(sed -n "s/^$kind //p" "$T/ours")"
	done <"$T/theirs"
}
