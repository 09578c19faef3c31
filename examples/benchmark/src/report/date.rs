//! The date on the page: given, or that of the day on which the page was first what it is.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::store::Store;

/// Where the date of the last page is kept. Each machine has its own, as with the digests of files.
const MEMO: &str = "cache/seen/date.json";
/// Seconds since 1970, as builds that give the same bytes every time know it.
const GIVEN: &str = "SOURCE_DATE_EPOCH";
const DAY: u64 = 24 * 60 * 60;

/// The date from the environment. Programs ask before they work for hours.
pub(crate) fn given() -> Result<Option<String>> {
    let Some(seconds) = std::env::var_os(GIVEN) else { return Ok(None) };
    let seconds = seconds.to_str().and_then(|text| text.parse().ok());
    let remedy = || format!("{GIVEN} must be a number of seconds since 1970: unset it or correct it");
    Ok(Some(day(seconds.with_context(remedy)?)))
}

/// A page that has its date in it. Results that did not change keep theirs, so that the same folder gives the same bytes.
pub(super) fn dated(store: &Store, page: &str, draw: impl Fn(&str) -> Result<String>) -> Result<String> {
    if let Some(given) = given()? {
        return draw(&given);
    }
    let today = day(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
    if let Some(kept) = store.read_json::<String>(MEMO).filter(|kept| *kept != today) {
        let drawn = draw(&kept)?;
        if fs::read(store.root().join(page)).is_ok_and(|old| old == drawn.as_bytes()) {
            return Ok(drawn);
        }
    }
    store.write_json(MEMO, &today)?;
    draw(&today)
}

/// The day in UTC, such as 2026-11-29.
fn day(seconds: u64) -> String {
    // A year is counted at a time, up to about 9900.
    let mut days = (seconds / DAY).min(2_900_000);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (DAY - 1, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_709_164_800, "2024-02-29"),
            (1_735_603_200, "2024-12-31"),
            (1_735_689_600, "2025-01-01"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(day(seconds), expected, "{seconds}");
        }
        assert_eq!(day(u64::MAX).len(), 10);
    }

    #[test]
    fn a_page_that_stays_keeps_its_date() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let write = |result: &str| {
            let page = dated(&store, "p", |date| Ok(format!("{date} {result}"))).unwrap();
            store.write("p", page.as_bytes()).unwrap();
            page
        };
        let today = write("a");
        assert_eq!(write("a"), today);
        store.write_json(MEMO, &"2001-02-03").unwrap();
        store.write("p", b"2001-02-03 a").unwrap();
        assert_eq!(write("a"), "2001-02-03 a");
        // Other results have another date.
        assert_eq!(write("b"), today.replace(" a", " b"));
    }
}
