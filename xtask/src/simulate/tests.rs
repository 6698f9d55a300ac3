//! What the rotation must show, in short runs with fixed seeds.

use super::*;

fn of(name: &str, seed: u64) -> (Scenario, Vec<Figures>) {
    let scenario = Scenario::named(name, Length::Short, seed).unwrap();
    let rows = rows(&scenario, seed).0;
    println!("{}", table(&scenario, &rows));
    (scenario, rows)
}

fn row<'a>(rows: &'a [Figures], name: &str) -> &'a Figures {
    rows.iter().find(|row| row.name == name).unwrap()
}

#[test]
fn a_seed_gives_the_same_run_every_time() {
    assert_eq!(format!("{:?}", of("outage", 7).1), format!("{:?}", of("outage", 7).1));
}

#[test]
fn below_their_hidden_limits_no_429_reaches_a_client() {
    for seed in [1, 2] {
        assert_eq!(row(&of("hidden-limits-95", seed).1, "all").limited, 0, "seed {seed}");
    }
}

#[test]
fn above_their_hidden_limits_nearly_all_that_is_possible_is_served() {
    let rows = of("hidden-limits-150", 1).1;
    let steady = row(&rows, "steady");
    assert!(steady.of_possible >= 0.98 && steady.wasted < 0.02, "{steady:?}");
}

#[test]
fn limits_that_change_are_learned_again() {
    let rows = of("limits-change", 1).1;
    for name in ["halved: after", "doubled: after"] {
        let after = row(&rows, name);
        assert!(after.of_possible >= 0.95 && after.wasted < 0.03, "{after:?}");
    }
}

#[test]
fn an_upstream_that_becomes_slow_is_not_asked_in_vain() {
    let rows = of("slow", 1).1;
    assert!(row(&rows, "slow: 1 min").wasted < 0.05, "{rows:?}");
    for name in ["quick", "slow: after", "quick again"] {
        let part = row(&rows, name);
        assert!(part.of_possible >= 0.97 && part.wasted < 0.02, "{part:?}");
    }
}

#[test]
fn a_projects_429_cools_its_group_and_no_other_key() {
    let scenario = Scenario::named("quota-group", Length::Short, 1).unwrap();
    let mut world = World::new(&scenario, 1);
    world.run();
    let refused: u64 = world.tallies.iter().flat_map(|tally| &tally.refused).sum();
    let by_others: u64 = world.tallies.iter().flat_map(|tally| tally.refused.iter().skip(2)).sum();
    assert!(refused > 0 && by_others == 0, "{refused} and {by_others}");
    assert!(world.tallies.iter().all(|tally| tally.limited == 0));
    for group in [0..4, 4..8] {
        let states = world.rotations()[0].reports(world.timestamp());
        let first = states[group.start].state;
        assert!(states[group].iter().all(|report| report.state == first), "a group cools together");
    }
}

#[test]
fn an_outage_changes_no_key_and_traffic_recovers_by_one_probe() {
    let scenario = Scenario::named("outage", Length::Short, 1).unwrap();
    let mut world = World::new(&scenario, 1);
    world.run();
    assert!(world.rotations()[0].checkpoints(world.timestamp()).is_empty());
    let rows = rows(&scenario, 1).0;
    assert!(rows.iter().all(|row| row.coolings == 0 && row.limited == 0));
    assert!(row(&rows, "unreachable").calls < 40, "the breaker is open");
    let back = row(&rows, "back: after");
    assert_eq!((back.failed, back.faults), (0, 0));
    assert_eq!(row(&rows, "back again").failed, 0);
}

#[test]
fn many_nodes_that_share_a_rotation_serve_what_hundreds_of_keys_can() {
    let rows = of("thousands-95", 1).1;
    let steady = row(&rows, "steady");
    assert!(steady.of_possible >= 0.99 && steady.wasted < 0.02, "{steady:?}");
}
