//! The known word that is closest to a misspelled one, counted in edits (optimal string alignment).

/// The closest of `known`, if it is close: at most one edit in three letters of the shorter one. Of one with three letters a letter may be
/// missing or too many, but not another one, which may make another word (`cnn`, `rnn`).
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 60;
    let length = word.chars().count();
    if length > LONGEST {
        return None;
    }
    known
        .into_iter()
        .filter(|k| k.chars().count() <= LONGEST)
        .map(|k| (strsim::osa_distance(&word.to_lowercase(), &k.to_lowercase()), k))
        .filter(|(d, k)| match length.min(k.chars().count()) {
            0..=2 => *d == 0,
            3 => *d <= 1 && *d == length.abs_diff(k.chars().count()),
            shorter => *d <= shorter / 3,
        })
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// More words than this are not listed.
const SHOWN: usize = 32;

/// The cure for an unknown word: the nearest known one, or those of which it is a part, as `accuracy` is, or all of them.
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let has_part = |name: &&str| nearest(word, name.split(['_', '.'])).is_some();
            let parts: Vec<&str> = known.clone().into_iter().filter(has_part).collect();
            let all = if parts.is_empty() { known.into_iter().collect() } else { parts };
            let more = if all.len() > SHOWN { ", ..." } else { "" };
            let shown: Vec<String> = all.iter().take(SHOWN).map(|k| format!("`{k}`")).collect();
            format!("choose one of {}{more}", shown.join(", "))
        }
    }
}

/// The same of a word that may also be written in one of these forms.
pub fn suggest_or<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone, forms: &str) -> String {
    let near = suggest(word, known);
    let joint = if near.ends_with('?') { " Otherwise write" } else { ", or write" };
    format!("{near}{joint} one such as {forms}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_suggested() {
        let known = ["depth", "width", "batch", "l2"];
        assert_eq!(nearest("detph", known), Some("depth"));
        assert_eq!(nearest("Depth", known), Some("depth"));
        assert_eq!(nearest("wdith", known), Some("width"), "two neighbours that change places are one edit");
        assert_eq!(nearest("momentum", known), None);
        assert_eq!(nearest("cnn", ["rnn", "mlp"]), None);
        assert!(suggest("momentum", known).contains("`width`"));
        assert_eq!(suggest_or("detph", known, "x"), "did you mean `depth`? Otherwise write one such as x");
        assert!(suggest_or("momentum", known, "x").ends_with("`l2`, or write one such as x"));
    }
}
