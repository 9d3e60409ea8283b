//! What a denial of EC2 carries, decoded.

use rhai::{Dynamic, Map};
use serde_json::json;

use super::arguments::{at, parsed, text};
use super::client::{Fallible, ServiceObject as _, Sts};
use crate::api::{Service, encoded_message};
use crate::script::Registry;

pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .method::<Sts>("decode_denial")
        .param("denial", "any")
        .returns("map")
        .doc(
            "Decodes the message that a denial of EC2 carries: what was asked with which \
             condition keys, and which statement denied. Takes the error as it was caught, its \
             text, or the encoded message alone.",
        )
        .example(
            "let mallory = iam.create_user(\"mallory\");\nlet told = ();\ntry { \
             mallory.ec2.create_volume(#{ Size: 1, AvailabilityZone: \"us-east-1a\" }); } \
             catch (e) { told = e; }\nsts.decode_denial(told)",
        )
        .register(|sts: &mut Sts, denial: Dynamic| decode(sts, denial));
}

fn decode(sts: &Sts, denial: Dynamic) -> Fallible<Dynamic> {
    let caught = denial
        .read_lock::<Map>()
        .and_then(|error| error.get("message").cloned());
    let message = text(caught.unwrap_or(denial), "a denial")?;
    let encoded = encoded_message(&message).unwrap_or(&message);
    let input = json!({ "EncodedMessage": encoded });
    let answer = sts
        .client()
        .call(Service::Sts, "DecodeAuthorizationMessage", input)?;
    parsed(&at(&answer, "/DecodedMessage"))
}
