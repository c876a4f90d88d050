//! How every command behaves where there is little room, where nobody reads any more, where somebody presses Ctrl-C,
//! and where a plan or an agent is not meant for a real move.
//!
//! The claims share one world: a plan that is ready for its cutover, and nobody who decides it.

pub(crate) mod gone;
mod late;
pub(crate) mod loud;
pub(crate) mod narrow;
mod patience;
pub(crate) mod tree;

use std::fs;
use std::path::Path;
use std::time::Duration;

use tidelock_tests::{World, WorldOptions, eventually_for, target_folder};

/// How long things may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Beside the login: a claim that is proved slot by slot, and has a course to draw.
const FRONT: &str = r#"  front:
    kind: flow
    title: The front page is there
    if_broken: Nobody sees the shop
    level: minor
    plugin: builtin:http-flow
    run_on: both
    with: { target: shop, flow: { steps: [{ name: front, request: { path: /page/front }, expect: { status: 200 } }] } }
    claims: { success: { proof: quick } }
gates:
"#;

/// Ready for its cutover, with the files that commands are given.
fn ready() -> World {
    let plan = WorldOptions::default().plan.replace("gates:\n", FRONT);
    let world = World::start(&WorldOptions { plan, ..WorldOptions::default() });
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    let folder = world.folder.path();
    fs::copy(folder.join("plan.yaml"), folder.join("pinned.yaml")).expect("the plan of this world");
    let login = target_folder().with_file_name("plugins").join("login.wasm");
    fs::copy(login, folder.join("login.wasm")).expect("make plugins has built it");
    let course = eventually_for(LIMIT, "three slots are evidence", || {
        let shown = world.operator.run(&["evidence", "show", "front", "-o", "json"]);
        let slots = shown.json()["slots"].as_array().cloned().unwrap_or_default();
        if slots.iter().filter(|slot| slot["void"].is_null()).count() >= 3 {
            Ok(shown.out)
        } else {
            Err(shown.out)
        }
    });
    fs::write(folder.join("front.json"), course).expect("the recording can be written");
    world
}

#[test]
fn every_command_keeps_its_manners() {
    let world = ready();
    let folder = world.folder.path().display().to_string();
    let mistakes =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/golden/mistakes.yaml").display().to_string();
    let fill = move |text: &str| {
        let plan = format!("{folder}/plan.yaml");
        text.replace("{plan}", &plan).replace("{mistakes}", &mistakes).replace("{folder}", &folder)
    };
    loud::what_is_for_development_stands_on_every_screen(&world, &fill);
    narrow::each_screen_fits_twenty_columns(&world, &fill);
    gone::each_ask_ends_with_ctrl_c(&world, &fill);
    gone::whoever_reads_may_leave(&world, &fill);
    gone::a_terminal_is_left_as_it_was(&world, &fill);
    gone::no_go_is_spent_where_nobody_reads(&world);
}
