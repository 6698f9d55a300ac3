//! Exports as tests read them.

use std::path::Path;

use rotator_admin_api::moving::{Import, Passphrase};
use rotator_domain::Secret;

use crate::outcome::text;
use crate::server::Place;

pub(crate) const PASSPHRASE: &str = "planted passphrase of an export";

/// Runs a command that must succeed.
pub(crate) async fn done(place: &Place, arguments: &[&str]) -> String {
    let output = place.run(arguments).await;
    assert!(output.status.success(), "{}", text(&output));
    text(&output)
}

/// The entries of an export, but for what an export itself adds: its own entry of the audit log and the id of that. They are
/// ordered as no database orders them: each has its own way with text.
pub(crate) fn entries(file: &Path) -> Vec<String> {
    let passphrase = Passphrase::new(Secret::new(PASSPHRASE)).unwrap();
    let import = Import::open(std::fs::File::open(file).unwrap(), &passphrase).unwrap();
    let mut entries = Vec::new();
    import.each_entry(|entry| entries.push(entry.to_owned())).unwrap();
    assert!(entries.iter().any(|entry| entry.contains("database.export")));
    entries.retain(|entry| !entry.contains("database.export") && !entry.contains(r#""kind":"next_id""#));
    entries.sort();
    entries
}
