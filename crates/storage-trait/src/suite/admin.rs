//! Administrators, tokens and ended sessions.

use futures_util::future::join_all;
use rotator_domain::{AdminTokenId, Digest, Role};

use super::sample::{EMOJI, all, at, digest};
use crate::{AdminToken, AdminUser, AdminUserChange, AuditEntry, AuditFilter, Storage, StorageErrorKind};

fn user(name: &str, hash: &str) -> AdminUser {
    AdminUser {
        username: name.into(),
        password_hash: hash.into(),
        updated_at: at(hash.len() as i64),
        role: Role::Operator,
        is_disabled: !hash.len().is_multiple_of(2),
        session_epoch: hash.len() as i64,
        kept_session: hash.len().is_multiple_of(2).then(|| EMOJI.into()),
    }
}

/// Somebody who can manage users.
fn admin(name: &str) -> AdminUser {
    AdminUser { role: Role::Admin, is_disabled: false, ..user(name, "a") }
}

fn token(id: i64) -> AdminToken {
    AdminToken {
        id: AdminTokenId(id),
        name: format!("{EMOJI} {id}"),
        digest: digest(id),
        prefix: if id % 2 == 0 { "rat-abcd".into() } else { String::new() },
        scope: if id % 2 == 0 { Role::Admin } else { Role::Viewer },
        owner: (id != 2).then(|| EMOJI.into()),
        created_by: EMOJI.into(),
        created_at: at(id),
        expires_at: (id % 2 == 0).then(|| at(id + 1)),
        last_used_at: (id % 2 == 0).then(|| at(id + 2)),
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

pub async fn administrators_are_listed_and_a_new_one_takes_no_name(storage: &dyn Storage) {
    assert!(storage.admin_users().await.unwrap().is_empty());
    for name in ["b", "a", EMOJI] {
        storage.insert_admin_user(&user(name, "hash")).await.unwrap();
    }
    let error = storage.insert_admin_user(&user("a", "other")).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::Conflict { field: "name" });
    let mut listed = storage.admin_users().await.unwrap();
    listed.sort_by(|one, other| one.username.cmp(&other.username));
    assert_eq!(listed, ["a", "b", EMOJI].map(|name| user(name, "hash")));
}

pub async fn a_change_of_an_administrator_touches_only_what_is_named(storage: &dyn Storage) {
    type Apply = fn(&mut AdminUser);
    let (kept, mut expected) = (admin("kept"), user("changed", "hash"));
    storage.insert_admin_user(&kept).await.unwrap();
    storage.insert_admin_user(&expected).await.unwrap();
    let changes: [(AdminUserChange, Apply); 5] = [
        (AdminUserChange::default(), |_| {}),
        (AdminUserChange { role: Some(Role::Admin), ..AdminUserChange::default() }, |user| user.role = Role::Admin),
        (AdminUserChange { is_disabled: Some(true), ..AdminUserChange::default() }, |user| user.is_disabled = true),
        (AdminUserChange { password: Some(("new".into(), at(99))), ..AdminUserChange::default() }, |user| {
            (user.password_hash, user.updated_at) = ("new".into(), at(99));
        }),
        (AdminUserChange { sessions: Some((77, None)), ..AdminUserChange::default() }, |user| {
            (user.session_epoch, user.kept_session) = (77, None);
        }),
    ];
    for (change, apply) in changes {
        let before = expected.clone();
        apply(&mut expected);
        let told = storage.change_admin_user("changed", &change).await.unwrap();
        assert_eq!(told, (before, expected.clone()));
        assert_eq!(storage.admin_user("changed").await.unwrap().as_ref(), Some(&expected));
    }
    assert_eq!(storage.admin_user("kept").await.unwrap(), Some(kept));
    for nobody in ["nobody", "Changed", "changed\0"] {
        let change = AdminUserChange { is_disabled: Some(false), ..AdminUserChange::default() };
        let error = storage.change_admin_user(nobody, &change).await.unwrap_err();
        assert_eq!(error.kind(), &StorageErrorKind::NotFound);
        assert_eq!(storage.delete_admin_user(nobody).await.unwrap_err().kind(), &StorageErrorKind::NotFound);
    }
}

pub async fn the_last_enabled_admin_stays(storage: &dyn Storage) {
    let disabled = AdminUser { is_disabled: true, ..admin("disabled") };
    let operator = AdminUser { is_disabled: false, ..user("operator", "a") };
    for user in [&admin("last"), &disabled, &operator] {
        storage.insert_admin_user(user).await.unwrap();
    }
    let demote = AdminUserChange { role: Some(Role::Operator), ..AdminUserChange::default() };
    let disable = AdminUserChange { is_disabled: Some(true), ..AdminUserChange::default() };
    let rename = AdminUserChange { password: Some(("new".into(), at(1))), ..AdminUserChange::default() };
    for change in [&demote, &disable] {
        let error = storage.change_admin_user("last", change).await.unwrap_err();
        assert_eq!(error.kind(), &StorageErrorKind::LastAdmin);
        storage.change_admin_user("operator", change).await.unwrap();
    }
    assert_eq!(storage.delete_admin_user("last").await.unwrap_err().kind(), &StorageErrorKind::LastAdmin);
    assert_eq!(storage.admin_user("last").await.unwrap(), Some(admin("last")));
    storage.change_admin_user("last", &rename).await.unwrap();
    storage.delete_admin_user("disabled").await.unwrap();
    let raise = AdminUserChange { role: Some(Role::Admin), is_disabled: Some(false), ..AdminUserChange::default() };
    storage.change_admin_user("operator", &raise).await.unwrap();
    storage.change_admin_user("last", &demote).await.unwrap();
    assert_eq!(storage.delete_admin_user("operator").await.unwrap_err().kind(), &StorageErrorKind::LastAdmin);
}

pub async fn of_admins_that_leave_at_once_one_stays(storage: &dyn Storage) {
    let names: Vec<String> = (0..6).map(|number| format!("admin {number}")).collect();
    for name in &names {
        storage.insert_admin_user(&admin(name)).await.unwrap();
    }
    let demote = AdminUserChange { role: Some(Role::Viewer), ..AdminUserChange::default() };
    let leaving = names.iter().zip(0..).map(async |(name, number)| match number % 2 {
        0 => storage.change_admin_user(name, &demote).await.map(drop),
        _ => storage.delete_admin_user(name).await.map(drop),
    });
    let left: Vec<_> = join_all(leaving).await;
    let refused: Vec<_> = left.into_iter().filter_map(Result::err).map(|error| error.kind().clone()).collect();
    assert_eq!(refused, [StorageErrorKind::LastAdmin]);
    let staying = storage.admin_users().await.unwrap();
    assert_eq!(staying.iter().filter(|user| user.role == Role::Admin).count(), 1);
}

pub async fn tokens_go_with_their_owner(storage: &dyn Storage) {
    storage.insert_admin_user(&user(EMOJI, "hash")).await.unwrap();
    for id in [1, 2, 3] {
        storage.insert_admin_token(&token(id)).await.unwrap();
    }
    assert_eq!(storage.delete_admin_user(EMOJI).await.unwrap(), user(EMOJI, "hash"));
    assert_eq!(storage.admin_user(EMOJI).await.unwrap(), None);
    assert_eq!(storage.admin_tokens().await.unwrap(), [token(2)]);
}

pub async fn the_latest_use_of_a_token_is_kept(storage: &dyn Storage) {
    for id in [1, 2] {
        storage.insert_admin_token(&token(id)).await.unwrap();
    }
    let used = async |uses: &[(i64, i64)]| {
        let uses: Vec<_> = uses.iter().map(|(id, millis)| (AdminTokenId(*id), at(*millis))).collect();
        storage.note_token_uses(&uses).await.unwrap();
        let tokens = storage.admin_tokens().await.unwrap();
        tokens.into_iter().map(|token| token.last_used_at).collect::<Vec<_>>()
    };
    assert_eq!(used(&[]).await, [None, Some(at(4))]);
    assert_eq!(used(&[(1, 50), (2, 3), (9, 9)]).await, [Some(at(50)), Some(at(4))]);
    assert_eq!(used(&[(1, 49), (2, 60)]).await, [Some(at(50)), Some(at(60))]);
}

/// What a database of the first version of the schema (`m0001.sql` of the backends) holds of administrators.
pub async fn those_of_the_first_version_may_do_everything(storage: &dyn Storage) {
    let old = AdminUser {
        username: "old admin".into(),
        password_hash: "$argon2id$old".into(),
        updated_at: at(7),
        role: Role::Admin,
        is_disabled: false,
        session_epoch: 0,
        kept_session: None,
    };
    assert_eq!(storage.admin_users().await.unwrap(), [old]);
    let token = |id: i64, digit: u8, name: &str| AdminToken {
        id: AdminTokenId(id),
        name: name.into(),
        digest: Digest([digit; 32]),
        prefix: String::new(),
        scope: Role::Admin,
        owner: None,
        created_by: "token:ci".into(),
        created_at: at(8),
        expires_at: Some(at(9)),
        last_used_at: None,
    };
    let (mut first, second) = (token(1, 0xd1, "ci"), token(2, 0xd2, "made by ci"));
    (first.owner, first.created_by) = (Some("old admin".into()), "old admin".into());
    (first.created_at, first.expires_at) = (at(7), None);
    assert_eq!(storage.admin_tokens().await.unwrap(), [first, second]);
    let entry = AuditEntry {
        id: 1,
        at: at(7),
        actor: "old admin".into(),
        remote: Some("192.0.2.1".into()),
        action: "token.create".into(),
        subject: "token:1".into(),
        detail: Some("ci".into()),
        owner: None,
        request_id: None,
        changes: None,
    };
    assert_eq!(storage.audit(&AuditFilter::default(), all()).await.unwrap(), [entry]);
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
