//! What crosses a process boundary: the generated protocol, and the one door from it to the model.

/// The protocol as generated from `tidelock/v1/*.proto`; the comments are there.
#[expect(
    missing_docs,
    clippy::allow_attributes_without_reason,
    reason = "generated; documented in the .proto files"
)]
pub mod v1 {
    tonic::include_proto!("tidelock.v1");
}

mod convert;
mod convert_report;
mod convert_shown;
pub mod head;
pub mod json;
mod limits;
pub mod signed_report;

pub use convert::{BadWire, Conv, batch_from_wire, batch_to_wire, side_from_wire, side_to_wire};
pub use limits::Limits;

/// The descriptors of the whole protocol, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));
