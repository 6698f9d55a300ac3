//! Between the format of a client and that of an upstream.
//!
//! A [`Translator`] reads what a client asks, once, and prepares it for each upstream that may serve it; the [`Translation`]
//! that comes with a prepared request turns the upstream's answer into one for the client. Where both sides speak the same
//! format nothing of this is used, and the bytes pass untouched.

mod answer;
mod collect;
mod estimate;
mod headers;
mod memory;
mod models;
mod naming;
mod path;
mod prepare;
mod question;
mod stream;

pub(crate) use answer::Translation;
pub(crate) use models::ModelLists;
pub(crate) use prepare::{Prepared, Sent, Translator};
pub(crate) use question::Client;
pub(crate) use stream::TranslatedBody;
