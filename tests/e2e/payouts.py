"""What actions must have come to, computed from the commands alone, with fractions, and sharing
nothing with the program under test. Commands of an action are given in the order of decision."""

from decimal import Decimal
from fractions import Fraction

DECIMALS = {"USD": 2, "JPY": 0, "KWD": 3}

MODIFY_REASONS = frozenset(
    "ORDER_UPDATE ITEM_RETURNED CONS_FRAUD CONS_ERROR ORDER_ERROR PUB_ACT_DISPUTE ADV_ACT_DISPUTE "
    "NOT_COMPLIANCE_TERMS ITEM_OUT_OF_STOCK TEST_ACTION PARTNER_NOT_ACTIVE CREDITED_DIFFERENT_MP "
    "OTHER".split())
REVERSE_CODES = frozenset(
    "REJECTED CONS_INFO_INVALID CONS_ERROR CONS_FRAUD ITEM_RETURNED ITEM_OUT_OF_STOCK ORDER_ERROR "
    "PUB_ACT_DISPUTE NOT_COMPLIANCE_TERMS MP_RETURNED OTHER CREDITED_DIFFERENT_MP ADV_ACT_DISPUTE "
    "TEST_ACTION".split())


def half_away_from_zero(value):
    """The nearest integer of a Fraction."""
    sign = -1 if value < 0 else 1
    return sign * ((2 * abs(value) + 1) // 2)


def units(text, currency):
    """"10.55" USD -> 1055; None if it has more decimals than the currency."""
    scaled = Fraction(Decimal(text)) * 10 ** DECIMALS[currency]
    return int(scaled) if scaled.denominator == 1 else None


def money(amount, currency):
    decimals = DECIMALS[currency]
    if decimals == 0:
        return str(amount)
    sign, digits = "-" if amount < 0 else "", str(abs(amount)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


class Terms:
    """The default payout of one tracker: a percentage, or a flat sum."""

    def __init__(self, currency, rate=None, flat=None):
        self.currency, self.rate, self.flat = currency, rate, flat

    def payout(self, amount):
        if self.flat is not None:
            return units(self.flat, self.currency)
        return half_away_from_zero(Fraction(amount) * Fraction(Decimal(self.rate)) / 100)


class Action:
    """One action from its tracking on. Each method answers (verdict, name): the name of the outcome
    when applied, the code when rejected."""

    def __init__(self, terms, amount):
        self.terms = terms
        self.amount = units(amount, terms.currency)
        self.payout = terms.payout(self.amount)
        self.state, self.modifications = "PENDING", 0

    def modify(self, data):
        currency = self.terms.currency
        if data.get("reason") not in MODIFY_REASONS:
            return "rejected", "INVALID_REASON"
        if data.get("currency", currency) != currency:
            return "rejected", "CURRENCY_MISMATCH"
        amount = units(data["amount"], currency)
        if amount is None:
            return "rejected", "INVALID_AMOUNT"
        if self.state == "REVERSED":
            return "rejected", "ACTION_REVERSED"
        if self.state == "APPROVED":
            return "rejected", "ACTION_LOCKED"
        if amount == 0 and self.amount != 0:
            return self.turn_back()
        self.modifications += 1
        self.amount, self.payout = amount, self.terms.payout(amount)
        return "applied", "action.modified"

    def reverse(self, data):
        if data.get("dispositionCode") not in REVERSE_CODES:
            return "rejected", "INVALID_REASON"
        if self.state == "REVERSED":
            return "unchanged", "command.unchanged"
        if self.state == "APPROVED":
            return "rejected", "ACTION_LOCKED"
        return self.turn_back()

    def turn_back(self):
        self.state, self.amount, self.payout = "REVERSED", 0, 0
        return "applied", "action.reversed"

    def approve(self, _data):
        if self.state == "REVERSED":
            return "rejected", "ACTION_REVERSED"
        if self.state == "APPROVED":
            return "unchanged", "command.unchanged"
        self.state = "APPROVED"
        return "applied", "action.approved"

    def shown(self):
        """The members of the action record that must agree."""
        currency = self.terms.currency
        return {"state": self.state, "amount": money(self.amount, currency),
                "payout": money(self.payout, currency), "modifications": self.modifications}


def decide_all(terms, track, updates):
    """The action after its tracking and its updates in order, and the answer to each update."""
    action = Action(terms, track["amount"])
    return action, [getattr(action, verb)(data) for verb, data in updates]


def self_check():
    """Examples that were worked by hand."""
    four = Terms("USD", rate="4")
    assert [money(four.payout(cents), "USD") for cents in (1062, 3186, 2199, 1927, 1629)] == [
        "0.42", "1.27", "0.88", "0.77", "0.65"]
    assert Terms("USD", rate="5").payout(10) == 1 and Terms("USD", rate="5").payout(9) == 0
    seven = Terms("JPY", rate="7.5")
    assert seven.payout(1000) == 75 and seven.payout(1020) == 77
    assert money(5, "USD") == "0.05" and units("10", "USD") == 1000 and units("1.5", "JPY") is None
    action, answers = decide_all(four, {"amount": "100.00"}, [
        ("modify", {"reason": "ORDER_UPDATE", "amount": "80.00"}), ("modify", {"amount": "1"}),
        ("modify", {"reason": "OTHER", "amount": "0"}), ("reverse", {"dispositionCode": "OTHER"}),
        ("approve", {})])
    assert answers == [("applied", "action.modified"), ("rejected", "INVALID_REASON"),
                       ("applied", "action.reversed"), ("unchanged", "command.unchanged"),
                       ("rejected", "ACTION_REVERSED")]
    assert action.shown() == {"state": "REVERSED", "amount": "0.00", "payout": "0.00",
                              "modifications": 1}


self_check()
