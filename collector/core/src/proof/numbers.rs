//! The functions that evidence is made of, the same bits on every machine and in every build.

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

/// `base` > 0 to the power of `exponent`, rounded once: the nearest number, as any exact way would give it.
///
/// The power is carried as a sum of two numbers, so that its error stays far below the last place.
pub(crate) fn power(base: f64, exponent: i32) -> f64 {
    let (mut result, mut square, mut left) = ((1.0, 0.0), (base, 0.0), exponent.unsigned_abs());
    while left > 0 {
        if left & 1 == 1 {
            result = product(result, square);
        }
        square = product(square, square);
        left >>= 1;
    }
    let (high, low) = result;
    if exponent >= 0 {
        return high;
    }
    let nearly = 1.0 / high;
    let missing = libm::fma(-nearly, high, 1.0) - nearly * low;
    nearly + missing / high
}

/// The product of two sums of two numbers, as such a sum.
fn product(left: (f64, f64), right: (f64, f64)) -> (f64, f64) {
    let high = left.0 * right.0;
    let low = libm::fma(left.0, right.0, -high) + (left.0 * right.1 + left.1 * right.0);
    let sum = high + low;
    (sum, low - (sum - high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_is_the_nearest_number() {
        assert_eq!(power(2.0, 10), 1024.0);
        assert_eq!(power(2.0, -2), 0.25);
        assert_eq!(power(1.02, 0), 1.0);
        assert_eq!(power(3.0, 33), 5_559_060_566_555_523.0);
        assert!((power(1.02, 300) - exp(300.0 * ln(1.02))).abs() < 1e-9);
        assert!((power(1.02, -300) * power(1.02, 300) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_sum_of_exponentials_neither_overflows_nor_invents() {
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
        assert_eq!(log_sum_exp(&[f64::NEG_INFINITY, f64::NEG_INFINITY]), f64::NEG_INFINITY);
        assert!((log_sum_exp(&[1e6, 1e6]) - 1e6 - ln(2.0)).abs() < 1e-9);
    }
}
