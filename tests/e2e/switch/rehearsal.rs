//! A gate that wants a rehearsal is held until both ways were rehearsed at this revision of the plan, and a
//! rehearsal runs none of the real commands.

use serde_json::Value;
use tidelock_tests::eventually;

use super::rig::Rig;

/// What holds the gate `ready` for want of a rehearsal.
fn wanting(rig: &Rig) -> Result<Vec<String>, String> {
    let answer = rig.bo.run(&["gate", "check", "ready", "-o", "json"]);
    let gate: Value = serde_json::from_str(&answer.out).map_err(|_| answer.err)?;
    let holds = gate["holds"].as_array().ok_or(answer.out)?;
    let wanting = holds.iter().filter(|hold| hold["code"] == "rehearsal");
    Ok(wanting.map(|hold| hold["reason"].as_str().unwrap_or_default().to_owned()).collect())
}

pub(super) fn opens_a_gate_and_touches_nothing(rig: &Rig) {
    let never = ["the cutover was never rehearsed", "the rollback was never rehearsed"];
    eventually("the gate ready wants both rehearsals", || {
        let found = wanting(rig)?;
        if found == never { Ok(()) } else { Err(format!("{found:?}")) }
    });
    let cutover = rig.bo.run(&["cutover", "run", "--rehearse", "--no-input"]).good();
    assert!(cutover.out.contains("rehearsal completed"), "{}", cutover.out);
    assert_eq!(
        wanting(rig).as_deref(),
        Ok(&never[1..].iter().map(|&it| it.to_owned()).collect::<Vec<_>>()[..])
    );
    let _ = rig.bo.run(&["rollback", "run", "--rehearse", "--no-input"]).good();
    assert_eq!(wanting(rig), Ok(Vec::new()));
    assert_eq!(rig.ops.log(), Vec::new(), "a rehearsal touches nothing");
}
