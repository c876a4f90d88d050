//! What a runner has of its agent: nothing.

use serde_json::json;

use crate::rig::{Rig, config};

#[tokio::test]
async fn a_runner_has_no_environment_and_no_files_of_the_agents() {
    let _held = std::fs::File::open("/etc/passwd").unwrap();
    let rig = Rig::new().await;
    rig.is_well().await;
    let me = std::process::id();
    let tasks = std::fs::read_dir(format!("/proc/{me}/task")).unwrap().flatten();
    let child: String = tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .next()
        .unwrap();
    let environment = std::fs::read(format!("/proc/{child}/environ")).unwrap();
    assert!(environment.is_empty(), "{}", String::from_utf8_lossy(&environment));
    let arguments = std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap();
    assert!(!arguments.contains("secret"), "{arguments}");
    let files = std::fs::read_dir(format!("/proc/{child}/fd")).unwrap().flatten();
    for file in files {
        let place = std::fs::read_link(file.path()).unwrap_or_default();
        assert!(!place.starts_with("/etc"), "{place:?}");
    }
}

#[tokio::test]
async fn memory_on_demand_runs_the_same_components() {
    let mut config = config();
    config.engine.allocation = tidelock_sandbox::Allocation::OnDemand;
    let rig = Rig::with(config).await;
    rig.is_well().await;
    let result = rig.run(json!({ "act": "grow", "mib": 200 })).await;
    assert_eq!(result.cause, Some(tidelock_model::Cause::Memory));
}
