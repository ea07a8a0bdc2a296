use std::collections::HashMap;
#[derive(Debug, Clone)] struct Item { name: String, size: u64 }
#[inline(always)] fn weigh(i: &Item) -> u64 { i.size * 3 + i.name.len() as u64 }
trait Total { fn total(&self) -> u64; }
impl Total for Vec<Item> { #[inline(never)] fn total(&self) -> u64 { self.iter().map(|i| weigh(i)).filter(|w| w % 3 != 1).sum() } }
fn main() {
    let mut m: HashMap<String, Vec<Item>> = HashMap::new();
    for i in 0..2000u64 { m.entry(format!("k{}", i % 10)).or_default().push(Item { name: format!("n{i}"), size: i }); }
    let mut keys: Vec<_> = m.iter().map(|(k, v)| (k.clone(), v.total())).collect();
    keys.sort_by(|a, b| b.1.cmp(&a.1));
    println!("{:?}", keys);
}
