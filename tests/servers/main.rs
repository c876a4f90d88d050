//! Components of the release, in the real sandbox, against real servers from Debian's packages.
//!
//! A double says what its author believes of a server. PostgreSQL, RabbitMQ and Prometheus are started here, on free
//! loopback ports in temporary folders, and end with the test. One that is missing is a failure.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod allowed_writers;
mod amqp;
mod broker;
mod child;
mod http;
mod http_metric;
mod late_statistics;
mod page;
mod postgres;
mod prometheus;
mod queue_drain;
mod replication_lag;
mod rig;
mod row_parity;
mod row_security;
mod sql_host;
mod sql_refused;
mod statistics_reset;
mod writer_named;
