//! What a runner has of its agent: nothing.

use std::os::fd::{AsFd as _, AsRawFd as _};

use serde_json::json;

use crate::rig::{Rig, config};

#[tokio::test]
async fn a_runner_has_no_environment_and_no_files_of_the_agents() {
    let held = std::fs::File::open("/etc/passwd").unwrap();
    let (_kept, pipe) = std::os::unix::net::UnixStream::pair().unwrap();
    // As a careless parent leaves them: a program that is started gets them too.
    for descriptor in [held.as_fd(), pipe.as_fd()] {
        rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::empty()).unwrap();
    }
    let leaked = std::fs::read_link(format!("/proc/self/fd/{}", pipe.as_raw_fd())).unwrap();
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
    // Nothing, but where a defence is taken away for `make mutate`.
    let told = tidelock_model::told_to_children().map(|(name, value)| format!("{name}={value}\0"));
    assert_eq!(String::from_utf8_lossy(&environment), told.unwrap_or_default());
    let arguments = std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap();
    assert!(!arguments.contains("secret"), "{arguments}");
    let files = std::fs::read_dir(format!("/proc/{child}/fd")).unwrap().flatten();
    for file in files {
        let place = std::fs::read_link(file.path()).unwrap_or_default();
        assert!(!place.starts_with("/etc") && place != leaked, "{place:?}");
        let own = ["/dev/null", "socket:", "pipe:", "anon_inode:", "/memfd:"];
        assert!(own.iter().any(|own| place.to_string_lossy().starts_with(own)), "{place:?}");
    }
    // Its socket, and no other that was there when it began.
    let socket = std::fs::read_link(format!("/proc/{child}/fd/0")).unwrap();
    assert!(socket.to_string_lossy().starts_with("socket:"), "{socket:?}");
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

#[tokio::test]
async fn a_runner_leads_its_own_group_under_a_filter_of_system_calls() {
    let rig = Rig::new().await;
    rig.is_well().await;
    assert_eq!(rig.client.kept(), Vec::<String>::new(), "this kernel does not confine a runner");
    let child = crate::lost::children()[0];
    // The thread that the harness waits in was there before the filter; those that run guests were not.
    let tasks = std::fs::read_dir(format!("/proc/{child}/task")).unwrap().flatten();
    let filtered = tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("status")).ok())
        .filter(|status| status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1"));
    assert!(filtered.count() >= 2, "nothing in the runner is filtered");
    let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap();
    let group = stat.rsplit(") ").next().unwrap().split(' ').nth(2).unwrap().to_owned();
    assert_eq!(group, child.to_string(), "{stat}");
}
