//! What a fresh start costs: later attempts need more evidence, so that all together err at most α.
//!
//! w₁ = 0.7, w_j = 0.3/(j(j−1)) for j ≥ 2, Σ w_j = 1; threshold of attempt j: θ_j = −ln(α·w_j).
//! By Ville's inequality P(ever ln E ≥ θ_j) ≤ α·w_j under the null, and by the union bound the sum over all
//! attempts is at most α. Source: weights our own; Ville 1939.

use super::numbers::ln;

/// Share of the error level that attempt `attempt` may spend; the first is 1, and 0 is read as the first.
pub fn attempt_weight(attempt: u32) -> f64 {
    if attempt <= 1 {
        return 0.7;
    }
    let attempt = f64::from(attempt);
    0.3 / (attempt * (attempt - 1.0))
}

/// θ_j: the ln E at which attempt `attempt` has rejected its null at the error level `alpha`.
pub fn attempt_threshold(alpha: f64, attempt: u32) -> f64 {
    -ln(alpha * attempt_weight(attempt))
}

/// The ln M at which a detector calls: a false alarm within `slots` slots has probability `alpha` at most.
pub fn alarm_threshold(slots: f64, alpha: f64) -> f64 {
    ln(slots / alpha)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_those_of_the_specification() {
        for (attempt, threshold) in [(1, 3.352), (2, 4.893), (3, 5.991), (4, 6.685)] {
            assert!((attempt_threshold(0.05, attempt) - threshold).abs() < 1e-3, "attempt {attempt}");
        }
        assert!((alarm_threshold(360.0, 0.01) - 10.491_274_217_438_248).abs() < 1e-12);
    }

    #[test]
    fn all_attempts_together_spend_no_more_than_the_level() {
        let spent: f64 = (1..100_000).map(attempt_weight).sum();
        assert!(spent < 1.0 && spent > 0.9999, "{spent}");
    }
}
