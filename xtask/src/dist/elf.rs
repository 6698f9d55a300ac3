//! What a program asks the machine for that runs it (System V ABI, chapter 5).

/// Segments: where they are, what kind they have.
const INTERPRETER: u32 = 3;
const DYNAMIC: u32 = 2;
const LOADED: u32 = 1;
/// Entries of the dynamic section.
const NEEDED: u64 = 1;
const STRINGS: u64 = 5;

struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

/// The interpreter and the libraries that a program of 64 bits needs; a static one needs none. Its dynamic section, where it
/// moves itself to a random address, is no need.
///
/// # Errors
/// It is no such program.
pub(super) fn needs(program: &[u8]) -> Result<Vec<String>, String> {
    if program.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err("is no program of 64 bits".to_owned());
    }
    let segments = segments(program).ok_or("its head is cut off")?;
    let mut needs: Vec<String> = Vec::new();
    for segment in &segments {
        let cut = "a segment is cut off";
        match segment.kind {
            INTERPRETER => needs.push(text(program, segment.offset).ok_or(cut)?),
            DYNAMIC => needs.extend(libraries(program, segment, &segments).ok_or(cut)?),
            _ => {}
        }
    }
    Ok(needs)
}

fn segments(program: &[u8]) -> Option<Vec<Segment>> {
    let (table, size) = (number(program, 32, 8)?, number(program, 54, 2)?);
    let segment = |index: u64| {
        let at = table + index * size;
        Some(Segment {
            kind: u32::try_from(number(program, at, 4)?).ok()?,
            offset: number(program, at + 8, 8)?,
            address: number(program, at + 16, 8)?,
            size: number(program, at + 32, 8)?,
        })
    };
    (0..number(program, 56, 2)?).map(segment).collect()
}

/// The names of shared libraries.
fn libraries(program: &[u8], dynamic: &Segment, segments: &[Segment]) -> Option<Vec<String>> {
    let entries = (0..dynamic.size / 16).map(|index| {
        let at = dynamic.offset + index * 16;
        Some((number(program, at, 8)?, number(program, at + 8, 8)?))
    });
    let entries: Vec<(u64, u64)> = entries.collect::<Option<_>>()?;
    let needed: Vec<u64> = entries.iter().filter(|(tag, _)| *tag == NEEDED).map(|(_, value)| *value).collect();
    if needed.is_empty() {
        return Some(Vec::new());
    }
    let (_, address) = entries.iter().find(|(tag, _)| *tag == STRINGS)?;
    let holds = |segment: &&Segment| {
        segment.kind == LOADED && (segment.address..segment.address + segment.size).contains(address)
    };
    let segment = segments.iter().find(holds)?;
    let strings = segment.offset + (address - segment.address);
    needed.iter().map(|offset| text(program, strings + offset)).collect()
}

/// A number of so many bytes, the lowest first.
fn number(bytes: &[u8], at: u64, size: usize) -> Option<u64> {
    let at = usize::try_from(at).ok()?;
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// A text up to its zero.
fn text(bytes: &[u8], at: u64) -> Option<String> {
    let rest = bytes.get(usize::try_from(at).ok()?..)?;
    Some(String::from_utf8_lossy(rest.split(|byte| *byte == 0).next()?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_libraries_is_not_static() {
        // The tests themselves are such a program.
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let needs = needs(&own).unwrap();
        assert!(needs.iter().any(|need| need.starts_with('/')), "the interpreter: {needs:?}");
        assert!(needs.iter().any(|need| need.starts_with("libc.so")), "{needs:?}");
    }

    #[test]
    fn one_without_either_needs_nothing_and_no_program_is_an_error() {
        // A head with one segment that is loaded.
        let mut bytes = vec![0; 120];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (bytes[32], bytes[54], bytes[56], bytes[64]) = (64, 56, 1, 1);
        assert_eq!(needs(&bytes), Ok(Vec::new()));
        bytes[64] = 3;
        assert_eq!(needs(&bytes).unwrap().len(), 1);
        assert!(needs(&bytes[..100]).is_err());
        assert!(needs(b"#!/bin/sh\n").is_err());
    }
}
