//! The four functions that evidence is made of, the same bits on every machine and in every build.

/// Natural logarithm.
pub(crate) fn ln(value: f64) -> f64 {
    libm::log(value)
}

/// ln(1 + value), exact near zero.
pub(crate) fn ln_1p(value: f64) -> f64 {
    libm::log1p(value)
}

/// e to the power of `value`.
pub(crate) fn exp(value: f64) -> f64 {
    libm::exp(value)
}

/// ln Σ exp(v), summed in the order of the values; −∞ of none.
pub(crate) fn log_sum_exp(values: &[f64]) -> f64 {
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if highest.is_infinite() {
        return highest;
    }
    highest + ln(values.iter().map(|value| exp(value - highest)).sum())
}

/// `base` to the power of `exponent`.
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}
