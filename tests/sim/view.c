/* The view that a process sees: one for all of them, reached over a line on which requests and
 * replies get lost, in a server that may be down, read-only, wiped or set back. */
#include "tests/sim/sim.h"

#include "tests/sim/watch.h"

static struct process *of(struct view *view)
{
    return ((struct sim_view *)(void *)view)->process;
}

static enum view_result done(struct process *process, const char *call, enum view_result result)
{
    static const char *const results[] = { "", " LOST", " DOWN", " DENIED", " REFUSED" };
    sim_mix(process->sim, (uint64_t)process->slot << 32 | (uint64_t)(unsigned char)call[1] << 8 |
                              (uint64_t)result);
    sim_note(process->sim, "p%d %s%s", process->slot, call, results[result]);
    return result;
}

static enum view_result away(struct process *process, struct err_note *note)
{
    err_note(note, ERR_UNAVAILABLE, "the simulated view does not answer");
    (void)process;
    return VIEW_DOWN;
}

/* VIEW_OK: the call reaches the server. */
static enum view_result reach(struct process *process, bool writes, struct err_note *note)
{
    struct sim *sim = process->sim;
    process_effect(process, false);
    if (sim->step < sim->view_down_until) {
        away(process, note);
        return sim->view_down_as;
    }
    if ((writes && sim->step < sim->view_read_only_until) ||
        fault_strikes(sim, FAULT_VIEW_REQUEST)) {
        return away(process, note);
    }
    return VIEW_OK;
}

static enum view_result view_read(struct view *view, struct arena *arena, struct view_read *reads,
                                  size_t count, struct err_note *note)
{
    struct process *process = of(view);
    struct view *inner = process->sim->view;
    enum view_result result = reach(process, false, note);
    if (result == VIEW_OK) {
        result = inner->ops->read(inner, arena, reads, count, note);
    }
    if (result == VIEW_OK && fault_strikes(process->sim, FAULT_VIEW_REPLY)) {
        result = away(process, note);
    }
    for (size_t i = 0; result == VIEW_OK && i < count; i++) {
        sim_mix(process->sim, (uint64_t)reads[i].index);
    }
    return done(process, "read", result);
}

static enum view_result view_fold(struct view *view, struct text group, int64_t before,
                                  int64_t after, const struct view_entry *entries, size_t count,
                                  int64_t *index, struct err_note *note)
{
    struct process *process = of(view);
    struct view *inner = process->sim->view;
    enum view_result result = reach(process, true, note);
    if (result == VIEW_OK) {
        result = inner->ops->fold(inner, group, before, after, entries, count, index, note);
    }
    sim_note(process->sim, "p%d folds %.*s %lld..%lld", process->slot, TEXT_ARGS(group),
             (long long)before, (long long)after);
    if (result == VIEW_OK) {
        watch_fold(process->sim, group, before, after, entries, count);
    }
    if (result <= VIEW_LOST && fault_strikes(process->sim, FAULT_VIEW_REPLY)) {
        result = away(process, note);
    }
    return done(process, "fold", result);
}

static enum view_result view_check(struct view *view, struct err_note *note)
{
    struct process *process = of(view);
    enum view_result result = reach(process, false, note);
    return done(process, "check", result);
}

static void close_view(struct view *view)
{
    (void)view; /* the history's */
}

static const struct view_ops sim_ops = { .read = view_read,
                                         .fold = view_fold,
                                         .check = view_check,
                                         .close = close_view };

void sim_view_open(struct process *process)
{
    process->view.view.ops = &sim_ops;
    process->view.process = process;
}
