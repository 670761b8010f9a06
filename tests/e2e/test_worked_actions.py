#!/usr/bin/python3
"""The worked examples of the action family through real Kafka: rounding, returned items, an exception
list that ends, 1,000 modifications, make-goods, early commands (the lock boundary: test_worked_lock.py).
Kafka's clock is the real one, so what has to be in the past (a lock date) is put there by the event date."""

import time

from harness import World, arguments, main
from ledger import header, scaled
from shop import Shop, days_ago, holds, id_of, kinds, one, outcome_id, text_of, wait_for_references
from workload import event


def rounding(shop):
    lines = [{"sku": sku, "quantity": 1, "amount": "10.62"} for sku in "abc"]
    data = {"actionId": "R1", "actionTrackerId": 70, "oid": "OR1", "partnerId": "PI", "currency": "USD", "items": lines}
    said = shop.entries("action.track", "oid:70:OR1", data)
    assert {entry.entity: entry.verdict for entry in said} == {"oid:70:OR1": "forwarded", "action:R1": "applied"}, said
    tracked = shop.last("action.tracked").data
    holds(tracked, amount="31.86", payout="1.26")
    assert [line["payout"] for line in tracked["items"]] == ["0.42"] * 3, tracked
    one(shop.track("R2", "P1", items=lines), "action.tracked", payout="1.27")


def returned_items(shop):
    lines = [{"sku": "a", "quantity": 2, "amount": "30.00"}, {"sku": "b", "quantity": 1, "amount": "21.99"}]
    said = shop.track("I1", "PI", items=lines)
    one(said, "action.tracked", payout="2.08")
    assert [line["payout"] for line in said[0][1]["items"]] == ["1.20", "0.88"], said
    said = shop.command("modify_items", "I1", reason="ITEM_RETURNED", items=[{"sku": "a", "quantity": 1}])
    one(said, "action.modified", amount="36.99", deltaAmount="-15.00", payout="1.48", deltaPayout="-0.60",
        modifications=1)
    holds(said[0][1]["items"][0], sku="a", quantity=1, amount="15.00", payout="0.60")
    gone = [{"sku": "a", "quantity": 0}, {"sku": "b", "quantity": 0}]
    one(shop.command("modify_items", "I1", reason="ITEM_RETURNED", items=gone),
        "action.reversed", deltaAmount="-36.99", deltaPayout="-1.48", modifications=1)


def exception_list_ends(shop):
    """The list ends by its date, a few seconds from now."""
    ends_ms = int(time.time() + 8) * 1000
    shop.tell("exception_list.put", "list:L1", {"listId": "L1", "state": "ACTIVE", "items": [{"value": "SAVE10"}],
                                                "deactivationDate": text_of(ends_ms)})
    wait_for_references()
    said = shop.track("E1", "PL", amount="100.00", promoCode="save10")
    one(said, "action.tracked", payout="0.00")
    assert said[0][1]["terms"]["rule"] == "group:1" and said[0][1]["effectiveTime"] < text_of(ends_ms), said
    time.sleep(max(0, ends_ms / 1000 - time.time()) + 0.1)
    said = shop.command("modify", "E1", reason="ORDER_UPDATE", amount="100.00")
    one(said, "action.modified", payout="5.00", deltaPayout="5.00", deltaAmount="0.00")
    assert said[0][1]["terms"]["rule"] == "default", said


def the_1001st(shop):
    one(shop.track("M1", "P1", amount="100.00"), "action.tracked")
    for number in range(1000):
        shop.world.send("action", event("action.modify", f"many-{number}",
                                        {"actionId": "M1", "reason": "ORDER_UPDATE", "amount": "100.00"}), b"action:M1")
    shop.world.sent()
    shop.ledger.settle(120)
    one(shop.command("modify", "M1", reason="ORDER_UPDATE", amount="50.00"), "command.rejected")
    assert shop.ledger.outcomes[-1].code == "MODIFICATION_LIMIT_REACHED", shop.ledger.outcomes[-1]
    one(shop.command("modify", "M1", reason="ORDER_UPDATE", amount="0"), "action.reversed", modifications=1000)
    one(shop.command("restore", "M1"), "action.restored", modifications=1000, amount="100.00")


def make_goods(shop):
    said = shop.track("G1", "PG", amount="100.00", eventDate=days_ago(90))
    kinds(said, "action.tracked", "action.locked")
    shop.put("CG", "PG", defaultPayoutRate="10")
    wait_for_references()
    for amount, owed in (("80.00", "0.80"), ("60.00", "0.80")):
        said = shop.command("modify", "G1", reason="ORDER_UPDATE", amount=amount)
        kinds(said, "command.rejected", "adjustment.required")
        assert said[0][1]["reason"]["code"] == "ACTION_LOCKED", said
        holds(said[1][1], direction="COLLECT_FROM_PARTNER", amount=owed)
    said = shop.command("reverse", "G1", dispositionCode="CONS_FRAUD")
    kinds(said, "command.rejected", "adjustment.required")
    holds(said[1][1], direction="COLLECT_FROM_PARTNER", amount="2.40")
    one(shop.command("reverse", "G1", dispositionCode="CONS_FRAUD"), "command.rejected")


def early(shop):
    """But for the hour in which no action comes: that is a case for `exec`."""
    oid, address = "oid:70:X1", {"oid": "X1", "actionTrackerId": 70, "dispositionCode": "CONS_FRAUD"}
    said = shop.entries("action.reverse", oid, address, "m-1", waiting=1)
    assert [(entry.type, entry.code, id_of(entry)) for entry in said] == [
        ("command.deferred", "AWAITING_ACTION", outcome_id("m-1", oid, 0))], said
    kinds(shop.track("A1", "P1", oid="X1", amount="10.00"), "action.tracked", "action.reversed")
    forwarded = [entry for entry in shop.ledger.of_command("m-1") if entry.verdict == "forwarded"]
    assert [id_of(entry) for entry in forwarded] == [outcome_id("m-1", oid, 1)], forwarded
    reversal = shop.last("action.reversed")
    assert id_of(reversal) == outcome_id("m-1", "action:A1", 0), reversal
    assert header(reversal.record, "ce_causationid") == "m-1", reversal
    said = shop.entries("action.reverse", oid, address, "m-1")
    assert [(entry.type, entry.entity) for entry in said] == [("command.duplicate", oid)], said
    assert said[0].data["originalOutcomeIds"] == [outcome_id("m-1", oid, n) for n in (0, 1)], said
    shop.tell("action.reverse", oid, dict(address, dispositionCode="OTHER"), "m-1")
    assert [entry.type for entry in shop.ledger.dead.values()] == ["id-conflict"], shop.ledger.dead


def limits(shop):
    """A budget over several actions: exact, though each command waits for the tally's answer."""
    payouts = []
    for number in range(4):
        said = shop.track(f"B{number}", "PB", amount="100.00")
        kinds(said, "command.deferred", "action.tracked")
        payouts.append(said[1][1]["payout"])
    assert payouts == ["4.00", "4.00", "2.00", "0.00"], payouts
    kinds(shop.command("reverse", "B0", dispositionCode="OTHER"), "action.reversed")
    said = shop.command("modify", "B3", reason="ORDER_UPDATE", amount="100.00")
    holds(said[-1][1], payout="4.00")


def limits_in_a_rush(shop):
    """Many at once: they share one budget to the cent, whatever is asked and answered in between."""
    before = len(shop.ledger.outcomes)
    for number in range(40):
        data = {"actionId": f"Q{number}", "actionTrackerId": 70, "oid": f"Q{number}", "partnerId": "PQ",
                "currency": "USD", "amount": "75.00"}
        shop.world.send("action", event("action.track", f"rush-{number}", data), f"oid:70:Q{number}".encode())
    shop.world.sent()
    shop.ledger.settle(60)
    payouts = sorted(round(float(entry.data["payout"]) * 100) for entry in shop.ledger.outcomes[before:]
                     if entry.type == "action.tracked")
    assert payouts == [0] * 36 + [100] + [300] * 3, payouts


def bonus_in_a_rush(shop):
    """Many at once: whichever crosses a tier, payouts and bonuses are the highest tier's rate of all revenue."""
    before = len(shop.ledger.outcomes)
    for number in range(40):
        data = {"actionId": f"T{number}", "actionTrackerId": 70, "oid": f"T{number}", "partnerId": "PT",
                "currency": "USD", "amount": "100.00"}
        shop.world.send("action", event("action.track", f"tier-{number}", data), f"oid:70:T{number}".encode())
    shop.world.sent()
    shop.ledger.settle(60)
    said = shop.ledger.outcomes[before:]
    paid = sum(scaled(entry.data["payout"]) for entry in said if entry.type == "action.tracked")
    bonuses = [scaled(entry.data["amount"]) for entry in said if entry.type == "adjustment.required"]
    assert len(bonuses) == 2 and paid + sum(bonuses) == scaled("800.00"), (paid, bonuses)


def test():
    options = arguments(__doc__)
    with World(options) as world:
        world.start_workers(1)
        shop = Shop(world)
        shop.put("CI", "PI", defaultPayoutRate="4", payoutLevel="ITEM")
        listed = {"rank": 1, "payout": "0",
                  "rules": [{"variable": "ORDER_PROMO_CODE_LIST", "operator": "IS", "values": ["L1"]}]}
        shop.put("CL", "PL", defaultPayoutRate="5", payoutGroups=[listed])
        shop.put("CB", "PB", defaultPayoutRate="4", limits=[{"type": "VALUE", "value": "10"}])
        shop.put("CQ", "PQ", defaultPayoutRate="4", limits=[{"type": "VALUE", "value": "10"}])
        shop.put("CG", "PG", defaultPayoutRate="4")
        tiers = [{"revenueThreshold": "150", "payoutRate": "10"}, {"revenueThreshold": "1500", "payoutRate": "20"}]
        shop.put("CT", "PT", defaultPayoutRate="4", performanceBonus={
            "type": "ALL_ACTIONS", "basis": "REVENUE", "period": "CALENDAR_MONTH", "tiers": tiers})
        wait_for_references()
        for example in (rounding, returned_items, exception_list_ends, the_1001st, make_goods, early, limits,
                        limits_in_a_rush, bonus_in_a_rush):
            example(shop)
        shop.ledger.close()


if __name__ == "__main__":
    main(test)
