//! The states of keys.

use rotator_domain::rotation::{Checkpoint, KeyState};
use rotator_domain::{KeyId, ServiceId};

use super::sample::{EMOJI, at, keys, store_service};
use crate::{LONGEST_STATE_MODEL, Storage};

/// More than any backend puts into one statement.
const LARGE: i64 = 2_500;

fn state(key: i64, model: Option<&str>, state: KeyState) -> Checkpoint {
    Checkpoint { key: KeyId(key), model: model.map(str::to_owned), state, since: at(key), until: at(i64::MAX) }
}

pub async fn states_read_back_and_are_replaced(storage: &dyn Storage) {
    let (service, other) = (store_service(storage, 1).await, store_service(storage, 2).await);
    storage.insert_keys(&keys(1..=4, service)).await.unwrap();
    storage.insert_keys(&keys([5], other)).await.unwrap();
    assert!(storage.states(service).await.unwrap().is_empty());
    let first = [
        state(1, None, KeyState::Dead),
        state(2, None, KeyState::Cooling),
        state(2, Some("GPT-4o"), KeyState::Cooling),
        state(2, Some("gpt-4o"), KeyState::Exhausted),
        state(2, Some("gpt-4o "), KeyState::Active),
        state(3, Some(EMOJI), KeyState::Active),
    ];
    storage.save_states(service, &first).await.unwrap();
    storage.save_states(other, &[state(5, None, KeyState::Dead)]).await.unwrap();
    assert_eq!(storage.states(service).await.unwrap(), first);
    let second = [state(1, None, KeyState::Exhausted), state(4, None, KeyState::Dead)];
    storage.save_states(service, &second).await.unwrap();
    assert_eq!(storage.states(service).await.unwrap(), second);
    storage.save_states(service, &[]).await.unwrap();
    assert!(storage.states(service).await.unwrap().is_empty());
    assert_eq!(storage.states(other).await.unwrap(), [state(5, None, KeyState::Dead)]);
}

pub async fn states_may_be_saved_while_keys_come_and_go(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    storage.insert_keys(&keys(1..=60, service)).await.unwrap();
    let states: Vec<_> = (1..=60).map(|key| state(key, Some("m"), KeyState::Cooling)).collect();
    let save = async || {
        for _ in 0..10 {
            storage.save_states(service, &states).await.unwrap();
        }
    };
    let go = async |first: i64| {
        for key in (first..=60).step_by(4) {
            storage.delete_key(KeyId(key)).await.unwrap();
        }
    };
    futures_util::join!(save(), save(), go(2), go(4));
    storage.save_states(service, &states).await.unwrap();
    let kept: Vec<_> = states.into_iter().filter(|state| state.key.0 % 2 == 1).collect();
    assert_eq!(storage.states(service).await.unwrap(), kept);
}

pub async fn states_go_with_their_keys(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    storage.insert_keys(&keys(1..=3, service)).await.unwrap();
    let states = [1, 2, 3].map(|key| state(key, None, KeyState::Dead));
    storage.save_states(service, &states).await.unwrap();
    storage.delete_key(KeyId(1)).await.unwrap();
    assert_eq!(storage.states(service).await.unwrap(), states[1..]);
    storage.delete_service(service).await.unwrap();
    assert!(storage.states(service).await.unwrap().is_empty());
}

pub async fn states_that_cannot_be_kept_are_left_out(storage: &dyn Storage) {
    let (service, other) = (store_service(storage, 1).await, store_service(storage, 2).await);
    storage.insert_keys(&keys([1], service)).await.unwrap();
    storage.insert_keys(&keys([2], other)).await.unwrap();
    let (longest, too_long) = ("🔑".repeat(LONGEST_STATE_MODEL), "m".repeat(LONGEST_STATE_MODEL + 1));
    let kept = [state(1, None, KeyState::Dead), state(1, Some(&longest), KeyState::Cooling)];
    let others = [
        state(1, None, KeyState::Cooling),
        state(1, Some(""), KeyState::Cooling),
        state(1, Some("a\0"), KeyState::Cooling),
        state(1, Some(&too_long), KeyState::Cooling),
        state(2, None, KeyState::Cooling),
        state(99, None, KeyState::Cooling),
    ];
    storage.save_states(service, &[&kept[..], &others[..]].concat()).await.unwrap();
    assert_eq!(storage.states(service).await.unwrap(), kept);
    assert!(storage.states(other).await.unwrap().is_empty());
    storage.save_states(ServiceId(99), &others).await.unwrap();
    assert!(storage.states(ServiceId(99)).await.unwrap().is_empty());
}

pub async fn many_states_are_saved_at_once(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    storage.insert_keys(&keys(1..=LARGE, service)).await.unwrap();
    let states: Vec<_> = (1..=LARGE).map(|key| state(key, None, KeyState::Cooling)).collect();
    storage.save_states(service, &states).await.unwrap();
    storage.save_states(service, &states).await.unwrap();
    assert_eq!(storage.states(service).await.unwrap(), states);
}

pub async fn the_states_of_many_services_come_at_once(storage: &dyn Storage) {
    let mut stored = Vec::new();
    for id in 1..=5 {
        let service = store_service(storage, id).await;
        storage.insert_keys(&keys([10 * id, 10 * id + 1], service)).await.unwrap();
        let states = [state(10 * id, Some("b"), KeyState::Cooling), state(10 * id + 1, None, KeyState::Dead)];
        if id != 3 {
            storage.save_states(service, &states).await.unwrap();
            stored.push((service, states.to_vec()));
        }
    }
    let read = async |first, last| storage.states_of_services(ServiceId(first)..=ServiceId(last)).await.unwrap();
    assert_eq!(read(1, 99).await, stored);
    assert_eq!(read(2, 4).await, stored[1..3]);
    assert!(read(3, 3).await.is_empty() && read(6, 99).await.is_empty());
}
