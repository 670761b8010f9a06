/*
 * How often the end of a transaction was sent. When its connection breaks, librdkafka sends EndTxn again by
 * itself, and tells of success when that succeeds. The first one may still be under way: it would end the
 * next transaction of the same epoch, wherever that stands by then, and leave one half of it committed.
 * (Brokers and clients that know KIP-890 have an epoch for each transaction; no librdkafka knows it.) So
 * an end that was sent twice costs the producer: the next one has a new epoch, and what is late is refused.
 */
#include "io/bus_kafka_inside.h"

#include <stdatomic.h>

#include "base/ensure.h"
#include "io/crash.h"
#include "io/log.h"

enum { API_END_TXN = 26 };

/* On a thread of librdkafka, after the last byte: what went out in part cannot be understood. */
static rd_kafka_resp_err_t request_sent(rd_kafka_t *handle, int socket, const char *broker,
                                        int32_t broker_id, int16_t api, int16_t version,
                                        int32_t correlation, size_t size, void *opaque)
{
    struct kafka_bus *bus = opaque;
    (void)handle, (void)socket, (void)broker, (void)broker_id;
    (void)version, (void)correlation, (void)size;
    if (api == API_END_TXN) {
        atomic_fetch_add(&bus->ends_sent, 1);
        CRASH_POINT("commit-sent");
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t handle_made(rd_kafka_t *handle, const rd_kafka_conf_t *conf, void *opaque,
                                       char *why, size_t why_size)
{
    (void)conf, (void)why, (void)why_size;
    rd_kafka_resp_err_t err =
        rd_kafka_interceptor_add_on_request_sent(handle, "ends", request_sent, opaque);
    ENSURE(err == RD_KAFKA_RESP_ERR_NO_ERROR); /* never without it */
    return err;
}

void kafka_count_ends(struct kafka_bus *bus, rd_kafka_conf_t *conf)
{
    ENSURE(rd_kafka_conf_interceptor_add_on_new(conf, "ends", handle_made, bus) ==
           RD_KAFKA_RESP_ERR_NO_ERROR);
}

void kafka_ends_begin(struct kafka_bus *bus)
{
    atomic_store(&bus->ends_sent, 0);
}

enum bus_result kafka_ends_class(struct kafka_bus *bus, enum bus_result result)
{
    uint32_t times = atomic_load(&bus->ends_sent);
    if (result != BUS_OK || times <= 1) {
        return result;
    }
    log_warn("transaction_end_repeated", KEY_INT("times", times),
             KEY_STRING("then", "retire the producer: one of them may come late"));
    return BUS_RETIRE;
}
