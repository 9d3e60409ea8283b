//! Bodies that are never whole in memory: from files, into files, from a function
//! that gives piece after piece.
//!
//! A file is read while it is sealed, and written while it is opened. A function may
//! use the lab itself, so its pieces are gathered between calls: what is short is put
//! at once, what is long becomes an upload in parts, as AWS's own clients do it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use rhai::{Blob, Dynamic, FnPtr, Map, NativeCallContext};
use serde_json::{Map as JsonMap, Value, json};

use super::arguments::bytes;
use super::body::StoredObject;
use super::bucket::Bucket;
use super::bucket_objects::Objects;
use super::client::{Client, Fallible, S3, ServiceObject};
use super::object_options::{ending, of_each_part};
use super::s3::{self, named, parts};
use crate::api::Service;
use crate::base::{Blob as Bytes, BucketName, Payload, Sink, files};
use crate::script::files::FileAccess;
use crate::script::{Interrupt, Registry, Thrown};
use crate::service::s3::{GetObject, PutObject};

/// The length of a part, in bytes: what the AWS command line takes unless told otherwise.
const PART: usize = 8 << 20;

fn refused(code: &str, why: impl Into<String>) -> Box<rhai::EvalAltResult> {
    Thrown::new(code, why).into()
}

/// A file on its way, which an interrupt stops.
struct Watched<T> {
    inner: T,
    interrupt: Interrupt,
}

impl<T> Watched<T> {
    fn check(&self) -> io::Result<()> {
        match self.interrupt.is_requested() {
            true => Err(io::Error::other("interrupted")),
            false => Ok(()),
        }
    }
}

impl<T: Read> Read for Watched<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        self.inner.read(buffer)
    }
}

impl<T: Write> Write for Watched<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Which files may be moved, and what stops it.
#[derive(Clone)]
struct Mover {
    access: FileAccess,
    interrupt: Interrupt,
}

impl Mover {
    fn upload(
        &self,
        client: &Client,
        (bucket, key): (&str, &str),
        path: &str,
        options: Map,
    ) -> Fallible<StoredObject> {
        let real = self.access.readable(path);
        let real = real.map_err(|why| refused("FileAccess", why))?;
        let unread = |error| refused("FileAccess", format!("`{path}` cannot be read: {error}"));
        // Asked before it is opened: a pipe would wait for its other end.
        if !std::fs::metadata(&real).map_err(unread)?.is_file() {
            return Err(refused("FileAccess", format!("`{path}` is not a file")));
        }
        let inner = File::open(&real).map_err(unread)?;
        let mut input = s3::writing("upload_file", bucket, key, options)?;
        input.insert("Body".to_owned(), "".into());
        let input = Value::Object(input);
        let mut request: PutObject = typed(&input)?;
        request.body = Payload::stream(Watched {
            inner,
            interrupt: self.interrupt.clone(),
        });
        let answer = client.call_typed(request, input);
        self.interrupt.check()?;
        let head = serde_json::to_value(answer?)
            .map_err(|error| refused("InternalFailure", error.to_string()))?;
        Ok(StoredObject {
            name: format!("{bucket}/{key}"),
            head,
        })
    }

    /// Whoever looks meanwhile finds the old file or none; only its owner may read it.
    fn download(&self, client: &Client, bucket: &str, key: &str, path: &str) -> Fallible<()> {
        let real = self.access.writable(path);
        let real = real.map_err(|why| refused("FileAccess", why))?;
        let unwritten = |error: io::Error| {
            refused("FileAccess", format!("`{path}` cannot be written: {error}"))
        };
        let folder = real.parent().unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        let fresh = builder.prefix(".keychai-").tempfile_in(folder);
        let fresh = fresh.map_err(unwritten)?;
        let input = Value::Object(named(bucket, key));
        let mut request: GetObject = typed(&input)?;
        request.sink = Some(Sink::new(Watched {
            inner: fresh.reopen().map_err(unwritten)?,
            interrupt: self.interrupt.clone(),
        }));
        let answer = client.call_typed(request, input);
        self.interrupt.check()?;
        answer?;
        fresh.as_file().sync_all().map_err(unwritten)?;
        let kept = fresh.persist(&real).map_err(|error| unwritten(error.error));
        kept?;
        files::sync_folder(folder).map_err(unwritten)
    }
}

fn typed<O: serde::de::DeserializeOwned>(input: &Value) -> Fallible<O> {
    serde_json::from_value(input.clone()).map_err(|error| refused("WrongValue", error.to_string()))
}

/// Puts a text, a blob, or what a function gives.
pub(super) fn put_any(
    context: &NativeCallContext<'_>,
    client: &Client,
    (bucket, key): (&str, &str),
    body: &Dynamic,
    options: Map,
) -> Fallible<StoredObject> {
    let Some(next) = body.read_lock::<FnPtr>().map(|next| next.clone()) else {
        return s3::put(client, bucket, key, body, options);
    };
    let mut pieces = Pieces {
        context,
        next,
        is_done: false,
        gathered: Vec::new(),
    };
    let first = pieces.part()?;
    if pieces.is_done {
        return s3::put(client, bucket, key, &Dynamic::from_blob(first), options);
    }
    let input = s3::writing("put_object", bucket, key, options)?;
    Upload::begin(client, input)?.run(first, &mut pieces)
}

/// What a function gives, in parts of one length.
struct Pieces<'a> {
    context: &'a NativeCallContext<'a>,
    next: FnPtr,
    is_done: bool,
    gathered: Vec<u8>,
}

impl Pieces<'_> {
    /// The next part. It is full unless the function has nothing more to give.
    fn part(&mut self) -> Fallible<Vec<u8>> {
        while self.gathered.len() < PART && !self.is_done {
            let piece: Dynamic = self.next.call_within_context(self.context, ())?;
            match piece.is_unit() {
                true => self.is_done = true,
                false => self.gathered.extend(bytes(&piece, "a piece of a body")?),
            }
        }
        let rest = self.gathered.split_off(PART.min(self.gathered.len()));
        Ok(std::mem::replace(&mut self.gathered, rest))
    }
}

/// An upload in parts.
struct Upload<'a> {
    client: &'a Client,
    name: String,
    of_each: JsonMap<String, Value>,
    ending: JsonMap<String, Value>,
}

impl<'a> Upload<'a> {
    fn begin(client: &'a Client, mut input: JsonMap<String, Value>) -> Fallible<Self> {
        let ending = ending(&mut input);
        let mut of_each = of_each_part(&input);
        let part = |name| {
            of_each
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let name = format!("{}/{}", part("Bucket"), part("Key"));
        let begun = client.call(Service::S3, "CreateMultipartUpload", input.into())?;
        let id = begun.get("UploadId").cloned().unwrap_or_default();
        of_each.insert("UploadId".to_owned(), id);
        Ok(Self {
            client,
            name,
            of_each,
            ending,
        })
    }

    /// Uploads every part and completes, or leaves nothing.
    fn run(self, first: Vec<u8>, pieces: &mut Pieces<'_>) -> Fallible<StoredObject> {
        let done = self
            .parts(first, pieces)
            .and_then(|parts| self.complete(parts));
        if done.is_err() {
            // The failure is what matters; parts that cannot be removed only take room.
            let place = self.place();
            let _ = self
                .client
                .call(Service::S3, "AbortMultipartUpload", place.into());
        }
        done
    }

    fn parts(&self, first: Vec<u8>, pieces: &mut Pieces<'_>) -> Fallible<Vec<Value>> {
        let mut done = vec![self.part(1, first)?];
        while !pieces.is_done {
            let part = pieces.part()?;
            if part.is_empty() {
                break;
            }
            done.push(self.part(done.len() + 1, part)?);
        }
        Ok(done)
    }

    fn part(&self, number: usize, part: Vec<u8>) -> Fallible<Value> {
        let mut input = self.of_each.clone();
        input.insert("PartNumber".to_owned(), number.into());
        input.insert("Body".to_owned(), Bytes::from(part).to_base64().into());
        let stored = self.client.call(Service::S3, "UploadPart", input.into())?;
        let is_wanted =
            |(name, _): &(&String, &Value)| *name == "ETag" || name.starts_with("Checksum");
        let told = stored.as_object().into_iter().flatten().filter(is_wanted);
        let mut told: JsonMap<_, _> = told.map(|(n, v)| (n.clone(), v.clone())).collect();
        told.insert("PartNumber".to_owned(), number.into());
        Ok(told.into())
    }

    fn complete(&self, parts: Vec<Value>) -> Fallible<StoredObject> {
        let mut input = self.of_each.clone();
        input.remove("ChecksumAlgorithm");
        input.extend(self.ending.clone());
        input.insert("MultipartUpload".to_owned(), json!({ "Parts": parts }));
        let head = self
            .client
            .call(Service::S3, "CompleteMultipartUpload", input.into())?;
        let name = self.name.clone();
        Ok(StoredObject { name, head })
    }

    fn place(&self) -> JsonMap<String, Value> {
        let kept = ["Bucket", "Key", "UploadId"];
        let copied = |name: &str| Some((name.to_owned(), self.of_each.get(name)?.clone()));
        kept.into_iter().filter_map(copied).collect()
    }
}

/// The stored bytes of an object: the message, or those of its parts one after the other.
fn message(client: &Client, bucket: &str, key: &str) -> Fallible<Blob> {
    let found = client.lab.read(|lab| {
        let name = BucketName::parse(bucket).ok()?;
        lab.cloud().buckets.get(&name)?.objects.get(key).cloned()
    });
    let Some(object) = found else {
        let text = format!("nothing is stored under `{bucket}/{key}`");
        return Err(Thrown::new("NoSuchKey", text)
            .with("status", 404_i64)
            .into());
    };
    let bodies: Vec<_> = match object.parts.is_empty() {
        true => vec![&object.body],
        false => object.parts.iter().map(|part| &part.message).collect(),
    };
    let mut bytes = Blob::new();
    for body in bodies {
        let stored = body.message();
        bytes.extend(stored.map_err(|error| refused("InternalFailure", error.to_string()))?);
    }
    Ok(bytes)
}

const FILES: &str = "The file has to lie in a folder that keychai was given with";
const MESSAGE: &str = "The bytes that are stored: an Encryption SDK message, ciphertext and all. Of an object that was uploaded in parts, one message after the other. No call, no plaintext.";

pub(super) fn register(registry: &mut Registry<'_>, access: &FileAccess) {
    let mover = Mover {
        access: access.clone(),
        interrupt: registry.interrupt(),
    };
    puts(registry);
    uploads(registry, &mover);
    downloads(registry, &mover);
    registry
        .method::<Objects>("message")
        .returns("blob")
        .doc(MESSAGE)
        .example("let bucket = s3.create_bucket(\"payroll-data\");\nbucket.put(\"q1.csv\", \"id,amount\");\nbucket.object(\"q1.csv\").message()")
        .register(|object: &mut Objects| message(object.client(), object.bucket(), object.key()));
    registry
        .method::<S3>("message")
        .param("name", "string")
        .returns("blob")
        .doc(MESSAGE)
        .register(|s3: &mut S3, name: &str| {
            let (bucket, key) = parts(name)?;
            message(s3.client(), &bucket, &key)
        });
}

fn puts(registry: &mut Registry<'_>) {
    registry
        .method::<Bucket>("put")
        .param("key", "string")
        .param("body", "any")
        .returns("StoredObject")
        .doc("Stores a text or blob under a key.")
        .example("let bucket = s3.create_bucket(\"payroll-data\");\nbucket.put(\"q1.csv\", \"id,amount\");")
        .register(
            |context: NativeCallContext<'_>, b: &mut Bucket, key: &str, body: Dynamic| {
                put_any(&context, &b.client, (&b.name, key), &body, Map::new())
            },
        );
    registry
        .method::<Bucket>("put")
        .param("key", "string")
        .param("body", "any")
        .param("options", "map")
        .returns("StoredObject")
        .doc("Stores with the options of `s3.put_object`.")
        .register(
            |context: NativeCallContext<'_>,
             b: &mut Bucket,
             key: &str,
             body: Dynamic,
             options: Map| {
                put_any(&context, &b.client, (&b.name, key), &body, options)
            },
        );
}

fn uploads(registry: &mut Registry<'_>, mover: &Mover) {
    let doc = format!(
        "Stores a file as an object; it is read while it is sealed, so it may be large. {FILES} `--allow-read`."
    );
    let with_options = format!("{doc} The options are those of `s3.put_object`.");
    let own = mover.clone();
    registry
        .method::<Bucket>("upload_file")
        .param("key", "string")
        .param("path", "string")
        .returns("StoredObject")
        .doc(&doc)
        .example("let bucket = s3.create_bucket(\"payroll-data\");\ntry { bucket.upload_file(\"q1.csv\", \"data/q1.csv\") } catch (e) { print(e.message) }")
        .register(move |b: &mut Bucket, key: &str, path: &str| {
            own.upload(&b.client, (&b.name, key), path, Map::new())
        });
    let own = mover.clone();
    registry
        .method::<Bucket>("upload_file")
        .param("key", "string")
        .param("path", "string")
        .param("options", "map")
        .returns("StoredObject")
        .doc(&with_options)
        .register(move |b: &mut Bucket, key: &str, path: &str, options: Map| {
            own.upload(&b.client, (&b.name, key), path, options)
        });
    let own = mover.clone();
    registry
        .method::<S3>("upload_file")
        .param("name", "string")
        .param("path", "string")
        .returns("StoredObject")
        .doc(&doc)
        .register(move |s3: &mut S3, name: &str, path: &str| {
            let (bucket, key) = parts(name)?;
            own.upload(s3.client(), (&bucket, &key), path, Map::new())
        });
    let own = mover.clone();
    registry
        .method::<S3>("upload_file")
        .param("name", "string")
        .param("path", "string")
        .param("options", "map")
        .returns("StoredObject")
        .doc(&with_options)
        .register(move |s3: &mut S3, name: &str, path: &str, options: Map| {
            let (bucket, key) = parts(name)?;
            own.upload(s3.client(), (&bucket, &key), path, options)
        });
}

fn downloads(registry: &mut Registry<'_>, mover: &Mover) {
    let doc = format!(
        "Reads an object into a file, which is whole or as it was before; the body may be large. {FILES} `--allow-write`."
    );
    let own = mover.clone();
    registry
        .method::<Objects>("download_file")
        .param("path", "string")
        .doc(&doc)
        .example("let bucket = s3.create_bucket(\"payroll-data\");\nbucket.put(\"q1.csv\", \"id,amount\");\ntry { bucket.object(\"q1.csv\").download_file(\"data/q1.csv\") } catch (e) { print(e.message) }")
        .register(move |object: &mut Objects, path: &str| {
            own.download(object.client(), object.bucket(), object.key(), path)
        });
    let own = mover.clone();
    registry
        .method::<Bucket>("download_file")
        .param("key", "string")
        .param("path", "string")
        .doc(&doc)
        .register(move |b: &mut Bucket, key: &str, path: &str| {
            own.download(&b.client, &b.name, key, path)
        });
    let own = mover.clone();
    registry
        .method::<S3>("download_file")
        .param("name", "string")
        .param("path", "string")
        .doc(&doc)
        .register(move |s3: &mut S3, name: &str, path: &str| {
            let (bucket, key) = parts(name)?;
            own.download(s3.client(), &bucket, &key, path)
        });
}
