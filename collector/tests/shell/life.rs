//! The watchdog's sign of life is the driver's own: one that waits for its disk gives none, though the rest of
//! the collector answers.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tidelock_collector::journal::{Disk, RealDisk};
use tidelock_collector::server::Life;
use tidelock_proto::v1;
use tokio::time::timeout;

use crate::support::{Collector, MIGRATION, PLAN, until};

/// A driver that lives comes round within this.
const SOON: Duration = Duration::from_secs(20);
/// One that has not come round within this stands still.
const LONG: Duration = Duration::from_millis(500);

/// A disk that hangs in the middle of a write for as long as the test says.
#[derive(Default)]
struct Hanging {
    hangs: Mutex<bool>,
    changed: Condvar,
}

impl Hanging {
    fn hang(&self, hangs: bool) {
        *self.hangs.lock().unwrap() = hangs;
        self.changed.notify_all();
    }
}

impl Disk for Hanging {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        drop(self.changed.wait_while(self.hangs.lock().unwrap(), |hangs| *hangs).unwrap());
        RealDisk.write_at(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        RealDisk.sync(file)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        RealDisk.free_bytes(dir)
    }

    fn fill(&self, path: &Path, bytes: u64) -> io::Result<File> {
        RealDisk.fill(path, bytes)
    }
}

async fn lives(life: &Life, within: Duration) -> bool {
    timeout(within, life.sign()).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_driver_that_waits_for_its_disk_gives_no_sign_of_life_until_it_goes_on() {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let disk = Arc::new(Hanging::default());
    collector.again_on(disk.clone()).await;
    collector.apply(PLAN).await.unwrap();
    let life = collector.running.as_ref().unwrap().life();
    assert!(lives(&life, SOON).await, "it does its work");
    disk.hang(true);
    let mut orders = collector.orders(&collector.operator).await;
    let order = tokio::spawn(async move {
        let (migration, reason) = (MIGRATION.to_owned(), "a test".to_owned());
        orders.hold(v1::HoldRequest { migration, reason, request_id: String::new() }).await
    });
    until("the driver stands still", || async { (!lives(&life, LONG).await).then_some(()) }).await;
    // Whoever only looks is answered,
    collector.status().await;
    assert!(!lives(&life, 2 * LONG).await, "and that is no sign of the driver's");
    assert!(!order.is_finished());
    disk.hang(false);
    assert!(lives(&life, SOON).await, "it goes on by itself");
    order.await.unwrap().unwrap();
}
