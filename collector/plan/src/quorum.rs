//! How many agents of a side must tell of a scenario, where one asks for another number than the side.

use std::collections::BTreeMap;

use tidelock_core::plan::{Plan, Scenario};
use tidelock_model::Side;

use crate::environment::MAX_AGENTS;
use crate::fields::Fields;
use crate::keys;
use crate::problem::Sink;

/// Reads `agents` of a scenario whose sides are known.
pub(crate) fn quorum(
    fields: &Fields<'_>,
    scenario: &Scenario,
    plan: &Plan,
    sink: &mut Sink,
) -> BTreeMap<Side, u32> {
    let mut quorum = BTreeMap::new();
    let Some(node) = fields.get("agents") else { return quorum };
    let Some(agents) = Fields::of(node, &keys::QUORUM, &fields.what("agents"), node.span, sink) else {
        return quorum;
    };
    if node.entries().is_empty() {
        sink.say("E013", node.span, format!("{} is empty", fields.what("agents")))
            .help("write how many of a side must tell of it: agents: { at_least: 2 }, or { target: 3 }");
    }
    let all = agents.count("at_least", 1, MAX_AGENTS, sink);
    for side in Side::BOTH {
        let own = agents.count(side.word(), 1, MAX_AGENTS, sink);
        if !scenario.sides.contains(&side) {
            if let Some(node) = agents.get(side.word()) {
                sink.say("E028", node.span, format!("{} asks for agents on {side}", agents.place))
                    .label("it does not run there")
                    .help("take it out, or set run_on");
            }
            continue;
        }
        let Some(least) = own.or(all) else { continue };
        let most = plan.environment(side).agents_at_most;
        if least > most {
            let text = format!("{} asks for {least} on {side}, which allows at most {most}", agents.place);
            sink.say("E028", node.span, text).help("it would wait for agents that may not enrol");
        }
        quorum.insert(side, least);
    }
    quorum
}
