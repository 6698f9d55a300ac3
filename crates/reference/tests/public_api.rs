//! That no public item of the crates that others build on changes unnoticed: each has its listing beside its sources.
//!
//! A listing that is stale is a change for whoever embeds the crate: `docs/embedding.md` says which of them need a new version.

use rotator_reference::{check, public_api};

/// What an embedder sees: the proxy, and what stands in its signatures.
const CRATES: [&str; 6] = ["proxy-core", "domain", "cache-trait", "storage-trait", "llm-adapters", "format-converters"];

#[test]
fn the_listing_of_public_items_is_not_stale() {
    for name in CRATES {
        let folder = format!("crates/{name}");
        check(&format!("{folder}/public-api.txt"), &public_api(&folder));
    }
}
