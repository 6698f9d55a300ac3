//! What an upstream gives to a client only to have it back: signatures, encrypted reasoning.
//!
//! The same issuer gets it byte for byte. To carry it through a client of another format, it is put into an envelope that
//! fits the opaque slot of that format; reading takes it out again. What stands outside an envelope in a slot is the format's
//! own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use rotator_domain::Format;
use serde::{Deserialize, Serialize};

/// What every envelope begins with: valid base64 itself, since Gemini's SDKs decode the slot.
const TAG: &str = "cm90YXRvci5zZWFs";

/// A text that only its issuer understands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opaque {
    /// Who made it: the upstream of this format.
    #[serde(with = "super::format_name")]
    pub issuer: Format,
    /// The text, in the issuer's own spelling.
    pub value: String,
    /// The id of the item that it belongs to, where its issuer wants it back as well (OpenAI's reasoning items).
    pub id: Option<String>,
    /// Whether it stands for reasoning that is not shown at all (Anthropic's `redacted_thinking`).
    pub is_redacted: bool,
    /// What it belongs to.
    pub attachment: Attachment,
}

/// Which part an opaque text belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attachment {
    /// The one that it stands on.
    #[default]
    Own,
    /// The next one: the client's format has no slot there, so it travels on a piece of reasoning before it.
    Next,
    /// The one before.
    Previous,
}

// === impl Opaque ===

impl Opaque {
    /// A text of `issuer`'s own.
    #[must_use]
    pub const fn new(issuer: Format, value: String) -> Self {
        Self { issuer, value, id: None, is_redacted: false, attachment: Attachment::Own }
    }

    /// What to write into the opaque slot of `format`: the text itself where it is the issuer's, else an envelope. Both
    /// are valid base64 where the issuer's is.
    #[must_use]
    pub fn for_slot(&self, format: Format) -> String {
        if self.issuer == format && self.attachment == Attachment::Own {
            return self.value.clone();
        }
        self.enveloped()
    }

    /// The envelope, whose reader sees all that is known of the text.
    #[must_use]
    pub(crate) fn enveloped(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{TAG}{}", URL_SAFE.encode(json))
    }

    /// Reads the opaque slot of `format`.
    #[must_use]
    pub fn from_slot(format: Format, slot: &str) -> Self {
        let envelope = slot.strip_prefix(TAG).and_then(|envelope| URL_SAFE.decode(envelope).ok());
        let held = envelope.and_then(|json| serde_json::from_slice(&json).ok());
        held.unwrap_or_else(|| Self::new(format, slot.to_owned()))
    }

    /// Whether a body holds an envelope, as far as can be told without reading it.
    #[must_use]
    pub fn is_enveloped_in(body: &[u8]) -> bool {
        memchr::memmem::find(body, TAG.as_bytes()).is_some()
    }

    /// Whether a writer of `format` may put it on a part of its own.
    #[must_use]
    pub fn is_of(&self, format: Format) -> bool {
        self.issuer == format
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_gets_its_own_text_and_others_an_envelope_that_can_be_opened() {
        let own = Opaque { id: Some("rs_1".into()), ..Opaque::new(Format::OpenAiResponses, "gAAA==".into()) };
        assert_eq!(own.for_slot(Format::OpenAiResponses), "gAAA==");
        for format in [Format::Anthropic, Format::Gemini] {
            let slot = own.for_slot(format);
            assert!(URL_SAFE.decode(&slot).is_ok(), "{slot}");
            assert_eq!(Opaque::from_slot(format, &slot), own);
        }
        assert_eq!(Opaque::from_slot(Format::Anthropic, "EqQB"), Opaque::new(Format::Anthropic, "EqQB".into()));
        let forged = format!("{TAG}AAAA");
        assert_eq!(Opaque::from_slot(Format::Gemini, &forged), Opaque::new(Format::Gemini, forged));
    }
}
