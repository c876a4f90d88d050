//! Where everything of a running world is: `world.json` in its folder, for whoever comes later.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::Side;

const FILE: &str = "world.json";

/// One shop of the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopPlace {
    /// Its origin.
    pub url: String,
    /// Its SQLite file.
    pub db: PathBuf,
    /// Its process.
    pub pid: u32,
}

/// Everything that a director or a hand needs to reach the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map {
    /// The old shop.
    pub source: ShopPlace,
    /// The new shop.
    pub target: ShopPlace,
    /// The replicator's origin.
    pub replicator: String,
    /// Where the customers come in.
    pub switch: String,
    /// Where the customers' counts are; `None` in a world without customers.
    pub shoppers: Option<String>,
    /// What control calls carry.
    pub token: String,
}

impl Map {
    /// The shop of a side.
    pub fn shop(&self, side: Side) -> &ShopPlace {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// Reads it from a world's folder.
    pub fn read(folder: &Path) -> anyhow::Result<Map> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("read {}: does a demo run in this folder?", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no map of a world", path.display()))
    }

    /// Writes it, for its owner only: it holds the token.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(FILE);
        let draft = folder.join("world.json.draft");
        let place = || format!("write {}", path.display());
        let mut file = std::fs::File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&draft)
            .with_context(place)?;
        file.write_all(&serde_json::to_vec_pretty(self)?).with_context(place)?;
        std::fs::rename(&draft, &path).with_context(place)
    }

    /// Takes it away: the world is gone.
    pub(crate) fn remove(folder: &Path) {
        // Nobody can do anything about a file that will not go; its world answers no more either way.
        let _ = std::fs::remove_file(folder.join(FILE));
    }
}
