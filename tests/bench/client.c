#include "client.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ASK_MS = 20000 };

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
}

bool stop_wanted(void)
{
    return stop_signal != 0;
}

void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_client: %s: %s\n", what, why);
    exit(1);
}

int64_t now_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

long number_of(const char *word)
{
    char *end;
    long number = strtol(word, &end, 10);
    if (*word == 0 || *end != 0 || number < 0) {
        die("expected a number", word);
    }
    return number;
}

rd_kafka_t *client_open(rd_kafka_type_t type, const char *const *settings,
                        void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *),
                        void *opaque)
{
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; settings[i] != NULL; i += 2) {
        if (rd_kafka_conf_set(conf, settings[i], settings[i + 1], why, sizeof(why)) !=
            RD_KAFKA_CONF_OK) {
            die(settings[i], why);
        }
    }
    rd_kafka_conf_set_opaque(conf, opaque);
    if (delivered != NULL) {
        rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    }
    rd_kafka_t *handle = rd_kafka_new(type, conf, why, sizeof(why));
    if (handle == NULL) {
        die("rd_kafka_new", why);
    }
    return handle;
}

static int partitions_of(rd_kafka_t *handle, const char *name)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(handle, name, NULL);
    rd_kafka_resp_err_t err = rd_kafka_metadata(handle, 0, topic, &metadata, ASK_MS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR || metadata->topics[0].partition_cnt == 0) {
        die(name, err ? rd_kafka_err2str(err) : "the topic does not exist");
    }
    int count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    return count;
}

int client_assign(rd_kafka_t *consumer, const char *const *topics, size_t count, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (size_t t = 0; t < count; t++) {
        int partitions = partitions_of(consumer, topics[t]);
        for (int p = 0; p < partitions; p++) {
            rd_kafka_topic_partition_list_add(list, topics[t], p)->offset = offset;
        }
    }
    int all = list->cnt;
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_resp_err_t err = rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        die("assign", rd_kafka_err2str(err));
    }
    return all;
}

int main(int count, char **words)
{
    static const struct mode {
        const char *name;
        int (*run)(int count, char **words);
    } modes[] = {
        { "load", mode_load }, { "sample", mode_sample }, { "copy", mode_copy }, { "watch", mode_watch },
    };
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    for (size_t i = 0; count > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(words[1], modes[i].name) == 0) {
            return modes[i].run(count - 2, words + 2);
        }
    }
    die("usage", "bench_client load|sample|copy|watch ...");
}
