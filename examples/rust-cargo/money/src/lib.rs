//! Amounts of money in minor units (cents), parsed and printed without floating point.

/// An amount: minor units, and how many of them make one decimal place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// In the smallest unit of the currency.
    pub minor: i64,
    /// Decimal places of the currency: 2 for EUR, 0 for JPY.
    pub places: u32,
}

impl Amount {
    /// Reads `-12.5`; `None` if it is not a number or has more places than the currency.
    pub fn parse(text: &str, places: u32) -> Option<Self> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || fraction.len() > places as usize {
            return None;
        }
        let padded = format!("{whole}{fraction:0<width$}", width = places as usize);
        if !padded.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let minor = padded.parse::<i64>().ok()?.checked_mul(sign)?;
        Some(Self { minor, places })
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = 10_u64.pow(self.places);
        let (sign, minor) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        if self.places == 0 {
            return write!(out, "{sign}{minor}");
        }
        let width = self.places as usize;
        write!(out, "{sign}{}.{:0width$}", minor / unit, minor % unit)
    }
}
