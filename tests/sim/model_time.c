/* When something may be decided: effective times, the range of a turn, timers (design 4). */
#include "tests/sim/model.h"

#include "base/hash.h"

int64_t model_time(struct sim *sim, const struct input *input)
{
    const struct progress_of *progress = &sim->watch->progress[input->worker][input->partition];
    int64_t time_ms = progress->time_ms;
    for (int64_t at = progress->next; at <= input->offset; at++) {
        const struct input *earlier = watch_input(sim, input->worker, input->partition, at);
        if (earlier != NULL && earlier->timestamp_ms > time_ms) {
            time_ms = earlier->timestamp_ms;
        }
    }
    return time_ms;
}

bool model_in_place(struct sim *sim, const struct input *input)
{
    const struct progress_of *progress = &sim->watch->progress[input->worker][input->partition];
    return (progress->in_transaction && input->offset >= progress->next &&
            input->offset < progress->next_after) ||
           sim_fail(sim, "E1 completeness: input %d/%d/%lld is answered outside of its turn",
                    input->worker, input->partition, (long long)input->offset);
}

struct text model_target(struct sim *sim, const struct input *input)
{
    return input->to.at != NULL ? input->to : model_address(input->command, &sim->arena);
}

/* A timer due at D fires after everything before D has been decided (design 4). Within a batch the
 * messages of one entity may be decided before those of another that had to be loaded: there the
 * entity's own count. */
bool model_timer_in_time(struct sim *sim, const struct entity *entity, int64_t due_ms)
{
    int32_t partition = partition_of(entity->name, sim->partitions[ACTION]);
    const struct progress_of *progress = &sim->watch->progress[ACTION][partition];
    int64_t time_ms = progress->time_ms;
    bool alone = progress->next_after == progress->next;
    if (!progress->in_transaction || progress->time_after < due_ms) {
        return sim_fail(sim, "E3 time: partition time lags behind a timer of %.*s",
                        TEXT_ARGS(entity->name));
    }
    for (int64_t at = progress->next; at < sim->watch->now.stable_at_step[ACTION][partition]; at++) {
        const struct input *input = watch_input(sim, ACTION, partition, at);
        if (input == NULL) {
            continue;
        }
        time_ms = input->timestamp_ms > time_ms ? input->timestamp_ms : time_ms;
        if (time_ms >= due_ms) {
            return true;
        }
        if (alone || (at > entity->last_offset && text_equal(model_target(sim, input), entity->name))) {
            return sim_fail(sim, "E3 time: a timer of %.*s due %lld fires before input %lld of %lld",
                            TEXT_ARGS(entity->name), (long long)due_ms, (long long)at,
                            (long long)time_ms);
        }
    }
    return true;
}

/* What was due by then has happened; whoever was woken has spoken. */
bool model_nothing_overdue(struct sim *sim, const struct entity *entity, int64_t time_ms)
{
    bool woken = entity->exists || entity->note_count > 0;
    if (entity->exists && entity->state == MODEL_PENDING && entity->lock_ms <= time_ms) {
        return sim_fail(sim, "E3 time: %.*s decides at %lld and has not locked at %lld",
                        TEXT_ARGS(entity->name), (long long)time_ms, (long long)entity->lock_ms);
    }
    for (int32_t i = 0; i < entity->waits_count; i++) {
        if (entity->waits[i].until_ms <= time_ms || woken) {
            return sim_fail(sim, "E3 time: %.*s decides at %lld and input %lld still waits",
                            TEXT_ARGS(entity->name), (long long)time_ms,
                            (long long)entity->waits[i].input->offset);
        }
    }
    return true;
}
