//! Money, as far as seats cost some: an amount and a currency. Amounts of two currencies are never
//! added up.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};

/// A currency by its three letters, such as EUR.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Currency(String);

impl Currency {
    /// The currency called `text`, in any letter case; nothing unless it is three letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_code = text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_alphabetic());
        is_code.then(|| Self(text.to_ascii_uppercase()))
    }

    /// Its letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An amount: whole hundredths, so that sums are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Amount(u64);

impl Amount {
    /// The largest amount that is believed: more is a slip of the finger.
    pub const MOST: Self = Self(100_000_000);

    /// The amount written as in `50` or `50.00`, at most two digits after the point and at most
    /// [`Amount::MOST`]; nothing otherwise.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
        let (whole, rest) = text.split_once('.').unwrap_or((text, "00"));
        if !digits(whole) || !digits(rest) || rest.len() > 2 {
            return None;
        }
        let hundredths: u64 = format!("{rest:0<2}").parse().ok()?;
        let amount = whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(hundredths)?;
        Some(Self(amount)).filter(|amount| *amount <= Self::MOST)
    }

    /// The two together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// So much of a currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Money {
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { amount, currency } = self;
        write!(f, "{amount} {}", currency.as_str())
    }
}

/// What `all` come to, one sum a currency.
pub fn sums<'a>(all: impl IntoIterator<Item = &'a Money>) -> Vec<Money> {
    let mut sums: BTreeMap<&Currency, Amount> = BTreeMap::new();
    for Money { amount, currency } in all {
        let sum = sums.entry(currency).or_default();
        *sum = sum.plus(*amount);
    }
    let money =
        |(currency, amount): (&Currency, Amount)| Money { amount, currency: currency.clone() };
    sums.into_iter().map(money).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_written_with_at_most_two_digits_after_the_point() {
        for (text, read) in
            [("50", "50.00"), ("50.5", "50.50"), ("0.99", "0.99"), ("007.10", "7.10")]
        {
            assert_eq!(Amount::parse(text).unwrap().to_string(), read);
        }
        for text in ["", ".", "50.", ".5", "-5", "+5", "5,00", "1.234", "1e3", "5 ", "1000000.01"] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn currencies_are_never_mixed_and_nothing_is_rounded() {
        let money = |amount: &str, currency: &str| Money {
            amount: Amount::parse(amount).unwrap(),
            currency: Currency::parse(currency).unwrap(),
        };
        let all = [money("0.10", "eur"), money("0.20", "EUR"), money("5", "USD")];
        let told: Vec<_> = sums(&all).iter().map(ToString::to_string).collect();
        assert_eq!(told, ["0.30 EUR", "5.00 USD"]);
        for text in ["", "EU", "EURO", "€", "E1R"] {
            assert_eq!(Currency::parse(text), None, "{text}");
        }
    }
}
