/* The sample day, as a coffee shop sends it. Times, ids and so all outcomes are always the same. */
#include "base/ensure.h"
#include "base/time.h"
#include "workers/makegood/demo_inside.h"

const char demo_title[] = "makegood decides what happens after the sale, once, and says why.";
const char demo_story[] =
    "A day of a coffee shop. Its partner, the blog coffee-blog, is paid 5 % of each\n"
    "sale that it brings. Until midnight a sale can change; then it is locked.";

#define ORDER(number, action, amount)                                                              \
    "{\"actionId\":\"" action "\",\"actionTrackerId\":7,\"oid\":\"" number "\","                  \
    "\"partnerId\":\"coffee-blog\",\"currency\":\"USD\",\"amount\":\"" amount "\"}"

#define RETURNED(address, amount)                                                                 \
    "{" address ",\"reason\":\"ITEM_RETURNED\",\"amount\":\"" amount "\"}"

const struct demo_input demo_day[] = {
    { "2026-03-02T08:00:00Z", "contract", "a kind of event: online sale", "setup-1",
      "event_type.put",
      "{\"actionTrackerId\":7,\"campaignId\":1,\"name\":\"Online sale\"}" },
    { "2026-03-02T08:00:00Z", "contract", "a contract: 5 %, locks at midnight", "setup-2",
      "contract.put",
      "{\"contractId\":\"blog\",\"partnerId\":\"coffee-blog\",\"campaignId\":1,"
      "\"status\":\"ACTIVE\",\"startDate\":\"2026-01-01T00:00:00Z\",\"currency\":\"USD\","
      "\"terms\":[{\"kind\":\"CAMPAIGN\",\"eventPayouts\":[{\"actionTrackerId\":7,"
      "\"defaultPayoutRate\":\"5\",\"locking\":{\"period\":\"DAY\"}}]}]}" },
    { "2026-03-02T09:12:00Z", "action", "order 1001: a sale of 120.00", "order-1001",
      "action.track", ORDER("1001", "A1", "120.00") },
    { "2026-03-02T10:05:00Z", "action", "order 1002: a sale of 80.00", "order-1002",
      "action.track", ORDER("1002", "A2", "80.00") },
    { "2026-03-02T10:40:00Z", "action", "order 1003: a sale of 49.90", "order-1003",
      "action.track", ORDER("1003", "A3", "49.90") },
    { "2026-03-02T11:20:00Z", "action", "order 1001: a return, 90.00 is left", "return-1",
      "action.modify", RETURNED("\"actionTrackerId\":7,\"oid\":\"1001\"", "90.00") },
    { "2026-03-02T11:21:00Z", "action", "the same message once more", "return-1",
      "action.modify", RETURNED("\"actionTrackerId\":7,\"oid\":\"1001\"", "90.00") },
    { "2026-03-02T14:30:00Z", "action", "order 1002: the card was stolen", "fraud-1",
      "action.reverse", "{\"actionId\":\"A2\",\"dispositionCode\":\"CONS_FRAUD\"}" },
    { "2026-03-02T15:05:00Z", "action", "a record that was cut off on its way", NULL, NULL,
      "{\"specversion\":\"1.0\",\"id\":\"order-1004\",\"source\":\"/coffee-shop\",\"ty" },
    { "2026-03-03T00:00:05Z", NULL, "midnight: nothing is sent", NULL, NULL, NULL },
    { "2026-03-03T08:15:00Z", "action", "order 1001: a return, 60.00 is left", "return-2",
      "action.modify", RETURNED("\"actionId\":\"A1\"", "60.00") },
    { 0 },
};

int64_t demo_time(const struct demo_input *input)
{
    int64_t ms;
    bool good = time_parse(text_of(input->time), &ms);
    ENSURE(good);
    return ms;
}

struct text demo_record(const struct demo_input *input, struct arena *arena)
{
    struct json_writer writer;
    if (!input->id) {
        return text_of(input->data);
    }
    json_writer_init(&writer, arena, 1024);
    json_open_object(&writer, NULL);
    json_put_text(&writer, "specversion", TEXT("1.0"));
    json_put_text(&writer, "id", text_of(input->id));
    json_put_text(&writer, "source", TEXT("/coffee-shop"));
    json_put_text(&writer, "type", arena_printf(arena, "makegood.%s.v1", input->type));
    json_put_text(&writer, "time", text_of(input->time));
    json_put_raw(&writer, "data", text_of(input->data));
    json_close_object(&writer);
    return json_writer_text(&writer);
}
