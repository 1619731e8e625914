# Calls before any library is initialised, and after main, are recorded.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/ctor_early"
eq status 0 $status
report
exited 0
whole
site_is preinit_alloc 5 0
site_is ctor_alloc 25 25
site_is exe_ctor_alloc 7 7
site_is main_alloc 11 0
site_is exe_dtor_alloc 4 0
site_is dtor_alloc 3 0
