#!/usr/bin/env bash
# Builds for release and prints what Tidelock costs, side by side with a peer or a physical limit.
#   bench.sh           every measure
#   bench.sh NAME…     check, instance, ingest, verdict, engine, scenarios, group, restart, sessions, week, rotate,
#                      switch or idle
# Where a bar is missed it ends with 1, and its last line names each: the machine has its part in every number.
set -euo pipefail
cd "$(dirname "$0")/.."

guest=target/plugins/test-guest.wasm
[ -f "$guest" ] || cargo run -q -p tidelock-components --bin componentize -- --out target/plugins tidelock-test-guest
# One set of packages for both commands: with another one cargo would choose other features, and build
# everything again.
set=(-p tidelock-agent -p tidelock-collector -p tidelock-cli -p tidelock-demo -p tidelock-tests)
cargo build --release -q "${set[@]}" --bins --bench bench
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo bench -q "${set[@]}" --bench bench -- "$@" | tee "$log"
if tail -n 1 "$log" | grep -q '^bars missed: '; then exit 1; fi
