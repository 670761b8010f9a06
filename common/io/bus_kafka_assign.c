/*
 * assign(), at any pace. It stops the fetching of what was assigned before, and the word that it has stopped
 * comes later. librdkafka (before the correction of its issue 5573) asks a second time when another assign()
 * is faster than that word, and ends the process when the word comes twice. So the word is awaited: what
 * is asked of a partition is done in order, and to resume it is the one thing whose end can be waited
 * for. It changes nothing: where the partitions are read from and which of them pause is said anew after
 * each assign().
 */
#include "io/bus_kafka_inside.h"

rd_kafka_resp_err_t kafka_assign(rd_kafka_t *handle, const rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_topic_partition_list_t *before;
    rd_kafka_resp_err_t err = rd_kafka_assignment(handle, &before);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return err;
    }
    if (before->cnt > 0) {
        rd_kafka_resume_partitions(handle, before);
    }
    rd_kafka_topic_partition_list_destroy(before);
    return rd_kafka_assign(handle, partitions);
}
