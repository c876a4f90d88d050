//! From the binaries to the first verdict of a real collector with two agents: five commands.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tidelock_tests::{Shop, eventually, program};

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    listener.local_addr().expect("a listener has an address").port()
}

fn tidelock(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("tidelock"));
    command.args(arguments).current_dir(home).env("TIDELOCK_CONFIG", home.join("contexts.toml"));
    for variable in ["TIDELOCK_SERVER", "TIDELOCK_CA_FILE", "TIDELOCK_TOKEN_FILE", "TIDELOCK_CONTEXT"] {
        command.env_remove(variable);
    }
    command
}

fn start(home: &Path, name: &str, arguments: &[&str]) -> Running {
    let log = fs::File::create(home.join(format!("{name}.log"))).expect("a log file");
    let errors = log.try_clone().expect("a file handle can be copied");
    let mut command = Command::new(program(name));
    command.args(arguments).current_dir(home).stdin(Stdio::null()).stdout(log).stderr(errors);
    Running(command.spawn().expect("it starts"))
}

fn plan(source: &Shop, target: &Shop) -> String {
    let target_of = |shop: &Shop| format!("{{ url: \"{}\", addresses: [127.0.0.0/8] }}", shop.url);
    format!(
        "tidelock: plan/v1\nname: shop\nenvironments:\n  \
         source: {{ agents: {{ at_least: 1 }}, targets: {{ shop: {} }} }}\n  \
         target: {{ agents: {{ at_least: 1 }}, targets: {{ shop: {} }} }}\n\
         people: {{ olga: Olga Petrova, ben: Ben Okafor }}\n\
         scenarios:\n  login:\n    if_broken: Customers cannot log in\n    level: critical\n    \
         plugin: builtin:login\n    \
         with: {{ target: shop, user: probe, password: \"secret:probe-password\" }}\n    \
         claims: {{ passes: {{ in_a_row: 5 }} }}\nrollback: {{ window: 6h }}\n",
        target_of(source),
        target_of(target)
    )
}

/// What `tidelock init` is answered; the page asks people for it.
fn answers(source: &Shop, target: &Shop) -> Vec<String> {
    let answers = [
        ("--name", "shop-moves"),
        ("--source", &source.url),
        ("--target", &target.url),
        ("--person", "olga=Olga Petrova"),
        ("--person", "ben=Ben Okafor"),
        ("--scenario", "login"),
        ("--if-broken", "Customers cannot log in"),
        ("--path", "/login"),
    ];
    answers.iter().flat_map(|(flag, answer)| [(*flag).to_owned(), (*answer).to_owned()]).collect()
}

/// The commands of the README's first section about a collector of one's own.
fn page() -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("README.md");
    let text = fs::read_to_string(readme).expect("the README is there");
    let section = text.split_once("## Set it up: from nothing to the first HOLD").expect("the section").1;
    let block =
        section.split_once("```sh\n").and_then(|(_, rest)| rest.split_once("```")).expect("a block").0;
    block.lines().map(str::to_owned).collect()
}

/// A command that goes on, or one that ends and must end well.
fn goes_on(line: &str) -> bool {
    line.starts_with("tidelock-collector run") || line.ends_with(" --run")
}

/// The README word for word, but for the place and what people answer.
#[test]
fn the_commands_of_the_readme_lead_to_the_first_hold() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path();
    let (agents, api) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    let shops = [Shop::start(), Shop::start()];
    let lines = page();
    assert_eq!(lines.len(), 6, "{lines:?}");
    let mut running = Vec::new();
    for line in &lines {
        let here = line.replace("collector.example:7480", &api).replace("collector.example", "127.0.0.1");
        let token = |side: &str| {
            let token = tidelock(home, &["agent", "token", "--side", side]).output().expect("it runs");
            assert!(token.status.success(), "{}", String::from_utf8_lossy(&token.stderr));
            String::from_utf8_lossy(&token.stdout).trim().to_owned()
        };
        let mut words: Vec<String> = here.split(' ').map(str::to_owned).collect();
        if let Some(at) = words.iter().position(|word| word == "TOKEN") {
            words[at] = token(if line.contains("--dir source") { "source" } else { "target" });
        }
        let program = words.remove(0);
        if words[..1] == ["pki"] {
            words.extend(["--agents-listen", &agents, "--api-listen", &api].map(str::to_owned));
        }
        if words[..1] == ["init"] {
            words.extend(answers(&shops[0], &shops[1]));
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if goes_on(line) {
            running.push(start(home, &program, &words));
            continue;
        }
        assert_eq!(program, "tidelock", "{line}");
        // The collector of the line before may not be up yet.
        eventually(line, || {
            let done = tidelock(home, &words).output().expect("it runs");
            if done.status.success() {
                Ok(())
            } else {
                Err(String::from_utf8_lossy(&done.stderr).into_owned())
            }
        });
        let config = home.join("collector/collector.toml");
        if let Ok(text) = fs::read_to_string(&config) {
            // Not a command of the user's: another collector of this machine may have the usual port.
            fs::write(&config, text.replace("127.0.0.1:7490", "127.0.0.1:0")).expect("written");
        }
    }
    // One agent a side has joined of the two that a plan asks for, and the canary has come.
    eventually("the gate says what holds it, and what to do", || {
        let status = tidelock(home, &["status", "-o", "json"]).output().expect("it runs");
        let text = String::from_utf8_lossy(&status.stdout).into_owned();
        let status: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let holds = status["next_gate"]["holds"].as_array().cloned().unwrap_or_default();
        let told = |side: &str| {
            let reason = format!("1 of at least 2 agents on {side} online");
            holds
                .iter()
                .any(|h| h["reason"] == reason && h["next"] == format!("tidelock agent token --side {side}"))
        };
        let canary = holds.iter().any(|hold| hold["code"] == "canary");
        let held = status["next_gate"]["verdict"] == "hold" || status["next_gate"]["verdict"] == "unknown";
        if told("source") && told("target") && held && !canary { Ok(()) } else { Err(text) }
    });
    drop(running);
}

#[test]
fn five_commands_lead_to_the_first_hold() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path();
    let (agents, api) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    fs::write(home.join("plan.yaml"), plan(&Shop::start(), &Shop::start())).expect("written");
    // 1
    let init = ["pki", "init", "--dir", "collector", "--host", "127.0.0.1", "--agents-listen", &agents];
    let made = tidelock(home, &init).args(["--api-listen", &api]).output().expect("it runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    // Not a command of the user's: another collector of this machine may have the usual port.
    let config = home.join("collector/collector.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    fs::write(&config, text.replace("127.0.0.1:7490", "127.0.0.1:0")).expect("written");
    // 2
    let _collector = start(home, "tidelock-collector", &["run", "--config", "collector/collector.toml"]);
    // 3
    eventually("the plan is applied", || {
        let applied = tidelock(home, &["plan", "apply"]).output().expect("it runs");
        if applied.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&applied.stderr).into_owned())
        }
    });
    // 4 and 5, with the token of `tidelock agent token` put in by the shell.
    let joined = ["source", "target"].map(|side| {
        let token = tidelock(home, &["agent", "token", "--side", side]).output().expect("it runs");
        let token = String::from_utf8_lossy(&token.stdout).trim().to_owned();
        let url = format!("https://{api}");
        start(home, "tidelock-agent", &["join", &url, &token, "--name", side, "--dir", side, "--run"])
    });
    // The secret is not there yet, so the first verdict is no pass: it says what is missing.
    eventually("the gate says what holds it, seen by both agents", || {
        let status = tidelock(home, &["status", "-o", "json"]).output().expect("it runs");
        let text = String::from_utf8_lossy(&status.stdout).into_owned();
        let status: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let holds = status["next_gate"]["holds"].as_array().cloned().unwrap_or_default();
        let told = |side: &str| {
            holds.iter().any(|h| h["side"] == side && h["reason"].to_string().contains("secret"))
        };
        if told("source") && told("target") { Ok(()) } else { Err(text) }
    });
    drop(joined);
}
