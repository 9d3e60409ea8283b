//! Where a script's output goes and its input comes from.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::progress::Bar;
use crate::render::Rendered;

/// One of the two text streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// What `print` writes.
    Stdout,
    /// What `debug` writes.
    Stderr,
}

/// The front end as a script sees it: a terminal, a notebook, a test.
pub trait Output {
    /// Appends text to a stream; line ends are in the text.
    fn stream(&self, stream: Stream, text: &str);

    /// Shows a value in the richest form the front end has.
    fn display(&self, rendered: Rendered);

    /// Shows a value under a name, or with `update` in place of the one shown before
    /// under it. A front end that cannot replace shows it again.
    fn display_as(&self, rendered: Rendered, _name: &str, _update: bool) {
        self.display(rendered);
    }

    /// Shows how far some work is, in place of what was shown of it before.
    fn progress(&self, bar: &Bar) {
        self.display_as(bar.rendered(), &bar.id, bar.is_begun);
    }

    /// Shows a text to read in peace: in a pager, where there is one.
    fn page(&self, rendered: Rendered) {
        self.display(rendered);
    }

    /// Removes what the running cell has shown; `wait` delays that until the
    /// next output arrives. A terminal may do nothing.
    fn clear(&self, wait: bool);

    /// Asks for a line; a password is not echoed.
    ///
    /// # Errors
    /// A sentence that says why there is no answer.
    fn input(&self, prompt: &str, password: bool) -> Result<String, String>;
}

/// What a [`Captured`] output received.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Text on a stream.
    Stream(Stream, String),
    /// A displayed value.
    Display(Rendered),
    /// A request to clear.
    Clear(bool),
}

/// Keeps all output and answers questions from a list: for tests and grading.
#[derive(Debug, Default)]
pub struct Captured {
    events: RefCell<Vec<Event>>,
    answers: RefCell<VecDeque<String>>,
}

impl Captured {
    /// An output whose questions are answered by `answers`, in order.
    pub fn answering<S: Into<String>>(answers: impl IntoIterator<Item = S>) -> Self {
        let answers = answers.into_iter().map(Into::into).collect();
        Self {
            answers: RefCell::new(answers),
            ..Self::default()
        }
    }

    /// Everything received so far, in order.
    pub fn events(&self) -> Vec<Event> {
        self.events.borrow().clone()
    }

    /// All text of one stream, joined.
    pub fn text(&self, wanted: Stream) -> String {
        let text = |event: &Event| match event {
            Event::Stream(stream, text) if *stream == wanted => Some(text.clone()),
            _ => None,
        };
        self.events.borrow().iter().filter_map(text).collect()
    }
}

impl Output for Captured {
    fn stream(&self, stream: Stream, text: &str) {
        self.events
            .borrow_mut()
            .push(Event::Stream(stream, text.to_owned()));
    }

    fn display(&self, rendered: Rendered) {
        self.events.borrow_mut().push(Event::Display(rendered));
    }

    fn clear(&self, wait: bool) {
        self.events.borrow_mut().push(Event::Clear(wait));
    }

    fn input(&self, _prompt: &str, _password: bool) -> Result<String, String> {
        let answer = self.answers.borrow_mut().pop_front();
        answer.ok_or_else(|| "nobody is there to answer `input`".to_owned())
    }
}
