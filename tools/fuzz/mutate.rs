//! Mutations of real files: small enough that many inputs are still accepted, odd enough to look for a reader's limits.

/// SplitMix64 (Steele, Lea & Flood 2014): every input follows from a seed and its number.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64, number: u64) -> Self {
        let mut rng = Rng(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        rng.next();
        rng
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of 0..n.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// A stretch of 0..length, mostly short.
    fn span(&mut self, length: usize) -> std::ops::Range<usize> {
        let from = self.below(length + 1);
        let most = if self.once_in(4) { length } else { 16 };
        from..(from + self.below(most + 1)).min(length)
    }
}

/// Numbers at the edges of the types and ranges they may be read into.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "7",
    "-1",
    "0.1",
    "0.5",
    "1e-3",
    "100",
    "10000",
    "1000000",
    "1e9",
    "1e18",
    "1e308",
    "1e309",
    "1e-320",
    "-0.0",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "nan",
    "inf",
    "-inf",
    "0x7f",
    "0b1",
    "1_000",
    "1.",
    ".5",
    "1979-05-27T07:32:00Z",
    "true",
    "\"\"",
    "[]",
    "{}",
];

/// What text formats treat in a way of their own.
const ODD: &[&str] = &[
    "\0", "\u{feff}", "\u{202e}", "é", "☃", "𝕏", "\r\n", "\r", "\n\n", "\t", "\"", "'", "\"\"\"", "\\", "\\u0000",
    "\\ud800", "#", "=", ",", ".", "[", "]", "{", "}", "[[", "]]", " ", ",,,,,,,,",
];

/// Texts that mutations draw words and lines from.
pub struct Corpus {
    pub seeds: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

impl Corpus {
    /// A corpus whose words are those of its seeds and of `more`.
    pub fn new(seeds: Vec<Vec<u8>>, more: &str) -> Self {
        let all = seeds.iter().map(Vec::as_slice).chain([more.as_bytes()]);
        let mut words: Vec<Vec<u8>> = all.flat_map(|text| tokens(text).into_iter().map(|t| text[t].to_vec())).collect();
        words.sort();
        words.dedup();
        Corpus { seeds, words }
    }

    /// A seed after 0 to 5 mutations of text.
    pub fn text(&self, rng: &mut Rng) -> Vec<u8> {
        let mut text = rng.pick(&self.seeds).clone();
        for _ in 0..MUTATIONS[rng.below(MUTATIONS.len())] {
            self.mutate_text(&mut text, rng);
        }
        text
    }

    /// A seed after 0 to 5 mutations of bytes.
    pub fn bytes(&self, rng: &mut Rng) -> Vec<u8> {
        let mut bytes = rng.pick(&self.seeds).clone();
        for _ in 0..MUTATIONS[rng.below(MUTATIONS.len())] {
            self.mutate_bytes(&mut bytes, rng);
        }
        bytes
    }

    /// One change that knows of words, numbers, lines and brackets.
    pub fn mutate_text(&self, text: &mut Vec<u8>, rng: &mut Rng) {
        match rng.below(16) {
            0..=3 => self.replace_token(text, rng, |word| word.iter().any(u8::is_ascii_digit), true),
            4..=6 => self.replace_token(text, rng, |word| word.iter().any(u8::is_ascii_alphabetic), false),
            7..=11 => self.mutate_lines(text, rng),
            12 => {
                let at = rng.below(text.len() + 1);
                text.splice(at..at, rng.pick(ODD).bytes());
            }
            13 => nest(text, rng),
            _ => self.mutate_bytes(text, rng),
        }
    }

    fn replace_token(&self, text: &mut Vec<u8>, rng: &mut Rng, like: impl Fn(&[u8]) -> bool, number: bool) {
        let tokens: Vec<_> = tokens(text).into_iter().filter(|t| like(&text[t.clone()])).collect();
        if tokens.is_empty() {
            return;
        }
        let word = if number { rng.pick(NUMBERS).as_bytes() } else { rng.pick(&self.words).as_slice() };
        text.splice(rng.pick(&tokens).clone(), word.iter().copied());
    }

    fn mutate_lines(&self, text: &mut Vec<u8>, rng: &mut Rng) {
        let mut lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
        let (a, b) = (rng.below(lines.len()), rng.below(lines.len()));
        let other: Vec<&[u8]> = rng.pick(&self.seeds).split(|b| *b == b'\n').collect();
        match rng.below(5) {
            0 => drop(lines.remove(a)),
            1 => lines.insert(a, lines[b]),
            2 => lines.swap(a, b),
            3 => lines.insert(a, rng.pick::<&[u8]>(&other)),
            _ => lines.extend(&other[rng.span(other.len())]),
        }
        *text = lines.join(&b'\n');
    }

    /// One change that knows of nothing but bytes.
    pub fn mutate_bytes(&self, bytes: &mut Vec<u8>, rng: &mut Rng) {
        if bytes.is_empty() {
            bytes.push(rng.next() as u8);
            return;
        }
        let at = rng.below(bytes.len());
        match rng.below(7) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = *rng.pick(&[0, 1, 0x7f, 0x80, 0xff, b'\n', b',', rng.0 as u8]),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(rng.span(bytes.len()))),
            4 => {
                let copy = bytes[rng.span(bytes.len())].to_vec();
                bytes.splice(at..at, copy);
            }
            5 => {
                let other = rng.pick(&self.seeds);
                bytes.truncate(at);
                bytes.extend(&other[rng.below(other.len() + 1)..]);
            }
            _ => {
                let word = (rng.next() >> rng.below(64)) as u32;
                let end = (at + 4).min(bytes.len());
                bytes.splice(at..end, word.to_be_bytes());
            }
        }
    }
}

/// How many mutations an input has: one in five has none, so that some are accepted as they stand.
const MUTATIONS: [usize; 10] = [0, 0, 1, 1, 1, 1, 2, 2, 3, 5];

/// Words, numbers and dotted keys.
fn tokens(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'+');
    let (mut found, mut from) = (Vec::new(), 0);
    for piece in text.split(|b| !part(b)) {
        if !piece.is_empty() {
            found.push(from..from + piece.len());
        }
        from += piece.len() + 1;
    }
    found
}

/// Puts brackets, braces or dots into the text, up to 5,000 deep.
fn nest(text: &mut Vec<u8>, rng: &mut Rng) {
    let most = if rng.once_in(8) { 5000 } else { 100 };
    let deep = 1 + rng.below(most);
    let at = rng.below(text.len() + 1);
    let (open, close) = *rng.pick(&[("[", "]"), ("{a=", "}"), ("{\"a\":", "}"), ("a.", ""), ("[[", "]]"), ("(", ")")]);
    let end = if rng.once_in(2) { close.repeat(deep) } else { String::new() };
    text.splice(at..at, format!("{}1{end}", open.repeat(deep)).into_bytes());
}
