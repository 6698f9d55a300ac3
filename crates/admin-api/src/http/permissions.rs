//! Which permission each route needs: the one place where that is said, and the one where it is checked.

use axum::extract::MatchedPath;
use axum::http::Method;
use rotator_domain::Role;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};

use crate::use_cases::{Actor, UseCaseError};

/// What a route lets its caller do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Permission {
    /// Anybody, without a token.
    Public,
    /// See what is no secret.
    Read,
    /// Change what is one's own: the session, the password, tokens that may do no more than oneself.
    Own,
    /// Manage services, keys and client keys.
    Operate,
    /// Manage users, and take keys out in clear.
    Administer,
}

use Permission::{Administer, Operate, Own, Public, Read};

/// Every route.
const ROUTES: &[(&str, &str, Permission)] = &[
    ("GET", "/app-config", Public),
    ("POST", "/login", Public),
    ("POST", "/logout", Own),
    ("POST", "/login/browser", Public),
    ("GET", "/session", Read),
    ("DELETE", "/session", Own),
    ("GET", "/openapi.json", Read),
    ("GET", "/me", Read),
    ("PUT", "/me/password", Own),
    ("GET", "/status", Read),
    ("GET", "/proxy-configs", Read),
    ("POST", "/proxy-configs", Operate),
    ("GET", "/proxy-configs/{id}", Read),
    ("PUT", "/proxy-configs/{id}", Operate),
    ("DELETE", "/proxy-configs/{id}", Operate),
    ("PUT", "/proxy-configs/{id}/status", Operate),
    ("GET", "/proxy-configs/{id}/keys", Read),
    ("POST", "/proxy-configs/{id}/keys", Operate),
    ("PUT", "/proxy-configs/{id}/keys", Operate),
    ("DELETE", "/proxy-configs/{id}/keys", Operate),
    ("POST", "/proxy-configs/{id}/keys/batch", Operate),
    ("POST", "/proxy-configs/{id}/keys/bulk", Operate),
    ("POST", "/proxy-configs/{id}/keys/export", Administer),
    ("POST", "/proxy-configs/{id}/keys/test", Operate),
    ("PATCH", "/keys/{id}", Operate),
    ("DELETE", "/keys/{id}", Operate),
    ("POST", "/keys/{id}/reveal", Administer),
    ("POST", "/keys/{id}/test", Operate),
    ("GET", "/client-keys", Read),
    ("POST", "/client-keys", Operate),
    ("GET", "/client-keys/{id}", Read),
    ("PATCH", "/client-keys/{id}", Operate),
    ("DELETE", "/client-keys/{id}", Operate),
    ("POST", "/client-keys/{id}/rotate", Operate),
    ("GET", "/tokens", Read),
    ("POST", "/tokens", Own),
    ("DELETE", "/tokens/{id}", Own),
    ("GET", "/users", Read),
    ("POST", "/users", Administer),
    ("PATCH", "/users/{name}", Administer),
    ("DELETE", "/users/{name}", Administer),
    ("GET", "/audit", Read),
    ("GET", "/log-level", Read),
    ("PUT", "/log-level", Operate),
    ("GET", "/usage", Read),
    ("GET", "/webhooks", Operate),
    ("POST", "/webhooks", Operate),
    ("GET", "/webhooks/{id}", Operate),
    ("PATCH", "/webhooks/{id}", Operate),
    ("DELETE", "/webhooks/{id}", Operate),
    ("POST", "/webhooks/{id}/rotate", Operate),
    ("POST", "/webhooks/{id}/test", Operate),
    ("GET", "/webhooks/{id}/deliveries", Operate),
    ("GET", "/request-logs", Read),
    ("GET", "/request-logs/tail", Read),
    ("GET", "/request-logs/{id}", Read),
    ("GET", "/events", Read),
    ("GET", "/prices", Read),
    ("PUT", "/prices/{model}", Operate),
    ("DELETE", "/prices/{model}", Operate),
];

/// What the OpenAPI document calls the least role of an operation.
const REQUIRED_ROLE: &str = "x-required-role";

// === impl Permission ===

impl Permission {
    /// The least role that has it; none where nobody need be known.
    const fn role(self) -> Option<Role> {
        match self {
            Self::Public => None,
            Self::Read | Self::Own => Some(Role::Viewer),
            Self::Operate => Some(Role::Operator),
            Self::Administer => Some(Role::Admin),
        }
    }
}

/// Lets an actor pass who may do what this route does. What is not there is for everybody to be told; a route without a
/// permission is for admins.
pub(super) fn check(actor: &Actor, method: &Method, path: Option<&MatchedPath>) -> Result<(), UseCaseError> {
    let Some(path) = path.map(MatchedPath::as_str) else { return Ok(()) };
    let path = path.strip_prefix("/api").unwrap_or(path);
    let path = path.strip_prefix("/admin").unwrap_or(path);
    let needed = match permission(method, path) {
        Some(permission) => permission.role(),
        None => Some(Role::Admin),
    };
    match needed {
        Some(needed) if actor.role < needed => Err(UseCaseError::Forbidden { needed }),
        _ => Ok(()),
    }
}

fn permission(method: &Method, path: &str) -> Option<Permission> {
    // A route that answers GET answers HEAD as well.
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let found = ROUTES.iter().find(|(of, route, _)| *of == method && *route == path);
    found.map(|(_, _, permission)| *permission)
}

/// Writes into the document which role each operation needs.
pub(super) fn describe(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let path = path.strip_prefix("/api/admin").unwrap_or(path);
        for (method, operation) in operations(item) {
            let role = permission(&method, path).and_then(Permission::role);
            let Some(role) = role else { continue };
            let extensions = operation.extensions.get_or_insert_default();
            extensions.merge(ExtensionsBuilder::new().add(REQUIRED_ROLE, role.name()).build());
            if role > Role::Viewer {
                let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
                let description = format!("The role {} is needed", role.name());
                let response = ResponseBuilder::new().description(description).content("application/json", content);
                operation.responses.responses.insert("403".to_owned(), response.build().into());
            }
        }
    }
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let operations = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::OPTIONS, &mut item.options),
        (Method::HEAD, &mut item.head),
        (Method::PATCH, &mut item.patch),
        (Method::TRACE, &mut item.trace),
    ];
    operations.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_of_the_document_has_one_permission_and_no_other_has() {
        let mut document = super::super::document();
        let mut described = BTreeSet::from([("GET".to_owned(), "/openapi.json".to_owned())]);
        for (path, item) in &mut document.paths.paths {
            let path = path.strip_prefix("/api/admin").unwrap();
            for (method, operation) in operations(item) {
                let needed = permission(&method, path).unwrap_or_else(|| panic!("{method} {path} has no permission"));
                let is_public = operation.security.is_none();
                assert_eq!(is_public, needed == Public, "{method} {path}");
                let told = operation.extensions.as_ref().and_then(|all| all.get(REQUIRED_ROLE)).cloned();
                assert_eq!(told, needed.role().map(|role| role.name().into()), "{method} {path}");
                assert!(method == Method::GET || needed != Read, "{method} {path} changes something");
                described.insert((method.to_string(), path.to_owned()));
            }
        }
        let listed: Vec<_> =
            ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
        assert_eq!(listed.len(), described.len(), "a route is listed twice, or one that is not there");
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), described);
    }
}
