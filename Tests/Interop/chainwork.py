"""Hashes, signatures, addresses, keys and the network's description, written from docs/protocol.md and docs/network.md."""
import hashlib
import json
import pathlib
import struct

import nacl.signing
import yaml

PREFIX = b"concordat/1/"
CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
TIMING = ["heartbeat", "skip", "standstill", "fetch", "republish", "leg_resend", "leg_resend_maximum", "candidate_resend", "beat"]

# Settings of a mined chain, in the order of the canonical description, with what stands for one that is not given.
WORK = {"interval_milliseconds": 1_000, "difficulty": 20_000, "window": 16, "confirmations": 1}


def blake(content):
    return hashlib.blake2b(content, digest_size=32).digest()


def domain_hash(domain, content):
    return blake(PREFIX + domain.encode() + b"\0" + content)


def padded(text):
    return text.encode().ljust(32, b"\0")


def _polymod(values):
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            if top >> bit & 1:
                checksum ^= generator
    return checksum


def key_of(address):
    """The public key of an address (bech32m, prefix cc)."""
    prefix, _, data = address.rpartition("1")
    values = [CHARACTERS.index(character) for character in data]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    assert prefix == "cc" and _polymod(expanded + values) == 0x2BC830A3, f"{address} is no address"
    number = 0
    for value in values[:-6]:
        number = number << 5 | value
    surplus = len(values[:-6]) * 5 - 256
    assert surplus >= 0 and number & ((1 << surplus) - 1) == 0, f"{address} has stray bits"
    return (number >> surplus).to_bytes(32, "big")


class Network:
    """A network.yaml, and the network id that follows from it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.file = yaml.safe_load((self.folder / "network.yaml").read_text())
        self.id = domain_hash("network", self._canonical())
        self.sites = {site["id"]: site for site in self.file["sites"]}
        # Chains that have joined since: bytes of their entries on the notary chain.
        files = [yaml.safe_load(path.read_text()) for path in sorted((self.folder / "joined").glob("*.yaml"))]
        self.joined = [bytes.fromhex(file["entry"]) for file in files if "entry" in file and file["network"] == self.id.hex()]

    def _canonical(self):
        def text(value):
            return struct.pack(">I", len(value.encode())) + value.encode()

        def chain(identifier, description):
            out = padded(identifier) + text(description.get("engine", "bft")) + struct.pack(">Q", self.file["genesis_time_milliseconds"])
            out += struct.pack(">I", len(description["nodes"]))
            for node in description["nodes"]:
                out += text(node["id"]) + key_of(node["key"])
            accounts = sorted((key_of(entry["account"]), entry["balances"] or {}) for entry in description.get("genesis", []))
            out += struct.pack(">I", len(accounts))
            for key, balances in accounts:
                out += key + struct.pack(">I", len(balances))
                for asset, amount in sorted(balances.items()):
                    out += padded(asset) + struct.pack(">Q", amount)
            if description.get("engine") == "pow":
                work = {**WORK, **(description.get("work") or {})}
                out += struct.pack(">QQQQ", *[work[name] for name in WORK])
            epochs = description.get("epochs")
            if epochs:
                out += struct.pack(">QQ", epochs["slots"], epochs["margin"])
            stake = description.get("stake")
            if stake:
                out += padded(stake["asset"])
                out += struct.pack(">QQQQ", *[stake[name] for name in ["minimum", "unbonding_milliseconds", "slash_numerator", "slash_denominator"]])
                for node in description["nodes"]:
                    out += struct.pack(">Q", node.get("stake", 0))
            if epochs and identifier == "notary":
                standby = description.get("standby", [])
                seats = epochs.get("seats", len(description["nodes"]))
                out += struct.pack(">QQI", seats, epochs.get("lead", 64), len(standby))
                for node in standby:
                    out += text(node["id"]) + key_of(node["key"])
            return out

        out = struct.pack(">I", self.file["version"])
        for name in TIMING:
            out += struct.pack(">Q", self.file["timing"][name + "_milliseconds"])
        out += chain("notary", self.file["notary"])
        chains = sorted(self.file["chains"], key=lambda entry: entry["id"])
        out += struct.pack(">I", len(chains))
        for entry in chains:
            out += chain(entry["id"], entry)
        contracts = sorted(self.file["contracts"], key=lambda entry: (entry["id"], entry["version"]))
        out += struct.pack(">I", len(contracts))
        for entry in contracts:
            out += text(entry["id"]) + struct.pack(">I", entry["version"])
            for side in entry["sides"]:
                out += padded(side["chain"]) + padded(side["asset"]) + key_of(side["reserve"])
            out += struct.pack(
                ">QQQQQ", entry["rate"]["numerator"], entry["rate"]["denominator"], entry["minimum"], entry["maximum"],
                entry["deadline_maximum_milliseconds"])
        return out

    def signature(self, account, domain, payload):
        """A signature of a domain: never valid for another purpose or network."""
        return account.sign(PREFIX + domain.encode() + b"\0" + self.id + payload).signature

    def account(self, name):
        """The signing key of an account of the folder."""
        entry = json.loads((self.folder / "wallets" / f"{name}.key").read_text())
        return nacl.signing.SigningKey(bytes.fromhex(entry["secret"]))


def frame_hash(topic, stamp, body):
    """BUS-5."""
    return blake(b"concordat/1/frame\0" + topic + b"\0" + stamp + blake(body))
