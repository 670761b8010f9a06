/* What `explain` and `history` share: where outcomes are, what a record of theirs says, how it is shown. */
#include "workers/makegood/command.h"
#include "workers/makegood/explain_inside.h"
#include "workers/makegood/output.h"
#include "workers/makegood/tail_inside.h"
#include "workers/makegood/tree.h"

void outcome_topics(const struct config *config, struct topic topics[TOPICS_MAX],
                    const char *names[KAFKA_READ_TOPICS_MAX + 1])
{
    size_t count = topics_of_config(config, topics), out = 0;
    for (size_t i = 0; i < count && out < KAFKA_READ_TOPICS_MAX; i++) {
        if (topics[i].role == TOPIC_OUTCOME) {
            names[out++] = topics[i].name;
        }
    }
    names[out] = NULL;
}

void explained_of(struct arena *arena, const struct kafka_read_record *record,
                  struct explained *out)
{
    *out = (struct explained){
        .id = arena_copy(arena, tail_header(record, "ce_id")),
        .type = arena_copy(arena, tail_header(record, "ce_type")),
        .verdict = tail_header(record, "makegood-verdict"),
        .input = tail_header(record, "makegood-input"),
        .topic = arena_printf(arena, "%s", record->topic), /* ends in NUL */
        .partition = record->partition,
        .offset = record->offset,
        .data = arena_copy(arena, record->value),
    };
    out->verdict = out->verdict.at ? arena_copy(arena, out->verdict) : out->verdict;
    out->input = out->input.at ? arena_copy(arena, out->input) : out->input;
}

bool shows_state(const struct kafka_read_record *record)
{
    struct text type = tail_header(record, "ce_type");
    return type.at && !text_starts(type, TEXT("makegood.command.")) &&
           !text_starts(type, TEXT("makegood.internal.")) &&
           !text_starts(type, TEXT("makegood.adjustment."));
}

void explain_print(const struct call *call, struct arena *arena, const struct explained *explained,
                   const struct explain_states *states)
{
    struct output output;
    output_open_single(&output, call);
    struct json_writer *writer = output_row(&output);
    explain_write(arena, explained, states, writer);
    if (output.json) {
        output_row_end(&output);
    } else {
        json_close_object(writer);
        tree_print(json_writer_text(writer));
    }
    output_close(&output);
}
