//! The shop's SQLite file.
//!
//! WAL, so that checks read while the shop writes; one connection writes, so that no two writers wait
//! for each other inside SQLite. `synchronous = normal` is enough: a demo survives the death of its
//! process, not of its machine.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::Side;
use crate::shop::{jobs, password, queue};

/// The goods: id, name, price in cents.
const PRODUCTS: [(&str, &str, i64); 5] = [
    ("lantern", "Harbour lantern", 4_900),
    ("rope", "Mooring rope, 20 m", 2_450),
    ("chart", "Sea chart of the bay", 1_799),
    ("compass", "Brass compass", 8_900),
    ("kettle", "Ship's kettle", 3_250),
];

/// What each product starts with and is refilled to.
pub(crate) const FULL_STOCK: i64 = 1_000;

#[derive(Clone, Debug)]
pub(crate) struct Db {
    pub(crate) read: SqlitePool,
    pub(crate) write: SqlitePool,
}

pub(crate) type Tx = sqlx::Transaction<'static, sqlx::Sqlite>;

impl Db {
    pub(crate) async fn open(path: &Path, side: Side) -> anyhow::Result<Db> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5));
        let place = || format!("open the shop's database {}", path.display());
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .with_context(place)?;
        sqlx::raw_sql(include_str!("schema.sql")).execute(&write).await.with_context(place)?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.read_only(true))
            .await
            .with_context(place)?;
        let db = Db { read, write };
        db.seed(side).await.with_context(|| format!("fill {}", path.display()))?;
        Ok(db)
    }

    /// A transaction that already holds the write lock.
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        self.write.begin_with("BEGIN IMMEDIATE").await
    }

    /// The state both sides begin with; what is there already stays.
    async fn seed(&self, side: Side) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        for (id, name, price) in PRODUCTS {
            sqlx::query("INSERT OR IGNORE INTO products (id, name, price_cents, stock) VALUES (?, ?, ?, ?)")
                .bind(id)
                .bind(name)
                .bind(price)
                .bind(FULL_STOCK)
                .execute(&mut *tx)
                .await?;
        }
        for (name, secret) in password::SEEDED {
            let user = password::user(name, secret);
            sqlx::query("INSERT OR IGNORE INTO users (name, salt, hash) VALUES (?, ?, ?)")
                .bind(user.name)
                .bind(user.salt)
                .bind(user.hash)
                .execute(&mut *tx)
                .await?;
        }
        for queue in queue::QUEUES {
            sqlx::query("INSERT OR IGNORE INTO queue_stats (queue) VALUES (?)")
                .bind(queue)
                .execute(&mut *tx)
                .await?;
        }
        for job in jobs::JOBS {
            sqlx::query("INSERT OR IGNORE INTO job_owners (job, enabled) VALUES (?, ?)")
                .bind(job)
                .bind(side == Side::Source)
                .execute(&mut *tx)
                .await?;
        }
        // A consumer that died gave nothing back: what it held is ready again.
        sqlx::query("UPDATE messages SET delivered = 0").execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}
