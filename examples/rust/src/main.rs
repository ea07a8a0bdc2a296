//! Reads documents, cleans their text, counts words and finds similar pairs, again and again.
//!
//!     indexer [SIZE] [--seconds N]
//!
//! SIZE is the number of documents a round (default 150). With --seconds it stops after that time, else it runs until it
//! is stopped. It prints its own account once a second: the share of CPU time that each of its parts used.

mod account;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use account::Account;
use regex::Regex;
use serde_json::{json, Value};

const WORDS: [&str; 20] = [
    "anchor", "beacon", "copper", "dapple", "ember", "falcon", "granite", "harbour", "ivory", "juniper", "kestrel", "lantern",
    "meadow", "nectar", "orchard", "prairie", "quartz", "saddle", "thistle", "velvet",
];

/// A small generator (Marsaglia, 2003), so that each run does the same work.
struct Random(u64);

impl Random {
    fn next(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

struct Document {
    title: String,
    text: String,
}

/// Writes documents as lines of JSON.
#[inline(never)]
fn write_documents(size: usize, random: &mut Random) -> Vec<String> {
    (0..size)
        .map(|number| {
            let words: Vec<&str> = (0..80 + random.next(80)).map(|_| WORDS[random.next(WORDS.len())]).collect();
            let text = format!("<p>{}</p> mail-{number}@example.invalid 20{:02}-11-0{}", words.join(" "), random.next(30), random.next(9) + 1);
            json!({ "title": format!("document {number}"), "text": text, "tags": [WORDS[random.next(20)]] }).to_string()
        })
        .collect()
}

/// Reads the lines; a damaged one is left out.
#[inline(never)]
fn read_documents(lines: &[String]) -> Vec<Document> {
    lines
        .iter()
        .filter_map(|line| {
            let value: Value = serde_json::from_str(line).ok()?;
            Some(Document { title: value["title"].as_str()?.to_owned(), text: value["text"].as_str()?.to_owned() })
        })
        .collect()
}

struct Patterns {
    tag: Regex,
    mail: Regex,
    date: Regex,
}

impl Patterns {
    fn new() -> Result<Self, regex::Error> {
        Ok(Self {
            tag: Regex::new(r"</?[a-z]+>")?,
            mail: Regex::new(r"[\w.+-]+@[\w-]+\.[\w.]+")?,
            date: Regex::new(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b")?,
        })
    }
}

/// Takes tags and addresses out and writes dates the other way round.
#[inline(never)]
fn clean(documents: &mut [Document], patterns: &Patterns) {
    for document in documents {
        let text = patterns.tag.replace_all(&document.text, " ");
        let text = patterns.mail.replace_all(&text, "someone");
        document.text = patterns.date.replace_all(&text, "$day.$month.$year").into_owned();
    }
}

/// Whether a word counts; small, so that the compiler inlines it.
#[inline]
fn is_word(word: &str) -> bool {
    word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Counts the words of all documents.
#[inline(never)]
fn count(documents: &[Document]) -> BTreeMap<String, usize> {
    let mut counts = HashMap::new();
    for document in documents {
        for word in document.text.split_whitespace().filter(|word| is_word(word)) {
            *counts.entry(word.to_owned()).or_insert(0) += 1;
        }
    }
    counts.into_iter().collect()
}

/// The set of three-letter pieces of a text.
fn trigrams(text: &str) -> HashSet<[u8; 3]> {
    text.as_bytes().windows(3).map(|piece| [piece[0], piece[1], piece[2]]).collect()
}

/// Some pairs of neighbouring documents with their similarity (Jaccard, 1912).
#[inline(never)]
fn compare(documents: &[Document]) -> Vec<(String, f64)> {
    documents
        .windows(2)
        .step_by(6)
        .map(|pair| {
            let (left, right) = (trigrams(&pair[0].text), trigrams(&pair[1].text));
            let both = left.intersection(&right).count() as f64;
            let either = left.union(&right).count() as f64;
            (format!("{} / {}", pair[0].title, pair[1].title), if either > 0.0 { both / either } else { 0.0 })
        })
        .collect()
}

fn round(account: &mut Account, patterns: &Patterns, size: usize, random: &mut Random) -> usize {
    let lines = account.measure("write", "indexer::write_documents", || write_documents(size, random));
    let mut documents = account.measure("read", "indexer::read_documents", || read_documents(&lines));
    account.measure("clean", "indexer::clean", || clean(&mut documents, patterns));
    let counts = account.measure("count", "indexer::count", || count(&documents));
    let pairs = account.measure("compare", "indexer::compare", || compare(&documents));
    account.print(false);
    counts.len() + pairs.len()
}

fn arguments() -> Result<(usize, f64), String> {
    let (mut size, mut seconds) = (150, 0.0);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            seconds = arguments.next().and_then(|text| text.parse().ok()).ok_or("--seconds takes a number")?;
        } else {
            size = argument.parse().ok().filter(|&size| size > 0).ok_or("SIZE is a whole number of documents, at least 1")?;
        }
    }
    Ok((size, seconds))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (size, seconds) = match arguments() {
        Ok(parsed) => parsed,
        Err(message) => {
            eprintln!("indexer: {message}");
            std::process::exit(2);
        }
    };
    let patterns = Patterns::new()?;
    let mut account = Account::default();
    let mut random = Random(88_172_645_463_325_252);
    let end = (seconds > 0.0).then(|| Instant::now() + Duration::from_secs_f64(seconds));
    let mut found = 0;
    while end.is_none_or(|end| Instant::now() < end) {
        found += round(&mut account, &patterns, size, &mut random);
    }
    account.print(true);
    if found == 0 {
        eprintln!("indexer: nothing was found");
    }
    Ok(())
}
