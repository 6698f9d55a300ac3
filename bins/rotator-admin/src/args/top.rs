//! `top`.

use clap::Args;

/// What to watch.
#[derive(Debug, Args)]
pub(crate) struct TopArgs {
    /// Begin with the keys of this service, by its slug or id.
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// Look for three seconds, print what was seen and end.
    #[arg(long)]
    pub(crate) once: bool,
}
