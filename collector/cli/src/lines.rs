//! Lines as wide as the terminal that they go to.
//!
//! Nothing is cut away: what does not fit goes on below, a little further in. Two things stay in one piece, and where
//! one of them is wider than the terminal it is the terminal that breaks it: a word, and a command of ours, because
//! what somebody copies from the screen must run as it stands. Where no terminal is, lines stay as they are:
//! programs read them.

use std::io::IsTerminal;
use std::ops::Range;
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;

/// The narrowest terminal that lines are broken for.
pub(crate) const LEAST: usize = 20;
/// A line that was broken is not further in than this part of the terminal.
const INDENT_PART: usize = 5;
/// How much further in it goes on.
const FURTHER: usize = 2;
/// The programs whose commands stay in one piece.
const OURS: [&str; 2] = ["tidelock", "tidelock-agent"];

/// How wide the terminal behind this stream is; none where it is no terminal, or does not say.
pub(crate) fn columns(stream: &(impl AsFd + IsTerminal)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let told = || tcgetwinsize(stream).ok().map(|size| usize::from(size.ws_col)).filter(|it| *it > 0);
    said().or_else(told).map(|columns| columns.max(LEAST))
}

/// What the person says goes before what the terminal says of itself, as with `ls`.
pub(crate) fn said() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

/// The text, no line of it wider than this as far as words allow.
pub(crate) fn wrapped(text: &str, columns: usize) -> String {
    let line = |line: &str| if seen(line) <= columns { line.to_owned() } else { broken(line, columns) };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Rows of a terminal that a text takes.
pub(crate) fn rows(text: &str, columns: usize) -> usize {
    text.split('\n').map(|line| seen(line).div_ceil(columns.max(1)).max(1)).sum()
}

/// Columns that a text takes: one for each character, none for what colours it or moves the cursor.
pub(crate) fn seen(text: &str) -> usize {
    let (mut seen, mut steers) = (0, false);
    for c in text.chars() {
        match (steers, c) {
            (false, '\u{1b}') => steers = true,
            // A letter ends it.
            (true, c) => steers = !c.is_ascii_alphabetic(),
            (false, _) => seen += 1,
        }
    }
    seen
}

fn broken(line: &str, columns: usize) -> String {
    let pieces = pieces(line);
    let most = columns / INDENT_PART;
    let indent = pieces.first().map_or(0, |first| first.start).min(most);
    let further = inset(line).min(most) + FURTHER;
    let (mut out, mut at, mut before) = (String::with_capacity(line.len()), 0, 0);
    for piece in pieces {
        let (gap, text) = (piece.start - before, line.get(piece.clone()).unwrap_or_default());
        let wide = seen(text);
        let room = columns.saturating_sub(wide);
        let blanks = if before == 0 {
            indent.min(room)
        } else if at + gap + wide <= columns {
            gap
        } else {
            out.push('\n');
            at = 0;
            further.min(room)
        };
        out.extend(std::iter::repeat_n(' ', blanks));
        out.push_str(text);
        (at, before) = (at + blanks + wide, piece.end);
    }
    // The blank behind a question.
    out.push_str(line.get(before..).filter(|tail| at + tail.len() <= columns).unwrap_or_default());
    out
}

/// Blanks before the first character that is seen; what colours it may stand before them.
fn inset(line: &str) -> usize {
    let begins = line.trim_start_matches(' ');
    match begins.strip_prefix('\u{1b}').and_then(|rest| rest.split_once(|c: char| c.is_ascii_alphabetic())) {
        Some((_, rest)) => line.len() - begins.len() + inset(rest),
        None => line.len() - begins.len(),
    }
}

/// What stays in one piece, by its place in the line.
fn pieces(line: &str) -> Vec<Range<usize>> {
    let mut pieces: Vec<Range<usize>> = Vec::new();
    // The last piece is a command that goes on; inside of its quotes whatever comes.
    let (mut command, mut quoted) = (false, false);
    for word in words(line) {
        let text = line.get(word.clone()).unwrap_or_default();
        match pieces.last_mut() {
            Some(last) if command && (quoted || last.end + 1 == word.start) => last.end = word.end,
            Some(_) | None => {
                (command, quoted) = (OURS.contains(&text.trim_start_matches(['(', '`'])), false);
                pieces.push(word);
            }
        }
        quoted ^= command && !text.matches('"').count().is_multiple_of(2);
        // A sentence goes on behind it.
        command &= quoted || !text.ends_with([';', ',', ')', '`', '.']);
    }
    pieces
}

fn words(line: &str) -> Vec<Range<usize>> {
    let (mut words, mut begun) = (Vec::new(), None);
    for (at, c) in line.char_indices().chain([(line.len(), ' ')]) {
        match (c == ' ', begun) {
            (true, Some(from)) => {
                words.push(from..at);
                begun = None;
            }
            (false, None) => begun = Some(at),
            (true, None) | (false, Some(_)) => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_goes_on_below_and_no_word_is_lost() {
        let line = "  ✖ refuted    login                source: the last run failed at step logout";
        let narrow = wrapped(line, 20);
        assert_eq!(narrow, "  ✖ refuted    login\n    source: the last\n    run failed at\n    step logout");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&narrow), words(line));
        assert_eq!(wrapped(line, 120), line, "what fits stays as it was drawn");
        assert_eq!(wrapped("a b\n\nc", 20), "a b\n\nc");
    }

    #[test]
    fn a_word_goes_over_the_edge_only_where_it_is_wider_than_the_terminal() {
        let id = "5".repeat(32);
        let lines = wrapped(&format!("            Trace        source {id} now"), 20);
        assert_eq!(lines, format!("    Trace\n      source\n{id}\n      now"));
        assert_eq!(wrapped("            aaaaaaaaaaaaaaaaaaa b", 20), " aaaaaaaaaaaaaaaaaaa\n      b");
    }

    #[test]
    fn a_command_of_ours_stays_one_line() {
        let said = "Next: tidelock agent token --side source";
        assert_eq!(wrapped(said, 20), "Next:\ntidelock agent token --side source");
        let said = "(tidelock cutover resume), writes shut 00:12 of 00:45";
        assert_eq!(wrapped(said, 20), "(tidelock cutover resume),\n  writes shut 00:12\n  of 00:45");
        let said = "  $ tidelock hold --reason \"checkout, mail; both\" --request-id 7  for anybody";
        let command = "tidelock hold --reason \"checkout, mail; both\" --request-id 7";
        assert_eq!(wrapped(said, 20), format!("  $\n{command}\n    for anybody"));
        assert_eq!(wrapped("tidelock: the collector does not answer", 20).lines().count(), 3);
    }

    #[test]
    fn colours_take_no_room_and_a_question_keeps_its_blank() {
        let red = "\u{1b}[1;31maaaa bbbb\u{1b}[0m";
        assert_eq!((seen(red), wrapped(red, 9)), (9, red.to_owned()));
        assert_eq!(
            wrapped("Apply it to shop by all means? [y/N] ", 20),
            "Apply it to shop by\n  all means? [y/N] "
        );
        assert_eq!(seen("\r\u{1b}[Kab"), 3, "the return counts, the wipe does not");
        let help = "\u{1b}[36m  help: \u{1b}[0mwrite a name for it";
        let broken = "\u{1b}[36m  help: \u{1b}[0mwrite a name\n    for it";
        assert_eq!(wrapped(help, 20), broken, "what colours a line moves nothing of it");
        assert_eq!([rows("", 20), rows("a\nb", 20), rows(&"x".repeat(41), 20)], [1, 2, 3]);
    }
}
