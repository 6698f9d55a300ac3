//! The parts of messages.

mod read;
mod write;

pub(super) use read::{Place, content, image, marked};
pub(super) use write::{answered_image, write};
