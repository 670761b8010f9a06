/* Walks the flat tokens of wire/json.h. */
#include "workers/makegood/tree.h"

#include <stdio.h>

#include "wire/json.h"
#include "workers/makegood/terminal.h"

enum { INDENT = 2, NAME_COLUMNS = 24 };

struct tree {
    struct json json;
    struct arena arena;
};

static void print_value(struct tree *tree, uint32_t token, int depth);

static bool is_scalar(const struct tree *tree, uint32_t token)
{
    const struct json_token *at = &tree->json.tokens[token];
    return (at->type != JSON_KIND_OBJECT && at->type != JSON_KIND_ARRAY) || at->count == 0;
}

static void print_scalar(struct tree *tree, uint32_t token)
{
    struct text text = tree->json.tokens[token].type == JSON_KIND_STRING
                           ? json_text(&tree->json, &tree->arena, token)
                           : json_raw(&tree->json, token);
    terminal_put(stdout, text, 0);
    putchar('\n');
}

static void print_named(struct tree *tree, struct text name, uint32_t token, int depth)
{
    printf("%*s", depth * INDENT, "");
    int used = depth * INDENT + terminal_put(stdout, name, 0);
    if (is_scalar(tree, token)) {
        printf("%*s", used < NAME_COLUMNS ? NAME_COLUMNS - used : 1, "");
        print_scalar(tree, token);
    } else {
        putchar('\n');
        print_value(tree, token, depth + 1);
    }
}

/* The inside of an object or array. */
static void print_value(struct tree *tree, uint32_t token, int depth)
{
    const struct json_token *at = &tree->json.tokens[token];
    uint32_t next = token + 1;
    for (uint32_t i = 0; i < at->count; i++) {
        if (at->type == JSON_KIND_OBJECT) {
            print_named(tree, json_text(&tree->json, &tree->arena, next), next + 1, depth);
            next = tree->json.tokens[next + 1].next;
        } else {
            char number[16];
            snprintf(number, sizeof(number), "%u", i);
            print_named(tree, text_of(number), next, depth);
            next = tree->json.tokens[next].next;
        }
    }
}

void tree_print(struct text json)
{
    struct tree tree;
    struct json_fault fault;
    arena_init(&tree.arena, 0);
    if (json_parse(&tree.arena, json, &tree.json, &fault)) {
        print_value(&tree, 0, 0);
    } else { /* a state may have more members than an input */
        terminal_put(stdout, json, 0);
        putchar('\n');
    }
    arena_release(&tree.arena);
}
