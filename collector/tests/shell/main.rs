//! Tests of the whole collector, in one process, over real connections with real certificates.

#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of a test function")]

mod access;
mod agent;
mod at_rest;
mod by_hand;
mod degraded;
mod desk;
mod evidence;
mod filed;
mod full;
mod gate;
mod history;
mod http;
mod ingest;
mod join_token;
mod joining;
mod kept_for_ever;
mod life;
mod mount;
mod moved;
mod notify;
mod pods;
mod pull;
mod receiver;
mod refused;
mod refused_plain;
mod restart;
mod restored;
mod retention;
mod rotate;
mod run;
mod service;
mod support;
mod trust;
mod voices;
