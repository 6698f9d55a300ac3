//! `users ...`, `tokens ...` with a scope, and `audit`.

use serde_json::{Value, json};

use crate::place::Place;

/// Runs a command as somebody who shows a token of this scope.
async fn as_token(place: &Place, scope: &str, arguments: &[&str]) -> crate::place::Ended {
    let token = place.run(&["tokens", "create", scope, "--scope", scope, "--expires", "1h"]).await.with_code(0).out;
    place.write("token", &token);
    place.run(&[&["--token-file", "token"], arguments].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_made_changed_and_deleted() {
    let place = Place::logged_in().await;
    place.write("password", "planted-password-of-jane\n");
    let create = ["users", "create", "jane doe", "--password-from", "file:password"];
    let made = place.json(&create).await;
    assert_eq!(
        (&made["name"], &made["role"], &made["disabled"]),
        (&json!("jane doe"), &json!("viewer"), &json!(false))
    );
    place.run(&create).await.with_code(4);
    let table = place.run(&["users", "list"]).await.with_code(0).out;
    assert!(table.contains("jane doe") && table.contains("admin") && !table.contains("planted"), "{table}");
    place.run(&["users", "update", "jane doe"]).await.with_code(2);
    let changed = place.json(&["users", "update", "jane doe", "--role", "operator", "--disable"]).await;
    assert_eq!((&changed["role"], &changed["disabled"]), (&json!("operator"), &json!(true)));
    let login = ["login", "--username", "jane doe", "--password-from", "file:password"];
    place.run(&login).await.with_code(6);
    place.json(&["users", "update", "jane doe", "--enable"]).await;
    place.write("short", "short");
    let refused = place.run(&["users", "update", "jane doe", "--password-from", "file:short"]).await.with_code(5);
    assert!(refused.err.contains("password"), "{refused:?}");
    place.run(&["users", "delete", "jane doe"]).await.with_code(2);
    place.run(&["users", "delete", "jane doe", "--yes"]).await.with_code(0);
    place.run(&["users", "delete", "jane doe", "--yes"]).await.with_code(3);
    let last = place.run(&["users", "delete", "admin", "--yes"]).await.with_code(4);
    assert_eq!(last.err, "rotator-admin: no other enabled user has the role admin\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changes_ones_own_password() {
    let place = Place::logged_in().await;
    place.write("new", "planted-new-password");
    let change = ["users", "password", "--current-from", "env:PASSWORD", "--new-from", "file:new"];
    let told = place.run(&change).await.with_code(0);
    assert!(!told.out.contains("planted"), "{told:?}");
    // This session goes on, and the old password is none any more.
    place.run(&["status"]).await.with_code(0);
    let refused = place.run(&change).await.with_code(5);
    assert_eq!(refused.err, "rotator-admin: current_password: is wrong\n");
    place.run(&["login", "--password-from", "env:PASSWORD"]).await.with_code(6);
    place.run(&["login", "--password-from", "file:new"]).await.with_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_a_scope_and_what_it_may_not_is_told() {
    let place = Place::logged_in().await;
    let refused = as_token(&place, "viewer", &["client-keys", "create", "c"]).await.with_code(5);
    assert_eq!(refused.err, "rotator-admin: the role operator is needed\n");
    as_token(&place, "operator", &["client-keys", "create", "c"]).await.with_code(0);
    let refused = as_token(&place, "operator", &["users", "list"]).await.with_code(0);
    assert!(refused.out.contains("admin"), "{refused:?}");
    as_token(&place, "admin", &["users", "update", "admin", "--role", "viewer"]).await.with_code(4);
    let tokens = place.json(&["tokens", "list"]).await;
    let shown: Vec<_> = tokens.as_array().unwrap().iter().map(|token| (&token["scope"], &token["owner"])).collect();
    let [viewer, operator, admin] = ["viewer", "operator", "admin"].map(Value::from);
    let expected = [(&viewer, &admin), (&operator, &admin), (&operator, &admin), (&admin, &admin)];
    assert_eq!(shown, expected);
    assert!(
        tokens[0]["prefix"].as_str().unwrap().starts_with("rat-") && tokens[0]["expires_at"].is_string(),
        "{tokens}"
    );
    let table = place.run(&["tokens", "list"]).await.with_code(0).out;
    assert!(table.contains("last used") && table.contains("rat-"), "{table}");
    place.run(&["tokens", "create", "t", "--scope", "root"]).await.with_code(2);
    place.run(&["tokens", "create", "t", "--expires", "1d", "--expires-in-days", "1"]).await.with_code(2);
    let unnamed = place.json(&["tokens", "create", "t"]).await;
    assert_eq!((&unnamed["scope"], &unnamed["expires_at"]), (&viewer, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_searched_as_tables_and_json() {
    let place = Place::logged_in().await;
    place.service("s").await;
    place.run(&["services", "update", "s", "--name", "Other"]).await.with_code(0);
    as_token(&place, "operator", &["client-keys", "create", "c"]).await.with_code(0);
    let table = place.run(&["audit"]).await.with_code(0).out;
    assert!(
        ["config.update", "name: ", "-> Other", "token:operator of"].iter().all(|part| table.contains(part)),
        "{table}"
    );
    let entries = place.json(&["audit", "--action", "config.*", "--since", "1h"]).await;
    let actions: Vec<_> = entries.as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["config.update", "config.create"]);
    assert_eq!(entries[0]["changes"]["name"]["after"], "Other");
    let flagged = place.run(&["audit", "--action", "config.*", "--since", "1h", "--json"]).await.with_code(0).out;
    assert_eq!(serde_json::from_str::<Value>(&flagged).unwrap(), entries);
    assert_eq!(place.json(&["audit", "--actor", "token:operator", "-n", "1"]).await[0]["action"], "client_key.create");
    assert_eq!(place.json(&["audit", "--subject", "nothing"]).await, json!([]));
    place.run(&["audit", "--since", "never"]).await.with_code(5);
}
