//! The manifests for Kubernetes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::files::{edition, root, text, words, yaml};
use crate::server::{PORT, Running, checked};

const FOLDERS: [&str; 3] = ["lightweight", "enterprise", "monitoring"];

/// The manifests of a folder by their kinds, as its kustomization lists them.
fn manifests(folder: &str) -> BTreeMap<String, Value> {
    let place = format!("kubernetes/{folder}");
    let kustomization = yaml(&format!("{place}/kustomization.yaml"));
    let listed: BTreeSet<String> = words(&kustomization["resources"]).into_iter().map(str::to_owned).collect();
    let files = std::fs::read_dir(root().join("deploy").join(&place)).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    let present: BTreeSet<String> = names.filter(|name| name != "kustomization.yaml").collect();
    assert_eq!(listed, present, "{folder}");
    let read = |name: &String| {
        let manifest = yaml(&format!("{place}/{name}"));
        assert!(manifest["apiVersion"].is_string() && manifest["metadata"]["name"] == "rotator", "{folder}/{name}");
        (manifest["kind"].as_str().unwrap().to_owned(), manifest)
    };
    listed.iter().map(read).collect()
}

/// The labels by which everything finds the pods.
fn labels() -> Value {
    json!({"app.kubernetes.io/name": "api-key-rotator"})
}

/// What holds for the pods of both, and the pods' container.
fn check_pods<'a>(folder: &str, workload: &'a Value) -> &'a Value {
    let spec = &workload["spec"];
    assert_eq!(spec["selector"]["matchLabels"], labels());
    assert_eq!(spec["template"]["metadata"]["labels"], labels());
    let pod = &spec["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(edition(container["image"].as_str().unwrap()), folder);
    assert_eq!(
        (&pod["securityContext"]["runAsNonRoot"], &pod["securityContext"]["runAsUser"]),
        (&json!(true), &json!(65532))
    );
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], json!(true));
    assert_eq!(container["ports"], json!([{"name": "http", "containerPort": PORT}]));
    let server = Running::start();
    for (probe, path) in [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
        assert_eq!(container[probe]["httpGet"], json!({"path": path, "port": "http"}), "{probe}");
        assert_eq!(server.status(path), 200, "{path}");
    }
    // Whatever is mounted is there.
    let claims = spec["volumeClaimTemplates"].as_array().into_iter().flatten().map(|claim| &claim["metadata"]["name"]);
    let volumes: Vec<&Value> =
        pod["volumes"].as_array().unwrap().iter().map(|volume| &volume["name"]).chain(claims).collect();
    let mounts = container["volumeMounts"].as_array().unwrap();
    assert!(mounts.iter().all(|mount| volumes.contains(&&mount["name"])) && mounts.len() == volumes.len());
    assert!(mounts.iter().any(|mount| mount["mountPath"] == "/data"));
    container
}

#[test]
fn a_service_finds_the_pods_and_their_port() {
    for folder in ["lightweight", "enterprise"] {
        let service = &manifests(folder)["Service"]["spec"];
        assert_eq!(service["selector"], labels());
        assert_eq!(service["ports"], json!([{"name": "http", "port": PORT, "targetPort": "http"}]));
    }
}

#[test]
fn one_server_keeps_everything_in_its_volume() {
    let manifests = manifests("lightweight");
    let set = &manifests["StatefulSet"];
    assert_eq!(
        (&set["spec"]["replicas"], &set["spec"]["serviceName"]),
        (&json!(1), &manifests["Service"]["metadata"]["name"])
    );
    let container = check_pods("lightweight", set);
    let variables = container["env"].as_array().unwrap().iter();
    let pair = |variable: &Value| ["name", "value"].map(|part| variable[part].as_str().unwrap().to_owned());
    let variables: BTreeMap<String, String> = variables.map(pair).map(|[name, value]| (name, value)).collect();
    let said = checked(&variables).unwrap();
    assert!(said.contains("0.0.0.0:8000") && said.contains("/data/master.key"), "{said}");
}

#[test]
fn nodes_have_their_settings_and_secrets() {
    let manifests = manifests("enterprise");
    let container = check_pods("enterprise", &manifests["Deployment"]);
    let config = &manifests["ConfigMap"];
    assert_eq!(container["envFrom"], json!([{"configMapRef": {"name": config["metadata"]["name"]}}]));
    let given = config["data"].as_object().unwrap().iter();
    let mut variables: BTreeMap<String, String> =
        given.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    for variable in container["env"].as_array().unwrap() {
        variables.insert(variable["name"].as_str().unwrap().to_owned(), "rotator-5d9c-x".to_owned());
    }
    // The secret that the file's head makes has a value for each file.
    let made = text("kubernetes/enterprise/kustomization.yaml");
    let folder = container["volumeMounts"].as_array().unwrap().iter().find(|mount| mount["name"] == "secrets").unwrap();
    for (name, file) in variables.iter().filter(|(name, _)| name.ends_with("_FILE")) {
        let key = file.strip_prefix(folder["mountPath"].as_str().unwrap()).unwrap().trim_start_matches('/');
        assert!(made.contains(&format!("--from-literal={key}=")), "{name}");
    }
    if let Some(said) = checked(&variables) {
        for line in ["database        postgres:", "redis           prefix", "node            rotator-5d9c-x"] {
            assert!(said.contains(line), "{line}: {said}");
        }
    }
}

#[test]
fn what_scales_and_guards_nodes_means_them() {
    let manifests = manifests("enterprise");
    let scaler = &manifests["HorizontalPodAutoscaler"]["spec"];
    let deployment = &manifests["Deployment"];
    for part in ["apiVersion", "kind"] {
        assert_eq!(scaler["scaleTargetRef"][part], deployment[part]);
    }
    assert_eq!(scaler["scaleTargetRef"]["name"], deployment["metadata"]["name"]);
    assert!(deployment["spec"]["replicas"].is_null(), "how many there are is for the scaler to say");
    let budget = &manifests["PodDisruptionBudget"]["spec"];
    assert_eq!((&budget["selector"]["matchLabels"], &budget["maxUnavailable"]), (&labels(), &json!(1)));
    assert!(scaler["minReplicas"].as_u64() > budget["maxUnavailable"].as_u64());
}

#[test]
fn prometheus_finds_the_metrics_under_the_name_that_the_rules_know() {
    let monitor = &manifests("monitoring")["ServiceMonitor"]["spec"];
    assert_eq!(monitor["selector"]["matchLabels"], labels());
    let endpoint = &monitor["endpoints"][0];
    assert_eq!(endpoint["port"], "http");
    assert_eq!(Running::start().status(endpoint["path"].as_str().unwrap()), 200);
    let job = endpoint["relabelings"][0]["replacement"].as_str().unwrap();
    assert!(text("prometheus/alerts.yml").contains(&format!("job=\"{job}\"")));
}

#[test]
fn every_folder_is_one_that_is_checked() {
    let folders = std::fs::read_dir(root().join("deploy/kubernetes")).unwrap();
    let names: BTreeSet<String> = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, FOLDERS.map(str::to_owned).into());
}
