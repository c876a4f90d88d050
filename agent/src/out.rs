//! Where the commands write what people and scripts read.
//!
//! stdout is data, stderr is talk; a closed pipe ends the program quietly instead of with a panic.

use std::io::{self, Write};

/// A place for data and a place for talk.
pub struct Out<'a> {
    data: &'a mut dyn Write,
    talk: &'a mut dyn Write,
}

impl std::fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Out").finish_non_exhaustive()
    }
}

impl<'a> Out<'a> {
    /// Writes data and talk to these two.
    pub fn new(data: &'a mut dyn Write, talk: &'a mut dyn Write) -> Out<'a> {
        Out { data, talk }
    }

    /// One line of data.
    ///
    /// # Errors
    /// When the reader is gone.
    pub fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.data, "{}", text.as_ref())
    }

    /// One line of talk.
    ///
    /// # Errors
    /// When the reader is gone.
    pub fn talk(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.talk, "{}", text.as_ref())
    }
}
