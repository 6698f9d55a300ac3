//! How the answer is made: `generationConfig` (<https://ai.google.dev/api/generate-content#generationconfig>).

use serde_json::Number;
use serde_json::value::RawValue;

use super::thinking;
use crate::gemini::schema;
use crate::gemini::wire::Manner;
use crate::ir::{LogProbs, OutputShape, Request};
use crate::json::{self, Json, Object};
use crate::losses::snake;
use crate::members::Members;
use crate::{Invalid, Writing};

/// How members of `generationConfig` that only this format has are named among the request's extras.
pub(super) const PREFIX: &str = "generation_config.";

const KNOWN: [&str; 15] = [
    "temperature",
    "topP",
    "topK",
    "presencePenalty",
    "frequencyPenalty",
    "seed",
    "maxOutputTokens",
    "stopSequences",
    "candidateCount",
    "responseLogprobs",
    "logprobs",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "thinkingConfig",
];
const JSON: &str = "application/json";
/// The most texts that end an answer.
const MOST_STOPS: usize = 5;

/// Reads it.
pub(super) fn read(raw: &RawValue, request: &mut Request, extras: &mut Vec<(String, Json)>) -> Result<(), Invalid> {
    let object = Manner::Strict.object(raw)?;
    let number = |name| object.value::<Number>(name, "a number");
    request.sampling.temperature = number("temperature")?;
    request.sampling.top_p = number("topP")?;
    request.sampling.top_k = number("topK")?.map(whole);
    request.sampling.presence_penalty = number("presencePenalty")?;
    request.sampling.frequency_penalty = number("frequencyPenalty")?;
    request.sampling.seed = number("seed")?;
    request.max_tokens = object.count("maxOutputTokens")?;
    request.stop = object.each("stopSequences", json::text)?;
    request.choices = object.value("candidateCount", "a whole number from 0 on")?;
    let top = object.value("logprobs", "a whole number from 0 on")?;
    let are_wanted = object.flag("responseLogprobs")?.unwrap_or_default();
    request.log_probs = (are_wanted || top.is_some()).then_some(LogProbs { top });
    request.thinking = object.with("thinkingConfig", thinking::read)?;

    let mut known = KNOWN.to_vec();
    let mime = object.text("responseMimeType")?;
    match mime.as_deref() {
        None | Some("" | "text/plain" | JSON) => request.output = shape(&object, mime.as_deref() == Some(JSON))?,
        // Such as `text/x.enum`, which nobody else has.
        Some(_) => known.retain(|name| !name.starts_with("response") || *name == "responseLogprobs"),
    }
    extras.extend(object.rest(&known).into_iter().map(|(name, json)| (format!("{PREFIX}{}", snake(&name)), json)));
    Ok(())
}

/// The SDKs write whole numbers as `40.0`, which not everybody takes.
fn whole(number: Number) -> Number {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and small enough")]
    let whole = |float: f64| Number::from(float as u64);
    let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0 && (0.0..1e9).contains(float));
    float.map_or(number, whole)
}

fn shape(object: &Object<'_>, is_json: bool) -> Result<OutputShape, Invalid> {
    let own = object.with("responseSchema", schema::to_json_schema)?;
    Ok(match object.json("responseJsonSchema").or(own) {
        Some(schema) => OutputShape::Schema { name: None, description: None, schema, strict: None },
        None if is_json => OutputShape::JsonObject,
        None => OutputShape::Text,
    })
}

/// Writes it, with what a client of this format said beside the members that are known.
pub(super) fn write(request: &Request, writing: &mut Writing<'_>, extras: Members) -> Members {
    let sampling = &request.sampling;
    let mut config = Members::default();
    config.add_some("temperature", sampling.temperature.as_ref());
    config.add_some("topP", sampling.top_p.as_ref());
    config.add_some("topK", sampling.top_k.as_ref());
    config.add_some("presencePenalty", sampling.presence_penalty.as_ref());
    config.add_some("frequencyPenalty", sampling.frequency_penalty.as_ref());
    config.add_some("seed", sampling.seed.as_ref());
    config.add_some("maxOutputTokens", request.max_tokens.as_ref());
    let stop = &request.stop[..request.stop.len().min(MOST_STOPS)];
    writing.losses.drop_if(stop.len() < request.stop.len(), "stop");
    config.add_some("stopSequences", Some(stop).filter(|stop| !stop.is_empty()));
    config.add_some("candidateCount", request.choices.as_ref());
    if let Some(log_probs) = &request.log_probs {
        config.add("responseLogprobs", &true);
        config.add_some("logprobs", log_probs.top.as_ref());
    }
    match &request.output {
        OutputShape::Text => {}
        OutputShape::JsonObject => config.add("responseMimeType", JSON),
        OutputShape::Schema { schema, description, .. } => {
            writing.losses.drop_if(description.is_some(), "response_format.description");
            config.add("responseMimeType", JSON);
            config.add("responseJsonSchema", schema);
        }
    }
    config.add_some("thinkingConfig", thinking::write(request, writing).as_ref());
    config.0.extend(extras.0);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_told_as_such() {
        let cases = [("40.0", "40"), ("40", "40"), ("0.5", "0.5"), ("-1.0", "-1.0"), ("1e300", "1e+300")];
        for (number, expected) in cases {
            assert_eq!(whole(serde_json::from_str(number).unwrap()).to_string(), expected);
        }
    }
}
