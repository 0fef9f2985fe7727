//! What we ship to run EM Agent for real (image, compose, Kubernetes) is held against the program: its settings, subcommands,
//! ports, paths and limits. Nothing here needs a container runtime or a cluster.

mod compose;
mod dockerfile;
mod files;
mod kubernetes;
mod kustomize;
mod manifests;
mod nats;
mod program;
mod roles;
mod started;
