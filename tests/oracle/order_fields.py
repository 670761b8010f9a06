"""Field tables of the order family (messages.md 8)."""
import money
from fields import (amount, array, cur, email, email_hash, enum, flag, ident, integer, need, obj, opt, text,
                    time)


def _texts(most, longest):
    """An object of any members whose values are texts."""
    one = text(longest)

    def read(value, pointer, faults):
        if not isinstance(value, dict) or len(value) > most:
            faults.append(pointer)
            return None
        return {k: one(v, pointer, faults) for k, v in value.items()}
    return read


def _tickets(value, pointer, faults):
    """"all" or 1..100 ids, none twice."""
    if value == "all":
        return value
    if (not isinstance(value, list) or not 1 <= len(value) <= 100
            or any(ident(v, pointer, faults) is None for v in value) or len(set(value)) != len(value)):
        faults.append(pointer)
        return None
    return value


ADDRESS = _texts(10, 200)
BUYER = {"firstName": need(text(100)), "lastName": need(text(100)), "email": need(email),
         "billingAddress": opt(ADDRESS)}
BUYER_CHANGE = {"firstName": opt(text(100)), "lastName": opt(text(100)), "email": opt(email),
                "billingAddress": opt(ADDRESS)}
ATTENDEE = {"firstName": opt(text(100)), "lastName": opt(text(100)), "email": opt(email)}
TICKET = {"ticketId": need(ident), "ticketTypeId": need(ident), "ticketName": opt(text(128)),
          "price": need(amount), "tax": opt(amount), "fee": opt(amount), "attendee": opt(obj(ATTENDEE))}
PLACE = {"orderId": need(ident), "eventId": need(ident), "buyer": need(obj(BUYER)),
         "locale": opt(text(35), "en"), "currency": need(cur),
         "paymentType": need(enum("CARD INVOICE CHECK FREE")),
         "tickets": need(array(obj(TICKET), 1, 100)), "discount": opt(amount), "tax": opt(amount),
         "fee": opt(amount), "promoCode": opt(text(64)), "saleAmount": opt(amount),
         "processingFee": opt(amount, money.Money(0, 0)), "gatewayAccountId": opt(ident),
         "chargeId": opt(text(128)), "invoiceInstructions": opt(text(200))}
ORDER = {"orderId": need(ident)}
TICKETS = {"orderId": need(ident), "tickets": need(_tickets, code="INVALID_FIELD"), "note": opt(text(255))}
REFUND = dict(TICKETS, retainProcessingFee=opt(flag, False))
RESULT = {"orderId": need(ident), "refundId": need(ident),
          "result": need(enum("SUCCEEDED FAILED CANCELED")), "gatewayRefundId": opt(text(128)),
          "failureCode": opt(text(128))}
ONE = {"orderId": need(ident), "ticketId": need(ident)}
UNBLOCK = {"eventId": need(ident), "email": opt(email), "emailHash": opt(email_hash)}


def _value(value, pointer, faults):
    found = money.read_money(value)
    if found is None:
        faults.append(pointer)
    return None if found is None else (found, value)


PROMO = {"code": need(text(64)), "type": need(enum("PERCENT FIXED ACCESS")), "value": opt(_value),
         "currency": opt(cur), "eventId": opt(ident), "ticketTypeIds": need(array(ident, 1, 100)),
         "maxUses": opt(integer(1, 10000000)), "paused": opt(flag, False), "startDate": opt(time),
         "endDate": opt(time), "releaseOnCancel": opt(flag, True)}
KEYED = ("TICKET ORDER_CONFIRMATION ORDER_CONFIRMATION_INVOICE RECEIPT ORDER_CANCELLATION "
         "REFUND_CONFIRMATION REFUND_INITIATED").split()  # silent: a key for another template is unknown
TYPE = {"ticketTypeId": need(ident), "hidden": opt(flag, False), "notify": opt(array(email, 0, 20)),
        "customMessageKeys": opt(obj({k: opt(text(64)) for k in KEYED}))}
EVENT = {"eventId": need(ident), "connectedGatewayAccountId": opt(ident), "inviteOnly": opt(flag, False),
         "restrictDuplicateEmails": opt(flag, True), "gatewayResult": opt(enum("awaited assumed"), "awaited"),
         "ticketTypes": opt(array(obj(TYPE), 0, 100))}
