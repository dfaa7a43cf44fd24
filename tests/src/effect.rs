//! Whether the act was done, as everyone but the recorder can see it.
use crate::cage::{Ended, Ran};
use crate::case::Effect;
use crate::outside::Outside;
use crate::words::Words;
use std::path::Path;

impl Effect {
    /// True if all that is given holds.
    pub fn shows(&self, ran: &Ran, dir: &Path, outside: &Outside, words: &Words) -> bool {
        let nothing = self.file.is_none() && self.content.is_none() && self.output.is_none() && self.server.is_none();
        let exit = if nothing && self.signal.is_none() { Some(self.exit.unwrap_or(0)) } else { self.exit };
        let there = |name: &String| std::fs::symlink_metadata(dir.join(words.fill(name))).is_ok();
        let holds = |(name, text): &(String, String)| {
            let content = std::fs::read(dir.join(words.fill(name))).unwrap_or_default();
            content.windows(text.len().max(1)).any(|w| w == text.as_bytes())
        };
        exit.is_none_or(|n| ran.ended == Ended::Exit(n))
            && self.signal.is_none_or(|n| ran.ended == Ended::Signal(n))
            && self.file.as_ref().is_none_or(there)
            && self.content.as_ref().is_none_or(holds)
            && self.output.as_ref().is_none_or(|text| String::from_utf8_lossy(&ran.stdout).contains(text.as_str()))
            && self.server.as_ref().is_none_or(|text| outside.got(text))
    }
}
