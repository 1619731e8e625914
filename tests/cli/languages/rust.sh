# A Rust program with the System allocator, which counts its own calls: the same counts, and names as they are written, in both manglings.
. "$ROOT/tests/cli/_lib.sh"
command -v rustc >/dev/null || skip "no rustc"
cat >"$T/work.rs" <<'END'
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

struct Counting;
static COUNTS: [AtomicU64; 4] = [AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)];
unsafe impl GlobalAlloc for Counting {
    #[inline(never)]
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        COUNTS[0].fetch_add(1, Relaxed);
        COUNTS[3].fetch_add(l.size() as u64, Relaxed);
        System.alloc(l)
    }
    #[inline(never)]
    unsafe fn alloc_zeroed(&self, l: Layout) -> *mut u8 {
        COUNTS[0].fetch_add(1, Relaxed);
        COUNTS[3].fetch_add(l.size() as u64, Relaxed);
        System.alloc_zeroed(l)
    }
    #[inline(never)]
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        COUNTS[1].fetch_add(1, Relaxed);
        System.dealloc(p, l)
    }
    #[inline(never)]
    unsafe fn realloc(&self, p: *mut u8, l: Layout, n: usize) -> *mut u8 {
        COUNTS[2].fetch_add(1, Relaxed);
        COUNTS[3].fetch_add(n as u64, Relaxed);
        System.realloc(p, l, n)
    }
}
#[global_allocator]
static A: Counting = Counting;

mod parts {
    #[repr(align(64))]
    #[derive(Clone)]
    pub struct Wide(pub [u8; 64]);
    pub struct Table<T> { pub rows: Vec<T> }
    impl<T: Clone> Table<T> {
        #[inline(never)]
        pub fn fill(&mut self, row: T, n: usize) { for _ in 0..n { self.rows.push(row.clone()); } }
    }
    #[inline(never)]
    pub fn boxes(n: usize) -> Vec<Box<[u8; 77]>> { (0..n).map(|i| Box::new([i as u8; 77])).collect() }
    #[inline(never)]
    pub fn zeros(n: usize) -> Vec<Vec<u64>> { (1..n).map(|i| vec![0u64; i]).collect() }
}
extern "C" { fn write(fd: i32, text: *const u8, bytes: usize) -> isize; }
fn main() {
    let kept = parts::boxes(50);
    let mut text = parts::Table { rows: Vec::new() };
    let mut wide = parts::Table { rows: Vec::new() };
    text.fill(String::from("a row of text"), 30);
    wide.fill(Box::new(parts::Wide([7; 64])), 20);
    drop(parts::zeros(9));
    drop(text);
    drop(wide);
    std::mem::forget(kept);
    let n = [COUNTS[0].load(Relaxed), COUNTS[1].load(Relaxed), COUNTS[2].load(Relaxed), COUNTS[3].load(Relaxed)];
    let line = format!("allocations {} frees {} reallocations {} bytes {}\n", n[0], n[1], n[2], n[3]);
    unsafe { write(1, line.as_ptr(), line.len()) };
    std::process::exit(0)
}
END
for mangling in "" "-C symbol-mangling-version=v0"; do
	echo "# ${mangling:-as the compiler likes}"
	# shellcheck disable=SC2086
	rustc -g -C opt-level=1 $mangling -o "$T/work" "$T/work.rs" 2>"$T/rustc.err" ||
		give_up "rustc: $(cat "$T/rustc.err")"
	record "$T/work"
	eq status 0 $status
	report
	whole
	eq "errors" 0 "$(value '[.findings[] | select(.kind | startswith("leak") | not)] | length')"
	# Blocks whose stack has a function of the counting allocator, but for those of the last lines of main.
	counted='[.sites[] | select(any(.stack[]; (.function // "") | test("Counting as .*GlobalAlloc>::")))]'
	last=$(grep -n 'let n = ' "$T/work.rs" | cut -d: -f1)
	before="$counted | map(select(any(.stack[]; ((.function // \"\") | test(\"^work::main\")) and .line >= $last) | not))"
	eq "allocations" "$(said allocations)" "$(value "$before | map(.allocations) | add")"
	eq "reallocations" "$(said reallocations)" "$(value "$before | map(.reallocations) | add")"
	eq "bytes" "$(said bytes)" "$(value "$before | map(.allocated_bytes) | add")"
	eq "boxes and their vector" 51 "$(value '[.sites[] | select(any(.stack[]; .function == "work::parts::boxes")) | .allocations] | add')"
	eq "rows of text and wide ones" 50 "$(value '[.sites[] | select(any(.stack[]; (.function // "") | test("work::parts::Table<.*>::fill"))) | select(any(.stack[]; (.function // "") | test("clone"))) | .allocations] | add')"
	eq "names that are not demangled" 0 "$(value '[.sites[].stack[].function // "" | select(test("^_ZN|^_R"))] | length')"
done
