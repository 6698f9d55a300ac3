//! `prices ...`.

use reqwest::Method;
use rotator_admin_api::wire::{Message, PriceBody, PriceEntry};

use crate::api::{Api, NOTHING, segment};
use crate::args::PricesCommand;
use crate::error::CliError;
use crate::output::{Output, table};

pub(super) async fn run(api: &Api, command: PricesCommand, output: Output) -> Result<(), CliError> {
    match command {
        PricesCommand::List { model, source } => {
            let mut prices: Vec<PriceEntry> = api.get("prices").await?;
            let model = model.map(|model| model.to_lowercase());
            prices.retain(|price| {
                model.as_ref().is_none_or(|model| price.model.contains(model))
                    && source.as_ref().is_none_or(|source| price.source == *source)
            });
            output.show(&prices, || table(HEAD, prices.iter().map(row)))
        }
        PricesCommand::Set { model, price } => {
            let body = PriceBody::from(price);
            let price: PriceEntry = api.call(Method::PUT, &path(&model), Some(&body)).await?;
            output.show(&price, || table(HEAD, [row(&price)]))
        }
        PricesCommand::Unset { model } => {
            let message: Message = api.call(Method::DELETE, &path(&model), NOTHING).await?;
            output.show(&message, || format!("Took the price of {model} away."))
        }
    }
}

const HEAD: [&str; 9] =
    ["model", "source", "date", "currency", "input", "cached", "cache written", "output", "long prompts"];

fn row(price: &PriceEntry) -> [String; 9] {
    let PriceEntry { model, source, date, price } = price.clone();
    let dollars = |price: Option<f64>| price.map(|price| price.to_string()).unwrap_or_default();
    let long = price.long.map(|long| format!("above {}: {} and {}", long.above, long.input, long.output));
    [
        model,
        source,
        date.unwrap_or_default(),
        price.currency.unwrap_or_default(),
        price.input.to_string(),
        dollars(price.cached),
        dollars(price.cache_written),
        price.output.to_string(),
        long.unwrap_or_default(),
    ]
}

fn path(model: &str) -> String {
    format!("prices/{}", segment(model))
}
