//! Writes the hostile components into a folder: `hostile [FOLDER]`, by default `target/hostile`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

#[expect(clippy::print_stdout, reason = "a program's own output")]
fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("target/hostile"), PathBuf::from);
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let corpus = tidelock_hostile::corpus()?;
    for hostile in &corpus {
        hostile.write(&folder)?;
    }
    println!("{} hostile components in {}", corpus.len(), folder.display());
    Ok(())
}
