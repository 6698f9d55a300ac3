//! A public module.

/// A limit.
pub const LIMIT: usize = 3;

/// Two.
pub struct Pair<T> {
    /// The first.
    pub first: T,
    second: T,
}
