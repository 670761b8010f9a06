"""Field tables of the reward family (messages.md 7), and what an e-mail address is known by."""
import hashlib

from fields import (BATCH, array, country, date, dec, duration, email, email_hash, enum, flag, ident,
                    integer, need, opt, text, unit)

MAX_TOTAL = 10 ** 15

# R21 in its order, then WAIT.
REASONS = ("SCHEDULED UNHANDLED_ERROR US_TAX SUSPECTED_FRAUD MISSING_PAYOUT_CONFIGURATION "
           "ERROR_SYNCING_FUEL_TANK_CODE CASH_HOLD WAIT").split()
HELD = [r for r in REASONS if r not in ("SCHEDULED", "US_TAX", "WAIT")]

VALUE = integer(1, MAX_TOTAL)
NOTE = opt(text(255))
ADDRESS = {"email": opt(email), "emailHash": opt(email_hash)}
WHO = dict(ADDRESS, accountId=opt(ident), token=opt(ident), businessId=opt(ident))
REWARD = dict(BATCH, accountId=need(ident), rewardId=need(ident))
TAX = dict(BATCH, accountId=need(ident), userId=need(ident))

USER_PUT = dict(BATCH, accountId=need(ident), userId=need(ident), countryCode=opt(country),
                locale=opt(text(35)), businessId=opt(ident), **ADDRESS)
TOKEN_PUT = dict(BATCH, token=need(ident), accountId=need(ident), userId=need(ident),
                 active=opt(flag, True))
CREATE = dict(REWARD, userId=need(ident),
              type=opt(enum("PCT_DISCOUNT CREDIT FUELTANK INTEGRATION"), "CREDIT"), unit=opt(unit),
              value=opt(VALUE),
              rewardSource=opt(enum("FRIEND_SIGNUP REFERRED MANUAL PROGRAM ACTIVATION ACQUISITION "
                                    "RETENTION REACTIVATION AUTOMATED"), "MANUAL"),
              programId=opt(ident), name=opt(text(128)), dateTriggered=opt(date),
              dateScheduledFor=opt(date), pendingDuration=opt(duration), dateExpires=opt(date),
              pendingReasons=opt(array(enum(*HELD), 0, 6)))
REDEEM = dict(REWARD, unit=opt(unit), valueToRedeem=opt(dec, code="INVALID_FIELD"), note=NOTE,
              fulfil=opt(flag, False))
BALANCE = dict(BATCH, unit=need(unit), valueToRedeem=need(dec, code="INVALID_FIELD"), note=NOTE,
               fulfil=opt(flag, False), **WHO)


def _cell(value, pointer, faults):
    return "" if value == "" else dec(value, pointer, faults)


ROW = {"batchId": need(BATCH["batchId"].kind), "line": need(BATCH["line"].kind),
       "accountId": need(ident), "unit": need(unit), "valueToRedeem": opt(_cell, code="INVALID_FIELD")}
CANCEL = dict(REWARD, cancelReason=opt(enum("UNKNOWN PROGRAM_GRAPH_MODERATION SUSPECTED_FRAUD"),
                                       "UNKNOWN"), cancelRemainder=opt(flag, False))
RELEASE = dict(REWARD, pendingReasons=need(array(enum(*REASONS), 1, 6)))
NOTED = dict(REWARD, note=NOTE)
CREDIT = dict(BATCH, value=need(VALUE), unit=opt(unit, "POINTS"), state=opt(enum("active wait"), "active"),
              userId=opt(ident), rewardId=opt(ident), programId=opt(ident), dateTriggered=opt(date),
              dateExpires=opt(date), note=NOTE, **WHO)


def hash_of(address):
    """Trimmed and ASCII-lower-cased (messages.md 1)."""
    lowered = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in address.strip(" "))
    return hashlib.sha256(lowered.encode("utf-8")).hexdigest()


def address_of(data):
    """(hash or None, whether email and emailHash disagree)."""
    hashed = hash_of(data["email"]) if data["email"] is not None else None
    if data["emailHash"] is None:
        return hashed, False
    return data["emailHash"], hashed is not None and hashed != data["emailHash"]
