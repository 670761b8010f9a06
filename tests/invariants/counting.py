"""Money in integers of Python: minor units of a currency, rounding, spreading."""

from generate_actions import DECIMALS, RATES


def minor(text, currency):
    """Minor units; the text has exactly the currency's decimals and at most 12 digits before the point."""
    whole, _, rest = text.lstrip("-").partition(".")
    assert len(rest) == DECIMALS[currency] and len(whole) <= 12, (text, currency)
    return int(whole + rest) * (-1 if text.startswith("-") else 1)


def given(text, currency):
    """The same of what a producer wrote."""
    whole, _, rest = str(text).partition(".")
    return int(whole + rest.ljust(DECIMALS[currency], "0"))


def ratio(text):
    """A decimal as (numerator, denominator)."""
    whole, _, rest = str(text).partition(".")
    return int(whole + rest), 10 ** len(rest)


def half_up(above, below):
    sign = -1 if above < 0 else 1
    return sign * ((2 * abs(above) + below) // (2 * below))


def spread(total, weights):
    weights = weights if sum(weights) else [1] * len(weights)
    parts = [total * weight // sum(weights) for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % sum(weights)), i))
    for i in order[:total - sum(parts)]:
        parts[i] += 1
    return parts


def percent_of(action, amount, percent):
    """In minor units of the payout; percent in 1/10,000."""
    fx = ratio(RATES[action.currency, action.payer]) if action.currency != action.payer else (1, 1)
    return half_up(amount * percent * fx[0] * 10 ** DECIMALS[action.payer],
                   10 ** 6 * fx[1] * 10 ** DECIMALS[action.currency])
