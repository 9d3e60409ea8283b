//! Whether a statement applies, its principal aside.

use serde_json::Value;

use super::condition::Scene;
use super::context::Context;
use super::glob::{expand, fits, fits_text, pattern};
use super::{Fault, strings};

/// A question as a statement sees it.
pub struct Asked<'a> {
    pub action: &'a str,
    pub resource: &'a str,
    pub context: &'a Context,
    pub fault: Fault,
}

/// What a statement without `Resource` means in a kind of policy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NoResource {
    /// Trust policies: the role itself.
    Applies,
    /// Elsewhere: nothing.
    Void,
}

/// The statements of a document, one or many.
pub fn statements(document: &Value) -> Vec<&Value> {
    match &document["Statement"] {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

impl Asked<'_> {
    /// Whether action, resource and condition of `statement` fit.
    pub fn meets(&self, document: &Value, statement: &Value, without: NoResource) -> bool {
        let variables =
            document["Version"] == "2012-10-17" || self.fault == Fault::VariablesInOldVersion;
        let scene = Scene {
            context: self.context,
            variables,
            fault: self.fault,
        };
        self.action_meets(statement)
            && self.resource_meets(statement, variables, without)
            && scene.holds(&statement["Condition"])
    }

    fn action_meets(&self, statement: &Value) -> bool {
        let listed = |element: &Value| strings(element).iter().any(|p| self.action_fits(p));
        match statement.get("Action") {
            Some(actions) => listed(actions),
            None => (self.fault == Fault::NotActionAsAction) == listed(&statement["NotAction"]),
        }
    }

    fn action_fits(&self, wanted: &str) -> bool {
        if wanted == "*" {
            return true;
        }
        let fold = |text: &str| {
            if self.fault == Fault::ActionsCaseSensitive {
                text.to_owned()
            } else {
                text.to_lowercase()
            }
        };
        let (wanted, given) = (fold(wanted), fold(self.action));
        match (wanted.split_once(':'), given.split_once(':')) {
            (Some((service, name)), Some((own_service, own_name))) => {
                service == own_service && fits_text(name, own_name)
            }
            _ => false,
        }
    }

    fn resource_meets(&self, statement: &Value, variables: bool, without: NoResource) -> bool {
        let listed = |element: &Value| {
            strings(element)
                .iter()
                .any(|wanted| self.resource_fits(wanted, variables))
        };
        match (statement.get("Resource"), statement.get("NotResource")) {
            (Some(element), _) => listed(element),
            (None, Some(element)) => {
                (self.fault == Fault::NotResourceAsResource) == listed(element)
            }
            (None, None) => without == NoResource::Applies,
        }
    }

    fn resource_fits(&self, wanted: &str, variables: bool) -> bool {
        if wanted == "*" {
            return true;
        }
        let parts: Vec<&str> = wanted.splitn(6, ':').collect();
        let own: Vec<&str> = self.resource.splitn(6, ':').collect();
        if parts.len() < 6 || own.len() < 6 {
            return false;
        }
        let heads = parts[..5].iter().zip(&own).enumerate();
        let heads_fit = heads.into_iter().all(|(at, (part, own))| match at {
            // "arn" and the service are never patterns.
            0 | 2 => part == own,
            _ => fits_text(part, own),
        });
        heads_fit && self.tail_fits(parts[5], own[5], variables)
    }

    fn tail_fits(&self, wanted: &str, own: &str, variables: bool) -> bool {
        let signs = if variables && self.fault != Fault::VariablesLiteral {
            expand(wanted, self.context)
        } else {
            Some(pattern(wanted))
        };
        let Some(signs) = signs else {
            return false;
        };
        let text: Vec<char> = own.chars().collect();
        match self.fault {
            Fault::WildcardStopsAtSlash => {
                own.matches('/').count() == wanted.matches('/').count() && fits(&signs, &text)
            }
            Fault::BucketCoversObjects => {
                let bucket: Vec<char> = own.chars().take_while(|c| *c != '/').collect();
                fits(&signs, &text) || fits(&signs, &bucket)
            }
            _ => fits(&signs, &text),
        }
    }
}
