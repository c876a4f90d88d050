//! `tidelock agent token`: a join token is issued, listed and taken back. Its text is shown once; its id is no secret.

use std::time::Duration;

use serde_json::{Value, json};
use tidelock_proto::{json, v1};

use super::agent::span;
use super::orders::SideArg;
use super::{Call, duration};
use crate::client::{Client, clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out;
use crate::words::pad;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    command: Option<TokenCommand>,
    /// The side it will speak for
    #[arg(long, value_enum, required = true)]
    side: Option<SideArg>,
    /// Its name; without it each agent brings its own
    #[arg(long, default_value = "", value_name = "NAME")]
    name: String,
    /// How many agents may join with it
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// How long it is good
    #[arg(long, value_parser = duration, default_value = "1h", value_name = "SPAN")]
    ttl: Duration,
}

#[derive(Debug, clap::Subcommand)]
enum TokenCommand {
    /// The tokens that have not ended, and who issued them
    Ls,
    /// Take a token back: from here on it lets nobody in
    Revoke {
        /// The id that `agent token` and `agent token ls` show
        id: String,
    },
}

pub(crate) async fn run(call: &Call, args: TokenArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let migration = client.migration().await?;
    match (args.command, args.side) {
        (Some(TokenCommand::Ls), _) => list(call, &client, migration).await?,
        (Some(TokenCommand::Revoke { id }), _) => revoke(call, &client, (migration, id)).await?,
        (None, Some(side)) => {
            let request = v1::IssueAgentTokenRequest {
                migration,
                side: side.wire(),
                name: args.name,
                count: args.count,
                ttl_duration: Some(span(args.ttl)),
            };
            issue(call, &client, request).await?;
        }
        (None, None) => return Err(Trouble::usage("say for which side: --side source or --side target")),
    }
    Ok(Exit::Done)
}

async fn issue(call: &Call, client: &Client, request: v1::IssueAgentTokenRequest) -> Result<(), Trouble> {
    let answer = client.access().issue_agent_token(request).await.map_err(trouble)?.into_inner();
    if call.manner.json() {
        let until = json::time(answer.expires_time.as_ref());
        let value = json!({ "id": answer.id, "token": answer.token, "expires": until });
        return out::print_json(call.manner.format, &value);
    }
    out::print(&answer.token)?;
    let server = crate::context::resolve(&call.flags)?.server;
    out::say(&format!("join with: tidelock-agent join {server} TOKEN --dir DIR"));
    let id = clean(&answer.id);
    out::say(&format!("join token {id}; where it leaks: tidelock agent token revoke {id}"));
    Ok(())
}

async fn list(call: &Call, client: &Client, migration: String) -> Result<(), Trouble> {
    let request = v1::ListAgentTokensRequest { migration };
    let tokens = client.access().list_agent_tokens(request).await.map_err(trouble)?.into_inner().tokens;
    if call.manner.json() {
        return out::print_json(call.manner.format, &tokens.iter().map(view).collect());
    }
    for token in &tokens {
        out::print(&line(token))?;
    }
    Ok(())
}

async fn revoke(call: &Call, client: &Client, (migration, id): (String, String)) -> Result<(), Trouble> {
    let request = v1::RevokeAgentTokenRequest { migration, id };
    let answer = client.access().revoke_agent_token(request).await.map_err(trouble)?.into_inner();
    let token = answer.token.unwrap_or_default();
    if call.manner.json() {
        let mut value = view(&token);
        value["schema"] = json!("tidelock.agent-token/v1");
        return out::print_json(call.manner.format, &value);
    }
    out::print(&format!("✔ join token {} is taken back", clean(&token.id)))?;
    out::say("agents that it let in stay; who they are: tidelock events --type agent_enrolled");
    Ok(())
}

fn view(token: &v1::AgentToken) -> Value {
    let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "id": token.id, "side": json::side_word(token.side), "name": word(&token.name), "left": token.left,
        "expires": json::time(token.expires_time.as_ref()), "by": word(&token.by), "revoked": token.revoked,
    })
}

fn line(token: &v1::AgentToken) -> String {
    let side = json::side_word(token.side);
    let whom = match token.name.as_str() {
        "" => format!("{} of {side}", token.left),
        name => format!("{side}/{}", clean(name)),
    };
    let state = match (token.revoked, token.left) {
        (true, _) => "revoked",
        (false, 0) => "used up",
        (false, _) => "good",
    };
    let until = json::time(token.expires_time.as_ref());
    let until = until.as_str().unwrap_or("some time");
    let by = if token.by.is_empty() { String::new() } else { format!(" by {}", clean(&token.by)) };
    format!("{} {} {} until {until}{by}", pad(&clean(&token.id), 17), pad(&whom, 20), pad(state, 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_line_that_says_whom_it_still_lets_in_and_who_issued_it() {
        let token = v1::AgentToken {
            id: "0a1b2c3d4e5f6071".to_owned(),
            side: v1::Side::Target.into(),
            left: 3,
            expires_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            by: "omar".to_owned(),
            ..Default::default()
        };
        let good = "0a1b2c3d4e5f6071  3 of target          good     until 2023-11-14T22:13:20.000Z by omar";
        assert_eq!(line(&token), good);
        let used = v1::AgentToken { left: 0, name: "hz-1".to_owned(), ..token };
        assert!(
            line(&used).contains(" target/hz-1 ") && line(&used).contains(" used up "),
            "{}",
            line(&used)
        );
        let revoked = v1::AgentToken { revoked: true, by: String::new(), ..used };
        assert!(
            line(&revoked).contains(" revoked ") && line(&revoked).ends_with("000Z"),
            "{}",
            line(&revoked)
        );
        let told = view(&revoked);
        assert_eq!(
            (&told["by"], &told["name"], &told["revoked"]),
            (&Value::Null, &json!("hz-1"), &json!(true))
        );
    }
}
