//! How likely words were: `logprobsResult` (<https://ai.google.dev/api/generate-content#LogprobsResult>), and the list that
//! OpenAI has for it.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::gemini::wire::Manner;
use crate::json::{self, Json};

/// A word as OpenAI writes it.
#[derive(Serialize, Deserialize)]
struct Word {
    token: String,
    logprob: Number,
    bytes: Option<Vec<u8>>,
    #[serde(default)]
    top_logprobs: Vec<Likely>,
}

/// A word that was likely too.
#[derive(Serialize, Deserialize)]
struct Likely {
    token: String,
    logprob: Number,
    bytes: Option<Vec<u8>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogProbs {
    chosen_candidates: Vec<Chosen>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    top_candidates: Vec<Top>,
}

#[derive(Serialize)]
struct Top {
    candidates: Vec<Chosen>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Chosen {
    token: String,
    log_probability: Number,
}

/// Reads it as OpenAI's list; `None` where it makes no sense.
pub(in crate::gemini) fn read(raw: &RawValue) -> Option<Json> {
    let object = Manner::Lenient.object(raw).ok()?;
    let chosen = object.each("chosenCandidates", likely).ok()?;
    let tops = object.each("topCandidates", |raw| Manner::Lenient.object(raw)?.each("candidates", likely)).ok()?;
    let mut tops = tops.into_iter();
    let words = chosen.into_iter().map(|Likely { token, logprob, bytes }| {
        let top_logprobs = tops.next().unwrap_or_default();
        Word { token, logprob, bytes, top_logprobs }
    });
    let words: Vec<Word> = words.collect();
    if words.is_empty() { None } else { Json::of(&words).ok() }
}

/// Writes OpenAI's list; `None` where it is none.
pub(in crate::gemini) fn write(list: &Json) -> Option<Json> {
    let words: Vec<Word> = json::parse(list.raw(), "a list").ok()?;
    let mut log_probs = LogProbs { chosen_candidates: Vec::new(), top_candidates: Vec::new() };
    let has_tops = words.iter().any(|word| !word.top_logprobs.is_empty());
    for Word { token, logprob, top_logprobs, .. } in words {
        log_probs.chosen_candidates.push(Chosen { token, log_probability: logprob });
        if has_tops {
            let chosen = |Likely { token, logprob, .. }| Chosen { token, log_probability: logprob };
            log_probs.top_candidates.push(Top { candidates: top_logprobs.into_iter().map(chosen).collect() });
        }
    }
    Json::of(&log_probs).ok()
}

fn likely(raw: &RawValue) -> Result<Likely, Invalid> {
    let object = Manner::Strict.object(raw)?;
    let token = object.text("token")?.unwrap_or_default();
    let zero = || Number::from(0);
    let logprob = object.value("logProbability", "a number")?.unwrap_or_else(zero);
    Ok(Likely { bytes: Some(token.clone().into_bytes()), token, logprob })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_told_in_both_ways() {
        let own = concat!(
            r#"{"chosenCandidates":[{"token":"a","logProbability":-0.5}],"#,
            r#""topCandidates":[{"candidates":[{"token":"b","logProbability":-1.0}]}]}"#
        );
        let list = read(json::document(own.as_bytes()).unwrap()).unwrap();
        let expected = concat!(
            r#"[{"token":"a","logprob":-0.5,"bytes":[97],"#,
            r#""top_logprobs":[{"token":"b","logprob":-1.0,"bytes":[98]}]}]"#
        );
        assert_eq!(list.get(), expected);
        assert_eq!(write(&list).unwrap().get(), own);
        assert!(read(json::document(b"{}").unwrap()).is_none());
        assert!(write(&Json::empty_object()).is_none());
    }
}
