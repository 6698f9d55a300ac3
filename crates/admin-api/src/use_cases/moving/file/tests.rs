//! What is refused of a file, wherever it was changed.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// Quick, where thousands of passphrases are tried.
const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };
const HEAD: usize = 57;
/// The same for every case.
static FILE: LazyLock<Vec<u8>> = LazyLock::new(export);

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Secret::new(text)).unwrap()
}

/// Entries that fill about four pieces.
fn lines() -> Vec<String> {
    let id = |next_id| Entry::NextId { next_id };
    let long = |name: usize| Entry::Setting { name: name.to_string(), value: "v".repeat(30_000) };
    let entries = [id(1)].into_iter().chain((0..7).map(long)).chain([id(2)]);
    entries.map(|entry| entry.line().unwrap().expose().to_owned()).collect()
}

fn export() -> Vec<u8> {
    let mut writer = SealedWriter::new(Vec::new(), &passphrase("correct horse"), CHEAP).unwrap();
    for line in lines() {
        writer.add(&Entry::parse(&line).unwrap()).unwrap();
    }
    writer.finish().unwrap()
}

fn read_with(file: &[u8], secret: &str) -> Result<Vec<String>, MovingError> {
    let mut pieces = Pieces::open(file, &passphrase(secret))?;
    let mut lines = Vec::new();
    while let Some(piece) = pieces.next()? {
        lines.extend(piece.expose().lines().map(str::to_owned));
    }
    Ok(lines)
}

fn read(file: &[u8]) -> Result<Vec<String>, MovingError> {
    read_with(file, "correct horse")
}

/// Where each piece begins, and the end.
fn borders(file: &[u8]) -> Vec<usize> {
    let mut borders = vec![HEAD];
    while let Some(length) = file.get(borders[borders.len() - 1] + 1..).and_then(|rest| rest.first_chunk::<4>()) {
        borders.push(borders[borders.len() - 1] + 5 + u32::from_be_bytes(*length) as usize);
    }
    borders
}

#[test]
fn what_is_written_reads_back_and_nothing_of_it_shows() {
    let file = export();
    assert_eq!(read(&file).unwrap(), lines());
    assert_eq!(borders(&file).len(), 5);
    assert!(!file.windows(7).any(|window| window == b"next_id" || window == b"setting"));
    assert_ne!(file[HEAD..], export()[HEAD..]);
}

#[test]
fn the_usual_cost_is_one_that_a_file_may_ask_for() {
    let writer = SealedWriter::new(Vec::new(), &passphrase("correct horse"), Cost::USUAL).unwrap();
    let file = writer.finish().unwrap();
    assert!(read(&file).unwrap().is_empty());
    assert!(matches!(read_with(&file, "correct house"), Err(MovingError::WrongPassphrase)));
}

#[test]
fn what_is_no_export_is_told_from_one_of_a_later_version() {
    for text in [&b""[..], b"{}", b"-- MySQL dump 10.13\n\nCREATE TABLE", &MAGIC[..7]] {
        assert!(matches!(read(text), Err(MovingError::NoExport)));
    }
    let mut file = export();
    file[9] = 2;
    assert!(matches!(read(&file), Err(MovingError::Format(2))));
}

#[test]
fn a_cost_without_measure_is_refused_before_it_is_paid() {
    for at in [10, 14, 18] {
        let mut file = export();
        file[at] = 0x7f;
        assert!(matches!(read(&file), Err(MovingError::WrongPassphrase)), "byte {at}");
    }
}

#[test]
fn a_file_that_was_cut_off_is_refused_wherever_that_was() {
    let file = export();
    let borders = borders(&file);
    let beside = borders.iter().flat_map(|border| [border - 1, *border, border + 1, border + 5, border + 6]);
    for end in beside.chain(8..HEAD).filter(|end| *end < file.len()) {
        assert!(matches!(read(&file[..end]), Err(MovingError::CutOff)), "at {end}");
    }
    // As one who knows the format would cut it: the last piece left says that it is the last.
    for last in &borders[..3] {
        let end = borders[borders.iter().position(|border| border == last).unwrap() + 1];
        let mut cut = file[..end].to_vec();
        cut[*last] = 1;
        assert!(matches!(read(&cut), Err(MovingError::Changed(_) | MovingError::WrongPassphrase)), "at {end}");
    }
}

#[test]
fn pieces_in_another_order_or_another_file_are_refused() {
    let (file, other) = (export(), export());
    let borders = borders(&file);
    let piece = |file: &[u8], at: usize| file[borders[at]..borders[at + 1]].to_vec();
    let with = |pieces: &[Vec<u8>]| [&file[..HEAD], &pieces.concat()].concat();
    let all: Vec<Vec<u8>> = (0..4).map(|at| piece(&file, at)).collect();
    assert_eq!(read(&with(&all)).unwrap(), lines());
    let [first, second, third, last] = all.try_into().unwrap();
    let swapped = with(&[first.clone(), third.clone(), second.clone(), last.clone()]);
    let left_out = with(&[first.clone(), third.clone(), last.clone()]);
    let twice = with(&[first.clone(), first.clone(), second.clone(), third.clone(), last.clone()]);
    let foreign = with(&[first, piece(&other, 1), third, last]);
    for changed in [swapped, left_out, twice, foreign] {
        assert!(matches!(read(&changed), Err(MovingError::Changed(1))));
    }
    let longer = [&file[..], b"\n"].concat();
    assert!(matches!(read(&longer), Err(MovingError::Longer)));
}

#[test]
fn a_flipped_bit_of_the_head_or_of_a_frame_is_refused() {
    let file = export();
    let frames = borders(&file).into_iter().flat_map(|border| border..border + 6);
    for at in (0..HEAD).chain(frames).filter(|at| *at < file.len()) {
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[at] ^= 1 << bit;
            assert!(read(&changed).is_err(), "bit {bit} of byte {at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_changed_byte_is_refused_wherever_it_is(place in any::<prop::sample::Index>(), change in 1..=u8::MAX) {
        let mut file = FILE.clone();
        let at = place.index(file.len());
        file[at] ^= change;
        prop_assert!(read(&file).is_err(), "byte {}", at);
    }

    #[test]
    fn no_input_is_taken_for_an_export(rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let file = [&FILE[..HEAD], &rest].concat();
        prop_assert!(read(&file).is_err());
    }
}
