"""Finds places in C rules where one thing can be changed, and rewrites a file so that the environment
variable MAKEGOOD_MUTANT chooses which change is in force: one build holds all mutants.

A condition of `if` or `while`, and a returned expression that compares, may be held true, held false, or
have one operator exchanged; an assignment or call that stands alone may be left out.
"""
import re

OPERATORS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
             "+": "-", "-": "+"}
TOKEN = re.compile(r"<<|>>|->|\+\+|--|[-+*/%&|]=|<=|>=|==|!=|&&|\|\||[<>+-]")
HEADER = """#include <stdlib.h>
static int mutant_chosen = -1;
__attribute__((constructor, unused)) static void mutant_read(void)
{
    const char *text = getenv("MAKEGOOD_MUTANT");
    mutant_chosen = text ? atoi(text) : 0;
}
#define MUTANT(n) (mutant_chosen == (n))
"""


def blank(source):
    """The same text with comments, literals and directives made of spaces, so that offsets agree."""
    pattern = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
                         r"|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.S | re.M)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), source)


def closing(text, start):
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    raise ValueError("unbalanced parentheses")


class Place:
    """A span of the source and what may stand there instead, as [(what, C text)]."""

    def __init__(self, start, end, variants, statement=False):
        self.start, self.end, self.variants, self.statement = start, end, variants, statement


def exchanged(source, plain, start, end):
    """The expression with one operator exchanged, for each operator in it."""
    for found in TOKEN.finditer(plain, start, end):
        operator = found.group()
        before = plain[start:found.start()].rstrip()
        unary = operator in "+-" and (not before or before[-1] in "(,=<>&|?:+-*/%!" or before.endswith("return"))
        if operator in OPERATORS and not unary:
            new = OPERATORS[operator]
            yield (f"{operator} becomes {new}",
                   source[start:found.start()] + new + source[found.end():end])


def condition_places(source, plain):
    for found in re.finditer(r"\b(if|while|for) \(", plain):
        start = found.end()
        end = closing(plain, start - 1)
        if found.group(1) == "for":
            parts = [i for i in range(start, end) if plain[i] == ";"]
            if len(parts) != 2 or not plain[parts[0] + 1:parts[1]].strip():
                continue
            start, end = parts[0] + 1, parts[1]
            yield Place(start, end, [("loop is not entered", "0")] +
                        [v for v in exchanged(source, plain, start, end) if "&&" in v[0] or "||" in v[0]])
            continue
        held = [("held true", "1"), ("held false", "0")] if found.group(1) == "if" else [("not entered", "0")]
        yield Place(start, end, held + list(exchanged(source, plain, start, end)))


def returned_places(source, plain):
    for found in re.finditer(r"\breturn ([^;]+);", plain):
        start, end = found.start(1), found.end(1)
        if re.search(r"[<>=!]=|&&|\|\||<|>", plain[start:end].replace("->", "  ")):
            variants = list(exchanged(source, plain, start, end))
            if "?" not in plain[start:end] and "struct" not in plain[start:end]:
                variants += [("held true", "1"), ("held false", "0")]
            yield Place(start, end, variants)


STATEMENT = re.compile(r"[;{}]\s*(?=((?:\*?[a-z_][\w.>\[\]-]*(?: [-+*|]?= |\+\+|--)|[a-z_]\w*\()[^;{}]*;))")
NO_STATEMENT = re.compile(r"(return|break|continue|goto|struct|static|else|case|ENSURE|for|if|while|switch)\b")


def statement_places(source, plain):
    for found in STATEMENT.finditer(plain):
        text, start, end = found.group(1), found.start(1), found.end(1)
        line = plain[plain.rfind("\n", 0, start) + 1:start]
        if line.strip().startswith("for (") or not line or NO_STATEMENT.match(text) or \
                text.count("(") != text.count(")"):
            continue  # within a loop's head, at the margin, or not a plain statement
        yield Place(start, end, [("left out", None)], True)


def places_of(source):
    plain = blank(source)
    body = [m.start() for m in re.finditer(r"^\{", plain, re.M)]
    ends = [m.start() for m in re.finditer(r"^\}", plain, re.M)]

    def inside(place):
        return any(a < place.start and place.end <= next((e for e in ends if e > a), a) for a in body)

    places = [p for p in [*condition_places(source, plain), *returned_places(source, plain),
                          *statement_places(source, plain)] if p.variants and inside(p)]
    chosen, last = [], -1
    for place in sorted(places, key=lambda p: (p.start, -p.end)):
        if place.start >= last:  # what lies within another is part of its variants
            chosen.append(place)
            last = place.end
    return chosen


def rewrite(source, first):
    """(the file with all its mutants, numbered from `first`; [(number, line, what, text)])"""
    out, at, number, told = [], 0, first, []
    for place in places_of(source):
        text = source[place.start:place.end]
        line = source.count("\n", 0, place.start) + 1
        out.append(source[at:place.start])
        new = text
        for what, variant in place.variants:
            told.append((number, line, what, " ".join(text.split())))
            new = (f"if (!MUTANT({number})) {{ {new} }}" if place.statement
                   else f"(MUTANT({number}) ? ({variant}) : ({new}))")
            number += 1
        out.append(new)
        at = place.end
    out.append(source[at:])
    return HEADER + "".join(out), told
