//! The first plan as it is written.

use std::path::Path;

use tidelock_model::Sha256;
use tidelock_plan::{Source, check};

use super::ask::Answers;
use crate::out;

/// The plugin that a first scenario runs: it needs nothing but a page.
const PLUGIN: &str = "builtin:http-flow";
/// The check that must fail.
const CANARY: &str = "builtin:canary";

/// The plan. Every answer is quoted, so that none can be read as anything but text.
pub(super) fn yaml(answers: &Answers) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let people: Vec<String> =
        answers.people.iter().map(|(key, name)| format!("  {key}: {}\n", text(name))).collect();
    format!(
        "\
# The first plan of {name}, to be extended: a scenario for each thing that must not break, a gate for each
# question. tidelock plan schema gives editors its words; tidelock plan explain E015 what a code means.
tidelock: plan/v1
name: {name}

# Each side has the same targets under the same names. Agents reach these and nothing else.
environments:
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
        source = text(&answers.source),
        target = text(&answers.target),
        people = people.concat(),
        scenario = answers.scenario,
        if_broken = text(&answers.if_broken),
        path = text(&answers.path),
        window = answers.window,
    )
}

/// What is wrong with it, drawn; none where it passes strictly. The component is looked for when it is applied.
pub(super) fn wrong(file: &Path, yaml: &str) -> Option<String> {
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
    Some(problems.render(&source, false, out::width()))
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
    fn answers_that_make_no_plan_are_told() {
        let same = Answers { target: "https://shop.example".to_owned(), ..answers() };
        assert!(wrong(Path::new("plan.yaml"), &yaml(&same)).is_some(), "both sides are one place");
        let never = Answers { window: "0s".to_owned(), ..answers() };
        let _ = wrong(Path::new("plan.yaml"), &yaml(&never));
    }
}
