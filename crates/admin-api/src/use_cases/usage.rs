//! What requests used.

use rotator_storage_trait::{UsageGroup, UsageQuery};

use super::{UseCaseError, UseCases};
use crate::time::rfc3339;
use crate::wire;

// === impl UseCases ===

impl UseCases<'_> {
    /// The figures that are asked for, at most `limit` groups.
    pub(crate) async fn usage(&self, query: UsageQuery, limit: u64) -> Result<wire::UsageReport, UseCaseError> {
        let more = limit.saturating_add(1);
        let mut groups = self.context.storage.usage(&query, more).await.map_err(UseCaseError::Storage)?;
        let is_cut = groups.len() as u64 > limit;
        groups.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(wire::UsageReport {
            grain: query.grain.name().to_owned(),
            since: rfc3339(query.from),
            until: rfc3339(query.until),
            groups: groups.into_iter().map(wire::UsageGroup::from).collect(),
            is_cut,
        })
    }
}

impl From<UsageGroup> for wire::UsageGroup {
    fn from(group: UsageGroup) -> Self {
        Self {
            at: group.at.map(rfc3339),
            service: group.service.map(|id| id.0),
            key: group.key.map(|id| id.map(|id| id.0)),
            client: group.client.map(|id| id.map(|id| id.0)),
            model: group.model,
            figures: group.figures.iter().map(|(figure, value)| (figure.name().to_owned(), value)).collect(),
        }
    }
}
