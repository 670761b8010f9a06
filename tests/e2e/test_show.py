#!/usr/bin/python3
"""`show` as a person reads it: an account with its balances, rewards and users in the decimals of their
units, an order with its tickets and refunds, an action with its items, in aligned columns; and all of it
as JSON."""

import json
import time

from harness import REFERENCE_AGE, World, arguments, main
from orders import on_order, place, promo, ticket
from rewards import create, of_type, on_account, redeem
from workload import contract, event

WORKERS = ("contract", "reward", "order", "action")


def send(world, topic, *messages):
    for key, value in messages:
        world.send(topic, value, key)
    world.sent()


def command(kind, key, event_id, **data):
    return key.encode(), event(kind, event_id, data)


def set_up(world, ledger):
    payout = {"actionTrackerId": 70, "payoutLevel": "ITEM", "defaultPayoutRate": "4.5"}
    send(world, "contract", command("unit.put", "unit:MILES", "u-1", unit="MILES", exponent=1),
         command("event_type.put", "event_type:70", "e-1", actionTrackerId=70, campaignId=7),
         command("contract.put", "contract:C1", "c-1", **contract("C1", "P1", 7, "JPY", payout)))
    send(world, "order", promo("SUN", "p-1"))
    ledger.settle(60)
    time.sleep(REFERENCE_AGE)


def main_account(world, ledger):
    send(world, "reward",
         on_account("user.put", "7/x", "a-1", userId="U1", countryCode="US", locale="en_US"),
         create("7/x", "r1", 1250, "a-2", name="caf\u00e9"),
         create("7/x", "r2", 99, "a-3", pendingReasons=["CASH_HOLD", "SUSPECTED_FRAUD"]),
         create("7/x", "r3", 1234, "a-4", unit="MILES", user="U2", dateExpires="2031-01-01T00:00:00Z"),
         on_account("reward.create", "7/x", "a-5", userId="U2", rewardId="r4", type="FUELTANK"),
         create("7/x", "r5", 5, "a-6", unit="POINTS"),
         on_account("reward.cancel", "7/x", "a-7", rewardId="r5", cancelReason="SUSPECTED_FRAUD"),
         redeem("7/x", "2.50", "a-8"))
    ledger.settle(60)
    assert not [entry for entry in ledger.finals("reward") if entry.verdict == "rejected"]


class Shown:
    """A table in the output, by the first of its heads."""

    def __init__(self, text, first):
        lines = text.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(first + "  "))
        self.head = lines[at]
        self.heads = [head.strip() for head in self.head.split("  ") if head.strip()]
        self.rows = lines[at + 1:(lines + [""]).index("", at)]
        self.more = self.rows.pop() if self.rows[-1].startswith("...") else None

    def cells(self, name, right=False):
        """Of a column: under its head; numbers end with it. None is empty beyond the width of the column."""
        begin = self.head.index(name)
        end = begin + len(name)
        if right:
            assert all(row[end:end + 2].strip() == "" for row in self.rows), (name, self.rows)
            return [row[:end].split("  ")[-1].strip() if len(row) >= end and row[end - 1] != " " else ""
                    for row in self.rows]
        assert all(begin == 0 or row[begin - 2:begin].strip() == "" for row in self.rows), (name, self.rows)
        return [row[begin:].split("  ")[0] for row in self.rows]


def lines_of(text):
    """"version         8" -> {"version": "8"}, of the lines before the first table."""
    head = text.split("\n\n")[0].splitlines()
    return dict((line[:16].strip(), line[16:]) for line in head[1:])


def check_account(world):
    shown = world.run("show", "account:7%2Fx")
    assert shown.status == 0, shown
    print(shown.out, flush=True)
    lines = lines_of(shown.out)
    assert shown.out.startswith("account:7%2Fx\n") and lines["users"] == "2" and lines["version"] == "8", lines
    balance = Shown(shown.out, "BALANCE")
    assert balance.heads == ["BALANCE", "AVAILABLE", "PENDING", "REDEEMED", "EXPIRED", "CANCELLED",
                             "ASSIGNED", "REWARDS"]
    assert [balance.cells(name, True) for name in balance.heads[1:]] == [
        ["123.4", "0", "10.00"], ["0.0", "0", "0.99"], ["0.0", "0", "2.50"], ["0.0", "0", "0.00"],
        ["0.0", "5", "0.00"], ["123.4", "5", "13.49"], ["1", "0", "1"]], balance.rows
    assert balance.cells("BALANCE") == ["MILES", "POINTS", "USD"]
    reward = Shown(shown.out, "REWARD")
    assert "DUE" not in reward.heads, "a column that is empty in all rows"
    assert reward.cells("REWARD") == ["r1", "r2", "r3", "r4", "r5"]
    assert reward.cells("USER") == ["U1", "U1", "U2", "U2", "U1"]
    assert reward.cells("STATUS") == ["AVAILABLE", "PENDING", "AVAILABLE", "AVAILABLE", "CANCELLED"]
    assert reward.cells("ASSIGNED", True) == ["12.50", "0.99", "123.4", "", "5"]
    assert reward.cells("REDEEMED", True) == ["2.50", "0.00", "0.0", "", "0"]
    assert reward.cells("BECAUSE") == ["", "SUSPECTED_FRAUD CASH_HOLD", "", "", "SUSPECTED_FRAUD"]
    assert reward.cells("EXPIRES") == ["", "", "2031-01-01T00:00:00Z", "", ""]
    assert reward.cells("NOTE") == ["caf\u00e9", "", "", "", ""]
    user = Shown(shown.out, "USER")
    assert (user.cells("USER"), user.cells("COUNTRY"), user.cells("LOCALE")) == (
        ["U1", "U2"], ["US", ""], ["en_US", ""])
    assert user.cells("GIVEN THIS YEAR") == ["12.50 USD", "123.4 MILES"], user.rows


def check_account_json(world):
    shown = json.loads(world.run("show", "account:7%2Fx", "-o", "json").out)
    parts = {part["entity"]: part["state"] for part in shown["parts"]}
    assert shown["state"]["userCount"] == 2 and shown["folded"]["topic"] == "reward-state", shown
    assert sorted(parts) == ["account:7%2Fx/" + part for part in (
        "balance:MILES", "balance:POINTS", "balance:USD", "reward:r1", "reward:r2", "reward:r3", "reward:r4",
        "reward:r5", "user:U1", "user:U2")], sorted(parts)
    assert parts["account:7%2Fx/reward:r1"]["redeemedCredit"] == 250
    one = json.loads(world.run("show", "account:7%2Fx/reward:r1", "-o", "json").out)
    assert one["state"] == parts["account:7%2Fx/reward:r1"] and "parts" not in one, one
    none = world.run("show", "account:none")
    assert none.status == 1 and not none.out, none


def check_many(world, ledger):
    """A large account is cut for a person, not for a machine; what was changed often counts once."""
    send(world, "reward", *[create("many", f"r{number:03}", 100) for number in range(250)])
    send(world, "reward", redeem("many", "50.00", "many-1"))
    ledger.settle(120)
    shown = world.run("show", "account:many")
    reward = Shown(shown.out, "REWARD")
    assert len(reward.rows) == 200 and reward.more == "... 50 more; -o json has them all", reward.more
    assert reward.cells("STATUS").count("REDEEMED") == 50
    parts = json.loads(world.run("show", "account:many", "-o", "json").out)["parts"]
    assert sum("/reward:" in part["entity"] for part in parts) == 250


def the_order(world, ledger):
    tickets = [ticket("t1", attendee={"firstName": "Ada", "email": "ada@example.org"}),
               ticket("t2", ticketName="Gala", tax="1.00"), ticket("t3", "100.00", "VIP")]
    send(world, "order", place("O1", "o-1", tickets, promoCode="SUN", processingFee="0.92"))
    ledger.settle(60)
    send(world, "order",
         on_order("order.update_buyer", "O1", "o-2", buyer={"billingAddress": {"street": "1 Main St",
                                                                               "city": "Berlin"}}),
         on_order("order.refund_tickets", "O1", "o-3", tickets=["t2", "t3"]))
    ledger.settle(60)
    refund = of_type(ledger, "refund.initiated")
    if not refund:
        with world.reader("refund-initiated") as reader:
            refund = [json.loads(record.value) for record in reader.read_to_end()]
    return refund[0]["refundId"]


def check_order(world, ledger):
    refund = the_order(world, ledger)
    shown = world.run("show", "order:O1")
    assert shown.status == 0, shown
    print(shown.out, flush=True)
    lines = lines_of(shown.out)
    assert (lines["status"], lines["buyer"], lines["address"]) == (
        "PARTIALLY_COMPLETE", "Ada Byron <ada@example.org>", "1 Main St, Berlin"), lines
    assert (lines["sale amount"], lines["processing fee"], lines["being refunded"]) == (
        "111.00 USD", "0.92 USD", "106.00 USD"), lines
    assert (lines["payment"], lines["promo code"]) == ("CARD, paid", "SUN"), lines
    tickets = Shown(shown.out, "TICKET")
    assert tickets.cells("TICKET") == ["t1", "t2", "t3"]
    assert tickets.cells("ATTENDEE") == ["Ada <ada@example.org>", "", ""]
    assert tickets.cells("NAME") == ["", "Gala", ""]
    assert tickets.cells("STATUS") == ["ACTIVE", "CANCELLED", "CANCELLED"]
    assert tickets.cells("PRICE", True) == ["10.00", "10.00", "100.00"]
    assert tickets.cells("DISCOUNT", True) == ["5.00", "5.00", "0.00"]
    assert tickets.cells("TAX", True) == ["0.00", "1.00", "0.00"]
    assert tickets.cells("PAID", True) == ["5.00", "6.00", "100.00"]
    assert tickets.cells("REFUND") == ["", refund, refund]
    refunds = Shown(shown.out, "REFUND")
    assert (refunds.cells("REFUND"), refunds.cells("STATUS"), refunds.cells("AMOUNT", True),
            refunds.cells("TICKETS")) == ([refund], ["INITIATED"], ["106.00"], ["t2 t3"]), refunds.rows
    send(world, "order", on_order("refund.result", "O1", "o-4", refundId=refund, result="SUCCEEDED"))
    ledger.settle(60)
    after = world.run("show", "order:O1").out
    assert lines_of(after)["refunded"] == "106.00 USD" and "being refunded" not in lines_of(after), after
    assert Shown(after, "REFUND").cells("STATUS") == ["SUCCEEDED"]
    found = json.loads(world.run("show", "order:O1", "-o", "json").out)
    assert found["state"]["tickets"][1]["amountPaid"] == "6.00" and "parts" not in found, found


def check_action(world, ledger):
    items = [{"sku": "a", "category": "Books", "quantity": 2, "amount": "30.00"},
             {"sku": "bc", "quantity": 1, "amount": "5.50"}]
    send(world, "action", command("action.track", "oid:70:X1", "t-1", actionId="A1", actionTrackerId=70,
                                  oid="X1", partnerId="P1", currency="USD", fxRate="100", items=items))
    ledger.settle(60)
    shown = world.run("show", "action:A1")
    assert shown.status == 0, shown
    print(shown.out, flush=True)
    lines = lines_of(shown.out)
    assert (lines["state"], lines["amount"], lines["payout"], lines["contract"]) == (
        "PENDING", "35.50 USD", "160 JPY", "C1 version 1"), lines
    table = Shown(shown.out, "ITEM")
    assert (table.cells("ITEM"), table.cells("CATEGORY"), table.cells("RULE")) == (
        ["a", "bc"], ["Books", ""], ["default", "default"]), table.rows
    assert (table.cells("QUANTITY", True), table.cells("AMOUNT", True), table.cells("PAYOUT", True),
            table.cells("RATE", True)) == (["2", "1"], ["30.00", "5.50"], ["135", "25"], ["4.5 %", "4.5 %"])
    found = json.loads(world.run("show", "action:A1", "-o", "json").out)
    assert found["state"]["amount"] == 3550 and "parts" not in found, found


def test():
    options = arguments(__doc__)
    with World(options) as world:
        world.start_workers(1, workers=WORKERS)
        ledger = world.ledger(*WORKERS)
        set_up(world, ledger)
        main_account(world, ledger)
        check_account(world)
        check_account_json(world)
        check_many(world, ledger)
        check_order(world, ledger)
        check_action(world, ledger)
        ledger.close()


if __name__ == "__main__":
    main(test)
