//! Which key of a pool is next: pure functions of state, request and time.

mod ring;

pub use ring::{Cooldown, Next, Ring};
