"""A network of the real binary, watched and used by Python alone: python interop_test.py PATH_OF_CONCORDAT"""
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import zmq
from zmq.utils import z85

from busdoor import Door, Refused
from chainwork import Network, frame_hash
from receipt import Invalid, Verifier
from schema import Undecodable, decode, messages
from tap import Incomplete, Tap
from wallet import STATES, Client

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


class Concordat:
    """The binary, in a folder of its own."""

    def __init__(self, path):
        self.path = path
        self.home = tempfile.mkdtemp(prefix="concordat-interop-")
        self.folder = self.home + "/network"
        self.agent = None

    def run(self, *arguments, expected=0):
        done = subprocess.run([self.path, *arguments, "--data", self.folder], capture_output=True, text=True, timeout=120)
        check(done.returncode == expected, f"concordat {arguments[0]} ends with {expected}, not {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def stop(self):
        if self.agent:
            self.agent.terminate()
            self.agent.wait(10)
            self.agent = None
        subprocess.run([self.path, "down", "--force", "--data", self.folder], capture_output=True, timeout=60)


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


def said(sentence):
    print(f"  ok  {sentence}", flush=True)


def register_tap(folder, public):
    """What an operator does for a new tap: one line in network.yaml."""
    file = pathlib.Path(folder) / "network.yaml"
    line = f'  - {{ name: "tap-python", role: tap, key: "{public}" }}\n'
    text = file.read_text()
    file.write_text(text.replace("members:\n", "members:\n" + line, 1))


def main():
    concordat = Concordat(sys.argv[1])
    context = zmq.Context()
    try:
        made = json.loads(concordat.run("init", "--port-base", "0", "--json"))
        public, secret = zmq.curve_keypair()
        register_tap(concordat.folder, public.decode())
        network = Network(concordat.folder)
        check(network.id.hex() == made["network"], "the network id made from docs/network.md is the one that init says")
        said("the network id follows from docs/network.md")
        concordat.run("up", "--detach")
        tap = Tap(network, "tap-python", public, secret)
        said("a tap with a key of its own is attached to every bus")
        strangers(context, network)
        xid = pay(context, network)
        prove(concordat, network, xid)
        withdraw(context, concordat, network)
        pay_file(concordat)
        result = tap.finish()
        check(result["frames"] > 1_000, "a run has many frames")
        for name in ["tx.alpha accepted", "candidate.beta candidate", "vote.notary vote", "header.notary final", "confirm.beta confirm"]:
            check(any(name in entry["kinds"] for entry in result["buses"].values()), f"no {name} was heard")
        fetched = sum(entry["fetched"] for entry in result["buses"].values())
        said(f"{result['frames']} frames on {len(result['buses'])} buses decoded, {fetched} of them fetched again, none missed")
        tampering()
        concordat.stop()
        concordat.run("audit")
        said("the audit is clean")
    finally:
        concordat.stop()
        shutil.rmtree(concordat.home, ignore_errors=True)
        context.destroy(linger=0)
    print("interop: all passed")


def strangers(context, network):
    """Who is not registered does not get in, and a tap may do nothing but listen."""
    site = network.sites["alpha"]
    public, secret = zmq.curve_keypair()
    stranger = Door(context, network, site["endpoints"]["members"], site["key"], public, secret, "tap-python")
    try:
        stranger.hello(seconds=1.0)
        raise AssertionError("a stranger's key was let in")
    except Refused:
        said("a key that is not registered is refused at the members' door")
    finally:
        stranger.close()
    entry = json.loads((network.folder / "keys" / "transport" / "tap-1.key").read_text())
    key = z85.encode(bytes.fromhex(entry["secret"]))
    member = Door(context, network, site["endpoints"]["members"], site["key"], entry["public_key"].encode(), key, "tap-1")
    member.hello()
    member.publish("alarm", b"")
    member._until(lambda: member.rejected, 5)
    check(bool(member.rejected) and member.rejected[0].reason == "forbidden", "a tap that publishes is told that it may not")
    member.close()
    said("a tap that publishes is refused")


def pay(context, network):
    """Payments signed, handed in, confirmed and followed by Python."""
    alice = Client(context, network, "alpha", network.account("alice"))
    bob = Client(context, network, "beta", network.account("bob"))
    before = balance(bob, "Y")
    transaction, name = alice.transfer(bytes(network.account("client-01").verify_key), "X", 7)
    check(alice.submit(transaction) == name, "the collector computes the id that docs/protocol.md says")
    alice.follow(name, STATES.STATE_FINAL)
    said("a transfer becomes final")
    bob.watch()
    transaction, xid = alice.exchange(bob.key, 10)
    alice.submit(transaction)
    bob.confirm_next(xid)
    alice.follow(xid, STATES.STATE_SETTLED)
    check(balance(bob, "Y") == before + 100, "Bob has 100 Y more")
    check(alice.submit(transaction) is not None, "the same transaction again is accepted, and changes nothing (S821)")
    said("10 X of Alice became 100 Y of Bob: held, confirmed, committed, settled")
    transaction, _ = alice.transfer(bob.key, "X", 1)
    transaction.transfer.signature = bytes(64)
    try:
        alice.submit(transaction)
        raise AssertionError("a bad signature was accepted")
    except Refused as error:
        check("bad_signature" in str(error), f"the reason is bad_signature, not {error}")
    said("a bad signature is refused with its reason")
    alice.close()
    bob.close()
    return xid


def prove(concordat, network, xid):
    """What a device can show and check without believing any node."""
    path = str(pathlib.Path(concordat.home) / "alice.receipt")
    end = time.monotonic() + 20
    while True:
        got = subprocess.run(
            [concordat.path, "receipt", "get", xid.hex(), "--out", path, "--data", concordat.folder, "--json"], capture_output=True, text=True, timeout=60)
        if got.returncode == 0 or time.monotonic() > end:
            break
        time.sleep(0.2)
    check(got.returncode == 0 and json.loads(got.stdout)["ending"] == "settled", f"the receipt is settled and recorded: {got.stdout}{got.stderr}")
    check(Verifier(network).verify(pathlib.Path(path).read_bytes()) == ("settled", True), "Python reads the receipt alike")
    first = json.loads(concordat.run("headers", "--json"))
    again = json.loads(concordat.run("headers", "--json"))
    check(first["added"] == first["headers"] > 0 and again["headers"] >= first["headers"] > again["added"], "headers are fetched once and kept")
    concordat.run("receipt", "verify", path, "--headers", again["file"])
    kept = pathlib.Path(again["file"])
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 1
    kept.with_suffix(".bad").write_bytes(data)
    concordat.run("receipt", "verify", path, "--headers", str(kept.with_suffix(".bad")), expected=1)
    said("a receipt is fetched, verified by both, and found in the notary headers that a device keeps; changed headers are refused")
    plain, proven = (json.loads(concordat.run("balance", "bob", "--json", *more)) for more in ([], ["--proven"]))
    amounts = [{(row["chain"], row["asset"]): row["amount"] for row in rows} for rows in (plain, proven)]
    check(amounts[0] == amounts[1] and amounts[0], f"what nodes say of Bob and what they prove is the same: {amounts}")
    said("Bob's balances are proven in the final state of each chain")


def withdraw(context, concordat, network):
    """A payer changes its mind while the receiver's device is silent."""
    alice = Client(context, network, "alpha", network.account("alice"))
    before = balance(alice, "X")
    transaction, xid = alice.exchange(bytes(network.account("bob").verify_key), 10)
    alice.submit(transaction)
    alice.follow(xid, STATES.STATE_HELD)
    answer = json.loads(concordat.run("cancel", xid.hex(), "--json"))
    check((answer["outcome"], answer["reason"]) == ("refunded", "cancelled_by_initiator"), f"the payment is withdrawn: {answer}")
    check(balance(alice, "X") == before, "what was held is back")
    concordat.run("cancel", xid.hex(), expected=1)
    path = str(pathlib.Path(concordat.home) / "withdrawn.receipt")
    subprocess.run([concordat.path, "receipt", "get", xid.hex(), "--out", path, "--data", concordat.folder], capture_output=True, timeout=60)
    check(Verifier(network).verify(pathlib.Path(path).read_bytes())[0] == "refunded: cancelled_by_initiator", "the receipt says who withdrew it")
    said("a payer withdraws a payment: refunded, and the receipt says so; a second time it is too late")
    alice.close()


def balance(client, asset):
    account = client.ask(account=messages.AccountQuery(account=client.key))
    return next((entry.amount for entry in account.balances if entry.asset == asset), 0)


def pay_file(concordat):
    """Forty lines of the example file, so that there is traffic to watch."""
    path = pathlib.Path(concordat.folder) / "some.csv"
    with open(EXAMPLES / "payments.csv", newline="") as file:
        lines = list(csv.reader(file))[:41]
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(lines)
    concordat.agent = subprocess.Popen(
        [concordat.path, "agent", "--data", concordat.folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    concordat.run("pay", "--file", str(path))
    said("forty payments of the example file ended")


def tampering():
    """The checks that the tap relies on can fail."""
    check(frame_hash(b"a", b"b", b"c") != frame_hash(b"a", b"b", b"d"), "another body has another hash")
    try:
        decode(messages.Published, messages.Published(traceparent="x").SerializeToString() + b"\xf8\x7f\x01")
        raise AssertionError("an unknown field was overlooked")
    except Undecodable:
        said("an unknown field is found")


if __name__ == "__main__":
    try:
        main()
    except (AssertionError, Refused, Incomplete, Invalid, Undecodable) as error:
        sys.exit(f"interop: {type(error).__name__}: {error}")
