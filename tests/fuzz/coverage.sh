#!/usr/bin/env bash
# Cargo calls it instead of rustc for the crates of this workspace: they tell libFuzzer where they have been.
# What runs while building has no libFuzzer, and stays as it is.
case " $* " in
    *" --crate-type lib "* | *" --crate-name fuzz "*)
        exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
            -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
            -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 ;;
    *) exec "$@" ;;
esac
