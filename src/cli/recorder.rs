//! What the cells of a notebook show, kept as the notebook keeps it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Value, json};

use super::executor::set;
use super::terminal::Terminal;
use crate::script::{Bar, Output, Rendered, Stream};

/// Keeps what cells show, as a notebook does; shows it in the terminal too, where the
/// notebook is not written.
pub(super) struct Recorder {
    outputs: RefCell<Vec<Vec<Value>>>,
    places: RefCell<HashMap<String, Vec<(usize, usize)>>>,
    is_to_clear: RefCell<bool>,
    echo: bool,
}

impl Recorder {
    /// Without `echo` the terminal gets only bars and questions.
    pub(super) fn new(echo: bool) -> Rc<Self> {
        Rc::new(Self {
            outputs: RefCell::default(),
            places: RefCell::default(),
            is_to_clear: RefCell::default(),
            echo,
        })
    }

    /// The next cell begins.
    pub(super) fn begin(&self) {
        self.outputs.borrow_mut().push(Vec::new());
        self.is_to_clear.replace(false);
    }

    /// Adds an output to the running cell; gives its place.
    pub(super) fn add(&self, output: Value) -> Option<(usize, usize)> {
        if self.is_to_clear.replace(false) {
            self.clear_now();
        }
        let mut outputs = self.outputs.borrow_mut();
        let cell = outputs.len().checked_sub(1)?;
        let own = outputs.last_mut()?;
        own.push(output);
        Some((cell, own.len() - 1))
    }

    /// The outputs of each cell that began.
    pub(super) fn take(&self) -> Vec<Vec<Value>> {
        self.outputs.take()
    }

    fn clear_now(&self) {
        let mut outputs = self.outputs.borrow_mut();
        let cell = outputs.len().saturating_sub(1);
        if let Some(own) = outputs.last_mut() {
            own.clear();
        }
        let mut places = self.places.borrow_mut();
        places
            .values_mut()
            .for_each(|known| known.retain(|(of, _)| *of != cell));
    }

    /// The value of cell `count`.
    pub(super) fn result(&self, value: Rendered, count: usize) {
        if self.echo {
            Terminal.display(value.clone());
        }
        self.add(json!({
            "output_type": "execute_result", "execution_count": count,
            "data": value.into_bundle(), "metadata": {},
        }));
    }

    fn shown(&self, value: Rendered) -> Option<(usize, usize)> {
        let data = value.into_bundle();
        self.add(json!({ "output_type": "display_data", "data": data, "metadata": {} }))
    }

    fn replace(&self, name: &str, value: Rendered) {
        let data = value.into_bundle();
        let mut outputs = self.outputs.borrow_mut();
        for (cell, at) in self.places.borrow().get(name).into_iter().flatten() {
            if let Some(output) = outputs.get_mut(*cell).and_then(|own| own.get_mut(*at)) {
                set(output, "data", data.clone());
            }
        }
    }

    fn keep(&self, value: Rendered, name: &str, update: bool) {
        if update {
            return self.replace(name, value);
        }
        if let Some(place) = self.shown(value) {
            let mut places = self.places.borrow_mut();
            places.entry(name.to_owned()).or_default().push(place);
        }
    }
}

impl Output for Recorder {
    fn stream(&self, stream: Stream, text: &str) {
        if self.echo {
            Terminal.stream(stream, text);
        }
        let name = match stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        };
        if !*self.is_to_clear.borrow() {
            let mut outputs = self.outputs.borrow_mut();
            let last = outputs.last_mut().and_then(|own| own.last_mut());
            if let Some(last) = last.filter(|last| last.get("name").is_some_and(|n| n == name))
                && let Some(Value::String(before)) = last.get_mut("text")
            {
                before.push_str(text);
                return;
            }
        }
        self.add(json!({ "output_type": "stream", "name": name, "text": text }));
    }

    fn display(&self, rendered: Rendered) {
        if self.echo {
            Terminal.display(rendered.clone());
        }
        self.shown(rendered);
    }

    fn display_as(&self, rendered: Rendered, name: &str, update: bool) {
        if self.echo {
            Terminal.display(rendered.clone());
        }
        self.keep(rendered, name, update);
    }

    fn progress(&self, bar: &Bar) {
        Terminal.progress(bar);
        self.keep(bar.rendered(), &bar.id, bar.is_begun);
    }

    fn page(&self, rendered: Rendered) {
        // A pager is for people: no notebook keeps what it shows.
        if self.echo {
            Terminal.display(rendered);
        }
    }

    fn clear(&self, wait: bool) {
        match wait {
            true => drop(self.is_to_clear.replace(true)),
            false => self.clear_now(),
        }
    }

    fn input(&self, prompt: &str, password: bool) -> Result<String, String> {
        Terminal.input(prompt, password)
    }
}
