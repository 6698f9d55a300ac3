//! Logging in and out, tokens, and servers that are not there.

use std::os::unix::fs::PermissionsExt;

use crate::admin_api::PASSWORD;
use crate::place::{Ended, Place};

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_kept_for_its_owner_alone_until_logout() {
    let place = Place::new().await;
    place.run(&["status"]).await.with_code(6);
    place.run(&["login", "--password-from", "env:PASSWORD"]).await.with_code(0);
    let file = place.path(".config/rotator-admin/sessions.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(place.json(&["status"]).await["services"], 0);
    let kept = std::fs::read_to_string(&file).unwrap();
    place.run(&["logout"]).await.with_code(0);
    place.run(&["status"]).await.with_code(6);
    // The server forgot the session too.
    std::fs::write(&file, kept).unwrap();
    place.run(&["status"]).await.with_code(6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_and_never_repeated() {
    let place = Place::new().await;
    let ended = place.run_with_input(&["login", "--password-from", "-"], "planted-wrong\n").await.with_code(6);
    assert_eq!(ended.err, "rotator-admin: the name or the password is wrong\n");
    place.run_with_input(&["login", "--password-from", "-"], &format!("{PASSWORD}\n")).await.with_code(0);
    let in_argument = place.run(&["login", "--password-from", "planted-wrong"]).await.with_code(2);
    assert!(!in_argument.err.contains("planted"), "{in_argument:?}");
    let unasked = place.run(&["login"]).await.with_code(2);
    assert!(unasked.err.contains("--password-from"), "{unasked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_root_certificates_reaches_a_server_by_plain_http() {
    let place = Place::new().await;
    place.write("none.pem", "");
    let run = async |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("SSL_CERT_FILE", place.path("none.pem")).env("SSL_CERT_DIR", place.path("nowhere"));
        Ended::from(command.output().await.unwrap())
    };
    run(&["login", "--password-from", "env:PASSWORD"]).await.with_code(0);
    run(&["status"]).await.with_code(0);
    let secure = run(&["--server", "https://127.0.0.1:9", "status"]).await;
    assert_eq!((secure.code, secure.out.as_str()), (7, ""), "{secure:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_token_works_without_a_login_until_it_is_deleted() {
    let place = Place::logged_in().await;
    let token = place.run(&["tokens", "create", "ci", "--expires-in-days", "1"]).await.with_code(0).out;
    place.write("token", &token);
    place.run(&["logout"]).await.with_code(0);
    place.run(&["--token-file", "token", "status"]).await.with_code(0);
    let with = async |variables: &[(&str, &str)]| {
        Ended::from(place.command(&["status"]).envs(variables.iter().copied()).output().await.unwrap())
    };
    with(&[("ROTATOR_TOKEN", token.trim())]).await.with_code(0);
    with(&[("ROTATOR_TOKEN", ""), ("ROTATOR_TOKEN_FILE", "token")]).await.with_code(0);
    let both = with(&[("ROTATOR_TOKEN", token.trim()), ("ROTATOR_TOKEN_FILE", "token")]).await.with_code(2);
    assert_eq!(both.err, "rotator-admin: ROTATOR_TOKEN is set, and ROTATOR_TOKEN_FILE as well\n");
    let missing = with(&[("ROTATOR_TOKEN_FILE", "nowhere")]).await.with_code(2);
    assert!(missing.err.starts_with("rotator-admin: ROTATOR_TOKEN_FILE: nowhere cannot be read: "), "{missing:?}");
    // The server's address may stand in a file as well, and what is named on the command line comes before.
    let server = place.server().to_owned();
    place.write("server", &format!("{server}\n"));
    let shown = ("ROTATOR_TOKEN_FILE", "token");
    with(&[shown, ("ROTATOR_SERVER", ""), ("ROTATOR_SERVER_FILE", "server")]).await.with_code(0);
    let both = with(&[shown, ("ROTATOR_SERVER_FILE", "server")]).await.with_code(2);
    assert_eq!(both.err, "rotator-admin: ROTATOR_SERVER is set, and ROTATOR_SERVER_FILE as well\n");
    place.write("server", "http://127.0.0.1:9");
    let mut command = place.command(&["status", "--server", &server]);
    let named = command.env("ROTATOR_SERVER", "").env("ROTATOR_SERVER_FILE", "server").env(shown.0, shown.1);
    Ended::from(named.output().await.unwrap()).with_code(0);
    let tokens = place.json(&["--token-file", "token", "tokens", "list"]).await;
    let id = tokens[0]["id"].to_string();
    assert_eq!((&tokens[0]["name"], tokens.to_string().contains(token.trim())), (&"ci".into(), false));
    place.run(&["--token-file", "token", "tokens", "delete", &id]).await.with_code(0);
    place.run(&["--token-file", "token", "status"]).await.with_code(6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_and_an_address_that_is_none_are_told_apart() {
    let nobody = Place::at("http://127.0.0.1:9".to_owned());
    let ended = nobody.run(&["status"]).await.with_code(7);
    assert!(ended.err.starts_with("rotator-admin: http://127.0.0.1:9 does not answer: "), "{ended:?}");
    let nowhere = Place::at("ftp://example.org".to_owned());
    nowhere.run(&["status"]).await.with_code(2);
    nobody.run(&["services", "lst"]).await.with_code(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shell_gets_completions() {
    let place = Place::at("http://127.0.0.1:9".to_owned());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(&["completions", shell]).await.with_code(0).out;
        assert!(script.contains("rotator-admin") && script.contains("services"), "{shell}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_level_is_shown_and_changed() {
    let place = Place::logged_in().await;
    assert_eq!(place.run(&["log-level"]).await.with_code(0).out, "info\n");
    let refused = place.run(&["log-level", "loud"]).await.with_code(5);
    assert!(refused.err.contains("level"), "{refused:?}");
    assert_eq!(place.json(&["log-level", "debug"]).await["level"], "debug");
    assert_eq!(place.run(&["log-level"]).await.with_code(0).out, "debug\n");
}
