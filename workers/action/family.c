/* Parents and children: a reversal may reverse what hangs on the action (A29, A30, C22, C23). */
#include "workers/action/inside.h"

static struct text action_entity(struct decision *decision, struct text action_id)
{
    return entity_name(decision_arena(decision), "action", action_id);
}

void send_adoption(struct decision *decision, const struct action *child)
{
    struct adopt adopt = { child->parent_id, child->action_id };
    if (child->parent_id.at && child->parent_missing != 1) {
        decision_send(decision, action_entity(decision, child->parent_id), "internal.action.adopt",
                      &adopt_shape, &adopt);
    }
}

void action_adopt(struct decision *decision, const void *message)
{
    const struct adopt *adopt = message;
    const struct action *before = decision_state(decision);
    if (!before) { /* the child saw it, so it is: a message that is not ours */
        decision_unchanged(decision);
        return;
    }
    uint32_t count = before->children.count;
    if (count == CHILDREN_MAX) { /* many that came within a second: each saw fewer */
        decision_rejected(decision, "TOO_MANY_CHILDREN", "",
                          "an action knows %d children; this one is not reversed with it",
                          CHILDREN_MAX);
        return;
    }
    struct action after = *before;
    struct text *children = arena_alloc(decision_arena(decision), (count + 1) * sizeof(*children));
    if (count) {
        memcpy(children, before->children.items, count * sizeof(*children));
    }
    children[count] = adopt->child_id;
    after.children = (struct list){ children, count + 1 };
    decision_put(decision, &after, due_of(&after));
    decision_applied(decision, "internal.action.adopted", NULL, NULL);
}

/* By the flag of the parent's contract as it is in force now. */
static bool reverses_children(struct decision *decision, const struct action *parent)
{
    const struct contract_state *state = decision_look(
        decision, entity_name(decision_arena(decision), "contract", parent->contract_id));
    const struct contract_version *version =
        state ? contract_version_at(state, decision_time(decision)) : NULL;
    return version && version->contract->reverse_children == 1;
}

struct cascade cascade_of(struct decision *decision, const struct action *parent)
{
    const struct text *children = parent->children.items;
    uint32_t count = parent->children.count, asked = 0, passed = 0;
    struct arena *arena = decision_arena(decision);
    struct text *requested = arena_alloc(arena, count * sizeof(*requested));
    struct text *skipped = arena_alloc(arena, count * sizeof(*skipped));
    if (!count || !reverses_children(decision, parent)) {
        return (struct cascade){ { NULL, 0 }, { NULL, 0 } };
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct action *child = decision_look(decision, action_entity(decision, children[i]));
        if (child && is_locked(child, decision_time(decision))) {
            skipped[passed++] = children[i];
        } else if (!child || child->state != ACTION_REVERSED) {
            requested[asked++] = children[i];
        }
    }
    return (struct cascade){ { requested, asked }, { skipped, passed } };
}

void send_cascade(struct decision *decision, const struct cascade *cascade, struct text code)
{
    const struct text *requested = cascade->requested.items;
    for (uint32_t i = 0; i < cascade->requested.count; i++) {
        struct reverse_child reverse = { requested[i], code };
        decision_send(decision, action_entity(decision, requested[i]), "internal.action.reverse",
                      &reverse_child_shape, &reverse);
    }
}

void action_reverse_child(struct decision *decision, const void *message)
{
    const struct reverse_child *reverse = message;
    const struct action *before = decision_state(decision);
    if (!before || before->state == ACTION_REVERSED ||
        is_locked(before, decision_time(decision))) { /* locked since the parent saw it */
        decision_unchanged(decision);
        return;
    }
    reverse_now(decision, before, reverse->code);
}
