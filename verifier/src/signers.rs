//! Who signed a statement, and how many of them a rule may count.
use crate::policy::{Policy, SignerRule};
use crate::reason::shown;
use crate::trust::Certificate;

/// A signer that a certificate names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certified {
    pub(crate) certificate: Certificate,
    /// Which of the policy's identities the certificate is of; never empty.
    pub(crate) identities: Vec<usize>,
}

/// Everybody who signed a payload.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signers {
    keys: Vec<usize>,
    certified: Vec<Certified>,
}

impl Signers {
    pub(crate) fn add_keys(&mut self, keys: &[usize]) {
        self.keys.extend(keys);
        self.keys.sort_unstable();
        self.keys.dedup();
    }

    pub(crate) fn add_certified(&mut self, signer: Certified) {
        if !self.certified.contains(&signer) {
            self.certified.push(signer);
        }
    }

    /// Everybody who signed another payload that says the same.
    pub(crate) fn join(&mut self, other: &Self) {
        self.add_keys(&other.keys);
        other.certified.iter().for_each(|signer| self.add_certified(signer.clone()));
    }

    /// How many distinct signers a rule may count that trusts these keys and identities. Each certified signer stands for
    /// one identity at most, and each identity for one signer: two patterns that match one workflow are one signature, and
    /// so are two tags that match one pattern.
    pub(crate) fn count(&self, keys: &[usize], identities: &[usize]) -> usize {
        let by_key = self.keys.iter().filter(|k| keys.contains(k)).count();
        // People, not certificates: the same subject of the same issuer is one, whatever else its certificates say.
        let mut people: Vec<((&str, &str), Vec<usize>)> = Vec::new();
        for signer in &self.certified {
            let who = (signer.certificate.issuer.as_str(), signer.certificate.san.as_str());
            let of = signer.identities.iter().copied().filter(|i| identities.contains(i));
            match people.iter_mut().find(|(other, _)| *other == who) {
                Some((_, known)) => known.extend(of),
                None => people.push((who, of.collect())),
            }
        }
        let edges: Vec<Vec<usize>> = people.into_iter().map(|(_, of)| of).collect();
        by_key + matching(&edges, identities)
    }

    /// Those who signed and whom a rule trusts: `key NAME`, or `identity NAME` with what the certificate says.
    pub(crate) fn trusted(&self, rule: &SignerRule, policy: &Policy) -> Vec<String> {
        let keys = self.keys.iter().filter(|k| rule.keys.contains(k)).map(|k| {
            let name = &policy.keys[*k].name;
            format!("key {}", shown(name))
        });
        let certified = self.certified.iter().filter_map(|signer| {
            let identity = signer.identities.iter().find(|i| rule.identities.contains(i))?;
            let name = &policy.identities[*identity].name;
            Some(format!("identity {} ({})", shown(name), shown(&signer.certificate.san)))
        });
        keys.chain(certified).collect()
    }

    /// Names of those who signed, for a person.
    pub(crate) fn names<'p>(&'p self, key: impl Fn(usize) -> &'p str) -> Vec<&'p str> {
        let keys = self.keys.iter().map(|k| key(*k));
        keys.chain(self.certified.iter().map(|c| c.certificate.san.as_str())).collect()
    }
}

/// How many people can be given an identity of their own, by augmenting paths.
fn matching(edges: &[Vec<usize>], identities: &[usize]) -> usize {
    let mut holder: Vec<(usize, Option<usize>)> = identities.iter().map(|i| (*i, None)).collect();
    (0..edges.len()).filter(|person| give(*person, edges, &mut holder, &mut Vec::new())).count()
}

fn give(person: usize, edges: &[Vec<usize>], holder: &mut [(usize, Option<usize>)], seen: &mut Vec<usize>) -> bool {
    for identity in &edges[person] {
        if seen.contains(identity) {
            continue;
        }
        seen.push(*identity);
        let Some(at) = holder.iter().position(|(i, _)| i == identity) else { continue };
        let free = match holder[at].1 {
            None => true,
            Some(other) => give(other, edges, holder, seen),
        };
        if free {
            holder[at].1 = Some(person);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signers(of: &[(&str, &[usize])]) -> Signers {
        let mut out = Signers::default();
        for (san, identities) in of {
            let certificate = Certificate { issuer: "i".into(), san: (*san).into(), claims: Vec::new() };
            out.add_certified(Certified { certificate, identities: identities.to_vec() });
        }
        out
    }

    #[test]
    fn one_signer_under_two_patterns_and_two_tags_under_one_pattern_count_once() {
        assert_eq!(signers(&[("a", &[0, 1])]).count(&[], &[0, 1]), 1);
        assert_eq!(signers(&[("a@v1", &[0]), ("a@v2", &[0])]).count(&[], &[0, 1]), 1);
        assert_eq!(signers(&[("a", &[0]), ("a", &[1])]).count(&[], &[0, 1]), 1, "one person, two certificates");
    }

    #[test]
    fn as_many_count_as_can_be_told_apart() {
        assert_eq!(signers(&[("a", &[0, 1]), ("b", &[0])]).count(&[], &[0, 1]), 2);
        assert_eq!(signers(&[("b", &[0]), ("a", &[0, 1]), ("c", &[1])]).count(&[], &[0, 1]), 2);
        assert_eq!(signers(&[("a", &[0]), ("b", &[1])]).count(&[], &[1]), 1, "others' identities do not count");
        let mut both = signers(&[("a", &[0])]);
        both.add_keys(&[3, 3]);
        both.add_keys(&[3]);
        assert_eq!(both.count(&[3], &[0]), 2);
        assert_eq!(both.count(&[], &[0]), 1);
    }
}
