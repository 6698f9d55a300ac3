//! Requests for answers.

mod messages;
mod read;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod turns;
mod write;

pub(super) use read::read;
pub(super) use write::write;
