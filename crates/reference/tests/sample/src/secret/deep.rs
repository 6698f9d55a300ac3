//! Below a private module.

/// Shows nothing of itself.
pub struct Opaque(u8);

impl Clone for Opaque {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}
