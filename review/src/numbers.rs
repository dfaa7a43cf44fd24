//! Numbers for people.
use std::time::Duration;

/// `38,112`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 process`, `2 processes`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// `41.2 s`, `3 min 4 s`.
pub(crate) fn duration(us: u64) -> String {
    let time = Duration::from_micros(us);
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        60..3600 => format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60),
        s => format!("{} h {} min", s / 3600, s % 3600 / 60),
    }
}

/// `2.1 kB`.
pub(crate) fn bytes(number: u64) -> String {
    if number < 1000 {
        return format!("{number} B");
    }
    let mut tenths = u128::from(number) * 10;
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < units.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_named() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(38112), "38,112");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(count(1, "process", "processes"), "1 process");
        assert_eq!(count(0, "process", "processes"), "0 processes");
    }

    #[test]
    fn times_and_sizes_have_units() {
        assert_eq!(duration(41_200_000), "41.2 s");
        assert_eq!(duration(184_000_000), "3 min 4 s");
        assert_eq!(duration(7_260_000_000), "2 h 1 min");
        assert_eq!(bytes(12), "12 B");
        assert_eq!(bytes(2100), "2.1 kB");
        assert_eq!(bytes(u64::MAX), "18446744.0 TB");
    }
}
