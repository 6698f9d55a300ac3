//! What models cost.

use axum::Json;
use axum::extract::State;

use super::App;
use super::error::ApiError;
use super::extract::{Body, Name};
use crate::use_cases::Actor;
use crate::wire::{ErrorBody, Message, PriceBody, PriceEntry};

/// List the prices that hold, ordered by model. One in whose place another holds is not among them: what was set here comes before
/// what stands in `ROTATOR_PRICES`, and that before what is shipped. A model that none of them fits has no price: its tokens are
/// counted, and what they cost is not known.
#[utoipa::path(
    get,
    path = "/prices",
    tag = "prices",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The prices", body = Vec<PriceEntry>),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn list(State(app): State<App>, actor: Actor) -> Json<Vec<PriceEntry>> {
    Json(app.as_actor(&actor).prices())
}

/// Set the price of a model, or of all that a pattern fits; it holds for requests that end from now on, on all nodes within a
/// second. A model's own name comes before a pattern, and a pattern with more letters before one with fewer.
#[utoipa::path(
    put,
    path = "/prices/{model}",
    tag = "prices",
    security(("bearer" = [])),
    params(("model" = String, Path, description = "The model's name, with or without its vendor and its date, or a pattern with \
        `*` for any text; a `/` in it is written `%2F`")),
    request_body = PriceBody,
    responses(
        (status = 200, description = "The price", body = PriceEntry),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn set(
    State(app): State<App>,
    actor: Actor,
    Name(model): Name,
    Body(body): Body<PriceBody>,
) -> Result<Json<PriceEntry>, ApiError> {
    Ok(Json(app.as_actor(&actor).set_price(&model, body).await?))
}

/// Take a price away that was set; what was there before holds again.
#[utoipa::path(
    delete,
    path = "/prices/{model}",
    tag = "prices",
    security(("bearer" = [])),
    params(("model" = String, Path, description = "The name or the pattern, as it was set")),
    responses(
        (status = 200, description = "Taken away", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "None was set", body = ErrorBody),
    )
)]
pub(super) async fn unset(State(app): State<App>, actor: Actor, Name(model): Name) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).unset_price(&model).await?;
    Ok(Json(Message { message: "deleted".to_owned() }))
}
