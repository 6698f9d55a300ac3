//! Requests for answers (<https://platform.claude.com/docs/en/api/messages/create>).

mod body;
mod read;
mod turns;
mod write;

pub(super) use read::read;
pub(super) use write::{write, write_count};

#[cfg(test)]
mod tests;
