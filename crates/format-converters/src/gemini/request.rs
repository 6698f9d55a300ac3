//! Requests for answers (<https://ai.google.dev/api/generate-content>).

mod generation;
mod read;
mod thinking;
mod tools;
mod turns;
mod write;

pub(super) use read::read;
pub(super) use write::{Body, body, write};

#[cfg(test)]
mod tests;
