"""Money, rates and decimals as exact integers (messages.md 1)."""
import re
from fractions import Fraction

# ISO 4217: the active codes; exponent 2 unless listed.
_EXPONENT = {0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
             3: "BHD IQD JOD KWD LYD OMR TND", 4: "CLF UYW"}
_TWO = """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN
BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD
MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY
TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD YER ZAR ZMW ZWG"""
CURRENCIES = {code: 2 for code in _TWO.split()}
for _digits, _codes in _EXPONENT.items():
    CURRENCIES.update({code: _digits for code in _codes.split()})

LIMIT_DIGITS = 12  # before the point, also of computed money

_MONEY = re.compile(r"(-?)(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,4}))?\Z")
_DEC = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,10}))?\Z")
_RATE = re.compile(r"([0-9]+)(?:\.([0-9]{1,4}))?\Z")


class Money:
    """A money value as sent: units of 10^-4 and how many decimals were written."""
    __slots__ = ("scaled", "decimals")

    def __init__(self, scaled, decimals):
        self.scaled = scaled
        self.decimals = decimals

    def minor(self, currency):
        """Minor units, or None when more decimals are written than the currency has."""
        exponent = CURRENCIES[currency]
        if self.decimals > exponent:
            return None
        return self.scaled // 10 ** (4 - exponent)


def read_money(value, signed=False):
    """Money, or None when the form is not money."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        if value < 0 and not signed or abs(value) >= 10 ** LIMIT_DIGITS:
            return None
        return Money(value * 10000, 0)
    if not isinstance(value, str):
        return None
    match = _MONEY.match(value)
    if not match or (match.group(1) and not signed):
        return None
    digits = match.group(3) or ""
    scaled = int(match.group(2)) * 10000 + int((digits + "0000")[:4])
    if match.group(1):
        if match.group(2) == "0" and scaled == 0:
            return None  # "-0": no sign before zero
        scaled = -scaled
    return Money(scaled, len(digits))


def read_dec(value):
    """An exact Fraction, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Fraction(value) if 0 <= value < 10 ** 15 else None
    match = _DEC.match(value) if isinstance(value, str) else None
    if not match:
        return None
    digits = match.group(2) or ""
    return Fraction(int(match.group(1) + digits), 10 ** len(digits))


def read_rate(value):
    """Percent in 1/10,000, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value * 10000 if 0 <= value <= 1000 else None
    match = _RATE.match(value) if isinstance(value, str) else None
    if not match or (len(match.group(1)) > 1 and match.group(1)[0] == "0"):
        return None
    if len(match.group(1)) > 4:
        return None
    scaled = int(match.group(1)) * 10000 + int(((match.group(2) or "") + "0000")[:4])
    return scaled if scaled <= 1000 * 10000 else None


def show(minor, exponent):
    """Minor units as text with exactly `exponent` decimals."""
    sign, value = ("-", -minor) if minor < 0 else ("", minor)
    if exponent == 0:
        return sign + str(value)
    whole, rest = divmod(value, 10 ** exponent)
    return "%s%d.%0*d" % (sign, whole, exponent, rest)


def show_money(minor, currency):
    return show(minor, CURRENCIES[currency])


def show_fraction(value):
    """An exact decimal in its shortest form."""
    value = Fraction(value)
    whole, rest = divmod(abs(value), 1)
    digits = ""
    while rest:
        rest *= 10
        digit, rest = divmod(rest, 1)
        digits += str(int(digit))
    sign = "-" if value < 0 else ""
    return sign + str(int(whole)) + ("." + digits if digits else "")


def show_rate(scaled):
    return show_fraction(Fraction(scaled, 10000))


def too_big(minor, currency):
    """More than 12 digits before the point."""
    return abs(minor) >= 10 ** (LIMIT_DIGITS + CURRENCIES[currency])


def round_half_up(value):
    """A Fraction to the nearest integer, half away from zero."""
    value = Fraction(value)
    if value < 0:
        return -round_half_up(-value)
    return int((2 * value.numerator + value.denominator) // (2 * value.denominator))


def spread(total, weights):
    """`total` over the weights: floors, then one unit each to the largest remainders, ties in order."""
    if not weights:
        return []
    if sum(weights) == 0:
        weights = [1] * len(weights)
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for index in order[:total - sum(shares)]:
        shares[index] += 1
    return shares
