//! Every implementation, in place and not, gives the same bytes on long inputs.

use keychai::crypto::aead::{Cipher, Implementation, Sealed};

use crate::samples::plaintext;

/// 0 to 200 KB, dense where lanes, blocks and frames begin and end.
fn lengths() -> Vec<usize> {
    let around = |edge: usize| edge.saturating_sub(2)..=edge + 2;
    let mut lengths: Vec<usize> = (0..=520).collect();
    lengths.extend(
        [1024, 2048, 4096, 8192, 16_384, 65_536]
            .into_iter()
            .flat_map(around),
    );
    lengths.extend([131_072, 196_608, 200_000].into_iter().flat_map(around));
    lengths.extend((521..200_000).step_by(9973));
    lengths
}

#[test]
fn all_implementations_seal_and_open_alike() {
    let (key, nonce) = ([0x42; 32], [7; 12]);
    let ciphers: Vec<Cipher> = Implementation::ALL
        .iter()
        .map(|i| Cipher::new(*i, &key))
        .collect();
    let whole = plaintext(200_002);
    for length in lengths() {
        let (plain, aad) = (&whole[..length], &whole[..length % 83]);
        let mut reference = plain.to_vec();
        let tag = ciphers[0]
            .seal_in_place(&nonce, aad, &mut reference)
            .unwrap();
        for cipher in &ciphers {
            let mut output = vec![0; length];
            assert_eq!(
                cipher.seal_into(&nonce, aad, plain, &mut output).unwrap(),
                tag,
                "{length}"
            );
            assert!(output == reference, "ciphertext of {length} bytes");
            let sealed = Sealed {
                bytes: &reference,
                tag: &tag,
            };
            cipher.open_into(&nonce, aad, sealed, &mut output).unwrap();
            assert!(output == plain, "plaintext of {length} bytes");
            output.copy_from_slice(&reference);
            cipher
                .open_in_place(&nonce, aad, &mut output, &tag)
                .unwrap();
            assert!(output == plain, "plaintext of {length} bytes, in place");
        }
    }
}

#[test]
fn all_implementations_refuse_and_erase_alike() {
    for implementation in Implementation::ALL {
        let cipher = Cipher::new(*implementation, &[1; 32]);
        for length in [1, 16, 17, 255, 4097] {
            let mut sealed = plaintext(length);
            let tag = cipher.seal_in_place(&[0; 12], b"aad", &mut sealed).unwrap();
            sealed[length / 2] ^= 0x10;
            let mut output = vec![0xaa; length];
            let altered = Sealed {
                bytes: &sealed,
                tag: &tag,
            };
            cipher
                .open_into(&[0; 12], b"aad", altered, &mut output)
                .unwrap_err();
            assert!(
                output.iter().all(|byte| *byte == 0),
                "{implementation:?} {length}"
            );
            cipher
                .open_in_place(&[0; 12], b"aad", &mut sealed, &tag)
                .unwrap_err();
            assert!(
                sealed.iter().all(|byte| *byte == 0),
                "{implementation:?} {length}"
            );
        }
    }
}
