//! What a component is made of, looked at before anything compiles or runs it.
//!
//! The component model can do more than the contract needs, and each further power is one more thing that
//! has no bound of ours: handles that a component makes for itself lie in the host's memory, and so do
//! tasks and threads. A plugin lifts two functions and lowers what it imports; whatever else is asked for
//! is refused by name. So is what is only large: a compiler must not be fed a million functions.

use tidelock_model::Cause;
use wasmparser::{CanonicalFunction, ComponentType, Parser, Payload};

use crate::protocol::Refusal;

/// Functions of all modules together. A whole scripting language has about 30 000.
const MAX_FUNCTIONS: u32 = 200_000;
/// Core modules. What is made from a compiler's output has three or four.
const MAX_MODULES: u32 = 64;
/// Components in a component.
const MAX_COMPONENTS: u32 = 64;
/// How deep components lie in each other.
const MAX_DEPTH: u32 = 8;

#[derive(Default)]
struct Seen {
    functions: u32,
    modules: u32,
    components: u32,
    depth: u32,
}

/// Judges what a component is made of. Bytes that cannot be read are left to the engine, which says why.
///
/// # Errors
/// `interface`, with what a plugin may not have.
pub(crate) fn judge(wasm: &[u8]) -> Result<(), Refusal> {
    let mut seen = Seen::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let Ok(payload) = payload else { return Ok(()) };
        seen.payload(&payload).map_err(|why| Refusal::new(Cause::Interface, why))?;
    }
    Ok(())
}

impl Seen {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), String> {
        if let Payload::FunctionSection(section) = payload {
            self.functions = self.functions.saturating_add(section.count());
            return at_most("functions", self.functions, MAX_FUNCTIONS);
        }
        if let Payload::ModuleSection { .. } = payload {
            self.modules += 1;
            self.depth += 1;
            return at_most("core modules", self.modules, MAX_MODULES);
        }
        if let Payload::ComponentSection { .. } = payload {
            self.components += 1;
            self.depth += 1;
            at_most("components inside", self.components, MAX_COMPONENTS)?;
            return at_most("components one in another", self.depth, MAX_DEPTH);
        }
        if let Payload::End(_) = payload {
            self.depth = self.depth.saturating_sub(1);
        }
        if let Payload::ComponentTypeSection(section) = payload {
            let own =
                section.clone().into_iter().flatten().any(|of| matches!(of, ComponentType::Resource { .. }));
            if own {
                return Err("the component makes resources of its own, which nothing bounds".to_owned());
            }
        }
        if let Payload::ComponentCanonicalSection(section) = payload {
            return section.clone().into_iter().flatten().try_for_each(|function| canonical(&function));
        }
        Ok(())
    }
}

/// Lifting what is exported, lowering what is imported, and nothing else.
fn canonical(function: &CanonicalFunction) -> Result<(), String> {
    let plain = matches!(function, CanonicalFunction::Lift { .. } | CanonicalFunction::Lower { .. });
    if plain {
        return Ok(());
    }
    let shown = format!("{function:?}");
    let word = shown.split([' ', '{', '(']).next().unwrap_or_default();
    Err(format!("the component uses {word} of the component model, which a plugin has no need of"))
}

fn at_most(what: &str, found: u32, most: u32) -> Result<(), String> {
    if found > most { Err(format!("the component has more than {most} {what}")) } else { Ok(()) }
}
