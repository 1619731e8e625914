# Pointers that are not written as pointers, and one in a freed block: lost.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

compare leak_xor "6 302" "0 0" "0 0" "2 48"
eq "blocks of the list, lost between its ends" "3 72" "$(value '.leaks.list[] | select(.sizes.most_frequent_bytes == 24 and .kind == "definite") | "\(.blocks) \(.bytes)"')"
