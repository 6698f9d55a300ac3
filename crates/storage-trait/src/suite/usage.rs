//! What requests used.

use rotator_domain::{ClientKeyId, Figure, Grain, KeyId, ServiceId, Timestamp, UsageFigures, UsageRow, UsageSubject};

use super::sample::EMOJI;
use crate::{LONGEST_USAGE_MODEL, Storage, UsageBatch, UsageDimension, UsageGroup, UsageQuery};

/// A minute that no hour begins with.
const MINUTE: i64 = 1_700_000_100_000;
const HOUR: i64 = 1_699_999_200_000;
const DAY: i64 = 1_699_920_000_000;

fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn batch(source: &str, number: i64) -> UsageBatch {
    UsageBatch { source: source.to_owned(), number }
}

/// A row of a minute after [`MINUTE`]; every figure has a value of its own, `times` as much.
fn row(minute: i64, subject: UsageSubject, times: u64) -> UsageRow {
    UsageRow { at: time(MINUTE + minute * 60_000), subject, figures: figures(times) }
}

fn figures(times: u64) -> UsageFigures {
    Figure::ALL.into_iter().zip(1..).map(|(figure, value)| (figure, value * times)).collect()
}

fn subject(service: i64, key: Option<i64>, client: Option<i64>, model: Option<&str>) -> UsageSubject {
    let (key, client) = (key.map(KeyId), client.map(ClientKeyId));
    UsageSubject { service: ServiceId(service), key, client, model: model.map(str::to_owned) }
}

async fn all(storage: &dyn Storage, grain: Grain, by: &[UsageDimension]) -> Vec<UsageGroup> {
    let query = UsageQuery { by: by.to_vec(), ..UsageQuery::all(grain, Timestamp::EPOCH, time(i64::MAX)) };
    storage.usage(&query, 10_000).await.unwrap()
}

async fn total(storage: &dyn Storage) -> UsageFigures {
    all(storage, Grain::Minute, &[]).await.pop().map(|group| group.figures).unwrap_or_default()
}

pub async fn figures_add_up_by_minute_hour_and_day(storage: &dyn Storage) {
    let one = subject(1, Some(2), Some(3), Some("m"));
    assert!(all(storage, Grain::Day, &[]).await.is_empty());
    let rows = [row(0, one.clone(), 1), row(1, one.clone(), 2), row(0, one.clone(), 3), row(60, one.clone(), 4)];
    assert!(storage.add_usage(&batch("a", 1), &rows, time(0)).await.unwrap());
    assert!(storage.add_usage(&batch("a", 2), &[row(0, one, 5)], time(0)).await.unwrap());
    let of = |at: i64, times| UsageGroup { at: Some(time(at)), figures: figures(times), ..UsageGroup::default() };
    let (minute, hour) = (60_000, 3_600_000);
    let minutes = [of(MINUTE, 9), of(MINUTE + minute, 2), of(MINUTE + 60 * minute, 4)];
    assert_eq!(all(storage, Grain::Minute, &[UsageDimension::Time]).await, minutes);
    assert_eq!(all(storage, Grain::Hour, &[UsageDimension::Time]).await, [of(HOUR, 11), of(HOUR + hour, 4)]);
    assert_eq!(all(storage, Grain::Day, &[UsageDimension::Time]).await, [of(DAY, 15)]);
    assert_eq!(total(storage).await, figures(15));
}

pub async fn a_batch_counts_once(storage: &dyn Storage) {
    let row = |times| [row(0, subject(1, None, None, None), times)];
    assert!(storage.add_usage(&batch("a", 7), &row(1), time(0)).await.unwrap());
    for number in [7, 6, -1] {
        assert!(!storage.add_usage(&batch("a", number), &row(10), time(0)).await.unwrap());
    }
    assert!(storage.add_usage(&batch("A", 7), &row(100), time(0)).await.unwrap());
    assert!(storage.add_usage(&batch("a", 8), &row(1000), time(50)).await.unwrap());
    assert_eq!(total(storage).await, figures(1101));
    // A source that is forgotten begins anew.
    assert_eq!(storage.forget_usage_sources(time(50)).await.unwrap(), 1);
    assert!(!storage.add_usage(&batch("a", 8), &row(10), time(60)).await.unwrap());
    assert!(storage.add_usage(&batch("A", 1), &row(10_000), time(60)).await.unwrap());
    assert_eq!(total(storage).await, figures(11_101));
}

pub async fn figures_are_kept_apart_and_picked_out(storage: &dyn Storage) {
    let subjects = [
        subject(1, None, None, None),
        subject(1, Some(2), None, Some("GPT-4o")),
        subject(1, Some(2), Some(3), Some("gpt-4o")),
        subject(1, Some(2), Some(3), Some("gpt-4o ")),
        subject(4, Some(5), Some(3), Some(EMOJI)),
    ];
    let rows: Vec<_> = subjects.iter().zip(0..).map(|(subject, at)| row(0, subject.clone(), 1 << at)).collect();
    storage.add_usage(&batch("a", 1), &rows, time(0)).await.unwrap();
    let whole = all(storage, Grain::Minute, &UsageDimension::ALL).await;
    let mut expected: Vec<_> = rows
        .iter()
        .map(|UsageRow { at, subject, figures }| UsageGroup {
            at: Some(*at),
            service: Some(subject.service),
            key: Some(subject.key),
            client: Some(subject.client),
            model: Some(subject.model.clone()),
            figures: figures.clone(),
        })
        .collect();
    expected.sort_by_key(|group| (group.service, group.key, group.client, group.model.clone()));
    assert_eq!(whole, expected);
    let times =
        |groups: Vec<UsageGroup>| groups.iter().map(|group| group.figures.get(Figure::Requests)).collect::<Vec<_>>();
    assert_eq!(times(all(storage, Grain::Hour, &[UsageDimension::Service]).await), [15, 16]);
    assert_eq!(times(all(storage, Grain::Hour, &[UsageDimension::Client]).await), [3, 28]);
    assert_eq!(times(all(storage, Grain::Day, &[UsageDimension::Key]).await), [1, 14, 16]);
    let everything = UsageQuery::all(Grain::Minute, time(MINUTE), time(MINUTE + 1));
    let only = [
        (UsageQuery { service: Some(ServiceId(4)), ..everything.clone() }, vec![16]),
        (UsageQuery { key: Some(KeyId(2)), ..everything.clone() }, vec![14]),
        (UsageQuery { client: Some(None), ..everything.clone() }, vec![3]),
        (UsageQuery { client: Some(Some(ClientKeyId(3))), ..everything.clone() }, vec![28]),
        (UsageQuery { model: Some("gpt-4o".to_owned()), ..everything.clone() }, vec![4]),
        (UsageQuery { until: time(MINUTE), ..everything.clone() }, vec![]),
        (UsageQuery { from: time(MINUTE + 1), ..everything.clone() }, vec![]),
    ];
    for (query, expected) in only {
        assert_eq!(times(storage.usage(&query, 10).await.unwrap()), expected, "{query:?}");
    }
    let by = UsageDimension::ALL.to_vec();
    assert_eq!(storage.usage(&UsageQuery { by, ..everything }, 2).await.unwrap(), expected[..2]);
}

pub async fn models_that_no_column_holds_are_shortened(storage: &dyn Storage) {
    let long = "🔑".repeat(LONGEST_USAGE_MODEL);
    let models = [format!("{long}a"), format!("{long}b"), "a\0b".to_owned(), "\0".to_owned()];
    let rows: Vec<_> = models.iter().map(|model| row(0, subject(1, None, None, Some(model)), 1)).collect();
    storage.add_usage(&batch("a", 1), &rows, time(0)).await.unwrap();
    let groups = all(storage, Grain::Day, &[UsageDimension::Model]).await;
    let stored: Vec<_> = groups.into_iter().map(|group| (group.model.unwrap(), group.figures)).collect();
    let ab = Some("ab".to_owned());
    assert_eq!(stored, [(None, figures(1)), (ab, figures(1)), (Some(long), figures(2))]);
}

pub async fn sources_that_add_at_once_lose_nothing(storage: &dyn Storage) {
    let add = async |source: &str| {
        for number in 1..=10 {
            let mut rows: Vec<_> = (1..=40).map(|key| row(0, subject(1, Some(key), None, None), 1)).collect();
            if number % 2 == 0 {
                rows.reverse();
            }
            assert!(storage.add_usage(&batch(source, number), &rows, time(0)).await.unwrap());
        }
    };
    futures_util::join!(add("a"), add("b"), add("c"));
    assert_eq!(total(storage).await, figures(3 * 10 * 40));
}

pub async fn many_rows_arrive_whole(storage: &dyn Storage) {
    let rows: Vec<_> = (1..=2_500).map(|key| row(0, subject(1, Some(key), None, Some("m")), 1)).collect();
    storage.add_usage(&batch("a", 1), &rows, time(0)).await.unwrap();
    assert_eq!(total(storage).await, figures(2_500));
    assert_eq!(all(storage, Grain::Day, &[UsageDimension::Key]).await.len(), 2_500);
}

pub async fn old_figures_are_forgotten_bit_by_bit(storage: &dyn Storage) {
    let rows: Vec<_> =
        (0..10).flat_map(|minute| (1..=3).map(move |key| row(minute, subject(1, Some(key), None, None), 1))).collect();
    storage.add_usage(&batch("a", 1), &rows, time(0)).await.unwrap();
    let before = time(MINUTE + 5 * 60_000);
    let mut forgotten = Vec::new();
    loop {
        match storage.forget_usage(Grain::Minute, before, 4).await.unwrap() {
            0 => break,
            count => forgotten.push(count),
        }
    }
    assert_eq!(forgotten.iter().sum::<u64>(), 15);
    assert!(forgotten.len() > 1, "{forgotten:?}");
    let left = all(storage, Grain::Minute, &[UsageDimension::Time]).await;
    assert_eq!(left.first().and_then(|group| group.at), Some(before));
    assert_eq!(left.len(), 5);
    assert_eq!(all(storage, Grain::Day, &[]).await.pop().unwrap().figures, figures(30));
}
