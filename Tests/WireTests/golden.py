#!/usr/bin/env python3
"""Writes golden.txt: fixed examples of every structure that is hashed or signed, made without any code of the project.

Only the schema and docs/protocol.md are used: fields are encoded by hand, hashes are hashlib's, signatures those of the
PyPI package cryptography. Run it after a deliberate change of the protocol:  python3 Tests/WireTests/golden.py
"""
import hashlib
import pathlib
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LINES = []


def say(name, content):
    LINES.append(f"{name} {content.hex()}")
    return content


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def message(*fields):
    """Fields as (number, value): bytes and text length-delimited, numbers as varints; empty scalars are left out."""
    out = b""
    for number, value in fields:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                item = item.encode()
            if isinstance(item, int):
                if item:
                    out += varint(number << 3) + varint(item)
            elif isinstance(item, Sub):
                out += varint(number << 3 | 2) + varint(len(item.content)) + item.content
            elif item or isinstance(value, list):
                out += varint(number << 3 | 2) + varint(len(item)) + item
    return out


class Sub:
    """A message inside a message: present even when it is empty."""

    def __init__(self, content):
        self.content = content


def digest(content):
    return hashlib.blake2b(content, digest_size=32).digest()


def tag(name):
    return b"concordat/1/" + name.encode() + b"\0"


def hashed(name, content):
    return digest(tag(name) + content)


class Key:
    def __init__(self, number):
        self.secret = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.public = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, name, payload):
        return self.secret.sign(tag(name) + NETWORK + payload)


def u64(number):
    return number.to_bytes(8, "big")


def padded(name):
    return name.encode().ljust(32, b"\0")


NETWORK = say("network", hashed("network", b"golden example"))
alice, bob, reserve_a, reserve_b = Key(1), Key(2), Key(3), Key(4)
nodes = [Key(16 + i) for i in range(4)]
notaries = [Key(32 + i) for i in range(4)]

say("genesis_hash", hashed("genesis", NETWORK + b"alpha"))


def transaction_id(kind, content):
    return hashed("transaction", bytes([kind]) + NETWORK + content)


def transaction(name, kind, content):
    return say(name, message((kind, Sub(content))))


# Register
body = message((1, "alpha"), (2, alice.public))
transaction("register", 1, message((1, body), (2, alice.sign("register", body))))
say("register_id", transaction_id(1, body))

# Transfer
body = message((1, "alpha"), (2, alice.public), (3, bob.public), (4, "X"), (5, 1000), (6, 7), (7, "lunch"))
transfer = transaction("transfer", 2, message((1, body), (2, alice.sign("transfer", body))))
say("transfer_id", transaction_id(2, body))

# Cross transaction
def leg(chain, debit, credit, asset, amount):
    return Sub(message((1, chain), (2, debit.public), (3, credit.public), (4, asset), (5, amount)))


cross_body = say("cross_body", message(
    (1, alice.public), (2, "alpha-beta"), (3, 1),
    (4, [leg("alpha", alice, reserve_a, "X", 10), leg("beta", reserve_b, bob, "Y", 100)]),
    (5, 1700000060000), (6, 5), (7, "rent")))
xid = say("xid", hashed("xid", NETWORK + cross_body))


def authorization(key, name, payload):
    return Sub(message((1, key.public), (2, key.sign(name, payload))))


cross = Sub(message((1, cross_body), (2, [authorization(alice, "cross", cross_body)])))
transaction("open", 3, message((1, cross)))
say("open_id", transaction_id(3, b"alpha" + xid))

# Evidence: a value under two siblings, and an absence beside another leaf
block_a, block_b = digest(b"block a"), digest(b"block b")
present = Sub(message((1, block_a), (2, Sub(message((1, b"entry"), (2, [digest(b"s0"), bytes(32)]))))))
absent = Sub(message((1, block_b), (2, Sub(message((2, [digest(b"s1")]), (3, digest(b"key")), (4, digest(b"value")))))))
transaction("confirm", 4, message((1, cross), (2, [authorization(bob, "confirm", xid)]), (3, [present])))
say("confirm_id", transaction_id(4, b"beta" + xid))
transaction("refuse", 5, message((1, cross), (2, "no thanks"), (3, authorization(bob, "refuse", xid + b"no thanks"))))
say("refuse_id", transaction_id(5, b"beta" + xid))
transaction("cancel", 6, message((1, cross), (2, authorization(alice, "cancel", xid))))
say("cancel_id", transaction_id(6, b"beta" + xid))
settle = transaction("settle", 7, message((1, xid), (2, present)))
say("settle_id", transaction_id(7, b"alpha" + xid))
transaction("refund", 8, message((1, xid), (2, absent)))
say("refund_id", transaction_id(8, b"alpha" + xid))

# Transactions root: three leaves, the last one moves up
leaves = [digest(b"\0" + transfer + b"\0"), digest(b"\0" + transfer + b"\1"), digest(b"\0" + settle + b"\0")]
root = say("transactions_root", digest(b"\1" + digest(b"\1" + leaves[0] + leaves[1]) + leaves[2]))
say("foreign_root", hashed("foreign", block_a + block_b))

# Headers
genesis = hashed("genesis", NETWORK + b"alpha")
header = say("header", message(
    (1, "alpha"), (2, 1), (4, 3), (5, genesis), (7, 1700000001000), (8, root), (9, 3), (10, bytes(32)), (11, digest(b"state")),
    (12, 2), (13, digest(b"notary head")), (14, nodes[2].public)))
block_hash = say("block_hash", hashed("block", header))
signature = say("candidate_signature", nodes[2].sign("candidate", header))
child = message(
    (1, "alpha"), (2, 2), (4, 4), (5, block_hash), (6, 3), (7, 1700000002000), (8, bytes(32)), (10, bytes(32)),
    (11, digest(b"state")), (13, bytes(32)), (14, nodes[3].public))
child_hash = hashed("block", child)

# Statements
say("vote_statement", padded("alpha") + u64(0) + u64(3) + bytes([1]) + block_hash)
skip = say("skip_statement", padded("alpha") + u64(0) + u64(3) + bytes([2]) + bytes(32))
final = padded("alpha") + u64(0) + u64(4) + bytes([3]) + child_hash
notary = say("notary_statement", padded("alpha") + u64(0) + u64(3) + u64(1) + block_hash)
say("vote", message((1, "alpha"), (3, 3), (4, 2), (5, bytes(32)), (6, nodes[0].public), (7, nodes[0].sign("vote", skip))))

# Certificates: members 0, 1 and 3 of four; the finality certificate names the child
notary_certificate = Sub(message((2, b"\x0b"), (3, [notaries[i].sign("notary", notary) for i in (0, 1, 3)])))
certificate = say("certificate", message(
    (1, "alpha"), (3, 4), (4, 3), (5, child_hash), (6, b"\x0b"), (7, [nodes[i].sign("vote", final) for i in (0, 1, 3)])))
final_header = say("final_header", message(
    (1, header), (2, signature), (3, notary_certificate), (4, Sub(certificate)), (5, [child])))
transaction("record", 9, message((1, Sub(final_header)), (2, [Sub(message((1, xid), (2, 3), (3, ["alpha", "beta"])))])))
say("record_id", transaction_id(9, block_hash))

# Election: notary-1 takes a new key, an alpha node approves of two notary nodes
body = message((1, "notary-1"), (2, notaries[0].public), (3, bob.public), (5, 9))
transaction("candidacy", 15, message(
    (1, body), (2, notaries[0].sign("candidacy", body)), (3, bob.sign("candidacy-key", body))))
say("candidacy_id", transaction_id(15, body))
body = message((1, "notary-1"), (2, notaries[0].public), (3, notaries[0].public), (4, 1), (5, 10))
transaction("withdrawal", 15, message(
    (1, body), (2, notaries[0].sign("candidacy", body)), (3, notaries[0].sign("candidacy-key", body))))
say("withdrawal_id", transaction_id(15, body))
body = message((1, "alpha"), (2, nodes[0].public), (3, ["notary-1", "notary-5"]), (4, 3))
ballot = transaction("ballot", 16, message((1, body), (2, nodes[0].sign("ballot", body))))
say("ballot_id", transaction_id(16, body))
say("candidacy_entry", padded("notary-1") + bob.public + u64(9) + b"\0")
say("ballot_entry", padded("alpha") + nodes[0].public + u64(3) + b"\0\2" + padded("notary-1") + padded("notary-5"))

body = message((1, "alpha"), (2, notaries[1].public), (3, 6))
transaction("closing", 17, message((1, body), (2, notaries[1].sign("closing", body))))
say("closing_id", transaction_id(17, body))
say("closing_entry", padded("alpha") + u64(6) + b"\0\2" + padded("notary-1") + padded("notary-2"))

# Contracts: alice declares 3 Y of beta for 1 X of alpha, through a node of alpha; alpha takes it in
body = message(
    (1, "bureau"), (2, 2), (3, Sub(message((1, "alpha"), (2, "X")))), (4, Sub(message((1, "beta"), (2, "Y")))), (5, 3), (6, 1), (7, 1), (8, 5000),
    (9, 60000), (10, alice.public))
transaction("deploy", 18, message(
    (1, body), (2, alice.sign("deploy", body)), (3, nodes[1].public), (4, nodes[1].sign("sponsor", body))))
say("deploy_id", transaction_id(18, body))
contract_name = padded("bureau") + (2).to_bytes(4, "big")
contract_entry = say("contract_entry", u64(7) + nodes[1].public + body)
say("contract_reserve", hashed("reserve", NETWORK + padded("alpha") + b"bureau"))
contract_proof = Sub(message((1, contract_entry), (2, [digest(b"s0"), digest(b"s1")])))
contract_evidence = Sub(message((1, digest(b"notary block")), (2, contract_proof)))
transaction("adopt", 19, message((1, "bureau"), (2, 2), (3, contract_evidence)))
say("adopt_id", transaction_id(19, b"alpha" + contract_name))
say("contract_query", message((62, Sub(message((1, "bureau"), (2, 2))))))
say("fetch_contracts", message((63, Sub(message((1, 5), (2, 256))))))
say("sponsor", message((64, Sub(message((1, body), (2, alice.sign("deploy", body)))))))
say("contracts", message((63, Sub(message((1, [contract_entry]), (2, 6))))))

# A peg: alice locks X of alpha for bob on beta, bob brings some of it back; two of the notaries' keys are its members
body = message((1, "alpha"), (2, alice.public), (3, "vault"), (4, 2), (5, 500), (6, bob.public), (7, 21), (8, "to beta"))
transaction("lock", 20, message((1, body), (2, alice.sign("lock", body))))
lock_id = say("lock_id", transaction_id(20, body))
body = message((1, "beta"), (2, bob.public), (3, "vault"), (4, 2), (5, 200), (6, alice.public), (7, 22))
transaction("redeem", 22, message((1, body), (2, bob.sign("redeem", body))))
redeem_id = say("redeem_id", transaction_id(22, body))
vault = padded("vault") + (2).to_bytes(4, "big")
locked_item = say("locked_item", b"\1" + vault + lock_id + alice.public + bob.public + u64(500) + u64(12) + u64(1700000004000))
redeemed_item = say("redeemed_item", b"\3" + vault + redeem_id + bob.public + alice.public + u64(200) + u64(12) + u64(1700000004000))
say("lane_entry", padded("vault") + u64(300))
meter_entry = say("meter_entry", padded("vault") + padded("X") + b"".join(u64(n) for n in (700, 59999, 1700000004000, 3, 2, 1, 0, 1700000005000, 0, 4)))
members = sorted(notaries[:2], key=lambda member: member.public)


def bridge_proof(order, item, origin, attested):
    evidence = Sub(message((1, block_hash), (2, Sub(message((1, item), (2, [digest(b"s0"), digest(b"s1")]))))))
    attestations = [Sub(message((1, member.public), (2, member.sign("attest", attested)))) for member in members]
    return message((1, "vault"), (2, 2), (3, origin), (4, order), (5, evidence), (6, attestations))


attested = say("attested", vault + b"\1" + padded("alpha") + lock_id + alice.public + bob.public + u64(500))
issue = bridge_proof(lock_id, locked_item, "alpha", attested)
transaction("issue", 21, issue)
say("issue_id", transaction_id(21, b"beta" + vault + lock_id))
release = bridge_proof(redeem_id, redeemed_item, "beta", vault + b"\3" + padded("beta") + redeem_id + bob.public + alice.public + u64(200))
transaction("release", 23, release)
say("release_id", transaction_id(23, b"alpha" + vault + redeem_id))
peg = Sub(message((1, sorted(member.public for member in notaries)), (2, 2), (3, sorted(node.public for node in nodes)), (4, 1)))
say("peg_terms", message(
    (1, "vault"), (2, 2), (3, Sub(message((1, "alpha"), (2, "X")))), (4, Sub(message((1, "beta"), (2, "alpha/X")))), (5, 1), (6, 1), (7, 1), (8, 5000),
    (10, alice.public), (11, peg),
    (12, Sub(message((1, Sub(message((1, 900), (2, 60000)))), (2, Sub(message((1, 400), (2, 30000), (3, 1))))))),
    (13, Sub(message((1, Sub(message((1, 800), (2, 3600000), (3, 1)))))))))
say("bridge_query", message((65, Sub(message((1, "vault"), (2, 3), (3, 7), (4, lock_id))))))
say("bridge_orders_query", message((65, Sub(message((1, "vault"), (2, 2), (4, bytes(32)), (5, [lock_id, redeem_id]))))))
say("bridge_proof_query", message((66, Sub(message((1, "vault"), (2, 1), (3, lock_id))))))
say("bridge_state", message((65, Sub(message((1, 2), (2, 14), (3, 300), (4, 40), (5, [redeemed_item]))))))
say("no_bridge", message((65, Sub(message((2, 14))))))
say("attested_answer", message((67, Sub(message((1, 1), (2, 2))))))

# Stake: bob puts 500 behind alpha-2 and takes 200 back
for name, kind, amount, nonce in (("bond", 13, 500, 11), ("unbond", 14, 200, 12)):
    body = message((1, "alpha"), (2, bob.public), (3, "alpha-2"), (4, amount), (5, nonce))
    transaction(name, kind, message((1, body), (2, bob.sign(name, body))))
    say(name + "_id", transaction_id(kind, body))

# Mined chains: alpha's first block as a miner finds it, by the smallest nonce that meets the target
WORK_TARGET = (1 << 58) - 1
template = [
    (1, "alpha"), (2, 1), (4, 1), (5, genesis), (7, 1700000001000), (8, bytes(32)), (10, bytes(32)), (11, digest(b"state")),
    (12, 2), (13, digest(b"notary head")), (14, nodes[2].public), (15, WORK_TARGET)]
nonce = 1
while int.from_bytes(hashed("block", message(*template, (16, nonce)))[:8], "big") > WORK_TARGET:
    nonce += 1
mined = say("mined_header", message(*template, (16, nonce)))
mined_hash = say("mined_hash", hashed("block", mined))
mined_signature = nodes[2].sign("candidate", mined)
statement = padded("alpha") + u64(0) + u64(1) + u64(1) + mined_hash
mined_notary = Sub(message((2, b"\x0d"), (3, [notaries[i].sign("notary", statement) for i in (0, 2, 3)])))

# What makes it final: a record, and then a final notary block in whose state it is the recorded head
mined_crosses = [Sub(message((1, xid), (2, 3), (3, ["alpha", "beta"])))]
mined_parts = ((1, mined), (2, mined_signature), (3, mined_notary))
transaction("mined_record", 9, message((1, Sub(message(*mined_parts))), (2, mined_crosses)))
say("mined_record_id", transaction_id(9, mined_hash))
notary_header = message(
    (1, "notary"), (2, 6), (4, 9), (5, digest(b"notary parent")), (6, 8), (7, 1700000003000), (8, bytes(32)), (10, bytes(32)),
    (11, digest(b"notary state")), (13, bytes(32)), (14, notaries[1].public))
statement = padded("notary") + u64(0) + u64(9) + bytes([3]) + hashed("block", notary_header)
notary_final = Sub(message(
    (1, notary_header), (2, notaries[1].sign("candidate", notary_header)),
    (4, Sub(message(
        (1, "notary"), (3, 9), (4, 3), (5, hashed("block", notary_header)), (6, b"\x0e"),
        (7, [notaries[i].sign("vote", statement) for i in (1, 2, 3)]))))))
head_entry = padded("alpha") + u64(1) + mined_hash + u64(1700000001000)
head = Sub(message((1, notary_final), (2, Sub(message((1, head_entry), (2, [digest(b"s0"), bytes(32), digest(b"s2")]))))))
say("mined_final", message(*mined_parts, (6, head)))
say("recorded", message((40, Sub(message((1, "alpha"), (2, head))))))
say("nothing_recorded", message((40, Sub(message((1, "alpha"))))))
say("fetch_recorded", message((40, Sub(message((1, "alpha"))))))
say("notarized", message((41, Sub(message(
    (1, "notary-1"), (2, Sub(message(*mined_parts))), (3, mined_crosses), (4, 1))))))

# A hand-over: alpha's block shows who votes in epoch 1
epoch_entry = u64(1) + digest(b"seed") + (1).to_bytes(2, "big") + padded("alpha-2") + nodes[1].public + u64(500) + bytes(2)
handover = Sub(message((1, "alpha"), (2, 1), (3, Sub(final_header)), (4, Sub(message((1, epoch_entry), (2, [digest(b"s0")]))))))
say("handover", handover.content)
say("published_handover", message((45, handover)))
say("nomination", message((55, Sub(message((1, ballot))))))


# Freeze and thaw: beta at height 7 by two notaries, gamma before its first record, and beta once more by three
def consent(chain, action, since, signers):
    payload = padded(chain) + bytes([action]) + u64(since)
    return [authorization(notaries[i], "consent", payload) for i in signers]


def status(name, kind, chain, since, *fields):
    transaction(name, kind, message((1, chain), *fields))
    say(name + "_id", transaction_id(kind, padded(chain) + u64(since)))


status("freeze", 11, "beta", 5, (2, 7), (3, block_b), (4, 5), (5, consent("beta", 1, 5, (0, 2))))
status("first_freeze", 11, "gamma", 0, (3, hashed("genesis", NETWORK + b"gamma")), (5, consent("gamma", 1, 0, (1, 3))))
status("thaw", 12, "beta", 9, (2, 9), (3, consent("beta", 2, 9, (0, 1, 3))))
wish = padded("beta") + bytes([3]) + u64(9)
status("leave", 29, "beta", 9, (2, 7), (3, block_b), (4, 9), (5, consent("beta", 3, 9, (0, 1, 2))),
       (6, [authorization(node, "consent", wish) for node in nodes[:3]]))
say("leave_consent", message((50, Sub(message((1, "beta"), (2, 1), (3, 9), (4, authorization(nodes[1], "consent", wish)), (5, 1))))))
status_entry = padded("beta") + b"\1" + u64(7) + block_b + u64(9)
frozen = Sub(message((1, digest(b"notary block")), (2, Sub(message((1, status_entry), (2, [digest(b"s0"), digest(b"s1")]))))))
transaction("frozen_refund", 8, message((1, xid), (2, absent), (3, frozen)))
say("frozen_refund_id", transaction_id(8, b"alpha" + xid))
wish = Sub(message((1, "beta"), (2, 1), (3, 5), (4, consent("beta", 1, 5, (0,))[0])))
say("consent", message((50, wish)))
say("published_consent", message((50, wish)))
say("thaw_consent", message((50, Sub(message((1, "beta"), (3, 9), (4, consent("beta", 2, 9, (3,))[0]))))))
say("leg_notice", message((17, Sub(message(
    (1, "alpha"), (2, 3), (3, cross), (4, [notary_final]), (5, [absent]), (6, "notary-1"), (7, frozen))))))
say("branch_head", message((19, Sub(message(
    (1, "notary-1"), (2, "beta"), (3, 8), (4, block_b), (5, [Sub(message((1, xid), (2, 7)))]), (6, 7), (7, 2))))))
body = ((1, "beta"), (2, 7), (3, 2))
say("release_query", message((52, Sub(message(*body, (4, notaries[0].sign("inner", message(*body))))))))
body = ((1, "beta"), (2, 7), (3, block_b), (4, 1), (5, 6), (6, digest(b"notary block")))
say("stand_query", message((53, Sub(message(*body, (7, notaries[0].sign("inner", message(*body))))))))
say("leave_query", message((53, Sub(message(*body, (7, notaries[0].sign("inner", message(*body, (8, 1)))), (8, 1))))))
say("frozen_query", message((54, Sub(message((1, "beta"))))))
say("chain_query", message((51, Sub(b""))))
say("chain_states", message((50, Sub(message((1, [
    Sub(message((1, "alpha"), (2, 1), (3, mined_hash), (6, 1700000001000))),
    Sub(message((1, "beta"), (2, 7), (3, block_b), (4, 1), (5, 9), (6, 1700000002000), (7, ["notary-1", "notary-3"]))),
    Sub(message((1, "gamma"), (2, 7), (3, block_b), (4, 1), (5, 9), (6, 1700000002000), (8, 1), (9, ["gamma-1", "notary-2"])))]))))))
say("granted", message((52, Sub(message((1, 1))))))
say("not_granted", message((52, Sub(b""))))
say("frozen_proof", message((54, Sub(message((1, notary_final), (2, Sub(message((1, status_entry), (2, [digest(b"s0")])))))))))

# Pauses: a contract by two notaries, an asset watched, a chain that goes on by three
def pause_consents(name, level, number, signers):
    return [authorization(notaries[i], "pause", name + bytes([level]) + u64(number)) for i in signers]


def target(**fields):
    return Sub(message((1, fields.get("chain", "")), (2, fields.get("contract", "")), (3, fields.get("asset", ""))))


on_contract = b"\2" + padded("vault") + bytes(32)
on_asset = b"\3" + padded("alpha") + padded("X")
on_chain = b"\1" + padded("beta") + bytes(32)
for name, kind, named, level, number, signers in (
        ("pause_contract", target(contract="vault"), on_contract, 2, 1, (0, 2)), ("watch_asset", target(chain="alpha", asset="X"), on_asset, 1, 4, (1, 3)),
        ("resume_chain", target(chain="beta"), on_chain, 0, 2, (0, 1, 3))):
    transaction(name, 24, message((1, kind), (2, level), (3, number), (4, pause_consents(named, level, number, signers))))
    say(name + "_id", transaction_id(24, named + bytes([level]) + u64(number)))
pause_entry = say("pause_entry", on_contract + b"\2" + u64(1) + u64(9) + u64(7))
pause_evidence = Sub(message((1, digest(b"notary block")), (2, Sub(message((1, pause_entry), (2, [digest(b"s0"), digest(b"s1")]))))))
transaction("heed", 25, message((1, target(contract="vault")), (2, 1), (3, pause_evidence)))
say("heed_id", transaction_id(25, b"alpha" + on_contract + u64(1)))
wish = Sub(message((1, target(contract="vault")), (2, 2), (3, 1), (4, pause_consents(on_contract, 2, 1, (0,))[0])))
say("pause_consent", message((69, wish)))
say("published_pause_consent", message((69, wish)))
say("pause_notice", message((68, Sub(message(
    (1, "alpha"), (2, target(contract="vault")), (3, notary_final), (4, pause_evidence), (5, "notary-1"))))))
say("pause_query", message((68, Sub(message((1, target(chain="alpha", asset="X")))))))
say("pauses_query", message((70, Sub(b""))))
say("brakes_query", message((71, Sub(b""))))
say("pause_proof", message((68, Sub(message((1, notary_final), (2, Sub(message((1, pause_entry), (2, [digest(b"s0")])))))))))
say("pauses", message((70, Sub(message((1, [
    Sub(message((1, target(contract="vault")), (2, 2), (3, 1), (4, 9), (5, [Sub(message((2, "notary-2")))]))),
    Sub(message((1, target(chain="beta")), (5, [Sub(message((1, 2), (2, "notary-1")))])))]))))))
say("brakes", message((71, Sub(message(
    (1, 14), (2, 1700000005000), (3, [meter_entry]), (4, [pause_entry]), (5, [Sub(message((1, xid), (2, "cap_reached"), (3, 50), (4, "vault")))]),
    (6, [Sub(message((1, "X"), (2, 50)))]))))))

# Headers and proofs for devices
say("fetch_headers", message((60, Sub(message((1, "alpha"), (2, 3), (3, 64))))))
say("fetch_account_proof", message((61, Sub(message((1, "beta"), (2, alice.public))))))
say("headers", message((60, Sub(message((1, [mined]), (2, notary_final), (3, 9))))))
say("no_headers", message((60, Sub(message((3, 4))))))
say("account_proof", message((61, Sub(message((1, Sub(final_header)), (2, Sub(message((1, status_entry), (2, [digest(b"s0")])))))))))

# Device
say("attest", message((67, Sub(message((1, Sub(issue)), (2, Sub(final_header)))))))
say("bridge_shown", message((66, Sub(message((1, Sub(final_header)), (2, Sub(message((1, locked_item), (2, [digest(b"s0")])))))))))
say("contract_proof", message((62, Sub(message((1, notary_final), (2, contract_proof))))))
say("contract_notice", message((62, Sub(message(
    (1, "alpha"), (2, "bureau"), (3, 2), (4, notary_final), (5, contract_evidence), (6, "notary-1"))))))

# A chain that joins: delta, mined by two nodes, admitted by three notaries; and one that votes by stake
delta = [Key(48), Key(49)]
body = say("chain_body", message(
    (1, "delta"), (2, "pow"), (3, 1700000000000),
    (4, [Sub(message((1, f"delta-{i + 1}"), (2, key.public))) for i, key in enumerate(delta)]),
    (5, [Sub(message((1, alice.public), (2, [Sub(message((1, "W"), (2, 70000)))])))]),
    (6, Sub(message((1, 500), (2, 9000), (3, 8), (4, 2))))))
say("staked_body", message(
    (1, "delta"), (2, "pos"), (3, 5), (4, [Sub(message((1, "delta-1"), (2, delta[0].public), (3, 400)))]),
    (7, Sub(message((1, 128), (2, 32)))), (8, Sub(message((1, "W"), (2, 100), (3, 60000), (4, 1), (5, 3))))))
signatures = [key.sign("join", body) for key in delta]
admissions = [authorization(notaries[i], "admit", digest(body)) for i in (0, 1, 3)]
transaction("join", 28, message((1, body), (2, signatures), (3, admissions)))
say("join_id", transaction_id(28, body))
chain_entry = say("chain_entry", b"\0\1" + u64(12) + u64(3) + body)
say("joined_genesis_hash", hashed("genesis", NETWORK + padded("delta") + digest(body)))
admission = Sub(message((1, body), (2, signatures), (3, admissions[0])))
joined = Sub(message((1, "delta"), (2, notary_final), (3, Sub(message((1, chain_entry), (2, [digest(b"s0")]))))))
say("admit", message((72, admission)))
say("join_query", message((73, Sub(b""))))
say("published_admission", message((70, admission)))
say("published_joined", message((71, joined)))
say("joins", message((73, Sub(message((1, [joined]), (2, [Sub(message((1, body), (2, [key.public for key in notaries[:2]])))]))))))
say("fetch_holds", message((74, Sub(message((1, "alpha"), (5, 64))))))
say("fetch_holds_after", message((74, Sub(message((1, "alpha"), (2, alice.public), (3, 7), (4, xid), (5, 9))))))
say("holds", message((74, Sub(message((1, [b"entry", b"another"]), (2, 70), (3, 12), (4, 1700000005000))))))
say("no_holds", message((74, Sub(message((3, 12), (4, 1700000005000))))))

say("watch_payload", alice.public + u64(1700000000000))
say("watch_signature", alice.sign("watch", alice.public + u64(1700000000000)))

pathlib.Path(__file__).with_name("golden.txt").write_text("\n".join(LINES) + "\n")
