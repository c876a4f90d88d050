//! One table: what, its bar, ours, and what the peers' rules would have said in the same worlds.

use crate::estimate::Estimate;
use crate::peers::PEERS;

/// Prints one line.
#[expect(clippy::print_stdout, reason = "a program's own output")]
pub(crate) fn say(line: &str) {
    println!("{}", line.trim_end());
}

/// What is asked of a value, in the value's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bar {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// Shown, not judged.
    Nothing,
}

impl Bar {
    fn met(self, ours: Estimate, lenient: bool) -> bool {
        let (low, high) = if lenient { (ours.low, ours.high) } else { (ours.value, ours.value) };
        match self {
            Bar::AtMost(most) => low <= most + 1e-9,
            Bar::AtLeast(least) => high >= least - 1e-9,
            Bar::Nothing => true,
        }
    }

    fn words(self) -> String {
        match self {
            Bar::AtMost(most) => format!("<= {most}"),
            Bar::AtLeast(least) => format!(">= {least}"),
            Bar::Nothing => "-".to_owned(),
        }
    }
}

/// How many bars were looked at, and which were missed.
#[derive(Debug)]
pub(crate) struct Table {
    /// Few runs: a bar is missed only where all of the interval is beyond it.
    lenient: bool,
    judged: usize,
    missed: Vec<String>,
}

impl Table {
    /// Before the first row. With few runs chance alone would miss bars, so that the whole interval must.
    pub(crate) fn new(lenient: bool) -> Table {
        Table { lenient, judged: 0, missed: Vec::new() }
    }

    /// Prints what the columns are.
    pub(crate) fn head() {
        let peers: Vec<String> = PEERS.iter().map(|name| format!("{name:>9}")).collect();
        let (what, ours, interval, bar) = ("what", "ours", "95 % interval", "bar");
        say(&format!("{what:<62} {ours:>9} {interval:>14} {bar:>8}         {}", peers.join(" ")));
    }

    /// Prints what the next rows are about.
    pub(crate) fn part(about: &str) {
        say(&format!("\n{about}"));
    }

    /// Prints a row without peers.
    pub(crate) fn row(&mut self, what: &str, ours: Estimate, bar: Bar) {
        self.row_beside(what, ours, bar, &[]);
    }

    /// Prints a row with what the peers did, in the order of their names.
    pub(crate) fn row_beside(&mut self, what: &str, ours: Estimate, bar: Bar, peers: &[Option<Estimate>]) {
        let judged = bar != Bar::Nothing;
        let met = bar.met(ours, self.lenient);
        self.judged += usize::from(judged);
        if !met {
            self.missed.push(format!("{what}: {} instead of {}", ours.short(), bar.words()));
        }
        let word = match (judged, met) {
            (false, _) => "",
            (true, true) => "ok",
            (true, false) => "MISSED",
        };
        let peers: Vec<String> = (peers.iter())
            .map(|peer| format!("{:>9}", peer.map_or_else(String::new, |peer| peer.short())))
            .collect();
        let (short, interval, bar) = (ours.short(), ours.interval(), bar.words());
        say(&format!("  {what:<60} {short:>9} {interval:>14} {bar:>8} {word:<7} {}", peers.join(" ")));
    }

    /// Prints the sum; true where every bar was met.
    pub(crate) fn end(&self) -> bool {
        say(&format!("\n{} bars, {} missed", self.judged, self.missed.len()));
        for missed in &self.missed {
            say(&format!("  MISSED {missed}"));
        }
        self.missed.is_empty()
    }
}
