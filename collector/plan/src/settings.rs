//! Settings of the plugins of this release: keys that a plugin does not know.
//!
//! A plugin refuses what it does not know when it runs, on every agent, in the night. The schemas that lie beside the
//! plugins say it when the plan is written; other components bring no schema, and are not judged.

use serde_json::{Map, Value};

use crate::problem::{Sink, choices};
use crate::tree::{Node, Span};

/// What the plugins of this release take, as they publish it.
const SCHEMAS: &[(&str, &str)] = &[
    ("canary", include_str!("../../../plugins/canary/settings.schema.json")),
    ("checkout", include_str!("../../../plugins/checkout/settings.schema.json")),
    ("http-flow", include_str!("../../../plugins/http-flow/settings.schema.json")),
    ("http-metric", include_str!("../../../plugins/http-metric/settings.schema.json")),
    ("job-writes", include_str!("../../../plugins/job-writes/settings.schema.json")),
    ("login", include_str!("../../../plugins/login/settings.schema.json")),
    ("queue-drain", include_str!("../../../plugins/queue-drain/settings.schema.json")),
    ("replication-lag", include_str!("../../../plugins/replication-lag/settings.schema.json")),
    ("row-parity", include_str!("../../../plugins/row-parity/settings.schema.json")),
];

/// Warns of each key of `with` that its plugin does not know.
pub(crate) fn unknown(plugin: &str, with: &Node, what: &str, sink: &mut Sink) {
    let Some(name) = plugin.strip_prefix("builtin:") else { return };
    let found = SCHEMAS.iter().find(|(known, _)| *known == name);
    let Some(schema) = found.and_then(|(_, text)| serde_json::from_str::<Value>(text).ok()) else { return };
    Walk { plugin: name, sink }.node(with, &schema, what);
}

struct Walk<'a> {
    plugin: &'a str,
    sink: &'a mut Sink,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, schema: &Value, what: &str) {
        let schema = of_shape(node, schema);
        for item in node.items() {
            self.node(item, &schema["items"], what);
        }
        let properties = schema["properties"].as_object();
        let closed = schema["additionalProperties"] == Value::Bool(false);
        for entry in node.entries() {
            match properties.and_then(|known| known.get(&entry.key)) {
                Some(inner) => self.node(&entry.value, inner, &format!("{:?} in {what}", entry.key)),
                None if closed => self.say(&entry.key, entry.key_span, what, properties),
                None => {}
            }
        }
    }

    fn say(&mut self, key: &str, span: Span, what: &str, properties: Option<&Map<String, Value>>) {
        let known: Vec<&str> =
            properties.into_iter().flat_map(|known| known.keys()).map(String::as_str).collect();
        let text = format!("{what}: {} does not know {key:?}", self.plugin);
        self.sink
            .say("W016", span, text)
            .label("unknown")
            .help(format!("{}; each run would end as not run: bad settings", choices(key, &known)));
    }
}

/// Of several shapes, the one that this is.
fn of_shape<'a>(node: &Node, schema: &'a Value) -> &'a Value {
    let word = if node.entries().is_empty() { "array" } else { "object" };
    let shapes = schema["anyOf"].as_array().into_iter().flatten();
    let mut fits = shapes.filter(|shape| shape["type"] == word);
    fits.next().unwrap_or(schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    #[test]
    fn every_plugin_of_the_release_has_a_schema_that_names_its_keys() {
        let names: Vec<&str> = SCHEMAS.iter().map(|(name, _)| *name).collect();
        let mut builtins: Vec<&str> = keys::BUILTINS.to_vec();
        builtins.sort_unstable();
        assert_eq!(names, builtins);
        for (name, text) in SCHEMAS {
            let schema: Value = serde_json::from_str(text).unwrap();
            assert_eq!(schema["title"], *name);
            // The canary looks at nothing.
            assert!(schema["properties"]["target"].is_object() || *name == "canary", "{name}");
            assert!(schema["additionalProperties"] != Value::Null, "{name} does not say what else it takes");
        }
    }
}
