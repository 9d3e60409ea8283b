//! Key material and formats against published vectors, tampering and each other.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod blobs;
#[cfg(test)]
mod encryption_sdk;
#[cfg(test)]
mod malformed;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod nist;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod wycheproof;
