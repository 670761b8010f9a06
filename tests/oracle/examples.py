"""The worked examples of the contract (rewards, orders, batches) decided by the oracle alone.

usage: examples.py [--makegood BIN]; with BIN the program decides them too, and must say the same.
"""
import argparse
import json
import sys

import compare


def lines_of(given):
    """[(time, type, data)] -> lines; a time of one day is its midnight."""
    made = []
    for number, (at, kind, data) in enumerate(given):
        made.append(json.dumps({
            "specversion": "1.0", "id": "x%d" % number, "source": "/example", "data": data,
            "type": "makegood.%s.v1" % kind, "time": at if "T" in at else at + "T00:00:00Z"}).encode())
    return made


def holds(want, got):
    """Whether `got` has what `want` names."""
    if isinstance(want, dict):
        return isinstance(got, dict) and all(k in got and holds(v, got[k]) for k, v in want.items())
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(holds, want, got))
    return want == got


def shown(record):
    """Type, verdict or code, and data of an output line."""
    event = record["event"]
    kind = event["type"][len("makegood."):-len(".v1")]
    return kind, dict(event["data"], topic=record["topic"])


def check(name, given, expected, until=None, skip=(), binary=None):
    """`expected`: [(type, members)], in order, of the lines whose type is not in `skip`."""
    case = compare.Case(lines_of(given), until)
    runs = [[record for _, record in compare.run_oracle(case)[0]]]
    if binary:
        runs.append([json.loads(line) for line in compare.run_program(binary, case)[0]])
    for who, records in zip(("oracle", "program"), runs):
        found = [shown(r) for r in records]
        found = [f for f in found if f[0] not in skip]
        for index in range(max(len(found), len(expected))):
            kind, members = expected[index] if index < len(expected) else (None, {})
            have, data = found[index] if index < len(found) else (None, {})
            if kind != have or not holds(members, data):
                print("%s, %s: line %d: expected %s %s, got %s %s" % (
                    name, who, index, kind, members, have, data))
                return 1
    return 0


def code(value):
    return ("command.rejected", {"reason": {"code": value}})


A = {"accountId": "A"}
PUTS = ("user.stored", "program.stored", "token.stored", "event.stored", "promo.stored")


def reward(name, value, **more):
    return dict(A, userId="U", rewardId=name, unit="USD", value=value, **more)


def one(name):
    return dict(A, rewardId=name)


def redeem(value, unit="USD"):
    return dict(A, unit=unit, valueToRedeem=value)


def example_8(binary):
    """First to expire is redeemed first; fractions are cut off."""
    given = [("2026-01-01", "reward.create", reward("r1", 500, dateExpires="2026-03-01T00:00:00Z")),
             ("2026-01-01", "reward.create", reward("r2", 700)),
             ("2026-01-01", "reward.create", reward("r3", 300, dateExpires="2026-02-01T00:00:00Z"))]
    given += [("2026-01-15", "balance.redeem", redeem(*v)) for v in (
        ("10.556",), ("4.46",), ("0.004",), ("1", "CENTS"), ("1e3",))]
    taken = [{"rewardId": r, "value": v} for r, v in (("r3", 300), ("r1", 500), ("r2", 255))]
    return check("8", given, [
        ("reward.redeemed", {"creditRedeemed": 1055, "creditAvailable": 445, "redeemedRewards": taken}),
        code("INSUFFICIENT_BALANCE"), code("VALUE_TOO_SMALL"), code("UNIT_MISMATCH"),
        code("INVALID_FIELD")], binary=binary,
        skip=("reward.created", "reward.available", "reward.balance.changed"))


def example_9(binary):
    """The W-9 threshold."""
    given = [("2026-01-01", "program.put", {"programId": "default",
                                            "enforceTaxCompliance": "EXPLICIT_COUNTRY_CODE"}),
             ("2026-01-01", "user.put", dict(A, userId="U", countryCode="US"))]
    given += [("2026-01-02", "reward.create", reward("r%d" % (i + 1), v))
              for i, v in enumerate((50000, 15000, 9999))]
    given += [("2026-01-03", "reward.cancel", one("r2")), ("2026-01-03", "reward.uncancel", one("r2")),
              ("2026-01-04", "tax_form.collect", dict(A, userId="U"))]
    held = ("reward.pending", {"rewardId": "r2", "pendingReasons": ["US_TAX"]})
    changed = ("reward.balance.changed", {})
    return check("9", given, [
        ("reward.available", {"rewardId": "r1"}), changed, held, changed,
        ("reward.available", {"rewardId": "r3"}), changed, ("reward.cancelled", {}), changed,
        ("reward.uncancelled", {"pendingReasons": ["US_TAX"]}), held, changed,
        ("tax_form.collected", {"released": ["r2"]}), ("reward.available", {"rewardId": "r2"}),
        ("reward.balance.changed", {"availableValue": 74999})], binary=binary,
        skip=PUTS + ("reward.created",))


def example_10(binary):
    """Released early by a cancel and an un-cancel: the timer has nothing to say."""
    given = [("2026-01-01", "reward.create", reward("r1", 5, pendingDuration="P14D")),
             ("2026-01-05", "reward.cancel", one("r1")), ("2026-01-05", "reward.uncancel", one("r1"))]
    return check("10", given, [
        ("reward.created", {"status": "PENDING", "pendingReasons": ["SCHEDULED"]}), ("reward.pending", {}),
        ("reward.cancelled", {}), ("reward.uncancelled", {}),
        ("reward.available", {"dateGiven": "2026-01-05T00:00:00.000Z"})], "2026-02-01T00:00:00Z",
        ("reward.balance.changed",), binary)


BUYER = {"firstName": "F", "lastName": "L", "email": "b@x.com"}
ORDER = {"eventId": "E", "buyer": BUYER, "currency": "USD"}


def order_11(kind):
    tickets = [{"ticketId": "t%d" % i, "ticketTypeId": "T", "price": "10.00", "fee": "0.50"}
               for i in (1, 2, 3)]
    made = dict(ORDER, orderId="o", paymentType=kind, tickets=tickets, discount="10.00")
    return dict(made, processingFee="0.92") if kind == "CARD" else made


def example_11(binary):
    """A refund for each ticket: by card with and without the fee, by invoice before and after it is paid."""
    two = {"orderId": "o", "tickets": ["t1", "t2"]}
    refund_id = compare.engine.uuid5("/example|x1|order:o|1")
    placed = ("order.placed", {"saleAmount": "21.50", "tickets": [
        {"discount": d, "amountPaid": p} for d, p in (("3.34", "7.16"), ("3.33", "7.17"), ("3.33", "7.17"))]})
    requested = ("order.refund_requested", {"status": "PARTIALLY_COMPLETE", "statusText": "1/3 Complete",
                                            "pendingRefundAmount": "14.33"})
    noise = ("order.completed", "attendee.added", "attendee.access_revoked")
    mail = [("email.requested", {})] * 5  # confirmation, receipt, three tickets
    bad = check("11 card", [
        ("2026-01-01", "order.place", order_11("CARD")), ("2026-01-02", "order.refund_tickets", two),
        ("2026-01-03", "refund.result", {"orderId": "o", "refundId": refund_id, "result": "SUCCEEDED"})], [
        placed] + mail + [("metrics.updated", {}), requested, ("refund.initiated", {
            "topic": "refund-initiated", "method": "CARD", "amount": "14.33", "nonRefundableFee": "0.61"}),
            ("metrics.updated", {}), ("refund.succeeded", {}),
            ("email.requested", {"template": "REFUND_CONFIRMATION"}), ("metrics.updated", {
                "refunds": "14.33", "netSales": "7.17"})], skip=noise, binary=binary)
    bad += check("11 fee", [
        ("2026-01-01", "order.place", order_11("CARD")),
        ("2026-01-02", "order.refund_tickets", dict(two, retainProcessingFee=True))], [
        placed, ("order.refund_requested", {}), ("refund.initiated", {"amount": "13.72"})],
        skip=noise + ("email.requested", "metrics.updated"), binary=binary)
    bad += check("11 invoice", [
        ("2026-01-01", "order.place", order_11("INVOICE")), ("2026-01-02", "order.refund_tickets", two),
        ("2026-01-02", "order.mark_paid", {"orderId": "o"}), ("2026-01-03", "order.refund_tickets", two)], [
        placed, ("email.requested", {"template": "ORDER_CONFIRMATION_INVOICE"}), code("NOTHING_TO_REFUND"),
        ("order.marked_as_paid", {})] + mail[:4] + [
        ("order.refund_requested", {"refundedAmount": "14.33"}), ("refund.initiated", {
            "topic": "order-outcome", "method": "INVOICE", "amount": "14.33"}),
        ("email.requested", {"template": "REFUND_INITIATED"})],
        skip=noise + ("metrics.updated",), binary=binary)
    return bad


def example_12(binary):
    """A promo code near its limit; a cancelled ticket gives its use back."""
    tickets = [{"ticketId": t, "ticketTypeId": "T", "price": "9.99"} for t in ("t1", "t2")]
    first, second = (dict(ORDER, orderId=o, paymentType="CARD", tickets=tickets, promoCode="sun")
                     for o in ("o1", "o2"))
    given = [("2026-01-01", "promo.put", {"code": "SUN", "type": "PERCENT", "value": 50, "maxUses": 3,
                                          "ticketTypeIds": ["T"]}),
             ("2026-01-01", "order.place", first), ("2026-01-01", "order.place", second),
             ("2026-01-02", "order.cancel_tickets", {"orderId": "o1", "tickets": ["t1"]}),
             ("2026-01-02", "order.place", second)]
    wait = ("command.deferred", {"reason": {"code": "AWAITING_PROMO"}})
    return check("12", given, [
        wait, ("promo.uses.changed", {"uses": 2}), ("order.placed", {
            "saleAmount": "9.99", "tickets": [{"discount": "5.00"}, {"discount": "4.99"}]}),
        wait, code("PROMO_EXHAUSTED"), ("order.cancelled", {}), ("promo.uses.changed", {"uses": 1}),
        wait, ("promo.uses.changed", {"uses": 3}), ("order.placed", {})], binary=binary,
        skip=PUTS + ("order.completed", "attendee.added", "attendee.access_revoked", "email.requested",
                     "metrics.updated"))


def example_13(binary):
    """A batch of points by token: the same token twice counts twice, an unknown one is an error."""
    given = [("2026-01-01", "token.put", dict(A, userId="U1", token="T1"))]
    given += [("2026-01-01", "points.credit", {"token": t, "value": 10, "batchId": "batch-01", "line": i + 2})
              for i, t in enumerate(("T1", "T1", "TX"))]
    given += [("2026-01-01", "import.start", {"batchId": "batch-01", "type": "POINTS"}),
              ("2026-01-01", "import.finish", {"batchId": "batch-01", "totalRecords": 3})]
    credit = [("command.forwarded", {"to": "account:A"}), ("points.credited", {}), ("reward.available", {})]
    return check("13", given, credit + [("reward.balance.changed", {"availableValue": 10})] + credit + [
        ("reward.balance.changed", {"availableValue": 20}), code("TOKEN_INVALID"), ("import.started", {}),
        ("import.finished", {}), ("import.completed", {
            "recordsProcessed": 3, "totalErrors": 1, "errors": [{"line": 4, "reason": "TOKEN_INVALID"}]})],
        binary=binary, skip=PUTS)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--makegood")
    binary = parser.parse_args().makegood
    bad = sum(example(binary) for example in (
        example_8, example_9, example_10, example_11, example_12, example_13))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
