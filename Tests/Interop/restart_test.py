"""Every process of a network is started anew, one after the other, while payments go on: python restart_test.py PATH_OF_CONCORDAT [RATE [NODES [NOTARIES]]]"""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

WARM_SECONDS = 5
LONGEST_SECONDS = 1_800


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


def main():
    path = sys.argv[1]
    rate, nodes, notaries = (list(map(int, sys.argv[2:])) + [200, 4, 4][len(sys.argv) - 2:])[:3]
    home = tempfile.mkdtemp(prefix="concordat-restart-")
    folder, out = f"{home}/network", f"{home}/load"

    def run(*arguments, expected=0, timeout=120):
        done = subprocess.run([path, *arguments, "--data", folder], capture_output=True, text=True, timeout=timeout)
        check(done.returncode == expected, f"concordat {arguments[0]} ends with {expected}, not {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    load = None
    try:
        run("up", "--detach", "--nodes", str(nodes), "--notaries", str(notaries), "--port-base", "0", "--clients", "400")
        load = subprocess.Popen(
            [path, "load", "--rate", str(rate), "--duration", f"{LONGEST_SECONDS}s", "--mix", "transfer=80,cross=20", "--out", out, "--data", folder],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(WARM_SECONDS)
        begin = time.monotonic()
        rows = json.loads(run("restart", "--json", timeout=LONGEST_SECONDS))
        rolled = time.monotonic() - begin
        time.sleep(WARM_SECONDS)
        check(load.poll() is None, f"load goes on until it is stopped: {load.communicate()[0][-2000:] if load.poll() is not None else ''}")
        load.send_signal(signal.SIGINT)
        said = load.communicate(timeout=180)[0]
        report = json.loads(pathlib.Path(f"{out}/report.json").read_text())
        counts = report["counts"]
        marks = {line["mark"]: line for line in report["latency_seconds"]}
        slowest = max(rows, key=lambda row: row["seconds"])
        print(f"{len(rows)} processes anew in {rolled:.0f} s, the slowest {slowest['name']} in {slowest['seconds']:.1f} s")
        print(f"payments {counts}; sent {report['rates']['sent_per_second']:.0f}/s; final p50 {marks['final']['p50']:.2f} s, p99 {marks['final']['p99']:.2f} s, longest {marks['final']['max']:.1f} s")
        failed = {name: counts[name] for name in ("rejected", "refunded", "pending", "lost", "dropped", "skipped") if counts[name]}
        check(not failed, f"payments failed: {failed}\n{said[-3000:]}")
        check(counts["settled"] == counts["sent"] == counts["scheduled"], f"not all settled: {counts}\n{said[-3000:]}")
        run("down")
        run("audit")
        print("every payment settled, and the audit found nothing")
    finally:
        if load and load.poll() is None:
            load.kill()
        subprocess.run([path, "down", "--force", "--data", folder], capture_output=True, timeout=60)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
