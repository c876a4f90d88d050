//! Who asked for what they may not have: kept for people to read, and never so much that it fills a disk.
//!
//! A refused ask changes nothing, so it has no place in the journal, which a stranger could fill. It goes into
//! two files of a bounded size beside it. Each caller, person or agent, writes a few lines at once and then one now
//! and then; what comes again is counted on its line, and what is left out is counted, too.

mod file;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidelock_model::{Name, Timestamp, mutated};

use crate::pace::Pace;

/// Lines that are remembered.
const KEPT: usize = 1000;
/// The same again within this time is one line.
const AGAIN: Duration = Duration::from_secs(600);
/// New lines of one caller at once, and then one in this time.
const AT_ONCE: u64 = 50;
const ONE_IN: Duration = Duration::from_secs(10);
/// Lines that wait for the disk.
const WAITING: usize = 256;
/// The longest text of a line.
const TEXT_CHARS: usize = 300;

/// One refused ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedAsk {
    /// When it was asked last, in milliseconds.
    pub unix_ms: u64,
    /// Who asked, of an agent its side and name; empty for one who did not sign in.
    pub subject: String,
    /// What their access is, `agent` of an agent; empty for none.
    pub role: String,
    /// The id of their access; empty for none.
    pub grant: String,
    /// The one migration that the access is for, or that the agent is of; empty for all, or for none.
    pub migration: String,
    /// Where it came from.
    pub address: String,
    /// What was asked.
    pub what: String,
    /// Why it was refused.
    pub why: String,
    /// How often.
    pub times: u64,
}

impl RefusedAsk {
    fn like(&self, other: &RefusedAsk) -> bool {
        (&self.grant, &self.address, &self.subject) == (&other.grant, &other.address, &other.subject)
            && (&self.what, &self.why, &self.migration) == (&other.what, &other.why, &other.migration)
    }

    /// Whose pace it takes: their access, an agent's name, or the address of one whom nobody knows. Agents behind one
    /// address have each their own, and a stranger there takes nothing from them.
    fn caller(&self) -> String {
        match (self.grant.as_str(), self.subject.as_str()) {
            ("", "") => self.address.clone(),
            ("", agent) => format!("{} {agent}", self.migration),
            (grant, _) => grant.to_owned(),
        }
    }
}

/// The refused asks of this collector. Clones write together.
#[derive(Debug, Clone)]
pub struct Audit {
    lines: Arc<Mutex<Lines>>,
    pace: Pace<String>,
    disk: Option<SyncSender<RefusedAsk>>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<RefusedAsk>,
    left_out: u64,
    unreadable: u64,
}

impl Audit {
    /// Reads what earlier runs wrote below `dir`, and writes on. Where that cannot be, refused asks are
    /// remembered in memory alone, and the log says so. Blocks on the disk.
    pub fn open(dir: &Path) -> Audit {
        let (found, disk) = match file::open(dir) {
            Ok((found, file)) => (found, file::write_beside(file)),
            Err(error) => {
                tracing::error!(%error, "refused asks are not written to disk");
                (file::Found::default(), None)
            }
        };
        let lines = Lines { kept: found.kept, left_out: 0, unreadable: found.unreadable };
        Audit { lines: Arc::new(Mutex::new(lines)), pace: Pace::new(AT_ONCE, ONE_IN), disk }
    }

    /// Remembers a refused ask.
    pub fn tell(&self, ask: RefusedAsk) {
        if mutated("a-refused-ask-is-told") {
            return;
        }
        let ask = RefusedAsk { what: text(&ask.what), why: text(&ask.why), ..ask };
        let (mut lines, now) =
            (self.lines.lock().unwrap_or_else(PoisonError::into_inner), Timestamp::from_millis(ask.unix_ms));
        let young =
            |line: &RefusedAsk| now.since(Timestamp::from_millis(line.unix_ms)) <= AGAIN && line.like(&ask);
        if let Some(line) = lines.kept.iter_mut().rev().find(|line| young(line)) {
            (line.times, line.unix_ms) = (line.times.saturating_add(1), ask.unix_ms);
            // 10, 100, 1000 …: the files know how many there were, too.
            let told = 10_u64.pow(line.times.ilog10()) == line.times;
            let again = line.clone();
            return if told {
                self.write(again)
            };
        }
        if !self.pace.take(ask.caller(), now) && !mutated("refused-asks-have-a-pace") {
            lines.left_out = lines.left_out.saturating_add(1);
            return;
        }
        if lines.kept.len() == KEPT {
            lines.kept.pop_front();
        }
        lines.kept.push_back(ask.clone());
        drop(lines);
        tracing::warn!(
            subject = ask.subject,
            address = ask.address,
            what = ask.what,
            why = ask.why,
            "refused"
        );
        self.write(ask);
    }

    /// Nobody waits for the disk; what it does not take in time is counted.
    fn write(&self, ask: RefusedAsk) {
        if self.disk.as_ref().is_some_and(|disk| disk.try_send(ask).is_err()) {
            tracing::warn!("the disk is too slow for the refused asks: one is not written");
        }
    }

    /// The newest first, at most so many, and how many were left out since the start; only of access that is
    /// bound to that migration, where one is named.
    pub fn newest(&self, of: Option<&Name>, most: usize) -> (Vec<RefusedAsk>, u64) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = |line: &&RefusedAsk| of.is_none_or(|name| line.migration == name.as_str());
        let mut found: Vec<RefusedAsk> = lines.kept.iter().filter(seen).cloned().collect();
        found.sort_by_key(|line| std::cmp::Reverse(line.unix_ms));
        found.truncate(most);
        (found, lines.left_out)
    }

    /// What could not be read of earlier runs: nobody knows who was refused there.
    pub fn unreadable(&self) -> u64 {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).unreadable
    }
}

/// Without what could play tricks on a screen, and cut.
fn text(text: &str) -> String {
    let seen = text.chars().map(|c| if tidelock_model::is_unfit(c) { ' ' } else { c });
    seen.take(TEXT_CHARS).collect()
}

/// An address as it is written: without its port, which is another one each time.
pub(crate) fn address(of: Option<IpAddr>) -> String {
    of.map(|address| address.to_canonical().to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(at_ms: u64, what: &str) -> RefusedAsk {
        RefusedAsk {
            unix_ms: at_ms,
            subject: "ci".into(),
            role: "pipeline".into(),
            grant: "0a".into(),
            migration: "shop-moves".into(),
            address: "192.0.2.1".into(),
            what: what.into(),
            why: "a pipeline may not do this".into(),
            times: 1,
        }
    }

    #[test]
    fn a_flood_is_a_few_lines_and_its_size_and_outlives_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let audit = Audit::open(dir.path());
        (0..2_500).for_each(|at| audit.tell(ask(at, "Hold")));
        (0..500).for_each(|at| audit.tell(ask(3_000 + at, &format!("call {at}\u{1b}[2J"))));
        let (lines, left_out) = audit.newest(None, 2_000);
        assert_eq!((lines.len() as u64, left_out), (AT_ONCE, 500 + 1 - AT_ONCE));
        assert!(lines.iter().any(|line| line.what == "Hold" && line.times == 2_500), "{:?}", lines.last());
        assert!(lines.iter().all(|line| !line.what.contains('\u{1b}')));
        assert_eq!(audit.newest(Name::new("other").ok().as_ref(), 9).0, []);
        drop(audit);
        file::wait(dir.path(), |lines| lines.len() == AT_ONCE as usize);
        let (again, _) = Audit::open(dir.path()).newest(None, 2_000);
        assert_eq!(again.len(), AT_ONCE as usize);
        assert!(again.iter().any(|line| line.what == "Hold" && line.times == 1_000), "{again:?}");
    }

    #[test]
    fn agents_of_one_address_are_told_apart_and_a_strangers_flood_hides_none_of_them() {
        let dir = tempfile::tempdir().unwrap();
        let audit = Audit::open(dir.path());
        let stranger = |at| RefusedAsk {
            subject: String::new(),
            grant: String::new(),
            ..ask(at, &format!("call {at}"))
        };
        (0..500).for_each(|at| audit.tell(stranger(at)));
        assert_eq!(audit.newest(None, 2_000).0.len() as u64, AT_ONCE);
        let agent = |migration: &str, name: &str| RefusedAsk {
            subject: name.to_owned(),
            role: "agent".to_owned(),
            grant: String::new(),
            migration: migration.to_owned(),
            ..ask(500, "AgentService/Session")
        };
        for _ in 0..1_000 {
            for (migration, name) in [("shop", "source/a"), ("shop", "source/b"), ("bank", "source/a")] {
                audit.tell(agent(migration, name));
            }
        }
        let (lines, _) = audit.newest(Name::new("shop").ok().as_ref(), 2_000);
        let told: Vec<_> = lines.iter().map(|line| (line.subject.as_str(), line.times)).collect();
        assert_eq!(told, [("source/a", 1_000), ("source/b", 1_000)]);
        assert_eq!(audit.newest(Name::new("bank").ok().as_ref(), 2_000).0.len(), 1);
    }
}
