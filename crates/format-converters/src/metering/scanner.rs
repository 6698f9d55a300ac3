//! Finds members of JSON documents without keeping the documents.
//!
//! Valid JSON is read as a parser reads it: of several members of one name the last counts, names may hold escapes, and what
//! stands in texts or deeper down means nothing. Other bytes are passed over somehow, at the same cost.

use memchr::memchr2;
use serde_json::value::RawValue;

use super::{Counter, Place};

/// The longest value that is kept, in bytes.
const LONGEST: usize = 16 * 1024;
/// The longest name that is looked at, in bytes: the longest of those that are looked for, each letter an escape, and more.
const LONGEST_NAME: usize = 128;

/// Looks for members in documents, one after the other.
pub(super) struct Scanner {
    pub(super) places: &'static [Place],
    /// What was found in this document, by place; empty where there is nothing.
    found: Vec<Vec<u8>>,
    state: State,
    /// How many lists and objects are open.
    depth: usize,
    /// The depth of a document's own members: 1, or 2 for the items of a list. 0 between documents.
    base: usize,
    /// Whether the item that is open at that depth is an object.
    is_document: bool,
    /// The member whose own members are looked at.
    within: Option<&'static str>,
    /// Whether the next text is a name.
    expects_name: bool,
    /// The name that is being read.
    name: Vec<u8>,
    /// What the value that follows is.
    member: Member,
    /// The place of the value that is being kept.
    kept_for: Option<usize>,
    kept: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside of texts.
    Between,
    /// In a text that is no name of interest.
    Text,
    /// In a name.
    Name,
    /// After a backslash in either.
    Escape { in_name: bool },
}

#[derive(Clone, Copy)]
enum Member {
    /// It tells what was used.
    Place(usize),
    /// Its own members may.
    Outer(&'static str),
    Other,
}

/// Bytes that mean something where members are looked at.
const NEAR: [bool; 256] = table(b"\"{}[],");
/// And where they are not.
const DEEP: [bool; 256] = table(b"\"{}[]");

const fn table(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
}

// === impl Scanner ===

impl Scanner {
    pub(super) fn new(places: &'static [Place]) -> Self {
        Self {
            places,
            found: vec![Vec::new(); places.len()],
            state: State::Between,
            depth: 0,
            base: 0,
            is_document: false,
            within: None,
            expects_name: false,
            name: Vec::new(),
            member: Member::Other,
            kept_for: None,
            kept: Vec::new(),
        }
    }

    /// Takes more of a document up. What was found goes to the counter when the document ends.
    pub(super) fn push(&mut self, mut bytes: &[u8], counter: &mut dyn Counter) {
        while !bytes.is_empty() {
            let is_kept = self.kept_for.is_some();
            let taken = match self.state {
                State::Between => self.between(bytes, counter),
                State::Text | State::Name => self.text(bytes),
                State::Escape { in_name: false } => {
                    self.state = State::Text;
                    1
                }
                State::Escape { in_name: true } => {
                    self.more_of_name(bytes.get(..1).unwrap_or_default());
                    self.state = State::Name;
                    1
                }
            };
            let (piece, rest) = bytes.split_at(taken.min(bytes.len()));
            if is_kept {
                self.keep(piece);
            }
            bytes = rest;
        }
    }

    /// The document ends here, be it whole or not.
    pub(super) fn end(&mut self, counter: &mut dyn Counter) {
        self.tell(counter);
        (self.state, self.depth, self.base, self.is_document) = (State::Between, 0, 0, false);
        (self.within, self.expects_name, self.member, self.kept_for) = (None, false, Member::Other, None);
    }

    /// Up to the next byte that means something, and what it means. Gives how many bytes were taken.
    fn between(&mut self, bytes: &[u8], counter: &mut dyn Counter) -> usize {
        let is_near = self.is_near();
        let table = if is_near { &NEAR } else { &DEEP };
        let Some(at) = bytes.iter().position(|byte| table[usize::from(*byte)]) else { return bytes.len() };
        match bytes.get(at) {
            Some(b'"') if is_near && self.expects_name => {
                self.name.clear();
                self.state = State::Name;
            }
            Some(b'"') => self.state = State::Text,
            Some(b',') => (self.expects_name, self.member) = (true, Member::Other),
            Some(b'{') => self.open(true, is_near),
            Some(b'[') => self.open(false, is_near),
            _ => self.close(counter),
        }
        at + 1
    }

    /// Whether members are looked at here.
    fn is_near(&self) -> bool {
        self.is_document && self.depth == self.base + usize::from(self.within.is_some())
    }

    fn open(&mut self, is_object: bool, is_near: bool) {
        if self.base == 0 {
            self.base = if is_object { 1 } else { 2 };
        }
        self.depth += 1;
        if is_near {
            match std::mem::replace(&mut self.member, Member::Other) {
                Member::Place(place) if is_object => {
                    self.kept_for = Some(place);
                    self.kept.clear();
                    self.kept.push(b'{');
                }
                Member::Outer(name) if is_object => (self.within, self.expects_name) = (Some(name), true),
                _ => {}
            }
        } else if self.depth == self.base {
            (self.is_document, self.expects_name, self.member) = (is_object, is_object, Member::Other);
        }
    }

    fn close(&mut self, counter: &mut dyn Counter) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == self.base {
            self.within = None;
        }
        if self.depth < self.base && self.is_document {
            self.is_document = false;
            self.tell(counter);
        }
        if self.depth == 0 {
            self.base = 0;
        }
    }

    /// Up to the end of a text, or of the bytes.
    fn text(&mut self, bytes: &[u8]) -> usize {
        let in_name = self.state == State::Name;
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..)
            && let Some(at) = memchr2(b'"', b'\\', rest)
        {
            taken += at + 1;
            if rest.get(at) == Some(&b'"') {
                self.state = State::Between;
                if in_name {
                    self.more_of_name(bytes.get(..taken - 1).unwrap_or_default());
                    self.named();
                }
                return taken;
            }
            if taken == bytes.len() {
                self.state = State::Escape { in_name };
                break;
            }
            taken += 1;
        }
        if in_name {
            self.more_of_name(bytes);
        }
        bytes.len()
    }

    fn more_of_name(&mut self, piece: &[u8]) {
        // A byte more than the longest shows that it is too long.
        let room = (LONGEST_NAME + 1).saturating_sub(self.name.len()).min(piece.len());
        self.name.extend_from_slice(piece.get(..room).unwrap_or_default());
    }

    /// A name has ended.
    fn named(&mut self) {
        self.expects_name = false;
        self.member = Member::Other;
        if self.name.len() > LONGEST_NAME {
            return;
        }
        let unescaped = self.name.contains(&b'\\').then(|| {
            let string = [b"\"", self.name.as_slice(), b"\""].concat();
            serde_json::from_slice::<String>(&string).unwrap_or_default()
        });
        let name = unescaped.as_ref().map_or(self.name.as_slice(), String::as_bytes);
        let is_it = |own: &&str| own.as_bytes() == name;
        let within = self.within;
        for (index, (place, found)) in self.places.iter().zip(&mut self.found).enumerate() {
            match (place, within) {
                ([own], None) if is_it(own) => self.member = Member::Place(index),
                ([outer, own], Some(within)) if *outer == within && is_it(own) => self.member = Member::Place(index),
                ([outer, ..], None) if is_it(outer) => self.member = Member::Outer(outer),
                _ => continue,
            }
            // Of several members of one name the last counts, whatever it is.
            found.clear();
        }
    }

    /// Keeps more of a value, to its end.
    fn keep(&mut self, piece: &[u8]) {
        let Some(place) = self.kept_for else { return };
        if self.kept.len() + piece.len() > LONGEST {
            self.kept_for = None;
            return;
        }
        self.kept.extend_from_slice(piece);
        if self.is_near()
            && let Some(found) = self.found.get_mut(place)
        {
            std::mem::swap(found, &mut self.kept);
            self.kept_for = None;
        }
    }

    /// Tells what was found at the first of the places.
    fn tell(&mut self, counter: &mut dyn Counter) {
        if self.found.iter().all(Vec::is_empty) {
            return;
        }
        let first = self.found.iter().find(|found| !found.is_empty());
        if let Some(raw) = first.and_then(|found| serde_json::from_slice::<&RawValue>(found).ok()) {
            counter.add(raw);
        }
        self.found.iter_mut().for_each(Vec::clear);
    }
}
