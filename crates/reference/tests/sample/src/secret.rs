//! A private module, of which some is shown.

mod deep;

pub use deep::Opaque;

thing! {
    pub struct Made
}

/// A shape.
#[derive(Debug)]
pub enum Shape {
    /// Round.
    Circle { radius: u8 },
    /// Not round.
    Square(u8, u8),
}

/// Shown under another name.
pub fn hidden(text: &str) -> Option<u8> {
    text.parse().ok()
}

impl Opaque {
    /// Opens it.
    pub fn open(&self) -> u8 {
        self.close()
    }

    fn close(&self) -> u8 {
        0
    }
}
