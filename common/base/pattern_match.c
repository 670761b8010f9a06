/* The machine: it follows all ways through the steps at once, so no pattern makes it slow. */
#include "base/pattern_inside.h"

enum { TEXT_BYTES_MAX = 255 };

/* The next character of well-formed UTF-8; any other byte stands for itself. */
uint32_t pattern_character(const char **at, const char *end)
{
    unsigned char first = (unsigned char)*(*at)++;
    int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
    if (more == 0 || end - *at < more) {
        return first;
    }
    uint32_t character = first & (0x3fu >> more);
    while (more-- > 0) {
        character = character << 6 | ((unsigned char)*(*at)++ & 0x3f);
    }
    return character;
}

/* Of an ASCII letter. */
static uint32_t other_case(uint32_t c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool in_ranges(const struct set *set, uint32_t c)
{
    for (int i = 0; i < set->count; i++) {
        if (c >= set->ranges[i].first && c <= set->ranges[i].last) {
            return true;
        }
    }
    return false;
}

static bool in_set(const struct set *set, uint32_t c, bool nocase)
{
    bool in = in_ranges(set, c) || (nocase && in_ranges(set, other_case(c)));
    return in != set->negated;
}

/* Steps that wait for the next character; `mark` of a step is the place where it was added last. */
struct ways {
    int count;
    int steps[STEPS_MAX];
};

struct machine {
    const struct pattern *pattern;
    int marks[STEPS_MAX];
    int place;
    bool at_begin, at_end;
};

static void follow(struct machine *machine, struct ways *ways, int first)
{
    int stack[STEPS_MAX + 1], depth = 0;
    stack[depth++] = first;
    while (depth > 0) {
        int at = stack[--depth];
        const struct step *step = &machine->pattern->steps[at];
        if (machine->marks[at] == machine->place) {
            continue;
        }
        machine->marks[at] = machine->place;
        if (step->op == OP_GO) {
            stack[depth++] = step->to;
        } else if (step->op == OP_SPLIT) {
            stack[depth++] = step->other;
            stack[depth++] = step->to;
        } else if (step->op == OP_BEGIN || step->op == OP_END) {
            if (step->op == OP_BEGIN ? machine->at_begin : machine->at_end) {
                stack[depth++] = at + 1;
            }
        } else {
            ways->steps[ways->count++] = at;
        }
    }
}

static bool takes(const struct pattern *pattern, const struct step *step, uint32_t c)
{
    switch (step->op) {
    case OP_CHAR:
        return step->character == c || (pattern->nocase && step->character == other_case(c));
    case OP_SET:
        return in_set(step->set, c, pattern->nocase);
    default:
        return step->op == OP_ANY;
    }
}

bool pattern_matches(const struct pattern *pattern, struct text text)
{
    struct machine machine = { .pattern = pattern, .place = 1, .at_begin = true,
                               .at_end = text.size == 0 };
    struct ways now = { .count = 0 }, next;
    const char *at = text.at, *end = text.at + text.size;
    if (text.size > TEXT_BYTES_MAX) {
        return false;
    }
    follow(&machine, &now, 0);
    while (at < end && now.count > 0) {
        uint32_t c = pattern_character(&at, end);
        machine.place++;
        machine.at_begin = false;
        machine.at_end = at == end;
        next.count = 0;
        for (int i = 0; i < now.count; i++) {
            if (takes(pattern, &pattern->steps[now.steps[i]], c)) {
                follow(&machine, &next, now.steps[i] + 1);
            }
        }
        memcpy(now.steps, next.steps, (size_t)next.count * sizeof(int));
        now.count = next.count;
    }
    for (int i = 0; at == end && i < now.count; i++) {
        if (pattern->steps[now.steps[i]].op == OP_DONE) {
            return true;
        }
    }
    return false;
}
