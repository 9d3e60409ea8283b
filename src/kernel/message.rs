//! Messages as they come in and as they go out.
//!
//! Contents are plain JSON on both ways. The structs of `jupyter-protocol`
//! refuse requests that leave out optional members and write absent members
//! as `null`, which clients refuse in turn.

use std::sync::Arc;

use bytes::Bytes;
use jupyter_protocol::{Header, JupyterMessage, JupyterMessageContent, UnknownMessage};
use jupyter_zmq_client::{Connection, RawMessage};
use serde_json::{Map, Value, json};
use zeromq::SocketRecv;

use super::moment::Moment;

/// The version of the protocol that this kernel speaks.
pub(super) const PROTOCOL_VERSION: &str = "5.4";

/// One message from a client.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// The way back to the client.
    pub(super) identities: Vec<Bytes>,
    /// Names the message; what the kernel sends because of it has it as its parent.
    pub(super) header: Arc<Header>,
    /// What it says.
    pub(super) content: Value,
    /// When it arrived.
    pub(super) received: Moment,
}

impl Request {
    /// Its type, as `execute_request`.
    pub(super) fn kind(&self) -> &str {
        &self.header.msg_type
    }

    /// When the client made it, by the client's clock, if it says so.
    pub(super) fn sent(&self) -> Option<Moment> {
        let micros = self.header.date.timestamp_micros();
        (micros > 0).then(|| Moment::from_micros(micros))
    }

    /// Reads the frames behind the signature; `None` if they are not a message.
    fn decode(raw: RawMessage, received: Moment) -> Option<Self> {
        let [header, _parent, _metadata, content, ..] = raw.jparts.as_slice() else {
            return None;
        };
        let header = lenient_header(serde_json::from_slice(header).ok()?)?;
        let content = serde_json::from_slice(content).ok()?;
        Some(Self {
            identities: raw.zmq_identities,
            header: Arc::new(header),
            content,
            received,
        })
    }
}

/// Waits for the next well-formed, rightly signed message.
///
/// Others are dropped, as the protocol asks. `None` when the socket is closed.
pub(super) async fn receive<S: SocketRecv>(connection: &mut Connection<S>) -> Option<Request> {
    loop {
        let frames = connection.socket.recv().await.ok()?;
        let request = RawMessage::from_multipart(frames, &connection.mac)
            .ok()
            .and_then(|raw| Request::decode(raw, Moment::now()));
        if request.is_some() {
            return request;
        }
    }
}

/// A header whose members may be missing, all but the type.
fn lenient_header(mut given: Map<String, Value>) -> Option<Header> {
    if !given.get("msg_type").is_some_and(Value::is_string) {
        return None;
    }
    for member in ["msg_id", "username", "session", "version"] {
        if !given.get(member).is_some_and(Value::is_string) {
            given.insert(member.into(), Value::String(String::new()));
        }
    }
    serde_json::from_value(Value::Object(given)).ok()
}

/// A message of type `kind`, caused by `parent`.
pub(super) fn compose(kind: &str, content: Value, parent: &Header) -> JupyterMessage {
    let body = UnknownMessage {
        msg_type: kind.to_owned(),
        content,
    };
    let mut message = JupyterMessage::new(JupyterMessageContent::UnknownMessage(body), None);
    message.header.username = "kernel".to_owned();
    message.header.version = PROTOCOL_VERSION.to_owned();
    message.parent_header = Some(parent.clone());
    message
}

/// The content of a reply that says what went wrong with a request.
pub(super) fn error_content(name: &str, value: &str) -> Value {
    json!({"status": "error", "ename": name, "evalue": value, "traceback": []})
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn raw(header: &str, content: &str) -> RawMessage {
        let frame = |text: &str| Bytes::from(text.to_owned());
        RawMessage {
            zmq_identities: vec![frame("client")],
            jparts: vec![frame(header), frame("{}"), frame("{}"), frame(content)],
        }
    }

    fn decode(header: &str, content: &str) -> Option<Request> {
        Request::decode(raw(header, content), Moment::from_micros(7))
    }

    #[test]
    fn a_header_needs_only_its_type() {
        let request = decode(r#"{"msg_type": "history_request"}"#, r#"{"pattern": "*"}"#).unwrap();
        assert_eq!(request.kind(), "history_request");
        assert_eq!(request.content, json!({"pattern": "*"}));
        assert!(request.sent().is_none());
    }

    #[test]
    fn the_date_of_the_client_is_read() {
        let header = r#"{"msg_type": "x", "date": "1970-01-01T00:00:02.5Z"}"#;
        assert_eq!(
            decode(header, "{}").unwrap().sent(),
            Some(Moment::from_micros(2_500_000))
        );
    }

    #[test]
    fn what_is_not_a_message_is_dropped() {
        assert!(decode("{}", "{}").is_none());
        assert!(decode(r#"{"msg_type": 3}"#, "{}").is_none());
        assert!(decode(r#"["msg_type"]"#, "{}").is_none());
        assert!(decode(r#"{"msg_type": "x"}"#, "{").is_none());
        let short = RawMessage {
            zmq_identities: Vec::new(),
            jparts: vec![Bytes::new()],
        };
        assert!(Request::decode(short, Moment::from_micros(0)).is_none());
    }

    proptest! {
        #[test]
        fn no_frames_are_too_strange_to_be_read_or_dropped(
            header in r#"\{?("(msg_type|msg_id|date)": ?("[a-zA-Z0-9:.\-]{0,24}"|[0-9]{0,20}|\[\]),?){0,3}\}?"#,
            frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..32), 0..6),
        ) {
            let mut jparts: Vec<Bytes> = frames.into_iter().map(Bytes::from).collect();
            if let Some(first) = jparts.first_mut() {
                *first = Bytes::from(header);
            }
            let raw = RawMessage { zmq_identities: Vec::new(), jparts };
            if let Some(request) = Request::decode(raw, Moment::from_micros(0)) {
                prop_assert!(request.sent().is_none_or(|sent| sent > Moment::from_micros(0)));
            }
        }
    }

    #[test]
    fn a_composed_message_names_its_parent() {
        let request = decode(r#"{"msg_type": "execute_request", "msg_id": "m1"}"#, "{}").unwrap();
        let message = compose(
            "status",
            json!({"execution_state": "busy"}),
            &request.header,
        );
        assert_eq!(message.header.msg_type, "status");
        assert_eq!(message.parent_header.unwrap().msg_id, "m1");
    }
}
