"""Field tables: what a type's `data` may hold, and how its values are read (messages.md 1).

A table is a dict name -> Field. `read_object` returns the decoded members; absent members are None
(or the default), unknown ones are dropped. Faults are JSON pointers; a fault inside a field that has a
`code` is no fault of the message: the field then decodes to BAD, and the rules reject with that code.
"""
import re

import moments
import money
from strict_json import Real  # noqa: F401  (families look for it here)


class _Bad:
    def __repr__(self):
        return "BAD"

    def __bool__(self):
        return True


BAD = _Bad()
_ID = re.compile(r"[!-~]{1,64}\Z")
_UNIT = re.compile(r"[A-Za-z0-9_./-]{1,32}\Z")
_CUR = re.compile(r"[A-Z]{3}\Z")
_BATCH = re.compile(r"[A-Za-z0-9._-]{8,55}\Z")


class Field:
    __slots__ = ("kind", "required", "default", "code")

    def __init__(self, kind, required=False, default=None, code=None):
        self.kind, self.required, self.default, self.code = kind, required, default, code


def need(kind, code=None):
    return Field(kind, required=True, code=code)


def opt(kind, default=None, code=None):
    return Field(kind, default=default, code=code)


# A kind is a function (value, pointer, faults) -> decoded; it adds to faults what is wrong.

def _scalar(read):
    def kind(value, pointer, faults):
        result = read(value)
        if result is None:
            faults.append(pointer)
        return result
    return kind


def _pattern(pattern):
    return _scalar(lambda v: v if isinstance(v, str) and pattern.match(v) else None)


def _is_text(value, longest):
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        return False
    if not value.isascii() and len(value.encode("utf-8")) > longest:
        return False
    return not any(c < " " or c == "\x7f" or "\x80" <= c <= "\x9f" for c in value)


def text(longest):
    return _scalar(lambda v: v if _is_text(v, longest) else None)


def _oid(value):
    return value if _is_text(value, 64) and value[0] != " " and value[-1] != " " else None


def is_oid(value):
    return isinstance(value, str) and _oid(value) is not None


def _email(value):
    if not _is_text(value, 254) or value.count("@") != 1:
        return None
    left, right = value.split("@")
    return value if left and right else None


ident = _pattern(_ID)
oid = _scalar(_oid)
unit = _pattern(_UNIT)
cur = _pattern(_CUR)
batch = _pattern(_BATCH)
email = _scalar(_email)
email_hash = _pattern(re.compile(r"[0-9a-f]{64}\Z"))
country = _pattern(re.compile(r"[A-Za-z]{2}\Z"))
amount = _scalar(money.read_money)
signed_amount = _scalar(lambda v: money.read_money(v, signed=True))
rate = _scalar(money.read_rate)
dec = _scalar(money.read_dec)
duration = _scalar(moments.read_duration)
time = _scalar(moments.read)


def _date(value):
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value <= moments.MAX else None
    return moments.read(value)


date = _scalar(_date)  # reward family: also epoch milliseconds


def any_text(value, pointer, faults):
    """A string of any form: the rules look at it."""
    if not isinstance(value, str):
        faults.append(pointer)
    return value


def flag(value, pointer, faults):
    if not isinstance(value, bool):
        faults.append(pointer)
    return value


def integer(low, high):
    return _scalar(lambda v: v if isinstance(v, int) and not isinstance(v, bool)
                   and low <= v <= high else None)


def enum(*names):
    names = frozenset(" ".join(names).split())
    return _scalar(lambda v: v if isinstance(v, str) and v in names else None)


def array(kind, low, high):
    def read(value, pointer, faults):
        if not isinstance(value, list) or not low <= len(value) <= high:
            faults.append(pointer)
            return None
        return [kind(item, "%s/%d" % (pointer, i), faults) for i, item in enumerate(value)]
    return read


def obj(table):
    def read(value, pointer, faults):
        if not isinstance(value, dict):
            faults.append(pointer)
            return None
        return read_object(value, table, pointer, faults)
    return read


def read_object(value, table, pointer, faults):
    result = {}
    for name, field in table.items():
        member = value.get(name)
        if member is None:
            result[name] = field.default
            if field.required:
                if field.code:
                    result[name] = BAD
                else:
                    faults.append("%s/%s" % (pointer, name))
        elif field.code:
            inner = []
            decoded = field.kind(member, "%s/%s" % (pointer, name), inner)
            result[name] = BAD if inner else decoded
        else:
            result[name] = field.kind(member, "%s/%s" % (pointer, name), faults)
    return result


BATCH = {"batchId": opt(batch), "line": opt(integer(1, 1000000))}
