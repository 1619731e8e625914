# new[] of objects with destructors. libstdc++ keeps a block of 72704 bytes for exceptions, which Memcheck has it free before it looks.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

compare leak_newarray "1 32" "3 60" "1 64" "13 73024" reachable -1 -72704
