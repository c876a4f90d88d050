//! The hostile components: each does one thing that a sandbox must survive.
//!
//! They are numbered as the corpus of the threat model, and written in WebAssembly text, because a
//! compiler in between would round off the edges that they are about. Nothing here is ever released:
//! `make hostile` writes them into `target/hostile`, and a test of the agent runs each one.

mod cases;
mod guest;
mod image;
mod server;
mod table;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub use server::Server;
pub use table::{Ends, TABLE};

/// What a component's file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The bytes as they are written.
    pub bytes: Vec<u8>,
    /// The file is made this long, with a hole at its end.
    pub length: Option<u64>,
}

/// One component of the corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hostile {
    /// Its number in the corpus.
    pub number: u8,
    /// Lower-case words with dashes, unique.
    pub name: &'static str,
    /// Its file.
    pub content: Content,
}

impl Hostile {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{:02}-{}.wasm", self.number, self.name)
    }

    /// What must become of it; none where the table does not know it.
    pub fn ends(&self) -> Option<Ends> {
        TABLE.iter().find(|(_, name, _)| *name == self.name).map(|(_, _, ends)| *ends)
    }

    /// Writes it into a folder and gives the path.
    ///
    /// # Errors
    /// Names the file that could not be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(self.file_name());
        let doing = || format!("write {}", path.display());
        let mut file = fs::File::create(&path).with_context(doing)?;
        file.write_all(&self.content.bytes).with_context(doing)?;
        if let Some(length) = self.content.length {
            file.set_len(length).with_context(doing)?;
        }
        Ok(path)
    }
}

/// The whole corpus, by number.
///
/// # Errors
/// Names the component that could not be made.
pub fn corpus() -> Result<Vec<Hostile>> {
    let mut all = Vec::new();
    for (number, name, make) in cases::all() {
        let content = make().with_context(|| format!("make {number:02}-{name}"))?;
        all.push(Hostile { number, name, content });
    }
    Ok(all)
}

/// An honest component, to compare with: it passes with one step.
///
/// # Errors
/// When it could not be made.
pub fn honest() -> Result<Vec<u8>> {
    guest::Guest::new("(i32.const 1024)").component()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_number_of_the_corpus_has_a_component_and_every_name_is_one() {
        let corpus = corpus().unwrap();
        let numbers: BTreeSet<u8> = corpus.iter().map(|hostile| hostile.number).collect();
        assert!(numbers.iter().copied().eq(1..=44), "{numbers:?}");
        let names: BTreeSet<&str> = corpus.iter().map(|hostile| hostile.name).collect();
        assert_eq!(names.len(), corpus.len());
    }

    #[test]
    fn the_table_and_the_corpus_have_the_same_numbers_and_names() {
        let corpus = corpus().unwrap();
        let made: BTreeSet<(u8, &str)> =
            corpus.iter().map(|hostile| (hostile.number, hostile.name)).collect();
        let told: BTreeSet<(u8, &str)> = TABLE.iter().map(|(number, name, _)| (*number, *name)).collect();
        assert_eq!(made, told);
        assert_eq!(told.len(), TABLE.len());
    }

    #[test]
    fn a_component_is_made_the_same_each_time() {
        assert_eq!(honest().unwrap(), honest().unwrap());
        assert_eq!(corpus().unwrap(), corpus().unwrap());
    }
}
