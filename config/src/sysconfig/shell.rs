//! The plain subset of shell that configuration files are written in: assignments, quotes, comments, continued lines, `export`.
//!
//! A file's text goes in, its assignments come out, each with its place, or the line of the first thing that only a shell understands.
//! A property test holds this against bash.

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Its value, without quotes.
    pub value: String,
    /// The line of the value, counted from 1.
    pub line: u32,
    /// Its column, counted from 1, in characters.
    pub column: u32,
}

impl From<Assignment> for (String, String) {
    fn from(assignment: Assignment) -> (String, String) {
        (assignment.name, assignment.value)
    }
}

/// Something that takes a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPlain {
    /// Counted from 1.
    pub line: u32,
    /// What it is, as a clause.
    pub why: &'static str,
}

/// Names that bash does not let anybody assign.
const HELD: [&str; 8] = ["BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID", "FUNCNAME", "GROUPS"];

/// The assignments in their order.
///
/// # Errors
/// [`NotPlain`] when the text has anything beyond the subset.
pub fn parse(text: &str) -> Result<Vec<Assignment>, NotPlain> {
    let mut reader = Reader { rest: text.chars().peekable(), line: 1, column: 1 };
    let mut assignments = Vec::new();
    while reader.skip_to_word() {
        reader.statement(&mut assignments)?;
    }
    Ok(assignments)
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    column: u32,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        (self.line, self.column) = match next {
            Some('\n') => (self.line.saturating_add(1), 1),
            Some(_) => (self.line, self.column.saturating_add(1)),
            None => (self.line, self.column),
        };
        next
    }

    fn fail<T>(&self, why: &'static str) -> Result<T, NotPlain> {
        Err(NotPlain { line: self.line, why })
    }

    /// Blanks, empty lines and comments go; false at the end.
    fn skip_to_word(&mut self) -> bool {
        while let Some(&next) = self.rest.peek() {
            match next {
                ' ' | '\t' | '\n' => drop(self.next()),
                '#' => self.skip_line(),
                _ => return true,
            }
        }
        false
    }

    fn skip_line(&mut self) {
        while self.rest.peek().is_some_and(|&next| next != '\n') {
            self.next();
        }
    }

    /// One line: assignments, and nothing after them.
    fn statement(&mut self, into: &mut Vec<Assignment>) -> Result<(), NotPlain> {
        let mut name = self.name();
        let exported = name == "export" && matches!(self.rest.peek(), Some(' ' | '\t'));
        if exported {
            self.skip_blanks();
            name = self.name();
        }
        loop {
            into.push(self.assignment(&name, exported)?);
            self.skip_blanks();
            match self.rest.peek() {
                None | Some('\n') => return Ok(()),
                Some('#') => {
                    self.skip_line();
                    return Ok(());
                }
                Some(_) => name = self.name(),
            }
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.rest.peek() {
                Some(' ' | '\t') => drop(self.next()),
                // A continued line.
                Some('\\') => {
                    let mut ahead = self.rest.clone();
                    ahead.next();
                    if ahead.peek() != Some(&'\n') {
                        return;
                    }
                    self.next();
                    self.next();
                }
                Some(_) | None => return,
            }
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(&next) = self.rest.peek() {
            let first = name.is_empty();
            if !(next == '_' || next.is_ascii_alphabetic() || (!first && next.is_ascii_digit())) {
                break;
            }
            name.push(next);
            self.next();
        }
        name
    }

    fn assignment(&mut self, name: &str, exported: bool) -> Result<Assignment, NotPlain> {
        if name.is_empty() || self.rest.peek() != Some(&'=') {
            return self.fail("it is no assignment");
        }
        if HELD.contains(&name) {
            return self.fail("bash keeps that variable to itself");
        }
        self.next();
        let (line, column) = (self.line, self.column);
        Ok(Assignment { name: name.to_owned(), value: self.value(exported)?, line, column })
    }

    fn value(&mut self, exported: bool) -> Result<String, NotPlain> {
        let mut value = String::new();
        let mut first = true;
        while let Some(&next) = self.rest.peek() {
            match next {
                ' ' | '\t' | '\n' => break,
                '\'' => self.single_quoted(&mut value)?,
                '"' => self.double_quoted(&mut value)?,
                '\\' => self.escaped(&mut value)?,
                '$' | '`' => return self.fail("it has an expansion"),
                ';' | '&' | '|' | '<' | '>' | '(' | ')' => return self.fail("it runs a command"),
                '~' if first || value.ends_with([':', '=']) || exported => return self.fail("it has an expansion"),
                '{' | '*' | '?' | '[' if exported => return self.fail("it has an expansion"),
                '\0' => return self.fail("it has a NUL"),
                plain => {
                    value.push(plain);
                    self.next();
                }
            }
            first = false;
        }
        Ok(value)
    }

    fn single_quoted(&mut self, value: &mut String) -> Result<(), NotPlain> {
        let (opened, _) = (self.line, self.next());
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some('\0') => return self.fail("it has a NUL"),
                Some(inner) => value.push(inner),
                None => return Err(NotPlain { line: opened, why: "the quote is not closed" }),
            }
        }
    }

    fn double_quoted(&mut self, value: &mut String) -> Result<(), NotPlain> {
        let (opened, _) = (self.line, self.next());
        loop {
            match self.next() {
                Some('"') => return Ok(()),
                Some('$' | '`') => return self.fail("it has an expansion"),
                Some('\0') => return self.fail("it has a NUL"),
                Some('\\') => match self.next() {
                    Some('\n') => {}
                    Some(inner @ ('$' | '`' | '"' | '\\')) => value.push(inner),
                    Some('\0') | None => return self.fail("it ends in a backslash"),
                    Some(inner) => value.extend(['\\', inner]),
                },
                Some(inner) => value.push(inner),
                None => return Err(NotPlain { line: opened, why: "the quote is not closed" }),
            }
        }
    }

    fn escaped(&mut self, value: &mut String) -> Result<(), NotPlain> {
        self.next();
        match self.next() {
            Some('\n') => Ok(()),
            Some('\0') | None => self.fail("it ends in a backslash"),
            Some(inner) => {
                value.push(inner);
                Ok(())
            }
        }
    }
}
