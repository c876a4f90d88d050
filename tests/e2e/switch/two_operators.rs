//! Two operators at once: whoever comes second carries nothing out, and is told who walks the runbook.

use super::rig::Rig;

pub(super) fn the_second_is_refused_and_told_who(rig: &Rig) {
    let before = rig.ops.log();
    for words in
        [&["cutover", "run", "--yes", "--no-input"][..], &["cutover", "resume", "--yes", "--no-input"]]
    {
        let answer = rig.ana.run(words);
        assert_eq!(answer.code, 3, "{words:?}: {}{}", answer.out, answer.err);
        assert!(answer.err.contains("bo"), "{words:?} says who walks it: {}", answer.err);
    }
    assert_eq!(rig.ops.log(), before, "a second operator carries nothing out");
}
