//! The settings; the rest is tried against a real replication.

use serde_json::json;
use tidelock_plugin::testing::{FakeHost, assert_schema};
use tidelock_plugin::{Check, Trouble};

use crate::ReplicationLag;
use crate::settings::Settings;

#[test]
fn settings_name_what_is_wrong() {
    for (settings, word) in [
        (json!({ "target": "db" }), "`slot` is missing"),
        (json!({ "target": "db", "slot": "" }), "name the replication slot"),
        (json!({ "target": "db", "slot": "a", "marks": "a b" }), "is no name of a table"),
    ] {
        let Err(Trouble::BadSettings(why)) = FakeHost::new().rc().run::<ReplicationLag>(&settings) else {
            panic!("{settings} is taken")
        };
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn the_schema_knows_every_key() {
    assert_schema::<Settings>(&ReplicationLag::manifest().settings_schema);
}
