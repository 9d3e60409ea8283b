//! How native functions fail, so that scripts can catch it.

use rhai::{Dynamic, EvalAltResult, Map, Position};

/// A failure as a map: `catch (e)` sees `e.code`, `e.message` and the rest.
///
/// ```
/// use keychai::script::Thrown;
/// let error = Thrown::new("NoSuchKey", "there is no object `q9.csv`").with("status", 404_i64);
/// let _: Box<rhai::EvalAltResult> = error.into();
/// ```
#[derive(Debug, Clone)]
pub struct Thrown(Map);

impl Thrown {
    /// A failure with its code and a sentence.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        let members = [
            ("code".into(), code.into()),
            ("message".into(), message.into().into()),
        ];
        Self(members.into_iter().collect())
    }

    /// One more member, such as `status`, `decision`, `fix` or `hint`.
    #[must_use]
    pub fn with<T: Clone + 'static>(mut self, name: &str, value: T) -> Self {
        self.0.insert(name.into(), Dynamic::from(value));
        self
    }
}

impl From<Thrown> for Box<EvalAltResult> {
    fn from(thrown: Thrown) -> Self {
        // The engine fills in the position of the call.
        EvalAltResult::ErrorRuntime(Dynamic::from_map(thrown.0), Position::NONE).into()
    }
}
