//! Problems as a compiler shows them: what, where with the line and a caret, and what to do.
//!
//! [`Problem`]s come from the reader and from the planners; the text goes to a person.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::layers::Layer;
use crate::{Place, Problem, secret};

/// What is wrong with a spec: at least one problem, and the texts to show them in, without their secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Problems {
    problems: Vec<Problem>,
    layers: Vec<Layer>,
}

impl Problems {
    /// `None` when there is no problem. Sorts them: lower layers first, then by line.
    #[must_use]
    pub fn new(mut problems: Vec<Problem>, layers: Vec<Layer>) -> Option<Problems> {
        let rank = |problem: &Problem| match &problem.place {
            Place::Default => None,
            Place::File { file, .. } => Some(layers.iter().position(|layer| layer.file == *file).unwrap_or(layers.len())),
        };
        problems.sort_by_key(|problem| (rank(problem), problem.place.clone()));
        problems.dedup();
        (!problems.is_empty()).then(|| Problems { problems, layers: masked(layers) })
    }

    pub(crate) fn of(problem: Problem, layers: Vec<Layer>) -> Problems {
        Problems { problems: vec![problem], layers: masked(layers) }
    }

    /// The problems, lower layers first, then by line.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.problems
    }

    /// All of them as text that ends in a newline; the same problems give the same text.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let texts: Vec<String> = self.problems.iter().map(|problem| format!("{}\n", renderer.render(&[self.group(problem)]))).collect();
        texts.join("\n")
    }

    /// The first of them in a line, and how many more there are.
    #[must_use]
    pub fn in_a_line(&self) -> String {
        let Some(first) = self.problems.first() else { return String::new() };
        let place = match &first.place {
            Place::Default => String::new(),
            Place::File { .. } => format!("{}: ", first.place),
        };
        let key = if first.key.is_empty() { String::new() } else { format!("{}: ", first.key) };
        let message = first.message.lines().next().unwrap_or_default();
        let more = match self.problems.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        format!("{place}{key}{message}{more}")
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let title = if problem.key.is_empty() { problem.message.clone() } else { format!("{}: {}", problem.key, problem.message) };
        let group = Level::ERROR.primary_title(title).elements(None::<Snippet<'_, annotate_snippets::Annotation<'_>>>);
        let group = match &problem.place {
            Place::Default => group,
            Place::File { file, line, column } => match self.line(file, *line) {
                Some(text) => group.element(snippet(file, *line, *column, text)),
                None => group.element(Origin::path(file.as_str()).line(*line as usize).char_column(*column as usize)),
            },
        };
        match &problem.hint {
            Some(hint) => group.element(Level::HELP.message(hint.as_str())),
            None => group,
        }
    }

    fn line(&self, file: &str, line: u32) -> Option<&str> {
        let layer = self.layers.iter().find(|layer| layer.file == file)?;
        let text = layer.text.split('\n').nth(line.checked_sub(1)? as usize)?;
        Some(text.strip_suffix('\r').unwrap_or(text))
    }
}

fn masked(layers: Vec<Layer>) -> Vec<Layer> {
    layers.into_iter().map(|layer| Layer { text: secret::masked(&layer.text), ..layer }).collect()
}

fn snippet<'a>(file: &'a str, line: u32, column: u32, text: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let skipped = column.saturating_sub(1) as usize;
    let start = text.char_indices().nth(skipped).map_or(text.len(), |(start, _)| start);
    let end = start + token_length(text.get(start..).unwrap_or_default());
    Snippet::source(text).path(file).line_start(line as usize).annotation(AnnotationKind::Primary.span(start..end))
}

/// The bytes of the key or value at the start of the text.
fn token_length(text: &str) -> usize {
    match text.chars().next() {
        None => 0,
        Some(quote @ ('"' | '\'')) => quoted_length(text, quote),
        Some(first) => {
            let number = first.is_ascii_digit() || first == '-' || first == '+';
            let ends = |c: char| c.is_whitespace() || "=,[]{}#\"'".contains(c) || (c == '.' && !number);
            let rest = text.get(first.len_utf8()..).unwrap_or_default();
            let more = if ends(first) { 0 } else { rest.find(ends).unwrap_or(rest.len()) };
            first.len_utf8() + more
        }
    }
}

fn quoted_length(text: &str, quote: char) -> usize {
    if text.starts_with(&quote.to_string().repeat(3)) {
        return text.trim_end().len();
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// As [`Problems::render`] without colour.
impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.render(false))
    }
}

/// Without the texts of the layers.
impl fmt::Debug for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(&self.problems).finish()
    }
}

impl std::error::Error for Problems {}
