//! Steps by their names: an event tells the number of a run's part, and people know the step.

use std::collections::BTreeMap;

use tidelock_core::PartStatus;
use tidelock_model::Name;
use tidelock_proto::v1;

use super::Api;
use crate::driver::RunSeen;

/// The names of the parts of some runs, by the run's number and the part's.
#[derive(Debug, Default)]
pub(super) struct Steps(BTreeMap<(u64, u32), String>);

impl Steps {
    /// Of these runs.
    pub(super) fn of<'a>(runs: impl IntoIterator<Item = &'a RunSeen>) -> Steps {
        let parts = |run: &'a RunSeen| {
            run.status.parts.iter().map(move |part| ((run.status.run, part.part), named(part)))
        };
        Steps(runs.into_iter().flat_map(parts).collect())
    }

    /// Of every run of a migration that is still known.
    pub(super) async fn of_migration(api: &Api, name: &Name) -> Steps {
        api.driver.report(name).await.map(|reported| Steps::of(&reported.runs)).unwrap_or_default()
    }

    /// It is about a part whose name is not in here.
    pub(super) fn lack(&self, event: &v1::Event) -> bool {
        about(event).is_some_and(|part| !self.0.contains_key(&part))
    }

    /// The event, with the step's name where there is one: `fence (part 2) begins`.
    pub(super) fn named(&self, mut event: v1::Event) -> v1::Event {
        let about = about(&event);
        let Some(((_, part), step)) = about.and_then(|about| Some((about, self.0.get(&about)?))) else {
            return event;
        };
        event.text = event.text.replacen(&format!("part {part}"), &format!("{step} (part {part})"), 1);
        event.step.clone_from(step);
        event
    }
}

fn about(event: &v1::Event) -> Option<(u64, u32)> {
    event.run.zip(event.part)
}

/// As commands take it: `fence`, `traffic@10%`.
fn named(part: &PartStatus) -> String {
    part.weight.map_or_else(|| part.name.to_string(), |weight| format!("{}@{weight}%", part.name))
}

#[cfg(test)]
mod tests {
    use tidelock_core::record::{Event, EventKind};
    use tidelock_model::{Sha256, Timestamp};

    use super::*;
    use crate::fold::EventLine;
    use crate::text::event_to_wire;

    fn event(kind: EventKind) -> v1::Event {
        let event = Event {
            by: None,
            reason: String::new(),
            request_id: String::new(),
            findings_position: 0,
            evidence_hash: Sha256::from_bytes([0; 32]),
            holds: Vec::new(),
            kind,
        };
        event_to_wire(&EventLine { sequence: 1, at: Timestamp::from_millis(1), event })
    }

    #[test]
    fn an_event_names_the_step_of_its_own_run_and_keeps_its_number() {
        let steps = Steps([((3, 1), "fence".to_owned()), ((3, 11), "traffic@10%".to_owned())].into());
        let begun = |run, part| event(EventKind::StepBegun { run, lease: 1, part, undo: true });
        let named = steps.named(begun(3, 1));
        assert_eq!((&*named.text, &*named.step), ("fence (part 1) is being taken back", "fence"));
        assert_eq!(steps.named(begun(3, 11)).text, "traffic@10% (part 11) is being taken back");
        let passed = event(EventKind::NoReturnPassed { run: 3, lease: 1, part: 1 });
        assert_eq!(steps.named(passed).text, "run 3 is past its point of no return, fence (part 1)");
        // Another run has other steps.
        let other = begun(4, 1);
        assert!(steps.lack(&other) && !steps.lack(&begun(3, 1)) && !steps.lack(&event(EventKind::HoldSet)));
        assert_eq!(steps.named(other.clone()), other);
        assert_eq!((other.run, other.part, &*other.step), (Some(4), Some(1), ""));
    }
}
