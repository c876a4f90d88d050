//! A slot as it closed: what both sides answered, and whether it is evidence at all.

use tidelock_model::Side;

/// Which sides a claim looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// Target against source.
    Both,
    /// One side against an absolute bound.
    Only(Side),
}

/// Why a slot is no evidence whatever was heard in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Void {
    /// It ended while the collector could not receive.
    Away,
    /// An agent had to drop results of it.
    Gap,
    /// Different versions of the check ran in it.
    Version,
    /// An agent sent more results than can be.
    Flooded,
    /// A side has too little in it.
    Lacks(Side, Lack),
}

/// What a side is short of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// Not one result.
    Silent,
    /// Fewer agents reported than must.
    Agents,
    /// Fewer results than a slot needs.
    Results,
}

impl Void {
    const STRETCHES: [Void; 4] = [Void::Away, Void::Gap, Void::Version, Void::Flooded];

    /// The reason that a stretch of slots can have: that results lack is a gap.
    pub(super) fn stretch(self) -> Void {
        match self {
            Void::Away | Void::Gap | Void::Version | Void::Flooded => self,
            Void::Lacks(..) => Void::Gap,
        }
    }

    /// A number to write down.
    pub(super) fn number(self) -> u64 {
        match self.stretch() {
            Void::Away => 0,
            Void::Gap | Void::Lacks(..) => 1,
            Void::Version => 2,
            Void::Flooded => 3,
        }
    }

    /// What [`Void::number`] wrote.
    pub(super) fn from_number(number: u64) -> Option<Void> {
        Void::STRETCHES.get(usize::try_from(number).ok()?).copied()
    }
}

/// What one agent answered in a slot.
#[derive(Debug, Clone, PartialEq)]
pub struct HostSlot {
    /// The agent.
    pub agent: String,
    /// It gave a sign of life, or a result.
    pub alive: bool,
    /// What its checks found, in the order of their keys: true is a pass. Runs that did not look are not
    /// in it, and neither is counted traffic.
    pub results: Vec<bool>,
    /// Its runs that did not look.
    pub not_run: u64,
    /// Results that it owed and did not give.
    pub missing: u64,
}

/// One side of a slot. Counts are of results; of requests, where traffic was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct SideSlot {
    /// Which side.
    pub side: Side,
    /// Passed.
    pub ok: u64,
    /// Failed.
    pub failed: u64,
    /// Could not look.
    pub not_run: u64,
    /// Owed by a living agent of the roster and not given.
    pub missing: u64,
    /// Agents of the roster that reported (on the target a living agent does, for what it does not answer
    /// is counted).
    pub agents: u32,
    /// What is lacking for a claim that counts owed and not-run results of the target as not passed.
    pub lack: Option<Lack>,
    /// What is lacking for a claim that looks at passes and failures alone: guard, host, watch and blame.
    pub seen_lack: Option<Lack>,
    /// Each agent that was heard, by name.
    pub hosts: Vec<HostSlot>,
    /// Latencies of passed results in milliseconds, and how many there were of each; by agent and key.
    pub latencies: Vec<(f64, u64)>,
}

impl SideSlot {
    /// Results that count for readiness: on the target everything owed, on the source what looked.
    pub fn counted(&self) -> u64 {
        match self.side {
            Side::Target => self.seen().saturating_add(self.not_run).saturating_add(self.missing),
            Side::Source => self.seen(),
        }
    }

    /// Results that looked: passed or failed.
    pub fn seen(&self) -> u64 {
        self.ok.saturating_add(self.failed)
    }

    /// Counted results that did not pass.
    pub fn not_passed(&self) -> u64 {
        self.counted().saturating_sub(self.ok)
    }

    /// The success fraction for readiness; none where nothing counts.
    pub fn success(&self) -> Option<f64> {
        share(self.ok, self.counted())
    }

    /// The success fraction of what looked; none where nothing did.
    pub fn seen_success(&self) -> Option<f64> {
        share(self.ok, self.seen())
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (0 < whole).then(|| part as f64 / whole as f64)
}

/// A slot that has closed.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedSlot {
    /// Its number on the grid; of several, the first.
    pub slot: u64,
    /// How many slots it stands for: above 1 only for a long silence.
    pub times: u64,
    /// Why it is void for every claim.
    pub broken: Option<Void>,
    /// The source.
    pub source: SideSlot,
    /// The target.
    pub target: SideSlot,
}

impl ClosedSlot {
    /// One side of it.
    pub fn side(&self, side: Side) -> &SideSlot {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// Why it is void for a claim of readiness over those sides; none where it is evidence.
    pub fn void(&self, compared: Compared) -> Option<Void> {
        self.first_lack(compared, |side| side.lack)
    }

    /// The same for a claim that counts only what looked: guard, host, watch and blame.
    pub fn seen_void(&self, compared: Compared) -> Option<Void> {
        self.first_lack(compared, |side| side.seen_lack)
    }

    /// It is evidence for a claim of readiness over those sides.
    pub fn valid(&self, compared: Compared) -> bool {
        self.void(compared).is_none()
    }

    fn first_lack(&self, compared: Compared, lack: impl Fn(&SideSlot) -> Option<Lack>) -> Option<Void> {
        let of = |side| lack(self.side(side)).map(|lack| Void::Lacks(side, lack));
        self.broken.or_else(|| match compared {
            Compared::Both => of(Side::Source).or_else(|| of(Side::Target)),
            Compared::Only(side) => of(side),
        })
    }
}
