#!/usr/bin/python3
"""`history` lists what was said about an entity; `explain` names the contract version and rule that
decided, what was tried before it and why it did not match, and writes nothing."""

import json

from harness import World, arguments, main, modify, track
from support.kafka_io import end_offsets
from workload import contract, event, setup_events

RULES = {
    "payoutGroups": [
        {"rank": 3, "payoutRate": "3"},
        {"rank": 1, "rules": [{"variable": "CUSTOMER_COUNTRY", "operator": "IS", "values": ["DE", "FR"]}],
         "payoutRate": "1"},
        {"rank": 2, "rules": [{"variable": "CUSTOMER_STATUS", "operator": "IS", "values": ["EXISTING"]},
                              {"variable": "ORDER_PROMO_CODE_LIST", "operator": "IS_NOT", "values": ["L1"]}],
         "payoutRate": "2"}],
    "payoutRestrictions": [
        {"rules": [{"variable": "ITEM_CATEGORY", "operator": "IS", "values": ["gift"]}]}],
}
TOPICS = [family + end for family in ("action", "contract") for end in ("", "-state", "-outcome", "-dlq")]


def prepare(world):
    for key, value in setup_events():
        world.send("contract", value, key)
    data = contract("C70", "P1", 7, "USD", dict(RULES, actionTrackerId=70, defaultPayoutRate="4"))
    world.send("contract", event("contract.put", "rules", data), b"contract:C70")
    shop = {"listId": "L1", "state": "ACTIVE", "items": [{"value": "SAVE.*", "regex": True}]}
    world.send("contract", event("exception_list.put", "list", shop), b"list:L1")
    world.sent()


def ask(world, *words, status=0, stdin=None):
    done = world.run(*words, stdin=stdin)
    assert done.status == status, done
    return done


def check_history(world):
    rows = [json.loads(line) for line in ask(world, "history", "action:A1", "-o", "jsonl").out.splitlines()]
    types = [row["type"].removeprefix("makegood.").removesuffix(".v1") for row in rows]
    assert types == ["action.tracked", "action.modified", "command.rejected", "action.reversed"], types
    assert [row["data"]["version"] for row in rows] == [1, 2, 2, 3], rows
    assert rows[1]["data"]["disposition"] == "ORDER_UPDATE" and rows[1]["input"].startswith(f"{world.prefix}action/") \
        or rows[1]["input"].startswith("action/"), rows[1]
    table = ask(world, "history", "action:A1").out.splitlines()
    assert len(table) == 4 and "rule=group:3" in table[0] and "reason=INVALID_AMOUNT" in table[2], table
    ask(world, "history", "action:NONE", status=1)
    ask(world, "history", "nonsense", status=64)
    return rows


def check_explained(world, rows):
    said = json.loads(ask(world, "explain", rows[1]["id"], "-o", "json").out)
    assert said["terms"] == {"contractId": "C70", "version": 2, "rule": "group:2"}, said
    assert said["contract"]["version"] == 2 and said["term"]["kind"] == "CAMPAIGN", said
    line, = said["lines"]
    assert line["base"] == "group:2", line
    assert [(t["rule"], t["matches"]) for t in line["tried"]] == [
        ("restriction:0", False), ("group:1", False), ("group:2", True)], line
    assert line["tried"][1]["because"] == "CUSTOMER_COUNTRY IS DE, FR; it is us", line
    assert said["before"]["payout"] == "3.00" and said["after"]["payout"] == "1.60", said
    assert said["outcome"]["id"] == rows[1]["id"] and said["command"]["id"] == "m-1", said
    first = json.loads(ask(world, "explain", rows[0]["id"], "-o", "json").out)
    assert "before" not in first and first["lines"][0]["base"] == "group:3", first
    because = first["lines"][0]["tried"][2]["because"]
    assert because == "CUSTOMER_STATUS IS EXISTING; it is new", because
    refused = json.loads(ask(world, "explain", rows[2]["id"], "-o", "json").out)
    assert refused["reason"]["code"] == "INVALID_AMOUNT" and "lines" not in refused, refused
    assert "group:2" in ask(world, "explain", rows[1]["id"]).out
    ask(world, "explain", "no-such-id", status=1)
    ask(world, "explain", status=64)


def everything(world):
    return ({topic: end_offsets(world.kafka.bootstrap, world.topic(topic)) for topic in TOPICS},
            sorted(world.redis.client().keys()))


def check_trial(world):
    """What an event would bring about; nothing anywhere is changed by asking."""
    _, value = track(2, customerStatus="EXISTING", promoCode="SAVE10", customerCountry="US")
    before = everything(world)
    forwarded, tracked = ask(world, "explain", "--event", "-", "-o", "json", stdin=value.decode()).out.splitlines()
    assert json.loads(forwarded)["outcome"]["verdict"] == "forwarded", forwarded
    said = json.loads(tracked)
    assert said["terms"]["rule"] == "group:3" and "before" not in said, said
    assert said["lines"][0]["tried"][2]["because"] == "ORDER_PROMO_CODE_LIST IS_NOT L1; it is SAVE10", said
    assert said["after"]["state"]["payout"] == 300, said
    _, value = modify(3, "trial", amount="10.00")
    said, = map(json.loads, ask(world, "explain", "--event", "-", "-o", "json",
                                stdin=value.decode()).out.splitlines())
    assert said["before"]["state"]["payout"] == 300 and said["after"]["state"]["payout"] == 30, said
    assert said["effectiveTime"] > said["before"]["state"]["creationDate"], said
    ask(world, "explain", "--event", "-", stdin='{"specversion":"1.0"}', status=65)
    ask(world, "explain", "--event", "/no/such/file", status=66)
    assert everything(world) == before, "explain wrote something"


def test():
    options = arguments(__doc__)
    with World(options) as world:
        world.start_workers(1)
        prepare(world)
        ledger = world.ledger()
        ledger.settle(30)
        actions = [track(1, customerStatus="NEW", customerCountry="US"), track(3),
                   modify(1, "m-1", customerStatus="EXISTING"), modify(1, "m-2", amount="1.001")]
        actions.append((b"action:A1", event("action.reverse", "r-1", {"actionId": "A1",
                                                                     "dispositionCode": "OTHER"})))
        for key, value in actions:
            world.send("action", value, key)
            world.sent()
            ledger.settle(30)
        rows = check_history(world)
        check_explained(world, rows)
        check_trial(world)
        ledger.close()


if __name__ == "__main__":
    main(test)
