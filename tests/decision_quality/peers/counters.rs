//! Rules that count: the last results, or measurements in a row.

use super::Minute;

/// Open when the last 20 results of the target are all ok.
#[derive(Debug, Default)]
pub(crate) struct LastOk(u32);

impl LastOk {
    /// Takes one result.
    pub(crate) fn result(&mut self, ok: bool) -> bool {
        self.0 = if ok { self.0 + 1 } else { 0 };
        self.0 >= 20
    }
}

/// Whether a measurement of Argo Rollouts passes: once a minute, `successCondition: result >= 0.95`.
fn measured_well(minute: Minute) -> bool {
    let (failed, all) = minute.target;
    all > 0 && f64::from(failed) <= 0.05 * f64::from(all) + 1e-9
}

/// Argo Rollouts, `consecutiveSuccessLimit: 4`: open after four good measurements in a row.
#[derive(Debug, Default)]
pub(crate) struct ConsecutiveSuccess(u32);

impl ConsecutiveSuccess {
    /// Ends a minute.
    pub(crate) fn minute(&mut self, minute: Minute) -> bool {
        self.0 = if measured_well(minute) { self.0 + 1 } else { 0 };
        self.0 >= 4
    }
}

/// Argo Rollouts, `failureLimit: 3` of `count: 10` measurements; what failed is started again until it is
/// green.
#[derive(Debug, Default)]
pub(crate) struct FailureLimit {
    measured: u32,
    failed: u32,
}

impl FailureLimit {
    /// Ends a minute.
    pub(crate) fn minute(&mut self, minute: Minute) -> bool {
        self.measured += 1;
        self.failed += u32::from(!measured_well(minute));
        if self.failed > 3 {
            *self = FailureLimit::default();
        }
        self.measured >= 10
    }
}
