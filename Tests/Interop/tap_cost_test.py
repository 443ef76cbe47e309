"""What a tap costs a busy network: python tap_cost_test.py PATH_OF_CONCORDAT [ROUNDS [RATE]]

Payments are sent all the time: RATE a second, or with a rate of 0 as many as the network takes. Each round has three parts, in an order that changes: nobody listens, a tap hears everything, and one
that is attached does not read. What became final in each part, and the processor time of the network's processes, are compared within the round, so
that a machine which is slower for a while is so for all three. The taps run on idle time only, as they would on a machine of their own.
"""
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

# Of each part; before it, what a tap needs to begin or to end.
SECONDS = 5
SETTLING = 2
PAYERS = 300
BOUND = 0.02
KINDS = ["none", "tap", "stopped"]
TICKS = os.sysconf("SC_CLK_TCK")


class Part:
    """What a part of the run was: its kind, and clock and processor time at its begin and its end."""

    def __init__(self, kind):
        self.kind, self.times, self.processor = kind, [], []

    def mark(self, groups):
        self.times.append(time.time())
        self.processor.append([sum(map(used, pids)) for pids in groups])

    def cost(self, finals):
        """Final payments a second; milliseconds of processor time for each, of all processes and of the buses; milliseconds until half were final."""
        begin, end = self.times
        waits = [wait for final, wait in finals if begin <= final < end]
        assert waits, "nothing became final"
        processor = [(after - before) * 1000 / len(waits) for before, after in zip(*self.processor)]
        return [len(waits) / (end - begin), *processor, statistics.median(waits)]


def used(pid):
    """Seconds of processor time of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def tap(path, folder, kind):
    """A process that listens; None for nobody."""
    if kind == "none":
        return None
    process = subprocess.Popen(
        [path, "tap", "--json", "--data", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)))
    if kind == "stopped":
        time.sleep(SETTLING / 2)
        process.send_signal(signal.SIGSTOP)
    return process


def rounds_of(path, folder, count, groups, load):
    rounds = []
    for turn in range(count):
        parts = []
        for kind in KINDS[turn % 3:] + KINDS[:turn % 3]:
            begin = time.monotonic()
            listener = tap(path, folder, kind)
            time.sleep(max(0, begin + SETTLING - time.monotonic()))
            part = Part(kind)
            part.mark(groups)
            time.sleep(SECONDS)
            part.mark(groups)
            parts.append(part)
            assert load.poll() is None, "the load has ended early"
            if listener:
                assert listener.poll() is None, "the tap has ended"
                listener.send_signal(signal.SIGKILL)
                listener.wait()
        rounds.append(parts)
        if turn % 5 == 4:
            print(f"      {turn + 1} of {count} rounds", flush=True)
    return rounds


def middle(values):
    """The median and its standard error, as of a normal distribution: a second in which the machine stood still weighs no more than another."""
    median = statistics.median(values)
    deviation = 1.4826 * statistics.median(abs(value - median) for value in values)
    return median, 1.2533 * deviation / len(values) ** 0.5


def judged(rounds, finals):
    isWithin = True
    found = [{part.kind: part.cost(finals) for part in parts} for parts in rounds]
    for kind in KINDS:
        rate, all_of_it, buses, wait = (statistics.median(costs[kind][index] for costs in found) for index in range(4))
        print(f"{kind:8} {rate:7.1f} final/s  {all_of_it:6.3f} ms of processor a payment, of which buses {buses:6.3f}; final p50 {wait:.0f} ms")
    for kind in KINDS[1:]:
        for index, name in enumerate(["final a second", "processor time a payment", "processor time of buses", "time until final, p50"]):
            changes = [costs[kind][index] / costs["none"][index] - 1 for costs in found]
            change, error = middle(changes)
            print(f"{kind:8} {name}: {change * 100:+.1f} % ± {error * 100:.1f}")
            # Fails only on what is no noise.
            if index == 0:
                isWithin = isWithin and change + 2 * error > -BOUND
    return isWithin


def main():
    path, (count, rate) = sys.argv[1], (list(map(int, sys.argv[2:])) + [30, 400][len(sys.argv) - 2:])[:2]
    assert count >= 3, "at least three rounds"
    home = tempfile.mkdtemp(prefix="concordat-tap-")
    folder = f"{home}/network"

    def run(*arguments, timeout=600):
        done = subprocess.run([path, *arguments, "--data", folder], capture_output=True, text=True, timeout=timeout)
        if done.returncode:
            raise AssertionError(f"concordat {arguments[0]} ends with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")

    load = None
    try:
        run("up", "--detach", "--nodes", "1", "--notaries", "1", "--port-base", "0", "--clients", "200")
        found = subprocess.run(["pgrep", "-f", f"concordat run .*{folder}"], capture_output=True, text=True).stdout.split()
        assert len(found) > 5, f"processes of the network: {found}"
        buses = [pid for pid in found if "bus@" in pathlib.Path(f"/proc/{pid}/cmdline").read_text()]
        assert buses, "processes of buses"
        seconds = 8 + count * len(KINDS) * (SETTLING + SECONDS + 1)
        load = subprocess.Popen(
            [path, "load", *(["--rate", str(rate)] if rate else ["--closed", str(PAYERS)]), "--duration", f"{seconds}s", "--seed", "1", "--verify", "none", "--out", f"{home}/load", "--data", folder],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        # A network that has just begun is faster than one that has run for a while.
        time.sleep(8)
        rounds = rounds_of(path, folder, count, [found, buses], load)
        load.send_signal(signal.SIGINT)
        load.communicate(timeout=180)
        report = json.loads(pathlib.Path(f"{home}/load/report.json").read_text())
        assert report["counts"]["settled"] == report["counts"]["sent"], report["counts"]
        start = report["run"]["started_milliseconds"] / 1e3
        lines = map(json.loads, pathlib.Path(f"{home}/load/results.ndjson").read_text().splitlines())
        finals = [(start + (line["scheduled_us"] + line["final_us"]) / 1e6, line["final_us"] / 1e3) for line in lines if "final_us" in line]
        run("down")
        run("audit")
        isWithin = judged(rounds, finals)
    finally:
        if load:
            load.kill()
        subprocess.run([path, "down", "--force", "--data", folder], capture_output=True, timeout=60)
        shutil.rmtree(home, ignore_errors=True)
    if not isWithin:
        sys.exit(f"a tap costs more than {BOUND * 100:.0f} % of the throughput")


if __name__ == "__main__":
    main()
