"""What an order shows: its record, its metrics, the e-mails that go out for it."""
import moments
import money
from engine import escape


# -- references

class Event:
    """What the event says; defaults when it was never put."""

    def __init__(self, d, event):
        data = d.world.look("event:" + escape(event)).get("data")
        self.known = data is not None
        data = data or {}
        self.gateway = data.get("connectedGatewayAccountId")
        self.invite_only = data.get("inviteOnly", False)
        self.unique = data.get("restrictDuplicateEmails", True)
        self.assumed = data.get("gatewayResult") == "assumed"
        self.types = {}
        for kind in data.get("ticketTypes") or []:
            self.types.setdefault(kind["ticketTypeId"], kind)

    def hidden(self, kind):
        return kind in self.types and self.types[kind]["hidden"]

    def notify(self, kind):
        return (self.types[kind]["notify"] or []) if kind in self.types else []

    def key(self, kind, template):
        keys = (self.types[kind]["customMessageKeys"] or {}) if kind in self.types else {}
        return keys.get(template)


def attendee(event, hashed):
    return "attendee:%s:%s" % (escape(event), hashed)


def about(d, event, hashed):
    return d.world.look(attendee(event, hashed)) if hashed else {}


# -- what is printed of an order

def status(order):
    tickets = order["tickets"]
    states = [t["status"] for t in tickets]
    left = sum(s in ("ACTIVE", "AWAITING_PAYMENT") for s in states)
    refunded, cancelled, count = states.count("REFUNDED"), states.count("CANCELLED"), len(states)
    if not order["paid"] and left:
        return "NOT_PAID", "Not Paid"
    if left == count:
        return "COMPLETE", "Complete"
    if left:
        return "PARTIALLY_COMPLETE", "%d/%d Complete" % (left, count)
    if refunded == count:
        return "REFUNDED", "Refunded"
    if cancelled == count:
        return "CANCELLED", "Cancelled"
    return "REFUNDED_CANCELLED", "Refunded/Cancelled"


_COMPLETE = "RESEND_CONFIRMATION VIEW_TICKET VIEW_RECEIPT REFUND CANCEL".split()
_OVER = "VIEW_TICKET VIEW_RECEIPT REFUND".split()
ACTIONS = {"NOT_PAID": "MARK_AS_PAID RESEND_CONFIRMATION VIEW_INVOICE CANCEL".split(),
           "COMPLETE": _COMPLETE, "PARTIALLY_COMPLETE": _COMPLETE,
           "REFUNDED": "VIEW_TICKET VIEW_RECEIPT VIEW_INVOICE".split(), "CANCELLED": _OVER,
           "REFUNDED_CANCELLED": _OVER}
TICKET_ACTIONS = {"ACTIVE": "VIEW_PROFILE VIEW_TICKET SEND_CONFIRMATION".split(),
                  "CANCELLED": "VIEW_PROFILE VIEW_TICKET".split(),
                  "REFUNDED": "VIEW_PROFILE VIEW_TICKET".split(), "AWAITING_PAYMENT": ["VIEW_PROFILE"]}


def cash(order, value):
    return money.show_money(value, order["currency"])


def _refunds(order, *states):
    return sum(r["amount"] for r in order["refunds"].values() if r["status"] in states)


def _sales(order):
    """Of the tickets that were paid for."""
    return sum(t["paid"] for t in order["tickets"] if t["settled"])


def _net(order):
    return _sales(order) - _refunds(order, "SUCCEEDED")


def record(order, acted=None):
    state, shown = status(order)
    buyer = order["buyer"]
    tickets = []
    for t in order["tickets"]:
        line = {"ticketId": t["id"], "ticketTypeId": t["type"], "status": t["status"],
                "allowedActions": TICKET_ACTIONS[t["status"]], "amountPaid": cash(order, t["paid"])}
        for name in ("price", "discount", "tax", "fee"):
            line[name] = cash(order, t[name])
        tickets.append(line)
    return {"orderId": order["orderId"], "eventId": order["eventId"], "status": state,
            "statusText": shown, "paid": order["paid"], "allowedActions": ACTIONS[state],
            "quantity": len(tickets), "saleAmount": cash(order, order["sale"]),
            "currency": order["currency"], "paymentType": order["paymentType"],
            "promoCode": order["promo"], "orderDate": moments.show(order["date"]),
            "buyerName": "%s %s" % (buyer["firstName"], buyer["lastName"]), "locale": order["locale"],
            "refundedAmount": cash(order, _refunds(order, "SUCCEEDED")),
            "pendingRefundAmount": cash(order, _refunds(order, "INITIATED")),
            "netSales": cash(order, _net(order)), "tickets": tickets,
            "ticketIds": None if acted is None else [t["id"] for t in acted]}


def metrics(d, order):
    tickets = order["tickets"]
    shown = {"orderId": order["orderId"], "eventId": order["eventId"], "currency": order["currency"],
             "activeTickets": sum(t["status"] == "ACTIVE" for t in tickets)}
    kept = sum(r["kept"] for r in order["refunds"].values() if r["status"] == "SUCCEEDED")
    sums = {"grossSales": sum(t["price"] for t in tickets),
            "discounts": sum(t["discount"] for t in tickets), "fees": sum(t["fee"] for t in tickets),
            "taxes": sum(t["tax"] for t in tickets), "sales": _sales(order),
            "refunds": _refunds(order, "SUCCEEDED"), "pendingRefunds": _refunds(order, "INITIATED"),
            "nonRefundableFees": kept, "netSales": _net(order)}
    shown.update((k, cash(order, v)) for k, v in sums.items())
    d.outcome("metrics.updated", shown)


def mail(d, order, event, template, tickets, to=None, **more):
    """One e-mail for each customMessageKey of the tickets, in order of first appearance."""
    groups = {}
    for ticket in tickets:
        groups.setdefault(event.key(ticket["type"], template), []).append(ticket)
    for key, group in groups.items():
        _post(d, order, template, group, to or order["buyer"]["email"], customMessageKey=key, **more)


def _post(d, order, template, tickets, to, **more):
    d.outcome("email.requested", dict(more, template=template, to=to, locale=order["locale"],
                                      orderId=order["orderId"], ticketIds=[t["id"] for t in tickets]),
              topic="email-request")


def sale_of(tickets):
    return sum(t["paid"] for t in tickets)


def complete(d, order, event, tickets):
    """Placed and paid, or marked as paid: `tickets` have become ACTIVE."""
    d.outcome("order.completed", record(order, tickets))
    for t in tickets:
        blocked = bool(about(d, order["eventId"], t["hash"]).get("blocked"))
        attended(d, order, "attendee.added", t, blocked=blocked)
    mail(d, order, event, "ORDER_CONFIRMATION", tickets)
    if order["paymentType"] == "CARD" and order["sale"] > 0:
        mail(d, order, event, "RECEIPT", tickets, amount=cash(order, order["sale"]),
              currency=order["currency"])
    for t in tickets:
        mail(d, order, event, "TICKET", [t], t["email"])


def invoice(d, order, event, tickets):
    mail(d, order, event, "ORDER_CONFIRMATION_INVOICE", tickets, amount=cash(order, sale_of(tickets)),
          currency=order["currency"], invoiceInstructions=order["invoiceInstructions"])


def tell_team(d, order, event):
    told = {}
    for t in order["tickets"]:
        for address in event.notify(t["type"]):
            group = told.setdefault(address, [])
            if t not in group:
                group.append(t)
    for address, tickets in told.items():
        _post(d, order, "TEAM_NEW_ORDER", tickets, address)


def attended(d, order, kind, ticket, verdict=False, **more):
    shown = dict(more, orderId=order["orderId"], eventId=order["eventId"], ticketId=ticket["id"],
                 emailHash=ticket["hash"])
    (d.applied if verdict else d.outcome)(kind, shown)
