"""Parses a generated source of many different shapes: deep_ast.py FUNCTIONS

To be run with PYTHONMALLOC=malloc, so that each object is a call of malloc. The recursive descent of the parser makes
the allocations happen some 35 native frames deep, over a few hundred thousand different stacks.
"""
import ast
import sys

STATE = 1


def below(n):
    """A 64-bit LCG: the same source with every Python version."""
    global STATE
    STATE = (STATE * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
    return (STATE >> 33) % n


def expression(depth):
    kind = below(8) if depth else 7
    if kind == 0:
        return f"({expression(depth - 1)} + {expression(depth - 1)})"
    if kind == 1:
        return f"[{expression(depth - 1)}, {below(100)}]"
    if kind == 2:
        return f"f{below(50)}({expression(depth - 1)}, k={below(9)})"
    if kind == 3:
        return f"{{'k{below(9)}': {expression(depth - 1)}}}"
    if kind == 4:
        return f"a[{expression(depth - 1)}]"
    if kind == 5:
        return f"(a if b > {below(9)} else {expression(depth - 1)})"
    return f"a * {below(1000)} - b.c{below(9)}"


def body(depth, indent):
    lines = []
    for _ in range(1 + below(3)):
        kind = below(5) if depth else 4
        if kind == 0:
            lines += [f"{indent}if {expression(1)}:"] + body(depth - 1, indent + " ")
        elif kind == 1:
            lines += [f"{indent}for x in {expression(1)}:"] + body(depth - 1, indent + " ")
        elif kind == 2:
            lines += [f"{indent}with {expression(1)} as y:"] + body(depth - 1, indent + " ")
        else:
            lines.append(f"{indent}z{below(20)} = {expression(1)}")
    return lines


def main():
    lines = []
    for i in range(int(sys.argv[1])):
        lines += [f"def f{i}(a, b, c={below(100)}):"] + body(2, " ")
    text = "\n".join(lines)
    for _ in range(6):
        tree = ast.parse(text)
    print(len(text), len(tree.body))


main()
