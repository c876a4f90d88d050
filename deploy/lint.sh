#!/usr/bin/env bash
# Formatting, clippy with every lint an error, the protocol's style, the dependency policy.
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0
step() { printf '== %s\n' "$*"; "$@" || { bad=1; printf '!! failed: %s\n' "$*"; }; }

step cargo fmt --all --check
step cargo clippy --workspace --all-targets -- -D warnings
if command -v npx >/dev/null; then
    step npx --yes --package=@bufbuild/buf@1.75.0 buf lint proto
else
    echo "!! npx is missing, so the protocol was not linted: install Node.js"; bad=1
fi
if cargo deny --version >/dev/null 2>&1; then
    step cargo deny --offline check bans licenses sources
else
    echo "!! cargo-deny is missing, so the dependency policy was not checked: cargo install --locked cargo-deny"; bad=1
fi
exit $bad
