# Under each guard the leak-shaped programs have the same leaks: a guard changes where blocks lie, not who points to them.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

for program in chain cycle interior registers tls stacks mapping xor newarray inheritance; do
	kinds_of_memscope "$PROGRAMS/leak_$program"
	mv "$T/ours" "$T/plain"
	for guard in canary full sample; do
		kinds_of_memscope --guard=$guard "$PROGRAMS/leak_$program"
		cmp -s "$T/plain" "$T/ours" ||
			wrong "leak_$program under --guard=$guard: '$(tr '\n' ';' <"$T/ours")', plain '$(tr '\n' ';' <"$T/plain")'"
	done
done
