//! Workloads and trusted issuers: their commands, their blocks of the file, and a local issuer that plays Kubernetes.

mod blocks;
mod cluster;
mod grants;
mod kubernetes;
mod placed;
mod rotation;
mod stored;
