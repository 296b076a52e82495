//! The hold of a rollback, in a line.

use crate::state::rollback::Hold;

/// `held: rolled back by hand from 13 (3f2a9b81c04d) on 2025-11-22; to go on: atomic host upgrade`, with its end of line; empty
/// without a hold. An error text is why it is not known.
#[must_use]
pub fn hold_text(held: &Result<Option<Hold>, String>) -> String {
    match held {
        Ok(None) => String::new(),
        Ok(Some(hold)) => format!("held: rolled back by hand from {} on {}; to go on: atomic host upgrade\n", hold.from, date(hold.time)),
        Err(why) => format!("held: unknown: {why}\n"),
    }
}

/// The day in UTC of a time in seconds since 1970, as 2025-11-22. Counted in years that begin in March: their leap day is their last.
fn date(time: u64) -> String {
    // Since March of the year 0; 146 097 days are 400 years.
    let day = time / 86400 + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, turn) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{}-{month:02}-{day:02}", era * 400 + year + turn)
}

#[cfg(test)]
mod tests;
