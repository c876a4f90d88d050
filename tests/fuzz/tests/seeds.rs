//! Every seed, and every input that once was too much, goes through its door.

use std::fs;

use tidelock_fuzz::{DOORS, seeds};

#[test]
fn every_seed_goes_through_its_door() {
    for (name, door) in DOORS {
        let folder = fs::read_dir(seeds(name)).unwrap_or_else(|error| panic!("the seeds of {name}: {error}"));
        let mut count = 0;
        for file in folder {
            let path = file.expect("a folder can be read").path();
            let bytes = fs::read(&path).expect("a seed can be read");
            door(&bytes);
            // Cut, and with one bit turned: what a broken line or disk makes of it.
            for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len().saturating_sub(1)] {
                door(&bytes[..at]);
                let mut turned = bytes.clone();
                if let Some(byte) = turned.get_mut(at) {
                    *byte ^= 0x10;
                    door(&turned);
                }
            }
            count += 1;
        }
        assert!(count >= 4, "{name} has {count} seeds");
    }
}
