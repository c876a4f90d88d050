//! What a number of runs says: a share or a median, each with its 95 % interval.
//!
//! A simulation is a sample too; a bar that is met by luck should look like it.

/// Two-sided 95 % of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// In what a value is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Of all runs.
    Percent,
    /// Of the simulated time.
    Minutes,
    /// Of the simulated time.
    Seconds,
}

/// A value with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    /// The share or the median.
    pub(crate) value: f64,
    /// Where the interval begins.
    pub(crate) low: f64,
    /// Where it ends.
    pub(crate) high: f64,
    /// Of all three.
    pub(crate) unit: Unit,
}

impl Estimate {
    /// The share of runs in which it happened, by Wilson's interval.
    pub(crate) fn share(hits: usize, runs: usize) -> Estimate {
        let runs = runs.max(1) as f64;
        let share = hits as f64 / runs;
        let shrink = 1.0 + Z * Z / runs;
        let centre = (share + Z * Z / (2.0 * runs)) / shrink;
        let half = Z / shrink * (share * (1.0 - share) / runs + Z * Z / (4.0 * runs * runs)).sqrt();
        let percent = |share: f64| share.clamp(0.0, 1.0) * 100.0;
        Estimate {
            value: percent(share),
            low: percent(centre - half),
            high: percent(centre + half),
            unit: Unit::Percent,
        }
    }

    /// The median of times in seconds, shown in `unit`; the interval is that of the ranks. A run in
    /// which it never happened counts as infinitely long.
    pub(crate) fn median(mut seconds: Vec<f64>, unit: Unit) -> Estimate {
        seconds.sort_by(f64::total_cmp);
        let runs = seconds.len() as f64;
        let half = Z * runs.sqrt() / 2.0;
        let rank = |rank: f64| {
            let at = (rank.ceil().max(1.0) as usize).min(seconds.len());
            let seconds = at.checked_sub(1).and_then(|at| seconds.get(at)).copied();
            seconds.unwrap_or(f64::INFINITY) / if unit == Unit::Minutes { 60.0 } else { 1.0 }
        };
        Estimate {
            value: rank(runs / 2.0),
            low: rank(runs / 2.0 - half),
            high: rank(runs / 2.0 + half + 1.0),
            unit,
        }
    }

    /// The value alone, as people read it.
    pub(crate) fn short(&self) -> String {
        let Estimate { value, unit, .. } = *self;
        match unit {
            _ if value.is_infinite() => "never".to_owned(),
            Unit::Percent => format!("{value:.1} %"),
            Unit::Minutes => format!("{value:.1} min"),
            Unit::Seconds => format!("{value:.0} s"),
        }
    }

    /// The interval alone.
    pub(crate) fn interval(&self) -> String {
        let side = |value: f64| match self.unit {
            _ if value.is_infinite() => "never".to_owned(),
            Unit::Percent | Unit::Minutes => format!("{value:.1}"),
            Unit::Seconds => format!("{value:.0}"),
        };
        format!("{} .. {}", side(self.low), side(self.high))
    }
}
