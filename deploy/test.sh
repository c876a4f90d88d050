#!/usr/bin/env bash
# Looks at the formatting, runs every test, and ends with one line: N passed, N failed, N skipped.
# With CI set nothing is kept for the next build: that takes gigabytes, and a clean build never reads it.
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
[ -z "${CI:-}" ] || export CARGO_INCREMENTAL="${CARGO_INCREMENTAL:-0}"

# Says where fewer GiB are free than are needed: a full disk fails tests that are right.
room() {
    local place=$1 gib=$2 what=$3 free
    free=$(df -Pk "$place" | awk 'NR == 2 { print int($4 / 1048576) }')
    [ "${free:-$gib}" -ge "$gib" ] || echo "warning: only $free GiB are free for $what ($place); $gib GiB are needed" >&2
}
target=${CARGO_TARGET_DIR:-target}
[ -d "$target" ] || target=$(dirname "$target")
room "$target" 12 "what is built"
room "${TMPDIR:-/tmp}" 2 "the tests' folders"

# It takes a second. What is not formatted counts as one that failed; the tests run all the same.
form=0
cargo fmt --all --check || { form=1; echo "!! not formatted (or rustfmt is missing: rustup component add rustfmt): run cargo fmt --all"; }

{ make --no-print-directory plugins && cargo run -q -p tidelock-components --bin componentize -- tidelock-test-guest; } \
    || { echo "0 passed, $(( form + 1 )) failed, 0 skipped"; exit 1; }
cargo build --workspace --bins || { echo "0 passed, $(( form + 1 )) failed, 0 skipped"; exit 1; }
# The replay test asks a collector of another build profile.
cargo build --profile replay -p tidelock-collector --bin tidelock-collector \
    || { echo "0 passed, $(( form + 1 )) failed, 0 skipped"; exit 1; }
cargo nextest run --workspace --no-tests=fail "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}

summary=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E 'Summary \[' | tail -n 1)
count() { grep -oE "[0-9]+ $1" <<<"$summary" | grep -oE '[0-9]+' | head -n 1; }
passed=$(count passed); failed=$(count failed); timed=$(count 'timed out'); skipped=$(count skipped)
failed=$(( ${failed:-0} + ${timed:-0} ))
# A build that breaks has no summary: that is a failure, never "nothing failed".
if [ -z "$summary" ] || { [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; }; then failed=$(( failed + 1 )); fi
failed=$(( failed + form ))
echo "${passed:-0} passed, $failed failed, ${skipped:-0} skipped"
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ]
