//! Sums over queues, where one unknown number makes the sum unknown.

use tidelock_plugin::Scenario;

/// A sum that is given up when a part of it is not known: no number is better than one that is too small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tally {
    sum: Option<f64>,
    looked: bool,
}

impl Tally {
    /// Nothing added yet.
    pub(crate) fn new() -> Tally {
        Tally { sum: Some(0.0), looked: false }
    }

    /// Adds a number.
    pub(crate) fn add(&mut self, number: Option<f64>) {
        self.looked = true;
        self.sum = self.sum.zip(number).map(|(sum, number)| sum + number);
    }

    /// Keeps the larger number.
    pub(crate) fn raise(&mut self, number: Option<f64>) {
        self.looked = true;
        self.sum = self.sum.zip(number).map(|(sum, number)| sum.max(number));
    }

    /// Reports the sum when all of it is known.
    pub(crate) fn measure(&self, run: &mut Scenario, name: &str, unit: &str) {
        if let Some(sum) = self.sum.filter(|_| self.looked) {
            run.measure(name, sum, unit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unknown_part_makes_the_sum_unknown() {
        let mut tally = Tally::new();
        tally.add(Some(2.0));
        assert_eq!(tally.sum, Some(2.0));
        tally.add(None);
        tally.add(Some(1.0));
        assert_eq!(tally.sum, None);
    }
}
