#!/usr/bin/env bash
# Formatting, clippy with every lint an error, the protocol's style, the dependency policy.
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0
step() { printf '== %s\n' "$*"; "$@" || { bad=1; printf '!! failed: %s\n' "$*"; }; }

step cargo fmt --all --check
step cargo clippy --workspace --all-targets -- -D warnings
if cargo deny --version >/dev/null 2>&1; then
    step cargo deny --offline check bans licenses sources
else
    echo "!! cargo-deny is missing, so the dependency policy was not checked: cargo install --locked cargo-deny"; bad=1
fi
if command -v promtool >/dev/null; then
    step promtool check rules deploy/prometheus/rules.yaml
    step promtool test rules deploy/prometheus/tests.yaml
else
    echo "!! promtool is missing, so the alarms were not played: make setup"; bad=1
fi
if command -v systemd-analyze >/dev/null; then
    for unit in deploy/systemd/*.service; do
        step systemd-analyze security --offline=true --threshold=15 --no-pager "$unit"
    done
else
    echo "!! systemd-analyze is missing, so the units were not judged: make setup"; bad=1
fi
# Checkers that come from PyPI, into the build's folder; `make test` asks them, too.
tools=target/lint
step ./deploy/setup.sh checkers
if command -v python3 >/dev/null; then
    step "$tools/bin/buf" lint proto
    # What reaches a cluster: the manifests with the values of settings.yaml in their places.
    manifests=$tools/kubernetes.yaml
    if command -v kubectl >/dev/null; then
        mkdir -p "$tools"
        kubectl kustomize deploy/kubernetes > "$manifests" || { bad=1; echo "!! failed: kubectl kustomize"; }
    else
        echo "!! kubectl is missing, so the manifests were not put together: install it"; bad=1
    fi
    for version in 1.29 1.33 1.37; do
        step env PYTHONPATH="$tools" python3 "$tools/bin/kubernetes-validate" --quiet --strict \
            --kubernetes-version "$version" "$manifests"
    done
    step "$tools/bin/hadolint" deploy/docker/*.Dockerfile
else
    echo "!! python3 is missing, so protocol, manifests and images were not linted: install it"; bad=1
fi
exit $bad
