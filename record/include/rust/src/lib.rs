//! What a Rust program tells and asks of memscope while it is recorded: `memscope.h` for Rust.
//!
//! No dependencies, nothing to link with: the recorder's library is looked up by name when something is told for the first time. Where nothing
//! records, a call costs one load, two comparisons and branches that are never taken, and its texts are not even looked at.
//!
//! * Variables: [`track!`], [`track_as!`], [`cloned`], [`moved`], [`borrowed`], [`returned`]
//! * Scopes: [`scope!`]
//! * Tasks: [`task_spawn`], [`task_spawn_child`], [`task!`], [`task_end`], and [`InTask`] for a future
//! * Moments: [`mark`], [`snapshot`], [`graph`]; recording: [`pause`], [`resume`], [`is_recorded`]
//! * Pools: [`Pool`]
//!
//! Names are cut at 256 bytes, marks at 2000. Nothing allocates. Any thread.

use std::cell::UnsafeCell;
use std::future::Future;
use std::marker::PhantomData;
use std::os::raw::{c_char, c_int, c_void};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};

// ---- the recorder's library -------------------------------------------------------------------------------------------

extern "C" {
	fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

const UNKNOWN: usize = 0;
const ABSENT: usize = 1;

/// A function of the recorder's library, looked up once.
struct Function {
	name: &'static [u8],
	address: AtomicUsize,
}

impl Function {
	const fn new(name: &'static [u8]) -> Function {
		Function { name, address: AtomicUsize::new(UNKNOWN) }
	}

	#[inline(always)]
	fn get(&self) -> usize {
		match self.address.load(Ordering::Relaxed) {
			UNKNOWN => self.find(),
			address => address,
		}
	}

	#[cold]
	#[inline(never)]
	fn find(&self) -> usize {
		// The name is NUL-terminated; a null handle is RTLD_DEFAULT.
		let found = unsafe { dlsym(std::ptr::null_mut(), self.name.as_ptr() as *const c_char) } as usize;
		let address = if found == 0 { ABSENT } else { found };
		self.address.store(address, Ordering::Relaxed);
		address
	}
}

static REQUEST: Function = Function::new(b"memscope_request\0");
static MARK: Function = Function::new(b"memscope_mark_request\0");
static GRAPH: Function = Function::new(b"memscope_graph_request\0");

/// For the macros of this crate.
#[doc(hidden)]
pub mod private {
	use super::*;

	pub type Request = unsafe extern "C" fn(what: u32, a: u64, b: u64, c: u64) -> u64;

	/// `None` where nothing records.
	#[inline(always)]
	pub fn request() -> Option<Request> {
		match REQUEST.get() {
			ABSENT => None,
			address => Some(unsafe { std::mem::transmute::<usize, Request>(address) }),
		}
	}

	// enum memscope_what of memscope.h
	pub const TRACK: u32 = 1;
	pub const CLONE: u32 = 3;
	pub const MOVE: u32 = 4;
	pub const BORROW: u32 = 5;
	pub const RETURN: u32 = 6;
	pub const SCOPE_BEGIN: u32 = 7;
	pub const SCOPE_END: u32 = 9;
	pub const TASK_SPAWN: u32 = 10;
	pub const TASK_SPAWN_CHILD: u32 = 11;
	pub const TASK_ENTER: u32 = 12;
	pub const TASK_LEAVE: u32 = 13;
	pub const TASK_END: u32 = 14;
	pub const SNAPSHOT: u32 = 15;
	pub const PAUSE: u32 = 16;
	pub const RESUME: u32 = 17;
	pub const POOL_CREATE: u32 = 18;
	pub const POOL_ALLOC: u32 = 19;
	pub const POOL_FREE: u32 = 20;
	pub const POOL_RESET: u32 = 21;
	pub const POOL_DESTROY: u32 = 22;

	/// The recorder's word about a place.
	#[repr(transparent)]
	pub struct Known(UnsafeCell<u64>);
	// Only the recorder touches it, atomically.
	unsafe impl Sync for Known {}

	impl Known {
		pub const fn new() -> Known {
			Known(UnsafeCell::new(0))
		}
	}

	/// `struct memscope_place` of memscope.h. Texts are NUL-terminated.
	#[repr(C)]
	pub struct Place {
		name: *const u8,
		type_name: *const u8,
		file: *const u8,
		line: u32,
		reserved: u32,
		known: *const Known,
	}
	// Constant but for what `known` points to.
	unsafe impl Sync for Place {}

	impl Place {
		pub const fn new(name: &'static str, type_name: &'static str, file: &'static str, line: u32, known: &'static Known) -> Place {
			Place { name: name.as_ptr(), type_name: type_name.as_ptr(), file: file.as_ptr(), line, reserved: 0, known }
		}

		#[inline(always)]
		pub fn word(&'static self) -> u64 {
			self as *const Place as u64
		}
	}

	#[inline(always)]
	pub fn tell(what: u32, a: u64, b: u64, c: u64) -> u64 {
		match request() {
			Some(request) => unsafe { request(what, a, b, c) },
			None => 0,
		}
	}
}

use private::tell;

/// The text with a NUL behind it, on the stack; cut at a character when it is longer than `N - 1` bytes.
struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
	fn new(text: &str) -> Text<N> {
		let mut bytes = [0; N];
		let mut length = text.len().min(N - 1);
		while !text.is_char_boundary(length) {
			length -= 1;
		}
		bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
		Text(bytes)
	}

	fn word(&self) -> u64 {
		self.0.as_ptr() as u64
	}
}

type Name = Text<257>;
type Mark = Text<2001>;

// ---- blocks -----------------------------------------------------------------------------------------------------------

/// What owns, or points to, a block of the heap. The address is that of the block's first byte; what has none says where it points to,
/// and is recorded as no block.
pub trait Block {
	fn block(&self) -> *const u8;
}

impl<T> Block for Vec<T> {
	fn block(&self) -> *const u8 {
		self.as_ptr() as *const u8
	}
}
impl Block for String {
	fn block(&self) -> *const u8 {
		self.as_ptr()
	}
}
impl<T: ?Sized> Block for Box<T> {
	fn block(&self) -> *const u8 {
		&**self as *const T as *const u8
	}
}
/// Two counters stand before the value.
fn counted<T: ?Sized>(value: &T) -> *const u8 {
	let before = (2 * std::mem::size_of::<usize>()).max(std::mem::align_of_val(value));
	(value as *const T as *const u8).wrapping_sub(before)
}
impl<T: ?Sized> Block for Rc<T> {
	fn block(&self) -> *const u8 {
		counted(&**self)
	}
}
impl<T: ?Sized> Block for Arc<T> {
	fn block(&self) -> *const u8 {
		counted(&**self)
	}
}
impl<T: ?Sized> Block for *const T {
	fn block(&self) -> *const u8 {
		*self as *const u8
	}
}
impl<T: ?Sized> Block for *mut T {
	fn block(&self) -> *const u8 {
		*self as *const u8
	}
}
impl<T: Block + ?Sized> Block for &T {
	fn block(&self) -> *const u8 {
		(**self).block()
	}
}
impl<T: Block + ?Sized> Block for &mut T {
	fn block(&self) -> *const u8 {
		(**self).block()
	}
}
impl<T: Block> Block for Option<T> {
	fn block(&self) -> *const u8 {
		self.as_ref().map_or(std::ptr::null(), Block::block)
	}
}

// ---- variables --------------------------------------------------------------------------------------------------------

#[doc(hidden)]
#[macro_export]
macro_rules! place {
	($name:expr, $type_name:expr) => {{
		static KNOWN: $crate::private::Known = $crate::private::Known::new();
		static PLACE: $crate::private::Place =
			$crate::private::Place::new(concat!($name, "\0"), concat!($type_name, "\0"), concat!(file!(), "\0"), line!(), &KNOWN);
		&PLACE
	}};
}

/// The block of this variable (a [`Block`]) is the variable's from now on: its name, the file and the line; its type comes from the debug
/// information later.
#[macro_export]
macro_rules! track {
	($variable:expr) => {
		if let Some(request) = $crate::private::request() {
			// Called from this very function, whose debug information has the variable.
			unsafe { request($crate::private::TRACK, $crate::place!(stringify!($variable), "").word(), $crate::Block::block(&$variable) as u64, 0) };
		}
	};
}

/// The same under a name and a type as given, which are literals.
#[macro_export]
macro_rules! track_as {
	($variable:expr, $name:literal, $type_name:literal) => {
		if let Some(request) = $crate::private::request() {
			unsafe { request($crate::private::TRACK, $crate::place!($name, $type_name).word(), $crate::Block::block(&$variable) as u64, 0) };
		}
	};
}

/// `copy` is a copy of `source`.
#[inline(always)]
pub fn cloned(source: &impl Block, copy: &impl Block) {
	if is_recorded() {
		tell(private::CLONE, source.block() as u64, copy.block() as u64, 0);
	}
}

/// `bytes` of contents (0: all) have left `from` for `to`.
#[inline(always)]
pub fn moved(from: &impl Block, to: &impl Block, bytes: usize) {
	if is_recorded() {
		tell(private::MOVE, from.block() as u64, to.block() as u64, bytes as u64);
	}
}

/// Somebody uses it for a while without owning it, until [`returned`].
#[inline(always)]
pub fn borrowed(block: &impl Block) {
	if is_recorded() {
		tell(private::BORROW, block.block() as u64, 0, 0);
	}
}

#[inline(always)]
pub fn returned(block: &impl Block) {
	if is_recorded() {
		tell(private::RETURN, block.block() as u64, 0, 0);
	}
}

// ---- scopes -----------------------------------------------------------------------------------------------------------

/// What [`scope!`] makes: the scope ends when it is dropped. Not `Send`: it belongs to the thread on which it began.
#[must_use = "the scope ends where this is dropped"]
pub struct Scope {
	place: &'static private::Place,
	thread: PhantomData<*const ()>,
}

impl Scope {
	#[doc(hidden)]
	#[inline(always)]
	pub fn begin(place: &'static private::Place) -> Scope {
		tell(private::SCOPE_BEGIN, place.word(), 0, 0);
		Scope { place, thread: PhantomData }
	}
}

impl Drop for Scope {
	#[inline(always)]
	fn drop(&mut self) {
		tell(private::SCOPE_END, self.place.word(), 0, 0);
	}
}

/// `let _scope = memscope::scope!("parse");`: from here to where `_scope` is dropped, panics included. The name is a literal.
#[macro_export]
macro_rules! scope {
	($name:expr) => {
		$crate::Scope::begin($crate::place!($name, ""))
	};
}

// ---- tasks ------------------------------------------------------------------------------------------------------------

/// There is a task. Its parent is the task for which the thread works, if it does.
#[inline(always)]
pub fn task_spawn(id: u64, name: &str) {
	if is_recorded() {
		tell(private::TASK_SPAWN, id, Name::new(name).word(), 0);
	}
}

/// The same with a parent, or none.
#[inline(always)]
pub fn task_spawn_child(id: u64, name: &str, parent: Option<u64>) {
	if is_recorded() {
		tell(private::TASK_SPAWN_CHILD, id, Name::new(name).word(), parent.unwrap_or(u64::MAX));
	}
}

/// It is done. The same id then is another task.
#[inline(always)]
pub fn task_end(id: u64) {
	tell(private::TASK_END, id, 0, 0);
}

/// The thread works for the task until it is dropped. They nest. Not `Send`.
#[must_use = "the thread leaves the task where this is dropped"]
pub struct Task {
	id: u64,
	thread: PhantomData<*const ()>,
}

impl Task {
	#[inline(always)]
	pub fn enter(id: u64) -> Task {
		tell(private::TASK_ENTER, id, 0, 0);
		Task { id, thread: PhantomData }
	}

	#[doc(hidden)]
	#[inline(always)]
	pub fn enter_as(id: u64, place: &'static private::Place) -> Task {
		tell(private::TASK_ENTER, id, place.word(), 0);
		Task { id, thread: PhantomData }
	}
}

impl Drop for Task {
	#[inline(always)]
	fn drop(&mut self) {
		tell(private::TASK_LEAVE, self.id, 0, 0);
	}
}

/// `let _task = memscope::task!(id, "request");`: the thread works for the task until `_task` is dropped; a task that is not known is spawned under the
/// name, a literal.
#[macro_export]
macro_rules! task {
	($id:expr, $name:expr) => {
		$crate::Task::enter_as($id, $crate::place!($name, ""))
	};
}

/// A future as a task: whoever polls it works for the task meanwhile; the task ends when the future is done or dropped.
#[must_use = "futures do nothing unless polled"]
pub struct InTask<F> {
	id: u64,
	ended: bool,
	future: F,
}

impl<F: Future> InTask<F> {
	/// Spawns the task: its parent is the task that the thread works for.
	pub fn new(id: u64, name: &str, future: F) -> InTask<F> {
		task_spawn(id, name);
		InTask { id, ended: false, future }
	}
}

impl<F> InTask<F> {
	fn end(&mut self) {
		if !self.ended {
			self.ended = true;
			task_end(self.id);
		}
	}
}

impl<F: Future> Future for InTask<F> {
	type Output = F::Output;

	fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
		// The future is never moved out of what is pinned.
		let this = unsafe { self.get_unchecked_mut() };
		let result = {
			let _task = Task::enter(this.id);
			unsafe { Pin::new_unchecked(&mut this.future) }.poll(context)
		};
		if result.is_ready() {
			this.end();
		}
		result
	}
}

impl<F> Drop for InTask<F> {
	fn drop(&mut self) {
		self.end();
	}
}

// ---- moments and recording --------------------------------------------------------------------------------------------

/// Does something record, or has it?
#[inline(always)]
pub fn is_recorded() -> bool {
	private::request().is_some()
}

/// Names this moment: "config loaded".
#[inline(always)]
pub fn mark(text: &str) {
	let address = MARK.get();
	if address != ABSENT {
		let mark: unsafe extern "C" fn(*const u8) = unsafe { std::mem::transmute(address) };
		unsafe { mark(Mark::new(text).0.as_ptr()) };
	}
}

/// A moment whose live blocks are to be looked at.
#[inline(always)]
pub fn snapshot(name: &str) {
	if is_recorded() {
		tell(private::SNAPSHOT, Name::new(name).word(), 0, 0);
	}
}

/// Records now which live block is pointed to from where. True when a graph was recorded.
pub fn graph() -> bool {
	let address = GRAPH.get();
	if address == ABSENT {
		return false;
	}
	let graph: unsafe extern "C" fn() -> c_int = unsafe { std::mem::transmute(address) };
	unsafe { graph() != 0 }
}

/// Allocations are not recorded from here to [`resume`]; frees are.
#[inline(always)]
pub fn pause() {
	tell(private::PAUSE, 0, 0, 0);
}

#[inline(always)]
pub fn resume() {
	tell(private::RESUME, 0, 0, 0);
}

// ---- pools ------------------------------------------------------------------------------------------------------------

/// An allocator of the program's own. Dropping it destroys it.
pub struct Pool(u64);

impl Pool {
	/// memory: the block that it cuts its blocks from, or null.
	pub fn new(memory: *const u8, name: &str) -> Pool {
		if !is_recorded() {
			return Pool(0);
		}
		Pool(tell(private::POOL_CREATE, memory as u64, Name::new(name).word(), 0))
	}

	/// After it gave out the block.
	#[inline(always)]
	pub fn allocated(&self, block: *const u8, bytes: usize) {
		tell(private::POOL_ALLOC, self.0, block as u64, bytes as u64);
	}

	/// Before it takes the block back.
	#[inline(always)]
	pub fn freed(&self, block: *const u8) {
		tell(private::POOL_FREE, self.0, block as u64, 0);
	}

	/// All its blocks are free.
	#[inline(always)]
	pub fn reset(&self) {
		tell(private::POOL_RESET, self.0, 0, 0);
	}
}

impl Drop for Pool {
	fn drop(&mut self) {
		tell(private::POOL_DESTROY, self.0, 0, 0);
	}
}
