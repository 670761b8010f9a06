"""The result as a table."""

AIMS = {"ratio": 0.7, "records_per_cpu_second": 60_000, "rss_bytes": 64 << 20, "p50": 15, "p99": 40}


def line(name, row, ceiling, note=""):
    return (f"{name:<34}{row['records_per_second']:>11,.0f}{row['records_per_second'] / ceiling:>8.2f}"
            f"{row['records_per_cpu_second']:>14,.0f}{row['rss_bytes'] / (1 << 20):>10.1f}  {note}")


def rates(result):
    copies, makegood = result["copies"], result["makegood"]
    ceiling = copies["exact"]["records_per_second"]
    yield f"{'':<34}{'records/s':>11}{'ratio':>8}{'per CPU-sec':>14}{'peak MiB':>10}"
    yield line("raw copy, transactions (ceiling)", copies["exact"], ceiling)
    yield line("  the same, headers as headers", copies["headers"], ceiling)
    yield line("  the same, no transactions", copies["plain"], ceiling)
    yield line("makegood run contract action", makegood, ceiling,
               f"{makegood['decided']:,.0f} decisions in {makegood['turns']:.0f} turns")
    yield (f"{'aim':<34}{'':>11}{AIMS['ratio']:>8.2f}{AIMS['records_per_cpu_second']:>14,}"
           f"{AIMS['rss_bytes'] / (1 << 20):>10.1f}")


def costs(steps):
    return ", ".join(f"{name} {value:.2f}" for name, value in steps.items()) + (
        f"; all {sum(steps.values()):.2f}")


def steps(result):
    yield "cost of a turn, wall us per record: " + costs(result["makegood"]["step_us_per_record"])


def paced(result):
    seen = result["paced"]
    if not seen:
        return
    yield (f"paced at {seen['rate']:,} records/s ({seen['turns']:.0f} turns): age at the reader, ms: "
           f"verdict p50 {seen['age_ms']['p50']:.0f} p99 {seen['age_ms']['p99']:.0f}; final verdict "
           f"p50 {seen['final_age_ms']['p50']:.0f} p99 {seen['final_age_ms']['p99']:.0f} "
           f"(aim {AIMS['p50']} / {AIMS['p99']})")
    yield "  its turns, wall ms each: " + costs(seen["step_ms_per_turn"])


def compared(result):
    outputs = ", ".join(f"{output['records']:,} {name} of {output['bytes']} B"
                        for name, output in result["outputs"].items())
    yield (f"{result['records']:,} records of {result['record_bytes']} B as the producer sent them, "
           f"{result['actions']:,} actions, {result['partitions']} partitions")
    yield f"written for them: {outputs}; copies in transactions of {result['copy_batch']:,}"
    yield ""
    yield from rates(result)
    yield ""
    yield from steps(result)
    yield from paced(result)


def soak(result):
    yield f"{'decided':>12}{'heap KiB':>12}{'RSS KiB':>12}{'peak KiB':>12}"
    for point in result["points"]:
        yield (f"{point['decided']:>12,}{point['heap_kib']:>12,}{point['rss_kib']:>12,}"
               f"{point['peak_kib']:>12,}")
    for name in ("heap", "rss"):
        seen = result[name]
        yield (f"{name}: {seen['warm_kib']:,.0f} KiB in the second fifth, {seen['late_kib']:,.0f} KiB "
               f"in the last two (medians); growth {seen['growth_kib']:,.0f} KiB, bound "
               f"{seen['bound_kib']:,} KiB")
    yield f"{result['soak']:,} records sent: {'FAILED' if result['failed'] else 'holds'}"


def table(result):
    return "\n".join(soak(result) if "soak" in result else compared(result))
