/* One row at a time, so that a list of any length takes no memory. */
#include "workers/makegood/output.h"

#include <stdio.h>

#include "workers/makegood/command.h"

void output_open_single(struct output *output, const struct call *call)
{
    *output = (struct output){ .json = call->output && call->output[0] == 'j' };
    arena_init(&output->arena, 0);
}

void output_open(struct output *output, const struct call *call)
{
    output_open_single(output, call);
    output->list = output->json && text_is(text_of(call->output), "json");
    if (output->list) {
        putchar('[');
    }
}

struct json_writer *output_row(struct output *output)
{
    arena_reset(&output->arena);
    json_writer_init(&output->writer, &output->arena, 1024);
    json_open_object(&output->writer, NULL);
    return &output->writer;
}

void output_row_end(struct output *output)
{
    json_close_object(&output->writer);
    struct text text = json_writer_text(&output->writer);
    if (output->list) {
        fputs(output->rows > 0 ? ",\n" : "\n", stdout);
    }
    fwrite(text.at, 1, text.size, stdout);
    if (!output->list) {
        putchar('\n');
    }
    output->rows++;
}

void output_close(struct output *output)
{
    if (output->list) {
        puts(output->rows > 0 ? "\n]" : "]");
    }
    arena_release(&output->arena);
}
