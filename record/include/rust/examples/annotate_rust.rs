// Everything that the crate can tell, on known blocks. Prints what a recording of it must hold: a line per event, in order, with the addresses
// of the blocks (0: none).

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use memscope::Block;

struct Order {
	lines: Vec<u32>,
	customer: Box<str>,
}

impl Order {
	fn look(&self) {
		memscope::track!(self.lines);
		said("self.lines|alloc::vec::Vec<u32, alloc::alloc::Global>", &self.lines);
	}
}

fn said(what: &str, block: &impl Block) {
	let address = block.block();
	if address.is_null() {
		println!("track {} 0", what);
	} else {
		println!("track {} {:p}", what, address);
	}
}

fn variables() {
	let numbers = vec![1i32; 10];
	let text = String::from("a text of its own");
	let boxed = Box::new(7u64);
	let shared = Rc::new([1u8; 40]);
	let atomic = Arc::new(3u16);
	let words: Vec<String> = vec![text.clone()];
	let maybe: Option<Box<u64>> = None;
	let order = Order { lines: vec![1, 2, 3], customer: "somebody".into() };

	memscope::track!(numbers);
	said("numbers|alloc::vec::Vec<i32, alloc::alloc::Global>", &numbers);
	memscope::track!(text);
	said("text|alloc::string::String", &text);
	memscope::track!(boxed);
	said("boxed|alloc::boxed::Box<u64, alloc::alloc::Global>", &boxed);
	memscope::track!(shared);
	said("shared|alloc::rc::Rc<[u8; 40]>", &shared);
	memscope::track!(atomic);
	said("atomic|alloc::sync::Arc<u16>", &atomic);
	memscope::track!(words);
	said("words|alloc::vec::Vec<alloc::string::String, alloc::alloc::Global>", &words);
	memscope::track!(maybe);
	said("maybe|core::option::Option<alloc::boxed::Box<u64, alloc::alloc::Global>>", &maybe);
	memscope::track!(order.customer);
	said("order.customer|alloc::boxed::Box<str, alloc::alloc::Global>", &order.customer);
	memscope::track_as!(order.lines, "lines of the order", "u32 list");
	said("lines of the order|u32 list", &order.lines);
	order.look();

	let copy = numbers.clone();
	memscope::cloned(&numbers, &copy);
	println!("clone {:p} {:p}", numbers.as_ptr(), copy.as_ptr());
	memscope::moved(&copy, &text, 12);
	println!("move {:p} {:p}\nmove-size 12", copy.as_ptr(), text.as_ptr());
	memscope::borrowed(&boxed);
	println!("borrow {:p}", boxed);
	memscope::returned(&boxed);
	println!("return {:p}", boxed);
}

fn scopes(deep: u32) {
	let _scope = memscope::scope!("scopes");
	println!("scope-begin scopes");
	if deep > 0 {
		scopes(deep - 1);
	}
	println!("scope-end scopes");
}

// A future that is not ready at first.
struct Twice(bool, Vec<u8>);
impl Future for Twice {
	type Output = usize;
	fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<usize> {
		if self.0 {
			return Poll::Ready(self.1.len());
		}
		self.0 = true;
		self.1 = vec![1; 50];
		Poll::Pending
	}
}

fn raw_waker() -> RawWaker {
	fn clone(_: *const ()) -> RawWaker {
		raw_waker()
	}
	fn nothing(_: *const ()) {}
	static TABLE: RawWakerVTable = RawWakerVTable::new(clone, nothing, nothing, nothing);
	RawWaker::new(std::ptr::null(), &TABLE)
}

fn tasks() {
	memscope::task_spawn(7, "parent");
	println!("task-spawn 7 parent -");
	{
		let _task = memscope::Task::enter(7);
		println!("task-enter 7");
		memscope::task_spawn(8, "of 7");
		println!("task-spawn 8 of 7 7");
		memscope::task_spawn_child(9, "orphan", None);
		println!("task-spawn 9 orphan -");
		memscope::task_spawn_child(10, "child", Some(8));
		println!("task-spawn 10 child 8");
		println!("task-leave 7");
	}
	{
		let _task = memscope::task!(11, "new");
		println!("task-spawn 11 new -\ntask-enter 11\ntask-leave 11");
	}
	memscope::task_end(7);
	println!("task-end 7");

	let waker = unsafe { Waker::from_raw(raw_waker()) };
	let mut context = Context::from_waker(&waker);
	let mut future = memscope::InTask::new(12, "future", Twice(false, Vec::new()));
	println!("task-spawn 12 future -");
	for _ in 0..2 {
		println!("task-enter 12\ntask-leave 12");
		if let Poll::Ready(bytes) = Pin::new(&mut future).poll(&mut context) {
			assert_eq!(bytes, 50);
			println!("task-end 12");
		}
	}
}

fn pools() {
	let memory = vec![0u8; 4096];
	let inside = unsafe { memory.as_ptr().add(64) };
	let pool = memscope::Pool::new(memory.as_ptr(), "arena");
	println!("pool-create 1 arena {:p}", memory.as_ptr());
	pool.allocated(inside, 100);
	println!("pool-alloc 1 {:p} 100", inside);
	pool.freed(inside);
	println!("pool-free 1 {:p} 0", inside);
	pool.reset();
	println!("pool-reset 1");
	drop(pool);
	println!("pool-destroy 1");
}

fn main() {
	let long = "x".repeat(255) + "\u{20ac}";

	println!("# {}", if memscope::is_recorded() { "recorded" } else { "not recorded" });
	variables();
	scopes(1);
	tasks();
	pools();
	memscope::mark("a mark");
	println!("mark a mark");
	memscope::snapshot(&long);
	println!("snapshot {}", &long[..255]);
	memscope::pause();
	println!("pause 0");
	memscope::resume();
	println!("resume 0");
	assert!(!memscope::graph() || memscope::is_recorded());
}
