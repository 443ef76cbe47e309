"""Attacks on the buses of a real network, by who has no key, a tap's key, or a stolen role's key: python attack_test.py PATH_OF_CONCORDAT"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import zmq
from zmq.utils import z85

from busdoor import Door, Refused, curve
from chainwork import Network
from interop_test import Concordat, check, said
from schema import bus, decode


class Attacker:
    """Somebody with a transport key, at the bus of one site."""

    def __init__(self, context, network, site, name, pair):
        self.context, self.network, self.site, self.name, self.pair = context, network, network.sites[site], name, pair

    @classmethod
    def with_key_of(cls, context, network, site, name):
        entry = json.loads((network.folder / "keys" / "transport" / f"{name}.key").read_text())
        return cls(context, network, site, name, (entry["public_key"].encode(), z85.encode(bytes.fromhex(entry["secret"]))))

    def door(self, name=None):
        return Door(self.context, self.network, self.site["endpoints"]["members"], self.site["key"], *self.pair, name or self.name)

    def ear(self, topics=(b"",), high_water_mark=100_000):
        socket = self.context.socket(zmq.SUB)
        curve(socket, self.site["key"], *self.pair)
        socket.rcvhwm = high_water_mark
        # Without it libzmq itself drops the subscriptions that do not fit into its queue.
        socket.sndhwm = 0
        for topic in topics:
            socket.subscribe(topic)
        socket.connect(self.site["endpoints"]["publish"])
        return socket


def heard(ear, seconds):
    """Frames that come within so long."""
    end, frames = time.monotonic() + seconds, []
    while time.monotonic() < end:
        if ear.poll(50):
            frames.append(ear.recv_multipart())
    return frames


def process(concordat, name):
    status = json.loads(concordat.run("status", "--json"))
    return next(entry["process"] for entry in status["processes"] if entry["name"] == name)


def resident(number):
    text = pathlib.Path(f"/proc/{number}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) * 1024


def alarms(concordat):
    done = subprocess.run([concordat.path, "alarms", "--json", "--data", concordat.folder], capture_output=True, text=True, timeout=60)
    return {row["code"]: row for row in json.loads(done.stdout or "[]")}


def until(condition, seconds, sentence):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, sentence)
        time.sleep(0.1)


def stranger(context, network):
    """Case 51: a key that nobody has listed."""
    nobody = Attacker(context, network, "alpha", "tap-1", zmq.curve_keypair())
    door = nobody.door()
    try:
        door.hello(seconds=1.0)
        raise AssertionError("a stranger came in")
    except Refused:
        pass
    ear = nobody.ear()
    check(heard(ear, 1.0) == [], "a stranger hears nothing")
    for socket in (door, ear):
        socket.close()
    plain = context.socket(zmq.SUB)
    plain.linger = 0
    plain.subscribe(b"")
    plain.connect(nobody.site["endpoints"]["publish"])
    check(heard(plain, 1.0) == [], "who has no key at all hears nothing")
    plain.close()
    said("51  an unknown key, and none, neither speak nor hear")


def overstep(context, concordat, network):
    """Case 52: a listed key, and what it has no right to."""
    concordat.run("keys", "add", "tap-bad")
    tap = Attacker.with_key_of(context, network, "alpha", "tap-bad")
    until(lambda: comes_in(tap), 5, "a key that is added while the buses run comes in")
    door = tap.door("consensus.alpha@alpha-1")
    try:
        door.hello(seconds=1.0)
        raise AssertionError("a tap came in under the name of a role")
    except Refused as error:
        check("wrong_name" in str(error), f"the reason is wrong_name, not {error}")
    door.close()
    ear, door = tap.ear(), tap.door()
    door.hello()
    check(heard(ear, 4.0), "a tap hears")
    before = len(json.loads(concordat.run("status", "--json"))["nodes"])
    for number in range(1, 40):
        door._send(publish=bus.Publish(number=number, topic="final.alpha", body=b"forged"))
    door._until(lambda: any(item.reason == "cut_off" for item in door.rejected), 5)
    reasons = [item.reason for item in door.rejected]
    check(reasons.count("forbidden") >= 16 and "cut_off" in reasons, f"it is told so, then cut off: {reasons}")
    until(lambda: not heard(ear, 4.0), 20, "who is cut off hears nothing any more")
    check(not comes_in(tap), "who is cut off does not come in again")
    until(lambda: {"overstep", "cut_off"} <= alarms(concordat).keys(), 10, "people are told")
    check(alarms(concordat)["cut_off"]["sources"] == ["bus@alpha"], "by the bus itself")
    check(len(json.loads(concordat.run("status", "--json"))["nodes"]) == before, "everybody else goes on")
    door.close()
    ear.close()
    said("52  a tap that publishes is refused, then cut off: it neither speaks nor hears; the alarm names it")


def comes_in(attacker):
    door = attacker.door()
    try:
        door.hello(seconds=1.0)
        return True
    except Refused:
        return False
    finally:
        door.close()


def slow(context, concordat, network):
    """Case 53: a listener that does not keep up loses frames of its own, and has them all from the log."""
    tap = Attacker.with_key_of(context, network, "alpha", "tap-1")
    ear = tap.ear(high_water_mark=1)
    ear.setsockopt(zmq.RCVBUF, 1024)
    time.sleep(0.5)
    concordat.run("pay", "--file", str(payments(concordat)))
    kept = {}
    for topic, stamp_bytes, body in heard(ear, 2.0):
        stamp = decode(bus.Stamp, stamp_bytes)
        kept.setdefault((topic[:-1], stamp.site, stamp.boot_epoch), {})[stamp.sequence] = stamp
    door = tap.door()
    fetched = 0
    for head in door.hello().heads:
        own = kept.get((head.topic.encode(), head.site, head.boot_epoch), {})
        missing, first = [n for n in range(1, head.sequence + 1) if n not in own], 1
        while missing and first <= head.sequence:
            answer = door.backfill(head.topic, head.site, head.boot_epoch, first, head.sequence)
            for frame in answer.frames:
                stamp = decode(bus.Stamp, frame.stamp)
                own[stamp.sequence] = stamp
            first = answer.through + 1
        fetched += len(missing)
        check(len(own) >= head.sequence, f"{head.topic}: {len(own)} of {head.sequence} frames")
    check(fetched > 0, "a slow listener misses frames")
    door.close()
    ear.close()
    said(f"53  a listener that is too slow has missed {fetched} frames, and gets every one of them from the log")


def payments(concordat):
    path = pathlib.Path(concordat.home) / "some.csv"
    rows = [f"p{index:03},alice,client-01,X,1,60," for index in range(40)]
    path.write_text("\n".join(["id,from,to,asset,amount,deadline_seconds,memo", *rows]) + "\n")
    return path


def restart(context, concordat, network):
    """Case 54: a bus dies and comes back."""
    tap = Attacker.with_key_of(context, network, "beta", "tap-1")
    door = tap.door()
    first = door.hello().boot_epoch
    door.close()
    os.kill(process(concordat, "bus@beta"), signal.SIGKILL)
    until(lambda: comes_in(tap), 20, "the bus comes back")
    door = tap.door()
    check(door.hello().boot_epoch > first, "with a greater epoch")
    door.close()
    until(lambda: subprocess.run([concordat.path, "status", "--data", concordat.folder], capture_output=True).returncode == 0, 20, "everybody is back")
    concordat.run("pay", "--file", str(payments(concordat)))
    said("54  a bus that was killed comes back with a greater epoch, and payments go on")


def replay(context, concordat, network):
    """Case 55: who has stolen a collector's key says again what was said before."""
    tap = Attacker.with_key_of(context, network, "alpha", "tap-1")
    ear = tap.ear([b"tx.alpha "])
    time.sleep(0.5)
    before = balances(concordat)
    concordat.run("pay", "--file", str(payments(concordat)))
    after = balances(concordat)
    check(after != before, "payments move money")
    frames = heard(ear, 1.0)
    check(frames, "what collectors publish is heard")
    thief = Attacker.with_key_of(context, network, "alpha", "collector.alpha@alpha-1")
    # A replica of its own, so that the real one stays in.
    door = thief.door("collector.alpha@alpha-1/77")
    door.hello()
    for number, (topic, _, body) in enumerate(frames * 3, start=1):
        door._send(publish=bus.Publish(number=number, topic="tx.alpha", body=body))
    door.wait(1.0)
    check(not [item for item in door.rejected if item.reason != "overloaded"], "a collector's key may publish transactions")
    time.sleep(3)
    check(balances(concordat) == after, "nothing is paid twice")
    door.close()
    ear.close()
    said(f"55  {len(frames) * 3} frames said again under a stolen key pay nothing twice")


def balances(concordat):
    return sorted((row["chain"], row["asset"], row["amount"]) for name in ("alice", "client-01") for row in json.loads(concordat.run("balance", name, "--json")))


def large(context, concordat, network):
    """Case 56: frames beyond the bound, and subscriptions without end."""
    number = process(concordat, "bus@alpha")
    before = resident(number)
    # The key of the tap that looks at alarms stays good.
    concordat.run("keys", "add", "tap-many")
    tap = Attacker.with_key_of(context, network, "alpha", "tap-many")
    until(lambda: comes_in(tap), 5, "an added key comes in")
    door = tap.door()
    door.hello()
    monitor = door.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    door.socket.send(bytes(9 << 20))
    check(bool(monitor.poll(5_000)), "a frame beyond the bound ends the connection")
    door.socket.disable_monitor()
    door.close()
    long = tap.ear([b"x" * 5_000])
    check(heard(long, 1.0) == [], "a subscription beyond the bound ends the connection")
    long.close()
    ear = tap.ear([b""])
    time.sleep(0.3)
    # As on a busy machine: all of them are there before the bus looks at the first.
    os.kill(number, signal.SIGSTOP)
    try:
        for index in range(100_000):
            ear.subscribe(b"final.%d.%s" % (index, b"y" * 60))
        time.sleep(0.3)
    finally:
        os.kill(number, signal.SIGCONT)
    until(lambda: alarms(concordat).get("cut_off", {}).get("times", 0) >= 2, 20, "who subscribes without end is cut off")
    until(lambda: not heard(ear, 4.0), 20, "and hears nothing any more")
    ear.close()
    grown = resident(number) - before
    check(number == process(concordat, "bus@alpha") and grown < 64 << 20, f"the bus has grown by {grown >> 20} MiB")
    said(f"56  9 MiB in a frame, a topic of 5,000 bytes and 100,000 subscriptions end the connection; the bus has grown by {grown >> 20} MiB")


def revoke(context, concordat, network):
    """A key that is taken away while the buses run."""
    concordat.run("keys", "add", "tap-gone")
    tap = Attacker.with_key_of(context, network, "beta", "tap-gone")
    until(lambda: comes_in(tap), 5, "an added key comes in")
    ear, door = tap.ear(), tap.door()
    door.hello()
    check(heard(ear, 4.0), "and hears")
    concordat.run("keys", "revoke", "tap-gone")
    until(lambda: not heard(ear, 4.0), 20, "a revoked key hears nothing any more, on the connection that it has")
    check(not comes_in(tap), "and does not come in again")
    door.close()
    ear.close()
    concordat.run("keys", "rotate", "collector.alpha@alpha-2")
    until(lambda: subprocess.run([concordat.path, "status", "--data", concordat.folder], capture_output=True).returncode == 0, 20, "the role is back with its new key")
    said("    keys are added, revoked and rotated while payments run; a revoked one hears and says nothing from then on")


def main():
    concordat = Concordat(sys.argv[1])
    context = zmq.Context()
    try:
        concordat.run("init", "--port-base", "0", "--nodes", "2", "--notaries", "1")
        network = Network(concordat.folder)
        concordat.run("up", "--detach")
        stranger(context, network)
        overstep(context, concordat, network)
        slow(context, concordat, network)
        restart(context, concordat, network)
        replay(context, concordat, network)
        revoke(context, concordat, network)
        large(context, concordat, network)
        concordat.run("pay", "--file", str(payments(concordat)))
        concordat.stop()
        concordat.run("audit")
        said("payments go on all the while, and the audit is clean")
    finally:
        concordat.stop()
        shutil.rmtree(concordat.home, ignore_errors=True)
        context.destroy(linger=0)
    print("attacks: all survived")


if __name__ == "__main__":
    try:
        main()
    except (AssertionError, Refused) as error:
        sys.exit(f"attacks: {type(error).__name__}: {error}")
