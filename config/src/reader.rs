//! What the sections read: values with their places, and the list that their problems go to.
//!
//! Comes from the merged tree by way of serde; [`Findings`] goes to [`crate::Problems`].

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::{Place, Placed, Problem};

/// A key that some layer writes.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Written<T> {
    /// The full key, as `storage.pool.size`.
    pub(crate) key: String,
    /// Who writes it.
    pub(crate) place: Place,
    /// `None`: it is faulty, which is reported already.
    pub(crate) value: Option<T>,
}

/// In the schema the place does not show.
impl<T: JsonSchema> JsonSchema for Written<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A number that may have a fraction, in the digits that are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Number {
    Whole(i64),
    Fraction(String),
}

impl std::fmt::Display for Number {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Whole(number) => number.fmt(out),
            Number::Fraction(digits) => out.write_str(digits),
        }
    }
}

impl JsonSchema for Number {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

/// Text that nobody shall see: the schema calls it write-only, no message quotes it, and [`crate::secret`] masks it.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret")
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "writeOnly": true })
    }
}

/// What is wrong with a value, before it is known where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Fault {
        Fault { message: message.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Fault {
        Fault { hint: Some(hint.into()), ..self }
    }
}

/// The user's text for a message: quoted, control characters escaped, not too long.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return format!("{text:?}");
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start:?}...")
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// In the order found.
    pub(crate) problems: Vec<Problem>,
    /// A layer could not be read, so that what seems to be missing may be there.
    pub(crate) partial: bool,
}

impl Findings {
    pub(crate) fn report(&mut self, place: &Place, key: &str, fault: Fault) {
        self.problems.push(Problem { place: place.clone(), key: key.to_owned(), message: fault.message, hint: fault.hint });
    }

    /// For faults that lie in what is *not* written, or between keys: not reported while a layer could not be read.
    pub(crate) fn report_of_whole(&mut self, place: &Place, key: &str, fault: Fault) {
        if !self.partial {
            self.report(place, key, fault);
        }
    }

    /// Checks a key that need not be there: `Some(None)` when it is not, `None` when it is faulty.
    pub(crate) fn optional<T, U>(
        &mut self,
        written: Option<Written<T>>,
        check: impl FnOnce(T) -> Result<U, Fault>,
    ) -> Option<Option<Placed<U>>> {
        match written {
            None => Some(None),
            Some(written) => self.check(written, check).map(Some),
        }
    }

    /// Checks a key that has a default.
    pub(crate) fn or_default<T, U>(
        &mut self,
        written: Option<Written<T>>,
        default: U,
        check: impl FnOnce(T) -> Result<U, Fault>,
    ) -> Option<Placed<U>> {
        match written {
            None => Some(Placed { value: default, place: Place::Default }),
            Some(written) => self.check(written, check),
        }
    }

    /// Checks a key that must be there; `table` is where it is missing.
    pub(crate) fn required<T, U>(
        &mut self,
        written: Option<Written<T>>,
        (table, key): (&Place, &str),
        example: &str,
        check: impl FnOnce(T) -> Result<U, Fault>,
    ) -> Option<Placed<U>> {
        match written {
            Some(written) => self.check(written, check),
            None => {
                let name = key.rsplit('.').next().unwrap_or(key);
                self.report_of_whole(table, key, Fault::new("it is missing").hint(format!("add {name} = {example}")));
                None
            }
        }
    }

    /// Checks every item of a list that need not be there; `None` when one is faulty.
    pub(crate) fn list<T, U>(
        &mut self,
        written: Option<Written<Vec<Written<T>>>>,
        check: impl Fn(T) -> Result<U, Fault>,
    ) -> Option<Vec<Placed<U>>> {
        let Some(list) = written else { return Some(Vec::new()) };
        // All are checked before one ends it.
        let checked: Vec<Option<Placed<U>>> = list.value?.into_iter().map(|item| self.check(item, &check)).collect();
        checked.into_iter().collect()
    }

    /// Checks a key that is written; `None` when it is faulty.
    pub(crate) fn check<T, U>(&mut self, written: Written<T>, check: impl FnOnce(T) -> Result<U, Fault>) -> Option<Placed<U>> {
        match check(written.value?) {
            Ok(value) => Some(Placed { value, place: written.place }),
            Err(fault) => {
                self.report(&written.place, &written.key, fault);
                None
            }
        }
    }
}
