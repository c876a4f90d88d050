//! The first plan as it is written.

use std::net::IpAddr;
use std::path::Path;

use tidelock_model::Sha256;
use tidelock_plan::{Problems, Source, check};

use super::ask::Answers;

/// The plugin that a first scenario runs: it needs nothing but a page.
const PLUGIN: &str = "builtin:http-flow";
/// The check that must fail.
const CANARY: &str = "builtin:canary";

/// The plan. Every answer is quoted, so that none can be read as anything but text.
pub(super) fn yaml(answers: &Answers) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let people: Vec<String> =
        answers.people.iter().map(|(key, name)| format!("  {key}: {}\n", text(name))).collect();
    let target = |url: &str| match internal_range(url) {
        Some(range) => format!("{{ url: {}, addresses: [{range}] }}", text(url)),
        None => text(url),
    };
    let internal = [&answers.source, &answers.target].iter().any(|url| internal_range(url).is_some());
    format!(
        "\
# The first plan of {name}, to be extended: a scenario for each thing that must not break, a gate for each
# question. tidelock plan schema gives editors its words; tidelock plan explain E015 what a code means.
tidelock: plan/v1
name: {name}

# Each side has the same targets under the same names. Agents reach these and nothing else.
{granted}environments:
  source: {{ targets: {{ site: {source} }} }}
  target: {{ targets: {{ site: {target} }} }}

# Any of them decides, until decisions: says who.
people:
{people}
scenarios:
  {scenario}:
    if_broken: {if_broken}
    level: critical
    plugin: {PLUGIN}
    with:
      target: site
      flow:
        steps:
          - {{ name: {scenario}, request: {{ path: {path} }}, expect: {{ status: 200 }} }}

# Every agent runs this each minute, and it must fail: one on which it passes is not believed.
canary: {{ plugin: {CANARY} }}

# How long going back stays possible after the switch.
rollback: {{ window: {window} }}
",
        name = answers.name,
        granted = if internal {
            "# An internal address is granted in numbers; one behind a name has to be added.\n"
        } else {
            ""
        },
        source = target(&answers.source),
        target = target(&answers.target),
        people = people.concat(),
        scenario = answers.scenario,
        if_broken = text(&answers.if_broken),
        path = text(&answers.path),
        window = answers.window,
    )
}

/// The grant of an address of one's own network, where the URL's host is one: the plan must say it in numbers.
fn internal_range(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => authority.split(':').next()?,
    };
    if host == "localhost" || host.ends_with(".localhost") {
        return Some("127.0.0.1/32".to_owned());
    }
    match host.parse().ok()? {
        IpAddr::V4(ip) => {
            let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            let own = ip.is_private() || ip.is_loopback() || ip.is_link_local() || shared;
            own.then(|| format!("{ip}/32"))
        }
        // In quotes: a colon would end a word.
        IpAddr::V6(ip) => {
            let own = ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local();
            own.then(|| format!("\"{ip}/128\""))
        }
    }
}

/// What is wrong with it; none where it passes strictly. The component is looked for when it is applied.
pub(super) fn wrong(file: &Path, yaml: &str) -> Option<(Problems, Source)> {
    let source = Source {
        path: file.display().to_string(),
        yaml: yaml.to_owned(),
        components: [PLUGIN, CANARY].map(|word| (word.to_owned(), Sha256::from_bytes([0; 32]))).into(),
        ..Source::default()
    };
    let problems = match check(&source) {
        Ok(checked) if checked.warnings.is_empty() => return None,
        Ok(checked) => checked.problems(),
        Err(problems) => problems,
    };
    Some((problems, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers() -> Answers {
        let text = str::to_owned;
        Answers {
            name: text("shop-moves"),
            source: text("https://shop.example"),
            target: text("https://new.shop.example"),
            people: vec![(text("olga"), text("Olga Petrova")), (text("ben"), text("Ben Okafor"))],
            scenario: text("checkout"),
            if_broken: text("Money is lost: \"at once\" # and for ever"),
            path: text("/cart?id=1#x"),
            window: text("6h"),
        }
    }

    #[test]
    fn a_first_plan_passes_strictly() {
        let plan = yaml(&answers());
        assert_eq!(wrong(Path::new("plan.yaml"), &plan), None, "{plan}");
        assert!(plan.contains(r#""Money is lost: \"at once\" # and for ever""#), "{plan}");
    }

    #[test]
    fn an_internal_address_is_granted_in_numbers() {
        for (source, target) in [
            ("http://127.0.0.1:8001", "http://127.0.0.1:8002"),
            ("http://10.1.2.3", "https://192.168.1.9:8443"),
            ("http://[::1]:8001", "http://[fd00::7]:8002"),
            ("http://localhost:8001", "https://new.shop.example"),
            ("http://10.1.2.3", "https://new.shop.example"),
        ] {
            let answers = Answers { source: source.to_owned(), target: target.to_owned(), ..answers() };
            let plan = yaml(&answers);
            assert_eq!(wrong(Path::new("plan.yaml"), &plan), None, "{plan}");
            assert!(plan.contains("addresses: ["), "{plan}");
        }
        assert!(!yaml(&answers()).contains("addresses"), "a public name needs none");
    }

    #[test]
    fn answers_that_make_no_plan_are_told() {
        let same = Answers { target: "https://shop.example".to_owned(), ..answers() };
        assert!(wrong(Path::new("plan.yaml"), &yaml(&same)).is_some(), "both sides are one place");
        let never = Answers { window: "0s".to_owned(), ..answers() };
        let _ = wrong(Path::new("plan.yaml"), &yaml(&never));
    }
}
