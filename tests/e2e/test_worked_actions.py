#!/usr/bin/python3
"""The worked examples of the action family through real Kafka: rounding, returned items, an exception
list that ends, 1,000 modifications, make-goods, early commands. Kafka's clock is the real one, so what
has to be in the past (a lock date) is put there by the event date."""

import datetime

from harness import World, arguments, main
from ledger import header
from workload import contract, event, setup_events

NOW = datetime.datetime.now(datetime.timezone.utc)


def days_ago(days):
    return (NOW - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shop:
    """Sends commands one after another and tells what was said to each."""

    def __init__(self, world):
        self.world, self.ledger, self.number = world, world.ledger(), 0

    def put(self, contract_id, partner, tracker=70, **payout):
        data = contract(contract_id, partner, 7, "USD", dict(payout, actionTrackerId=tracker))
        return self.tell("contract.put", f"contract:{contract_id}", data)

    def tell(self, kind, key, data, event_id=None, waiting=0):
        """-> outcomes that the command brought about, as (type, data), without forwarding"""
        self.number += 1
        before = len(self.ledger.outcomes)
        topic = "contract" if kind.endswith(".put") else "action"
        self.world.send(topic, event(kind, event_id or f"n-{self.number}", data), key.encode())
        self.world.sent()
        self.ledger.settle(60, waiting)
        said = sorted(self.ledger.outcomes[before:], key=lambda entry: entry.record.offset)
        return [(entry.type, entry.data) for entry in said if self.is_told(entry)]

    def is_told(self, entry):
        """Not what entities say to each other."""
        own = entry.place is not None and self.ledger.by_worker(entry.place)
        return not (entry.type == "command.forwarded" or entry.type.startswith("internal") or
                    (own and entry.type.startswith("command")))

    def track(self, action, partner, waiting=0, **more):
        data = dict({"actionId": action, "actionTrackerId": 70, "oid": f"O{action}", "partnerId": partner,
                     "currency": "USD"}, **more)
        return self.tell("action.track", f"oid:70:{data['oid']}", data, waiting=waiting)

    def command(self, verb, action, event_id=None, **more):
        return self.tell(f"action.{verb}", f"action:{action}", dict({"actionId": action}, **more), event_id)


def one(said, kind, **members):
    assert len(said) == 1 and said[0][0] == kind, (kind, said)
    holds(said[0][1], **members)


def holds(data, **members):
    for name, value in members.items():
        assert data.get(name) == value, (name, value, data)


def rounding(shop):
    lines = [{"sku": sku, "quantity": 1, "amount": "10.62"} for sku in "abc"]
    (kind, data), = shop.track("R1", "PI", items=lines)
    assert kind == "action.tracked"
    holds(data, amount="31.86", payout="1.26")
    assert [line["payout"] for line in data["items"]] == ["0.42"] * 3, data
    one(shop.track("R2", "P1", items=lines), "action.tracked", payout="1.27")


def returned_items(shop):
    lines = [{"sku": "a", "quantity": 2, "amount": "30.00"}, {"sku": "b", "quantity": 1, "amount": "21.99"}]
    one(shop.track("I1", "PI", items=lines), "action.tracked", payout="2.08")
    one(shop.command("modify_items", "I1", reason="ITEM_RETURNED", items=[{"sku": "a", "quantity": 1}]),
        "action.modified", amount="36.99", deltaAmount="-15.00", payout="1.48", deltaPayout="-0.60", modifications=1)
    gone = [{"sku": "a", "quantity": 0}, {"sku": "b", "quantity": 0}]
    one(shop.command("modify_items", "I1", reason="ITEM_RETURNED", items=gone),
        "action.reversed", deltaAmount="-36.99", deltaPayout="-1.48", modifications=1)


def exception_list_ends(shop):
    one(shop.track("E1", "PL", amount="100.00", promoCode="save10"), "action.tracked", payout="0.00")
    assert shop.ledger.outcomes[-1].data["terms"]["rule"] == "group:1"
    shop.tell("exception_list.put", "list:L1", {"listId": "L1", "state": "DEACTIVATED", "items": [{"value": "SAVE10"}]})
    shop.world.producer.flush()
    wait_for_references()
    one(shop.command("modify", "E1", reason="ORDER_UPDATE", amount="100.00"), "action.modified",
        payout="5.00", deltaPayout="5.00", deltaAmount="0.00")


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
    said = shop.track("G1", "P1", amount="100.00", eventDate=days_ago(90))
    assert [kind for kind, _ in said] == ["action.tracked", "action.locked"], said
    for amount, owed in (("80.00", "0.80"), ("60.00", "0.80")):
        said = shop.command("modify", "G1", reason="ORDER_UPDATE", amount=amount)
        assert [kind for kind, _ in said] == ["command.rejected", "adjustment.required"], said
        holds(said[1][1], direction="COLLECT_FROM_PARTNER", amount=owed)
    said = shop.command("reverse", "G1", dispositionCode="CONS_FRAUD")
    holds(said[1][1], direction="COLLECT_FROM_PARTNER", amount="2.40")
    one(shop.command("reverse", "G1", dispositionCode="CONS_FRAUD"), "command.rejected")


def early(shop):
    address = {"oid": "OX1", "actionTrackerId": 70, "dispositionCode": "CONS_FRAUD"}
    one(shop.tell("action.reverse", "oid:70:OX1", address, "m-1", waiting=1), "command.deferred")
    said = shop.track("X1", "P1", amount="10.00")
    assert [kind for kind, _ in said] == ["action.tracked", "action.reversed"], said
    verdict = [e for e in shop.ledger.outcomes if e.type == "action.reversed"][-1]
    assert header(verdict.record, "ce_causationid") == "m-1", verdict
    one(shop.tell("action.reverse", "oid:70:OX1", address, "m-1"), "command.duplicate")
    shop.tell("action.reverse", "oid:70:OX1", dict(address, dispositionCode="OTHER"), "m-1")
    assert [entry.type for entry in shop.ledger.dead.values()] == ["id-conflict"], shop.ledger.dead


def limits(shop):
    """A budget over several actions: exact, though each command waits for the tally's answer."""
    payouts = []
    for number in range(4):
        said = shop.track(f"B{number}", "PB", amount="100.00")
        assert [kind for kind, _ in said] == ["command.deferred", "action.tracked"], said
        payouts.append(said[1][1]["payout"])
    assert payouts == ["4.00", "4.00", "2.00", "0.00"], payouts
    kinds = [kind for kind, _ in shop.command("reverse", "B0", dispositionCode="OTHER")]
    assert kinds == ["action.reversed"], kinds
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


def wait_for_references():
    import time
    time.sleep(1.5)  # a reference may be a second old


def test():
    options = arguments(__doc__)
    with World(options) as world:
        world.start_workers(1)
        for key, value in setup_events():
            world.send("contract", value, key)
        world.sent()
        shop = Shop(world)
        shop.put("CI", "PI", defaultPayoutRate="4", payoutLevel="ITEM")
        listed = {"rank": 1, "payout": "0",
                  "rules": [{"variable": "ORDER_PROMO_CODE_LIST", "operator": "IS", "values": ["L1"]}]}
        shop.put("CL", "PL", defaultPayoutRate="5", payoutGroups=[listed])
        shop.put("CB", "PB", defaultPayoutRate="4", limits=[{"type": "VALUE", "value": "10"}])
        shop.put("CQ", "PQ", defaultPayoutRate="4", limits=[{"type": "VALUE", "value": "10"}])
        shop.tell("exception_list.put", "list:L1", {"listId": "L1", "state": "ACTIVE", "items": [{"value": "SAVE10"}]})
        wait_for_references()
        for example in (rounding, returned_items, exception_list_ends, the_1001st, make_goods, early, limits,
                        limits_in_a_rush):
            example(shop)
        shop.ledger.close()


if __name__ == "__main__":
    main(test)
