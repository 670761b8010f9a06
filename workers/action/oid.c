/*
 * oid:<actionTrackerId>:<oid>: every track passes through it, so that "the newest action of an order
 * id" (A09, C24) and the dedup window (A34) have one writer.
 */
#include "workers/action/inside.h"

/* Greatest creation date, then greatest action id bytewise (C24). */
const struct oid_note *oid_newest(const struct oid_state *state)
{
    const struct oid_note *notes = state->notes.items, *newest = NULL;
    for (uint32_t i = 0; i < state->notes.count; i++) {
        if (!newest || notes[i].creation_date > newest->creation_date ||
            (notes[i].creation_date == newest->creation_date &&
             text_compare(notes[i].action_id, newest->action_id) > 0)) {
            newest = &notes[i];
        }
    }
    return newest;
}

static struct oid_note *find(struct oid_state *state, struct text action_id)
{
    struct oid_note *notes = state->notes.items;
    for (uint32_t i = 0; i < state->notes.count; i++) {
        if (text_equal(notes[i].action_id, action_id)) {
            return &notes[i];
        }
    }
    return NULL;
}

/* A copy with room for one more. */
static struct oid_state copy_state(struct decision *decision, const struct oid_state *before)
{
    uint32_t count = before ? before->notes.count : 0;
    struct oid_note *notes = arena_alloc(decision_arena(decision), (count + 1) * sizeof(*notes));
    if (count) {
        memcpy(notes, before->notes.items, count * sizeof(*notes));
    }
    return (struct oid_state){ { notes, count } };
}

static void note(struct decision *decision, struct text action_id)
{
    struct oid_state state = copy_state(decision, decision_state(decision));
    struct oid_note *notes = state.notes.items, *known = find(&state, action_id);
    if (known) {
        known->tracks++; /* the action will refuse it, and then only this track is forgotten */
    } else {
        if (state.notes.count == OID_NOTES_MAX) {
            memmove(notes, notes + 1, (OID_NOTES_MAX - 1) * sizeof(*notes));
            state.notes.count--;
        }
        notes[state.notes.count++] =
            (struct oid_note){ action_id, decision_time(decision), 1 };
    }
    decision_put(decision, &state, 0);
}

static bool within_dedup_window(struct decision *decision, const struct event_type *event_type)
{
    const struct oid_state *state = decision_state(decision);
    const struct oid_note *newest = state ? oid_newest(state) : NULL;
    struct duration window;
    int64_t until;
    if (!newest || !event_type->dedup_window.at ||
        !duration_parse(event_type->dedup_window, &window)) {
        return false;
    }
    return !duration_add(newest->creation_date, window, &until) || decision_time(decision) < until;
}

static bool event_type_takes(struct decision *decision, const struct track *track,
                             const struct event_type *event_type)
{
    long long tracker = track->address.tracker_id;
    if (!event_type) {
        decision_rejected(decision, "ACTIONTRACKER_NOT_FOUND", "/actionTrackerId",
                          "no event type %lld is known; put it (event_type.put) first", tracker);
        return false;
    }
    if (track->campaign_id != FIELD_ABSENT && track->campaign_id != event_type->campaign_id) {
        decision_rejected(decision, "ACTIONTRACKER_CAMPAIGN_MISMATCH", "/campaignId",
                          "event type %lld belongs to campaign %lld", tracker,
                          (long long)event_type->campaign_id);
        return false;
    }
    if (event_type->state != EVENT_TYPE_ACTIVE) {
        decision_rejected(decision, "ACTIONTRACKER_NOT_ACTIVE", "/actionTrackerId",
                          "event type %lld is inactive", tracker);
        return false;
    }
    return true;
}

void oid_track(struct decision *decision, const void *message)
{
    const struct track *track = message;
    const struct event_type *event_type = look_event_type(decision, track->address.tracker_id);
    if (!event_type_takes(decision, track, event_type)) {
        return;
    }
    if (within_dedup_window(decision, event_type)) {
        decision_rejected(decision, "CONV_DUPLICATE", "/oid",
                          "this order id was tracked less than %.*s ago",
                          TEXT_ARGS(event_type->dedup_window));
        return;
    }
    note(decision, track->address.action_id);
    decision_forwarded(decision, entity_name(decision_arena(decision), "action",
                                             track->address.action_id));
    decision_wake(decision);
}

void oid_forget(struct decision *decision, const void *message)
{
    const struct forget *forget = message;
    struct oid_state state = copy_state(decision, decision_state(decision));
    struct oid_note *notes = state.notes.items, *known = find(&state, forget->action_id);
    if (!known) { /* dropped as one of too many */
        decision_unchanged(decision);
        return;
    }
    if (--known->tracks == 0) {
        size_t behind = (size_t)(notes + state.notes.count - (known + 1));
        memmove(known, known + 1, behind * sizeof(*known));
        state.notes.count--;
    }
    decision_put(decision, &state, 0);
    decision_applied(decision, "internal.oid.forgotten", NULL, NULL);
}
