/* `send`: every event is judged before the first is published; then each goes to the topic of its
 * type, under the key of its entity. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ensure.h"
#include "io/signals.h"
#include "workers/makegood/command.h"
#include "workers/makegood/input.h"
#include "workers/makegood/lines.h"
#include "workers/makegood/output.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/terminal.h"

enum { BATCH_EVENTS = 500, BATCH_BYTES = 4 * 1024 * 1024, BATCH_WAIT_MS = 10000, FAULTS_SHOWN = 50 };

struct send {
    const struct call *call;
    struct lines lines;
    int64_t skip;      /* events at the front that an earlier run has published */
    int64_t total;     /* events of the input                                   */
    int64_t bad;
    int64_t published; /* events from the first on that are surely written, skipped ones included */
    int64_t beyond;    /* written too, but after one that is not                                  */
    bool each;         /* say of each event where it is                                           */
    struct output output;
    struct meter meter;
};

static const struct header structured[] = {
    { { "content-type", 12 }, { "application/cloudevents+json; charset=UTF-8", 43 } }
};

/* --- judging --- */

static bool judge(struct arena *arena, struct text line, struct input *input,
                  struct input_fault *fault)
{
    if (line.size > LINE_BYTES_MAX) {
        fault->reason = DEAD_TOO_LARGE;
        snprintf(fault->detail, sizeof(fault->detail), "more than %d bytes", LINE_BYTES_MAX);
        return false;
    }
    return input_read(arena, line, structured, 1, input, fault);
}

static void tell_fault(struct send *send, const struct input_fault *fault)
{
    if (send->bad++ < FAULTS_SHOWN) {
        meter_end(&send->meter);
        fail_with(ERR_DATA, "line %lld: %s: %s", (long long)send->lines.number,
                  dead_reason_name(fault->reason), fault->detail);
    }
}

static enum err judge_all(struct send *send, struct err_note *note)
{
    struct arena arena;
    struct input input;
    struct input_fault fault;
    arena_init(&arena, 0);
    meter_start(&send->meter, "checked", 0);
    while (!signals_stop_wanted() && lines_next(&send->lines)) {
        if (send->lines.line.size == 0) {
            continue;
        }
        arena_reset(&arena);
        send->total++;
        if (!judge(&arena, send->lines.line, &input, &fault)) {
            tell_fault(send, &fault);
        }
        meter_show(&send->meter, send->total);
    }
    meter_end(&send->meter);
    arena_release(&arena);
    return lines_failed(&send->lines, note);
}

static enum err verdict(const struct send *send, struct err_note *note)
{
    if (send->bad > 0) {
        const char *more = send->bad > FAULTS_SHOWN ? " (the first 50 are named above)" : "";
        return err_note(note, ERR_DATA, "%lld of %lld events are bad%s; nothing was sent",
                        (long long)send->bad, (long long)send->total, more);
    }
    if (send->skip > send->total) {
        return err_note(note, ERR_USAGE, "--skip %lld: there are %lld events only",
                        (long long)send->skip, (long long)send->total);
    }
    return OK;
}

/* --- publishing --- */

struct batch {
    struct arena arena;
    struct kafka_message messages[BATCH_EVENTS];
    struct kafka_place places[BATCH_EVENTS];
    int64_t lines[BATCH_EVENTS];
    size_t count, bytes;
};

/* Judged again: the file may have changed since. */
static enum err batch_add(struct send *send, struct batch *batch, struct err_note *note)
{
    struct input input;
    struct input_fault fault;
    struct text value = arena_copy(&batch->arena, send->lines.line);
    if (!judge(&batch->arena, value, &input, &fault)) {
        return err_note(note, ERR_DATA, "line %lld was changed while it was read: %s",
                        (long long)send->lines.number, fault.detail);
    }
    batch->lines[batch->count] = send->lines.number;
    batch->messages[batch->count++] = (struct kafka_message){ .topic = input.worker->name,
                                                              .partition = -1,
                                                              .key = input.entity,
                                                              .value = value,
                                                              .headers = structured,
                                                              .header_count = 1 };
    batch->bytes += value.size;
    return OK;
}

static void print_place(struct send *send, int64_t line, const struct kafka_message *message,
                        struct kafka_place place)
{
    if (!send->output.json) {
        printf("%s/%d/%lld  ", message->topic, (int)place.partition, (long long)place.offset);
        terminal_put(stdout, message->key, 0);
        putchar('\n');
        return;
    }
    struct json_writer *writer = output_row(&send->output);
    json_put_int(writer, "line", line);
    json_put_text(writer, "topic", text_of(message->topic));
    json_put_int(writer, "partition", place.partition);
    json_put_int(writer, "offset", place.offset);
    json_put_text(writer, "key", message->key);
    output_row_end(&send->output);
}

static enum err batch_send(struct send *send, struct batch *batch, struct kafka_admin *admin,
                           struct err_note *note)
{
    bool broken = false;
    enum err err = kafka_admin_produce_all(admin, batch->messages, batch->count, batch->places,
                                           BATCH_WAIT_MS, note);
    for (size_t i = 0; i < batch->count; i++) {
        bool written = batch->places[i].offset >= 0;
        broken |= !written;
        send->published += !broken;
        send->beyond += written && broken;
        if (written && send->each) {
            print_place(send, batch->lines[i], &batch->messages[i], batch->places[i]);
        }
    }
    meter_show(&send->meter, send->published);
    arena_reset(&batch->arena);
    batch->count = batch->bytes = 0;
    return err;
}

static enum err publish_all(struct send *send, struct kafka_admin *admin, struct err_note *note)
{
    int64_t seen = 0;
    struct batch *batch = calloc(1, sizeof(*batch));
    ENSURE(batch != NULL);
    arena_init(&batch->arena, 0);
    enum err err = lines_rewind(&send->lines, note);
    meter_start(&send->meter, "published", send->total);
    send->published = send->skip;
    while (err == OK && !signals_stop_wanted() && !ferror(stdout) && lines_next(&send->lines)) {
        if (send->lines.line.size == 0 || seen++ < send->skip) {
            continue;
        }
        err = batch_add(send, batch, note);
        if (err == OK && (batch->count == BATCH_EVENTS || batch->bytes >= BATCH_BYTES)) {
            err = batch_send(send, batch, admin, note);
        }
    }
    if (err == OK && !signals_stop_wanted()) {
        err = batch_send(send, batch, admin, note);
    }
    meter_end(&send->meter);
    arena_release(&batch->arena);
    free(batch);
    return err == OK ? lines_failed(&send->lines, note) : err;
}

/* --- the account of it --- */

/* What is published, and how to go on. */
static int stopped_early(const struct send *send, int code)
{
    char beyond[120] = "";
    if (send->beyond > 0) {
        snprintf(beyond, sizeof(beyond),
                 " (and %lld later ones; sending an event again is harmless)",
                 (long long)send->beyond);
    }
    return fail_with((enum err)code,
                     "the first %lld of %lld events are published%s; go on with the same input "
                     "and --skip %lld",
                     (long long)send->published, (long long)send->total, beyond,
                     (long long)send->published);
}

static void print_summary(const struct send *send, const char *done)
{
    long long count = (long long)(send->published - send->skip);
    printf("%lld event%s %s\n", count, count == 1 ? "" : "s", done);
}

static int publish(struct send *send)
{
    char cluster[KAFKA_CLUSTER_ID_MAX];
    struct err_note note = { "" };
    enum err err;
    struct kafka_admin *admin = servers_kafka(send->call->config, &err);
    if (!admin) {
        return err;
    }
    err = kafka_admin_cluster_id(admin, cluster, SERVERS_WAIT_MS, &note);
    if (err != OK) {
        kafka_admin_free(admin);
        return servers_failed(send->call->config, err, &note);
    }
    output_open(&send->output, send->call);
    send->each = send->output.json || send->total - send->skip == 1;
    err = publish_all(send, admin, &note);
    output_close(&send->output);
    kafka_admin_free(admin);
    if (err != OK) {
        return stopped_early(send, servers_failed(send->call->config, err, &note));
    }
    if (send->published < send->total) {
        int number = signals_stop_wanted();
        return stopped_early(send, number ? fail_with((enum err)(128 + number), "interrupted")
                                          : fail_with(ERR_IO, "cannot write to stdout"));
    }
    if (!send->each) {
        print_summary(send, "published");
    }
    return OK;
}

static int judge_and_publish(struct send *send, const char *path)
{
    struct err_note note = { "" };
    enum err err = lines_open(&send->lines, path, &note);
    err = err == OK ? judge_all(send, &note) : err;
    if (signals_stop_wanted()) {
        return fail_with((enum err)(128 + signals_stop_wanted()), "interrupted; nothing was sent");
    }
    err = err == OK ? verdict(send, &note) : err;
    if (err != OK) {
        return fail_with(err, "%s", note.text);
    }
    if (call_flag(send->call, "dry-run")) {
        send->published = send->total;
        print_summary(send, "valid");
        return OK;
    }
    return publish(send);
}

int run_send(const struct call *call)
{
    struct send send = { .call = call };
    long long skip;
    const char *file = call_flag(call, "file");
    if (!flag_number(call, "skip", 0, 0, INT64_MAX, &skip)) {
        return ERR_USAGE;
    }
    send.skip = skip;
    signals_install();
    if (!file && isatty(STDIN_FILENO) == 1) {
        if (call->no_input) {
            return fail_with(ERR_USAGE, "--no-input: give the events by a file (-f) or a pipe");
        }
        fputs("makegood: events from the terminal, one per line; Ctrl-D ends them\n", stderr);
    }
    int code = judge_and_publish(&send, file ? file : "-");
    lines_close(&send.lines);
    return code;
}
