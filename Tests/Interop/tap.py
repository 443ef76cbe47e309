"""A tap: hears everything on every bus, decodes every frame, and proves that it missed none.

    python tap.py NETWORK_FOLDER SECONDS --public KEY --secret KEY --name NAME
"""
import argparse
import collections
import json
import sys
import threading
import time

import zmq
from zmq.utils import z85

from busdoor import Door, curve
from chainwork import Network, frame_hash
from schema import bus, decode, messages

# What may be heard on a topic, by the part of its name before the chain.
EXPECTED = {
    "tx": {"accepted"}, "candidate": {"candidate"}, "cert": {"verdict", "certified"}, "vote": {"vote", "certificate"}, "final": {"final"},
    "leg": {"leg"}, "confirm": {"confirm"}, "branch": {"branch"}, "lead": {"lead", "pool"}, "header": {"final"}, "alarm": {"alarm"},
    "evidence": {"evidence"}, "beat": {"beat"}, "record": {"record"},
}


class Incomplete(Exception):
    """A frame is missing, broken or unreadable."""


class BusTap(threading.Thread):
    """Everything that one bus fans out."""

    def __init__(self, network, site, name, public, secret):
        super().__init__(daemon=True)
        self.network, self.site, self.name_of_member = network, site, name
        self.public, self.secret = public, secret
        self.context = zmq.Context()
        self.frames = collections.defaultdict(dict)
        self.is_stopping = threading.Event()
        self.repaired = 0
        self.heard = 0
        self.fan_out = self.context.socket(zmq.SUB)
        curve(self.fan_out, site["key"], public, secret)
        self.fan_out.rcvhwm = 100_000
        self.fan_out.subscribe(b"")
        self.fan_out.connect(site["endpoints"]["publish"])
        self.door = self._door()
        self.door.hello()

    def _door(self):
        return Door(self.context, self.network, self.site["endpoints"]["members"], self.site["key"], self.public, self.secret, self.name_of_member)

    def run(self):
        while not self.is_stopping.is_set():
            if self.fan_out.poll(50):
                topic, stamp, body = self.fan_out.recv_multipart()
                self._keep(topic[:-1], stamp, body)
                self.heard += 1

    def _keep(self, topic, stamp_bytes, body):
        stamp = decode(bus.Stamp, stamp_bytes)
        self.frames[(topic, stamp.site, stamp.boot_epoch)].setdefault(stamp.sequence, (stamp, stamp_bytes, body))

    def finish(self):
        """Asks for the heads, fetches what was not heard, checks all streams; returns how many frames of what kinds there were."""
        self.is_stopping.set()
        self.join()
        self.door.close()
        self.door = self._door()
        welcome = self.door.hello()
        counts = collections.Counter()
        for head in welcome.heads:
            stream = (head.topic.encode(), head.site, head.boot_epoch)
            self._repair(stream, head)
            counts.update(self._check(stream, head))
        return counts

    def _repair(self, stream, head):
        frames = self.frames[stream]
        missing = [number for number in range(1, head.sequence + 1) if number not in frames]
        while missing:
            answer = self.door.backfill(head.topic, head.site, head.boot_epoch, missing[0], missing[-1])
            for frame in answer.frames:
                self._keep(frame.topic.encode(), frame.stamp, frame.body)
            left = [number for number in missing if number not in frames and number > answer.through]
            gone = [number for number in missing if number not in frames and number <= answer.through]
            if gone:
                raise Incomplete(f"{head.topic} of {head.site} at {self.site['id']}: frames {gone[:5]} are gone from the log")
            self.repaired += len(missing) - len(left)
            missing = left

    def _check(self, stream, head):
        topic = stream[0]
        where = f"{topic.decode()} of {stream[1]} at {self.site['id']}"
        previous = bytes(32)
        counts = collections.Counter()
        for number in range(1, head.sequence + 1):
            stamp, stamp_bytes, body = self.frames[stream][number]
            if stamp.previous != previous:
                raise Incomplete(f"{where}: frame {number} does not name the one before it")
            previous = frame_hash(topic, stamp_bytes, body)
            published = decode(messages.Published, body)
            kind = published.WhichOneof("message")
            if kind not in EXPECTED.get(topic.decode().split(".")[0], set()):
                raise Incomplete(f"{where}: frame {number} is a {kind}")
            counts[topic.decode(), kind] += 1
        if previous != head.hash:
            raise Incomplete(f"{where}: the newest frame is not the one that the bus names")
        return counts

    def close(self):
        self.door.close()
        self.fan_out.close(linger=0)
        self.context.term()


class Tap:
    """A tap on every bus of a network."""

    def __init__(self, network, name, public, secret):
        self.buses = [BusTap(network, site, name, public, secret) for site in network.sites.values()]
        for tap in self.buses:
            tap.start()

    def finish(self):
        """A summary; raises Incomplete when anything was missed."""
        result = {"buses": {}, "frames": 0, "missed": 0}
        for tap in self.buses:
            counts = tap.finish()
            result["buses"][tap.site["id"]] = {
                "frames": sum(counts.values()), "heard": tap.heard, "fetched": tap.repaired,
                "kinds": {f"{topic} {kind}": count for (topic, kind), count in sorted(counts.items())},
            }
            result["frames"] += sum(counts.values())
            tap.close()
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--name", default="tap-1")
    parser.add_argument("--public", help="Z85; by default from the folder's keys/transport/NAME.key")
    parser.add_argument("--secret", help="Z85")
    arguments = parser.parse_args()
    network = Network(arguments.folder)
    public, secret = arguments.public, arguments.secret
    if not secret:
        entry = json.loads((network.folder / "keys" / "transport" / f"{arguments.name}.key").read_text())
        public, secret = entry["public_key"], z85.encode(bytes.fromhex(entry["secret"])).decode()
    tap = Tap(network, arguments.name, public.encode(), secret.encode())
    time.sleep(arguments.seconds)
    print(json.dumps(tap.finish(), indent=2))


if __name__ == "__main__":
    try:
        main()
    except Incomplete as error:
        sys.exit(f"incomplete: {error}")
