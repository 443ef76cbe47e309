"""A client: signs payments, hands them in through the clients' door, confirms as a receiver, and follows them to their end."""
import struct
import time

import zmq

from busdoor import Door, Refused
from chainwork import domain_hash, key_of
from schema import decode, ledger, messages

STATES = messages.Status.State


class Client:
    """An account's device at the site of a chain, with a transport key made for the occasion."""

    def __init__(self, context, network, chain, account):
        public, secret = zmq.curve_keypair()
        self.network, self.chain, self.account = network, chain, account
        self.key = bytes(account.verify_key)
        site = network.sites[next(entry for entry in network.file["chains"] if entry["id"] == chain)["nodes"][0]["site"]]
        self.door = Door(context, network, site["endpoints"]["clients"], site["key"], public, secret, "python")
        self.door.hello()

    def ask(self, **request):
        body = self.door.call(f"collector.{self.chain}", messages.Request(**request))
        response = decode(messages.Response, body)
        kind = response.WhichOneof("response")
        if kind == "failure":
            raise Refused(f"{response.failure.reason}: {response.failure.detail}")
        return getattr(response, kind)

    def submit(self, transaction):
        result = self.ask(submit=messages.Submit(transaction=transaction.SerializeToString(deterministic=True)))
        if not result.accepted:
            raise Refused(f"{result.reason}: {result.detail}")
        return result.id

    def follow(self, name, wanted, seconds=30.0):
        """Asks until a transaction or cross transaction has reached a state."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = self.ask(status=messages.StatusQuery(id=name))
            if status.state == wanted:
                return status
            time.sleep(0.05)
        raise Refused(f"still {STATES.Name(status.state)} {status.reason}, not {STATES.Name(wanted)}")

    def transfer(self, receiver, asset, amount):
        """A signed transfer within the chain, and its id."""
        nonce = self.ask(account=messages.AccountQuery(account=self.key)).nonce_base
        body = ledger.TransferBody(chain=self.chain, sender=self.key, receiver=receiver, asset=asset, amount=amount, nonce=nonce, memo="from Python")
        data = body.SerializeToString(deterministic=True)
        signed = ledger.Transfer(body=data, signature=self.network.signature(self.account, "transfer", data))
        return ledger.Transaction(transfer=signed), domain_hash("transaction", bytes([2]) + self.network.id + data)

    def exchange(self, receiver, amount, deadline_seconds=60):
        """A cross payment under the first contract, from its first side; the transaction and its xid."""
        contract = self.network.file["contracts"][0]
        first, second = contract["sides"]
        bought = amount * contract["rate"]["numerator"] // contract["rate"]["denominator"]
        now = self.ask(account=messages.AccountQuery(account=self.key)).time_milliseconds
        body = ledger.CrossBody(
            initiator=self.key, contract=contract["id"], contract_version=contract["version"],
            legs=[
                ledger.Leg(chain=first["chain"], debit=self.key, credit=key_of(first["reserve"]), asset=first["asset"], amount=amount),
                ledger.Leg(chain=second["chain"], debit=key_of(second["reserve"]), credit=receiver, asset=second["asset"], amount=bought),
            ],
            deadline_milliseconds=max(now, int(time.time() * 1000)) + deadline_seconds * 1000, nonce=time.time_ns(), memo="from Python")
        data = body.SerializeToString(deterministic=True)
        cross = ledger.SignedCross(
            body=data, authorizations=[ledger.Authorization(key=self.key, signature=self.network.signature(self.account, "cross", data))])
        return ledger.Transaction(open=ledger.Open(cross=cross)), domain_hash("xid", self.network.id + data)

    def watch(self):
        """Asks for news of the account at every collector of the chain: any of them may hear of a leg first."""
        now = int(time.time() * 1000)
        signature = self.network.signature(self.account, "watch", self.key + struct.pack(">Q", now))
        assert self.ask(watch=messages.Watch(account=self.key, signature=signature, time_milliseconds=now)).watching

    def confirm_next(self, xid, seconds=20.0):
        """Waits until the leg is pushed to this device, and confirms it (S870, S880)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.door.wait(0.05)
            for push in self.door.pushed:
                notice = decode(messages.Notice, push.body)
                if notice.WhichOneof("notice") != "leg" or domain_hash("xid", self.network.id + notice.leg.cross.body) != xid:
                    continue
                authorization = ledger.Authorization(key=self.key, signature=self.network.signature(self.account, "confirm", xid))
                result = self.ask(answer=messages.Answer(xid=xid, confirmed=True, authorization=authorization))
                if result.accepted:
                    return
            time.sleep(0.05)
        raise Refused("the leg was never pushed, or nobody took the confirmation")

    def close(self):
        self.door.close()
