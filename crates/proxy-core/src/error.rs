//! Why a service cannot be served at all.

use rotator_llm_adapters::UnknownProvider;

/// Why a stored service cannot become a [`ServiceEntry`](crate::ServiceEntry).
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The provider has no adapter.
    #[error("the provider has no adapter")]
    Provider(#[from] UnknownProvider),
    /// The target cannot be written into a request.
    #[error("the target has no host that a request can name")]
    Target,
    /// Where the key goes cannot be written into a request.
    #[error("the place of the key cannot be written into a request")]
    KeyPlacement,
    /// A generic service has no adapter.
    #[error("a generic service has no adapter")]
    Generic,
    /// A key cannot be written into a request.
    #[error("a key holds characters that no request can carry")]
    KeyMaterial,
}

/// Why a proxy could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The TLS library refused its own defaults.
    #[error("no TLS configuration could be made")]
    Tls(#[source] rustls::Error),
}
