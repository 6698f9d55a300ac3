//! Ids that an upstream did not give and the client's format needs.

/// A sequence of ids that begins with a number that nobody else has.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: u128,
    next: u32,
}

// === impl Ids ===

impl Ids {
    /// Ids from a random number, one for each answer.
    #[must_use]
    pub const fn new(seed: u128) -> Self {
        Self { seed, next: 0 }
    }

    /// The next id with this prefix, such as `call_`.
    pub fn mint(&mut self, prefix: &str) -> String {
        let number = self.next;
        self.next += 1;
        let id = self.seed.wrapping_add(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        format!("{prefix}{:024x}", id >> 32)
    }

    /// The id, or the next one where it is empty.
    pub fn or_mint(&mut self, id: &str, prefix: &str) -> String {
        if id.is_empty() { self.mint(prefix) } else { id.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_comes_twice() {
        let mut ids = Ids::new(7);
        let (one, two) = (ids.mint("call_"), ids.mint("call_"));
        assert_ne!(one, two);
        assert_eq!((one.len(), ids.or_mint("own", "call_").as_str()), (29, "own"));
    }
}
