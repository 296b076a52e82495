//! Amounts of a container: memory, processors, and the time to stop. What the spec writes in, numbers out.

use std::num::NonZeroU64;
use std::time::Duration;

use crate::reader::{Fault, Number, quoted};
use crate::{MIB, size_text, time_text};

/// As docker has it, and the guide.
pub(super) const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of memory; engines refuse less than 6 MiB.
pub(super) fn memory(text: &str) -> Result<NonZeroU64, Fault> {
    let bytes = size_text::amount(text)?;
    if bytes.get() < 6 * MIB {
        return Err(
            Fault::new(format!("{} is less than the 6 MiB that a container needs at least", quoted(text))).hint("write \"6M\" or more")
        );
    }
    Ok(bytes)
}

/// Hundredths of a processor.
pub(super) fn cpus(number: &Number) -> Result<NonZeroU64, Fault> {
    const MOST: u64 = 1024;
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let plain = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if !plain(fraction) || !plain(whole.trim_start_matches(['+', '-'])) {
        return Err(Fault::new("it is not a plain number").hint("write it as 2 or 1.5"));
    }
    if fraction.len() > 2 {
        return Err(Fault::new("it is finer than a hundredth of a processor").hint("write at most two digits after the point"));
    }
    let whole = whole.parse::<u64>().ok().filter(|whole| *whole <= MOST);
    let hundredths = whole.and_then(|whole| Some(whole * 100 + format!("{fraction:0<2}").parse::<u64>().ok()?));
    let in_range = hundredths.filter(|hundredths| *hundredths <= MOST * 100).and_then(NonZeroU64::new);
    in_range.ok_or_else(|| {
        Fault::new(format!("it is not in the range 0.01 to {MOST}"))
            .hint("write how many processors it may use, as 2 or 0.5; without the key it may use all")
    })
}

/// From one second to one hour.
pub(super) fn stop_timeout(text: &str) -> Result<Duration, Fault> {
    time_text::between(text, (1, 3600), "1s to 1h")
}
