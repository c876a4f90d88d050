//! Worked cases of the evidence engine: JSON lines `{"id", "kind", "input"}` in, `{"id", "result"}` out.
//!
//! Another implementation can be held against this one, and this one against the specification. A kind or
//! field it does not know is an `error` on that line.

mod evidence;
mod fields;
mod line;
mod statistics;

use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        if !line.trim().is_empty() {
            writeln!(out, "{}", line::answer(&line))?;
        }
    }
    out.flush()
}
