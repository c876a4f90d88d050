//! What a component begins with, so that nothing else is taken for one.

use std::fmt;

/// `\0asm`, and the version and the layer of a component.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
/// The same of a core module, as a compiler makes it before it is wrapped into a component.
const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";

/// Why bytes are no component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoComponent {
    /// They are a core module: one step is missing.
    Module,
    /// They are something else.
    Other,
}

impl fmt::Display for NoComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoComponent::Module => {
                "is a WebAssembly module, not a component: build it with `tidelock plugin build`"
            }
            NoComponent::Other => "is not a WebAssembly component: build one with `tidelock plugin build`",
        })
    }
}

impl std::error::Error for NoComponent {}

/// Whether these bytes begin as a component does. What is in it is judged where it is compiled.
///
/// # Errors
/// Says what they are instead, as the end of a sentence that names them.
pub fn begins_as_component(bytes: &[u8]) -> Result<(), NoComponent> {
    if bytes.starts_with(&COMPONENT) {
        return Ok(());
    }
    Err(if bytes.starts_with(&MODULE) { NoComponent::Module } else { NoComponent::Other })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_as_a_component_is_one_and_a_module_is_told_apart() {
        assert_eq!(begins_as_component(b"\0asm\x0d\0\x01\0"), Ok(()));
        assert_eq!(begins_as_component(b"\0asm\x0d\0\x01\0 and more"), Ok(()));
        assert_eq!(begins_as_component(b"\0asm\x01\0\0\0 and more"), Err(NoComponent::Module));
        for other in
            [&b""[..], b"\0asm", b"\0asm\x0d\0\x01", b"root:x:0:0", b"\0asm\x0d\0\0\0", b"(component)"]
        {
            assert_eq!(begins_as_component(other), Err(NoComponent::Other), "{other:?}");
        }
        assert!(
            NoComponent::Module
                .to_string()
                .contains("not a component: build it with `tidelock plugin build`")
        );
    }
}
