# A Rust program under the guards: its allocator is malloc, aligned_alloc, realloc, calloc; threads; a panic that is caught.
. "$ROOT/tests/cli/real/_guard.sh"
rustc=$(PATH=$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin command -v rustc) || skip "no rustc here"
cat >"$T/work.rs" <<-'EOS'
	use std::collections::{BTreeMap, HashMap, VecDeque};
	use std::sync::{mpsc, Arc, Mutex};
	#[repr(align(128))]
	struct Wide([u8; 256]);
	fn main() {
	    let mut words: BTreeMap<String, Vec<usize>> = BTreeMap::new();
	    for i in 0..2000usize {
	        words.entry(format!("word{}", i * 7919 % 97)).or_default().push(i);
	    }
	    let shared = Arc::new(Mutex::new(HashMap::new()));
	    let (tx, rx) = mpsc::channel();
	    let threads: Vec<_> = (0..4u64).map(|t| {
	        let (shared, tx) = (Arc::clone(&shared), tx.clone());
	        std::thread::spawn(move || {
	            for i in 0..200u64 {
	                shared.lock().unwrap().insert(t * 1000 + i, vec![t as u8; i as usize]);
	                tx.send(format!("{}-{}", t, i)).unwrap();
	            }
	        })
	    }).collect();
	    drop(tx);
	    let received: usize = rx.iter().map(|s: String| s.len()).sum();
	    for t in threads { t.join().unwrap(); }
	    let mut queue: VecDeque<Box<Wide>> = (0..50).map(|i| Box::new(Wide([i; 256]))).collect();
	    while queue.len() > 10 { queue.pop_front(); }
	    std::panic::set_hook(Box::new(|_| {}));
	    let caught = std::panic::catch_unwind(|| { let v: Vec<String> = vec!["a".to_string()]; v[3].len() }).is_err();
	    let zeroed = vec![0u64; 5000];
	    println!("{} {} {} {} {} {}", words.len(), received, shared.lock().unwrap().len(), queue[0].0[0], caught, zeroed.iter().sum::<u64>());
	    std::process::exit(7);
	}
EOS
"$rustc" -C opt-level=1 -o "$T/work" "$T/work.rs" 2>"$T/err" || skip "rustc does not work here: $(head -1 "$T/err")"
STATUS=7 guarded "$T/work"
