"""Connections to a bus: the members' or clients' door, and the fan-out (docs/bus.md)."""
import time

import zmq

from schema import bus, decode


class Refused(Exception):
    """The bus said no, or said nothing."""


class Door:
    """A DEALER at one of the doors. Its key decides what it may do."""

    def __init__(self, context, network, endpoint, server_key, public, secret, name):
        self.network = network
        self.name = name
        self.heads = {}
        self.pushed = []
        self.rejected = []
        self.backfilled = []
        self.replies = {}
        self.last_call = 0
        self.socket = context.socket(zmq.DEALER)
        curve(self.socket, server_key, public, secret)
        self.socket.connect(endpoint)

    def hello(self, seconds=5.0):
        """Joins; returns the Welcome."""
        self.welcome = None
        self._send(hello=bus.Hello(name=self.name, version=1, network=self.network.id, attempt=1))
        self._until(lambda: self.welcome or self.rejected, seconds)
        if not self.welcome:
            raise Refused(self.rejected[-1].reason if self.rejected else "no answer")
        return self.welcome

    def call(self, service, request, seconds=10.0):
        """A request to a service; returns the body of its answer."""
        self.last_call += 1
        number = self.last_call
        self._send(call=bus.Call(id=number, service=service, body=request.SerializeToString(), timeout_milliseconds=int(seconds * 1000)))
        self._until(lambda: number in self.replies, seconds + 1)
        reply = self.replies.pop(number, None)
        if reply is None or reply.error:
            raise Refused(reply.error if reply else "no answer")
        return reply.body

    def publish(self, topic, body):
        self._send(publish=bus.Publish(number=1, topic=topic, body=body))

    def backfill(self, topic, site, epoch, first, last, seconds=10.0):
        """Frames of a stream again; returns the answer."""
        self.backfilled.clear()
        self._send(backfill=bus.Backfill(topic=topic, site=site, boot_epoch=epoch, **{"from": first}, through=last))
        self._until(lambda: self.backfilled, seconds)
        if not self.backfilled:
            raise Refused("no answer to a backfill")
        return self.backfilled[-1]

    def wait(self, seconds):
        """Takes in what comes."""
        if self.socket.poll(int(seconds * 1000)):
            while self.socket.poll(0):
                self._take(decode(bus.FromBus, self.socket.recv()))

    def close(self):
        self.socket.close(linger=200)

    def _until(self, condition, seconds):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            self.wait(0.05)

    def _send(self, **frame):
        self.socket.send(bus.ToBus(**frame).SerializeToString())

    def _take(self, message):
        kind = message.WhichOneof("frame")
        value = getattr(message, kind)
        if kind == "welcome":
            self.welcome = value
        elif kind == "reply":
            self.replies[value.id] = value
        elif kind == "push":
            self.pushed.append(value)
        elif kind == "rejected":
            self.rejected.append(value)
        elif kind == "backfilled":
            self.backfilled.append(value)


def curve(socket, server_key, public, secret):
    socket.curve_serverkey = server_key.encode()
    socket.curve_publickey = public
    socket.curve_secretkey = secret
    socket.linger = 0
