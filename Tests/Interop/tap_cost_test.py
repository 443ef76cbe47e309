"""What a tap costs a network that is as busy as it can be: python tap_cost_test.py PATH_OF_CONCORDAT [ROUNDS]

Each round sends payments in a closed loop three times, in an order that changes, each time on a network that is new: with nobody listening, with a tap
that hears everything, and with one that is attached and does not read. The taps run on idle time only, as they would on a machine of their own.
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

SECONDS = 15
# What the start of the load, and its end, weigh is left out.
WARM = 4
PAYERS = 300
BOUND = 0.02
KINDS = ["none", "tap", "stopped"]


def measured(path, home, kind, seed):
    """Final payments a second, and milliseconds of processor time a payment, of one run on a network of its own."""
    folder = f"{home}/network"

    def run(*arguments, timeout=180):
        done = subprocess.run([path, *arguments, "--data", folder], capture_output=True, text=True, timeout=timeout)
        if done.returncode:
            raise AssertionError(f"concordat {arguments[0]} ends with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")

    tap = None
    try:
        run("up", "--detach", "--nodes", "1", "--notaries", "1", "--port-base", "0", "--clients", "200")
        if kind != "none":
            tap = subprocess.Popen(
                [path, "tap", "--json", "--data", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                preexec_fn=lambda: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)))
            time.sleep(2)
            assert tap.poll() is None, "the tap has ended"
        if kind == "stopped":
            tap.send_signal(signal.SIGSTOP)
        run("load", "--closed", str(PAYERS), "--duration", f"{SECONDS}s", "--seed", str(seed), "--verify", "none", "--out", f"{home}/load")
        report = json.loads(pathlib.Path(f"{home}/load/report.json").read_text())
        assert report["counts"]["settled"] == report["counts"]["sent"], report["counts"]
        run("down")
        run("audit")
        windows = [window["final_per_second"] for window in report["windows"] if WARM <= window["second"] < SECONDS]
        return statistics.mean(windows), report["cost"]["cpu_milliseconds_per_payment"]
    finally:
        if tap:
            tap.send_signal(signal.SIGKILL)
            tap.wait()
        subprocess.run([path, "down", "--force", "--data", folder], capture_output=True, timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def main():
    path, rounds = sys.argv[1], max(3, int(sys.argv[2]) if len(sys.argv) > 2 else 9)
    home = tempfile.mkdtemp(prefix="concordat-tap-")
    found = {kind: [] for kind in KINDS}
    try:
        for turn in range(rounds):
            for kind in KINDS[turn % 3:] + KINDS[:turn % 3]:
                found[kind].append(measured(path, home, kind, 1 + turn))
                print(f"round {turn + 1} {kind:8} {found[kind][-1][0]:7.1f} final/s  {found[kind][-1][1]:6.3f} ms of processor a payment", flush=True)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    isWithin = True
    for kind in KINDS[1:]:
        for index, name in enumerate(["final a second", "processor time a payment"]):
            changes = [after[index] / before[index] - 1 for before, after in zip(found["none"], found[kind])]
            mean = statistics.mean(changes)
            error = statistics.stdev(changes) / len(changes) ** 0.5
            print(f"{kind:8} {name}: {mean * 100:+.1f} % ± {error * 100:.1f}")
            # Fails only on what is no noise.
            if index == 0:
                isWithin = isWithin and mean + 2 * error > -BOUND
    if not isWithin:
        sys.exit(f"a tap costs more than {BOUND * 100:.0f} % of the throughput")


if __name__ == "__main__":
    main()
