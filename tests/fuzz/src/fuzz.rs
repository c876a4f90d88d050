//! One program for every door, `TIDELOCK_FUZZ` names it: linking is what takes the time.
#![no_main]

use std::sync::LazyLock;

use tidelock_fuzz::{DOORS, Door};

static DOOR: LazyLock<Door> = LazyLock::new(|| {
    let name = std::env::var("TIDELOCK_FUZZ").expect("TIDELOCK_FUZZ names a door");
    DOORS.into_iter().find(|door| door.0 == name).unwrap_or_else(|| panic!("there is no door {name}"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    DOOR.1(bytes);
});
