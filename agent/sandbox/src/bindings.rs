//! The contract in Rust, generated from `plugins/wit/check.wit`.

wasmtime::component::bindgen!({
    path: "../../plugins/wit",
    world: "check",
    imports: { default: async | trappable },
    exports: { default: async },
    require_store_data_send: true,
    additional_derives: [PartialEq],
});
