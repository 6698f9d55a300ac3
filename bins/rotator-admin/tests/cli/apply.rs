//! `apply`.

use serde_json::json;

use crate::place::Place;

const MANIFEST: &str = "
services:
  - slug: openai
    name: OpenAI
    config_type: llm
    target_base_url: https://api.openai.com/v1
    keys:
      - file:keys.txt
      - {from: env:KEY, label: main}
    prune_keys: true
  - slug: weather
    config_type: generic
    target_url: https://api.example.com/
    method: get,post
    api_key_location: query
    api_key_name: key
";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_applied_once_and_then_changes_nothing() {
    let place = Place::logged_in().await;
    place.write("rotator.yaml", MANIFEST);
    place.write("keys.txt", "sk-1\nsk-2\n");
    let apply = ["apply", "-f", "rotator.yaml"];
    let dry_run = ["apply", "-f", "rotator.yaml", "--dry-run"];

    place.run(&dry_run).await.with_code(8);
    assert_eq!(place.json(&["services", "list"]).await, json!([]));
    place.run(&apply).await.with_code(0);
    place.run(&dry_run).await.with_code(0);
    let again = place.json(&apply).await;
    assert_eq!((&again[0]["action"], &again[1]["action"]), (&json!("nothing"), &json!("nothing")));
    assert_eq!(place.run(&["keys", "export", "openai"]).await.out, "sk-1\nsk-2\nsk-from-the-environment\n");

    // One key goes, one comes, and a field changes.
    place.write("keys.txt", "sk-2\nsk-3\n");
    place.write("rotator.yaml", &MANIFEST.replace("/v1", "/v2").replace("label: main", "label: other"));
    let before = place.json(&["keys", "list", "openai"]).await;
    let changes = place.run(&dry_run).await.with_code(8).out;
    assert!(
        changes.contains(r#"target_base_url: "https://api.openai.com/v1" -> "https://api.openai.com/v2""#),
        "{changes}"
    );
    assert!(changes.contains("keys: 1 new, 1 changed, 1 deleted, 1 as they shall be"), "{changes}");
    assert!(changes.contains("1 of 2 services would change."), "{changes}");
    assert_eq!(place.json(&["keys", "list", "openai"]).await, before);
    place.run(&apply).await.with_code(0);
    assert_eq!(place.run(&["keys", "export", "openai"]).await.out, "sk-2\nsk-from-the-environment\nsk-3\n");
    place.run(&dry_run).await.with_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_file_does_not_say_is_left_alone() {
    let place = Place::logged_in().await;
    place.service("openai").await;
    place.run_with_input(&["keys", "import", "openai", "-"], "sk-by-hand\n").await.with_code(0);
    place.run(&["services", "disable", "openai"]).await.with_code(0);
    place.write("rotator.yaml", &MANIFEST.replace("    prune_keys: true\n", ""));
    place.write("keys.txt", "sk-1\n");
    place.run(&["apply", "-f", "rotator.yaml"]).await.with_code(0);
    assert_eq!(place.json(&["services", "show", "openai"]).await["is_active"], false);
    let keys = place.run(&["keys", "export", "openai"]).await.out;
    assert_eq!(keys, "sk-by-hand\nsk-1\nsk-from-the-environment\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_one_bad_service_changes_nothing() {
    let place = Place::logged_in().await;
    place.write("keys.txt", "sk-1\n");
    place.write("rotator.yaml", &MANIFEST.replace("https://api.example.com/", "gopher://x"));
    let ended = place.run(&["apply", "-f", "rotator.yaml"]).await.with_code(5);
    assert!(ended.err.contains("weather: target_url: "), "{ended:?}");
    place.write("rotator.yaml", MANIFEST);
    place.write("keys.txt", "sk-1\nsk-\u{e9}\n");
    let ended = place.run(&["apply", "-f", "rotator.yaml"]).await.with_code(5);
    assert!(ended.err.contains("openai: ") && ended.err.contains("[1]"), "{ended:?}");
    assert_eq!(place.json(&["services", "list"]).await, json!([]));
    std::fs::remove_file(place.path("keys.txt")).unwrap();
    let ended = place.run(&["apply", "-f", "rotator.yaml"]).await.with_code(2);
    assert!(ended.err.contains("services[0]: keys[0]: ") && ended.err.contains("keys.txt"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_says_how_services_and_keys_are_used() {
    const TUNED: &str = "
services:
  - slug: openai
    config_type: llm
    target_base_url: https://api.openai.com/v1
    strategy: fill_first
    limits: {rpm: 60}
    quota_groups: {project: {rpd: 1000}}
    max_wait_ms: 5000
    model_aliases: {fast: gpt-4o-mini}
    fallback: [{slug: other, models: {gpt-4o: claude}}]
    keys:
      - {from: env:KEY, weight: 2, tier: 1, limits: {rpm: 5, tpm: 6}, models: ['gpt-*'], quota_group: project}
";
    let place = Place::logged_in().await;
    let apply = ["apply", "-f", "rotator.yaml"];
    let dry_run = ["apply", "-f", "rotator.yaml", "--dry-run"];
    place.write("rotator.yaml", TUNED);
    place.run(&apply).await.with_code(0);
    let service = place.json(&["services", "show", "openai"]).await;
    assert_eq!(
        (&service["limits"], &service["quota_groups"], &service["fallback"]),
        (
            &json!({"rpm": 60}),
            &json!({"project": {"rpd": 1000}}),
            &json!([{"slug": "other", "models": {"gpt-4o": "claude"}}])
        )
    );
    let key = |keys: serde_json::Value| {
        let key = &keys[0];
        json!([key["weight"], key["tier"], key["limits"], key["models"], key["quota_group"]])
    };
    let list = ["keys", "list", "openai"];
    assert_eq!(key(place.json(&list).await), json!([2, 1, {"rpm": 5, "tpm": 6}, ["gpt-*"], "project"]));
    place.run(&dry_run).await.with_code(0);

    // What is named changes, and nothing else does.
    place.write("rotator.yaml", &TUNED.replace("weight: 2, tier: 1, limits: {rpm: 5, tpm: 6}", "limits: {rpm: null}"));
    let changes = place.run(&dry_run).await.with_code(8).out;
    assert!(changes.contains("keys: 0 new, 1 changed, 0 deleted, 0 as they shall be"), "{changes}");
    place.run(&apply).await.with_code(0);
    assert_eq!(key(place.json(&list).await), json!([2, 1, {"tpm": 6}, ["gpt-*"], "project"]));
    place.run(&dry_run).await.with_code(0);

    place.write("rotator.yaml", &TUNED.replace("slug: other", "slug: openai").replace("weight: 2", "weight: 0"));
    let refused = place.run(&apply).await.with_code(5);
    assert!(refused.err.contains("openai: fallback[0].slug: "), "{refused:?}");
    place.write("rotator.yaml", &TUNED.replace("weight: 2", "weight: 0"));
    let refused = place.run(&apply).await.with_code(5);
    assert!(refused.err.contains("openai: keys[0].weight: "), "{refused:?}");
}
