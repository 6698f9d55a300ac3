//! A name server that knows one name (RFC 1035).

use std::net::{Ipv4Addr, UdpSocket};

/// Where it listens: the port is fixed, and only the superuser may take it.
pub(super) const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 77);
const PORT: u16 = 53;
/// The length of a message's head, and of what follows the name in a question.
const HEAD: usize = 12;
const TYPE_AND_CLASS: usize = 4;
/// A question for an address of IPv4, in the Internet.
const ADDRESS_OF_4: [u8; TYPE_AND_CLASS] = [0, 1, 0, 1];
/// What stands for the name in the question; the kind of answer; how long it holds; its length.
const ANSWER: [u8; 12] = [0xc0, HEAD as u8, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];

/// Answers that `name` is this machine, until the process ends.
pub(super) fn start(name: &'static str) -> std::io::Result<()> {
    let socket = UdpSocket::bind((ADDRESS, PORT))?;
    std::thread::spawn(move || {
        let mut message = [0; 512];
        while let Ok((length, asker)) = socket.recv_from(&mut message) {
            if let Some(answer) = answer(&message[..length], name) {
                // Who asked may have gone.
                let _ = socket.send_to(&answer, asker);
            }
        }
    });
    Ok(())
}

/// The answer to a question; none to what is no question.
fn answer(message: &[u8], known: &str) -> Option<Vec<u8>> {
    let mut at = HEAD;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(message.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
    let question = message.get(HEAD..at + TYPE_AND_CLASS)?;
    let is_known = labels.join(".") == known;
    let is_answered = is_known && question.ends_with(&ADDRESS_OF_4);
    let mut answer = message.get(..2)?.to_vec();
    // An answer that may be believed; and that there is no such name.
    answer.extend([0x81, if is_known { 0x80 } else { 0x83 }, 0, 1, 0, u8::from(is_answered), 0, 0, 0, 0]);
    answer.extend(question);
    if is_answered {
        answer.extend(ANSWER);
        answer.extend(Ipv4Addr::LOCALHOST.octets());
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_address() {
        let question = |name: &[u8], kind: u8| [&[7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name, &[0, kind, 0, 1]].concat();
        let answered = answer(&question(b"\x02Up\x04test\0", 1), "up.test").unwrap();
        assert_eq!((&answered[..2], answered[3], answered[7]), (&[7, 7][..], 0x80, 1));
        assert_eq!(answered[answered.len() - 4..], [127, 0, 0, 1]);
        let other_kind = answer(&question(b"\x02up\x04test\0", 28), "up.test").unwrap();
        assert_eq!((other_kind[3], other_kind[7]), (0x80, 0));
        let unknown = answer(&question(b"\x02no\x04test\0", 1), "up.test").unwrap();
        assert_eq!((unknown[3], unknown[7]), (0x83, 0));
        assert_eq!(answer(b"no question", "up.test"), None);
    }
}
