/* x86_code.c - see x86_code.h. */
#include "x86_code.h"

#include <string.h>

/* What follows an opcode. */
enum {
	NO = 0,    /* nothing */
	M = 1,     /* ModRM */
	I1 = 2,    /* one byte */
	I2 = 4,    /* two bytes */
	IZ = 8,    /* four, or two behind 66 */
	IV = 16,   /* as IZ, eight with REX.W */
	J1 = 32,   /* a distance of one byte */
	J4 = 64,   /* of four */
	BAD = 128, /* not in 64-bit mode, a prefix, or not known */
};

#define ROW8(x) x, x, x, x, x, x, x, x
#define ALU M, M, M, M, I1, IZ, BAD, BAD

static const uint8_t one_byte[256] = {
	/* 00 */ ALU, ALU, ALU, ALU, ALU, ALU, ALU, ALU,
	/* 40 */ ROW8(BAD), ROW8(BAD), ROW8(NO), ROW8(NO),
	/* 60 */ BAD, BAD, BAD, M, BAD, BAD, BAD, BAD, IZ, M | IZ, I1, M | I1, NO, NO, NO, NO,
	/* 70 */ ROW8(J1), ROW8(J1),
	/* 80 */ M | I1, M | IZ, BAD, M | I1, M, M, M, M, M, M, M, M, M, M, M, M,
	/* 90 */ ROW8(NO), NO, NO, BAD, NO, NO, NO, NO, NO,
	/* a0 */ BAD, BAD, BAD, BAD, NO, NO, NO, NO, I1, IZ, NO, NO, NO, NO, NO, NO,
	/* b0 */ ROW8(I1), ROW8(IV),
	/* c0 */ M | I1, M | I1, I2, NO, BAD, BAD, M | I1, M | IZ, I1 | I2, NO, I2, NO, NO, I1, BAD, NO,
	/* d0 */ M, M, M, M, BAD, BAD, BAD, NO, ROW8(M),
	/* e0 */ J1, J1, J1, J1, I1, I1, I1, I1, J4, J4, BAD, J1, NO, NO, NO, NO,
	/* f0 */ BAD, NO, BAD, BAD, NO, NO, M, M, NO, NO, NO, NO, NO, NO, M, M,
};

static const uint8_t two_byte[256] = {
	/* 00 */ M, M, M, M, BAD, NO, NO, NO, NO, NO, BAD, NO, BAD, M, BAD, BAD,
	/* 10 */ ROW8(M), ROW8(M),
	/* 20 */ M, M, M, M, BAD, BAD, BAD, BAD, ROW8(M),
	/* 30 */ NO, NO, NO, NO, NO, NO, BAD, NO, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
	/* 40 */ ROW8(M), ROW8(M),
	/* 50 */ ROW8(M), ROW8(M),
	/* 60 */ ROW8(M), ROW8(M),
	/* 70 */ M | I1, M | I1, M | I1, M | I1, M, M, M, NO, M, M, BAD, BAD, M, M, M, M,
	/* 80 */ ROW8(J4), ROW8(J4),
	/* 90 */ ROW8(M), ROW8(M),
	/* a0 */ NO, NO, NO, M, M | I1, M, BAD, BAD, NO, NO, NO, M, M | I1, M, M, M,
	/* b0 */ ROW8(M), M, M, M | I1, M, M, M, M, M,
	/* c0 */ M, M, M | I1, M, M | I1, M | I1, M | I1, M, ROW8(NO),
	/* d0 */ ROW8(M), ROW8(M),
	/* e0 */ ROW8(M), ROW8(M),
	/* f0 */ ROW8(M), ROW8(M),
};

struct cursor {
	const uint8_t *code;
	size_t at, bytes;
};

static bool take(struct cursor *c, uint8_t *byte)
{
	if (c->at >= c->bytes || c->at >= 15)
		return false;
	*byte = c->code[c->at++];
	return true;
}

static bool take_distance(struct cursor *c, size_t bytes, int64_t *value)
{
	int8_t one;
	int32_t four;

	if (c->bytes - c->at < bytes || c->at + bytes > 15)
		return false;
	if (bytes == 1) {
		memcpy(&one, c->code + c->at, 1);
		*value = one;
	} else {
		memcpy(&four, c->code + c->at, 4);
		*value = four;
	}
	c->at += bytes;
	return true;
}

static bool skip(struct cursor *c, size_t bytes)
{
	if (c->bytes - c->at < bytes || c->at + bytes > 15)
		return false;
	c->at += bytes;
	return true;
}

/* ModRM, SIB and displacement. */
static bool take_modrm(struct cursor *c, struct x86_instruction *out, uint8_t *modrm)
{
	uint8_t mod, rm, sib;

	out->modrm_at = (uint8_t)c->at;
	if (!take(c, modrm))
		return false;
	mod = *modrm >> 6;
	rm = *modrm & 7;
	if (mod == 3)
		return true;
	if (rm == 4) {
		if (!take(c, &sib))
			return false;
		if (mod == 0 && (sib & 7) == 5)
			return skip(c, 4);
	} else if (mod == 0 && rm == 5) {
		out->rip_at = (uint8_t)c->at;
		return skip(c, 4);
	}
	return skip(c, mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

/* VEX and EVEX: the map says what follows. first: c4, c5 or 62. */
static bool decode_vector(struct cursor *c, uint8_t first, struct x86_instruction *out)
{
	uint8_t p0, p1, p2, opcode, modrm, map = 1;

	if (!take(c, &p0))
		return false;
	if (first == 0xc4) {
		map = p0 & 31;
		if (!take(c, &p1))
			return false;
	} else if (first == 0x62) {
		map = p0 & 7;
		if (!take(c, &p1) || !take(c, &p2))
			return false;
	}
	if (!take(c, &opcode))
		return false;
	if (map == 1 && opcode == 0x77 && first != 0x62)
		return true;
	if (map == 0 || map == 4 || map > 6 || (map > 3 && first != 0x62) || !take_modrm(c, out, &modrm))
		return false;
	return skip(c, map == 3 || (map == 1 && (two_byte[opcode] & I1)) ? 1 : 0);
}

bool x86_decode(const uint8_t *code, size_t bytes, struct x86_instruction *out)
{
	struct cursor c = {code, 0, bytes};
	bool operand16 = false, repeated = false, wide = false;
	uint8_t opcode, modrm = 0, what, map = 0;

	memset(out, 0, sizeof *out);
	do {
		if (!take(&c, &opcode))
			return false;
		operand16 |= opcode == 0x66;
		repeated |= opcode == 0xf3 || opcode == 0xf2;
	} while (opcode == 0x66 || opcode == 0x67 || opcode == 0xf0 || opcode == 0xf2 || opcode == 0xf3 || opcode == 0x2e ||
		 opcode == 0x36 || opcode == 0x3e || opcode == 0x26 || opcode == 0x64 || opcode == 0x65);
	if ((opcode & 0xf0) == 0x40) {
		wide = (opcode & 8) != 0;
		if (!take(&c, &opcode))
			return false;
	}
	if (opcode == 0xc4 || opcode == 0xc5 || opcode == 0x62) {
		if (!decode_vector(&c, opcode, out))
			return false;
		goto done;
	}
	what = one_byte[opcode];
	if (opcode == 0x0f) {
		map = 1;
		if (!take(&c, &opcode))
			return false;
		what = two_byte[opcode];
		if (opcode == 0x38 || opcode == 0x3a) {
			what = opcode == 0x38 ? M : M | I1;
			map = 2;
			if (!take(&c, &opcode))
				return false;
		}
	}
	if ((what & BAD) != 0 || ((what & M) != 0 && !take_modrm(&c, out, &modrm)))
		return false;
	if (map == 0 && opcode == 0x8f && (modrm >> 3 & 7) != 0) /* XOP */
		return false;
	if (map == 0 && (opcode == 0xf6 || opcode == 0xf7) && (modrm >> 3 & 7) < 2)
		what |= opcode == 0xf6 ? I1 : IZ;
	if (!skip(&c, (what & I1 ? 1u : 0u) + (what & I2 ? 2u : 0u) + (what & IZ ? (operand16 ? 2u : 4u) : 0u) +
			      (what & IV ? (wide ? 8u : operand16 ? 2u : 4u) : 0u)))
		return false;
	if ((what & (J1 | J4)) != 0) {
		/* What 66 does to a jump differs between processors, but where REX.W overrules it (calls of __tls_get_addr). */
		if ((operand16 && !wide) || !take_distance(&c, what & J1 ? 1 : 4, &out->target))
			return false;
		out->condition = opcode & 15;
		out->flow = map == 1 || (opcode & 0xf0) == 0x70 ? X86_BRANCH : opcode == 0xe8 ? X86_CALL : opcode < 0xe4 ? X86_LOOP : X86_JUMP;
	} else if (map == 0 && opcode == 0xff) {
		uint8_t operation = modrm >> 3 & 7;

		out->flow = operation == 2 || operation == 3 ? X86_CALL_MEMORY : operation == 4 || operation == 5 ? X86_JUMP_MEMORY : X86_NEXT;
	} else if (map == 0 && (opcode == 0xc3 || opcode == 0xc2)) {
		out->flow = X86_RETURN;
	} else if (map == 0 && (opcode == 0xcc || opcode == 0xf4)) {
		out->flow = X86_STOP;
		out->nothing = opcode == 0xcc;
	} else if (map == 1 && opcode == 0x0b) {
		out->flow = X86_STOP;
	} else if ((map == 0 && opcode == 0x90 && !repeated) || (map == 1 && opcode == 0x1f)) {
		out->nothing = true;
	}
done:
	out->bytes = (uint8_t)c.at;
	return true;
}

bool x86_plan(const uint8_t *function, size_t size, size_t room, size_t needed, struct x86_plan *plan)
{
	struct x86_instruction i;
	size_t at = 0;

	if (size == 0 || room < size)
		return false;
	*plan = (struct x86_plan){0, 0};
	while (plan->bytes < needed) {
		if (!x86_decode(function + plan->bytes, room - plan->bytes, &i))
			return false;
		/* Behind the function there may be nothing but padding. */
		if (plan->bytes >= size ? !i.nothing : i.flow == X86_LOOP || (i.flow == X86_CALL_MEMORY && i.rip_at == 0))
			return false;
		if (plan->bytes + i.bytes > room || (plan->bytes < size && plan->bytes + i.bytes > size))
			return false;
		plan->bytes = (uint8_t)(plan->bytes + i.bytes);
		plan->count++;
	}
	while (at < size) {
		if (!x86_decode(function + at, size - at, &i))
			return false;
		at += i.bytes;
		if (i.flow == X86_JUMP || i.flow == X86_BRANCH || i.flow == X86_CALL || i.flow == X86_LOOP) {
			int64_t target = (int64_t)at + i.target;

			if (target > 0 && target < plan->bytes)
				return false;
		}
	}
	return true;
}

struct output {
	uint8_t *out;
	size_t used;
	uint64_t to;                     /* address of out[0] */
	bool out_of_reach;
};

static void put(struct output *o, const void *bytes, size_t count)
{
	memcpy(o->out + o->used, bytes, count);
	o->used += count;
}

/* Four bytes, the distance of an address from where `behind` bytes after them the instruction ends. */
static void put_distance(struct output *o, uint64_t target, unsigned behind)
{
	int64_t distance = (int64_t)(target - (o->to + o->used + 4 + behind));
	int32_t four = (int32_t)distance;

	o->out_of_reach |= distance != four;
	put(o, &four, 4);
}

static void put_jump(struct output *o, uint64_t target)
{
	put(o, "\xe9", 1);
	put_distance(o, target, 0);
}

/* jmp [rip]; the address */
static void put_far_jump(struct output *o, uint64_t target)
{
	put(o, "\xff\x25\0\0\0\0", 6);
	put(o, &target, 8);
}

/* push [rip + 2]; jmp +8; the address: what a call leaves on the stack */
static void put_push(struct output *o, uint64_t address)
{
	put(o, "\xff\x35\2\0\0\0\xeb\x08", 8);
	put(o, &address, 8);
}

size_t x86_move(const uint8_t *function, const struct x86_plan *plan, uint8_t *out, uint64_t to)
{
	struct output o = {out, 0, to, false};
	uint64_t base = (uint64_t)(uintptr_t)function;
	size_t at = 0;

	for (unsigned n = 0; n < plan->count; n++) {
		struct x86_instruction i;
		const uint8_t *code = function + at;
		uint64_t next, target;
		int32_t distance;

		if (!x86_decode(code, 15, &i) || o.used + 40 > X86_MOVED_BYTES)
			return 0;
		at += i.bytes;
		next = base + at;
		target = next + (uint64_t)i.target;
		switch ((enum x86_flow)i.flow) {
		case X86_JUMP:
			put_jump(&o, target);
			break;
		case X86_BRANCH:
			put(&o, (uint8_t[]){0x0f, (uint8_t)(0x80 | i.condition)}, 2);
			put_distance(&o, target, 0);
			break;
		case X86_CALL:
			put_push(&o, next);
			put_jump(&o, target);
			break;
		case X86_LOOP:
			return 0;
		case X86_CALL_MEMORY:
		case X86_JUMP_MEMORY:
		case X86_NEXT:
		case X86_RETURN:
		case X86_STOP:
			if (i.flow == X86_CALL_MEMORY)
				put_push(&o, next);
			if (i.rip_at == 0) {
				put(&o, code, i.bytes);
				break;
			}
			memcpy(&distance, code + i.rip_at, 4);
			put(&o, code, i.rip_at);
			if (i.flow == X86_CALL_MEMORY) /* call becomes jmp: another number in ModRM */
				o.out[o.used - 1] = (uint8_t)((o.out[o.used - 1] & ~0x38) | 0x20);
			put_distance(&o, next + (uint64_t)(int64_t)distance, i.bytes - i.rip_at - 4u);
			put(&o, code + i.rip_at + 4, i.bytes - i.rip_at - 4u);
			break;
		}
	}
	put_far_jump(&o, base + at);
	return o.out_of_reach ? 0 : o.used;
}
