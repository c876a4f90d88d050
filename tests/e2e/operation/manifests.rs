//! The Kubernetes manifests: what the restricted profile asks for, and what a night needs.

use std::path::{Path, PathBuf};

use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project").join("deploy").join(name)
}

fn manifests() -> Vec<Value> {
    let mut all = Vec::new();
    for file in std::fs::read_dir(folder("kubernetes")).expect("the folder is there") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a manifest is text");
        let read: Vec<Value> =
            serde_saphyr::from_multiple(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        all.extend(read);
    }
    all
}

fn of_kind(kind: &str) -> Vec<Value> {
    manifests().into_iter().filter(|manifest| manifest["kind"] == kind).collect()
}

#[test]
fn every_pod_keeps_to_the_restricted_profile() {
    let sets = of_kind("StatefulSet");
    let replicas: Vec<_> =
        sets.iter().map(|set| (set["metadata"]["name"].clone(), set["spec"]["replicas"].clone())).collect();
    assert!(
        replicas.contains(&("tidelock-collector".into(), 1.into())),
        "one journal, one writer: {replicas:?}"
    );
    assert!(replicas.contains(&("tidelock-agent".into(), 2.into())), "{replicas:?}");
    for set in &sets {
        let pod = &set["spec"]["template"]["spec"];
        let security = &pod["securityContext"];
        assert_eq!(security["runAsNonRoot"], true);
        assert_eq!(security["runAsUser"], 65532);
        assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(pod["automountServiceAccountToken"], false);
        for forbidden in ["hostNetwork", "hostPID", "hostIPC"] {
            assert_eq!(pod[forbidden], Value::Null, "{forbidden}");
        }
        let containers = ["initContainers", "containers"].into_iter();
        let containers: Vec<&Value> =
            containers.flat_map(|key| pod[key].as_array().expect("a list")).collect();
        assert_eq!(containers.len(), 2);
        for container in &containers {
            let own = &container["securityContext"];
            assert_eq!(own["allowPrivilegeEscalation"], false, "{container}");
            assert_eq!(own["readOnlyRootFilesystem"], true);
            assert_eq!(own["capabilities"]["drop"], serde_json::json!(["ALL"]));
            assert!(own["privileged"].is_null() && own["capabilities"]["add"].is_null());
            assert!(container["resources"]["limits"]["memory"].is_string(), "a pod has a bound");
        }
        let main = containers.last().expect("a container");
        assert_eq!(main["livenessProbe"]["httpGet"]["path"], "/livez");
        assert_eq!(main["readinessProbe"]["httpGet"]["path"], "/readyz");
    }
    let namespace = &of_kind("Namespace")[0]["metadata"]["labels"];
    assert_eq!(namespace["pod-security.kubernetes.io/enforce"], "restricted");
}

#[test]
fn nobody_is_let_in_who_is_not_named_and_nobody_asks_the_cluster() {
    let policies = of_kind("NetworkPolicy");
    let nothing =
        policies.iter().find(|policy| policy["metadata"]["name"] == "tidelock-nothing").expect("it is there");
    assert_eq!(nothing["spec"]["podSelector"], serde_json::json!({}));
    assert_eq!(nothing["spec"]["policyTypes"], serde_json::json!(["Ingress", "Egress"]));
    let agent =
        policies.iter().find(|policy| policy["metadata"]["name"] == "tidelock-agent").expect("it is there");
    for rule in agent["spec"]["ingress"].as_array().expect("rules") {
        let ports = rule["ports"].as_array().expect("ports");
        assert!(ports.iter().all(|port| port["port"] == "ops"), "nobody calls an agent: {rule}");
        assert!(rule["from"].is_array(), "and not everybody may watch it");
    }
    for kind in ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Secret"] {
        assert_eq!(of_kind(kind).len(), 0, "{kind}");
    }
    let budgets = of_kind("PodDisruptionBudget");
    assert_eq!(budgets.len(), 1, "none for the collector: it would block every drain of its node");
    assert_eq!(budgets[0]["spec"]["maxUnavailable"], 1);
}

#[test]
fn the_agents_configuration_in_the_config_map_can_be_read() {
    let map = of_kind("ConfigMap").remove(0);
    let text = map["data"]["agent.toml"].as_str().expect("it is there");
    let config = tidelock_agent::config::Config::parse(Path::new("/etc/tidelock/agent.toml"), text)
        .expect("it is good");
    assert_eq!(config.ops.map(|ops| ops.port()), Some(7490));
    assert_eq!(config.key, Path::new("/var/lib/tidelock-agent/agent.key"));
}

#[test]
fn images_run_as_nobody_and_build_in_stages() {
    for name in ["collector", "agent"] {
        let path = folder("docker").join(format!("{name}.Dockerfile"));
        let text = std::fs::read_to_string(&path).expect("it is there");
        assert_eq!(text.matches("\nFROM ").count(), 2, "{name}: one stage to build, one to run");
        assert!(text.contains("\nUSER 65532:65532\n") && text.contains("distroless"), "{name}");
        assert!(text.contains("--locked"), "{name}: what is built is what was tested");
    }
}
