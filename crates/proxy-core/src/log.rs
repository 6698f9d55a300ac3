//! What is told of the requests of services that log them.

mod capture;
mod scrub;
mod sheet;

pub(crate) use capture::{Capture, Captured};
pub(crate) use sheet::Sheet;

use std::sync::Arc;

use rotator_domain::{LogPolicy, LoggedBody, LoggedRequest, Secret};

use self::scrub::Scrub;
use crate::catalog::ServiceEntry;
use crate::encoding::Encoding;

/// Hears of the requests of services that log them, once their answers have ended.
pub trait RequestLogger: Send + Sync {
    /// A request has ended. It is called on the request's own task, so it must be quick and must not wait.
    fn log(&self, request: FinishedRequest);
}

/// A request that has ended, as it is to be logged.
pub struct FinishedRequest {
    request: LoggedRequest,
    entry: Arc<ServiceEntry>,
    /// The keys that were shown and used, which must not be logged.
    secrets: Vec<Secret>,
    bodies: Option<[Taken; 2]>,
}

/// The beginning of a body as it passed.
struct Taken {
    captured: Captured,
    /// How it is compressed; `None` where that is unknown here.
    encoding: Option<Encoding>,
}

// === impl FinishedRequest ===

impl FinishedRequest {
    /// What the service that was asked wants to be logged.
    #[must_use]
    pub fn policy(&self) -> &LogPolicy {
        &self.entry.policy.log
    }

    /// How much memory it holds, about, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let bodies = self.bodies.iter().flatten().map(|taken| taken.captured.content.capacity());
        bodies.sum::<usize>() + self.request.path.len() + size_of::<Self>()
    }

    /// What may be logged of it: without the keys, and the bodies (of the request and of the answer) as text where they were
    /// compressed. This takes a while, so it is for another task.
    #[must_use]
    pub fn read(self) -> (LoggedRequest, Option<[LoggedBody; 2]>) {
        let Self { mut request, entry, secrets, bodies } = self;
        let scrub = Scrub::new(&secrets);
        let limit = entry.policy.log.body_limit as usize;
        for text in [&mut request.path]
            .into_iter()
            .chain(request.headers.iter_mut().map(|(_, value)| value))
            .chain([&mut request.answer_type, &mut request.trace_id, &mut request.request_id].into_iter().flatten())
        {
            *text = scrub.text(std::mem::take(text));
        }
        (request, bodies.map(|bodies| bodies.map(|taken| taken.read(limit, &scrub))))
    }
}

impl std::fmt::Debug for FinishedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FinishedRequest").field("request", &self.request).finish_non_exhaustive()
    }
}

// === impl Taken ===

impl Taken {
    fn read(self, limit: usize, scrub: &Scrub) -> LoggedBody {
        let Captured { content, is_cut } = self.captured;
        match self.encoding {
            Some(Encoding::Identity) => LoggedBody { content: scrub.bytes(content, is_cut), is_cut },
            Some(encoding) => {
                let text = encoding.beginning(content.into(), limit);
                let is_cut = is_cut || text.len() >= limit;
                LoggedBody { content: scrub.bytes(text.into(), is_cut), is_cut }
            }
            // What cannot be read may hold anything.
            None => LoggedBody { content: Vec::new(), is_cut: is_cut || !content.is_empty() },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn taken(content: &[u8], encoding: Option<Encoding>) -> Taken {
        Taken { captured: Captured { content: content.to_vec(), is_cut: false }, encoding }
    }

    #[test]
    fn compressed_bodies_are_read_cut_and_cleaned() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(b"the key is sk-planted, and more").unwrap();
        let gzip = gzip.finish().unwrap();
        let scrub = Scrub::new(&[Secret::new("sk-planted")]);
        let body = |content: &str, is_cut| LoggedBody { content: content.as_bytes().to_vec(), is_cut };
        let read = |limit| taken(&gzip, Some(Encoding::Gzip)).read(limit, &scrub);
        assert_eq!(read(100), body("the key is *****, and more", false));
        assert_eq!(read(16), body("the key is *****", true));
        assert_eq!(taken(b"sk-planted", Some(Encoding::Identity)).read(9, &scrub), body("*****", false));
        assert_eq!(taken(b"sk-planted", None).read(9, &scrub), body("", true));
        assert_eq!(taken(b"", None).read(9, &scrub), body("", false));
    }
}
