/* The queue of a process's producer: records reach the broker later than produce() returns, those of
 * different partitions in any order; a process that dies takes with it what was not sent. */
#include "tests/sim/sim.h"

/* With one header more, in front: the place in the queue, for who watches. */
static void copy_headers(struct arena *arena, struct bus_message *message, int32_t number)
{
    struct header *headers = arena_alloc(arena, (message->header_count + 1) * sizeof(*headers));
    headers[0].name = TEXT(QUEUE_HEADER);
    headers[0].value = arena_copy(arena, (struct text){ (const char *)&number, sizeof(number) });
    for (size_t i = 0; i < message->header_count; i++) {
        headers[i + 1].name = arena_copy(arena, message->headers[i].name);
        headers[i + 1].value = arena_copy(arena, message->headers[i].value);
    }
    message->headers = headers;
    message->header_count++;
}

void queue_put(struct process *process, const struct bus_message *message)
{
    struct sim_queue *queue = &process->queue;
    ENSURE(queue->count < QUEUE_MAX);
    struct bus_message copy = *message;
    copy.key = arena_copy(&queue->arena, message->key);
    copy.value = arena_copy(&queue->arena, message->value);
    copy_headers(&queue->arena, &copy, queue->count);
    queue->at[queue->count++] = (struct queued){ copy, false };
    queue->unsent++;
}

void queue_clear(struct process *process)
{
    process->queue.count = process->queue.unsent = 0;
    arena_reset(&process->queue.arena);
}

/* Records of one topic keep their order: two of them may go to one partition. */
static bool is_first(const struct sim_queue *queue, int32_t at)
{
    for (int32_t i = 0; i < at; i++) {
        if (!queue->at[i].sent &&
            queue->at[i].message.place.topic == queue->at[at].message.place.topic) {
            return false;
        }
    }
    return !queue->at[at].sent;
}

static int32_t next_to_send(struct process *process)
{
    struct sim_queue *queue = &process->queue;
    struct dice *dice = &process->sim->choice;
    int32_t first = 0;
    while (queue->at[first].sent) {
        first++;
    }
    int32_t other = (int32_t)dice_below(dice, (uint32_t)queue->count);
    return dice_one_in(dice, 4) && is_first(queue, other) ? other : first;
}

enum bus_result queue_send(struct process *process)
{
    struct sim_queue *queue = &process->queue;
    struct queued *queued = &queue->at[next_to_send(process)];
    struct bus *inner = process->bus.inner;
    if (process->sim->plan.trace) {
        sim_note(process->sim, "p%d sends to %s/%d: %.*s", process->slot,
                 broker_topic_name(process->sim->broker, queued->message.place.topic),
                 queued->message.place.partition, TEXT_ARGS(queued->message.key));
    }
    enum bus_result result = inner->ops->produce(inner, &queued->message);
    if (result == BUS_OK) {
        queued->sent = true;
        queue->unsent--;
    }
    return result;
}
