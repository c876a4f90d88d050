#!/usr/bin/env bash
# Takes one defence away after the other: its test must pass with the defence and fail without it. Where that test plays
# stories, it plays the one that is named alone: another one that breaks says nothing of this defence.
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0; count=0; built=
run() { # defence, crate, test, story
    TIDELOCK_MUTATE=$1 TIDELOCK_STORY=${4:-} ${CARGO:-cargo} nextest run -p "$2" --features tidelock-model/mutate --no-tests=fail --show-progress none \
        -E "test(/(^|::)$3\$/)" 2>&1
}
while read -r defence crate test story; do
    [[ $defence && $defence != \#* ]] || continue
    count=$((count + 1))
    if [[ " $built " != *" $crate "* ]]; then
        ${CARGO:-cargo} nextest run -p "$crate" --features tidelock-model/mutate --no-run >/dev/null 2>&1 \
            || { echo "!! $crate does not build with the feature mutate"; exit 1; }
        built="$built $crate"
    fi
    with=$(run nothing "$crate" "$test" "$story") || { echo "!! $test${story:+ of $story} fails with every defence in place"; echo "$with" | tail -n 30; bad=1; continue; }
    without=$(run "$defence" "$crate" "$test" "$story"); status=$?
    # 100 is a test that failed; anything else is no answer.
    if [ $status -eq 100 ]; then echo "$defence: noticed by ${story:-$test}"
    else echo "!! $defence: taken away, and ${story:-$test} says nothing ($status)"; echo "$without" | tail -n 5; bad=1; fi
done <tests/mutations.txt
echo "$count defences, each taken away once"
exit $bad
