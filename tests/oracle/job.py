"""Job family (messages.md 9): a batch, its lines, its completion."""
import moments
from engine import Family, Type, escape
from fields import BATCH, array, email, enum, ident, integer, is_oid, need, oid, opt, text

OUTCOMES = ["import.started", "import.line_reported", "import.finished", "import.aborted",
            "order.resend_accepted", "import.completed", "batch.completed", "email.requested"]
CODES = ["TOO_MANY_ORDERS", "JOB_EXISTS", "JOB_NOT_FOUND", "JOB_FINISHED"]

_BATCH = need(BATCH["batchId"].kind)
START = {"batchId": _BATCH, "type": need(enum("CONVERSION MODIFICATION REVERSAL APPROVAL POINTS "
                                              "REDEMPTION")),
         "fileName": opt(text(255)), "mailTo": opt(email), "locale": opt(text(35))}
# orderId: the oid of an action, whatever the rule of names says; a row with a space in it must be counted too.
LINE = {"batchId": _BATCH, "line": need(BATCH["line"].kind), "code": need(text(64)),
        "detail": opt(text(255)), "orderId": opt(oid), "sku": opt(text(64)),
        "category": opt(text(64))}
FINISH = {"batchId": _BATCH, "totalRecords": need(integer(0, 1000000))}

RESEND = {"batchId": _BATCH, "orderIds": need(array(ident, 1, 10000))}
MAX_ORDERS = 100

_CONTRACT_ERRORS = ("CONTRACT_NOT_FOUND", "ACTIONTERMS_NOT_FOUND", "RESTRICTED_PROMOCODE")
MAX_LISTED = 100


def _open(d):
    """The job of this entity; made when it is not there."""
    d.state.setdefault("submitted", d.now)
    d.state.setdefault("lines", {})
    return d.state


def _done(d):
    return "status" in d.state


def _error(line, code, about):
    shown = {"line": line, "orderId": about.get("orderId"), "sku": about.get("sku"),
             "category": about.get("category"),
             "status": "CONTRACT_ERROR" if code in _CONTRACT_ERRORS else "VALIDATION_ERROR",
             "reason": code}
    return {k: v for k, v in shown.items() if v is not None}


def start(d):
    if d.state.get("started") or _done(d):
        return d.reject("JOB_EXISTS")
    state = _open(d)
    state["started"], state["submitted"] = True, d.now  # silent: a job made by a line starts here again
    for name in ("type", "fileName", "mailTo", "locale"):
        state[name] = d.data[name]
    shown = {k: d.data[k] for k in ("batchId", "type", "fileName", "locale")}
    return d.applied("import.started", dict(shown, submissionDate=moments.show(state["submitted"])))


def report_line(d):
    data = d.data
    if _done(d):
        return d.reject("JOB_FINISHED")
    state = _open(d)
    if data["line"] in state["lines"]:
        return d.unchanged()
    state["lines"][data["line"]] = _error(data["line"], data["code"], data)
    d.applied("import.line_reported", {k: data[k] for k in
                                       "batchId line code detail orderId sku category".split()})
    return _complete_when_all(d, data["batchId"])


def finish(d):
    if _done(d):
        return d.reject("JOB_FINISHED")
    state, total = _open(d), d.data["totalRecords"]
    if state.get("total") == total:
        return d.unchanged()
    state["total"] = total
    d.applied("import.finished", {"batchId": d.data["batchId"], "totalRecords": total,
                                  "recordsProcessed": len(state["lines"])})
    if not _complete_when_all(d, d.data["batchId"]):
        d.timer("abort", d.now + moments.DAY)
    return None


def abort(d):
    if "submitted" not in d.state:
        return d.reject("JOB_NOT_FOUND")
    if _done(d):
        return d.reject("JOB_FINISHED")
    state = d.state
    d.applied("import.aborted", {"batchId": d.data["batchId"], "totalRecords": state.get("total"),
                                 "recordsProcessed": len(state["lines"])})
    return _complete(d, d.data["batchId"], "ABORTED")


def resend(d):
    """Each order is a line; a job that a line or a finish made exists."""
    names = list(dict.fromkeys(d.data["orderIds"]))
    if len(names) > MAX_ORDERS:
        return d.reject("TOO_MANY_ORDERS")
    if "submitted" in d.state:
        return d.reject("JOB_EXISTS")
    state = _open(d)
    state.update(started=True, type="RESEND", total=len(names))
    d.applied("order.resend_accepted", {"batchId": d.data["batchId"], "type": "RESEND",
                                        "submissionDate": moments.show(d.now),
                                        "totalRecords": len(names)})
    for index, name in enumerate(names):
        d.send("order:" + escape(name), "order", "order.resend", {"orderId": name}, line=index + 1)
    return d.timer("abort", d.now + moments.DAY)


def on_line(d):
    """A line's final verdict, from any worker."""
    batch = d.entity.key.split(":", 1)[1]
    if _done(d) or d.data["line"] in d.state.get("lines", {}):
        return d.silent()
    state = _open(d)
    code = d.data["code"]
    sent = d.data["command"].raw["data"]
    # Silent where sku and category would come from: of a command nothing but the order is listed.
    # One that is not written as an order's name is no name to list.
    order = sent.get("orderId") or sent.get("oid")
    about = {"orderId": order if is_oid(order) else None}
    state["lines"][d.data["line"]] = _error(d.data["line"], code, about) if code else None
    d.silent(version=True)
    return _complete_when_all(d, batch)


def on_abort(d):
    if _done(d):
        return
    d.changed()
    _complete(d, d.entity.key.split(":", 1)[1], "ABORTED")


def _complete_when_all(d, batch):
    state = d.state
    if state.get("total") is None or len(state["lines"]) < state["total"]:
        return False
    _complete(d, batch, "COMPLETE")
    return True


def _complete(d, batch, status):
    state = d.state
    state["status"] = status
    d.cancel_timer("abort")
    errors = [state["lines"][n] for n in sorted(state["lines"]) if state["lines"][n]]
    missing = max(0, (state.get("total") or 0) - len(state["lines"]))
    count = len(errors) + missing
    errors = errors[:MAX_LISTED]
    errors += [{"status": "VALIDATION_ERROR", "reason": "NO_RESULT"}] * min(
        missing, MAX_LISTED - len(errors))
    kind = "import.completed" if state.get("type") in ("POINTS", "REDEMPTION") else "batch.completed"
    processed = len(state["lines"])
    d.outcome(kind, {
        "batchId": batch, "type": state.get("type"), "fileName": state.get("fileName"),
        "status": status, "submissionDate": moments.show(state["submitted"]),
        "completionDate": moments.show(d.now), "totalRecords": state.get("total"),
        "recordsProcessed": processed, "totalErrors": count, "errors": errors,
        "errorsTruncated": count > MAX_LISTED})
    if state.get("mailTo") is not None:
        d.outcome("email.requested", {
            "template": "IMPORT_COMPLETED", "to": state["mailTo"], "locale": state.get("locale"),
            "batchId": batch, "recordsProcessed": processed, "errors": count, "errorList": errors},
            topic="email-request")


def _type(table, rule):
    return Type("job", table, lambda data: "job:" + escape(data["batchId"]), rule)


FAMILY = Family("job", {
    "import.start": _type(START, start),
    "import.report_line": _type(LINE, report_line),
    "import.finish": _type(FINISH, finish),
    "order.resend_many": _type(RESEND, resend),
    "import.abort": _type({"batchId": _BATCH}, abort),
}, internals={"line.report": on_line}, timers={"abort": on_abort})
