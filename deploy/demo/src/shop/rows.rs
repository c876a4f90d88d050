//! The rows that both sides share, and the one way to write them.
//!
//! A local write and a row that came through the feed take the same road (`Row::put`), so that the
//! sides cannot drift apart by two versions of an upsert. Each write is recorded in `changes` with its
//! writer, in the same transaction.

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};

use crate::clock::now_ms;
use crate::shop::db::Tx;
use crate::shop::password::PROBE;

/// The writer of what came from the other side.
pub(crate) const FEED: &str = "feed";

/// Under whose name a customer's rows are written. The checks' own customer has a name apart: what they
/// write on a side that must be quiet is told from what is wrong there.
pub(crate) fn writer(user: &str) -> &'static str {
    if user == PROBE { "probe" } else { "shop" }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct UserRow {
    pub(crate) name: String,
    pub(crate) salt: String,
    pub(crate) hash: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) made_on: String,
    pub(crate) made_at_ms: i64,
    pub(crate) ended_at_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StockRow {
    pub(crate) id: String,
    pub(crate) stock: i64,
    pub(crate) synced_at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CartRow {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) product: String,
    pub(crate) quantity: i64,
    pub(crate) total_cents: i64,
    pub(crate) state: String,
    pub(crate) made_at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OrderRow {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) product: String,
    pub(crate) quantity: i64,
    pub(crate) total_cents: i64,
    pub(crate) synthetic: bool,
    pub(crate) idempotency_key: String,
    pub(crate) state: String,
    pub(crate) made_on: String,
    pub(crate) made_at_ms: i64,
}

impl FromRow<'_, SqliteRow> for OrderRow {
    fn from_row(row: &SqliteRow) -> Result<OrderRow, sqlx::Error> {
        Ok(OrderRow {
            id: row.try_get("id")?,
            user: row.try_get("user")?,
            product: row.try_get("product")?,
            quantity: row.try_get("quantity")?,
            total_cents: row.try_get("total_cents")?,
            synthetic: row.try_get("synthetic")?,
            idempotency_key: row.try_get("idempotency_key")?,
            state: row.try_get("state")?,
            made_on: row.try_get("made_on")?,
            made_at_ms: row.try_get("made_at_ms")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct InvoiceRow {
    pub(crate) order_id: String,
    pub(crate) made_on: String,
    pub(crate) made_at_ms: i64,
}

/// One row as it is now, or that it is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Row {
    User(UserRow),
    Session(SessionRow),
    Stock(StockRow),
    Cart(CartRow),
    Order(OrderRow),
    OrderGone { id: String },
    Invoice(InvoiceRow),
}

impl Row {
    /// Sessions go both ways at any time, as in a shared session store; data follows the direction.
    fn stream(&self) -> &'static str {
        match self {
            Row::Session(_) => "sessions",
            Row::User(_)
            | Row::Stock(_)
            | Row::Cart(_)
            | Row::Order(_)
            | Row::OrderGone { .. }
            | Row::Invoice(_) => "data",
        }
    }

    fn name(&self) -> (&'static str, &str) {
        match self {
            Row::User(row) => ("user", &row.name),
            Row::Session(row) => ("session", &row.id),
            Row::Stock(row) => ("stock", &row.id),
            Row::Cart(row) => ("cart", &row.id),
            Row::Order(row) => ("order", &row.id),
            Row::OrderGone { id } => ("order-gone", id),
            Row::Invoice(row) => ("invoice", &row.order_id),
        }
    }

    /// Writes the row and records who did.
    pub(crate) async fn put(&self, tx: &mut Tx, writer: &str) -> Result<(), sqlx::Error> {
        self.upsert(tx).await?;
        let (kind, key) = self.name();
        sqlx::query("INSERT INTO changes (stream, kind, key, body, writer, at_ms) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(self.stream())
            .bind(kind)
            .bind(key)
            .bind(serde_json::to_string(self).expect("a row serialises"))
            .bind(writer)
            .bind(now_ms())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    async fn upsert(&self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        let query = match self {
            Row::User(row) => sqlx::query(
                "INSERT INTO users (name, salt, hash) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE \
                 SET salt = excluded.salt, hash = excluded.hash",
            )
            .bind(&row.name)
            .bind(&row.salt)
            .bind(&row.hash),
            // A session that ended stays ended, in whatever order the news arrives.
            Row::Session(row) => sqlx::query(
                "INSERT INTO sessions (id, user, made_on, made_at_ms, ended_at_ms) VALUES (?, ?, ?, ?, ?) \
                 ON CONFLICT (id) DO UPDATE SET ended_at_ms = coalesce(ended_at_ms, excluded.ended_at_ms)",
            )
            .bind(&row.id)
            .bind(&row.user)
            .bind(&row.made_on)
            .bind(row.made_at_ms)
            .bind(row.ended_at_ms),
            Row::Stock(row) => sqlx::query("UPDATE products SET stock = ?, synced_at_ms = ? WHERE id = ?")
                .bind(row.stock)
                .bind(row.synced_at_ms)
                .bind(&row.id),
            Row::Cart(row) => sqlx::query(
                "INSERT INTO carts (id, user, product, quantity, total_cents, state, made_at_ms) \
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
            )
            .bind(&row.id)
            .bind(&row.user)
            .bind(&row.product)
            .bind(row.quantity)
            .bind(row.total_cents)
            .bind(&row.state)
            .bind(row.made_at_ms),
            Row::Order(row) => sqlx::query(
                "INSERT INTO orders (id, user, product, quantity, total_cents, synthetic, \
                 idempotency_key, state, made_on, made_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
                 ON CONFLICT (id) DO UPDATE SET state = excluded.state",
            )
            .bind(&row.id)
            .bind(&row.user)
            .bind(&row.product)
            .bind(row.quantity)
            .bind(row.total_cents)
            .bind(row.synthetic)
            .bind(&row.idempotency_key)
            .bind(&row.state)
            .bind(&row.made_on)
            .bind(row.made_at_ms),
            Row::OrderGone { id } => sqlx::query("DELETE FROM orders WHERE id = ?").bind(id),
            Row::Invoice(row) => {
                sqlx::query("INSERT OR IGNORE INTO invoices (order_id, made_on, made_at_ms) VALUES (?, ?, ?)")
                    .bind(&row.order_id)
                    .bind(&row.made_on)
                    .bind(row.made_at_ms)
            }
        };
        query.execute(&mut **tx).await?;
        Ok(())
    }
}
