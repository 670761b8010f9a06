"""Bytes to values, strictly: one JSON text, UTF-8, no member twice, bounded depth and size.

Integers stay Python ints, reals become Real (they never equal an integer), strings are str. A text
that breaks a rule of messages.md 2, row 2, raises Malformed.
"""
import json
from decimal import Decimal

MAX_DEPTH = 16
MAX_MEMBERS = 4096


class Malformed(Exception):
    pass


class Real:
    """A JSON number with a point or an exponent; kept as its text."""
    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text

    def __eq__(self, other):
        return isinstance(other, Real) and self.text == other.text

    def __hash__(self):
        return hash(self.text)

    def __repr__(self):
        return "Real(%s)" % self.text


def _no_constant(text):
    raise Malformed("constant " + text)


def _has_surrogate(text):
    return any("\ud800" <= c <= "\udfff" for c in text)


class _Reader:
    def __init__(self):
        self.members = 0
        self.decoder = json.JSONDecoder(object_pairs_hook=self.pairs, parse_float=Real,
                                        parse_constant=_no_constant)

    def pairs(self, pairs):
        self.members += len(pairs)
        result = dict(pairs)
        if len(result) != len(pairs):
            raise Malformed("member twice")
        return result


def _walk(value, depth, unsafe):
    if isinstance(value, dict):
        if depth > MAX_DEPTH:
            raise Malformed("too deep")
        for name, member in value.items():
            if unsafe:
                _text(name)
            _walk(member, depth + 1, unsafe)
    elif isinstance(value, list):
        if depth > MAX_DEPTH:
            raise Malformed("too deep")
        for member in value:
            _walk(member, depth + 1, unsafe)
    elif unsafe and isinstance(value, str):
        _text(value)


def _text(text):
    if "\0" in text or _has_surrogate(text):
        raise Malformed("NUL or half of a surrogate pair")


def read(raw, bounded=True):
    """The value of one JSON text in `raw` (bytes); outcomes are read without the bounds of inputs."""
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error
    if text.startswith("\ufeff"):
        raise Malformed("byte order mark")
    reader = _Reader()
    try:
        value = reader.decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if bounded:
        if reader.members > MAX_MEMBERS:
            raise Malformed("too many members")
        _walk(value, 1, "\\u" in text)
    return value


def _number(real):
    return {"\0real": str(Decimal(real.text).normalize())}


def canonical(value):
    """One text for equal values: members sorted, strings unescaped, numbers by value."""
    return json.dumps(value, sort_keys=True, default=_number, separators=(",", ":"))
