//! What of the documents is written from the code, and how tests see that it is not stale.
//!
//! Owns how a command line, an OpenAPI document and the public items of a crate read as a page, and the comparing of a page with the file
//! that holds it. A test makes the page of what it can see and gives it to [`check`]; `cargo xtask reference` runs those tests with
//! [`WRITE`] set, which writes the files instead.
//!
//! Never a dependency of anything that is shipped.

mod command_line;
mod open_api;
mod page;
mod public_api;

pub use command_line::{commands, settings};
pub use open_api::routes;
pub use page::{WRITE, check, read};
pub use public_api::public_api;
