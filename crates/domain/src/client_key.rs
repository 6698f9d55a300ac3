//! What a caller of this server shows.

use crate::{ClientKeyId, Digest, Timestamp};

/// What every generated client key begins with, so that a leaked one is recognised.
pub const CLIENT_KEY_PREFIX: &str = "rk-";

/// A client key as it is stored: its value is known to its owner only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientKey {
    /// Its id.
    pub id: ClientKeyId,
    /// What the operator calls it.
    pub name: String,
    /// The digest by which it is found.
    pub digest: Digest,
    /// Whether it opens the doors.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
}
