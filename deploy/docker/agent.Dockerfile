# syntax=docker/dockerfile:1
# The agent. Build from the project's root:
#   docker build -f deploy/docker/agent.Dockerfile -t tidelock-agent .
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN rustup target add wasm32-unknown-unknown
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked -p tidelock-agent --bins \
    && cargo run --release --locked -p tidelock-components --bin componentize -- --all --out /out/plugins \
    && mkdir -p /out/state \
    && cp target/release/tidelock-agent /out/

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="tidelock-agent" \
      org.opencontainers.image.description="Runs a team's own checks on one side of a migration" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/tidelock/tidelock"
COPY --from=build /out/tidelock-agent /usr/bin/
# What comes with its release needs no signature there: the same bytes as in the collector's image.
COPY --from=build /out/plugins /usr/share/tidelock/plugins
COPY --from=build --chown=65532:65532 /out/state /var/lib/tidelock-agent
USER 65532:65532
VOLUME ["/var/lib/tidelock-agent"]
EXPOSE 7490
ENTRYPOINT ["/usr/bin/tidelock-agent"]
CMD ["run", "--config", "/var/lib/tidelock-agent/agent.toml"]
