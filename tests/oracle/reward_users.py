"""Users, tokens, addresses: who an account is, and what forwards to it."""
from engine import escape
from reward_fields import address_of

MAX_USERS = 1000


def who_entity(data):
    if data["accountId"] is not None:
        return "account:" + escape(data["accountId"])
    if data["token"] is not None:
        return "token:" + escape(data["token"])
    hashed, _ = address_of(data)
    if hashed is not None:
        return "email:" + hashed
    if data["businessId"] is not None:
        return "business:" + escape(data["businessId"])
    return "account:-"


def _to_account(d, owner):
    d.command.data = dict(d.data, resolved=owner)
    d.forward("account:" + escape(owner[0]))


def at_address(d):
    """W, at an entity that is not an account. True when it has spoken."""
    kind = d.entity.key.split(":", 1)[0]
    if kind == "account":
        if d.data["accountId"] is None and "resolved" not in d.data:
            d.reject("IDENTIFIER_MISSING")
            return True
        return False
    owner = d.state.get("owner")
    if kind == "token":
        if owner is None or not d.state["active"]:
            d.reject("TOKEN_INVALID")
            return True
        hashed, _ = address_of(d.data)
        if hashed is not None:
            other = d.world.look("email:" + hashed).get("owner")
            if other is None:
                d.reject("USER_NOT_FOUND")
                return True
            if other != owner:
                d.reject("USER_MISMATCH")
                return True
    elif owner is None:
        d.reject("USER_NOT_FOUND")
        return True
    _to_account(d, owner)
    return True


def claim(d):
    """An address or business id belongs to whoever put it last; put again by its owner counts too."""
    d.state["owner"] = d.data
    d.silent(version=True)


def leave(d):
    changed = d.state.get("owner") == d.data
    if changed:
        d.state["owner"] = None
    d.silent(version=changed)


# -- users

def _users(d):
    return d.state.setdefault("users", {})


def too_many(d, user):
    users = d.state.get("users", {})
    return user not in users and len(users) >= MAX_USERS


def user_of(d, user):
    d.state["exists"] = True
    return _users(d).setdefault(user, {"country": None, "locale": None, "email": None,
                                       "business": None, "form": False})


def put_user(d):
    data = d.data
    hashed, disagree = address_of(data)
    if disagree:
        return d.reject("INVALID_FIELD")
    if too_many(d, data["userId"]):
        return d.reject("TOO_MANY_USERS")
    user = user_of(d, data["userId"])
    before = [("email:", user["email"]), ("business:", user["business"])]
    user.update(country=data["countryCode"], locale=data["locale"], email=hashed,
                business=data["businessId"])
    d.applied("user.stored", {"accountId": data["accountId"], "userId": data["userId"],
                              "countryCode": data["countryCode"], "locale": data["locale"],
                              "emailHash": hashed, "businessId": data["businessId"]})
    owner = (data["accountId"], data["userId"])
    for (prefix, old), new in zip(before, (user["email"], user["business"])):
        if old is not None and old != new:
            d.send(prefix + escape(old), "reward", "address.leave", owner)
        if new is not None:
            d.send(prefix + escape(new), "reward", "address.claim", owner)


def put_token(d):
    data = d.data
    d.state["owner"], d.state["active"] = (data["accountId"], data["userId"]), data["active"]
    d.applied("token.stored", {"token": data["token"], "accountId": data["accountId"],
                               "userId": data["userId"], "active": data["active"]})
