//! Single requests of services that log them.

use std::time::Duration;

use rotator_domain::{
    ClientKeyId, End, EndedAttempt, EndedRequest, KeyId, LimitScope, LoggedRequest, ServiceId, Timestamp, TokenUsage,
    Verdict,
};

use super::sample::EMOJI;
use crate::{LogEntry, LogFilter, LogSlice, NewLogEntry, Storage, StoredBody};

const NEWEST: LogSlice = LogSlice::Before(None);

/// A request with every field set, which ended at this time.
fn full(ended_at: i64) -> LoggedRequest {
    let attempt = |key, verdict| EndedAttempt { service: ServiceId(7), key: KeyId(key), verdict };
    let limited = Verdict::CoolDown { after: None, scope: LimitScope::Key };
    LoggedRequest {
        asked: ServiceId(1),
        ended: EndedRequest {
            at: Timestamp::from_millis(ended_at - 40),
            service: ServiceId(7),
            client: Some(ClientKeyId(9)),
            key: Some(KeyId(3)),
            model: Some(EMOJI.to_owned()),
            is_llm: true,
            status: 200,
            end: End::Broken,
            attempts: vec![attempt(2, Some(limited)), attempt(4, None), attempt(3, Some(Verdict::Healthy))],
            tokens: Some(TokenUsage { input: 5, cached: 4, cache_written: 3, output: 2, reasoning: 1 }),
            cost_nanodollars: Some(u64::from(u32::MAX) * 1000),
            bytes_in: 10,
            bytes_out: 20,
            first_byte: Duration::from_millis(30),
            duration: Duration::from_millis(40),
        },
        method: "POST".to_owned(),
        path: format!("/llm/s/v1/{EMOJI}?a=\0"),
        headers: vec![("user-agent".to_owned(), format!("{EMOJI}\"\\"))],
        answer_type: Some("text/event-stream".to_owned()),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        request_id: Some("r-1".to_owned()),
        address: Some([127, 0, 0, 1].into()),
    }
}

/// A request with as little as possible.
fn plain(ended_at: i64) -> LoggedRequest {
    let full = full(ended_at);
    let ended = EndedRequest {
        service: ServiceId(1),
        client: None,
        key: None,
        model: None,
        is_llm: false,
        status: 503,
        attempts: Vec::new(),
        tokens: None,
        cost_nanodollars: None,
        ..full.ended
    };
    let (headers, answer_type, trace_id, request_id, address) = (Vec::new(), None, None, None, None);
    LoggedRequest { ended, headers, answer_type, trace_id, request_id, address, ..full }
}

fn new(request: LoggedRequest) -> NewLogEntry {
    NewLogEntry { request, bodies: None }
}

fn body(content: &[u8]) -> StoredBody {
    StoredBody { content: content.to_vec(), is_packed: false, is_cut: false }
}

async fn ids(storage: &dyn Storage, filter: &LogFilter, slice: LogSlice, limit: u64) -> Vec<i64> {
    storage.requests(filter, slice, limit).await.unwrap().iter().map(|entry| entry.id).collect()
}

async fn newest(storage: &dyn Storage) -> Vec<i64> {
    ids(storage, &LogFilter::default(), NEWEST, 10_000).await
}

pub async fn a_logged_request_reads_back(storage: &dyn Storage) {
    assert_eq!((storage.newest_request().await.unwrap(), newest(storage).await), (0, Vec::new()));
    storage.append_requests(&[]).await.unwrap();
    let bodies = [
        StoredBody { content: vec![0, 255, 10], is_packed: true, is_cut: false },
        StoredBody { content: vec![7; 1024 * 1024], is_packed: false, is_cut: true },
    ];
    let empty = [body(b""), body(EMOJI.as_bytes())];
    let entries = [
        NewLogEntry { request: full(100), bodies: Some(bodies.clone()) },
        new(plain(200)),
        NewLogEntry { request: plain(300), bodies: Some(empty.clone()) },
    ];
    storage.append_requests(&entries).await.unwrap();
    assert_eq!(storage.newest_request().await.unwrap(), 3);
    let entry = |id, request, has_bodies| LogEntry { id, request, has_bodies };
    let expected = [entry(1, full(100), true), entry(2, plain(200), false), entry(3, plain(300), true)];
    let listed = storage.requests(&LogFilter::default(), NEWEST, 9).await.unwrap();
    assert_eq!(listed, expected.iter().rev().cloned().collect::<Vec<_>>());
    let [first, second, third] = expected;
    assert_eq!(storage.request(1).await.unwrap(), Some((first, Some(bodies))));
    assert_eq!(storage.request(2).await.unwrap(), Some((second, None)));
    assert_eq!(storage.request(3).await.unwrap(), Some((third, Some(empty))));
    assert_eq!(storage.request(4).await.unwrap(), None);
}

pub async fn every_filter_picks_out_its_own(storage: &dyn Storage) {
    storage.append_requests(&[new(full(100)), new(plain(200)), new(full(300))]).await.unwrap();
    let time = |millis| Some(Timestamp::from_millis(millis));
    let usual = LogFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        (usual(), vec![3, 2, 1]),
        (LogFilter { from: time(200), ..usual() }, vec![3, 2]),
        (LogFilter { until: time(200), ..usual() }, vec![1]),
        (LogFilter { from: time(101), until: time(300), ..usual() }, vec![2]),
        (LogFilter { service: Some(ServiceId(1)), ..usual() }, vec![3, 2, 1]),
        (LogFilter { service: Some(ServiceId(7)), ..usual() }, vec![]),
        (LogFilter { key: Some(KeyId(3)), ..usual() }, vec![3, 1]),
        (LogFilter { client: Some(Some(ClientKeyId(9))), ..usual() }, vec![3, 1]),
        (LogFilter { client: Some(None), ..usual() }, vec![2]),
        (LogFilter { status: Some((503, 503)), ..usual() }, vec![2]),
        (LogFilter { status: Some((200, 299)), ..usual() }, vec![3, 1]),
        (LogFilter { model: text(EMOJI), ..usual() }, vec![3, 1]),
        (LogFilter { model: text("m"), ..usual() }, vec![]),
        (LogFilter { trace: text("r-1"), ..usual() }, vec![3, 1]),
        (LogFilter { trace: text("R-1"), ..usual() }, vec![]),
        (LogFilter { trace: text("4bf92f3577b34da6a3ce929d0e0e4736"), until: time(300), ..usual() }, vec![1]),
        (LogFilter { trace: text("a\0"), ..usual() }, vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(storage, &filter, NEWEST, 9).await, expected, "{filter:?}");
    }
}

pub async fn the_log_comes_in_pages_and_is_followed(storage: &dyn Storage) {
    let entries: Vec<_> = (0..2500).map(|at| new(if at % 2 == 0 { full(at) } else { plain(at) })).collect();
    storage.append_requests(&entries).await.unwrap();
    let whole: Vec<i64> = (1..=2500).rev().collect();
    assert_eq!(newest(storage).await, whole);
    let mut paged = Vec::new();
    while let page = ids(storage, &LogFilter::default(), LogSlice::Before(paged.last().copied()), 1000).await
        && !page.is_empty()
    {
        paged.extend(page);
    }
    assert_eq!(paged, whole);
    let keyless = LogFilter { client: Some(None), ..LogFilter::default() };
    assert_eq!(ids(storage, &keyless, LogSlice::Between(10, 16), 9).await, [12, 14, 16]);
    assert_eq!(ids(storage, &keyless, LogSlice::Between(10, 2500), 2).await, [12, 14]);
    assert!(ids(storage, &keyless, LogSlice::Between(2500, 2500), 2).await.is_empty());
}

pub async fn what_appears_never_comes_before_what_is_seen(storage: &dyn Storage) {
    const WRITERS: i64 = 4;
    const BATCHES: i64 = 20;
    let writers = (0..WRITERS).map(|_| async {
        for _ in 0..BATCHES {
            storage.append_requests(&[new(plain(0)), new(plain(0))]).await.unwrap();
        }
    });
    let writing = futures_util::future::join_all(writers);
    let following = async {
        let mut seen = Vec::new();
        while seen.len() < usize::try_from(2 * WRITERS * BATCHES).unwrap() {
            let newest = storage.newest_request().await.unwrap();
            let last = seen.last().copied().unwrap_or_default();
            seen.extend(ids(storage, &LogFilter::default(), LogSlice::Between(last, newest), 1000).await);
            assert_eq!(seen.last().copied().unwrap_or_default(), newest);
        }
        seen
    };
    let (_, seen) = futures_util::future::join(writing, following).await;
    assert_eq!(seen, (1..=2 * WRITERS * BATCHES).collect::<Vec<_>>());
}

pub async fn texts_that_no_column_holds_are_shortened(storage: &dyn Storage) {
    let long = |text: &str| Some(format!("{}\0{text}", "🔑".repeat(300)));
    let mut request = full(1);
    (request.trace_id, request.request_id, request.ended.model) = (long("t"), long("r"), long("m"));
    storage.append_requests(&[new(request)]).await.unwrap();
    let (entry, _) = storage.request(1).await.unwrap().unwrap();
    assert_eq!(entry.request.ended.model.unwrap(), "🔑".repeat(255));
    assert_eq!(entry.request.trace_id.unwrap(), "🔑".repeat(128));
    let filter = LogFilter { model: long("x"), trace: long("x"), ..LogFilter::default() };
    assert_eq!(ids(storage, &filter, NEWEST, 9).await, [1]);
}

pub async fn old_requests_are_forgotten_by_age_and_size(storage: &dyn Storage) {
    const MUCH: u64 = 1 << 40;
    let bodies = Some([body(&[b'x'; 10_000]), body(b"")]);
    let entries: Vec<_> = (1..=10).map(|at| NewLogEntry { request: plain(at * 100), bodies: bodies.clone() }).collect();
    storage.append_requests(&entries).await.unwrap();
    let before = |millis| Some(Timestamp::from_millis(millis));
    assert_eq!(storage.forget_requests(None, MUCH, 100).await.unwrap(), 0);
    assert_eq!(storage.forget_requests(before(100), MUCH, 100).await.unwrap(), 0);
    assert_eq!(storage.forget_requests(before(500), MUCH, 3).await.unwrap(), 3);
    assert_eq!(storage.forget_requests(before(500), MUCH, 3).await.unwrap(), 1);
    assert_eq!(newest(storage).await, [10, 9, 8, 7, 6, 5]);
    // Each holds a little over 10,000 bytes; the one in which the bytes begin that may stay, stays.
    assert_eq!(storage.forget_requests(None, 25_000, 100).await.unwrap(), 3);
    assert_eq!(newest(storage).await, [10, 9, 8]);
    assert_eq!(storage.request(7).await.unwrap(), None);
    assert!(storage.request(8).await.unwrap().unwrap().1.is_some());
    assert_eq!(storage.forget_requests(None, 0, 100).await.unwrap(), 3);
    // Ids and sizes go on.
    storage.append_requests(&entries[..1]).await.unwrap();
    assert_eq!((newest(storage).await, storage.newest_request().await.unwrap()), (vec![11], 11));
    assert_eq!(storage.forget_requests(None, 20_000, 100).await.unwrap(), 0);
}
