//! The corpus, a family a file.

use anyhow::Result;

use crate::Content;

mod calls;
mod load;
mod memory;
mod report;
mod time;
mod trust;

/// A number of the corpus, a name, and how the component is made.
pub(crate) type Case = (u8, &'static str, fn() -> Result<Content>);

/// All of them, by number.
pub(crate) fn all() -> Vec<Case> {
    let families = [time::CASES, memory::CASES, calls::CASES, report::CASES, load::CASES, trust::CASES];
    let mut all = families.concat();
    all.sort_by_key(|(number, ..)| *number);
    all
}
