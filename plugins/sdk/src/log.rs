//! Lines for people, kept within the host's limit.

/// The host keeps at most this much of a line.
const LINE_BYTES: usize = 1024;

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the author of the plugin.
    Debug,
    /// For who follows a run.
    Info,
    /// Something is not as it should be.
    Warn,
    /// The run cannot go on.
    Error,
}

/// At most one line's worth of a text, cut at a character.
pub(crate) fn clip(text: &str) -> String {
    clip_to(text, LINE_BYTES)
}

/// At most `bytes` of a text, cut at a character; a cut is shown by three dots.
pub(crate) fn clip_to(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = bytes.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// A line that only the author of the plugin wants.
#[macro_export]
macro_rules! debug {
    ($ctx:expr, $($line:tt)+) => { $ctx.log($crate::Level::Debug, &format!($($line)+)) };
}

/// A line for who follows a run.
#[macro_export]
macro_rules! info {
    ($ctx:expr, $($line:tt)+) => { $ctx.log($crate::Level::Info, &format!($($line)+)) };
}

/// A line about something that is not as it should be.
#[macro_export]
macro_rules! warn {
    ($ctx:expr, $($line:tt)+) => { $ctx.log($crate::Level::Warn, &format!($($line)+)) };
}

/// A line about what keeps the run from going on.
#[macro_export]
macro_rules! error {
    ($ctx:expr, $($line:tt)+) => { $ctx.log($crate::Level::Error, &format!($($line)+)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        assert_eq!(clip_to("short", 5), "short");
        assert_eq!(clip_to("ääää", 6), "ä…");
        assert_eq!(clip(&"x".repeat(5000)).len(), LINE_BYTES);
    }
}
