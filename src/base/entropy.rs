//! The lab's only source of randomness.

use std::fmt;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::sealing;

/// Where random bytes come from: a seed that replays, or the system.
///
/// A clone of a simulated source continues the same sequence, which is what
/// makes a fork of a lab repeatable.
#[derive(Clone)]
pub enum Entropy {
    /// ChaCha20 from a seed: same seed, same bytes.
    Simulated {
        /// The seed that started the sequence.
        seed: u64,
        /// The generator at its present position.
        rng: Box<ChaCha20Rng>,
    },
    /// The operating system's generator.
    System,
}

impl Entropy {
    /// A replayable source.
    pub fn simulated(seed: u64) -> Self {
        Self::Simulated {
            seed,
            rng: Box::new(ChaCha20Rng::seed_from_u64(seed)),
        }
    }

    /// Whether this source replays from a seed.
    pub fn is_simulated(&self) -> bool {
        matches!(self, Self::Simulated { .. })
    }

    /// The seed that the source replays from, if it does.
    pub fn seed(&self) -> Option<u64> {
        match self {
            Self::Simulated { seed, .. } => Some(*seed),
            Self::System => None,
        }
    }

    /// Fills `buffer` with random bytes.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where randomness enters"
    )]
    pub fn fill(&mut self, buffer: &mut [u8]) {
        match self {
            Self::Simulated { rng, .. } => rng.fill_bytes(buffer),
            Self::System => {
                use rand::Rng as _;
                rand::rng().fill_bytes(buffer);
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }

    /// A generator of its own for who wants to draw an unknown number of bytes,
    /// such as the search for primes; seeded from here, so it replays as well.
    pub fn generator(&mut self) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(self.bytes())
    }

    /// A source beside this one: its bytes are others, and drawing them does not
    /// move this one on. Of one source it is always the same.
    pub fn beside(&self) -> Self {
        match self {
            Self::System => Self::System,
            Self::Simulated { seed, .. } => {
                let mut rng = Box::new(ChaCha20Rng::seed_from_u64(*seed));
                rng.set_stream(1);
                Self::Simulated { seed: *seed, rng }
            }
        }
    }

    /// `length` characters, each drawn evenly from `alphabet` (ASCII, at most 256 of them).
    pub fn text(&mut self, length: usize, alphabet: &[u8]) -> String {
        let mut text = String::with_capacity(length);
        let Ok(count @ 1..=256) = u16::try_from(alphabet.len()) else {
            return text;
        };
        let bound = 256 - 256 % count;
        while text.len() < length {
            let [byte] = self.bytes::<1>();
            if u16::from(byte) < bound
                && let Some(symbol) = alphabet.get(usize::from(u16::from(byte) % count))
            {
                text.push(char::from(*symbol));
            }
        }
        text
    }

    /// A random (version 4) UUID as AWS writes key ids.
    pub fn uuid(&mut self) -> String {
        let value = u128::from_be_bytes(self.bytes());
        let value = (value & !(0xf << 76) | (0x4 << 76)) & !(0x3 << 62) | (0x2 << 62);
        let mut text = String::with_capacity(36);
        for index in 0..32_u32 {
            if matches!(index, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            let digit = u32::try_from((value >> (124 - 4 * index)) & 0xf);
            text.extend(digit.ok().and_then(|digit| char::from_digit(digit, 16)));
        }
        text
    }

    /// `2 * n` lowercase hexadecimal digits.
    pub fn hex(&mut self, n: usize) -> String {
        self.text(2 * n, b"0123456789abcdef")
    }
}

/// A source as a sealed file keeps it.
#[derive(Serialize, Deserialize)]
enum Kept {
    Simulated {
        seed: u64,
        key: [u8; 32],
        /// How many 32-bit words the generator has given.
        position: u128,
    },
    System,
}

impl Serialize for Entropy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !sealing::is_open() {
            return Err(ser::Error::custom(sealing::CLOSED));
        }
        let kept = match self {
            Self::Simulated { seed, rng } => Kept::Simulated {
                seed: *seed,
                key: rng.get_seed(),
                position: rng.get_word_pos(),
            },
            Self::System => Kept::System,
        };
        kept.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Entropy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !sealing::is_open() {
            return Err(de::Error::custom(sealing::CLOSED));
        }
        Ok(match Kept::deserialize(deserializer)? {
            Kept::System => Self::System,
            Kept::Simulated {
                seed,
                key,
                position,
            } => {
                let mut rng = Box::new(ChaCha20Rng::from_seed(key));
                rng.set_word_pos(position);
                Self::Simulated { seed, rng }
            }
        })
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated { .. } => f.write_str("Entropy::Simulated"),
            Self::System => f.write_str("Entropy::System"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_replays_and_another_differs() {
        let (mut a, mut b, mut c) = (
            Entropy::simulated(7),
            Entropy::simulated(7),
            Entropy::simulated(8),
        );
        let first = a.bytes::<32>();
        assert_eq!(first, b.bytes::<32>());
        assert_ne!(first, c.bytes::<32>());
    }

    #[test]
    fn uuids_are_version_four_variant_one() {
        let uuid = Entropy::simulated(1).uuid();
        let parts: Vec<&str> = uuid.split('-').collect();
        assert_eq!(
            parts.iter().map(|p| p.len()).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert!(
            parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']),
            "{uuid}"
        );
    }
}
