//! Chance with a seed: the same seed gives the same worlds on every machine.
//!
//! xoshiro256++ (Blackman and Vigna 2019), its state filled by splitmix64, as its authors advise. No
//! cryptography: what is drawn here guards nothing.

/// A stream of chance.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of one run of one row.
    pub(crate) fn of(seed: u64, row: &str, run: u64) -> Random {
        // FNV-1a over the row's name, so that a row keeps its worlds when another one is added.
        let named = row.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut filler = seed ^ named ^ run.wrapping_mul(0xd134_2543_de82_ef95);
        Random::from_state(std::array::from_fn(|_| splitmix(&mut filler)))
    }

    /// The stream of that state, which is not all zeros.
    pub(crate) fn from_state(state: [u64; 4]) -> Random {
        Random { state }
    }

    /// Another stream, which this one decides.
    pub(crate) fn branch(&mut self) -> Random {
        let mut filler = self.bits();
        Random::from_state(std::array::from_fn(|_| splitmix(&mut filler)))
    }

    /// 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let drawn = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        drawn
    }

    /// Evenly from [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Whether something of that chance happens.
    pub(crate) fn happens(&mut self, chance: f64) -> bool {
        chance > 0.0 && self.unit() < chance
    }

    /// The time to the next event of a Poisson process.
    pub(crate) fn waiting(&mut self, rate: f64) -> f64 {
        -(1.0 - self.unit()).ln() / rate
    }

    /// The moments of a Poisson process before `until`.
    pub(crate) fn moments(&mut self, rate: f64, until: f64) -> Vec<f64> {
        let mut moments = Vec::new();
        if rate > 0.0 {
            let mut at = self.waiting(rate);
            while at < until {
                moments.push(at);
                at += self.waiting(rate);
            }
        }
        moments
    }

    /// From the standard normal distribution (Box and Muller 1958, one of the two).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// One step of splitmix64 (Steele, Lea and Flood 2014).
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
