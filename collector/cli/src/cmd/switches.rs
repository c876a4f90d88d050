//! What people state as true: a fact after which there is no way back, and the master switch.

use tidelock_proto::v1;

use super::{Call, orders};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::files::request_id;

#[derive(Debug, clap::Args)]
pub(crate) struct FactArgs {
    /// The fact, as the plan words it in rollback.no_return
    name: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CutoversArgs {
    /// May cutovers begin
    #[arg(value_enum)]
    to: OnOff,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OnOff {
    On,
    Off,
}

pub(crate) async fn fact(call: &Call, args: FactArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let (migration, request_id) = (client.migration().await?, request_id()?);
    let what = format!("{} is true", clean(&args.name));
    let request = v1::SetFactRequest { migration, fact: args.name, reason: args.reason, request_id };
    let answer = client.orders().set_fact(request).await.map_err(trouble)?.into_inner();
    if answer.already {
        orders::already(call, &what, answer.event.as_ref())
    } else {
        orders::done(call, answer.event)
    }
}

pub(crate) async fn cutovers(call: &Call, args: CutoversArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let (migration, request_id) = (client.migration().await?, request_id()?);
    let enabled = args.to == OnOff::On;
    let request = v1::SetCutoversRequest { migration, enabled, reason: args.reason, request_id };
    let answer = client.orders().set_cutovers(request).await.map_err(trouble)?.into_inner();
    let what = if enabled { "cutovers are on" } else { "cutovers are off" };
    if answer.already {
        orders::already(call, what, answer.event.as_ref())
    } else {
        orders::done(call, answer.event)
    }
}
