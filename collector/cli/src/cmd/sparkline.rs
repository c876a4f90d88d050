//! A course in one line of characters.

/// Which characters a drawing is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ink {
    levels: [char; 8],
    /// Nothing is known here.
    pub(crate) nothing: char,
    /// A slot that is no evidence.
    pub(crate) void: char,
    /// An incident began here.
    pub(crate) incident: char,
}

impl Ink {
    /// Blocks; or plain characters, for a terminal or font without them.
    pub(crate) fn new(ascii: bool) -> Ink {
        if ascii {
            Ink { levels: ['_', '.', ':', '-', '=', '+', '*', '#'], nothing: ' ', void: 'x', incident: '!' }
        } else {
            Ink {
                levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'], nothing: ' ', void: '×', incident: '!'
            }
        }
    }

    /// The character of a share. The highest is for the whole alone: 99 of 100 must be seen to fall short.
    pub(crate) fn level(self, share: f64) -> char {
        let step = if share >= 1.0 { 7.0 } else { (share * 7.0).floor().clamp(0.0, 6.0) };
        self.levels[step as usize]
    }

    /// A line of shares; where nothing is known nothing is drawn.
    pub(crate) fn line(self, shares: impl Iterator<Item = Option<f64>>) -> String {
        shares.map(|share| share.map_or(self.nothing, |share| self.level(share))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_is_drawn_full() {
        let shares = [Some(0.0), Some(0.2), Some(0.5), Some(0.999), Some(1.0), None, Some(f64::NAN)];
        assert_eq!(Ink::new(false).line(shares.into_iter()), "▁▂▄▇█ ▁");
        assert_eq!(Ink::new(true).line(shares.into_iter()), "_.-*# _");
    }
}
