//! A crate for the test of the listing.

pub mod inner;
mod secret;

pub use std::path::Path;

pub use secret::{Made, Opaque, Shape, hidden as Renamed};

/// Speaks.
pub trait Speaks: Send {
    /// Says it.
    fn say<'a>(&'a self, text: &'a str) -> Result<(), String>;

    /// Whether it is loud.
    fn loud(&self) -> bool {
        false
    }
}

struct Private;
