//! The use cases over HTTP.

mod audit;
mod auth;
mod browser;
mod client_keys;
mod configs;
mod docs;
mod error;
mod events;
mod extract;
mod keys;
mod live;
mod logs;
mod packed;
mod paging;
mod permissions;
mod prices;
mod probes;
mod request_id;
mod request_log;
mod server;
mod session;
mod tokens;
#[cfg(feature = "ui")]
mod ui;
mod usage;
mod users;
mod versions;
mod webhooks;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, Method};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::error::ApiError;
use crate::AdminContext;
use crate::live::LiveView;
use crate::use_cases::{Actor, UseCases};

/// What every handler is given.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

struct Shared {
    context: AdminContext,
    started: Instant,
    openapi: String,
    live: Arc<LiveView>,
}

/// The document's head; the routes add themselves.
#[derive(OpenApi)]
#[openapi(
    info(title = "API Key Rotator: admin API", description = "Services, keys, tokens, usage and the audit log."),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

/// The routes of the admin API under `/api/admin`, the same under `/admin`, and a page to read them at `/docs`.
pub fn router(context: AdminContext) -> Router {
    let openapi = serde_json::to_string(&document()).unwrap_or_default();
    let body_limit = context.body_limit;
    // The start of this process: a view of another one tells of other versions.
    let live = Arc::new(LiveView::new(format!("{:x}", context.clock.now().as_millis())));
    let app = App(Arc::new(Shared { context, started: Instant::now(), openapi, live }));

    let (protected, _) = protected().split_for_parts();
    let (public, _) = public().split_for_parts();
    // What is not there, or not with this method, is told only to those who may know.
    let authorized = protected
        .route("/openapi.json", axum::routing::get(docs::openapi))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(app.clone(), auth::require));
    let routes = public
        .method_not_allowed_fallback(method_not_allowed)
        .merge(authorized)
        .layer(map_response(no_store))
        .layer(from_fn(request_id::name))
        .layer(DefaultBodyLimit::max(body_limit))
        .with_state(app);
    Router::new().nest("/api/admin", routes.clone()).nest("/admin", routes).merge(docs::router()).fallback(fallback)
}

fn document() -> utoipa::openapi::OpenApi {
    let routes = public().merge(protected());
    let (_, mut document) =
        OpenApiRouter::with_openapi(Document::openapi()).nest("/api/admin", routes).split_for_parts();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    permissions::describe(&mut document);
    name_operations(&mut document);
    document
}

/// Gives each operation an id of its own: handlers are called alike in every file, so their names follow their tag.
fn name_operations(document: &mut utoipa::openapi::OpenApi) {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in permissions::operations(item) {
            let tag = operation.tags.iter().flatten().next().map(|tag| tag.replace(' ', "_"));
            operation.operation_id = tag.zip(operation.operation_id.take()).map(|(tag, name)| format!("{tag}_{name}"));
        }
    }
}

fn public() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(server::app_config))
        .routes(routes!(session::login))
        .routes(routes!(browser::begin))
}

fn protected() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(session::logout))
        .routes(routes!(browser::show, browser::end))
        .routes(routes!(session::me))
        .routes(routes!(users::change_own_password))
        .routes(routes!(server::status))
        .routes(routes!(configs::list, configs::create))
        .routes(routes!(configs::show, configs::replace, configs::delete))
        .routes(routes!(configs::set_status))
        .routes(routes!(keys::list, keys::add, keys::set_pool, keys::clear))
        .routes(routes!(keys::add_batch))
        .routes(routes!(keys::bulk))
        .routes(routes!(keys::export))
        .routes(routes!(keys::reveal))
        .routes(routes!(keys::change, keys::delete))
        .routes(routes!(probes::test))
        .routes(routes!(probes::test_all))
        .routes(routes!(client_keys::list, client_keys::create))
        .routes(routes!(client_keys::show, client_keys::change, client_keys::delete))
        .routes(routes!(client_keys::rotate))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::delete))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::change, users::delete))
        .routes(routes!(audit::list))
        .routes(routes!(logs::show, logs::set))
        .routes(routes!(usage::show))
        .routes(routes!(request_log::list))
        .routes(routes!(request_log::tail))
        .routes(routes!(request_log::show))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::change, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(live::watch))
        .routes(routes!(prices::list))
        .routes(routes!(prices::set, prices::unset))
}

// === impl App ===

impl App {
    fn context(&self) -> &AdminContext {
        &self.0.context
    }

    fn as_actor<'a>(&'a self, actor: &'a Actor) -> UseCases<'a> {
        UseCases { context: self.context(), actor }
    }
}

// === impl Bearer ===

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// What no route answers: the web UI, where it is built in.
#[cfg(feature = "ui")]
use self::ui::serve as fallback;
#[cfg(not(feature = "ui"))]
use not_found as fallback;

async fn not_found() -> ApiError {
    ApiError::NotFound("the route")
}

async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::MethodNotAllowed(method)
}

/// No answer of the admin API may stay in a cache.
async fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn references(value: &Value) -> Vec<&str> {
        match value {
            Value::Object(members) => members
                .iter()
                .flat_map(|(name, value)| match value {
                    Value::String(text) if name == "$ref" => vec![text.as_str()],
                    value => references(value),
                })
                .collect(),
            Value::Array(entries) => entries.iter().flat_map(references).collect(),
            _ => Vec::new(),
        }
    }

    const HEAD: &str = "# Admin API

Every route stands under `/api/admin`, and the same under `/admin` for the predecessor's clients. Bodies and answers are JSON. All but three
routes want `Authorization: Bearer` with the token of a login or an API token, or the cookie of a browser's session; the role is the least that
may do it. A running server serves the same as an OpenAPI document at `/api/admin/openapi.json`, and as a page at `/docs`.

Lists come in pages: `after` is the last id that is known, and the header `Link` names the next page. Errors are `{\"error\": \"...\"}`; 422
names the field, 401 wants a login, 403 names the role, 503 says that the database is away.

";

    #[test]
    fn the_reference_of_the_admin_api_is_not_stale() {
        let document = serde_json::to_value(document()).unwrap();
        let page = format!("{HEAD}{}", rotator_reference::routes(&document));
        rotator_reference::check("docs/reference/api.md", &page);
    }

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let document = serde_json::to_value(document()).unwrap();
        let mut of = std::collections::BTreeMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                let other = of.insert(id.clone(), format!("{method} {path}"));
                assert_eq!(other, None, "{id} is {method} {path} as well");
            }
        }
        assert!(of.contains_key("proxy_configs_list") && of.contains_key("client_keys_rotate"), "{of:?}");
    }

    #[test]
    fn every_type_and_every_field_of_the_document_is_described() {
        let document = serde_json::to_value(document()).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for reference in references(&document) {
            let name = reference.strip_prefix("#/components/schemas/").unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
        for name in [
            "ProxyConfigBody",
            "NewKey",
            "UpstreamKey",
            "KeyPatch",
            "PoolKey",
            "KeyBulkBody",
            "KeyFilter",
            "LimitsPatch",
            "Fallback",
            "UsageGroup",
            "ClientKeyBody",
            "ClientKey",
            "ClientKeyPatch",
            "ClientLimits",
            "ClientLimitsPatch",
            "Budget",
            "LimitStanding",
            "RequestLogEntry",
            "AdminUser",
            "AdminUserBody",
            "AdminUserPatch",
            "PasswordBody",
            "AdminToken",
            "AdminTokenBody",
            "AuditEntry",
            "AuditChange",
            "WebhookBody",
            "WebhookPatch",
            "Webhook",
            "WebhookDelivery",
            "WebhookTest",
            "LiveUpdate",
            "LiveService",
            "LiveKeyCounts",
            "LiveKey",
            "PriceBody",
            "LongPriceBody",
            "PriceEntry",
        ] {
            for (field, schema) in schemas[name]["properties"].as_object().unwrap() {
                let is_described = schema.to_string().contains("\"description\"");
                assert!(is_described, "{name}.{field}: {schema}");
            }
        }
    }
}
