"""A load harness in another language: an open loop of transfers within a chain, timed from when each was to be sent.

    python load_harness.py FOLDER --from alice --to client-01 --rate 20 --seconds 10
    python load_harness.py FOLDER --from alice --to client-01 --sign 200 > examples/load/signed.json
"""
import argparse
import base64
import json
import random
import time

import zmq

from chainwork import Network, domain_hash
from schema import bus, decode, ledger, messages
from wallet import STATES, Client

# Beyond so many transfers of one account that are not final, a chain refuses more.
NONCE_WINDOW = 256


class Payer(Client):
    """A client that signs many transfers without asking in between."""

    def __init__(self, context, network, chain, name, receiver, asset):
        super().__init__(context, network, chain, network.account(name))
        self.receiver, self.asset = receiver, asset
        self.nonce = self.ask(account=messages.AccountQuery(account=self.key)).nonce_base

    def next_transfer(self):
        """A signed transfer of 1, and its id."""
        body = ledger.TransferBody(
            chain=self.chain, sender=self.key, receiver=self.receiver, asset=self.asset, amount=1, nonce=self.nonce, memo="from a harness")
        self.nonce += 1
        data = body.SerializeToString(deterministic=True)
        signed = ledger.Transfer(body=data, signature=self.network.signature(self.account, "transfer", data))
        return ledger.Transaction(transfer=signed), domain_hash("transaction", bytes([2]) + self.network.id + data)

    def begin(self, transaction):
        """Hands a transfer in without waiting; returns the number of the call."""
        request = messages.Request(submit=messages.Submit(transaction=transaction.SerializeToString(deterministic=True)))
        self.door.last_call += 1
        self.door._send(
            call=bus.Call(id=self.door.last_call, service=f"collector.{self.chain}", body=request.SerializeToString(), timeout_milliseconds=5_000))
        return self.door.last_call


class Run:
    """One run: what was scheduled, and when each payment was accepted and final, in seconds from its scheduled send."""

    def __init__(self, payer):
        self.payer = payer
        self.scheduled, self.accepted, self.final, self.refused = {}, {}, {}, {}
        self.calls = {}

    def send(self, rate, seconds, seed):
        """Poisson arrivals: the next one does not wait for the last one's answer."""
        draw = random.Random(seed)
        start = time.monotonic()
        due = start + draw.expovariate(rate)
        while due < start + seconds:
            self.hear(max(0.0, min(0.02, due - time.monotonic())))
            if time.monotonic() < due or len(self.scheduled) - len(self.final) - len(self.refused) >= NONCE_WINDOW:
                continue
            transaction, name = self.payer.next_transfer()
            self.scheduled[name] = due
            self.calls[self.payer.begin(transaction)] = name
            due += draw.expovariate(rate)

    def hear(self, seconds):
        """Takes in answers, and what the collectors push."""
        door = self.payer.door
        door.wait(seconds)
        now = time.monotonic()
        for number in [number for number in door.replies if number in self.calls]:
            name, reply = self.calls.pop(number), door.replies.pop(number)
            result = None if reply.error else decode(messages.Response, reply.body)
            if result and result.WhichOneof("response") == "submit" and result.submit.accepted:
                self.accepted[name] = now - self.scheduled[name]
            else:
                self.refused[name] = reply.error or str(result)
        for push in door.pushed:
            notice = decode(messages.Notice, push.body)
            if notice.WhichOneof("notice") == "status" and notice.status.state == STATES.STATE_FINAL and notice.status.id in self.scheduled:
                self.final.setdefault(notice.status.id, now - self.scheduled[notice.status.id])
        door.pushed.clear()

    def wait(self, seconds):
        """What was not pushed is asked for, until all is final."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.final) + len(self.refused) < len(self.scheduled):
            self.hear(0.1)
            for name in [name for name in self.scheduled if name not in self.final and name not in self.refused][:20]:
                if self.payer.ask(status=messages.StatusQuery(id=name)).state == STATES.STATE_FINAL:
                    self.final.setdefault(name, time.monotonic() - self.scheduled[name])

    def report(self):
        def percentile(values, share):
            ordered = sorted(values)
            return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 4) if ordered else None

        marks = {"accepted": self.accepted.values(), "final": self.final.values()}
        return {
            "scheduled": len(self.scheduled), "accepted": len(self.accepted), "final": len(self.final), "refused": len(self.refused),
            "seconds": {mark: {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99)} for mark, values in marks.items()},
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--chain", default="alpha")
    parser.add_argument("--asset", default="X")
    parser.add_argument("--from", dest="payer", default="alice")
    parser.add_argument("--to", dest="payee", default="client-01")
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sign", type=int, help="sign so many and print them, instead of handing them in")
    options = parser.parse_args()
    network = Network(options.folder)
    payer = Payer(zmq.Context(), network, options.chain, options.payer, bytes(network.account(options.payee).verify_key), options.asset)
    if options.sign:
        signed = (payer.next_transfer() for _ in range(options.sign))
        print(json.dumps([
            {"chain": options.chain, "id": name.hex(), "transaction": base64.b64encode(transaction.SerializeToString(deterministic=True)).decode()}
            for transaction, name in signed
        ]))
        return
    payer.watch()
    run = Run(payer)
    run.send(options.rate, options.seconds, options.seed)
    run.wait(30)
    print(json.dumps(run.report()))


if __name__ == "__main__":
    main()
