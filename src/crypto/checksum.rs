//! The checksums that S3 keeps of objects: three CRCs and two hashes.
//!
//! They guard against mistakes in transmission and storage, not against an
//! attacker: that is what the tags of the sealed message are for. Source: S3
//! User Guide, "Checking object integrity in Amazon S3".

use crc_fast::CrcAlgorithm;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// How a checksum is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChecksumAlgorithm {
    /// CRC-32 as of zip.
    Crc32,
    /// CRC-32 with Castagnoli's polynomial.
    Crc32c,
    /// CRC-64 as of NVMe, S3's own choice where a request makes none.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl ChecksumAlgorithm {
    /// All of them, in the order in which S3 lists them.
    pub const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// AWS's word, such as `CRC64NVME`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The algorithm that AWS calls `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The length of a value in bytes.
    pub const fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The checksum of `bytes`.
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        let mut sum = self.begin();
        sum.update(bytes);
        sum.value()
    }

    /// The checksum of bytes that come one after the other.
    pub fn begin(self) -> Summing {
        let state = match self.crc() {
            Some(crc) => State::Crc(crc_fast::Digest::new(crc)),
            None if self == Self::Sha1 => State::Sha1(Sha1::new()),
            None => State::Sha256(Sha256::new()),
        };
        Summing {
            algorithm: self,
            state,
        }
    }

    /// The checksum of `first` followed by another `length` bytes whose
    /// checksum is `second`; `None` for hashes, which cannot be combined.
    pub fn combine(self, first: &[u8], second: &[u8], length: u64) -> Option<Vec<u8>> {
        let crc = self.crc()?;
        let combined = crc_fast::checksum_combine(crc, number(first), number(second), length);
        Some(self.written(combined))
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    /// A CRC as bytes, the most significant first.
    fn written(self, crc: u64) -> Vec<u8> {
        let skipped = size_of::<u64>().saturating_sub(self.length());
        crc.to_be_bytes().into_iter().skip(skipped).collect()
    }
}

/// A checksum under way.
#[derive(Clone)]
pub struct Summing {
    algorithm: ChecksumAlgorithm,
    state: State,
}

#[derive(Clone)]
enum State {
    Crc(crc_fast::Digest),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Summing {
    /// How it is computed.
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc(digest) => digest.update(bytes),
            State::Sha1(digest) => digest.update(bytes),
            State::Sha256(digest) => digest.update(bytes),
        }
    }

    /// One like this of no bytes, whose bytes can be taken in later; `None` for
    /// hashes, which cannot be combined.
    pub fn follower(&self) -> Option<Self> {
        self.algorithm.crc().map(|_| self.algorithm.begin())
    }

    /// Takes in what `follower` summed after the bytes of this one.
    pub fn join(&mut self, follower: &Self) {
        if let (State::Crc(own), State::Crc(next)) = (&mut self.state, &follower.state) {
            own.combine(next);
        }
    }

    /// The checksum of what came so far.
    pub fn value(&self) -> Vec<u8> {
        match &self.state {
            State::Crc(digest) => self.algorithm.written(digest.clone().finalize()),
            State::Sha1(digest) => digest.clone().finalize().to_vec(),
            State::Sha256(digest) => digest.clone().finalize().to_vec(),
        }
    }
}

impl std::fmt::Debug for Summing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Summing({})", self.algorithm.name())
    }
}

fn number(crc: &[u8]) -> u64 {
    crc.iter()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::digest::hex;

    /// Source: the check values of the CRC catalogue (reveng), of FIPS 180-4
    /// for the hashes of "abc".
    #[test]
    fn each_has_its_published_check_value() {
        let crc = |algorithm: ChecksumAlgorithm| hex(&algorithm.of(b"123456789"));
        assert_eq!(crc(ChecksumAlgorithm::Crc32), "cbf43926");
        assert_eq!(crc(ChecksumAlgorithm::Crc32c), "e3069283");
        assert_eq!(crc(ChecksumAlgorithm::Crc64Nvme), "ae8b14860a799888");
        assert_eq!(
            hex(&ChecksumAlgorithm::Sha1.of(b"abc")),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            hex(&ChecksumAlgorithm::Sha256.of(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_follower_sums_what_comes_later() {
        for algorithm in ChecksumAlgorithm::ALL {
            let mut sum = algorithm.begin();
            sum.update(b"1234");
            let Some(mut follower) = sum.follower() else {
                assert_eq!(algorithm.crc(), None);
                continue;
            };
            follower.update(b"56789");
            sum.join(&follower);
            assert_eq!(sum.value(), algorithm.of(b"123456789"));
        }
    }

    #[test]
    fn crcs_of_parts_make_the_crc_of_the_whole() {
        for algorithm in ChecksumAlgorithm::ALL {
            let (first, second) = (algorithm.of(b"1234"), algorithm.of(b"56789"));
            let whole = algorithm.combine(&first, &second, 5);
            match algorithm.crc() {
                Some(_) => assert_eq!(whole, Some(algorithm.of(b"123456789"))),
                None => assert_eq!(whole, None),
            }
        }
    }
}
