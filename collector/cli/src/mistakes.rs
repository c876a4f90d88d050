//! What is wrong with a plan, drawn for where it goes. On a terminal the lines of the plan are cut around their marks;
//! where no terminal is, they stay whole.

use std::io;

use tidelock_plan::{Problems, Source};

use crate::exit::Trouble;
use crate::{lines, out};

/// To standard output, where it is what was asked for.
pub(crate) fn print(problems: &Problems, source: &Source, color: bool) -> Result<(), Trouble> {
    out::print(&drawn(problems, source, color, lines::columns(&io::stdout())))
}

/// Beside the data, where it is why nothing was done.
pub(crate) fn say(problems: &Problems, source: &Source, color: bool) {
    out::say(&drawn(problems, source, color, lines::columns(&io::stderr())));
}

fn drawn(problems: &Problems, source: &Source, color: bool, columns: Option<usize>) -> String {
    match columns {
        Some(columns) => problems.drawn(source, color, columns),
        None => problems.render(source, color, out::width()),
    }
}
