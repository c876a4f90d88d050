//! When each agent was heard, and when it could not be: what it found while its link was down comes late
//! through no fault of the check, and says nothing about how timely its findings are.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{AgentKey, Timestamp};

use crate::roster::ONLINE_FOR;

/// A sign of life is not noted again within this: twice in the shortest slot there can be is enough,
/// however many batches come.
const NOTED_AGAIN: Duration = Duration::from_millis(500);
/// Stretches without a link that are remembered of an agent; the oldest is forgotten first.
const STRETCHES: usize = 8;

/// From a last sign of life to the next.
pub(super) type Stretch = (Timestamp, Timestamp);

/// The links of all agents.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Links(BTreeMap<AgentKey, Link>);

#[derive(Debug, Clone, PartialEq)]
struct Link {
    first: Timestamp,
    heard: Timestamp,
    down: Vec<Stretch>,
}

impl Links {
    /// A sign of life. Gives back when the first one was; none where one was noted just now.
    pub(super) fn heard(&mut self, at: Timestamp, agent: &AgentKey) -> Option<Timestamp> {
        let Some(link) = self.0.get_mut(agent) else {
            self.0.insert(agent.clone(), Link { first: at, heard: at, down: Vec::new() });
            return Some(at);
        };
        let silent = at.since(link.heard);
        if silent < NOTED_AGAIN {
            return None;
        }
        if silent > ONLINE_FOR {
            if link.down.len() == STRETCHES {
                link.down.remove(0);
            }
            link.down.push((link.heard, at));
        }
        link.heard = at;
        Some(link.first)
    }

    /// The last times in which nothing could be heard of the agent.
    pub(super) fn down(&self, agent: &AgentKey) -> &[Stretch] {
        self.0.get(agent).map_or(&[], |link| &link.down)
    }
}
