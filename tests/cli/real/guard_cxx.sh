# C++ programs under the guards: every form of new and delete, exceptions, destructors of threads.
. "$ROOT/tests/cli/real/_guard.sh"
guarded "$PROGRAMS/operators"
guarded "$PROGRAMS/exceptions"
