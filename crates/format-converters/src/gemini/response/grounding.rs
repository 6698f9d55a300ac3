//! Where an answer comes from: `groundingMetadata` and `citationMetadata`
//! (<https://ai.google.dev/api/generate-content#GroundingMetadata>). They count in bytes of UTF-8.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::gemini::wire::Manner;
use crate::ir::Citation;
use crate::json::{self, Object};

/// The most citations of one answer, and the most bytes of an address or a title: each source may be cited many times.
const MOST_CITATIONS: usize = 1_000;
const MOST_BYTES: usize = 8_192;

/// A source of some text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::gemini) struct Source {
    url: Option<String>,
    title: Option<String>,
    /// From and to which byte.
    bytes: Option<(usize, usize)>,
    /// Of which part.
    pub part: usize,
}

/// `groundingMetadata` as it is written.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gemini) struct Grounding {
    grounding_chunks: Vec<Chunk>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    grounding_supports: Vec<Support>,
    #[serde(skip)]
    places: HashMap<Web, usize>,
}

#[derive(Debug, Serialize)]
struct Chunk {
    web: Web,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
struct Web {
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Support {
    segment: Segment,
    grounding_chunk_indices: [usize; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Segment {
    part_index: usize,
    start_index: usize,
    end_index: usize,
    text: String,
}

/// The sources that a candidate names.
pub(in crate::gemini) fn sources(candidate: &Object<'_>) -> Vec<Source> {
    let read = |name, read: fn(&RawValue) -> Result<Vec<Source>, Invalid>| candidate.with(name, read).ok().flatten();
    let mut sources = read("groundingMetadata", grounding).unwrap_or_default();
    sources.extend(read("citationMetadata", citation).unwrap_or_default());
    sources.truncate(MOST_CITATIONS);
    sources
}

/// A source as a citation in `text`, which begins at this byte of what the source counts in.
pub(in crate::gemini) fn cited(source: &Source, text: &str, begin: usize) -> Citation {
    let points = |byte: usize| {
        let before = text.get(..byte.checked_sub(begin)?)?;
        u64::try_from(before.chars().count()).ok()
    };
    let span = source.bytes.and_then(|(start, end)| points(start).zip(points(end)));
    Citation { url: source.url.clone(), title: source.title.clone(), span, ..Citation::default() }
}

fn grounding(raw: &RawValue) -> Result<Vec<Source>, Invalid> {
    let object = Manner::Lenient.object(raw)?;
    let chunks = object.each("groundingChunks", chunk)?;
    let mut sources = Vec::new();
    let is_supported = object.has("groundingSupports");
    let supports = object.each("groundingSupports", |raw| {
        let support = Manner::Lenient.object(raw)?;
        let segment = support.with("segment", |raw| Manner::Lenient.object(raw))?;
        let chunks = support.each("groundingChunkIndices", |raw| json::parse::<usize>(raw, "a number"))?;
        Ok((segment.map_or(Ok((None, 0)), |segment| place(&segment))?, chunks))
    })?;
    for ((bytes, part), indices) in supports {
        for chunk in indices.into_iter().filter_map(|index| chunks.get(index)) {
            if sources.len() < MOST_CITATIONS {
                sources.push(Source { bytes, part, ..chunk.clone() });
            }
        }
    }
    Ok(if is_supported { sources } else { chunks })
}

/// What an answer may rest on: a page, or a document of the client's.
fn chunk(raw: &RawValue) -> Result<Source, Invalid> {
    let object = Manner::Lenient.object(raw)?;
    let kinds = ["web", "retrievedContext", "maps"];
    let Some(raw) = kinds.into_iter().find_map(|kind| object.raw(kind)) else { return Ok(Source::default()) };
    let object = Manner::Lenient.object(raw)?;
    let short = |name| Ok::<_, Invalid>(object.text(name)?.filter(|text| text.len() <= MOST_BYTES));
    Ok(Source { url: short("uri")?, title: short("title")?, ..Source::default() })
}

fn citation(raw: &RawValue) -> Result<Vec<Source>, Invalid> {
    let object = Manner::Lenient.object(raw)?;
    // Vertex AI has another name for them.
    let name = if object.has("citations") { "citations" } else { "citationSources" };
    object.each(name, |raw| {
        let object = Manner::Lenient.object(raw)?;
        let (bytes, _) = place(&object)?;
        let short = |name| Ok::<_, Invalid>(object.text(name)?.filter(|text| text.len() <= MOST_BYTES));
        Ok(Source { url: short("uri")?, title: short("title")?, bytes, part: 0 })
    })
}

fn place(object: &Object<'_>) -> Result<(Option<(usize, usize)>, usize), Invalid> {
    let number = |name| object.value::<usize>(name, "a number");
    let start = number("startIndex")?.unwrap_or_default();
    let end = number("endIndex")?.filter(|end| *end >= start);
    Ok((end.map(|end| (start, end)), number("partIndex")?.unwrap_or_default()))
}

// === impl Grounding ===

impl Grounding {
    /// Adds a citation in the text of a part, which begins at this byte of what is counted in. Gives whether it has a place
    /// here: a source without an address or title has none.
    pub(in crate::gemini) fn add(&mut self, citation: &Citation, text: &str, begin: usize, part_index: usize) -> bool {
        if citation.url.is_none() && citation.title.is_none() {
            return false;
        }
        let web = Web { uri: citation.url.clone(), title: citation.title.clone() };
        let next = self.grounding_chunks.len();
        let chunk = *self.places.entry(web.clone()).or_insert(next);
        if chunk == next {
            self.grounding_chunks.push(Chunk { web });
        }
        let byte = |point: u64| {
            let point = usize::try_from(point).ok()?;
            let ends = text.char_indices().map(|(byte, _)| byte).chain([text.len()]);
            ends.into_iter().nth(point)
        };
        let span = citation.span.and_then(|(start, end)| byte(start).zip(byte(end)));
        if let Some((start, end)) = span {
            let cited = text.get(start..end).unwrap_or_default().to_owned();
            let (start_index, end_index) = (begin + start, begin + end);
            let segment = Segment { part_index, start_index, end_index, text: cited };
            self.grounding_supports.push(Support { segment, grounding_chunk_indices: [chunk] });
        }
        true
    }

    /// It, where there is any.
    pub(in crate::gemini) fn into_some(self) -> Option<Self> {
        (!self.grounding_chunks.is_empty()).then_some(self)
    }
}
