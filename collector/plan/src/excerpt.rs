//! The lines around a mistake, cut to the columns of a terminal.
//!
//! A line that does not fit is cut around its mark and never broken: a mark that stands under something else than
//! what it marks says nothing.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// The least of a line or a name that still says something, in characters.
const LEAST: usize = 5;
/// Stands for what was cut away.
const CUT: char = '…';
/// Columns that the frame takes beside a line and its number, and beside the name and its line's number.
const FRAME: usize = 4;
const NAME_FRAME: usize = 6;
/// Columns of the arrow along a mark that goes over several lines, and of the one from a mark to its label.
const ARROW: usize = 4;
const LABEL_ARROW: usize = 4;

/// Where a mistake is, in the whole file.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) mark: Range<usize>,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Counted from 1.
    pub(crate) column: usize,
}

/// What is shown of the file.
#[derive(Debug)]
pub(crate) struct Excerpt {
    name: String,
    text: String,
    /// The number of its first line, counted from 0.
    first_line: usize,
    /// The line and the column of the mark in the whole file, counted from 0.
    begins: (usize, usize),
    /// The mark in this text.
    pub(crate) mark: Range<usize>,
    /// Columns that are left for a label behind its arrow.
    pub(crate) label_room: usize,
}

impl Excerpt {
    /// The marked lines with the one before and the one behind, each in so many columns.
    pub(crate) fn of(name: &str, text: &str, place: &Place, columns: usize) -> Excerpt {
        // What is missing behind the last line is missing at its end.
        let back = usize::from(
            place.mark.start > 0 && text.get(place.mark.start..) == Some("") && text.ends_with('\n'),
        );
        let start = place.mark.start - back;
        // A line's end that is marked, too, makes no line more.
        let marked = text.get(start..place.mark.end).unwrap_or_default().trim_end_matches('\n');
        let end = start + marked.len();
        let begin = line_start(text, start);
        let first = if begin == 0 { 0 } else { line_start(text, begin - 1) };
        let last = line_end(text, end);
        let behind = if last < text.len() { line_end(text, last + 1) } else { last };
        let shown = text.get(first..behind).unwrap_or_default().replace('\t', " ");
        let first_line = place.line.saturating_sub(1 + back + usize::from(begin > 0));
        let digits = (first_line + 1 + shown.matches('\n').count()).to_string().len();
        let several = marked.contains('\n');
        let beside = digits + FRAME + if several { ARROW } else { 0 };
        let room = columns.saturating_sub(beside).max(LEAST);

        let (mut out, mut mark, mut middle) = (String::new(), 0..0, 0);
        let mut at = first;
        for line in shown.split('\n') {
            let whole = at..at + line.len();
            let on_line = |offset: usize| offset.clamp(whole.start, whole.end) - whole.start;
            let touched = (begin..=end).contains(&whole.start);
            let on_this = if touched { on_line(start)..on_line(end) } else { 0..0 };
            let (line, on_this) = shortened(line, on_this, room);
            if whole.start == begin {
                mark.start = out.len() + on_this.start;
                middle = (chars(&line, on_this.start) + chars(&line, on_this.end)) / 2;
            }
            if touched {
                mark.end = out.len() + on_this.end;
            }
            out.push_str(&line);
            out.push('\n');
            at = whole.end + 1;
        }
        out.pop();
        let label_room = match several {
            true => 0,
            false => columns.saturating_sub(beside + middle + LABEL_ARROW),
        };
        let in_file = format!(":{}:{}", place.line, place.column).len();
        let name = tail(name, columns.saturating_sub(digits + NAME_FRAME + in_file));
        let begins = (place.line.saturating_sub(1), place.column.saturating_sub(1));
        Excerpt { name, text: out, first_line, begins, mark, label_room }
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        behind: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, before, behind)?;
        // The head of the excerpt asks for the mark alone: it tells where that is in the whole file.
        let (line, column) = match before {
            0 => self.begins,
            _ => (found.line() + self.first_line, found.column()),
        };
        let (name, data, span) = (self.name.clone(), found.data(), *found.span());
        Ok(Box::new(MietteSpanContents::new_named(name, data, span, line, column, found.line_count())))
    }
}

/// The line in so many characters, and where the mark is in it then. As much of the mark is kept as fits, its begin
/// in any case.
fn shortened(line: &str, mark: Range<usize>, room: usize) -> (String, Range<usize>) {
    let all: Vec<char> = line.chars().collect();
    let (start, end) = (chars(line, mark.start), chars(line, mark.end));
    // A mark behind the end takes a column of its own.
    let length = all.len().max(start + 1);
    if length <= room {
        return (line.to_owned(), mark);
    }
    let marked = end.saturating_sub(start).clamp(1, room - 2);
    let from = start.saturating_sub((room - marked) / 2).min(length - room);
    let to = (from + room).min(all.len());
    let (cut_before, cut_behind) = (from > 0, to < all.len());
    let shown = |at: usize| match cut_before && at == from || cut_behind && at + 1 == to {
        true => CUT,
        false => all[at],
    };
    let text: String = (from..to).map(shown).collect();
    let end = end.min(to - usize::from(cut_behind)).max(start);
    let bytes = |at: usize| text.chars().take(at - from).map(char::len_utf8).sum::<usize>();
    let mark = bytes(start)..bytes(end);
    (text, mark)
}

/// The end of a name that is too long: there stands the file.
fn tail(name: &str, room: usize) -> String {
    let (length, room) = (name.chars().count(), room.max(LEAST));
    if length <= room {
        return name.to_owned();
    }
    std::iter::once(CUT).chain(name.chars().skip(length + 1 - room)).collect()
}

/// Characters before an offset.
fn chars(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).chars().count()
}

fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
}

fn line_end(text: &str, offset: usize) -> usize {
    text.get(offset..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| offset + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "runbook: [{ step: fence, kind: fense, owner: olga }]";

    /// The line in so many characters, and what is marked of it.
    fn cut(line: &str, marked: &str, room: usize) -> (String, String) {
        let start = line.find(marked).expect("it is in the line");
        let (text, mark) = shortened(line, start..start + marked.len(), room);
        let marked = text[mark].to_owned();
        (text, marked)
    }

    #[test]
    fn a_line_is_cut_around_its_mark_and_the_mark_stays_on_it() {
        for (marked, room, shown, kept) in [
            ("fense", 52, LINE, "fense"),
            ("fense", 14, "…d: fense, ow…", "fense"),
            ("runbook", 14, "runbook: [{ s…", "runbook"),
            ("}]", 14, "…wner: olga }]", "}]"),
            ("[{ step: fence, kind: fense, owner: olga }]", 14, "…[{ step: fen…", "[{ step: fen"),
        ] {
            assert_eq!(cut(LINE, marked, room), (shown.to_owned(), kept.to_owned()), "{marked} in {room}");
        }
        assert_eq!(cut("ää: öööööö, ü: ßßß", "ßßß", 8), ("… ü: ßßß".to_owned(), "ßßß".to_owned()));
    }

    #[test]
    fn a_mark_without_a_length_stays_on_the_line_also_at_its_end() {
        let (text, mark) = shortened(LINE, LINE.len()..LINE.len(), 14);
        assert_eq!((text.as_str(), mark), ("…ner: olga }]", 15..15));
        assert_eq!(shortened("", 0..0, 14), (String::new(), 0..0));
        assert_eq!(shortened(LINE, 0..0, 14).0, "runbook: [{ s…", "a line without a mark begins as it is");
    }

    #[test]
    fn the_excerpt_says_where_it_is_in_the_whole_file() {
        let text = format!("a: 1\nb: 2\n{LINE}\nc: 3\nd: 4\n");
        let start = text.find("fense").expect("it is there");
        let place = Place { mark: start..start + 5, line: 3, column: 32 };
        let found = Excerpt::of("plans/of/the/shop/plan.yaml", &text, &place, 20);
        assert_eq!(found.text, "b: 2\n…nd: fense, ow…\nc: 3");
        assert_eq!(&found.text[found.mark.clone()], "fense");
        assert_eq!((found.name.as_str(), found.first_line, found.begins), ("…an.yaml", 1, (2, 31)));
        let span = SourceSpan::from((found.mark.start, found.mark.len()));
        let head = found.read_span(&span, 0, 0).expect("the mark is in the text");
        assert_eq!((head.line(), head.column(), head.name()), (2, 31, Some("…an.yaml")));
    }
}
