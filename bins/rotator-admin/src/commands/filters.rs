//! Which requests commands look at, as the API takes it.

use crate::api::Api;
use crate::args::{Span, Subject};
use crate::error::CliError;

// === impl Span ===

impl Span {
    pub(super) fn into_query(self) -> impl Iterator<Item = (&'static str, String)> {
        [("since", self.since), ("until", self.until)].into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

// === impl Subject ===

impl Subject {
    pub(super) async fn into_query(self, api: &Api) -> Result<Vec<(&'static str, String)>, CliError> {
        let Self { service, key, client, model } = self;
        let service = match service {
            Some(service) => Some(api.service(&service).await?.id.to_string()),
            None => None,
        };
        let key = key.map(|key| key.to_string());
        let pairs = [("service", service), ("key", key), ("client", client), ("model", model)];
        Ok(pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}
