use super::*;

const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

fn passphrase(text: &str) -> Lock {
    Lock::Passphrase(Zeroizing::new(text.as_bytes().to_vec()), CHEAP)
}

fn key(byte: u8) -> Lock {
    Lock::Key(Zeroizing::new([byte; 32]))
}

#[test]
fn what_was_sealed_comes_back_under_its_own_lock_alone() {
    for (lock, other) in [
        (passphrase("correct horse"), passphrase("correct  horse")),
        (key(1), key(2)),
    ] {
        for content in [&b""[..], b"a", &[7; 70_000]] {
            let file = seal(content, &lock).unwrap();
            assert_eq!(*open(&file, &lock).unwrap(), content);
            assert_eq!(open(&file, &other).unwrap_err(), OpenFileError::WrongKey);
        }
    }
    let file = seal(b"a", &key(1)).unwrap();
    let error = open(&file, &passphrase("a")).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("sealed under a key, and a passphrase was given"),
        "{error}"
    );
}

#[test]
fn the_recommended_cost_is_that_of_rfc_9106() {
    let lock = Lock::passphrase("correct horse");
    let file = seal(b"a", &lock).unwrap();
    assert_eq!(file[11..23], [0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4]);
    assert_eq!(*open(&file, &lock).unwrap(), b"a");
}

#[test]
fn no_two_files_are_alike() {
    let lock = key(1);
    assert_ne!(seal(b"a", &lock).unwrap(), seal(b"a", &lock).unwrap());
}

#[test]
fn every_bit_and_every_cut_is_noticed() {
    for lock in [key(1), passphrase("p")] {
        let file = seal(b"content", &lock).unwrap();
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut altered = file.clone();
                altered[at] ^= 1 << bit;
                assert!(open(&altered, &lock).is_err(), "byte {at}, bit {bit}");
            }
        }
        for length in 0..file.len() {
            assert!(open(&file[..length], &lock).is_err(), "cut to {length}");
        }
        let longer = [file.as_slice(), b"x"].concat();
        assert_eq!(open(&longer, &lock).unwrap_err(), OpenFileError::Altered);
    }
}

#[test]
fn a_file_says_what_is_wrong_with_it() {
    let lock = key(1);
    let file = seal(b"content", &lock).unwrap();
    let with = |at: usize, byte: u8| {
        let mut altered = file.clone();
        altered[at] = byte;
        open(&altered, &lock).unwrap_err()
    };
    assert_eq!(open(b"", &lock).unwrap_err(), OpenFileError::Foreign);
    assert_eq!(
        open(b"PK\x03\x04", &lock).unwrap_err(),
        OpenFileError::Foreign
    );
    assert_eq!(open(b"keyc", &lock).unwrap_err(), OpenFileError::Cut);
    assert_eq!(open(&file[..40], &lock).unwrap_err(), OpenFileError::Cut);
    assert_eq!(with(9, 2), OpenFileError::Newer { version: 2 });
    assert_eq!(
        with(file.len() - 1, file[file.len() - 1] ^ 1),
        OpenFileError::Altered
    );
}

#[test]
fn a_cost_beyond_the_bounds_is_refused_before_it_is_paid() {
    let lock = passphrase("p");
    let file = seal(b"content", &lock).unwrap();
    for (at, byte) in [(11, 255), (12, 255), (15, 1), (18, 11), (22, 17)] {
        let mut hostile = file.clone();
        hostile[at] = byte;
        assert_eq!(
            open(&hostile, &lock).unwrap_err(),
            OpenFileError::Cost,
            "{at}"
        );
    }
    let mut free = file;
    free[11..23].fill(0);
    assert_eq!(open(&free, &lock).unwrap_err(), OpenFileError::Cost);
}

#[test]
fn a_key_is_read_in_hexadecimal_and_in_base64() {
    let text = Lock::fresh_key_text(&mut Entropy::simulated(1));
    let lock = Lock::parse_key(&text).unwrap();
    let Lock::Key(bytes) = &lock else {
        panic!("a key file holds a key");
    };
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let file = seal(b"a", &lock).unwrap();
    assert!(open(&file, &Lock::parse_key(&hex).unwrap()).is_ok());
    for wrong in [
        "",
        "abc",
        "hunter2",
        &hex[1..],
        &"é".repeat(32),
        &"zz".repeat(32),
    ] {
        assert!(Lock::parse_key(wrong).is_err(), "{wrong}");
    }
    assert_eq!(format!("{lock:?}"), "Lock::Key");
}
