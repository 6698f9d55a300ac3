//! The way to a storage that does not always answer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rotator_domain::{End, EndedRequest, LoggedBody, LoggedRequest, Pointer, ServiceId, SystemClock, Timestamp};
use rotator_request_log::{LogQueue, LogWriter, Logged, Retention, unpacked};
use rotator_storage_trait::{
    LogEntry, LogFilter, LogSlice, NewLogEntry, RequestLogRepository, StorageError, StorageErrorKind, StoredBody,
};

/// A storage that keeps what it gets, or refuses it.
#[derive(Default)]
struct Store {
    refuses: Mutex<Option<StorageErrorKind>>,
    stored: Mutex<Vec<NewLogEntry>>,
    forgotten: Mutex<Vec<(Option<Timestamp>, u64)>>,
}

// === impl Store ===

impl Store {
    fn refuse(&self, kind: Option<StorageErrorKind>) {
        *self.refuses.lock().unwrap() = kind;
    }

    fn paths(&self) -> Vec<String> {
        self.stored.lock().unwrap().iter().map(|entry| entry.request.path.clone()).collect()
    }
}

#[async_trait]
impl RequestLogRepository for Store {
    async fn append_requests(&self, entries: &[NewLogEntry]) -> Result<(), StorageError> {
        if let Some(kind) = self.refuses.lock().unwrap().clone() {
            return Err(StorageError::new(kind, "log requests"));
        }
        self.stored.lock().unwrap().extend_from_slice(entries);
        Ok(())
    }

    async fn requests(&self, _: &LogFilter, _: LogSlice, _: u64) -> Result<Vec<LogEntry>, StorageError> {
        Ok(Vec::new())
    }

    async fn request(&self, _: i64) -> Result<Option<(LogEntry, Option<[StoredBody; 2]>)>, StorageError> {
        Ok(None)
    }

    async fn newest_request(&self) -> Result<i64, StorageError> {
        Ok(0)
    }

    async fn forget_requests(&self, before: Option<Timestamp>, size: u64, _: u64) -> Result<u64, StorageError> {
        let mut forgotten = self.forgotten.lock().unwrap();
        forgotten.push((before, size));
        // Once there is something to forget, and then no more.
        Ok(forgotten.len() as u64 % 2)
    }
}

fn logged(path: &str, bodies: Option<[&str; 2]>) -> Logged {
    let ended = EndedRequest {
        at: Timestamp::EPOCH,
        service: ServiceId(1),
        client: None,
        key: None,
        model: None,
        is_llm: false,
        status: 200,
        end: End::Whole,
        attempts: Vec::new(),
        tokens: None,
        cost_nanodollars: None,
        bytes_in: 0,
        bytes_out: 0,
        first_byte: Duration::ZERO,
        duration: Duration::ZERO,
    };
    let request = LoggedRequest {
        asked: ServiceId(1),
        ended,
        method: "GET".to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        answer_type: None,
        trace_id: None,
        request_id: None,
        address: None,
    };
    let body = |text: &str| LoggedBody { content: text.as_bytes().to_vec(), is_cut: false };
    let redact = vec![Pointer::parse("/secret").unwrap()];
    Logged { request, bodies: bodies.map(|bodies| bodies.map(body)), redact }
}

fn writer() -> (Arc<LogQueue>, Arc<Store>, LogWriter) {
    let (queue, store) = (Arc::new(LogQueue::default()), Arc::new(Store::default()));
    let writer =
        LogWriter::new(Arc::clone(&queue), Arc::clone(&store) as _, Arc::new(SystemClock), Retention::default());
    (queue, store, writer)
}

#[tokio::test]
async fn bodies_are_stored_redacted_and_packed() {
    let (queue, store, writer) = writer();
    let long = format!("{{\"secret\":\"planted\",\"text\":\"{}\"}}", "x".repeat(1000));
    queue.push(1, move || logged("/a", Some([&long, "planted"])));
    writer.flush().await.unwrap();
    let stored = store.stored.lock().unwrap().pop().unwrap();
    let [request, answer] = stored.bodies.unwrap();
    assert!(request.is_packed && request.content.len() < 200);
    let text = String::from_utf8(unpacked(request).content).unwrap();
    assert!(text.starts_with("{\"secret\":\"[redacted]\",\"text\":\"xxx") && text.ends_with("xxx\"}"), "{text}");
    assert_eq!(answer, StoredBody { content: Vec::new(), is_packed: false, is_cut: true });
}

#[tokio::test]
async fn what_the_storage_does_not_take_now_is_stored_later_in_its_order() {
    let (queue, store, writer) = writer();
    store.refuse(Some(StorageErrorKind::Unavailable));
    for number in 0..2500 {
        queue.push(1, move || logged(&number.to_string(), None));
        if number % 1000 == 0 {
            writer.flush().await.unwrap_err();
        }
    }
    store.refuse(None);
    writer.flush().await.unwrap();
    assert_eq!(store.paths(), (0..2500).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(queue.lost(), 0);
}

#[tokio::test]
async fn what_the_storage_refuses_is_lost_and_counted_and_keeps_nothing_else_up() {
    let (queue, store, writer) = writer();
    store.refuse(Some(StorageErrorKind::Refused));
    for _ in 0..1500 {
        queue.push(1, || logged("/lost", None));
    }
    writer.flush().await.unwrap_err();
    assert_eq!(queue.lost(), 1500);
    store.refuse(None);
    queue.push(1, || logged("/kept", None));
    writer.flush().await.unwrap();
    assert_eq!(store.paths(), ["/kept"]);
}

#[tokio::test(start_paused = true)]
async fn it_stores_every_second_and_forgets_every_minute() {
    let (queue, store, writer) = writer();
    queue.push(1, || logged("/a", None));
    let running = tokio::spawn(async move { writer.run().await });
    while store.paths().is_empty() || store.forgotten.lock().unwrap().len() < 2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    running.abort();
    let forgotten = store.forgotten.lock().unwrap().clone();
    assert_eq!(forgotten.len(), 2);
    assert!(forgotten.iter().all(|(before, size)| before.is_some() && *size == 1 << 30));
}
