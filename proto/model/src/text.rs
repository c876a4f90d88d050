//! Characters that are not what they look like on a screen.

/// Whether a character could paint on a terminal, turn a line around, or hide: control characters, marks
/// of direction, and what has no width. With such a mark a `fail` can be made to read as something else.
pub fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with a sign in the place of each character that is unfit; line ends and tabs stay.
pub fn fit(text: &str) -> String {
    text.chars().map(|c| if is_unfit(c) && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_what_it_looks_like_is_shown_as_a_sign() {
        for bad in ["\u{1b}[2J", "a\rb", "\u{9b}31m", "\u{202e}ssap", "a\u{200b}b", "\u{feff}a", "\u{e0041}"]
        {
            assert!(fit(bad).contains('\u{fffd}') && !fit(bad).chars().any(is_unfit), "{bad:?}");
        }
        for good in ["", "a\n\tb", "łódź 注文 заказ", "שלום", "100 %", "<b>'; --"] {
            assert_eq!(fit(good), good);
        }
    }
}
