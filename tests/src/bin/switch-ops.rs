//! What the runbook of the switch tests runs: `switch-ops FOLDER OPERATION…`.

use std::env::args;

use anyhow::Context as _;
use tidelock_tests::Ops;

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = args().skip(1).collect();
    let (folder, words) = words.split_first().context("usage: switch-ops FOLDER OPERATION…")?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ops::new(folder).run(&words)
}
