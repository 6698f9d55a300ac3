//! Cases for [`ClientMeters`].

use std::sync::Arc;

use rotator_domain::metering::{
    Admission, ClientAsk, ClientUse, Estimate, Gauge, MeteredLimits, Over, Reservation, Seed, Span, Unit,
};
use rotator_domain::{ClientKeyId, Timestamp};
use tokio::task::JoinSet;

use crate::ClientMeters;

const CLIENT: ClientKeyId = ClientKeyId(1);
/// The beginning of a day, near which the clocks of most tests are.
const DAY: i64 = 1_700_006_400_000;
const LENGTH: i64 = 86_400_000;

fn time(after: i64) -> Timestamp {
    Timestamp::from_millis(DAY + after)
}

fn limits(gauges: &[(Unit, Span, u64)]) -> MeteredLimits {
    let gauge = |(unit, span, limit): &(Unit, Span, u64)| Gauge { unit: *unit, span: *span, limit: *limit };
    MeteredLimits { gauges: gauges.iter().map(gauge).collect(), concurrent: None }
}

fn asking(tokens: Estimate) -> ClientAsk {
    ClientAsk { tokens, nanodollars: Estimate::AtMost(0) }
}

const fn using(tokens: u64) -> ClientUse {
    ClientUse { is_request: true, tokens: Some(tokens), nanodollars: Some(0) }
}

async fn seed(meters: &dyn ClientMeters, limits: &MeteredLimits, used: u64, now: Timestamp) {
    let of = |gauge: &Gauge| Seed { unit: gauge.unit, span: gauge.span, start: gauge.span.window(now).start, used };
    let seeds: Vec<Seed> = limits.gauges.iter().map(of).collect();
    meters.seed(CLIENT, &seeds, now).await.unwrap();
}

async fn admit(meters: &dyn ClientMeters, limits: &MeteredLimits, tokens: Estimate, now: Timestamp) -> Admission {
    meters.admit(CLIENT, limits, &asking(tokens), now).await.unwrap()
}

async fn admitted(meters: &dyn ClientMeters, limits: &MeteredLimits, tokens: Estimate, now: Timestamp) -> Reservation {
    match admit(meters, limits, tokens, now).await {
        Admission::Admitted(reservation, _) => reservation,
        other => panic!("{other:?}"),
    }
}

async fn refused(
    meters: &dyn ClientMeters,
    limits: &MeteredLimits,
    tokens: Estimate,
    now: Timestamp,
) -> Option<Timestamp> {
    match admit(meters, limits, tokens, now).await {
        Admission::Refused(overrun, _) => overrun.retry_at,
        other => panic!("{other:?}"),
    }
}

async fn used(meters: &dyn ClientMeters, limits: &MeteredLimits, now: Timestamp) -> Vec<(u64, u64)> {
    let standing = meters.standing(CLIENT, limits, now).await.unwrap().unwrap();
    standing.gauges.iter().map(|gauge| (gauge.used, gauge.reserved)).collect()
}

pub async fn a_budget_lets_exactly_as_many_in_as_it_has_room_for(meters: Arc<dyn ClientMeters>) {
    let limits = Arc::new(limits(&[(Unit::Tokens, Span::Month, 8 * 1000)]));
    seed(&*meters, &limits, 0, time(0)).await;
    let mut clients = JoinSet::new();
    for _ in 0..64 {
        let (meters, limits) = (Arc::clone(&meters), Arc::clone(&limits));
        clients.spawn(async move {
            let mut served = 0;
            loop {
                match admit(&*meters, &limits, Estimate::AsUsual(20), time(0)).await {
                    Admission::Admitted(reservation, _) => {
                        tokio::task::yield_now().await;
                        meters.settle(CLIENT, &reservation, &using(8)).await.unwrap();
                        served += 1;
                    }
                    Admission::Refused(overrun, _) if overrun.retry_at > Some(time(60_000)) => return served,
                    Admission::Refused(..) => tokio::task::yield_now().await,
                    unknown => panic!("{unknown:?}"),
                }
            }
        });
    }
    assert_eq!(clients.join_all().await.iter().sum::<u64>(), 1000);
    assert_eq!(used(&*meters, &limits, time(0)).await, [(8000, 0)]);
}

pub async fn a_reservation_makes_place_for_what_was_used(meters: Arc<dyn ClientMeters>) {
    let limits = limits(&[(Unit::Requests, Span::Minute, 10), (Unit::Tokens, Span::Day, 100)]);
    seed(&*meters, &limits, 0, time(0)).await;
    let one = admitted(&*meters, &limits, Estimate::AtMost(60), time(0)).await;
    assert_eq!(used(&*meters, &limits, time(0)).await, [(0, 1), (0, 60)]);
    assert_eq!(refused(&*meters, &limits, Estimate::AtMost(60), time(0)).await, Some(time(1000)));
    meters.settle(CLIENT, &one, &using(50)).await.unwrap();
    assert_eq!(used(&*meters, &limits, time(5)).await, [(1, 0), (50, 0)]);
    assert_eq!(refused(&*meters, &limits, Estimate::AtMost(51), time(5)).await, Some(time(LENGTH)));
    assert_eq!(refused(&*meters, &limits, Estimate::AtMost(101), time(5)).await, None);
    let nothing = admitted(&*meters, &limits, Estimate::AtMost(50), time(6)).await;
    meters.settle(CLIENT, &nothing, &ClientUse::NOTHING).await.unwrap();
    let untold = admitted(&*meters, &limits, Estimate::AtMost(40), time(8)).await;
    let told = ClientUse { is_request: true, tokens: None, nanodollars: None };
    meters.settle(CLIENT, &untold, &told).await.unwrap();
    assert_eq!(used(&*meters, &limits, time(9)).await, [(2, 0), (90, 0)]);
}

pub async fn what_is_usual_is_reserved_where_nothing_is_known(meters: Arc<dyn ClientMeters>) {
    let limits = limits(&[(Unit::Tokens, Span::Day, 1000)]);
    seed(&*meters, &limits, 0, time(0)).await;
    let one = admitted(&*meters, &limits, Estimate::AsUsual(300), time(0)).await;
    assert_eq!(one.amounts.tokens, 300);
    meters.settle(CLIENT, &one, &using(80)).await.unwrap();
    let two = admitted(&*meters, &limits, Estimate::AsUsual(300), time(0)).await;
    assert_eq!(two.amounts.tokens, 80);
    meters.settle(CLIENT, &two, &using(160)).await.unwrap();
    let three = admitted(&*meters, &limits, Estimate::AsUsual(300), time(0)).await;
    assert_eq!(three.amounts.tokens, 90);
    meters.settle(CLIENT, &three, &using(1)).await.unwrap();
    assert_eq!(admitted(&*meters, &limits, Estimate::AsUsual(300), time(0)).await.amounts.tokens, 78);
}

pub async fn windows_are_those_of_the_calendar(meters: Arc<dyn ClientMeters>) {
    let limits = limits(&[(Unit::Requests, Span::Minute, 1), (Unit::Requests, Span::Day, 2)]);
    seed(&*meters, &limits, 0, time(0)).await;
    let late = admitted(&*meters, &limits, Estimate::AtMost(0), time(59_999)).await;
    assert_eq!(refused(&*meters, &limits, Estimate::AtMost(0), time(59_999)).await, Some(time(60_999)));
    // It began in the minute before, and ends in this one.
    let next = admitted(&*meters, &limits, Estimate::AtMost(0), time(60_000)).await;
    meters.settle(CLIENT, &late, &using(0)).await.unwrap();
    assert_eq!(used(&*meters, &limits, time(60_001)).await, [(0, 1), (1, 1)]);
    meters.settle(CLIENT, &next, &using(0)).await.unwrap();
    assert_eq!(refused(&*meters, &limits, Estimate::AtMost(0), time(60_003)).await, Some(time(LENGTH)));
    assert_eq!(used(&*meters, &limits, time(LENGTH)).await, [(0, 0), (0, 0)]);
    admitted(&*meters, &limits, Estimate::AtMost(0), time(LENGTH)).await;
}

pub async fn what_was_used_before_is_told_once(meters: Arc<dyn ClientMeters>) {
    let all = limits(&[(Unit::Tokens, Span::Minute, 10), (Unit::Tokens, Span::Total, 10)]);
    let told = admit(&*meters, &all, Estimate::AtMost(1), time(0)).await;
    assert_eq!(told, Admission::Unknown(vec![all.gauges[1]]));
    assert_eq!(meters.standing(CLIENT, &all, time(0)).await.unwrap(), None);
    let total = limits(&[(Unit::Tokens, Span::Total, 10)]);
    seed(&*meters, &total, 9, time(0)).await;
    seed(&*meters, &total, 1, time(0)).await;
    let one = admitted(&*meters, &all, Estimate::AtMost(1), time(0)).await;
    meters.settle(CLIENT, &one, &using(1)).await.unwrap();
    seed(&*meters, &total, 0, time(0)).await;
    assert_eq!(refused(&*meters, &all, Estimate::AtMost(1), time(0)).await, None);
    // Another client has nothing to do with it, and one that is forgotten begins anew.
    let other = meters.admit(ClientKeyId(2), &all, &asking(Estimate::AtMost(1)), time(0)).await.unwrap();
    assert!(matches!(other, Admission::Unknown(_)), "{other:?}");
    meters.forget(CLIENT).await.unwrap();
    assert!(matches!(admit(&*meters, &all, Estimate::AtMost(1), time(0)).await, Admission::Unknown(_)));
}

pub async fn only_so_many_requests_are_in_flight(meters: Arc<dyn ClientMeters>) {
    let limits = MeteredLimits { gauges: Vec::new(), concurrent: Some(2) };
    let one = admitted(&*meters, &limits, Estimate::AtMost(0), time(0)).await;
    let two = admitted(&*meters, &limits, Estimate::AtMost(0), time(0)).await;
    match admit(&*meters, &limits, Estimate::AtMost(0), time(0)).await {
        Admission::Refused(overrun, standing) => {
            assert_eq!((overrun.over, overrun.retry_at), (Over::Concurrent(2), Some(time(1000))));
            assert_eq!(standing.in_flight, 2);
        }
        other => panic!("{other:?}"),
    }
    meters.settle(CLIENT, &one, &using(0)).await.unwrap();
    let three = admitted(&*meters, &limits, Estimate::AtMost(0), time(0)).await;
    for reservation in [two, three] {
        meters.settle(CLIENT, &reservation, &using(0)).await.unwrap();
    }
    assert_eq!(meters.standing(CLIENT, &limits, time(0)).await.unwrap().unwrap().in_flight, 0);
}

pub async fn limits_may_change_while_requests_are_in_flight(meters: Arc<dyn ClientMeters>) {
    let (small, large) = (limits(&[(Unit::Tokens, Span::Day, 100)]), limits(&[(Unit::Tokens, Span::Day, 1000)]));
    let more = limits(&[(Unit::Tokens, Span::Day, 1000), (Unit::Tokens, Span::Week, 1000)]);
    seed(&*meters, &small, 0, time(0)).await;
    let one = admitted(&*meters, &small, Estimate::AtMost(100), time(0)).await;
    let two = admitted(&*meters, &large, Estimate::AtMost(500), time(0)).await;
    seed(&*meters, &more, 0, time(0)).await;
    let three = admitted(&*meters, &more, Estimate::AtMost(7), time(0)).await;
    for reservation in [one, two, three] {
        meters.settle(CLIENT, &reservation, &using(5)).await.unwrap();
    }
    assert_eq!(used(&*meters, &more, time(0)).await, [(15, 0), (5, 0)]);
}
