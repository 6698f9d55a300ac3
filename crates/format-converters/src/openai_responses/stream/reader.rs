//! Reading streams. What counts is the event's own `type`; the name before the data may be missing. Items are known by their
//! `output_index`: some upstreams give them new ids in each event. Each event may be missing that a later one makes up for.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::error;
use super::item::{Feed, Item, Kind};
use super::response::{created, outcome, usage};
use crate::ir::{ApiError, Event};
use crate::json::{Object, document, list};
use crate::{Invalid, StreamReader, sse};

/// The status of an upstream's answer that stops short.
const BAD_GATEWAY: u16 = 502;

/// Reads a stream.
#[derive(Debug, Default)]
pub(in super::super) struct Reader {
    has_started: bool,
    is_over: bool,
    items: BTreeMap<u64, Item>,
    /// The index of the item that came last.
    last: u64,
    feed: Feed,
}

// === impl Reader ===

impl Reader {
    fn start(&mut self, response: Option<&Object<'_>>, events: &mut Vec<Event>) {
        if std::mem::replace(&mut self.has_started, true) {
            return;
        }
        let text = |name| response.and_then(|response| response.text(name).ok().flatten()).unwrap_or_default();
        events.push(Event::Start { id: text("id"), model: text("model"), created: response.and_then(created) });
    }

    /// The index of the item that an event is about: it says so, or its item's id does, or it is the last one.
    fn index(&self, event: &Object<'_>) -> Result<u64, Invalid> {
        if let Some(index) = event.count("output_index")? {
            return Ok(index);
        }
        let id = event.text("item_id")?.filter(|id| !id.is_empty());
        let known = id.and_then(|id| self.items.iter().find(|(_, item)| item.id == id));
        Ok(known.map_or(self.last, |(index, _)| *index))
    }

    /// The item that an event is about; where it never began, it begins now.
    fn item(&mut self, event: &Object<'_>, kind: Kind) -> Result<(&mut Item, &mut Feed), Invalid> {
        let index = self.index(event)?;
        self.last = index;
        let item = self.items.entry(index).or_insert_with(|| Item::new(kind, String::new()));
        Ok((item, &mut self.feed))
    }

    fn item_begins(&mut self, event: &Object<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let Some(object) = event.object("item")? else { return Ok(()) };
        let index = match event.count("output_index")? {
            Some(index) => index,
            None if self.items.is_empty() => 0,
            None => self.last.saturating_add(1),
        };
        self.last = index;
        let mut item = Item::of(&object)?;
        item.begin(&object, &mut self.feed, events)?;
        if let Some(mut before) = self.items.insert(index, item) {
            before.close(events);
        }
        Ok(())
    }

    fn item_ends(&mut self, event: &Object<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let (Some(object), Some(raw)) = (event.object("item")?, event.raw("item")) else { return Ok(()) };
        let index = match (event.count("output_index")?, object.text("id")?) {
            (Some(index), _) => index,
            (None, id) => {
                let is_it = |item: &Item| !item.is_done && (item.id.is_empty() || Some(&item.id) == id.as_ref());
                let open = self.items.iter().find(|(_, item)| is_it(item));
                open.map_or_else(|| self.items.len() as u64, |(index, _)| *index)
            }
        };
        let kind = Item::of(&object)?;
        let item = self.items.entry(index).or_insert(kind);
        item.end(&object, raw, &mut self.feed, events)
    }

    /// Takes up what the whole answer has and no event told.
    fn catch_up(&mut self, response: &Object<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let output = response.with("output", list)?.unwrap_or_default();
        if self.items.len() >= output.len() && self.items.values().all(|item| item.is_done) {
            return Ok(());
        }
        for (position, raw) in output.into_iter().enumerate() {
            let Ok(object) = Object::read_leniently(raw) else { continue };
            let Ok(position) = u64::try_from(position) else { continue };
            let (id, call_id) = (object.text("id")?.unwrap_or_default(), object.text("call_id")?.unwrap_or_default());
            let is_known =
                |item: &Item| (!id.is_empty() && item.id == id) || (!call_id.is_empty() && item.call_id == call_id);
            let known = self.items.iter().find(|(_, item)| is_known(item)).map(|(index, _)| *index);
            let own = Item::of(&object)?;
            let is_taken = known.is_none() && self.items.get(&position).is_some_and(|item| item.kind != own.kind);
            let after = self.items.keys().next_back().map_or(0, |last| last.saturating_add(1));
            let index = known.unwrap_or(if is_taken { after } else { position });
            let item = self.items.entry(index).or_insert(own);
            item.end(&object, raw, &mut self.feed, events)?;
        }
        Ok(())
    }

    fn end(&mut self, event: &Object<'_>, status: &str, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let response = event.object("response")?;
        self.start(response.as_ref(), events);
        if let Some(response) = &response {
            self.catch_up(response, events)?;
        }
        let ending = outcome(response.as_ref().unwrap_or(event), Some(status), self.feed.has_calls());
        if ending.is_ok() {
            // What is open when the upstream fails is not whole.
            self.close_all(events);
        }
        events.extend(usage(event).map(Event::Usage));
        self.is_over = true;
        match ending {
            Ok(stop) => {
                events.extend(stop.map(|stop| Event::Stop { choice: 0, stop }));
                events.push(Event::End);
            }
            Err(error) => events.push(Event::Error(error)),
        }
        Ok(())
    }

    fn close_all(&mut self, events: &mut Vec<Event>) {
        for item in self.items.values_mut() {
            item.close(events);
        }
    }

    fn fail(&mut self, error: ApiError, events: &mut Vec<Event>) {
        self.start(None, events);
        self.is_over = true;
        events.push(Event::Error(error));
    }

    fn take(
        &mut self,
        r#type: &str,
        raw: &RawValue,
        event: &Object<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Invalid> {
        let Some(name) = r#type.strip_prefix("response.") else {
            if r#type == "error" || (r#type.is_empty() && event.raw("error").is_some()) {
                self.fail(error::within(raw), events);
            } else if r#type == "keepalive" {
                events.push(Event::Ping);
            }
            return Ok(());
        };
        if let "completed" | "incomplete" | "failed" | "cancelled" = name {
            return self.end(event, name, events);
        }
        let response = event.object("response")?;
        self.start(response.as_ref(), events);
        match name {
            "output_item.added" => self.item_begins(event, events),
            "output_item.done" => self.item_ends(event, events),
            _ => {
                let Some(kind) = Kind::of_event(name) else { return Ok(()) };
                let (item, feed) = self.item(event, kind)?;
                item.goes_on(name, event, feed, events)
            }
        }
    }
}

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let data = event.data.trim();
        if self.is_over || data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        let raw = document(data.as_bytes())?;
        let object = Object::read_leniently(raw)?;
        let r#type = object.text("type")?;
        let r#type = r#type.as_deref().unwrap_or(&event.name).to_owned();
        self.take(&r#type, raw, &object, events)
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if !self.is_over {
            let message = "the upstream's answer stopped short".to_owned();
            self.fail(ApiError { status: BAD_GATEWAY, message, ..ApiError::default() }, events);
        }
    }
}
