//! The database by a data source name of Go's driver.

use http::StatusCode;

use crate::backend::kind;
use crate::server::{CLIENT_KEY, PASSWORD, Place};

#[tokio::test]
async fn a_data_source_name_with_a_socket_leads_to_the_database() {
    let server = kind().unwrap().start().unwrap();
    let database = server.database().unwrap();
    // The password as it is, which a URL must encode.
    let name = format!(
        "rotator:p@ss:w/rd?#%@unix({})/{}?parseTime=true&tls=false",
        server.socket().display(),
        database.name()
    );
    let place = Place::sharing(None).set("DATABASE_URL", &name).set("ADMIN_PASSWORD", PASSWORD);
    let node = place.set("GLOBAL_PROXY_KEYS", CLIENT_KEY).start().await;
    assert_eq!(node.get("/readyz").await.status, StatusCode::OK);
    assert_ne!(database.execute("SELECT COUNT(*) FROM admin_users").unwrap(), "0\n");
}

#[tokio::test]
async fn a_tls_of_the_predecessors_own_is_refused_before_anything_is_bound() {
    let place = Place::sharing(None).set("DATABASE_URL", "u:secret@tcp(db:3306)/n?tls=custom-name");
    let output = place.run(&["check-config"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("DATABASE_URL: has a tls that is none of") && !said.contains("secret"), "{said}");
}
