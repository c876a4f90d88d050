//! The contract's own types and calls, made by `wit-bindgen` from `plugins/wit/check.wit`.
//!
//! Nothing else in the plugins names `wit-bindgen`: its generated code changes between versions, the
//! faces of this crate do not.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated: the border of a component is raw memory, and the WIT file holds the words"
)]

wit_bindgen::generate!({
    path: "../wit",
    world: "check",
    additional_derives: [PartialEq],
    pub_export_macro: true,
    export_macro_name: "export_check",
    default_bindings_module: "tidelock_plugin::bindings",
});
