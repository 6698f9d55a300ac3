//! The limits of client keys in Redis: what the domain says, and what becomes of nodes that end.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use rotator_cache_redis::{Connections, RedisClientMeters, RedisOptions, RedisUrl};
use rotator_cache_trait::ClientMeters;
use rotator_domain::metering::{
    Admission, Amounts, ClientAsk, ClientMeter, ClientUse, Estimate, Gauge, MeteredLimits, Reservation, Seed, Span,
    Unit,
};
use rotator_domain::{ClientKeyId, Timestamp};
use rotator_test_services::Redis;

const CLIENT: ClientKeyId = ClientKeyId(7);
const BEGIN: i64 = 1_700_006_400_000;

fn meters(server: &Redis, node: &str) -> RedisClientMeters {
    let options = RedisOptions {
        command_timeout: Duration::from_secs(10),
        node_silence: Duration::from_secs(2),
        ..RedisOptions::new(RedisUrl::new(server.url()))
    };
    RedisClientMeters::new(Connections::new(&options).unwrap(), &options, node)
}

fn limits(gauges: &[(Unit, Span, u64)], concurrent: Option<u32>) -> MeteredLimits {
    let gauge = |(unit, span, limit): &(Unit, Span, u64)| Gauge { unit: *unit, span: *span, limit: *limit };
    MeteredLimits { gauges: gauges.iter().map(gauge).collect(), concurrent }
}

fn seeds(limits: &MeteredLimits, used: u64, now: Timestamp) -> Vec<Seed> {
    let seed = |gauge: &Gauge| Seed { unit: gauge.unit, span: gauge.span, start: gauge.span.window(now).start, used };
    limits.gauges.iter().filter(|gauge| gauge.span.outlives_a_restart()).map(seed).collect()
}

/// Numbers that look random, the same in each run (Knuth's constants).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn estimate(&mut self) -> Estimate {
        let amount = self.below(400);
        if self.below(2) == 0 { Estimate::AtMost(amount) } else { Estimate::AsUsual(amount) }
    }

    fn told(&mut self) -> Option<u64> {
        (self.below(5) > 0).then(|| self.below(300))
    }
}

fn without_ticket(admission: Admission) -> Admission {
    match admission {
        Admission::Admitted(reservation, standing) => {
            Admission::Admitted(Reservation { ticket: None, ..reservation }, standing)
        }
        other => other,
    }
}

#[tokio::test]
async fn the_script_does_what_the_domain_says() {
    let server = Redis::start().unwrap();
    let meters = meters(&server, "one");
    let choices = [
        limits(&[(Unit::Requests, Span::Minute, 9), (Unit::Tokens, Span::Day, 4_000)], Some(6)),
        limits(&[(Unit::Tokens, Span::Day, 2_500), (Unit::Nanodollars, Span::Total, 9_000)], None),
        limits(&[(Unit::Tokens, Span::Minute, 900), (Unit::Nanodollars, Span::Total, 12_000)], Some(20)),
    ];
    for run in 1..=4 {
        let (mut random, client) = (Random(run), ClientKeyId(run.cast_signed()));
        let (mut domain, mut flying) = (ClientMeter::default(), Vec::new());
        let (mut now, mut admitted) = (Timestamp::from_millis(BEGIN), 0);
        for step in 0..400 {
            now = now.saturating_add(Duration::from_millis(random.below(9_000)));
            let limits = &choices[random.below(3) as usize];
            if random.below(3) > 0 || flying.is_empty() {
                let ask = ClientAsk { tokens: random.estimate(), nanodollars: random.estimate() };
                let there = meters.admit(client, limits, &ask, now).await.unwrap();
                let here = domain.admit(limits, &ask, now);
                assert_eq!(without_ticket(there.clone()), here, "run {run}, step {step}");
                match (here, there) {
                    (Admission::Admitted(here, _), Admission::Admitted(there, _)) => {
                        flying.push((here, there));
                        admitted += 1;
                    }
                    (Admission::Unknown(_), _) => {
                        let seeds = seeds(limits, random.below(50), now);
                        meters.seed(client, &seeds, now).await.unwrap();
                        domain.seed(&seeds);
                    }
                    _ => {}
                }
            } else {
                let (here, there) = flying.swap_remove(random.below(flying.len() as u64) as usize);
                let (tokens, nanodollars) = (random.told(), random.told());
                let used = ClientUse { is_request: random.below(6) > 0, tokens, nanodollars };
                domain.settle(&here, &used);
                meters.settle(client, &there, &used).await.unwrap();
            }
            let here = domain.unknown(limits).is_empty().then(|| domain.standing(limits, now));
            assert_eq!(meters.standing(client, limits, now).await.unwrap(), here, "run {run}, step {step}");
        }
        assert!(admitted > 50, "only {admitted} were admitted in run {run}");
    }
}

#[tokio::test]
async fn what_an_ended_node_has_reserved_is_given_back() {
    let server = Redis::start().unwrap();
    let now = Timestamp::from_millis(BEGIN);
    let limits = limits(&[(Unit::Tokens, Span::Day, 100)], Some(1));
    let ask = ClientAsk { tokens: Estimate::AtMost(100), nanodollars: Estimate::AtMost(0) };
    let (one, two) = (meters(&server, "one"), meters(&server, "two"));
    one.seed(CLIENT, &seeds(&limits, 0, now), now).await.unwrap();
    assert!(matches!(one.admit(CLIENT, &limits, &ask, now).await.unwrap(), Admission::Admitted(..)));
    // While it lives, however long, nothing of it is given back.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(matches!(two.admit(CLIENT, &limits, &ask, now).await.unwrap(), Admission::Refused(..)));
    drop(one);
    let given_back = async {
        loop {
            if let Admission::Admitted(reservation, standing) = two.admit(CLIENT, &limits, &ask, now).await.unwrap() {
                return (reservation, standing);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let (reservation, standing) = tokio::time::timeout(Duration::from_secs(30), given_back).await.unwrap();
    assert_eq!((standing.in_flight, standing.gauges[0].used, standing.gauges[0].reserved), (1, 0, 100));
    // Settled twice, it counts once.
    let used = ClientUse { is_request: true, tokens: Some(40), nanodollars: Some(0) };
    for _ in 0..2 {
        two.settle(CLIENT, &reservation, &used).await.unwrap();
    }
    let standing = two.standing(CLIENT, &limits, now).await.unwrap().unwrap();
    assert_eq!((standing.in_flight, standing.gauges[0].used, standing.gauges[0].reserved), (0, 40, 0));
}

#[tokio::test]
async fn what_was_used_elsewhere_is_added_unless_the_counting_began_anew() {
    let server = Redis::start().unwrap();
    let meters = meters(&server, "one");
    let now = Timestamp::from_millis(BEGIN);
    let limits = limits(&[(Unit::Tokens, Span::Day, 100)], None);
    let ask = ClientAsk { tokens: Estimate::AtMost(1), nanodollars: Estimate::AtMost(0) };
    let used =
        async |meters: &RedisClientMeters| meters.standing(CLIENT, &limits, now).await.unwrap().unwrap().gauges[0].used;
    let amounts = Amounts { requests: 1, tokens: 30, nanodollars: 0 };
    let elsewhere = Reservation { at: now, amounts, meters: vec![(Unit::Tokens, Span::Day)], ticket: None };
    let told = ClientUse { is_request: true, tokens: Some(20), nanodollars: Some(0) };
    meters.seed(CLIENT, &seeds(&limits, 10, now), now).await.unwrap();
    match meters.admit(CLIENT, &limits, &ask, now).await.unwrap() {
        Admission::Admitted(reservation, _) => {
            meters.settle(CLIENT, &reservation, &ClientUse::NOTHING).await.unwrap();
        }
        other => panic!("{other:?}"),
    }
    meters.settle(CLIENT, &elsewhere, &told).await.unwrap();
    assert_eq!(used(&meters).await, 30);
    // Everything is lost; whoever came first has told what was used, this as well.
    server.command("FLUSHALL").unwrap();
    meters.seed(CLIENT, &seeds(&limits, 30, now), now).await.unwrap();
    meters.settle(CLIENT, &elsewhere, &told).await.unwrap();
    assert_eq!(used(&meters).await, 30);
}
