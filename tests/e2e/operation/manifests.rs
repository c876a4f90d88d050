//! The Kubernetes manifests: what the restricted profile asks for, and what a night needs.

use std::path::{Path, PathBuf};

use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project").join("deploy").join(name)
}

pub(super) fn manifests() -> Vec<Value> {
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
        let (live, number) = (&main["livenessProbe"], |value: &Value| value.as_u64().expect("a number"));
        assert_eq!(live["httpGet"]["path"], "/livez");
        // It says by itself when a loop stands still for too long: a minute of that is enough, a blink is not.
        assert_eq!(number(&live["periodSeconds"]) * number(&live["failureThreshold"]), 60);
        assert!(number(&live["timeoutSeconds"]) < number(&live["periodSeconds"]), "{live}");
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

/// An agent knows the components of its release by the files beside it, and runs no other without a signature.
#[test]
fn both_images_have_the_components_of_the_release_where_they_are_looked_for() {
    let made = "-p tidelock-components --bin componentize -- --all --out /out/plugins";
    let lies = "\nCOPY --from=build /out/plugins /usr/share/tidelock/plugins\n";
    for name in ["collector", "agent"] {
        let text = std::fs::read_to_string(folder("docker").join(format!("{name}.Dockerfile")))
            .expect("it is there");
        assert!(
            text.contains(made) && text.contains(lies),
            "{name}: its agents would run no builtin: plugin"
        );
        assert!(text.contains("\nFROM rust:1.95-bookworm AS build\nWORKDIR /src\n"), "{name}: other bytes");
    }
}

/// The steps of a path such as `spec.containers.[name=agent].args.3`.
fn steps(path: &str) -> Vec<String> {
    let mut inside = false;
    let cut = |c: char| {
        inside = (inside || c == '[') && c != ']';
        c == '.' && !inside
    };
    path.split(cut).map(str::to_owned).collect()
}

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    steps(path).iter().fold(value, |value, step| {
        let bare = step.strip_prefix('[').and_then(|step| step.strip_suffix(']'));
        match (bare.map(|bare| bare.split_once('=').ok_or(bare)), value) {
            (Some(Ok((key, wanted))), Value::Array(items)) => {
                items.iter().find(|item| item[key] == wanted).unwrap_or(&Value::Null)
            }
            (Some(Err(key)), _) => &value[key],
            (_, Value::Array(items)) => {
                items.get(step.parse::<usize>().expect("a place")).unwrap_or(&Value::Null)
            }
            _ => &value[step.as_str()],
        }
    })
}

/// What `kubectl kustomize` replaces is there, and is what the one file says: a path that leads nowhere would
/// leave an address of ours in somebody's cluster.
#[test]
fn one_file_says_what_is_yours_and_each_value_has_its_places() {
    let all = manifests();
    let find = |kind: &str, name: &Value| {
        let named = |it: &&Value| it["kind"] == kind && &it["metadata"]["name"] == name;
        all.iter().find(named).unwrap_or_else(|| panic!("no {kind} {name}"))
    };
    let settings = find("Settings", &"tidelock".into());
    assert_eq!(settings["metadata"]["annotations"]["config.kubernetes.io/local-config"], "true");
    let kustomization = all.iter().find(|it| it["kind"] == "Kustomization").expect("it is there");
    let resources = kustomization["resources"].as_array().expect("a list").len();
    let files = std::fs::read_dir(folder("kubernetes")).expect("the folder is there").count();
    assert_eq!(resources + 1, files, "a file is not put together with the others");
    let mut places = 0;
    for replacement in kustomization["replacements"].as_array().expect("a list") {
        let from = replacement["source"]["fieldPath"].as_str().expect("a path");
        let yours = at(settings, from);
        assert!(!yours.is_null(), "settings.yaml has no {from}");
        for target in replacement["targets"].as_array().expect("a list") {
            let kind = target["select"]["kind"].as_str().expect("a kind");
            let manifest = find(kind, &target["select"]["name"]);
            for path in target["fieldPaths"].as_array().expect("a list") {
                let mut there = at(manifest, path.as_str().expect("a path")).clone();
                if let Some(cut) = target["options"]["delimiter"].as_str() {
                    let index = target["options"]["index"].as_u64().expect("an index");
                    let text = there.as_str().unwrap_or_default().to_owned();
                    there = text.split(cut).nth(usize::try_from(index).expect("small")).into();
                }
                assert_eq!(&there, yours, "{from} in {kind} at {path}");
                places += 1;
            }
        }
    }
    assert_eq!(places, 9);
    let host = settings["collector"]["host"].as_str().expect("a name");
    assert_eq!(settings["agent"]["joins"], format!("https://{host}:7480"));
    assert_eq!(settings["agent"]["connects"], format!("{host}:7443"));
    let text = |name: &str| std::fs::read_to_string(folder("kubernetes").join(name)).expect("it is there");
    let rest = ["agent.yaml", "collector.yaml", "network.yaml"].map(text).concat();
    assert_eq!(rest.matches(host).count(), 3, "an address that settings.yaml does not reach");
    assert_eq!(rest.matches("image: ").count(), 4, "an image that settings.yaml does not reach");
}

/// Every word of an image's last lines is one that its program takes, and what is copied is there.
#[test]
fn images_start_with_commands_that_there_are() {
    for (name, package) in [("collector", "tidelock-collector"), ("agent", "tidelock-agent")] {
        let text = std::fs::read_to_string(folder("docker").join(format!("{name}.Dockerfile")))
            .expect("it is there");
        let list = |word: &str| -> Vec<String> {
            let line = text.lines().find_map(|line| line.strip_prefix(word)).expect("the line is there");
            serde_json::from_str(line).expect("a list")
        };
        let (entry, command) = (list("ENTRYPOINT "), list("CMD "));
        assert_eq!(entry, [format!("/usr/bin/{package}")]);
        // Such a command line, with a configuration that is not there: the program says that, and not "usage".
        let words = command.iter().map(|word| word.replace("/var/lib/", "/nonexistent/"));
        let done = std::process::Command::new(tidelock_tests::program(package)).args(words).output();
        let done = done.expect("it runs");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && said.contains("/nonexistent/"), "{said}");
        assert!(!said.contains("Usage:"), "{said}");
        let copied: Vec<&str> = text.lines().filter(|line| line.starts_with("COPY --from=build")).collect();
        let run = text.split("\nRUN ").collect::<Vec<_>>().concat();
        for line in &copied {
            let words: Vec<&str> = line.split(' ').collect();
            for source in words[1..words.len() - 1].iter().filter(|word| word.starts_with("/out/")) {
                let made = source.strip_prefix("/out/").expect("just seen");
                let there =
                    run.contains(&format!("/out/{made}")) || run.contains(&format!("target/release/{made} "));
                assert!(there, "{name}: nothing makes {source}");
            }
        }
        assert!(copied.len() >= 2, "{name}");
        let named = text.split("-p ").skip(1).filter_map(|rest| rest.split_whitespace().next());
        for package in named.filter(|word| word.starts_with("tidelock")) {
            assert!(workspace().contains(&format!("name = \"{package}\"")), "{name}: no package {package}");
        }
    }
}

fn workspace() -> String {
    std::fs::read_to_string(folder("..").join("Cargo.lock")).expect("the lock file is there")
}
