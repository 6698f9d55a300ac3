//! Requests as they are read and written.

mod reading;
mod writing;

use rotator_domain::Format;
use serde_json::Value;

use super::super::wire::FORMAT;
use super::{read, write};
use crate::ir::{Opaque, Request, Turn};
use crate::{Asked, Losses, ModelTable, Writing};

fn parse(body: &Value) -> Request {
    read(&Asked::default(), body.to_string().as_bytes()).unwrap()
}

fn written(request: &Request) -> (Value, Vec<String>) {
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let call = write(request, &mut writing).unwrap();
    assert_eq!(call.path, "/v1/responses");
    (serde_json::from_slice(&call.body).unwrap(), writing.losses.names().to_vec())
}

fn foreign(format: Format, turns: Vec<Turn>) -> Request {
    Request { turns, ..Request::new(format, "gpt-5".into()) }
}

fn own(value: &str) -> Opaque {
    Opaque { id: Some("rs_1".into()), ..Opaque::new(FORMAT, value.into()) }
}
