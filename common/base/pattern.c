/* A pattern is parsed into a tree, and the tree unfolds into steps of a machine (pattern_match.c). */
#include "base/pattern_inside.h"

enum { DEPTH_MAX = 16, TIMES_MAX = 255, NODES_MAX = 512 };

enum kind { EMPTY, CHAR, ANY, SET, BEGIN, END, SEQUENCE, EITHER, REPEAT };

struct node {
    enum kind kind;
    uint32_t character;
    const struct set *set;
    const struct node *left, *right;
    int least, most; /* of REPEAT; most < 0: any number */
};

/* --- the tree --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct parser {
    struct arena *arena;
    const char *at, *end;
    int groups, depth, nodes;
    const char *why; /* NULL: good so far */
};

static const struct node *parse_either(struct parser *parser);

static struct node *new_node(struct parser *parser, enum kind kind)
{
    struct node *node = arena_alloc(parser->arena, sizeof(*node));
    node->kind = kind;
    if (++parser->nodes > NODES_MAX) {
        parser->why = "the pattern is too complex";
    }
    return node;
}

static const struct node *wrong(struct parser *parser, const char *why)
{
    parser->why = parser->why ? parser->why : why;
    return new_node(parser, EMPTY);
}

static bool at_byte(const struct parser *parser, char byte)
{
    return parser->at < parser->end && *parser->at == byte;
}

static bool take(struct parser *parser, char byte)
{
    if (!at_byte(parser, byte)) {
        return false;
    }
    parser->at++;
    return true;
}

static void add_range(struct parser *parser, struct set *set, uint32_t first, uint32_t last)
{
    if (last < first || set->count == (int)(sizeof(set->ranges) / sizeof(*set->ranges))) {
        wrong(parser, last < first ? "a range in brackets goes backwards"
                                   : "too much in one pair of brackets");
        return;
    }
    set->ranges[set->count++] = (struct range){ first, last };
}

static const struct class {
    const char *name;
    struct range ranges[4];
} classes[] = {
    { "alpha", { { 'a', 'z' }, { 'A', 'Z' } } },
    { "digit", { { '0', '9' } } },
    { "alnum", { { 'a', 'z' }, { 'A', 'Z' }, { '0', '9' } } },
    { "upper", { { 'A', 'Z' } } },
    { "lower", { { 'a', 'z' } } },
    { "space", { { ' ', ' ' }, { '\t', '\r' } } },
    { "blank", { { ' ', ' ' }, { '\t', '\t' } } },
    { "punct", { { '!', '/' }, { ':', '@' }, { '[', '`' }, { '{', '~' } } },
    { "print", { { ' ', '~' } } },
    { "graph", { { '!', '~' } } },
    { "cntrl", { { 1, 31 }, { 127, 127 } } },
    { "xdigit", { { '0', '9' }, { 'a', 'f' }, { 'A', 'F' } } },
};

/* "[:alpha:]" inside brackets, after "[:". */
static void parse_class(struct parser *parser, struct set *set)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        size_t size = strlen(classes[i].name);
        if ((size_t)(parser->end - parser->at) >= size + 2 &&
            memcmp(parser->at, classes[i].name, size) == 0 &&
            memcmp(parser->at + size, ":]", 2) == 0) {
            parser->at += size + 2;
            for (int r = 0; r < 4 && classes[i].ranges[r].first; r++) {
                add_range(parser, set, classes[i].ranges[r].first, classes[i].ranges[r].last);
            }
            return;
        }
    }
    wrong(parser, "no such class of characters");
}

static void parse_bracket_element(struct parser *parser, struct set *set)
{
    if (take(parser, '[')) {
        if (take(parser, ':')) {
            parse_class(parser, set);
            return;
        }
        if (at_byte(parser, '.') || at_byte(parser, '=')) {
            wrong(parser, "collating elements are not known");
            return;
        }
        parser->at--;
    }
    uint32_t first = pattern_character(&parser->at, parser->end), last = first;
    if (parser->end - parser->at >= 2 && *parser->at == '-' && parser->at[1] != ']') {
        parser->at++;
        if (at_byte(parser, '[')) {
            wrong(parser, "a range in brackets ends in a character");
            return;
        }
        last = pattern_character(&parser->at, parser->end);
    }
    add_range(parser, set, first, last);
}

static const struct node *parse_bracket(struct parser *parser)
{
    struct set *set = arena_alloc(parser->arena, sizeof(*set));
    struct node *node = new_node(parser, SET);
    node->set = set;
    set->negated = take(parser, '^');
    do { /* a ']' that comes first is a member */
        if (parser->at == parser->end) {
            return wrong(parser, "a bracket is not closed");
        }
        parse_bracket_element(parser, set);
    } while (!parser->why && !at_byte(parser, ']'));
    if (!parser->why) {
        parser->at++;
    }
    return node;
}

static const struct node *parse_group(struct parser *parser)
{
    parser->groups++;
    if (++parser->depth > DEPTH_MAX) {
        return wrong(parser, "groups are nested too deeply");
    }
    const struct node *inner = parse_either(parser);
    parser->depth--;
    return take(parser, ')') ? inner : wrong(parser, "a group is not closed");
}

static const struct node *parse_character(struct parser *parser)
{
    if (take(parser, '\\')) {
        if (parser->at == parser->end) {
            return wrong(parser, "a backslash at the end");
        }
        char c = *parser->at;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c)) {
            return wrong(parser, "a backslash before a letter or digit means nothing here; write "
                                 "[0-9] or [[:alpha:]]");
        }
    }
    struct node *node = new_node(parser, CHAR);
    node->character = pattern_character(&parser->at, parser->end);
    return node;
}

static const struct node *parse_atom(struct parser *parser)
{
    if (at_byte(parser, '*') || at_byte(parser, '+') || at_byte(parser, '?') ||
        at_byte(parser, '{')) {
        return wrong(parser, "a repetition of nothing");
    }
    if (take(parser, '(')) {
        return parse_group(parser);
    }
    if (take(parser, '[')) {
        return parse_bracket(parser);
    }
    if (take(parser, '.')) {
        return new_node(parser, ANY);
    }
    if (take(parser, '^')) {
        return new_node(parser, BEGIN);
    }
    return take(parser, '$') ? new_node(parser, END) : parse_character(parser);
}

static int parse_number(struct parser *parser)
{
    int number = -1;
    while (parser->at < parser->end && is_digit(*parser->at)) {
        number = (number < 0 ? 0 : number) * 10 + (*parser->at++ - '0');
        if (number > TIMES_MAX) {
            wrong(parser, "a repetition of more than 255 times");
            return 0;
        }
    }
    return number;
}

/* "{2}", "{2,}", "{2,5}", after the brace. */
static void parse_times(struct parser *parser, struct node *node)
{
    node->least = node->most = parse_number(parser);
    if (node->least >= 0 && take(parser, ',')) {
        node->most = parse_number(parser);
    }
    if (node->least < 0 || (node->most >= 0 && node->most < node->least) || !take(parser, '}')) {
        wrong(parser, "expected {n}, {n,} or {n,m}");
    }
}

static const struct node *parse_repeated(struct parser *parser)
{
    const struct node *inner = parse_atom(parser);
    while (!parser->why && (at_byte(parser, '*') || at_byte(parser, '+') || at_byte(parser, '?') ||
                            at_byte(parser, '{'))) {
        struct node *node = new_node(parser, REPEAT);
        char sign = *parser->at++;
        node->left = inner;
        node->least = sign == '+';
        node->most = sign == '?' ? 1 : -1;
        if (sign == '{') {
            parse_times(parser, node);
        }
        inner = node;
    }
    return inner;
}

static const struct node *parse_sequence(struct parser *parser)
{
    const struct node *all = NULL;
    while (!parser->why && parser->at < parser->end && *parser->at != '|' &&
           (*parser->at != ')' || parser->depth == 0)) {
        if (*parser->at == ')') {
            return wrong(parser, "a group is closed that was not opened");
        }
        const struct node *next = parse_repeated(parser);
        if (all) {
            struct node *node = new_node(parser, SEQUENCE);
            node->left = all;
            node->right = next;
            next = node;
        }
        all = next;
    }
    return all ? all : wrong(parser, "nothing to match");
}

static const struct node *parse_either(struct parser *parser)
{
    const struct node *left = parse_sequence(parser);
    while (!parser->why && take(parser, '|')) {
        struct node *node = new_node(parser, EITHER);
        node->left = left;
        node->right = parse_sequence(parser);
        left = node;
    }
    return left;
}

/* --- the steps --- */

struct unfold {
    struct step steps[STEPS_MAX];
    int count;
    bool too_many;
};

static int add_step(struct unfold *unfold, struct step step)
{
    if (unfold->count == STEPS_MAX) {
        unfold->too_many = true;
        return 0;
    }
    unfold->steps[unfold->count] = step;
    return unfold->count++;
}

static void unfold_node(struct unfold *unfold, const struct node *node);

static void unfold_either(struct unfold *unfold, const struct node *node)
{
    int split = add_step(unfold, (struct step){ .op = OP_SPLIT });
    unfold->steps[split].to = unfold->count;
    unfold_node(unfold, node->left);
    int go = add_step(unfold, (struct step){ .op = OP_GO });
    unfold->steps[split].other = unfold->count;
    unfold_node(unfold, node->right);
    unfold->steps[go].to = unfold->count;
}

static void unfold_repeat(struct unfold *unfold, const struct node *node)
{
    for (int i = 0; i < node->least && !unfold->too_many; i++) {
        unfold_node(unfold, node->left);
    }
    for (int i = node->least; i < node->most && !unfold->too_many; i++) {
        int split = add_step(unfold, (struct step){ .op = OP_SPLIT, .to = unfold->count + 1 });
        unfold_node(unfold, node->left);
        unfold->steps[split].other = unfold->count;
    }
    if (node->most < 0) {
        int split = add_step(unfold, (struct step){ .op = OP_SPLIT, .to = unfold->count + 1 });
        unfold_node(unfold, node->left);
        add_step(unfold, (struct step){ .op = OP_GO, .to = split });
        unfold->steps[split].other = unfold->count;
    }
}

static void unfold_node(struct unfold *unfold, const struct node *node)
{
    if (unfold->too_many) {
        return;
    }
    switch (node->kind) {
    case CHAR:
        add_step(unfold, (struct step){ .op = OP_CHAR, .character = node->character });
        return;
    case ANY:
        add_step(unfold, (struct step){ .op = OP_ANY });
        return;
    case SET:
        add_step(unfold, (struct step){ .op = OP_SET, .set = node->set });
        return;
    case BEGIN:
        add_step(unfold, (struct step){ .op = OP_BEGIN });
        return;
    case END:
        add_step(unfold, (struct step){ .op = OP_END });
        return;
    case SEQUENCE:
        unfold_node(unfold, node->left);
        unfold_node(unfold, node->right);
        return;
    case EITHER:
        unfold_either(unfold, node);
        return;
    case REPEAT:
        unfold_repeat(unfold, node);
        return;
    case EMPTY:
        return;
    }
}

const struct pattern *pattern_compile(struct arena *arena, struct text source, bool nocase,
                                      int *groups, const char **why)
{
    struct parser parser = { .arena = arena, .at = source.at, .end = source.at + source.size };
    const struct node *tree = parse_either(&parser);
    struct unfold *unfold = arena_alloc(arena, sizeof(*unfold));
    if (!parser.why) {
        unfold_node(unfold, tree);
        add_step(unfold, (struct step){ .op = OP_DONE });
    }
    if (groups) {
        *groups = parser.groups;
    }
    *why = parser.why ? parser.why : "the pattern is too complex";
    if (parser.why || unfold->too_many) {
        return NULL;
    }
    struct pattern *pattern =
        arena_alloc(arena, sizeof(*pattern) + (size_t)unfold->count * sizeof(struct step));
    pattern->nocase = nocase;
    pattern->count = unfold->count;
    memcpy(pattern->steps, unfold->steps, (size_t)unfold->count * sizeof(struct step));
    return pattern;
}
