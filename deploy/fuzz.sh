#!/usr/bin/env bash
# Puts random bytes through every door for so many seconds each (60), or through those that are named.
# Only our own crates are built with coverage, so nothing else is built anew; stable Rust is enough.
set -uo pipefail
cd "$(dirname "$0")/.."
secs=${FUZZ_SECS:-60}
doors=("$@"); [ $# -gt 0 ] || doors=(wire plan journal report token component)
export RUSTC_WORKSPACE_WRAPPER="$PWD/tests/fuzz/coverage.sh"
${CARGO:-cargo} build -q -p tidelock-fuzz --features libfuzzer --bin fuzz || exit 1
bin=${CARGO_TARGET_DIR:-target}/debug/fuzz
bad=0
for door in "${doors[@]}"; do
    # What is found new stays out of the repository until somebody looks at it.
    found=${CARGO_TARGET_DIR:-target}/fuzz/$door; mkdir -p "$found/new" "$found/bad"
    TIDELOCK_FUZZ=$door "$bin" "$found/new" "tests/fuzz/seeds/$door" -max_total_time="$secs" -timeout=10 \
        -rss_limit_mb=2048 -max_len=65536 -artifact_prefix="$found/bad/" -print_final_stats=1 >"$found/log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found/log")
    edges=$(grep -oE 'cov: [0-9]+' "$found/log" | tail -n 1)
    echo "fuzz $door: ${runs:-0} inputs, ${edges:-no coverage}, exit $status"
    [ $status -eq 0 ] || { bad=1; tail -n 40 "$found/log"; echo "!! put the input from $found/bad into tests/fuzz/seeds/$door"; }
done
exit $bad
