//! Which rules speak of a process: found when it executes a program, asked at each of its acts.

/// Which of the rules that speak of some processes only speak of this one, and of what runs below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Class {
    pub(crate) rules: RuleSet,
    /// Sorted.
    pub(crate) above: Vec<u32>,
}

/// A set of rules, by number. Two of the same numbers are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RuleSet {
    /// Sorted.
    Few(Vec<u32>),
    /// A bit for each rule up to the last: less memory, and no search, where many speak of one program.
    Many(Vec<u64>),
}

impl Default for RuleSet {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl RuleSet {
    /// The set of these, in any order, more than once or not.
    pub(crate) fn new(mut rules: Vec<u32>) -> Self {
        rules.sort_unstable();
        rules.dedup();
        let words = rules.last().map_or(0, |last| *last as usize / 64 + 1);
        if rules.len() < 2 * words || rules.len() < 8 {
            rules.shrink_to_fit();
            return Self::Few(rules);
        }
        let mut bits = vec![0; words];
        for rule in rules {
            bits[rule as usize / 64] |= 1 << (rule % 64);
        }
        Self::Many(bits)
    }

    /// True if the rule is one of them.
    #[inline]
    pub(crate) fn contains(&self, rule: u32) -> bool {
        match self {
            Self::Few(rules) => rules.binary_search(&rule).is_ok(),
            Self::Many(bits) => bits.get(rule as usize / 64).is_some_and(|word| word >> (rule % 64) & 1 == 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn many_of_few_are_bits_and_few_of_many_are_not() {
        assert!(matches!(RuleSet::new((0..10_000).collect()), RuleSet::Many(_)));
        assert!(matches!(RuleSet::new(vec![99_999, 3]), RuleSet::Few(_)));
    }

    proptest! {
        #[test]
        fn a_set_has_what_was_put_into_it(rules in proptest::collection::vec(0u32..400, 0..300)) {
            let set = RuleSet::new(rules.clone());
            for rule in 0..500 {
                prop_assert_eq!(set.contains(rule), rules.contains(&rule));
            }
            let mut other = rules;
            other.reverse();
            prop_assert_eq!(set, RuleSet::new(other));
        }
    }
}
