# Every bug of the zoo, in every mode: exactly the finding that the mode promises; and the table in docs/LIMITATIONS.md.
. "$ROOT/tests/cli/_lib.sh"
/usr/bin/python3 "$ROOT/tests/cli/zoo/_zoo.py" bugs || wrong "see above"
