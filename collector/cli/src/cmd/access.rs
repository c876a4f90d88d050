//! `tidelock access`: who may do what. A token is shown once; the collector keeps its hash.

use std::time::Duration;

use tidelock_proto::{json, v1};

use super::{Call, agent::span, duration};
use crate::client::{Client, clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out;
use crate::words::pad;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum AccessCommand {
    /// Give access to a person of the plan or to a pipeline
    Issue {
        /// The person's name in the plan, or the pipeline's name
        subject: String,
        /// What it may do beside looking
        #[arg(long, value_enum, default_value = "person")]
        role: Role,
        /// How long it is good
        #[arg(long, value_parser = duration, default_value = "30d", value_name = "SPAN")]
        ttl: Duration,
        /// The one gate that it may ask for, and nothing else; for a viewer or a pipeline
        #[arg(long, default_value = "", value_name = "GATE")]
        gate: String,
    },
    /// All access that was given
    Ls,
    /// Who asked for what they may not have, the newest first
    Refused {
        /// How many at most
        #[arg(long, default_value_t = 50, value_name = "NUMBER")]
        limit: u32,
    },
    /// Take access back
    Revoke {
        /// The id that `access ls` shows, or the name of whom has one alone
        id: String,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Role {
    /// Look
    Viewer,
    /// Look, and decide what the plan lets this person decide
    Person,
    /// Look, confirm a cutover, report the switch
    Pipeline,
    /// Plans, agents and access; decides only where the plan names them
    Operator,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Person => "person",
            Role::Pipeline => "pipeline",
            Role::Operator => "operator",
        }
    }
}

pub(crate) async fn run(call: &Call, command: AccessCommand) -> Result<Exit, Trouble> {
    let client = call.client()?;
    match command {
        AccessCommand::Issue { subject, role, ttl, gate } => {
            // Access is bound to one migration unless there is none to be meant yet.
            let migration = client.migration_if_any().await?.unwrap_or_default();
            if matches!(role, Role::Person) && !migration.is_empty() {
                let plan = super::plan::present(call).await.ok();
                let plan = plan.and_then(|(source, _)| tidelock_plan::check(&source).ok());
                let people =
                    plan.map(|checked| checked.plan.people.keys().map(ToString::to_string).collect());
                if let Some(warning) = people.and_then(|people: Vec<_>| nobody(&subject, &people)) {
                    out::say(&warning);
                }
            }
            let (role, ttl_duration) = (role.word().to_owned(), Some(span(ttl)));
            let request = v1::IssueAccessRequest { subject, role, migration, ttl_duration, gate };
            let answer = client.access().issue_access(request).await.map_err(trouble)?.into_inner();
            let grant = answer.grant.unwrap_or_default();
            if call.manner.json() {
                out::print_json(
                    call.manner.format,
                    &serde_json::json!({ "id": grant.id, "token": answer.token }),
                )?;
            } else {
                out::print(&answer.token)?;
                out::say(&format!(
                    "access {} for {} ({}); the token is shown only now",
                    grant.id, grant.subject, grant.role
                ));
            }
        }
        AccessCommand::Ls => {
            let answer =
                client.access().list_access(v1::ListAccessRequest {}).await.map_err(trouble)?.into_inner();
            let grants: Vec<_> = answer.grants.iter().map(view).collect();
            if call.manner.json() {
                out::print_json(call.manner.format, &serde_json::Value::Array(grants))?;
            } else {
                for grant in &answer.grants {
                    let state = if grant.revoked { "revoked" } else { "good" };
                    let all = grant.migration.is_empty();
                    let mut place = if all { "all migrations".to_owned() } else { grant.migration.clone() };
                    if !grant.gate.is_empty() {
                        place.push_str(&format!(", gate {} only", grant.gate));
                    }
                    let names =
                        [pad(&grant.id, 14), pad(&grant.subject, 20), pad(&grant.role, 10), pad(state, 8)];
                    out::print(&format!("{} {place}", names.join(" ")))?;
                }
            }
        }
        AccessCommand::Refused { limit } => refused(call, &client, limit).await?,
        AccessCommand::Revoke { id } => {
            let listed = client.access().list_access(v1::ListAccessRequest {}).await.map_err(trouble)?;
            let id = meant(&listed.into_inner().grants, id)?;
            let request = v1::RevokeAccessRequest { id: id.clone() };
            client.access().revoke_access(request).await.map_err(trouble)?;
            if call.manner.json() {
                let value = serde_json::json!({ "schema": "tidelock.access/v1", "id": id, "revoked": true });
                out::print_json(call.manner.format, &value)?;
            } else {
                out::print(&format!("✔ access {id} is taken back"))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// What is said where access is for a person whom the plan does not know: it is most often a misspelt name.
fn nobody(subject: &str, people: &[String]) -> Option<String> {
    let known = people.iter().any(|person| person == subject);
    let names = people.join(", ");
    (!known).then(|| {
        format!("! {subject} is no person of the plan, and decides nothing until it is one: {names}")
    })
}

/// The grant that is meant: by its id, or by the subject where that one has no other.
fn meant(grants: &[v1::AccessGrant], text: String) -> Result<String, Trouble> {
    if grants.iter().any(|grant| grant.id == text) {
        return Ok(text);
    }
    let of: Vec<&str> = (grants.iter().filter(|grant| grant.subject == text && !grant.revoked))
        .map(|grant| grant.id.as_str())
        .collect();
    match of[..] {
        [one] => Ok(one.to_owned()),
        // The collector says that there is none.
        [] => Ok(text),
        _ => Err(Trouble::usage(format!("{text} has access {} times: say which", of.len()))
            .hint(format!("tidelock access revoke ID: {}", of.join(", ")))),
    }
}

async fn refused(call: &Call, client: &Client, limit: u32) -> Result<(), Trouble> {
    let request = v1::ListRefusedAsksRequest { limit };
    let answer = client.access().list_refused_asks(request).await.map_err(trouble)?.into_inner();
    if call.manner.json() {
        let asks: Vec<_> = answer.asks.iter().map(ask).collect();
        let value =
            serde_json::json!({ "asks": asks, "left_out": answer.left_out, "unreadable": answer.unreadable });
        return out::print_json(call.manner.format, &value);
    }
    for ask in &answer.asks {
        let who = match ask.subject.as_str() {
            "" => "nobody known".to_owned(),
            subject => format!("{} ({})", clean(subject), clean(&ask.role)),
        };
        let again = if ask.times > 1 { format!(", {} times", ask.times) } else { String::new() };
        let when = json::time(ask.time.as_ref());
        let when = when.as_str().unwrap_or("at some time");
        out::print(&format!("{when} {who} from {}: {}{again}", clean(&ask.address), clean(&ask.what)))?;
        out::print(&format!("    {}", clean(&ask.why)))?;
    }
    if answer.left_out > 0 {
        out::say(&format!("{} more were left out, for there were too many", answer.left_out));
    }
    if answer.unreadable > 0 {
        out::say(&format!(
            "{} lines of refused.jsonl cannot be read: who was refused there is not known",
            answer.unreadable
        ));
    }
    Ok(())
}

fn ask(ask: &v1::RefusedAsk) -> serde_json::Value {
    serde_json::json!({
        "time": json::time(ask.time.as_ref()), "subject": ask.subject, "role": ask.role, "access": ask.grant,
        "migration": ask.migration, "address": ask.address, "what": ask.what, "why": ask.why, "times": ask.times,
    })
}

fn view(grant: &v1::AccessGrant) -> serde_json::Value {
    serde_json::json!({
        "id": grant.id, "subject": grant.subject, "role": grant.role, "migration": grant.migration,
        "issued": json::time(grant.issued_time.as_ref()), "expires": json::time(grant.expires_time.as_ref()),
        "revoked": grant.revoked, "gate": grant.gate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(id: &str, subject: &str, revoked: bool) -> v1::AccessGrant {
        v1::AccessGrant { id: id.to_owned(), subject: subject.to_owned(), revoked, ..Default::default() }
    }

    #[test]
    fn access_is_taken_back_by_its_id_or_by_the_name_of_whom_has_one_alone() {
        let grants = [
            grant("a1", "olga", false),
            grant("a2", "ben", true),
            grant("a3", "ben", false),
            grant("a4", "ci", false),
            grant("a5", "ci", false),
        ];
        let of = |text: &str| meant(&grants, text.to_owned());
        assert_eq!(
            (of("a4").unwrap(), of("olga").unwrap(), of("ben").unwrap()),
            ("a4".into(), "a1".into(), "a3".into())
        );
        assert_eq!(of("nobody").unwrap(), "nobody", "the collector says that there is none");
        let several = of("ci").unwrap_err();
        assert!(several.exit == Exit::Usage && several.hints[0].contains("a4, a5"), "{several}");
    }

    #[test]
    fn a_person_whom_the_plan_does_not_know_is_warned_of() {
        let people = ["ben".to_owned(), "olga".to_owned()];
        assert_eq!(nobody("olga", &people), None);
        let warning = nobody("zed", &people).unwrap();
        assert!(
            warning.contains("zed is no person of the plan") && warning.contains("ben, olga"),
            "{warning}"
        );
    }
}
