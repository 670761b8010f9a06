#!/usr/bin/python3
"""What goes wrong around the workers: each trouble gives a clear line with the cure and the right
exit code, or a wait with back-off; and no wrong verdict."""

import shutil
import time

from harness import World, arguments, main, modify, track
from support.children import free_port, wait_until
from support.kafka_server import Kafka, KafkaTools
from support.redis_server import Redis

DOWN, REFUSED, CONFIG = 69, 77, 78
LINES_MAX = 15  # about one trouble, in the few seconds that a test watches: not a flood


def check_connect(world, statuses, words, **settings):
    """`makegood check --connect` ends with one of these and says each of the words."""
    named = {key.replace("__", "."): value for key, value in settings.items()}
    result = world.run("check", "--connect", settings=named)
    assert result.status in statuses, f"check: expected {statuses}: {result}"
    text = result.out + result.err
    for word in words:
        assert word.lower() in text.lower(), f"check does not say {word!r}: {result}"
    return result


def run_ends(world, name, status, words, seconds=20, **settings):
    """`makegood run` ends by itself with a status and a line that says each of the words."""
    worker = world.worker(name, **settings).start()
    found = worker.wait(seconds)
    text = worker.log_text()
    assert found == status, f"{name}: exit {found}, expected {status}:\n{text[-3000:]}"
    lines = [line for line in text.splitlines()
             if all(word.lower() in line.lower() for word in words)]
    assert lines, f"{name}: no line says {words}:\n{text[-3000:]}"
    assert len(lines) <= 3, f"{name}: said {len(lines)} times:\n{text[-3000:]}"


def run_waits(world, name, word, seconds=5, **settings):
    """`makegood run` waits, or ends saying that a server is unreachable; and does not flood."""
    worker = world.worker(name, **settings).start()
    status = worker.wait(seconds)
    text = worker.log_text()
    assert status in (None, DOWN), f"{name}: exit {status}:\n{text[-3000:]}"
    assert word in text, f"{name}: does not name {word}:\n{text[-3000:]}"
    assert len(text.splitlines()) <= LINES_MAX + 10, f"{name}: floods:\n{text[-3000:]}"
    return worker


def kafka_down(options):
    nobody = f"127.0.0.1:{free_port()}"
    with World(options, set_up=False, kafka=KafkaTools(nobody)) as world:
        check_connect(world, (DOWN,), [nobody])
        run_waits(world, "no-kafka", nobody)


def kafka_away_for_a_while(options):
    """Killed in mid-run and started again: the same workers go on."""
    kafka = Kafka().start()
    try:
        with World(options, kafka=kafka) as world:
            world.start_workers(2)
            ledger = world.ledger()
            world.set_up_contracts(ledger)
            for number in range(200):
                key, value = track(number)
                world.send("action", value, key)
            world.sent()
            kafka.kill()
            time.sleep(4)
            kafka.start()
            for number in range(200):
                key, value = modify(number, f"m-{number}")
                world.send("action", value, key)
            world.sent()
            ledger.settle(90)
            records = ledger.action_records()
            wrong = [record for record in records.values() if record["payout"] != "3.20"]
            assert len(records) == 200 and not wrong, wrong[:3]
            ledger.close()
    finally:
        kafka.close()


def redis_down(options):
    with World(options, set_up=False, redis=Redis()) as world:
        world.create_topics()
        world.redis.kill()
        address = f"127.0.0.1:{world.redis.port}"
        check_connect(world, (DOWN,), [address])
        worker = run_waits(world, "no-redis", address)
        world.redis.start()
        if worker.alive():
            worker.ready(30)


def redis_fails_for_a_while(options, name, fail, mend):
    """In mid-run: what is decided meanwhile is right, and all of it is there afterwards."""
    with World(options) as world:
        workers = world.start_workers(2)
        ledger = world.ledger()
        world.set_up_contracts(ledger)
        fail(world.redis)
        for number in range(200):
            key, value = track(number)
            world.send("action", value, key)
            key, value = modify(number, f"m-{number}")
            world.send("action", value, key)
        world.sent()
        time.sleep(4)
        assert all(worker.alive() for worker in workers), f"{name}: a worker ended"
        lines = [len(worker.log_text().splitlines()) for worker in workers]
        assert max(lines) < 200, f"{name}: floods its log: {lines}"
        mend(world.redis)
        ledger.settle(60)
        wrong = [entry for entry in ledger.finals() if entry.verdict != "applied"
                 and not ledger.by_worker(entry.place)]
        assert not wrong, f"{name}: {wrong[:3]}"
        records = ledger.action_records()
        assert {record["payout"] for record in records.values()} == {"3.20"}, name
        assert len(records) == 200, name
        ledger.close()


def redis_killed(options):
    redis_fails_for_a_while(options, "Redis killed", lambda redis: redis.kill(),
                            lambda redis: redis.start())


def redis_disk_full(options):
    """What Redis answers when it cannot write its snapshot: MISCONF on every write."""
    def refuses(redis):
        return b"rdb_last_bgsave_status:err" in redis.command("INFO", "persistence")

    def fail(redis):
        shutil.rmtree(redis.folder)  # it works in there: nothing can be written any more
        redis.command("CONFIG", "SET", "save", "3600 1")
        redis.command("BGSAVE")
        wait_until("Redis to refuse writes", lambda: refuses(redis), 20)

    def mend(redis):
        redis.command("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")

    redis_fails_for_a_while(options, "disk full", fail, mend)


def kafka_wrong_password(options):
    kafka = Kafka(sasl=("worker", "right")).start()
    try:
        with World(options, kafka=kafka) as world:
            secret = world.folder / "secret"
            settings = {"kafka__bootstrap__servers": kafka.sasl_bootstrap,
                        "kafka__security__protocol": "SASL_PLAINTEXT",
                        "kafka__sasl__mechanism": "PLAIN", "kafka__sasl__username": "worker",
                        "kafka__sasl__password_file": secret}
            secret.write_text("wrong\n")
            check_connect(world, (REFUSED,), ["kafka", "password"], **settings)
            run_ends(world, "wrong-password", REFUSED, ["kafka", "password"], **settings)
            secret.write_text("right\n")
            check_connect(world, (0,), [], **settings)
            world.worker("right-password", **settings).start().ready()
    finally:
        kafka.close()


def redis_wrong_password(options):
    with World(options, redis=Redis(requirepass="right")) as world:
        secret = world.folder / "secret"
        check_connect(world, (REFUSED,), ["redis", "password"])
        run_ends(world, "no-password", REFUSED, ["redis", "password"])
        secret.write_text("wrong\n")
        run_ends(world, "bad-password", REFUSED, ["redis", "password"], redis__password_file=secret)
        secret.write_text("right\n")
        check_connect(world, (0,), [], redis__password_file=secret)
        world.worker("good-password", redis__password_file=secret).start().ready()


def partition_count(options):
    """The input has other partitions than its state log was written for."""
    with World(options) as world:
        worker = world.start_workers(1)[0]
        ledger = world.ledger()
        world.set_up_contracts(ledger)
        ledger.close()
        worker.stop()
        world.kafka.topics("--alter", "--topic", world.topic("action"), "--partitions",
                           world.partitions + 2)
        check_connect(world, (1, CONFIG), ["action", "partition"])
        run_ends(world, "other-count", CONFIG, ["partition", str(world.partitions + 2)])


def topic_missing(options):
    with World(options, set_up=False) as world:
        check_connect(world, (1, CONFIG), ["topics create"])
        run_ends(world, "no-topics", CONFIG, ["topics create"])
    with World(options) as world:
        world.kafka.topics("--delete", "--topic", world.topic("action-outcome"))
        time.sleep(1)
        check_connect(world, (1, CONFIG), ["action-outcome", "topics create"])
        run_ends(world, "no-outcome-topic", CONFIG, ["action-outcome", "topics create"])


def two_of_one_name(options):
    """The older one ends, the newer one works on: they do not fight."""
    with World(options) as world:
        older = world.worker("older", instance="same").start().ready()
        newer = world.worker("newer", instance="same").start()
        assert older.wait(20) == CONFIG, older.log_text()[-3000:]
        assert "another process runs under the same `instance`" in older.log_text()
        newer.ready()


def maxmemory_policy(options):
    with World(options, redis=Redis(maxmemory_policy="allkeys-lru")) as world:
        check_connect(world, (1, CONFIG), ["noeviction"])
        run_ends(world, "evicting", CONFIG, ["noeviction"])


def all_well(options):
    with World(options) as world:
        check_connect(world, (0,), [])


TROUBLES = (all_well, kafka_down, kafka_away_for_a_while, redis_down, redis_killed, redis_disk_full,
            kafka_wrong_password, redis_wrong_password, partition_count, topic_missing,
            maxmemory_policy, two_of_one_name)


def test():
    options = arguments(__doc__, only=("", "name of one trouble"))
    failed = []
    for trouble in TROUBLES:
        if options.only and trouble.__name__ != options.only:
            continue
        try:
            trouble(options)
            print(f"{trouble.__name__}: ok", flush=True)
        except (AssertionError, TimeoutError) as error:
            failed.append(trouble.__name__)
            print(f"{trouble.__name__}: FAILED: {error}", flush=True)
    assert not failed, f"{len(failed)} of {len(TROUBLES)}: {', '.join(failed)}"


if __name__ == "__main__":
    main(test)
