//! What the doctor looks at. What cannot be had is kept as trouble: not knowing is never good.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tidelock_plan::Checked;
use tidelock_proto::v1;
use tokio::time::Instant;

use super::DoctorArgs;
use crate::client::{Client, trouble};
use crate::cmd::cutover::newest;
use crate::cmd::plan_source::load;
use crate::cmd::{Call, get_status, plan};
use crate::exit::{Exit, Trouble};

/// What `tidelock plan apply` takes when no file is named.
const PLAN_FILE: &str = "plan.yaml";
/// Newest findings asked for, a check: enough for one of each agent.
const RECENT: u32 = 8;

/// Everything that is looked at.
pub(super) struct Seen {
    /// Where the collector is.
    pub(super) server: String,
    /// How long it took to answer.
    pub(super) took: Duration,
    pub(super) status: Result<v1::Status, Trouble>,
    /// The newest findings of each check of this phase, by its name.
    pub(super) recent: Vec<(String, Result<Vec<v1::RecentFinding>, Trouble>)>,
    /// The plan in force, and its revision.
    pub(super) plan: Result<(Checked, u64), Trouble>,
    /// The file that is here, and what it is; none where there is none and none was named.
    pub(super) file: Option<(PathBuf, Result<Checked, Trouble>)>,
    pub(super) grants: Result<Vec<v1::AccessGrant>, Trouble>,
    /// Lines of refused asks that nobody can read; whoever may not see the grants may not see these.
    pub(super) unreadable: Result<u64, Trouble>,
    /// The newest run; asked for with `--rehearsal`.
    pub(super) run: Option<Result<Option<v1::Run>, Trouble>>,
}

pub(super) async fn look(call: &Call, client: &Client, args: &DoctorArgs) -> Seen {
    let began = Instant::now();
    let status = get_status(client).await;
    let took = began.elapsed();
    let asked = client.access().list_access(v1::ListAccessRequest {}).await.map_err(trouble);
    let refused = client.access().list_refused_asks(v1::ListRefusedAsksRequest { limit: 1 }).await;
    let run = match (&status, args.rehearsal) {
        (Ok(status), true) => Some(newest(client, &status.migration).await),
        (Err(error), true) => Some(Err(Trouble::new(error.exit, error.message.clone()))),
        (_, false) => None,
    };
    let server = crate::context::resolve(&call.flags).map(|connection| connection.server).unwrap_or_default();
    let file = args.plan.clone().or_else(|| Some(PathBuf::from(PLAN_FILE)).filter(|file| file.is_file()));
    Seen {
        server,
        took,
        recent: recent(client, &status).await,
        status,
        plan: in_force(call).await,
        file: file.map(|file| (file.clone(), here(&file))),
        grants: asked.map(|answer| answer.into_inner().grants),
        unreadable: refused.map(|answer| answer.into_inner().unreadable).map_err(trouble),
        run,
    }
}

async fn recent(
    client: &Client,
    status: &Result<v1::Status, Trouble>,
) -> Vec<(String, Result<Vec<v1::RecentFinding>, Trouble>)> {
    let mut found = Vec::new();
    if let Ok(status) = status {
        for scenario in status.scenarios.iter().filter(|scenario| scenario.active) {
            let (migration, check) = (status.migration.clone(), scenario.name.clone());
            let request = v1::ExplainCheckRequest { migration, check: check.clone(), recent: RECENT };
            let answer = client.migrations().explain_check(request).await.map_err(trouble);
            let gone = answer.as_ref().is_err_and(|error| error.exit == Exit::Unreachable);
            found.push((check, answer.map(|answer| answer.into_inner().recent)));
            // Each of the others would be waited for in vain, too.
            if gone {
                return found;
            }
        }
    }
    found
}

async fn in_force(call: &Call) -> Result<(Checked, u64), Trouble> {
    let (source, reference) = plan::present(call).await?;
    Ok((checked(&source)?, reference.revision))
}

fn here(file: &Path) -> Result<Checked, Trouble> {
    checked(&load(file)?.source)
}

fn checked(source: &tidelock_plan::Source) -> Result<Checked, Trouble> {
    tidelock_plan::check(source).map_err(|problems| {
        Trouble::usage(format!("{} has {}", source.path, problems.counted()))
            .hint(format!("tidelock plan check {}", source.path))
    })
}
