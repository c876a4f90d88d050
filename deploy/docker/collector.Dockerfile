# syntax=docker/dockerfile:1
# The collector and the command `tidelock`. Build from the project's root:
#   docker build -f deploy/docker/collector.Dockerfile -t tidelock-collector .
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN rustup target add wasm32-unknown-unknown
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked -p tidelock-collector -p tidelock-cli --bins \
    && cargo run --release --locked -p tidelock-components --bin componentize -- --all --out /out/plugins \
    && mkdir -p /out/state \
    && cp target/release/tidelock-collector target/release/tidelock /out/

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="tidelock-collector" \
      org.opencontainers.image.description="Keeps the journal, weighs the evidence, holds the gates" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/tidelock/tidelock"
COPY --from=build /out/tidelock-collector /out/tidelock /usr/bin/
# Where `tidelock` looks for `builtin:` components beside /usr/bin.
COPY --from=build /out/plugins /usr/share/tidelock/plugins
COPY --from=build --chown=65532:65532 /out/state /var/lib/tidelock-collector
USER 65532:65532
VOLUME ["/var/lib/tidelock-collector"]
EXPOSE 7443 7480 7490
ENTRYPOINT ["/usr/bin/tidelock-collector"]
CMD ["run", "--config", "/var/lib/tidelock-collector/collector.toml"]
