/* The reason of an outcome in words, from what the outcome itself says and nothing else. */
#include "workers/makegood/demo_inside.h"

static struct text inner(const struct demo_outcome *outcome, struct arena *arena,
                         const char *object, const char *name)
{
    const struct json *json = &outcome->json;
    uint32_t at = json->count ? json_member(json, 0, object) : JSON_NONE;
    uint32_t token = at != JSON_NONE ? json_member(json, at, name) : JSON_NONE;
    if (token == JSON_NONE) {
        return (struct text){ NULL, 0 };
    }
    bool string = json->tokens[token].type == JSON_KIND_STRING;
    return string ? json_text(json, arena, token) : json_raw(json, token);
}

/* "default", "group:2+adjustment:0", "lines": what of the contract decided. */
static struct text rule_in_words(struct text rule, struct arena *arena)
{
    static const struct {
        const char *name, *words;
    } rules[] = { { "default", "default" },
                  { "group", "payout group of rank" },
                  { "restriction", "nothing by restriction" },
                  { "adjustment", "with adjustment" },
                  { "bonus", "with bonus tier" },
                  { "limit", "cut by limit" },
                  { "lines", "line by line" } };
    struct text words = TEXT("");
    for (uint32_t at = 0; at < rule.size;) {
        uint32_t end = at, colon;
        while (end < rule.size && rule.at[end] != '+') {
            end++;
        }
        for (colon = at; colon < end && rule.at[colon] != ':';) {
            colon++;
        }
        struct text name = { rule.at + at, colon - at };
        struct text number = { rule.at + colon + (colon < end), end - colon - (colon < end) };
        for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
            if (text_is(name, rules[i].name)) {
                words = arena_printf(arena, "%.*s%s%s%s%.*s", TEXT_ARGS(words),
                                     words.size ? ", " : "", rules[i].words,
                                     number.size ? " " : "", TEXT_ARGS(number));
            }
        }
        at = end + 1;
    }
    return words.size ? words : rule;
}

/* First element of a list in an object; JSON_NONE when there is none. */
static uint32_t first_of(const struct json *json, uint32_t object, const char *list)
{
    uint32_t token = json_member(json, object, list);
    bool some = token != JSON_NONE && json->tokens[token].type == JSON_KIND_ARRAY &&
                json->tokens[token].count > 0;
    return some ? token + 1 : JSON_NONE;
}

/* The default rate of the contract's only payout, as the contract's own outcome has it. */
static struct text default_rate(struct demo_account *account, struct text contract,
                                struct text version)
{
    struct arena *arena = &account->arena;
    for (int i = 0; i < account->count; i++) {
        const struct demo_outcome *outcome = &account->outcomes[i];
        const struct json *json = &outcome->json;
        uint32_t number = json->count ? json_member(json, 0, "contractVersion") : JSON_NONE;
        uint32_t term = number != JSON_NONE ? first_of(json, 0, "terms") : JSON_NONE;
        uint32_t payout = term != JSON_NONE ? first_of(json, term, "eventPayouts") : JSON_NONE;
        uint32_t rate =
            payout != JSON_NONE ? json_member(json, payout, "defaultPayoutRate") : JSON_NONE;
        if (rate != JSON_NONE && text_equal(json_raw(json, number), version) &&
            text_equal(demo_member(outcome, arena, "contractId"), contract)) {
            return json_text(json, arena, rate);
        }
    }
    return (struct text){ NULL, 0 };
}

static struct text by_contract(struct demo_account *account, const struct demo_outcome *outcome)
{
    struct arena *arena = &account->arena;
    struct text contract = inner(outcome, arena, "terms", "contractId");
    struct text version = inner(outcome, arena, "terms", "version");
    struct text rule = inner(outcome, arena, "terms", "rule");
    struct text amount = demo_member(outcome, arena, "amount");
    struct text rate = text_is(rule, "default") ? default_rate(account, contract, version)
                                                : (struct text){ NULL, 0 };
    struct text words = rule_in_words(rule, arena);
    struct text terms = arena_printf(arena, "contract %.*s, version %.*s, %.*s",
                                     TEXT_ARGS(contract), TEXT_ARGS(version), TEXT_ARGS(words));
    return rate.at && amount.at ? arena_printf(arena, "%.*s %% of %.*s (%.*s)", TEXT_ARGS(rate),
                                               TEXT_ARGS(amount), TEXT_ARGS(terms))
                                : terms;
}

static struct text by_reason(const struct demo_outcome *outcome, struct arena *arena)
{
    struct text code = inner(outcome, arena, "reason", "code");
    struct text detail = inner(outcome, arena, "reason", "detail");
    return arena_printf(arena, "%.*s: %.*s", TEXT_ARGS(code), TEXT_ARGS(detail));
}

static struct text by_adjustment(const struct demo_outcome *outcome, struct arena *arena)
{
    struct text amount = demo_member(outcome, arena, "amount");
    struct text currency = demo_member(outcome, arena, "currency");
    bool collect =
        text_is(demo_member(outcome, arena, "direction"), "COLLECT_FROM_PARTNER");
    return arena_printf(arena, "to make good for it, %s %.*s %.*s", collect ? "collect" : "pay",
                        TEXT_ARGS(amount), TEXT_ARGS(currency));
}

static struct text by_command(const struct demo_outcome *outcome, struct arena *arena)
{
    if (text_is(outcome->verdict, "duplicate")) {
        return TEXT("this id was decided before; nothing is done twice");
    }
    if (text_is(outcome->verdict, "forwarded")) {
        struct text to = demo_member(outcome, arena, "to");
        return arena_printf(arena, "passed on to %.*s", TEXT_ARGS(to));
    }
    return text_is(outcome->verdict, "unchanged") ? TEXT("it is so already") : TEXT("");
}

static struct text by_type(const struct demo_outcome *outcome, struct arena *arena)
{
    struct text disposition = demo_member(outcome, arena, "disposition");
    if (text_is(outcome->type, "action.locked")) {
        struct text payout = demo_member(outcome, arena, "payout");
        return arena_printf(arena, "its lock date has come; %.*s is final", TEXT_ARGS(payout));
    }
    if (text_is(outcome->type, "action.reversed")) {
        return arena_printf(arena, "%.*s; a reversal pays nothing", TEXT_ARGS(disposition));
    }
    uint32_t token = json_member(&outcome->json, 0, "contractVersion");
    if (token != JSON_NONE) {
        struct text number = json_raw(&outcome->json, token);
        return arena_printf(arena, "version %.*s, in force from now on", TEXT_ARGS(number));
    }
    return by_command(outcome, arena);
}

struct text demo_why(struct demo_account *account, const struct demo_outcome *outcome)
{
    struct arena *arena = &account->arena;
    if (outcome->dlq_reason.at) {
        return arena_printf(arena, "%.*s: %.*s", TEXT_ARGS(outcome->dlq_reason),
                            TEXT_ARGS(outcome->dlq_detail));
    }
    if (inner(outcome, arena, "reason", "code").at) {
        return by_reason(outcome, arena);
    }
    if (inner(outcome, arena, "terms", "contractId").at) {
        return by_contract(account, outcome);
    }
    return text_is(outcome->type, "adjustment.required") ? by_adjustment(outcome, arena)
                                                         : by_type(outcome, arena);
}
