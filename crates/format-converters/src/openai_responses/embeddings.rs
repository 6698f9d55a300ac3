//! Embeddings: those of the vendor.

pub(super) use crate::openai_vendor::embeddings::{read, read_embedded, write, write_embedded};
