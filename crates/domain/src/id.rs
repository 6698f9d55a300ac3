//! Newtypes for the ids of everything that is stored.
//!
//! Ids are positive integers below 2^53, handed out in blocks by the storage, so that every JSON reader keeps them exact.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A service, called a proxy config in the admin API.
    ServiceId
);
id!(
    /// An upstream key.
    KeyId
);
id!(
    /// A client key.
    ClientKeyId
);
id!(
    /// An admin API token.
    AdminTokenId
);
id!(
    /// A webhook.
    WebhookId
);
