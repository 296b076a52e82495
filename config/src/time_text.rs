//! Times as people write them: `30s`, `2m`, `1h`.
//!
//! Text of the spec goes in, a [`Duration`] comes out, or what is wrong with the text.

use std::time::Duration;

use crate::reader::{Fault, quoted};

/// Between two numbers of seconds, both included; `range` says so to a person, as "1s to 1h".
pub(crate) fn between(text: &str, (least, most): (u64, u64), range: &str) -> Result<Duration, Fault> {
    const HINT: &str = "write it as \"30s\", \"2m\" or \"1h\"";
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "" if !number.is_empty() => {
            return Err(Fault::new(format!("{} has no unit", quoted(text))).hint(format!("write \"{number}s\" for seconds")));
        }
        _ => return Err(Fault::new(format!("{} is not a time", quoted(text))).hint(HINT)),
    };
    let Ok(number) = number.parse::<u64>() else {
        return Err(Fault::new(format!("{} is not a time", quoted(text))).hint(HINT));
    };
    let seconds = number.saturating_mul(unit);
    if (least..=most).contains(&seconds) {
        return Ok(Duration::from_secs(seconds));
    }
    Err(Fault::new(format!("{} is not from {range}", quoted(text))).hint(HINT))
}
