//! Server-sent events (WHATWG HTML, section 9.2).

use reqwest::Response;

/// Events as they come.
pub(crate) struct Events {
    response: Response,
    text: Vec<u8>,
}

/// One event; one without data says how far the stream has come.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) data: Option<String>,
}

// === impl Events ===

impl Events {
    pub(crate) fn of(response: Response) -> Self {
        Self { response, text: Vec::new() }
    }

    /// The next event; `None` where the stream has ended.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, reqwest::Error> {
        loop {
            if let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.text.drain(..end + 2).collect();
                return Ok(Some(Event::read(&String::from_utf8_lossy(&event))));
            }
            match self.response.chunk().await? {
                Some(piece) => self.text.extend_from_slice(&piece),
                None => return Ok(None),
            }
        }
    }
}

// === impl Event ===

impl Event {
    fn read(text: &str) -> Self {
        let mut event = Self::default();
        for line in text.lines() {
            match line.split_once(':').map(|(field, value)| (field, value.strip_prefix(' ').unwrap_or(value))) {
                Some(("id", id)) => event.id = Some(id.to_owned()),
                Some(("data", data)) => event.data = Some(data.to_owned()),
                _ => {}
            }
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_an_id_and_data() {
        let event =
            |id: Option<&str>, data: Option<&str>| Event { id: id.map(str::to_owned), data: data.map(str::to_owned) };
        assert_eq!(Event::read("id: 7\ndata: {\"a\": 1}\n\n"), event(Some("7"), Some("{\"a\": 1}")));
        assert_eq!(Event::read("retry: 1000\nid:8\n\n"), event(Some("8"), None));
        assert_eq!(Event::read(": still here\n\n"), event(None, None));
    }
}
