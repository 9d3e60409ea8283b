//! `keychai envelope`: messages that the official Encryption SDK clients read and write.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use zeroize::Zeroizing;

use super::arguments::{EnvelopeArguments, EnvelopeCommand};
use super::{FAILED, USAGE, fail, keep};
use crate::base::Entropy;
use crate::crypto::message::OBJECT_FRAME_LENGTH;
use crate::crypto::{EncryptionContext, RawAesKeyring};
use crate::script::objects::opened;

/// Does what `keychai envelope …` asks for.
pub(super) fn run(verb: &EnvelopeCommand) -> ExitCode {
    let wanted = match verb {
        EnvelopeCommand::Seal(wanted) | EnvelopeCommand::Open(wanted) => wanted,
    };
    if let Some(name) = named_twice(&wanted.context) {
        return fail(USAGE, &format!("--context gives `{name}` twice"));
    }
    let begun = keyring(wanted).and_then(|keyring| Ok((keyring, read(&wanted.file)?)));
    let (keyring, input) = match begun {
        Ok(begun) => begun,
        Err(text) => return fail(USAGE, &text),
    };
    let done = match verb {
        EnvelopeCommand::Seal(_) => seal(&keyring, &input, wanted),
        EnvelopeCommand::Open(_) => open(&keyring, &input, wanted),
    };
    match done {
        Ok(output) => write(&output),
        Err(text) => fail(FAILED, &text),
    }
}

/// The first name that a later pair has too: a context holds each name once.
fn named_twice(pairs: &[(String, String)]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    let mut names = pairs.iter().map(|(name, _)| name.as_str());
    names.find(|name| !seen.insert(*name))
}

fn keyring(wanted: &EnvelopeArguments) -> Result<RawAesKeyring, String> {
    let key = keep::key_in(&wanted.key_file)?;
    RawAesKeyring::new(&wanted.namespace, &wanted.key_name, key).map_err(|e| e.to_string())
}

fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = match file.as_os_str() == "-" {
        true => io::stdin().lock().read_to_end(&mut bytes),
        false => File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("cannot read `{}`: {error}", file.display())),
    }
}

fn seal(
    keyring: &RawAesKeyring,
    plaintext: &[u8],
    wanted: &EnvelopeArguments,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let context: EncryptionContext = wanted.context.iter().cloned().collect();
    keyring
        .seal(
            plaintext,
            &context,
            OBJECT_FRAME_LENGTH,
            &mut Entropy::System,
        )
        .map(Zeroizing::new)
        .map_err(|error| error.to_string())
}

fn open(
    keyring: &RawAesKeyring,
    message: &[u8],
    wanted: &EnvelopeArguments,
) -> Result<Zeroizing<Vec<u8>>, String> {
    opened(keyring, message, &wanted.context)
}

fn write(bytes: &[u8]) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            fail(FAILED, &format!("cannot write the output: {error}"))
        }
        _ => ExitCode::SUCCESS,
    }
}
