# Pointers in registers of a thread that sleeps in the kernel. The dynamic linker's block of the thread is larger by a slot under memscope-record.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

compare leak_registers "0 0" "0 0" "2 788" "2 1300" possible 0 -16
eq "holder" registers "$(value '.holders.list[0].holder.kind')"
eq "what only registers hold" "3 1800" "$(value '.holders.list[0] | "\(.retained_blocks) \(.retained_bytes)"')"
