//! Making a server what a file says: the file, and the steps that it takes.

mod manifest;
mod plan;

pub(crate) use manifest::Manifest;
pub(crate) use plan::Plan;
