# EM Agent's image: one program, its plugins, and nothing to log in with. `docker build -t em-agent .`
#
# The versions of Debian in both stages must be the same: the program is linked against the C library of the first and
# runs with that of the second. cli/tests/deployment holds this file against the sources.

# As `rust-version` in Cargo.toml.
ARG RUST_VERSION=1.95

FROM rust:${RUST_VERSION}-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY migrations migrations
COPY crates crates
COPY integrations integrations
COPY gateway gateway
COPY worker worker
COPY bench bench
COPY cli cli
# libpq, OpenSSL and aws-lc are built from the crates' sources: the compiler, make and perl of this image are enough.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package em-agent --bin em-agent \
    && install -D --mode 0755 target/release/em-agent /out/em-agent

# glibc, certificates and time zones; no shell, no package manager, user 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="EM Agent" \
      org.opencontainers.image.description="Webhooks in, normalized events and delivery metrics out" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT"
COPY --from=build /out/em-agent /usr/local/bin/em-agent
COPY plugins /plugins
ENV PLUGINS_DIR=/plugins
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
# Of the gateway; the worker's is on METRICS_ADDR.
EXPOSE 8000
# Says nothing of other subcommands: what runs a worker asks `em-agent healthcheck --to` its METRICS_ADDR.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["em-agent", "healthcheck"]
ENTRYPOINT ["em-agent"]
CMD ["gateway"]
