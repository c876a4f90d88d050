//! Small additions to the contract's report.

use crate::{Measure, Outcome, Report, Step};

impl Report {
    /// An empty report with that outcome.
    pub fn new(outcome: Outcome) -> Report {
        Report {
            outcome,
            steps: Vec::new(),
            measures: Vec::new(),
            digests: Vec::new(),
            marks: Vec::new(),
            remaining: Vec::new(),
            counts: None,
            note: String::new(),
        }
    }

    /// The step of that name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The value of the measure of that name.
    pub fn measure(&self, name: &str) -> Option<f64> {
        self.measures.iter().find(|measure| measure.name == name).map(|measure| measure.value)
    }

    /// The measure of that name, to be changed.
    pub(crate) fn measure_mut(&mut self, name: &str) -> Option<&mut Measure> {
        self.measures.iter_mut().find(|measure| measure.name == name)
    }
}
