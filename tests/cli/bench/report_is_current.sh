#!/usr/bin/env bash
# docs/BENCHMARKS.md is what the newest committed raw result gives, not edited by hand.
set -eu
"$ROOT/bench/report.py" --check
