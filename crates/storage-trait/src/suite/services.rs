//! Services.

use futures_util::future::join_all;
use rotator_domain::{ServiceId, Slug};

use super::sample::{EMOJI, all, generic, keys, llm, models, store_service};
use crate::{Page, Storage, StorageErrorKind};

const NAME: StorageErrorKind = StorageErrorKind::Conflict { field: "name" };
const SLUG: StorageErrorKind = StorageErrorKind::Conflict { field: "slug" };

pub async fn a_service_reads_back_whole(storage: &dyn Storage) {
    let longest = "🔑".repeat(200);
    let mut large = generic(3, "large", "large");
    large.policy.model_aliases = models(200);
    for other in &mut large.policy.fallback {
        other.models = models(200);
    }
    let services = [generic(1, EMOJI, "every-field"), llm(2, &longest, &"s".repeat(100)), large];
    for service in &services {
        storage.insert_service(service).await.unwrap();
        assert_eq!(storage.service(service.id).await.unwrap().as_ref(), Some(service));
    }
    assert_eq!(storage.services(all()).await.unwrap(), services);
    assert_eq!(storage.count_services().await.unwrap(), 3);
}

pub async fn a_taken_name_or_slug_is_named(storage: &dyn Storage) {
    storage.insert_service(&generic(1, "name", "slug")).await.unwrap();
    for (service, expected) in [(generic(2, "name", "other"), NAME), (generic(2, "other", "slug"), SLUG)] {
        assert_eq!(storage.insert_service(&service).await.unwrap_err().kind(), &expected);
    }
    assert_eq!(storage.count_services().await.unwrap(), 1);
    let same_id = storage.insert_service(&generic(1, "a", "b")).await.unwrap_err();
    assert!(matches!(same_id.kind(), StorageErrorKind::Conflict { .. }));
}

pub async fn names_and_slugs_compare_exactly(storage: &dyn Storage) {
    // Cases, accents, a composed letter and one that is put together, letters that collations take for two others.
    let names = ["Name", "name", "näme", "na\u{308}me", "NAME", "nässe", "näße", "ｎame"];
    let slugs = ["Slug", "slug", "SLUG", "slug.", "slug-", "slug_", "sLUG", "slug.-"];
    for ((id, name), slug) in (1..).zip(names).zip(slugs) {
        storage.insert_service(&generic(id, name, slug)).await.unwrap();
    }
    for ((id, name), slug) in (1..).zip(names).zip(slugs) {
        let found = storage.service_by_slug(&Slug::new(slug).unwrap()).await.unwrap();
        assert_eq!(found, Some(generic(id, name, slug)));
    }
}

pub async fn an_update_replaces_everything(storage: &dyn Storage) {
    storage.insert_service(&generic(1, "a", "a")).await.unwrap();
    storage.insert_service(&generic(2, "b", "b")).await.unwrap();
    let anew = llm(1, EMOJI, "c");
    storage.update_service(&anew).await.unwrap();
    assert_eq!(storage.service(ServiceId(1)).await.unwrap(), Some(anew.clone()));
    assert_eq!(storage.service(ServiceId(2)).await.unwrap(), Some(generic(2, "b", "b")));
    // The same once more changes nothing, and is no error.
    storage.update_service(&anew).await.unwrap();
    let back = generic(1, "a", "a");
    storage.update_service(&back).await.unwrap();
    assert_eq!(storage.service(ServiceId(1)).await.unwrap(), Some(back));
}

pub async fn a_refused_update_changes_nothing(storage: &dyn Storage) {
    let (first, second) = (generic(1, "a", "a"), generic(2, "b", "b"));
    storage.insert_service(&first).await.unwrap();
    storage.insert_service(&second).await.unwrap();
    for (service, expected) in [(llm(2, "a", "c"), NAME), (llm(2, "c", "a"), SLUG)] {
        assert_eq!(storage.update_service(&service).await.unwrap_err().kind(), &expected);
    }
    assert_eq!(storage.services(all()).await.unwrap(), [first, second]);
}

pub async fn a_service_that_was_changed_meanwhile_stays(storage: &dyn Storage) {
    let (before, other) = (generic(1, "a", "a"), generic(2, "b", "b"));
    storage.insert_service(&before).await.unwrap();
    storage.insert_service(&other).await.unwrap();
    let after = llm(1, "c", "c");
    storage.update_known_service(&before, &after).await.unwrap();
    let version = storage.config_version().await.unwrap();
    let error = storage.update_known_service(&before, &generic(1, "d", "d")).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::Changed);
    assert_eq!(storage.update_known_service(&after, &llm(1, "c", "b")).await.unwrap_err().kind(), &SLUG);
    assert_eq!(storage.services(all()).await.unwrap(), [after, other]);
    let nobody = generic(7, "x", "x");
    let error = storage.update_known_service(&nobody, &nobody).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::NotFound);
    assert_eq!(storage.config_version().await.unwrap(), version);
}

pub async fn a_service_is_found_by_its_exact_slug(storage: &dyn Storage) {
    let service = generic(1, "a", "Slug");
    storage.insert_service(&service).await.unwrap();
    let by_slug = async |slug| storage.service_by_slug(&Slug::new(slug).unwrap()).await.unwrap();
    assert_eq!(by_slug("Slug").await, Some(service));
    assert_eq!(by_slug("slug").await, None);
}

pub async fn what_is_not_there_is_not_found(storage: &dyn Storage) {
    let nobody = ServiceId(7);
    assert_eq!(storage.service(nobody).await.unwrap(), None);
    let update = storage.update_service(&generic(7, "a", "a")).await;
    assert_eq!(update.unwrap_err().kind(), &StorageErrorKind::NotFound);
    assert_eq!(storage.delete_service(nobody).await.unwrap_err().kind(), &StorageErrorKind::NotFound);
    assert_eq!(storage.count_services().await.unwrap(), 0);
}

pub async fn services_come_in_pages(storage: &dyn Storage) {
    // Stored in another order than that of their ids.
    for id in [5, 1, 4, 2, 3] {
        store_service(storage, id).await;
    }
    let page = async |after: Option<i64>, limit| {
        let page = Page { after: after.map(ServiceId), limit };
        storage.services(page).await.unwrap().iter().map(|service| service.id.0).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, [1, 2]);
    assert_eq!(page(Some(2), 2).await, [3, 4]);
    assert_eq!(page(Some(4), 2).await, [5]);
    assert!(page(Some(5), 2).await.is_empty());
    assert!(page(None, 0).await.is_empty());
    assert_eq!(page(None, u64::MAX).await, [1, 2, 3, 4, 5]);
}

pub async fn deleting_a_service_takes_its_keys_alone(storage: &dyn Storage) {
    let (doomed, spared) = (store_service(storage, 1).await, store_service(storage, 2).await);
    storage.insert_keys(&keys(10..15, doomed)).await.unwrap();
    storage.insert_keys(&keys(20..25, spared)).await.unwrap();
    storage.delete_service(doomed).await.unwrap();
    assert_eq!(storage.service(doomed).await.unwrap(), None);
    assert!(storage.keys(doomed, all()).await.unwrap().is_empty());
    assert_eq!(storage.keys(spared, all()).await.unwrap(), keys(20..25, spared));
    // Its name and slug are free again, and no old key comes back with them.
    store_service(storage, 1).await;
    assert!(storage.keys(doomed, all()).await.unwrap().is_empty());
}

pub async fn concurrent_services_all_arrive(storage: &dyn Storage) {
    join_all((1..=40).map(|id| store_service(storage, id))).await;
    assert_eq!(storage.count_services().await.unwrap(), 40);
}

pub async fn of_concurrent_services_with_one_slug_one_wins(storage: &dyn Storage) {
    let inserts = (1..=20).map(|id| async move { storage.insert_service(&generic(id, &format!("{id}"), "one")).await });
    let (won, lost): (Vec<_>, Vec<_>) = join_all(inserts).await.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(lost.into_iter().all(|error| error.unwrap_err().kind() == &SLUG));
}
