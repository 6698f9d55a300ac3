//! Administrators, tokens and ended sessions.

use rotator_domain::AdminTokenId;

use super::sample::{EMOJI, at, digest};
use crate::{AdminToken, AdminUser, Storage, StorageErrorKind};

fn user(name: &str, hash: &str) -> AdminUser {
    AdminUser { username: name.into(), password_hash: hash.into(), updated_at: at(hash.len() as i64) }
}

fn token(id: i64) -> AdminToken {
    AdminToken {
        id: AdminTokenId(id),
        name: format!("{EMOJI} {id}"),
        digest: digest(id),
        created_by: EMOJI.into(),
        created_at: at(id),
        expires_at: (id % 2 == 0).then(|| at(id + 1)),
    }
}

pub async fn an_administrator_is_stored_and_replaced(storage: &dyn Storage) {
    assert_eq!(storage.admin_user("admin").await.unwrap(), None);
    assert_eq!(storage.count_admin_users().await.unwrap(), 0);
    for user in [user("admin", "$argon2id$1"), user("admin", "$argon2id$v=19$22"), user(EMOJI, "$argon2id$3")] {
        storage.put_admin_user(&user).await.unwrap();
        assert_eq!(storage.admin_user(&user.username).await.unwrap(), Some(user));
    }
    assert_eq!(storage.count_admin_users().await.unwrap(), 2);
}

pub async fn user_names_compare_exactly(storage: &dyn Storage) {
    storage.put_admin_user(&user("admin", "a")).await.unwrap();
    assert_eq!(storage.admin_user("Admin").await.unwrap(), None);
    storage.put_admin_user(&user("Admin", "bb")).await.unwrap();
    assert_eq!(storage.admin_user("admin").await.unwrap(), Some(user("admin", "a")));
    // Some collations pass over what stands at the end.
    assert_eq!(storage.admin_user("admin ").await.unwrap(), None);
    storage.put_admin_user(&user("admin ", "ccc")).await.unwrap();
    assert_eq!(storage.admin_user("admin").await.unwrap(), Some(user("admin", "a")));
    assert_eq!(storage.count_admin_users().await.unwrap(), 3);
}

pub async fn what_no_database_can_hold_is_not_found(storage: &dyn Storage) {
    storage.put_admin_user(&user("admin", "a")).await.unwrap();
    storage.end_session("one", at(100), at(10)).await.unwrap();
    for name in ["\0", "admin\0", "one\0"] {
        assert_eq!(storage.admin_user(name).await.unwrap(), None);
        assert!(!storage.is_session_ended(name).await.unwrap());
        assert_eq!(storage.setting(name).await.unwrap(), None);
    }
}

pub async fn tokens_read_back_in_order_and_by_digest(storage: &dyn Storage) {
    assert!(storage.admin_tokens().await.unwrap().is_empty());
    for id in [2, 3, 1] {
        storage.insert_admin_token(&token(id)).await.unwrap();
    }
    assert_eq!(storage.admin_tokens().await.unwrap(), [1, 2, 3].map(token));
    assert_eq!(storage.admin_token(&digest(2)).await.unwrap(), Some(token(2)));
    assert_eq!(storage.admin_token(&digest(4)).await.unwrap(), None);
}

pub async fn a_taken_token_is_a_conflict(storage: &dyn Storage) {
    storage.insert_admin_token(&token(1)).await.unwrap();
    let same_value = AdminToken { digest: digest(1), ..token(2) };
    let error = storage.insert_admin_token(&same_value).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::Conflict { field: "token" });
    assert_eq!(storage.admin_tokens().await.unwrap(), [token(1)]);
}

pub async fn a_deleted_token_is_gone(storage: &dyn Storage) {
    storage.insert_admin_token(&token(1)).await.unwrap();
    storage.insert_admin_token(&token(2)).await.unwrap();
    storage.delete_admin_token(AdminTokenId(1)).await.unwrap();
    let again = storage.delete_admin_token(AdminTokenId(1)).await.unwrap_err();
    assert_eq!(again.kind(), &StorageErrorKind::NotFound);
    assert_eq!(storage.admin_token(&digest(1)).await.unwrap(), None);
    assert_eq!(storage.admin_tokens().await.unwrap(), [token(2)]);
}

pub async fn an_ended_session_stays_ended_until_it_expires(storage: &dyn Storage) {
    assert!(!storage.is_session_ended("one").await.unwrap());
    storage.end_session("one", at(100), at(10)).await.unwrap();
    storage.end_session("two", at(200), at(10)).await.unwrap();
    storage.end_session("one", at(100), at(20)).await.unwrap();
    assert!(storage.is_session_ended("one").await.unwrap());
    assert!(!storage.is_session_ended("ONE").await.unwrap());
    // The next one that ends takes along what has expired meanwhile.
    storage.end_session("three", at(300), at(99)).await.unwrap();
    assert!(storage.is_session_ended("one").await.unwrap());
    storage.end_session("four", at(300), at(100)).await.unwrap();
    assert!(!storage.is_session_ended("one").await.unwrap());
    for still_ended in ["two", "three", "four"] {
        assert!(storage.is_session_ended(still_ended).await.unwrap(), "{still_ended}");
    }
}
