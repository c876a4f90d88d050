//! What the journal has of an agent's findings, number by number.

use std::path::Path;

use tidelock_agent::spool::Spool;
use tidelock_collector::journal::{Position, read_findings_offline};
use tidelock_collector::records::seen_from_bytes;
use tidelock_core::record::Observation;
use tidelock_tests::{AgentHandle, World};

/// The numbers of an agent's findings in the journal of this data folder, in the journal's order.
pub(crate) fn numbers(data: &Path, agent: &str) -> Vec<u64> {
    let records = read_findings_offline(data, Position::new(1)).expect("the journal can be read");
    let mut numbers = Vec::new();
    // What is being written at this moment is no record yet.
    for stored in records.map_while(Result::ok) {
        let seen = seen_from_bytes(&stored.record.body).expect("the collector wrote it");
        if let Observation::Findings(batch) = seen.observation
            && batch.agent.name.as_str() == agent
        {
            assert!(batch.gap.is_none(), "{agent} lost findings: {:?}", batch.gap);
            numbers.extend((batch.first_seq..).take(batch.findings.len()));
        }
    }
    numbers
}

/// Lets every agent leave in good order; each finding that one of them ever kept must be in the journal then, once.
pub(crate) fn each_finding_is_there_once(world: &mut World, data: &Path) {
    for agent in &mut world.agents {
        let mut process = agent.process.take().expect("it runs");
        let ended = process.terminate(std::time::Duration::from_secs(60));
        assert!(ended.success(), "{}: {}", agent.name, process.log());
        let kept = kept(agent);
        assert!(kept > 0, "{} found nothing", agent.name);
        assert_eq!(numbers(data, &agent.name), (1..=kept).collect::<Vec<_>>(), "{}", agent.name);
    }
}

/// How many findings an agent that has ended ever kept.
fn kept(agent: &AgentHandle) -> u64 {
    let spool = Spool::open(&agent.folder.join("spool"), 64 << 20).expect("its agent has left it");
    spool.ledger().next_seq() - 1
}
