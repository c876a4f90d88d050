//! What a command says: shown as it comes, without anything that moves a terminal's cursor, and its
//! end kept for the journal.

/// Bytes of the end of what was said that the journal keeps.
pub(super) const KEPT_BYTES: usize = 4096;
/// A line that is longer is taken in pieces.
const LINE_BYTES: usize = 4096;
/// A command that prints this line says: from here on something has changed for good.
pub(super) const DURABLE: &str = "tidelock: durable";

/// Cuts what comes into lines, none longer than a piece.
#[derive(Debug, Default)]
pub(super) struct Lines {
    open: Vec<u8>,
}

impl Lines {
    /// Takes what came and gives the lines that it ended.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut whole = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => whole.extend(self.end()),
                byte => self.open.push(*byte),
            }
            if self.open.len() >= LINE_BYTES {
                whole.extend(self.end());
            }
        }
        whole
    }

    /// The line that nothing ended yet, if there is one.
    pub(super) fn end(&mut self) -> Option<String> {
        let bytes = std::mem::take(&mut self.open);
        (!bytes.is_empty()).then(|| plain(&String::from_utf8_lossy(&bytes)))
    }
}

/// The end of what was said.
#[derive(Debug, Default)]
pub(super) struct Tail {
    text: String,
}

impl Tail {
    pub(super) fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        let over = self.text.len().saturating_sub(KEPT_BYTES);
        if over > 0 {
            let from = (over..=self.text.len()).find(|at| self.text.is_char_boundary(*at));
            self.text.drain(..from.unwrap_or(over));
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// Text without the sequences and characters by which it could draw over the screen or turn it round.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                // Parameters, then one last character.
                while chars.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
                chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
            }
            '\t' => out.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_draw_over_the_screen_is_left_out() {
        let said = [
            "\u{1b}[31mred\u{1b}[0m",
            "a\u{1b}[2J\u{1b}[1;1Hb",
            "bell\u{7}",
            "tab\tbed",
            "\u{202e}evil",
            "\u{1b}]0;t\u{7}",
        ];
        assert_eq!(said.map(plain), ["red", "ab", "bell", "tab bed", "evil", "]0;t"]);
    }

    #[test]
    fn lines_come_whole_and_a_long_one_in_pieces() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"on"), Vec::<String>::new());
        assert_eq!(lines.push(b"e\r\ntwo\nthr"), ["one", "two"]);
        assert_eq!(lines.end().as_deref(), Some("thr"));
        assert_eq!(lines.end(), None);
        let pieces = lines.push(&[b'x'; 3 * LINE_BYTES + 1]);
        assert_eq!(pieces.iter().map(String::len).collect::<Vec<_>>(), [LINE_BYTES; 3]);
        assert_eq!(lines.end().as_deref(), Some("x"));
    }

    #[test]
    fn the_end_is_kept_and_never_more() {
        let mut tail = Tail::default();
        for number in 0..5000 {
            tail.push(&format!("zeile ü {number}"));
        }
        let text = tail.into_text();
        assert!(text.len() <= KEPT_BYTES && text.len() > KEPT_BYTES - 40, "{}", text.len());
        assert!(text.ends_with("zeile ü 4999\n"), "{text}");
    }
}
