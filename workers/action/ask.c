/* What a command that is rated asks tallies, and what they told it so far. */
#include "workers/action/ask.h"

struct asker asker_of(struct decision *decision, const struct action *action,
                             const struct terms *terms, struct lines *lines,
                             struct rating *rating)
{
    const struct zone *zone = decision_zone(decision, terms->contract->time_zone);
    return (struct asker){ decision, action, terms, lines, rating,
                           zone ? local_day(zone, action->creation_date) : 0 };
}

struct text tally_name(const struct asker *asker, struct text scope, int32_t limit_by)
{
    struct arena *arena = decision_arena(asker->decision);
    struct text contract = entity_name(arena, "tally", asker->terms->contract_id);
    struct text whom = limit_by == LIMIT_CUSTOMER
                           ? entity_name(arena, "customer", asker->action->customer_id)
                       : limit_by == LIMIT_CLICK
                           ? entity_name(arena, "click", asker->action->click_id)
                           : TEXT("all");
    return arena_printf(arena, "%.*s:%lld:%.*s%.*s", TEXT_ARGS(contract),
                        (long long)asker->action->tracker_id, TEXT_ARGS(scope), TEXT_ARGS(whom));
}

const struct tally_told *told_by(const struct asker *asker, struct text tally, int32_t kind,
                                        uint32_t pool)
{
    const struct tally_answer *answer = decision_answer(asker->decision);
    const struct tally_told *told = answer ? answer->told.items : NULL;
    for (uint32_t i = 0; answer && i < answer->told.count; i++) {
        if (text_equal(told[i].tally, tally) && told[i].kind == kind && told[i].pool == pool &&
            told[i].contract_version == asker->terms->version) {
            return &told[i];
        }
    }
    return NULL;
}

struct share_change change_from(const struct asker *asker, struct text tally)
{
    struct list counted = shares_counted(asker->decision, asker->action);
    const struct tally_share *share = share_of(counted, tally);
    struct tally_share none = { .tally = tally, .day = asker->day };
    return share ? change_between(share, share) : change_between(&none, &none);
}

enum rate_result ask(const struct asker *asker, struct tally_ask *ask)
{
    const struct tally_answer *answer = decision_answer(asker->decision);
    ask->action_id = asker->action->action_id;
    ask->contract_version = asker->terms->version;
    ask->told = answer ? answer->told : (struct list){ NULL, 0 };
    decision_asked(asker->decision, "AWAITING_TALLY",
                   "what other actions have used is asked for first", ask->tally,
                   "internal.tally.ask", &tally_ask_shape, ask);
    return RATE_ASKED;
}

struct tally_share *final_share(const struct asker *asker, struct text tally)
{
    struct list counted = shares_counted(asker->decision, asker->action);
    const struct tally_share *share = share_of(counted, tally);
    return share_add(asker->decision, &asker->rating->shares, tally,
                     share ? share->day : asker->day);
}
