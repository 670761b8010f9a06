/* The table. Order is the order of help. */
#include "workers/makegood/command.h"

const struct flag global_flags[] = {
    { "config", 0, "FILE", "configuration file: `key = value` lines" },
    { "set", 0, "KEY=VALUE", "one setting, above file and environment; may be repeated" },
    { "output", 'o', "FORMAT", "table, json or jsonl; the help of a command says which it prints" },
    { "no-input", 0, NULL, "never ask, and never wait for a person at the terminal" },
    { "help", 'h', NULL, "help for a command" },
    { 0 },
};

const struct exit_code exit_codes[] = {
    { "0", "done" },
    { "1", "ran, and the answer is no: a difference was found, there is no such entity" },
    { "64", "usage: an unknown command or flag, or a value that is none" },
    { "65", "bad data" },
    { "66", "no such file or topic" },
    { "69", "Kafka or Redis cannot be reached" },
    { "70", "an error of makegood's own" },
    { "74", "local input or output failed" },
    { "75", "timed out; safe to try again" },
    { "77", "refused by authentication or ACL" },
    { "78", "bad configuration, or servers in a state that a person must mend" },
    { "128+n", "ended by signal n: 130 Ctrl-C, 143 SIGTERM" },
    { 0 },
};

static const struct flag exec_flags[] = {
    { "until", 0, "TIME", "after the last line, fire what is due by then" },
    { "topic", 0, "TOPIC", "the topic that all lines arrive on; else it follows from their type" },
    { "internal", 0, NULL, "also print verdicts of messages that workers send to each other" },
    { "states", 0, NULL, "at the end, print every state as one line of JSON" },
    { 0 },
};
static const char *const exec_examples[] = {
    "makegood exec < events.jsonl", "decide a file of events, without any server",
    "makegood exec --until 2026-03-01T00:00:00Z < events.jsonl", "and what falls due by March", NULL
};

static const struct flag demo_flags[] = {
    { "keep", 0, NULL, "leave it running and print the lines to play with" },
    { "port", 0, "PORT", "of /metrics while it is kept; 0 = any free one (default)" },
    { 0 },
};
static const char *const demo_examples[] = { "makegood demo", "a sample day, explained",
                                             "makegood demo --keep", "and then play with it", NULL };

static const struct flag topics_flags[] = {
    { "partitions", 0, "N", "of input topics and state logs (default 6)" },
    { "replication", 0, "N", "replication factor (default: the brokers' own)" },
    { 0 },
};
static const char *const topics_examples[] = {
    "makegood topics create --partitions 12 --replication 3", "once, before the first run", NULL
};

static const struct flag check_flags[] = {
    { "connect", 0, NULL, "also ask the brokers and Redis" },
    { 0 },
};
static const char *const check_examples[] = {
    "makegood check --connect", "everything that `run` would refuse, with the cure", NULL
};

static const struct flag send_flags[] = {
    { "file", 'f', "FILE", "events, one per line, or one over several lines; - = stdin (default)" },
    { "skip", 0, "N", "events at the front that are published already" },
    { "dry-run", 0, NULL, "validate only" },
    { 0 },
};
static const char *const send_examples[] = {
    "makegood send -f events.jsonl", "validate all, then publish each to its topic and key",
    "makegood send -f events.jsonl --skip 12000", "go on where an earlier run was ended",
    "echo '{...}' | makegood send", "one event", NULL
};

static const char *const history_examples[] = { "makegood history action:A1",
                                                "every change of it, with reason and rule", NULL };
static const struct flag explain_flags[] = {
    { "event", 0, "FILE", "an event as one line of JSON; - is stdin" },
    { 0 },
};
static const char *const explain_examples[] = {
    "makegood explain 53601ba0-c565-5d90-a50c-600641e32990", "why this outcome says what it says",
    "makegood explain --event modify.json", "what an event would bring about now", NULL
};
static const char *const show_examples[] = {
    "makegood show action:A1", "the state of an action, as it was decided last",
    "makegood show account:7", "balances, rewards and users of an account",
    "makegood show account:7/reward:r1 -o json", "a part of an entity, for machines", NULL
};

static const struct flag refunds_flags[] = {
    { "before", 0, "TIME", "only those asked for before: RFC 3339, @epoch_ms, or -2h" },
    { 0 },
};
static const char *const refunds_examples[] = {
    "makegood refunds --before -1h", "what the gateway has not answered for an hour",
    "makegood refunds -o json", "all that are under way, for machines", NULL
};

static const struct flag tail_flags[] = {
    { "from", 0, "TIME", "begin there: RFC 3339, @epoch_ms, -2h or start; default: now" },
    { "entity", 0, "ENTITY", "only what concerns it" },
    { "type", 0, "TYPE", "only this type, like action.modified" },
    { "limit", 'n', "N", "end after so many" },
    { "end", 0, NULL, "end at the present end of the topics; begin at the start by default" },
    { 0 },
};
static const char *const tail_examples[] = {
    "makegood tail action-outcome", "decoded events as they come",
    "makegood tail action-outcome action-dlq --end -o jsonl", "all there is, for machines",
    "makegood tail action --from -2h --entity action:A1", "what was asked of an action lately",
    NULL
};

static const char *const run_examples[] = {
    "makegood run contract action", "one process with both workers; run as many as you like",
    "makegood run action --set instance=a1", "a stable name makes a restart in place fast", NULL
};
static const char *const config_examples[] = { "makegood config",
                                               "every effective value and where it comes from",
                                               NULL };
static const char *const completion_examples[] = {
    "makegood completion bash > /etc/bash_completion.d/makegood", "for bash", NULL
};
static const char *const none[] = { NULL };

const struct command commands[] = {
    { "run", "WORKER...", 1, -1, "Run workers until SIGTERM",
      "A worker process. It joins the consumer group, takes partitions, decides their records and "
      "publishes verdicts, outcomes and states in Kafka transactions. State is read from Redis, "
      "which it brings up to date itself. SIGTERM finishes the turn and leaves; a second signal "
      "exits at once.",
      NULL, run_examples, true, run_run },
    { "exec", "", 0, 0, "Decide events from stdin without any server",
      "One structured CloudEvent per line in, one outcome per line out. The clock is the events' "
      "`time`, so the same input always gives the same bytes. Exit 0 whatever was rejected; 65 "
      "when a line's time goes back.",
      exec_flags, exec_examples, false, run_exec, "jsonl" },
    { "demo", "", 0, 0, "The whole thing on this machine, with a sample day",
      "Starts an embedded broker, its own redis-server and the workers, sends a sample day of "
      "events and explains what came of each. Touches no other server and leaves nothing behind.",
      demo_flags, demo_examples, false, run_demo, "table|json|jsonl" },
    { "check", "", 0, 0, "Check the configuration and, with --connect, the servers",
      "Exit 0 when all is well, 1 when something needs a hand, 69 when a server does not answer.",
      check_flags, check_examples, true, run_check, "table|json|jsonl" },
    { "topics", "create", 1, 1, "Create the topics that are missing",
      "Never changes a topic that exists; `check --connect` names every difference.", topics_flags,
      topics_examples, true, run_topics, "table|json|jsonl" },
    { "send", "", 0, 0, "Validate and publish events",
      "Every event is validated by the workers' own decoder before the first is published: when one "
      "is bad, each bad one is named by line, JSON pointer and what was expected, and nothing is "
      "sent (exit 65). Then each goes to the topic of its type, with its entity as the key. When it "
      "is interrupted or the brokers fail, it says how many were published and how to go on.",
      send_flags, send_examples, true, run_send, "table|json|jsonl" },
    { "show", "ENTITY", 1, 1, "Show the state of an entity, or of a part of one",
      "As Redis has it, with the offset of its state log up to which it is folded. An action, an "
      "account and an order are tables, in the decimals of their units and currencies, with every part "
      "(items; balances, rewards, users; tickets, refunds). -o json is the state as it is kept: money of "
      "actions and values of rewards in the smallest step, parts in `parts`. Exit 1 when there is none.",
      NULL, show_examples, true, run_show, "table|json|jsonl" },
    { "history", "ENTITY", 1, 1, "List everything that was ever said about an entity",
      "Every outcome that is kept, in order: when, which version of the entity, why, by which input, "
      "contract and rule. Exit 1 when there is none.",
      NULL, history_examples, true, run_history, "table|json|jsonl" },
    { "explain", "[OUTCOME-ID]", 0, 1, "Say which contract version and rule decided, and why",
      "Of an outcome that is kept: the contract version that decided, every rule that was tried before "
      "the one that did and what did not hold, the entity before and after. With --event the same for "
      "an event that was never sent, decided as if it came now; nothing is written. Exception lists "
      "are looked at as they are now.",
      explain_flags, explain_examples, true, run_explain, "table|json" },
    { "refunds", "", 0, 0, "List refunds of cards that have no result yet",
      "Reads the state log of the order worker. A refund is listed until a refund.result for it was "
      "decided; look for it at the gateway by its refundId, which is the idempotency key.",
      refunds_flags, refunds_examples, true, run_refunds, "table|json|jsonl" },
    { "tail", "TOPIC...", 1, 32, "Follow topics, decoded",
      "Reads committed records only, in the order of each partition. Dead letters show reason and "
      "detail, state logs their states. Ctrl-C ends.",
      tail_flags, tail_examples, true, run_tail, "table|json|jsonl" },
    { "config", "", 0, 0, "Print every effective setting and where it comes from", "", NULL,
      config_examples, true, run_config, "table|json|jsonl" },
    { "completion", "SHELL", 1, 1, "Print completion for bash, zsh or fish", "", NULL,
      completion_examples, false, run_completion },
    { "man", "", 0, 0, "Print the manual page (roff)", "", NULL, none, false, run_man },
    { "help", "[COMMAND]", 0, 1, "Help", "", NULL, none, false, run_help },
    { "version", "", 0, 0, "The release and its libraries", "", NULL, none, false, run_version, "table|json|jsonl" },
    { 0 },
};
