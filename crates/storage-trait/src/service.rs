//! Services.

use async_trait::async_trait;
use rotator_domain::{Service, ServiceId, Slug};

use crate::{Page, StorageError};

/// Stores services.
#[async_trait]
pub trait ServiceRepository: Send + Sync {
    /// Stores a new service. `Conflict` names `name` or `slug`; both compare exactly.
    async fn insert_service(&self, service: &Service) -> Result<(), StorageError>;

    /// Replaces the service with this id. `NotFound`, or `Conflict` as in [`Self::insert_service`].
    async fn update_service(&self, service: &Service) -> Result<(), StorageError>;

    /// As [`Self::update_service`], while what is stored is `before`: `Changed` where it is not.
    async fn update_known_service(&self, before: &Service, after: &Service) -> Result<(), StorageError>;

    /// Deletes a service and its keys, in one transaction. `NotFound` when there is none.
    async fn delete_service(&self, id: ServiceId) -> Result<(), StorageError>;

    /// The service with this id.
    async fn service(&self, id: ServiceId) -> Result<Option<Service>, StorageError>;

    /// The service with this slug; slugs compare exactly.
    async fn service_by_slug(&self, slug: &Slug) -> Result<Option<Service>, StorageError>;

    /// A page of all services, ordered by id.
    async fn services(&self, page: Page<ServiceId>) -> Result<Vec<Service>, StorageError>;

    /// How many services there are.
    async fn count_services(&self) -> Result<u64, StorageError>;
}
