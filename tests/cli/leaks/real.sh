# Real programs: jq and sqlite3 have the same blocks of each kind at their end as Memcheck sees, when it does not have libc free its own first.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

command -v valgrind >/dev/null || skip "no valgrind to compare with"
same_kinds() {
	kinds_of_memscope "$@"
	MEMCHECK_OPTIONS="--run-libc-freeres=no --run-cxx-freeres=no" kinds_of_memcheck "$@"
	cmp -s "$T/theirs" "$T/ours" || wrong "$1: Memcheck says '$(tr '\n' ';' <"$T/theirs")', memscope '$(tr '\n' ';' <"$T/ours")'"
}
same_kinds /usr/bin/jq -c length "$ROOT/schemas/report.schema.json"
same_kinds /usr/bin/sqlite3 :memory: 'create table t(a, b); insert into t values (1, 2); select * from t;'
