//! Join tokens: whoever issues one is in the journal, with whom it let in, and one that leaked is taken back.

use tidelock_proto::v1;
use tonic::{Code, Status};

use crate::agent::{enrol, join_token};
use crate::notify::events;
use crate::support::{Collector, MIGRATION, PLAN};

async fn issue(collector: &Collector, token: &str, count: u32) -> v1::IssueAgentTokenResponse {
    let request = v1::IssueAgentTokenRequest {
        migration: MIGRATION.to_owned(),
        side: v1::Side::Target.into(),
        count,
        ..Default::default()
    };
    collector.accesses(token).await.issue_agent_token(request).await.unwrap().into_inner()
}

async fn list(collector: &Collector, token: &str, migration: &str) -> Result<Vec<v1::AgentToken>, Status> {
    let request = v1::ListAgentTokensRequest { migration: migration.to_owned() };
    Ok(collector.accesses(token).await.list_agent_tokens(request).await?.into_inner().tokens)
}

async fn revoke(
    collector: &Collector,
    token: &str,
    (migration, id): (&str, &str),
) -> Result<v1::AgentToken, Status> {
    let request = v1::RevokeAgentTokenRequest { migration: migration.to_owned(), id: id.to_owned() };
    let answer = collector.accesses(token).await.revoke_agent_token(request).await?;
    Ok(answer.into_inner().token.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_token_is_in_the_journal_with_its_issuer_and_so_is_whom_it_let_in() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let omar = collector.issue("omar", "operator", MIGRATION).await;
    let issued = issue(&collector, &omar, 3).await;
    enrol(&collector, &issued.token).await.unwrap();
    let named = join_token(&collector, v1::Side::Source, "a").await;
    let [left, other]: [v1::AgentToken; 2] =
        list(&collector, &omar, MIGRATION).await.unwrap().try_into().unwrap();
    let shown = |token: &v1::AgentToken| (token.side(), token.name.clone(), token.left, token.by.clone());
    assert_eq!(left.id, issued.id);
    assert_eq!(shown(&left), (v1::Side::Target, String::new(), 2, "omar".to_owned()));
    assert_eq!(shown(&other), (v1::Side::Source, "a".to_owned(), 1, "operator".to_owned()));
    // Again is no news.
    for _ in 0..2 {
        let revoked = revoke(&collector, &omar, (MIGRATION, &issued.id)).await.unwrap();
        assert!(revoked.revoked && revoked.left == 2, "{revoked:?}");
    }
    collector.stop().await;
    collector.again().await;
    let events = events(&collector).await;
    let told: Vec<_> = events.iter().filter(|event| event.kind == "join_token").collect();
    let texts: Vec<&str> = told.iter().map(|event| event.text.as_str()).collect();
    let id = &issued.id;
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(
        texts[0].starts_with(&format!("join token {id} lets 3 agents of target in until 20")),
        "{texts:?}"
    );
    assert!(texts[1].starts_with(&format!("join token {} lets source/a in until 20", other.id)), "{texts:?}");
    let taken = format!("join token {id} is taken back: it would have let 2 agents of target in");
    assert_eq!(texts[2], taken);
    assert_eq!(told.iter().map(|event| event.by.as_str()).collect::<Vec<_>>(), ["omar", "operator", "omar"]);
    let joined: Vec<_> = events.iter().filter(|event| event.kind == "agent_enrolled").collect();
    assert_eq!(joined.len(), 1, "{joined:?}");
    assert_eq!(joined[0].reason, format!("with join token {id} of omar"));
    let all = format!("{events:?}");
    assert!(!all.contains(&issued.token) && !all.contains(&named), "a secret is in the journal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_token_that_leaked_is_taken_back_by_an_operator_of_its_migration_alone() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    collector.apply(&PLAN.replace("name: shop-moves", "name: bank-moves")).await.unwrap();
    let leaked = issue(&collector, &collector.operator, 3).await;
    let bank = collector.issue("eve", "operator", "bank-moves").await;
    let olga = collector.issue("olga", "person", "").await;
    let code = |status: Result<_, Status>| status.map(|_: v1::AgentToken| ()).unwrap_err().code();
    for (token, migration, id, wanted) in [
        (&olga, MIGRATION, leaked.id.as_str(), Code::PermissionDenied),
        (&bank, MIGRATION, &leaked.id, Code::NotFound),
        (&bank, "bank-moves", &leaked.id, Code::NotFound),
        (&collector.operator, MIGRATION, "0123456789abcdef", Code::NotFound),
        (&collector.operator, "nowhere", &leaked.id, Code::NotFound),
    ] {
        let refused = revoke(&collector, token, (migration, id)).await;
        assert_eq!(code(refused), wanted, "{migration} {id}");
    }
    assert_eq!(list(&collector, &olga, MIGRATION).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(list(&collector, &bank, MIGRATION).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(list(&collector, &bank, "bank-moves").await.unwrap(), []);
    enrol(&collector, &leaked.token).await.expect("nobody has taken it back yet");
    revoke(&collector, &collector.operator, (MIGRATION, &leaked.id)).await.unwrap();
    for _ in 0..2 {
        let refused = enrol(&collector, &leaked.token).await.map(drop).unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
        assert!(refused.message().contains("taken back"), "{refused}");
        collector.stop().await;
        collector.again().await;
    }
    let listed = list(&collector, &collector.operator, MIGRATION).await.unwrap();
    assert!(listed.len() == 1 && listed[0].revoked && listed[0].left == 2, "{listed:?}");
}
