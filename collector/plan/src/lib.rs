//! The plan as people write it: read strictly, all mistakes told at once, with their lines.
//!
//! A plan is agreed on by day and obeyed at night. So nothing in it is guessed: an unknown word, a
//! number without its unit, a gate that could never open is refused here, on the desk of the person
//! who wrote it. What passes becomes `tidelock_core::plan::Plan`, and no one behind checks it again.

use std::collections::BTreeMap;

pub use tidelock_core::plan::Plan;
use tidelock_model::Sha256;

mod address;
mod claims;
mod codes;
mod cross;
mod diff;
mod environment;
mod evidence;
mod excerpt;
mod fields;
mod files;
mod gates;
mod grants;
mod hash;
mod keys;
mod notify;
mod owners;
mod people;
mod pins;
mod plugin;
mod problem;
mod quorum;
mod read;
mod render;
mod rollback;
mod runbook;
mod scenario;
mod schema;
mod secret;
mod settings;
mod show;
mod switch;
mod timeline;
mod tree;
mod units;

pub use codes::{codes, explain};
pub use diff::{Change, diff};
pub use grants::{Grants, grants};
pub use pins::{named_components, named_files, pin};
pub use problem::{Problem, Problems, meant};
pub use schema::schema;
pub use show::expanded;
pub use timeline::{ClaimTime, GateTime, NeedTime, RunTime, StepTime, Timeline, timeline};

/// A plan with everything that it names: what `plan apply` sends, and what a revision is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// What messages call the file.
    pub path: String,
    /// Its text.
    pub yaml: String,
    /// The files that it names, by the path in the plan: see [`named_files`].
    pub files: BTreeMap<String, String>,
    /// The components that it names, by the word in the plan: see [`named_components`].
    pub components: BTreeMap<String, Sha256>,
}

/// A plan without errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What the collector obeys.
    pub plan: Plan,
    /// Over the text, the files and the components that it names.
    pub hash: Sha256,
    /// What looks wrong; refused when checking strictly.
    pub warnings: Vec<Problem>,
}

/// Reads a plan.
///
/// # Errors
/// Everything that is wrong with it, and the warnings too, in the order of the file.
pub fn check(source: &Source) -> Result<Checked, Problems> {
    let mut sink = problem::Sink::default();
    let plan = tree::parse(&source.yaml, &mut sink).map(|root| {
        let plan = read::plan(&root, source, &mut sink);
        cross::check(&plan, &root, &mut sink);
        plan
    });
    let problems = sink.finish(source);
    match plan {
        Some(plan) if !problems.iter().any(Problem::is_error) => {
            Ok(Checked { hash: hash::of(source, &plan), plan, warnings: problems })
        }
        Some(_) | None => Err(Problems::new(problems)),
    }
}

impl Checked {
    /// The warnings in the form that can be rendered.
    pub fn problems(&self) -> Problems {
        Problems::new(self.warnings.clone())
    }
}
