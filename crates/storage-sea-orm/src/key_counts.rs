//! How many keys there are, counted by the database; of large pools once for each of their versions.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rotator_domain::ServiceId;
use rotator_storage_trait::{KeyCounts, StorageError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::SeaOrmStorage;
use crate::entity::{config_change, upstream_key};
use crate::error::Attempt;
use crate::storage::CHUNK;

/// A pool of so many keys is large: to count it takes longer than to ask whether it is still the same.
const LARGE: u64 = 5000;
/// For how many pools it is known that they are large.
const MOST: usize = 10_000;

/// What is known of large pools.
#[derive(Debug, Default)]
pub(crate) struct LargePools(Mutex<HashMap<ServiceId, Option<Counted>>>);

/// The keys of a pool in one of its versions. Whatever changes a pool counts its version up in the same transaction.
#[derive(Clone, Copy, Debug)]
struct Counted {
    version: i64,
    counts: KeyCounts,
}

// === impl SeaOrmStorage ===

impl SeaOrmStorage {
    /// How many keys each of these has. One that is not there has none.
    pub(crate) async fn keys_of_each(
        &self,
        services: &[ServiceId],
        attempt: Attempt,
    ) -> Result<HashMap<ServiceId, KeyCounts>, StorageError> {
        let asked: HashSet<ServiceId> = services.iter().copied().collect();
        // Read before anything is counted: what changes meanwhile has a later version, and is counted anew the next time.
        let versions = self.versions(&self.large_pools.among(&asked), attempt).await?;
        let mut counts = self.large_pools.known(&versions);
        let others: Vec<i64> = asked.iter().filter(|id| !counts.contains_key(id)).map(|id| id.0).collect();
        for chunk in others.chunks(CHUNK) {
            self.count(chunk, &mut counts, attempt).await?;
        }
        self.large_pools.learn(&counts, &versions);
        Ok(counts)
    }

    async fn count(
        &self,
        services: &[i64],
        counts: &mut HashMap<ServiceId, KeyCounts>,
        attempt: Attempt,
    ) -> Result<(), StorageError> {
        use upstream_key::{Column, Entity};
        // Grouped by state rather than summed up: the type of a sum differs between databases.
        let groups: Vec<(i64, bool, i64)> = Entity::find()
            .select_only()
            .column(Column::ServiceId)
            .column(Column::IsActive)
            // Of a column in the index, which is never null: rows themselves are not looked at.
            .column_as(Column::IsActive.count(), "count")
            .filter(Column::ServiceId.is_in(services.iter().copied()))
            .group_by(Column::ServiceId)
            .group_by(Column::IsActive)
            .into_tuple()
            .all(&self.connections.readers)
            .await
            .map_err(|error| attempt.failed(error))?;
        for (service, is_active, count) in groups {
            let count = count.unsigned_abs();
            let entry = counts.entry(ServiceId(service)).or_default();
            entry.total += count;
            entry.active += if is_active { count } else { 0 };
        }
        Ok(())
    }

    /// The versions of some pools.
    async fn versions(
        &self,
        services: &[ServiceId],
        attempt: Attempt,
    ) -> Result<HashMap<ServiceId, i64>, StorageError> {
        use config_change::{Column, Entity, SERVICE};
        let mut versions = HashMap::new();
        for chunk in services.chunks(CHUNK) {
            let rows: Vec<(i64, i64)> = Entity::find()
                .select_only()
                .columns([Column::Id, Column::Version])
                .filter(Column::Kind.eq(SERVICE))
                .filter(Column::Id.is_in(chunk.iter().map(|service| service.0)))
                .into_tuple()
                .all(&self.connections.readers)
                .await
                .map_err(|error| attempt.failed(error))?;
            versions.extend(rows.into_iter().map(|(service, version)| (ServiceId(service), version)));
        }
        Ok(versions)
    }
}

// === impl LargePools ===

impl LargePools {
    /// Those of these that were large when they were last counted.
    fn among(&self, asked: &HashSet<ServiceId>) -> Vec<ServiceId> {
        let pools = self.lock();
        asked.iter().filter(|id| pools.contains_key(id)).copied().collect()
    }

    /// The counts of those that still have the version in which they were counted.
    fn known(&self, versions: &HashMap<ServiceId, i64>) -> HashMap<ServiceId, KeyCounts> {
        let pools = self.lock();
        let counted = |service: &ServiceId| pools.get(service).copied().flatten();
        let known = versions.iter().filter_map(|(service, version)| {
            counted(service).filter(|counted| counted.version == *version).map(|counted| (*service, counted.counts))
        });
        known.collect()
    }

    /// Takes up what was counted, in these versions where they were asked for before.
    fn learn(&self, counts: &HashMap<ServiceId, KeyCounts>, versions: &HashMap<ServiceId, i64>) {
        let mut pools = self.lock();
        for (service, counts) in counts {
            if counts.total < LARGE {
                pools.remove(service);
            } else if pools.len() < MOST || pools.contains_key(service) {
                let version = versions.get(service);
                pools.insert(*service, version.map(|version| Counted { version: *version, counts: *counts }));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ServiceId, Option<Counted>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE_ONE: ServiceId = ServiceId(1);
    const SMALL_ONE: ServiceId = ServiceId(2);

    fn counts(total: u64) -> KeyCounts {
        KeyCounts { total, active: total }
    }

    #[test]
    fn large_pools_are_known_from_the_second_count_on_and_in_their_version_alone() {
        let pools = LargePools::default();
        let asked = HashSet::from([LARGE_ONE, SMALL_ONE]);
        assert!(pools.among(&asked).is_empty());
        let counted = HashMap::from([(LARGE_ONE, counts(LARGE)), (SMALL_ONE, counts(LARGE - 1))]);
        pools.learn(&counted, &HashMap::new());
        assert_eq!(pools.among(&asked), [LARGE_ONE]);
        let (first, second) = (HashMap::from([(LARGE_ONE, 7)]), HashMap::from([(LARGE_ONE, 8)]));
        assert!(pools.known(&first).is_empty());
        pools.learn(&counted, &first);
        assert_eq!(pools.known(&first), HashMap::from([(LARGE_ONE, counts(LARGE))]));
        assert!(pools.known(&second).is_empty());
        // One that has become small is counted like all others.
        pools.learn(&HashMap::from([(LARGE_ONE, counts(1))]), &second);
        assert!(pools.among(&asked).is_empty());
    }

    #[test]
    fn only_so_many_are_known() {
        let pools = LargePools::default();
        let count = i64::try_from(MOST).unwrap() + 5;
        let counted = (0..count).map(|id| (ServiceId(id), counts(LARGE))).collect();
        pools.learn(&counted, &HashMap::new());
        assert_eq!(pools.lock().len(), MOST);
    }
}
