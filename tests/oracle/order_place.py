"""order.place: amounts, checks, the question to the promo code and what its answer brings."""
import money
from engine import escape
from order_shown import Event, about, attendee, complete, invoice, metrics, record, sale_of, tell_team
from reward_fields import address_of


def upper(code):
    return "".join(chr(ord(c) - 32) if "a" <= c <= "z" else c for c in code)


# -- placing: amounts

def _minor(value, currency):
    return 0 if value is None else value.minor(currency)


def _has_faulty_decimals(data):
    values = [data[k] for k in ("discount", "tax", "fee", "saleAmount", "processingFee")]
    for ticket in data["tickets"]:
        values += [ticket["price"], ticket["tax"], ticket["fee"]]
    return any(v is not None and v.minor(data["currency"]) is None for v in values)


def _price(data, promo):
    """Fills in what each ticket costs; returns tickets, or None when the discount is too large."""
    currency = data["currency"]
    prices = [_minor(t["price"], currency) for t in data["tickets"]]
    shares = promo or [0] * len(prices)
    left = [p - s for p, s in zip(prices, shares)]
    discount = _minor(data["discount"], currency)
    if discount > sum(left):
        return None
    off = money.spread(discount, left)
    net = [v - o for v, o in zip(left, off)]
    taxes = _level(data, "tax", net)
    fees = _level(data, "fee", net)
    tickets = []
    for i, sent in enumerate(data["tickets"]):
        address = (sent["attendee"] or {}).get("email")
        tickets.append({"id": sent["ticketId"], "type": sent["ticketTypeId"], "price": prices[i],
                        "discount": shares[i] + off[i], "tax": taxes[i], "fee": fees[i],
                        "paid": net[i] + taxes[i] + fees[i], "email": address,
                        "hash": address and address_of({"email": address, "emailHash": None})[0],
                        "status": None, "active": False, "settled": False, "pending": False,
                        "promo": False})
    fee = _minor(data["processingFee"], currency)
    for ticket, share in zip(tickets, money.spread(fee, [t["paid"] for t in tickets])):
        ticket["processing"] = share
    return tickets


def _level(data, name, weights):
    currency = data["currency"]
    if data[name] is not None:
        return money.spread(_minor(data[name], currency), weights)
    return [_minor(t[name], currency) for t in data["tickets"]]


def place(d):
    data = d.data
    if "order" in d.state:
        return d.reject("ORDER_EXISTS")
    ids = [t["ticketId"] for t in data["tickets"]]
    if (data["currency"] not in money.CURRENCIES or len(set(ids)) != len(ids) or any(
            data[k] is not None and any(t[k] is not None for t in data["tickets"])
            for k in ("tax", "fee"))):
        return d.reject("INVALID_FIELD")
    if _has_faulty_decimals(data):
        return d.reject("INVALID_AMOUNT")
    tickets = _price(data, None)
    if tickets is None or _minor(data["processingFee"], data["currency"]) > sale_of(tickets):
        return d.reject("INVALID_AMOUNT")
    if _too_large(data, tickets):
        return d.reject("INVALID_AMOUNT")
    event = Event(d, data["eventId"])
    code = _address_fault(d, event, tickets)
    if code:
        return d.reject(code)
    if data["promoCode"] is None:
        if any(event.hidden(t["type"]) for t in tickets):
            return d.reject("PROMO_NOT_APPLICABLE")
        return _placed(d, event, tickets)
    d.defer("AWAITING_PROMO")
    d.state["waiting"] = d.command
    code = upper(data["promoCode"])
    return d.send("promo:" + escape(code), "order", "promo.ask", {
        "orderId": data["orderId"], "eventId": data["eventId"], "currency": data["currency"],
        "types": [t["type"] for t in tickets], "prices": [t["price"] for t in tickets],
        "hidden": [event.hidden(t["type"]) for t in tickets]})


def _too_large(data, tickets):
    sums = [sum(t[k] for t in tickets) for k in ("price", "tax", "fee", "paid")]
    return any(money.too_big(s, data["currency"]) for s in sums)


def _address_fault(d, event, tickets):
    hashes = [t["hash"] for t in tickets if t["hash"]]
    if event.unique:
        if len(set(hashes)) != len(hashes):
            return "DUPLICATE_EMAIL"
        if any(about(d, d.data["eventId"], h).get("held") for h in hashes):
            return "DUPLICATE_EMAIL"
    if any(about(d, d.data["eventId"], h).get("emailBlocked") for h in hashes):
        return "EMAIL_BLOCKED"
    return None


def answer(d):
    """The promo code has answered: {code, shares, uses}."""
    waiting = d.resume(d.state.pop("waiting"))
    d.silent()
    data = waiting.data
    if d.data["code"]:
        return waiting.reject(d.data["code"])
    event = Event(d, data["eventId"])
    tickets = _price(data, d.data["shares"])
    if tickets is not None:
        for ticket, hit in zip(tickets, d.data["eligible"]):
            ticket["promo"] = hit
    return _placed(waiting, event, tickets)


def _placed(d, event, tickets):
    data, currency = d.data, d.data["currency"]
    wrong = tickets is None
    if not wrong:
        sale = sale_of(tickets)
        wrong = (data["saleAmount"] is not None and _minor(data["saleAmount"], currency) != sale
                 or data["paymentType"] == "FREE" and sale > 0
                 or _minor(data["processingFee"], currency) > sale)
    if wrong:
        d.reject("INVALID_AMOUNT")
        if data["promoCode"] is not None:
            give_back(d, upper(data["promoCode"]), data["orderId"], None)
        return
    order = d.state["order"] = {k: data[k] for k in (
        "orderId eventId buyer locale currency paymentType gatewayAccountId chargeId "
        "invoiceInstructions").split()}
    order.update(tickets=tickets, sale=sale, date=d.now, paid=False, refunds={},
                 promo=upper(data["promoCode"]) if data["promoCode"] is not None else None)
    paid = data["paymentType"] in ("CARD", "FREE") or sale == 0
    for ticket in tickets:
        ticket["status"] = "AWAITING_PAYMENT"
    if paid:
        pay(order)
    d.applied("order.placed", record(order, tickets))
    if paid:
        complete(d, order, event, tickets)
    else:
        invoice(d, order, event, tickets)
    tell_team(d, order, event)
    metrics(d, order)
    for ticket in tickets:
        if ticket["hash"]:
            d.send(attendee(order["eventId"], ticket["hash"]), "order", "attendee.hold",
                   (order["orderId"], ticket["id"]))


def pay(order):
    order["paid"] = True
    for ticket in order["tickets"]:
        if ticket["status"] == "AWAITING_PAYMENT":
            ticket["status"], ticket["settled"] = "ACTIVE", True


def give_back(d, code, order_id, tickets):
    """Uses of a promo code; tickets None: all that it gave to this order."""
    if code is None:
        return
    count = None if tickets is None else sum(t["promo"] for t in tickets)
    if count != 0:
        d.send("promo:" + escape(code), "order", "promo.release", {"orderId": order_id, "count": count})
