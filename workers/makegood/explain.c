/* The outcome says contract, version and rule; the contract's version says what else was tried. */
#include "workers/makegood/explain.h"

#include "base/time.h"
#include "engine/worker.h"
#include "io/zoneinfo.h"
#include "wire/json.h"
#include "workers/action/explain.h"
#include "workers/makegood/state_json.h"

/* What an outcome's data says of the decision. */
struct decided {
    struct json json;
    struct text entity, contract_id, customer_status;
    int64_t version, time_ms;
    bool by_contract;
};

static struct text text_at(const struct json *json, uint32_t object, const char *name,
                           struct arena *arena)
{
    uint32_t token = json_member(json, object, name);
    bool string = token != JSON_NONE && json->tokens[token].type == JSON_KIND_STRING;
    return string ? json_text(json, arena, token) : (struct text){ NULL, 0 };
}

static bool read_decided(struct arena *arena, struct text data, struct decided *out)
{
    struct json_fault fault;
    *out = (struct decided){ .version = 0 };
    if (!json_parse(arena, data, &out->json, &fault)) {
        return false;
    }
    out->entity = text_at(&out->json, 0, "entity", arena);
    out->customer_status = text_at(&out->json, 0, "customerStatus", arena);
    uint32_t terms = json_member(&out->json, 0, "terms");
    if (terms != JSON_NONE && out->json.tokens[terms].type == JSON_KIND_OBJECT) {
        uint32_t version = json_member(&out->json, terms, "version");
        out->contract_id = text_at(&out->json, terms, "contractId", arena);
        out->by_contract = out->contract_id.at && version != JSON_NONE &&
                           json_int64(&out->json, version, &out->version);
    }
    return time_parse(text_at(&out->json, 0, "effectiveTime", arena), &out->time_ms);
}

/* The items as the outcome shows them: only what rules ask about. */
static void take_items(struct arena *arena, const struct decided *decided, struct action *action)
{
    uint32_t list = json_member(&decided->json, 0, "items");
    if (list == JSON_NONE || decided->json.tokens[list].type != JSON_KIND_ARRAY) {
        return;
    }
    uint32_t count = decided->json.tokens[list].count, token = list + 1;
    struct action_item *items = arena_alloc(arena, count * sizeof(*items));
    for (uint32_t i = 0; i < count; i++) {
        items[i].sku = text_at(&decided->json, token, "sku", arena);
        items[i].category = text_at(&decided->json, token, "category", arena);
        token = decided->json.tokens[token].next;
    }
    action->items = (struct list){ items, count };
}

struct finder {
    struct arena *arena;
    const struct explain_states *states;
};

static const void *find_state(const struct finder *finder, struct text key)
{
    struct text value = finder->states->value(finder->states->context, key, finder->arena);
    return state_of(key, value, finder->arena);
}

static const struct exception_list *find_list(void *context, struct text list_id)
{
    const struct finder *finder = context;
    return find_state(finder, entity_name(finder->arena, "list", list_id));
}

static const struct contract_version *find_version(const struct finder *finder,
                                                   const struct decided *decided)
{
    const struct contract_state *state =
        find_state(finder, entity_name(finder->arena, "contract", decided->contract_id));
    const struct contract_version *versions = state ? state->versions.items : NULL;
    for (uint32_t i = 0; state && i < state->versions.count; i++) {
        if (versions[i].number == decided->version) {
            return &versions[i];
        }
    }
    return NULL;
}

static void write_rules(struct arena *arena, const struct decided *decided,
                        const struct explain_states *states, struct json_writer *writer)
{
    struct finder finder = { arena, states };
    struct zones *zones = zones_new();
    const struct contract_version *version = find_version(&finder, decided);
    const struct action *stored = find_state(&finder, decided->entity);
    if (!version || !stored || !zones) {
        json_put_text(writer, "untold",
                      TEXT("the contract's version or the action's state is not there (any more)"));
        zones_free(zones);
        return;
    }
    struct action action = *stored;
    if (decided->customer_status.at) {
        action.customer_status = decided->customer_status;
    }
    take_items(arena, decided, &action);
    struct explain_question question = {
        .action = &action,
        .version = version,
        .zone = zones_find(zones, version->contract->time_zone),
        .t = decided->time_ms,
        .find_list = find_list,
        .context = &finder,
    };
    char from[TIME_TEXT_SIZE];
    time_format(version->valid_from, from);
    json_open_object(writer, "contract");
    json_put_text(writer, "contractId", decided->contract_id);
    json_put_int(writer, "version", version->number);
    json_put_text(writer, "validFrom", text_of(from));
    json_close_object(writer);
    if (!question.zone || !action_explain(arena, &question, writer)) {
        json_put_text(writer, "untold",
                      TEXT("no term of that version names the event type at that time"));
    }
    zones_free(zones);
}

static void put_if(struct json_writer *writer, const char *name, struct text value)
{
    if (value.at) {
        json_put_text(writer, name, value);
    }
}

void explain_write(struct arena *arena, const struct explained *explained,
                   const struct explain_states *states, struct json_writer *writer)
{
    static const char *const members[] = { "entity", "version", "effectiveTime", "command",
                                           "reason", "terms" };
    struct decided decided;
    bool read = read_decided(arena, explained->data, &decided);
    json_open_object(writer, "outcome");
    put_if(writer, "id", explained->id);
    put_if(writer, "type", explained->type);
    put_if(writer, "verdict", explained->verdict);
    put_if(writer, "input", explained->input);
    if (explained->offset >= 0) {
        put_if(writer, "topic", explained->topic);
        json_put_int(writer, "partition", explained->partition);
        json_put_int(writer, "offset", explained->offset);
    }
    json_close_object(writer);
    for (size_t i = 0; read && i < sizeof(members) / sizeof(*members); i++) {
        uint32_t token = json_member(&decided.json, 0, members[i]);
        if (token != JSON_NONE) {
            json_put_raw(writer, members[i], json_raw(&decided.json, token));
        }
    }
    if (read && decided.by_contract) {
        write_rules(arena, &decided, states, writer);
    }
    if (explained->before.at) {
        json_put_raw(writer, "before", explained->before);
    }
    if (explained->after.at) {
        json_put_raw(writer, "after", explained->after);
    }
}
