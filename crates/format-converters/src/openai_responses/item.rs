//! Items, of which requests and answers are made.

mod read;
mod write;

pub(super) use read::{Items, citation, reasoning_text};
pub(super) use write::{annotation, no_list, reasoning};
