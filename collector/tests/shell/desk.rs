//! What people say beside their decisions, over real connections: the master switch, facts, overrides, leftovers.

use tidelock_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::support::{Collector, MIGRATION, PLAN};

fn told(status: &Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

fn cutovers(enabled: bool, reason: &str) -> v1::SetCutoversRequest {
    v1::SetCutoversRequest {
        migration: MIGRATION.to_owned(),
        enabled,
        reason: reason.to_owned(),
        request_id: String::new(),
    }
}

fn fact(fact: &str) -> v1::SetFactRequest {
    v1::SetFactRequest {
        migration: MIGRATION.to_owned(),
        fact: fact.to_owned(),
        reason: "it happened".to_owned(),
        request_id: String::new(),
    }
}

fn over(gate: &str, check: &str) -> v1::OverrideHoldsRequest {
    v1::OverrideHoldsRequest {
        migration: MIGRATION.to_owned(),
        gate: gate.to_owned(),
        checks: vec![check.to_owned()],
        reason: "we know better".to_owned(),
        request_id: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_is_kept_and_what_makes_no_sense_is_refused_with_its_reason() {
    let collector = Collector::start().await;
    let back = r#"rollback: { window: 6h, no_return: ["the old database is gone"] }"#;
    collector.apply(&PLAN.replace("rollback: { window: 6h }", back)).await.unwrap();
    let (olga, ci) =
        (collector.issue("olga", "person", "").await, collector.issue("ci", "pipeline", "").await);
    let mut orders = collector.orders(&olga).await;
    // A pipeline says none of it.
    let mut pipeline = collector.orders(&ci).await;
    let denied = pipeline.set_cutovers(cutovers(false, "x")).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    assert_eq!(pipeline.set_fact(fact("x")).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(
        pipeline.override_holds(over("ready", "login")).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    // The master switch is a hold of the gate before the cutover, until it is on again.
    let on = orders.set_cutovers(cutovers(true, "are they on?")).await.unwrap().into_inner();
    assert_eq!((on.already, on.event), (true, None), "nobody ever switched them off");
    let off = orders.set_cutovers(cutovers(false, "a fair is on")).await.unwrap().into_inner();
    assert!(!off.already, "{off:?}");
    let off = off.event.unwrap();
    assert_eq!((off.kind.as_str(), off.by.as_str()), ("cutovers", "olga"));
    let again = orders.set_cutovers(cutovers(false, "is it off?")).await.unwrap().into_inner();
    let stands = again.event.map(|event| (event.sequence, event.reason));
    assert_eq!((again.already, stands), (true, Some((off.sequence, "a fair is on".to_owned()))));
    let held = collector.gate(&olga, "cutover").await;
    assert!(held.holds.iter().any(|hold| hold.code == "disabled"), "{:?}", held.holds);
    orders.set_cutovers(cutovers(true, "it is over")).await.unwrap();
    let free = collector.gate(&olga, "cutover").await;
    assert!(free.holds.iter().all(|hold| hold.code != "disabled"));
    // A fact must be one of the plan's.
    let unknown = orders.set_fact(fact("it rains")).await.unwrap_err();
    assert_eq!(told(&unknown), (Code::NotFound, "UNKNOWN_FACT".to_owned()));
    let stated = orders.set_fact(fact("the old database is gone")).await.unwrap().into_inner().event.unwrap();
    assert_eq!(stated.kind, "fact");
    let again = orders.set_fact(fact("the old database is gone")).await.unwrap().into_inner();
    assert_eq!((again.already, again.event), (true, Some(stated)));
    // Nobody may override what the plan gives to nobody, nor a gate that there is not.
    assert!(orders.override_holds(over("ready", "login")).await.is_err());
    assert_eq!(orders.override_holds(over("nowhere", "login")).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(
        orders.override_holds(over("ready", "Not a name")).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    // Nothing was left behind, so nothing can be settled.
    let list = v1::ListLeftoversRequest { migration: MIGRATION.to_owned() };
    let rows = pipeline.list_leftovers(list).await.unwrap().into_inner();
    assert!(rows.leftovers.is_empty() && !rows.cut);
    let settle = v1::SettleLeftoverRequest {
        migration: MIGRATION.to_owned(),
        key: "orders/4711".to_owned(),
        owner: "ben".to_owned(),
        disposition: "entered again by hand".to_owned(),
        request_id: String::new(),
    };
    let none = orders.settle_leftover(settle).await.unwrap_err();
    assert!(matches!(none.code(), Code::NotFound | Code::FailedPrecondition), "{none:?}");
}
