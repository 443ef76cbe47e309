"""The harness of docs/load.md against a network of the real binary: python load_harness_test.py PATH_OF_CONCORDAT"""
import json
import pathlib
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

import zmq

from chainwork import Network
from interop_test import Concordat, check, said
from wallet import STATES, Client

HARNESS = str(pathlib.Path(__file__).with_name("load_harness.py"))


def harness(folder, *options):
    done = subprocess.run([sys.executable, HARNESS, folder, *options], capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, f"the harness ends well: {done.stderr}")
    return json.loads(done.stdout)


def post(url, item):
    """What examples/load/gateway.js sends."""
    body = json.dumps({"transaction": item["transaction"]}).encode()
    request = urllib.request.Request(f"{url}/v1/chains/{item['chain']}/transactions", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def main():
    concordat = Concordat(sys.argv[1])
    gateway = None
    context = zmq.Context()
    try:
        concordat.run("up", "--detach", "--nodes", "1", "--notaries", "1", "--port-base", "0")
        report = harness(concordat.folder, "--rate", "30", "--seconds", "5")
        check(100 <= report["scheduled"] <= 200, f"the rate is the one asked for: {report}")
        check(report["final"] == report["accepted"] == report["scheduled"] and report["refused"] == 0, f"all become final: {report}")
        check(0 < report["seconds"]["accepted"]["p50"] <= report["seconds"]["final"]["p50"], f"accepted comes before final: {report}")
        said(f"a harness in Python sent {report['scheduled']} payments, final p99 {report['seconds']['final']['p99']} s")
        signed = harness(concordat.folder, "--sign", "20")
        gateway = subprocess.Popen([concordat.path, "gateway", "--data", concordat.folder, "--listen", "127.0.0.1:0", "--json"], stdout=subprocess.PIPE, text=True)
        url = json.loads(gateway.stdout.readline())["url"]
        check([post(url, item) for item in signed] == [202] * 20, "the gateway takes what was signed before")
        network = Network(concordat.folder)
        alice = Client(context, network, "alpha", network.account("alice"))
        for item in signed:
            alice.follow(bytes.fromhex(item["id"]), STATES.STATE_FINAL)
        alice.close()
        said("payments that were signed before are handed to a gateway as k6 does, and become final")
        concordat.stop()
        concordat.run("audit")
    finally:
        if gateway:
            gateway.terminate()
            gateway.wait(10)
        concordat.stop()
        shutil.rmtree(concordat.home, ignore_errors=True)
        context.destroy(linger=0)
    print("load harness: all passed")


if __name__ == "__main__":
    main()
