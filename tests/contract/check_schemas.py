#!/usr/bin/env python3
"""The wire contract against the program.

  a  every file of schemas/ is a JSON Schema 2020-12 and every $ref of it leads somewhere
  b  the examples validate; asyncapi.yaml keeps the rules of AsyncAPI 3 and names existing files
  c  hundreds of mutations of every input example through one run of `makegood exec`: a schema
     accepts exactly what the decoder takes without a dead letter
  d  every outcome of that run validates against its own schema

Exit 1 on any difference. Without --makegood only (a) and (b) run.
"""
import argparse
import copy
import json
import pathlib
import re
import subprocess
import sys
import uuid

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2] / "schemas"
TIME = "2026-01-10T09:00:00Z"
UNTIL = "2026-06-01T00:00:00Z"  # past the lock of every action
DRAFT = "https://json-schema.org/draft/2020-12/schema"
URN = "urn:makegood:schema:"
DROP = object()
LINE_BYTES = 60000  # below too-large, which no schema can say


# --- schemas ---

def search_whole(_validator, pattern, instance, _schema):
    """As in ECMA 262: $ is the very end, in Python it is also before a last newline."""
    if isinstance(instance, str) and not re.search(re.sub(r"(?<!\\)\$", r"\\Z", pattern), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator,
                                         {"pattern": search_whole})


def load_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def with_absolute_references(schema):
    """The resolver of Debian's python3-jsonschema does not join "#/..." to a URN."""
    for place in walk(schema):
        if isinstance(place, dict) and str(place.get("$ref", "")).startswith("#"):
            place["$ref"] = schema["$id"] + place["$ref"]
    return schema


class Schemas:
    def __init__(self):
        self.by_id = {}
        self.files = {}
        for path in sorted(ROOT.glob("*.v1.json")):
            schema = with_absolute_references(load_json(path))
            self.by_id[schema.get("$id")] = schema
            self.files[path.name] = schema

    def validator(self, schema):
        resolver = jsonschema.RefResolver(schema["$id"], schema, store=self.by_id)
        return Validator(schema, resolver=resolver)

    def of_type(self, ce_type):
        schema = self.by_id.get(URN + str(ce_type))
        return schema and self.validator(schema)

    def resolves(self, base, reference):
        url, _, pointer = reference.partition("#")
        place = self.by_id.get(url) if url else base
        for part in pointer.split("/")[1:]:
            place = place.get(part) if isinstance(place, dict) else None
        return place is not None


def walk(value):
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from walk(child)


def check_schemas(schemas, problems):
    for name, schema in schemas.files.items():
        short = name[:-len(".v1.json")]
        shared = short in ("envelope", "values")
        if schema.get("$schema") != DRAFT:
            problems.append(f"{name}: $schema is not {DRAFT}")
        expected = URN + ("" if shared else "makegood.") + short + ".v1"
        if schema.get("$id") != expected:
            problems.append(f"{name}: $id is not {expected}")
        if not schema.get("title") or not shared and not schema.get("examples"):
            problems.append(f"{name}: needs a title and examples")
        try:
            Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            problems.append(f"{name}: not a schema: {error.message}")
        for place in walk(schema):
            reference = place.get("$ref") if isinstance(place, dict) else None
            if isinstance(reference, str) and not schemas.resolves(schema, reference):
                problems.append(f"{name}: $ref leads nowhere: {reference}")


def first_error(validator, event):
    error = jsonschema.exceptions.best_match(validator.iter_errors(event))
    return error and f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:160]}"


def check_examples(schemas, problems):
    count = 0
    for name, schema in schemas.files.items():
        if "type" not in schema.get("properties", {}):
            continue
        path = ROOT / "examples" / name
        if not path.exists():
            problems.append(f"examples/{name} is missing")
            continue
        for event in [load_json(path)] + schema.get("examples", []):
            count += 1
            error = first_error(schemas.validator(schema), event)
            if error:
                problems.append(f"examples/{name}: {error}")
    for path in (ROOT / "examples").iterdir():
        if path.name not in schemas.files:
            problems.append(f"examples/{path.name} has no schema")
    return count


# --- asyncapi.yaml: the rules of AsyncAPI 3 that a slip can break ---

def resolve_local(document, reference):
    place = document
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        place = place.get(part) if isinstance(place, dict) else None
    return place


def check_references(document, problems):
    for place in walk(document):
        reference = place.get("$ref") if isinstance(place, dict) else None
        if reference is None:
            continue
        if reference.startswith("#/"):
            if resolve_local(document, reference) is None:
                problems.append(f"asyncapi.yaml: $ref leads nowhere: {reference}")
        elif not (ROOT / reference.partition("#")[0]).is_file():
            problems.append(f"asyncapi.yaml: no such file: {reference}")


def check_channels(document, problems):
    for name, channel in document["channels"].items():
        if not isinstance(channel.get("address"), str) or not channel.get("messages"):
            problems.append(f"asyncapi.yaml: channel {name} needs an address and messages")
        for message in channel.get("messages", {}).values():
            if not message.get("$ref", "").startswith("#/components/messages/"):
                problems.append(f"asyncapi.yaml: channel {name}: a message that is no component")


def check_operations(document, problems):
    for name, operation in document["operations"].items():
        if operation.get("action") not in ("send", "receive"):
            problems.append(f"asyncapi.yaml: operation {name}: action is send or receive")
        channel = operation.get("channel", {}).get("$ref", "")
        if not channel.startswith("#/channels/"):
            problems.append(f"asyncapi.yaml: operation {name}: channel is a $ref to a channel")
        for message in operation.get("messages", []):
            if not message.get("$ref", "").startswith(channel + "/messages/"):
                problems.append(f"asyncapi.yaml: operation {name}: a message of another channel")


def check_messages(document, schemas, problems):
    named = set()
    for name, message in document["components"]["messages"].items():
        payload = message.get("payload", {})
        if "schemaFormat" in payload and set(payload) != {"schemaFormat", "schema"}:
            problems.append(f"asyncapi.yaml: message {name}: schemaFormat goes with schema alone")
        file = payload.get("schema", payload).get("$ref", "")
        named.add(file)
        if file.endswith(".v1.json") and message.get("name") != "makegood." + file[2:-len(".json")]:
            problems.append(f"asyncapi.yaml: message {name}: name is not the type of {file}")
    for file, schema in schemas.files.items():
        if "type" in schema.get("properties", {}) and "./" + file not in named:
            problems.append(f"asyncapi.yaml: {file} is not the payload of any message")


def check_asyncapi(schemas, problems):
    try:
        document = yaml.safe_load((ROOT / "asyncapi.yaml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        problems.append(f"asyncapi.yaml: {error}")
        return
    known = {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations",
             "components"}
    for key in document:
        if key not in known and not key.startswith("x-"):
            problems.append(f"asyncapi.yaml: {key} is not a member of AsyncAPI 3")
    if not re.fullmatch(r"3\.\d+\.\d+", str(document.get("asyncapi"))):
        problems.append("asyncapi.yaml: asyncapi is not 3.x.y")
    if not all(document.get("info", {}).get(key) for key in ("title", "version")):
        problems.append("asyncapi.yaml: info needs title and version")
    check_references(document, problems)
    check_channels(document, problems)
    check_operations(document, problems)
    check_messages(document, schemas, problems)


# --- mutations ---

WRONG_TYPES = [None, True, 0, -1, 7, "", "word", [], ["x"], {}, {"x": 1}]
MONEY_LIKE = ["0", "-0", "1.2345", "1.23456", "01", "1.", ".5", "1e3", "999999999999",
              "1000000000000", "-1.5", 999999999999, 1000000000000, -7]
RATE_LIKE = ["1000", "1000.0000", "1000.0001", "1001", "0.12345", 1000, 1001]
TIME_LIKE = ["2026-02-29T00:00:00Z", "2028-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
             "2000-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-10t00:00:00Z",
             "2026-01-10T00:00:00z", "2026-01-10T24:00:00Z", "2026-01-10T23:59:60Z",
             "2026-01-10T00:00:00.123Z", "2026-01-10T00:00:00.1234Z", "2026-01-10T00:00:00.Z",
             "2026-01-10T00:00:00+23:59", "2026-01-10T00:00:00+24:00", "2026-01-10T00:00:00",
             "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "2026-13-01T00:00:00Z", "2026-01-10"]
DURATION_LIKE = ["P1Y2M3W4DT5H6M7S", "P", "PT", "P1DT", "P1D2M", "PT1S1H", "P1.5D", "P1H",
                 "PT999999999S", "PT1000000000S", "p1d", "P1W"]
TEXT_LIKE = [" x", "x ", "a b", "tab\there", "nl\n", "x\u0085", "caf\u00e9", "usd", "USDX", "U1",
             "D", "DE", "D1", "a|b", "short", "batch-0001", "batch 0001"]


def strings_of_size(value):
    sizes = sorted({size + step for size in (2, 8, 32, 40, 55, 64, 128, 255) for step in (0, 1)}
                   | {7, 54, 63, 254})
    return [("a" * size) for size in sizes]


def variants(value):
    """Other values for one place; reals are kept out, see schemas/README.md."""
    if isinstance(value, bool):
        return WRONG_TYPES + [False, "true"]
    if isinstance(value, int):
        bounds = (0, 1, 6, 24, 366, 1000, 3650, 1000000, 2147483647, 10**15, 2**63 - 1)
        return WRONG_TYPES + [bound + step for bound in bounds for step in (-1, 0, 1)] + MONEY_LIKE
    if isinstance(value, str):
        return (WRONG_TYPES + [value + "X", value + "\n", value.lower(), value.upper()] + MONEY_LIKE
                + RATE_LIKE + TIME_LIKE + DURATION_LIKE + TEXT_LIKE + strings_of_size(value))
    if isinstance(value, list):
        sizes = (0, 1, 2, 10, 11, 20, 21, 50, 51, 200, 201, 500, 501, 2000, 2001)
        return WRONG_TYPES + [resized(value, size) for size in sizes] + [value + [None]]
    return WRONG_TYPES + [{**value, "unknownMember": {"deep": [1, None]}}]


def resized(value, size):
    """As many elements, each a little different where a name must be."""
    return [copy.deepcopy(value[i % len(value)]) for i in range(size)] if value else ["x"] * size


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) \
        else ()
    for key, child in items:
        yield from places(child, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def replaced(event, path, new):
    event = copy.deepcopy(event)
    holder = at(event, path[:-1])
    if new is DROP:
        del holder[path[-1]]
    else:
        holder[path[-1]] = copy.deepcopy(new)
    return event


def mutations(example):
    yield "as it is", example
    for path in places(example):
        if not path or path[0] in ("time", "id", "source", "type"):
            continue
        name = "/" + "/".join(map(str, path))
        yield f"{name} dropped", replaced(example, path, DROP)
        for new in variants(at(example, path)):
            yield f"{name} = {json.dumps(new)[:60]}", replaced(example, path, new)
    yield from line_mutations(example)
    yield from envelope_mutations(example)


def line_mutations(example):
    """Any command may be a line of a batch, whether its example shows it or not."""
    for name, values in (("batchId", (None, "", 7, "short", "batch-0001", "batch 0001", "a" * 55, "a" * 56)),
                         ("line", (None, "", "1", 0, 1, 1000000, 1000001, []))):
        if name not in example["data"]:
            for new in values:
                changed = copy.deepcopy(example)
                changed["data"][name] = new
                yield f"/data/{name} = {json.dumps(new)[:60]}", changed


def envelope_mutations(example):
    for name in ("id", "source"):
        for new in (DROP, None, "", 1, "a b", "a|b", "caf\u00e9", "a" * 128, "a" * 129, "a" * 256,
                    "a" * 257, "/makegood/x", "x\n"):
            yield f"/{name} = {json.dumps(new)[:60] if new is not DROP else 'dropped'}", \
                replaced(example, (name,), new)
    for new in (DROP, None, "", "makegood.nothing.v1", example["type"] + "x", 5):
        yield "/type changed", replaced(example, ("type",), new)
    for name, new in (("correlationid", "c" * 256), ("correlationid", "c" * 257),
                      ("correlationid", 5), ("correlationid", ""), ("data_base64", "e30="),
                      ("data_base64", None), ("traceparent", 5), ("traceparent", "no"),
                      ("subject", 5), ("dataschema", []), ("other", {"x": 1}),
                      ("datacontenttype", "application/json; charset=utf-8"),
                      ("datacontenttype", "text/json"), ("datacontenttype", "application/jsonx"),
                      ("datacontenttype", "Application/JSON")):
        yield f"/{name} = {json.dumps(new)[:60]}", replaced(example, (name,), new)


# --- the run ---

class Case:
    def __init__(self, short, what, event, accepts):
        self.short, self.what, self.event, self.accepts = short, what, event, accepts
        self.dead = self.verdict = None


def distinct(event, example, number):
    """No two with one source and id: a number goes into whichever of them is not the mutation."""
    event = {**event, "time": TIME}
    if event.get("id") == example["id"]:
        event["id"] = f"c-{number}"
    elif event.get("source") == example["source"]:
        event["source"] = f"/shop/{number}"
    return event


def inputs(schemas):
    """Every input example: the file, and what else the schema shows."""
    for path in sorted((ROOT / "examples").glob("*.v1.json")):
        example = load_json(path)
        if not example["source"].startswith("/makegood/"):
            more = schemas.files[path.name]["examples"]
            yield path.name[:-len(".v1.json")], [example] + [e for e in more if e != example]


SCENARIO = ("partner.put", "event_type.put", "contract.put", "action.track", "action.modify",
            "action.modify", "action.approve", "action.approve", "action.modify", "action.reverse",
            "contract.put")
RETURNS = {"contractId": "S0", "partnerId": "S0", "startDate": TIME, "currency": "USD",
           "requireReturnAcceptance": True}
LIVES = (("reverse", "restore"), ("approve", "settle"), ("reverse",), ())


def life(examples, number, partner, commands):
    """The track of an action of its own, then commands on it."""
    address = {"actionId": f"S{number}", "oid": f"S{number}"}
    track = copy.deepcopy(examples["action.track"])
    track["data"].update(address, eventDate=TIME, partnerId=partner)
    yield "action.track", {**track, "id": f"t-{number}", "time": TIME}
    for i, (name, more) in enumerate(commands):
        event = copy.deepcopy(examples["action." + name])
        event["data"] = {**event["data"], **address, **more}
        yield "action." + name, {**event, "id": f"u-{number}-{i}", "time": TIME}


def scenario(schemas):
    """Lives of actions, before the mutations disturb their world: outcomes of every type."""
    examples = {short: events[0] for short, events in inputs(schemas)}
    for i, short in enumerate(SCENARIO):
        number = 4 if i == 5 else i  # one message is sent twice
        yield short, {**examples[short], "id": f"s-{number}", "time": TIME}
    partner = examples["action.track"]["data"]["partnerId"]
    for number, names in enumerate(LIVES):
        yield from life(examples, number, partner, [(name, {}) for name in names])
    contract = copy.deepcopy(examples["contract.put"])
    contract["data"].update(RETURNS, endDate=None, creditPolicy=None)
    yield "contract.put", {**contract, "id": "s-returns", "time": TIME}
    returned = ("reverse", {"dispositionCode": "ITEM_RETURNED"})
    for number, answer in ((8, False), (9, True)):
        yield from life(examples, number, "S0",
                        [returned, ("answer_return", {"accepted": answer})])


def refund_of(event_id, order_id):
    """The refundId that a refund command of the scenario gives: the id of its second outcome."""
    name = f"/shop|{event_id}|order:{order_id}|1"
    return str(uuid.uuid5(uuid.UUID("374a4652-5ef6-532a-b0ef-a36e597b53be"), name))


ORDERS = (
    ("event.put", {}), ("promo.put", {}), ("order.place", {}), ("attendee.activate", {}),
    ("attendee.send_confirmation", {}), ("order.update_buyer", {}), ("order.resend_confirmation", {}),
    ("order.cancel_tickets", {}), ("order.refund_tickets", {}),
    ("refund.result", {"refundId": refund_of("o-8", "O1")}), ("attendee.unblock", {}),
    ("order.place", {"orderId": "O2", "paymentType": "INVOICE", "promoCode": None, "saleAmount": None}),
    ("order.mark_paid", {"orderId": "O2"}), ("order.place", {"orderId": "O3"}),
    ("order.refund_tickets", {"orderId": "O3", "tickets": ["t2"]}),
    ("refund.result", {"orderId": "O3", "refundId": refund_of("o-14", "O3"), "result": "FAILED"}),
)


def order_scenario(schemas):
    """Orders that are paid, cancelled and refunded, by a card and by an invoice."""
    examples = {short: events[0] for short, events in inputs(schemas)}
    for i, (short, change) in enumerate(ORDERS):
        event = examples[short]
        yield short, {**event, "id": f"o-{i}", "time": TIME, "data": {**event["data"], **change}}


REWARDS = (
    ("user.put", {}),
    ("token.put", {}),
    ("reward.create", {}),
    ("reward.create", {"rewardId": "R2", "pendingReasons": ["CASH_HOLD"]}),
    ("reward.create", {"rewardId": "R3", "dateExpires": "2026-02-01T00:00:00Z",
                       "pendingDuration": "P7D"}),
    ("reward.redeem", {}),
    ("balance.redeem", {}),
    ("reward.cancel", {}),
    ("reward.uncancel", {}),
    ("reward.release", {}),
    ("reward.process", {}),
    ("tax_form.collect", {}),
    ("tax_form.revoke", {}),
    ("import.start", {}),
    ("points.credit", {"batchId": "batch-0010", "line": 2}),
    ("import.report_line", {}),
    ("import.finish", {}),
    ("points.activate", {}),
    ("conversion.reverse", {}),
    ("points.credit", {"rewardId": "P2"}),
    ("points.reject", {"rewardId": "P2"}),
    ("import.start", {"batchId": "batch-0005", "type": "REVERSAL"}),
    ("import.finish", {"batchId": "batch-0005", "totalRecords": 3}),
    ("import.abort", {"batchId": "batch-0005"}),
    ("order.resend_many", {}),
)


def reward_scenario(schemas):
    """Rewards and points of an account, and batches of lines: every outcome of both families."""
    examples = {short: events[0] for short, events in inputs(schemas)}
    for i, (short, change) in enumerate(REWARDS):
        event = examples[short]
        yield short, {**event, "id": f"r-{i}", "time": TIME, "data": {**event["data"], **change}}


def make_cases(schemas):
    cases = [Case(short, "scenario", event, True)
             for story in (scenario, order_scenario, reward_scenario)
             for short, event in story(schemas)]
    for short, examples in inputs(schemas):
        validator = schemas.of_type(examples[0]["type"])
        for example in examples:
            for what, event in mutations(example):
                event = distinct(event, example, len(cases))
                if len(json.dumps(event, ensure_ascii=False).encode()) < LINE_BYTES:
                    cases.append(Case(short, what, event, validator.is_valid(event)))
    return cases


def run_exec(makegood, cases):
    text = "".join(json.dumps(case.event, ensure_ascii=False) + "\n" for case in cases)
    done = subprocess.run([makegood, "exec", "--until", UNTIL], input=text.encode(), stdout=subprocess.PIPE,
                          timeout=600, check=False)
    lines = [json.loads(line) for line in done.stdout.decode().split("\n") if line]
    return done.returncode, lines


def take_answers(cases, lines):
    for line in lines:
        headers = line["headers"]
        if "dlq-reason" in headers:
            case = cases[int(headers["dlq-offset"])]
            case.dead = (headers["dlq-reason"], headers.get("dlq-detail", ""))
        elif "makegood-input" in headers:
            case = cases[int(headers["makegood-input"].rpartition("/")[2])]
            case.verdict = case.verdict or headers.get("makegood-verdict")


def compare(cases, untaken, problems):
    """Schema against decoder, case by case."""
    counts = {}
    for case in cases:
        good, bad = counts.get(case.short, (0, 0))
        counts[case.short] = (good + case.accepts, bad + (not case.accepts))
        if case.short in untaken:
            if case.accepts and (not case.dead or case.dead[0] != "unknown-type"):
                problems.append(f"{case.short}: is taken by now; leave it out of --untaken")
                untaken = untaken - {case.short}
            continue
        taken = case.verdict is not None and case.dead is None
        reasons = ("schema", "malformed", "missing-id", "unknown-type")
        if not taken and (case.dead is None or case.dead[0] not in reasons):
            problems.append(f"{case.short}: {case.what}: no answer, or {case.dead}")
        elif taken != case.accepts:
            problems.append(f"{case.short}: {case.what}: schema {'accepts' if case.accepts else 'refuses'},"
                            f" decoder {case.dead[0] + ' ' + case.dead[1] if case.dead else 'takes'}")
    return counts


def check_outcomes(schemas, lines, problems):
    counts, told = {}, set()
    for line in lines:
        if "dlq-reason" in line["headers"]:
            continue
        event = line["event"]
        short = event["type"]
        counts[short] = counts.get(short, 0) + 1
        validator = schemas.of_type(short)
        error = first_error(validator, event) if validator else "has no schema"
        if error and (short, error[:40]) not in told:
            told.add((short, error[:40]))
            problems.append(f"outcome {short}: {error}")
    return counts


def check_seen(schemas, counts, unseen, problems):
    """An outcome schema that no outcome was held against proves nothing."""
    for name, schema in schemas.files.items():
        ce_type = schema.get("properties", {}).get("type", {}).get("const", "")
        short = name[:-len(".v1.json")]
        if ce_type and load_json(ROOT / "examples" / name)["source"].startswith("/makegood/"):
            if (ce_type in counts) == (short in unseen):
                problems.append(f"outcome {short}: {'seen, leave it out of --unseen' if short in unseen else 'never seen'}")


def check_drift(schemas, makegood, untaken, unseen, problems):
    cases = make_cases(schemas)
    code, lines = run_exec(makegood, cases)
    if code != 0:
        problems.append(f"makegood exec ended with {code}")
    take_answers(cases, lines)
    counts = compare(cases, untaken, problems)
    print(f"{len(cases)} cases through exec, {len(lines)} lines out")
    for short, (good, bad) in sorted(counts.items()):
        note = "  (not taken yet)" if short in untaken else ""
        print(f"  {short:24} {good:6} accepted {bad:6} refused by the schema{note}")
    seen = check_outcomes(schemas, lines, problems)
    for ce_type, count in sorted(seen.items()):
        print(f"  {ce_type:34} {count:6} outcomes")
    check_seen(schemas, seen, unseen, problems)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--makegood", help="the built command; without it only files are checked")
    parser.add_argument("--untaken", default="", help="types that the command does not take yet")
    parser.add_argument("--unseen", default="", help="outcomes that no input here brings about yet")
    parser.add_argument("--show", type=int, default=60, help="how many differences to print")
    arguments = parser.parse_args()
    problems = []
    schemas = Schemas()
    check_schemas(schemas, problems)
    examples = check_examples(schemas, problems)
    check_asyncapi(schemas, problems)
    print(f"{len(schemas.files)} schemas, {examples} examples")
    if arguments.makegood and not problems:
        untaken = frozenset(filter(None, arguments.untaken.split(",")))
        unseen = frozenset(filter(None, arguments.unseen.split(",")))
        check_drift(schemas, arguments.makegood, untaken, unseen, problems)
    for problem in problems[:arguments.show]:
        print("DIFFERENCE", problem)
    print(f"{len(problems)} differences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
