#!/usr/bin/python3
"""What must hold of rewards whatever is sent, over generated messages through `makegood exec`.

    rewards.py --makegood BINARY [--messages N] [--seeds A..B]

From the records of rewards and redemptions alone the totals of every account and unit are added up anew:
each reward.balance.changed must say the same, and there must be one whenever they changed. A redemption
takes available rewards in the order of consumption, none beyond its value. Versions grow by one per
change, ids are new, a repetition lists what came first. At the end: the lists that an account keeps
(what is spendable, what is due, what waits for a form) are those of its rewards."""

import collections
import sys

import running
from generate_rewards import Generator

NEVER = "9999-99"
BUCKET = {"AVAILABLE": "availableValue", "PENDING": "totalPendingCredit", "EXPIRED": "totalExpiredCredit",
          "CANCELLED": "totalCancelledCredit", "REDEEMED": "totalRedeemedCredit"}
TOTALS = ("totalAssignedCredit", "totalRedeemedCredit", "availableValue", "totalPendingCredit",
          "totalExpiredCredit", "totalCancelledCredit", "count")


def rest(reward):
    return reward["assignedCredit"] - reward["redeemedCredit"]


def consumption(reward):
    return reward.get("dateExpires", NEVER), reward["dateGiven"], reward["rewardId"].encode()


def due(reward):
    """When time alone changes it next, None = never."""
    wait = reward.get("dateScheduledFor") if "SCHEDULED" in reward.get("pendingReasons", ()) else None
    expires = reward.get("dateExpires")
    if reward["status"] == "PENDING" and wait and (not expires or wait < expires):
        return wait
    return expires if reward["status"] in ("PENDING", "AVAILABLE") else None


class Account:
    def __init__(self):
        self.rewards, self.version, self.told = {}, 0, {}

    def totals(self, unit):
        found = dict.fromkeys(TOTALS, 0)
        for reward in self.rewards.values():
            if reward.get("unit") == unit and reward["type"] == "CREDIT":
                found["totalAssignedCredit"] += reward["assignedCredit"]
                found["totalRedeemedCredit"] += reward["redeemedCredit"]
                found[BUCKET[reward["status"]]] += rest(reward)
                found["count"] += reward["status"] == "AVAILABLE"
        return found

    def spendable(self, unit):
        return sorted((reward for reward in self.rewards.values() if reward.get("unit") == unit and
                       reward["type"] == "CREDIT" and reward["status"] == "AVAILABLE"), key=consumption)


class Books:
    """Takes the output line by line; AssertionError at the first that cannot be."""

    def __init__(self):
        self.accounts = collections.defaultdict(Account)
        self.ids, self.of_command = set(), {}
        self.states, self.counts, self.touched = {}, collections.Counter(), set()

    def take(self, line):
        if "topic" not in line:
            self.states[line["entity"]] = line.get("state")
            return
        if "dlq-reason" in line["headers"]:
            self.counts[line["headers"]["dlq-reason"]] += 1
            return
        event, verdict = line["event"], line["headers"].get("makegood-verdict")
        data, kind = event["data"], event["type"].removeprefix("makegood.").removesuffix(".v1")
        self.counts[data["reason"]["code"] if verdict == "rejected" else kind] += 1
        self.take_ids(event, data, verdict)
        if "accountId" not in data or kind in ("token.stored", "user.stored"):
            return
        account = self.accounts[data["accountId"]]
        if kind == "reward.balance.changed":
            self.take_balance(account, data)
        elif kind == "reward.redeemed":
            self.take_redemption(account, data)
        elif "status" in data:
            self.take_record(account, data)

    def take_ids(self, event, data, verdict):
        assert event["id"] not in self.ids, f"id twice: {event}"
        self.ids.add(event["id"])
        key = data.get("command", {}).get("id"), data["entity"]
        if verdict == "duplicate":
            assert data["originalOutcomeIds"] == self.of_command.get(key), (data, self.of_command.get(key))
        else:
            self.of_command.setdefault(key, []).append(event["id"])
        if data["entity"].startswith("account:"):
            self.take_version(self.accounts_by_entity(data["entity"]), data, verdict)

    def accounts_by_entity(self, entity):
        return self.accounts[entity.removeprefix("account:").replace("%2F", "/")]

    def take_version(self, account, data, verdict):
        """+1 with the verdict `applied`, and with the first outcome of a timer."""
        by_timer = "command" not in data and data["version"] != account.version
        assert data["version"] == account.version + (verdict == "applied" or by_timer), (account.version, data)
        if data["version"] != account.version:
            self.check_told()
        account.version = data["version"]

    def take_record(self, account, data):
        t, reward = data["effectiveTime"], data["rewardId"]
        before = account.rewards.get(reward)
        record = {key: value for key, value in data.items() if key not in ("entity", "version", "command")}
        status, statuses = data["status"], data["statuses"]
        assert status == statuses[0] and ("EXPIRED" in statuses) == (data.get("dateExpires", NEVER) <= t), data
        assert ("PENDING" in statuses) == bool(data.get("pendingReasons")), data
        assert ("CANCELLED" in statuses) == ("dateCancelled" in data), data
        assert status != "AVAILABLE" or "dateGiven" in data, data
        if "assignedCredit" in data:
            assert 0 <= data["redeemedCredit"] <= data["assignedCredit"], data
            assert data["availableValue"] == (rest(data) if status == "AVAILABLE" else 0), data
        if before:
            fixed = ("userId", "type", "unit", "assignedCredit", "dateCreated", "dateExpires")
            assert all(before.get(name) == data.get(name) for name in fixed), (before, data)
            assert before.get("redeemedCredit") == data.get("redeemedCredit"), (before, data)
        account.rewards[reward] = record
        self.touched.add((data["accountId"], data.get("unit")))

    def take_redemption(self, account, data):
        parts, left = data["redeemedRewards"], account.spendable(data.get("unit"))
        one = parts[0]["rewardId"] if len(parts) == 1 else None
        if data["command"]["type"] == "makegood.balance.redeem.v1":
            assert [part["rewardId"] for part in parts] == [r["rewardId"] for r in left[:len(parts)]], data
            assert all(part["value"] == rest(r) for part, r in zip(parts[:-1], left)), data
        else:
            assert one and account.rewards[one]["status"] == "AVAILABLE", data
        for part in parts:
            reward = account.rewards[part["rewardId"]]
            assert reward.get("dateExpires", NEVER) > data["effectiveTime"], (data, reward)
            if "value" in part:
                assert 0 < part["value"] <= rest(reward), (data, reward)
                reward["redeemedCredit"] += part["value"]
            if "value" not in part or not rest(reward):
                reward["status"] = "REDEEMED"
        assert data.get("creditRedeemed", 0) == sum(part.get("value", 0) for part in parts), data
        if "unit" in data:
            assert data["creditAvailable"] == account.totals(data["unit"])["availableValue"], data
        self.touched.add((data["accountId"], data.get("unit")))

    def take_balance(self, account, data):
        unit = data["unit"]
        totals = account.totals(unit)
        assert all(data[name] == totals[name] >= 0 for name in TOTALS), (data, totals)
        assert data["totalAssignedCredit"] == sum(data[name] for name in TOTALS[1:6]), data
        before = account.told.get(unit)
        assert before is None or before["resourceVersion"] < data["resourceVersion"] == data["version"], data
        assert before is None or any(before[name] != data[name] for name in TOTALS[:6]), (before, data)
        account.told[unit] = data
        self.touched.discard((data["accountId"], unit))

    def check_told(self):
        """A change of totals that nobody was told of."""
        for name, unit in self.touched:
            account = self.accounts[name]
            told, totals = account.told.get(unit), account.totals(unit)
            assert all((told or {}).get(key, 0) == totals[key] for key in TOTALS[:6]), (name, unit, told, totals)
        self.touched.clear()

    # At the end

    def entries(self, entity, index, owner):
        """Members of an ordered list, from its owner or its pages."""
        if not index:
            return []
        found = list(index.get("entries", ()))
        for note in index.get("pages", ()):
            page = self.states[f"{entity}/page:{owner}:{note['page']}"]["entries"]
            assert note["count"] == len(page) <= 96 and note["least"] == page[0], (entity, note)
            assert note["sum"] == sum(entry["value"] for entry in page), (entity, note)
            found += page
        return found

    def close(self):
        self.check_told()
        for name, account in self.accounts.items():
            entity = "account:" + name.replace("/", "%2F")
            for unit in account.told:
                part = unit.replace("/", "%2F")
                balance = self.states[f"{entity}/balance:{part}"]
                listed = self.entries(entity, balance.get("spendable"), f"b:{part}")
                wanted = [(r["rewardId"], rest(r)) for r in account.spendable(unit)]
                assert [(e["rewardId"], e["value"]) for e in listed] == wanted, (entity, unit)
            self.close_agenda(entity, account)
            self.close_held(entity, account)

    def close_agenda(self, entity, account):
        listed = self.entries(entity, (self.states.get(entity) or {}).get("agenda"), "a")
        wanted = sorted((due(r), r["rewardId"]) for r in account.rewards.values() if due(r))
        assert [(e["first"], e["rewardId"]) for e in listed] == wanted, entity

    def close_held(self, entity, account):
        for user in ("U1", "U2", "U3"):
            state = self.states.get(f"{entity}/user:{user}") or {}
            listed = self.entries(entity, state.get("heldForTaxForm"), f"h:{user}")
            wanted = sorted((r["dateCreated"], r["rewardId"]) for r in account.rewards.values()
                            if r["userId"] == user and r["status"] == "PENDING" and
                            "US_TAX" in r.get("pendingReasons", ()))
            assert [(e["first"], e["rewardId"]) for e in listed] == wanted, (entity, user)


if __name__ == "__main__":
    sys.exit(running.main(__doc__, Generator, Books, 5000))
