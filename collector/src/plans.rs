//! The plan as it was written, checked: the one place that asks `tidelock-plan`.

use std::collections::BTreeMap;

use tidelock_model::Sha256;
use tidelock_plan::{Checked, Problems, Source};
use tidelock_proto::v1;

/// A path for messages; the collector has the text and no file.
const PATH: &str = "plan.yaml";

/// The source as `tidelock-plan` takes it.
///
/// # Errors
/// Names the component whose digest is none.
pub fn source(wire: &v1::PlanSource) -> Result<Source, String> {
    let components = (wire.components.iter())
        .map(|(word, digest)| match Sha256::try_from(digest.as_slice()) {
            Ok(digest) => Ok((word.clone(), digest)),
            Err(error) => Err(format!("component {word:?}: {error}")),
        })
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(Source { path: PATH.to_owned(), yaml: wire.yaml.clone(), files: wire.files.clone(), components })
}

/// Checks a plan.
///
/// # Errors
/// Its problems in few words, with their lines: a refusal may not cost more than the plan that it refuses.
pub fn check(wire: &v1::PlanSource) -> Result<Checked, String> {
    let source = source(wire)?;
    tidelock_plan::check(&source).map_err(|problems: Problems| problems.brief())
}
