//! Services.

use async_trait::async_trait;
use rotator_domain::{Service, ServiceId, Slug};
use rotator_storage_trait::{Page, Served, ServiceRepository, StorageError, StorageErrorKind};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::SeaOrmStorage;
use crate::changes::commit;
use crate::entity::service::{ActiveModel, Column, Entity};
use crate::error::Attempt;
use crate::storage::{again, limit};

#[async_trait]
impl ServiceRepository for SeaOrmStorage {
    async fn insert_service(&self, service: &Service) -> Result<(), StorageError> {
        let attempt = self.attempt("store a service");
        let row = ActiveModel::try_from(service).map_err(|error| attempt.failed(error))?;
        let done = again(|| async {
            let transaction = self.begin(attempt).await?;
            let insert = Entity::insert(row.clone()).exec_without_returning(&transaction).await;
            insert.map_err(|error| attempt.failed(error))?;
            commit(transaction, attempt, [Served::Service(service.id)]).await
        });
        match done.await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.taken(service, attempt, error).await),
        }
    }

    async fn update_service(&self, service: &Service) -> Result<(), StorageError> {
        self.update(None, service).await
    }

    async fn update_known_service(&self, before: &Service, after: &Service) -> Result<(), StorageError> {
        self.update(Some(before), after).await
    }

    async fn delete_service(&self, id: ServiceId) -> Result<(), StorageError> {
        let attempt = self.attempt("delete a service");
        // The keys go with it, in the same statement: the foreign key cascades.
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let delete = Entity::delete_by_id(id.0).exec(&transaction).await;
            match delete.map_err(|error| attempt.failed(error))?.rows_affected {
                0 => Err(attempt.fail(StorageErrorKind::NotFound)),
                _ => commit(transaction, attempt, [Served::Service(id)]).await,
            }
        })
        .await
    }

    async fn service(&self, id: ServiceId) -> Result<Option<Service>, StorageError> {
        let attempt = self.attempt("read a service");
        let row = Entity::find_by_id(id.0).one(&self.connections.readers).await;
        attempt.read_one(row.map_err(|error| attempt.failed(error))?)
    }

    async fn service_by_slug(&self, slug: &Slug) -> Result<Option<Service>, StorageError> {
        let attempt = self.attempt("read a service");
        let row = Entity::find().filter(Column::Slug.eq(slug.as_str())).one(&self.connections.readers).await;
        attempt.read_one(row.map_err(|error| attempt.failed(error))?)
    }

    async fn services(&self, page: Page<ServiceId>) -> Result<Vec<Service>, StorageError> {
        let attempt = self.attempt("list services");
        let mut query = Entity::find().order_by_asc(Column::Id).limit(limit(page.limit));
        if let Some(after) = page.after {
            query = query.filter(Column::Id.gt(after.0));
        }
        let rows = query.all(&self.connections.readers).await;
        attempt.read(rows.map_err(|error| attempt.failed(error))?)
    }

    async fn count_services(&self) -> Result<u64, StorageError> {
        let attempt = self.attempt("count services");
        Entity::find().count(&self.connections.readers).await.map_err(|error| attempt.failed(error))
    }
}

impl SeaOrmStorage {
    /// Replaces a service that is known to be stored as `before`, where that is said.
    async fn update(&self, before: Option<&Service>, service: &Service) -> Result<(), StorageError> {
        let attempt = self.attempt("change a service");
        let row = ActiveModel::try_from(service).map_err(|error| attempt.failed(error))?;
        let update = Entity::update_many().set(row).filter(Column::Id.eq(service.id.0));
        let done = again(|| async {
            let transaction = self.begin(attempt).await?;
            if let Some(before) = before {
                let stored = Entity::find_by_id(service.id.0).lock_exclusive().one(&transaction).await;
                attempt.unless_changed(stored.map_err(|error| attempt.failed(error))?, before)?;
            }
            let done = update.clone().exec(&transaction).await.map_err(|error| attempt.failed(error))?;
            if done.rows_affected == 0 {
                return Err(attempt.fail(StorageErrorKind::NotFound));
            }
            commit(transaction, attempt, [Served::Service(service.id)]).await
        });
        match done.await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.taken(service, attempt, error).await),
        }
    }

    /// Makes a conflict name its field. Databases say which index was hit each in their own words, so the other row is
    /// looked for instead; what cannot be found stays as it was.
    async fn taken(&self, service: &Service, attempt: Attempt, error: StorageError) -> StorageError {
        if !matches!(error.kind(), StorageErrorKind::Conflict { .. }) {
            return error;
        }
        let others = || Entity::find().filter(Column::Id.ne(service.id.0));
        let candidates = [
            ("name", others().filter(Column::Name.eq(service.name.as_str()))),
            ("slug", others().filter(Column::Slug.eq(service.slug.as_str()))),
        ];
        for (field, query) in candidates {
            match query.count(&self.connections.readers).await {
                Ok(0) => {}
                Ok(_) => return attempt.fail(StorageErrorKind::Conflict { field }),
                Err(error) => return attempt.failed(error),
            }
        }
        error
    }
}
