"""Verifies receipts by network.yaml alone, written from docs/protocol.md: python receipt.py NETWORK.YAML FILE..."""
import pathlib
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chainwork import PREFIX, Network, blake, domain_hash, key_of, padded
from schema import Undecodable, decode, ledger, messages

ZERO = bytes(32)
OUTCOMES = {0: "applied", 1: "insufficient_funds", 2: "unknown_payee", 3: "unknown_payer", 4: "unknown_contract", 5: "terms_violated",
            6: "deadline_passed", 7: "deadline_too_far", 8: "already_exists", 9: "cross_already_ended", 10: "too_many_assets",
            18: "no_such_node", 19: "stake_short", 20: "stake_full"}
FINAL = 3


class Invalid(Exception):
    """The receipt is not to be believed."""


def demand(condition, sentence):
    if not condition:
        raise Invalid(sentence)


class Electorate:
    """K-2: members (node, key, weight) in voting order; `seed` where leaders are drawn by weight."""

    def __init__(self, members, seed=None):
        self.members, self.seed = members, seed
        self.total = sum(weight for _, _, weight in members)

    def leader(self, slot):
        if self.seed is None:
            return self.members[(slot - 1) % len(self.members)][1]
        place = int.from_bytes(domain_hash("leader", self.seed + struct.pack(">Q", slot))[:8], "big") % self.total
        for _, key, weight in self.members:
            if place < weight:
                return key
            place -= weight

    def demand_quorum(self, bitmap, signatures, message, what):
        """C-1 and C-2."""
        count = len(self.members)
        demand(len(bitmap) == (count + 7) // 8, f"{what}: the bitmap has the wrong length")
        signers = [i for i in range(len(bitmap) * 8) if bitmap[i // 8] >> (i % 8) & 1]
        demand(len(signers) == len(signatures) and all(i < count for i in signers), f"{what}: signers and signatures differ")
        demand(sum(self.members[i][2] for i in signers) >= 2 * self.total // 3 + 1, f"{what}: no quorum")
        for i, signature in zip(signers, signatures):
            demand_signature(self.members[i][1], signature, message, what)


def demand_signature(key, signature, message, what):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Invalid(f"{what}: a signature does not hold") from error


def canonical(kind, data, what):
    """H-4: exactly what an encoder of the schema writes."""
    try:
        message = decode(kind, data)
    except Undecodable as error:
        raise Invalid(f"{what}: {error}") from error
    demand(message.SerializeToString(deterministic=True) == data, f"{what} is not canonical")
    return message


class Chain:
    """What network.yaml says of one chain."""

    def __init__(self, identifier, entry):
        self.id = identifier
        self.engine = entry.get("engine", "bft")
        self.nodes = [(node["id"], key_of(node["key"]), node.get("stake", 0)) for node in entry["nodes"]] if "nodes" in entry else entry["members"]
        self.keys = {key for _, key, _ in self.nodes}
        self.epochs = entry.get("epochs")
        self.work = {"difficulty": 20_000, **(entry.get("work") or {})}
        if self.engine == "pos":
            minimum = entry["stake"]["minimum"]
            members = [(node, key, stake) for node, key, stake in self.nodes if stake >= minimum]
            self.first = Electorate(members, domain_hash("epoch-seed", identifier.encode()))
        else:
            self.first = Electorate([(node, key, 1) for node, key, _ in self.nodes])

    @staticmethod
    def joined(entry):
        """J-4: a chain that has joined, and the notary epoch that it begins with."""
        body = canonical(ledger.ChainBody, entry[18:], "a chain's description")
        description = {"engine": body.engine, "members": [(node.id, node.key, node.stake) for node in body.nodes]}
        if body.engine == "pow":
            description["work"] = {"difficulty": body.work.difficulty}
        if body.engine == "pos":
            description["epochs"] = {"slots": body.epochs.slots, "margin": body.epochs.margin}
            description["stake"] = {"minimum": body.stake.minimum}
        return Chain(body.id, description), int.from_bytes(entry[10:18], "big")

    def epoch(self, slot):
        return (slot - 1) // self.epochs["slots"] if self.epochs else 0

    def settled(self, slot):
        """K-1, K-3: the epoch that a block of this slot, past its cut, settles; 0 for none."""
        if not self.epochs:
            return 0
        epoch = self.epoch(slot)
        return epoch + 1 if slot > (epoch + 1) * self.epochs["slots"] - self.epochs["margin"] else 0


class Verifier:
    """Section 12 of docs/protocol.md, step by step."""

    def __init__(self, network):
        self.id = network.id
        self.chains = {"notary": Chain("notary", network.file["notary"])}
        self.chains.update((entry["id"], Chain(entry["id"], entry)) for entry in network.file["chains"])
        self.first_heights = {}
        for chain, epoch in map(Chain.joined, network.joined):
            self.chains[chain.id] = chain
            self.first_heights[chain.id] = [(epoch, 0)]
        self.electorates = {(name, 0): chain.first for name, chain in self.chains.items()}

    def verify(self, data):
        """The ending that a receipt shows, and whether the notary chain has recorded all of it; raises Invalid."""
        receipt = canonical(messages.Receipt, data, "the receipt")
        demand(len(receipt.id) == 32 and 0 < len(receipt.parts) <= 64, "it has an id and parts")
        for handover in receipt.handovers:
            self._learn(handover)
        shown = []
        for part in receipt.parts:
            transaction, name = self._part(part, receipt.id)
            demand((part.chain, name) not in [(chain, other) for chain, other, _, _ in shown], "a transaction is shown twice")
            shown.append((part.chain, name, transaction, part))
        recorded = all(part.record or chain == "notary" for chain, _, _, part in shown)
        return ending([(chain, transaction, part) for chain, _, transaction, part in shown]), recorded

    # One part

    def _part(self, part, wanted):
        demand(part.chain in self.chains and len(part.path) <= 256, "the chain is of the network")
        demand(part.HasField("final") and part.outcome in OUTCOMES, "a part has a final header and an outcome")
        header = self._final(part.final)
        demand(header.chain == part.chain, "the block is of the part's chain")
        transaction = canonical(ledger.Transaction, part.transaction, "the transaction")
        name, xid = self._names(transaction, part.chain)
        demand(wanted in (name, xid), "the transaction is the one that the receipt names")
        demand(leads(part.transaction, part.outcome, part.index, part.path, header), "the transaction is in the block")
        if not part.record:
            demand(part.record_index == 0 and not part.record_path and not part.HasField("record_final"), "there is a record, or nothing of it")
            return transaction, name
        demand(part.HasField("record_final"), "a record is in a block")
        notary = self._final(part.record_final)
        demand(notary.chain == "notary", "records are on the notary chain")
        record = canonical(ledger.Transaction, part.record, "the record")
        demand(record.WhichOneof("kind") == "record", "the record is a Record")
        demand(block_hash(record.record.final.header) == block_hash(part.final.header), "it records this block")
        demand(leads(part.record, 0, part.record_index, part.record_path, notary), "the record is in the notary block")
        return transaction, name

    def _names(self, transaction, chain):
        """H-5: the transaction's id, and its xid or None."""
        kind = transaction.WhichOneof("kind")
        demand(kind is not None, "a transaction has a kind")
        number = ledger.Transaction.DESCRIPTOR.fields_by_name[kind].number
        content = getattr(transaction, kind)
        xid = None
        if kind in ("open", "confirm", "refuse", "cancel"):
            xid = domain_hash("xid", self.id + content.cross.body)
        elif kind in ("settle", "refund"):
            xid = content.xid
        if xid is not None:
            value = chain.encode() + xid
        elif kind in ("register", "transfer", "bond", "unbond", "candidacy", "ballot", "closing"):
            value = content.body
        elif kind == "record":
            value = block_hash(content.final.header)
        elif kind in ("freeze", "thaw"):
            value = padded(content.chain) + struct.pack(">Q", content.since)
        else:
            raise Invalid("receipts of evidence are not read here")
        return domain_hash("transaction", bytes([number]) + self.id + value), xid

    # Certificates: C-1 to C-7

    def _final(self, final, pending=False):
        header = self._header(final.header)
        demand(len(final.descendants) <= 64, "at most 64 descendants")
        chain = self.chains.get(header.chain)
        demand(chain is not None, "the chain is of the network")
        demand(header.epoch == self._notary_epoch(header), "the header names the notaries' epoch")
        if chain.engine == "pow":
            demand(header.builder in chain.keys, "the builder is a node of the chain")
            easiest = max((2**64 - 1) // chain.work["difficulty"], 65_535)
            demand(header.slot == header.height and 65_535 <= header.work_target <= easiest, "a mined block's slot and target")
            demand(int.from_bytes(block_hash(final.header)[:8], "big") <= header.work_target and header.work_nonce > 0, "the work is done")
        else:
            demand(self._electorate(header.chain, chain.epoch(header.slot)).leader(header.slot) == header.builder, "the slot's leader built it")
            demand(header.work_target == 0 and header.work_nonce == 0, "work is for mined chains")
        demand_signature(header.builder, final.builder_signature, self._message("candidate", final.header), "the builder")
        demand(final.HasField("notary") == (header.chain != "notary"), "sub-chains have a notary certificate")
        if final.HasField("notary"):
            statement = padded(header.chain) + struct.pack(">QQQ", header.epoch, header.slot, header.height) + block_hash(final.header)
            demand(final.notary.epoch == header.epoch, "the notary certificate is of the header's epoch")
            self._electorate("notary", header.epoch).demand_quorum(
                final.notary.signers, final.notary.signatures, self._message("notary", statement), "the notary certificate")
        last, name = header, block_hash(final.header)
        for data in final.descendants:
            following = self._header(data)
            demand(following.chain == header.chain and following.parent == name and following.height == last.height + 1, "descendants follow")
            last, name = following, block_hash(data)
        demand(final.HasField("finality") != final.HasField("recorded"), "one thing shows it to be final")
        if chain.engine == "pow":
            demand(final.HasField("recorded"), "a mined block is final by its record")
            self._recorded(final.recorded, last, name)
        else:
            demand(final.HasField("finality"), "votes show it to be final")
            self._certificate(final.finality, chain, last, name)
        return header

    def _certificate(self, certificate, chain, last, name):
        demand(certificate.kind == FINAL and certificate.chain == chain.id and certificate.slot == last.slot and certificate.hash == name,
               "the certificate names the last block")
        demand(certificate.epoch == chain.epoch(certificate.slot), "the certificate is of its slot's epoch")
        statement = padded(chain.id) + struct.pack(">QQB", certificate.epoch, certificate.slot, FINAL) + certificate.hash
        self._electorate(chain.id, certificate.epoch).demand_quorum(
            certificate.signers, certificate.signatures, self._message("vote", statement), "the finality certificate")

    def _recorded(self, recorded, last, name):
        """W-5: the recorded head of the chain in the state of a final notary block."""
        demand(recorded.HasField("notary") and recorded.HasField("proof"), "a recorded head has a block and a proof")
        notary = self._final(recorded.notary)
        demand(notary.chain == "notary", "records are on the notary chain")
        value = prove(recorded.proof, domain_hash("state-head", last.chain.encode()), notary.state_root)
        demand(value[:72] == padded(last.chain) + struct.pack(">Q", last.height) + name and len(value) == 80, "the recorded head is the last block")

    def _header(self, data):
        header = canonical(ledger.BlockHeader, data, "a header")
        demand(header.height > 0 and header.slot > header.parent_slot and header.transaction_count <= 1_000, "a header's numbers")
        for field in ("parent", "transactions_root", "foreign_root", "state_root", "notary_head", "builder"):
            demand(len(getattr(header, field)) == 32, f"{field} has 32 bytes")
        return header

    def _electorate(self, chain, epoch):
        demand((chain, epoch) in self.electorates, f"no handover shows epoch {epoch} of {chain}")
        return self.electorates[(chain, epoch)]

    def _notary_epoch(self, header):
        if header.chain == "notary":
            return self.chains["notary"].epoch(header.slot)
        return max([epoch for epoch, height in self.first_heights.get(header.chain, []) if height <= header.height], default=0)

    def _message(self, domain, payload):
        return PREFIX + domain.encode() + b"\0" + self.id + payload

    # Electorates: K-5

    def _learn(self, handover):
        demand(handover.HasField("final") and handover.HasField("proof") and handover.epoch > 0, "a handover has a block and a proof")
        header = self._final(handover.final)
        chain = self.chains[header.chain]
        demand(handover.chain == header.chain and chain.settled(header.slot) == handover.epoch, "it is of a block past the cut")
        value = prove(handover.proof, domain_hash("state-epoch", struct.pack(">Q", handover.epoch)), header.state_root)
        epoch, seed, count = struct.unpack_from(">Q32sH", value)
        demand(epoch == handover.epoch, "the entry is the epoch's")
        at = 42
        members = []
        for _ in range(count):
            node, key, weight = struct.unpack_from(">32s32sQ", value, at)
            members.append((node.rstrip(b"\0").decode(), key, weight))
            at += 72
        heights, at = struct.unpack_from(">H", value, at)[0], at + 2
        for _ in range(heights):
            name, height = struct.unpack_from(">32sQ", value, at)
            self.first_heights.setdefault(name.rstrip(b"\0").decode(), []).append((epoch, height))
            at += 40
        demand(at == len(value) and members, "the entry is whole")
        self.electorates.setdefault((chain.id, epoch), Electorate(members, seed if chain.engine == "pos" else None))


def block_hash(header):
    return domain_hash("block", header)


def leads(transaction, outcome, index, path, header):
    """P-5: leaf and path lead to the block's root."""
    digest, position, width, used = blake(b"\0" + transaction + bytes([outcome])), index, header.transaction_count, 0
    if index >= width:
        return False
    while width > 1:
        if position ^ 1 < width:
            if used == len(path) or len(path[used]) != 32:
                return False
            pair = digest + path[used] if position % 2 == 0 else path[used] + digest
            digest, used = blake(b"\1" + pair), used + 1
        position, width = position // 2, (width + 1) // 2
    return used == len(path) and digest == header.transactions_root


def prove(proof, key, root):
    """P-4, presence: the value, if its path leads to the root."""
    demand(bool(proof.value) and not proof.other_key and not proof.other_value and len(proof.siblings) <= 256, "the proof shows a value")
    demand(not proof.siblings or proof.siblings[-1] != ZERO, "the last sibling is not empty")
    digest = blake(b"\2" + key + domain_hash("state-value", proof.value))
    for depth in reversed(range(len(proof.siblings))):
        sibling = proof.siblings[depth]
        demand(len(sibling) == 32, "a sibling has 32 bytes")
        bit = key[depth // 8] >> (7 - depth % 8) & 1
        digest = blake(b"\3" + (sibling + digest if bit else digest + sibling))
    demand(digest == root, "the path leads to the state's root")
    return proof.value


def ending(shown):
    """Step 6: how it ended."""
    kinds = [transaction.WhichOneof("kind") for _, transaction, _ in shown]
    if not {"open", "confirm", "refuse", "cancel", "settle", "refund"} & set(kinds):
        demand(len(shown) == 1, "a transaction of one chain stands in one block")
        outcome = OUTCOMES[shown[0][2].outcome]
        return outcome if outcome == "applied" else f"rejected: {outcome}"

    def chains(kind, applied=True):
        return [chain for chain, transaction, part in shown if transaction.WhichOneof("kind") == kind and (part.outcome == 0) == applied]

    opened, settled, refunded = chains("open"), chains("settle"), chains("refund")
    committed = [part for _, transaction, part in shown if transaction.WhichOneof("kind") == "confirm"]
    ended = {"refuse", "cancel"} & set(kinds)
    demand(not (committed and ended) and not (ended and settled) and not (settled and refunded), "its parts contradict each other")
    demand(not (refunded and any(part.record for part in committed)), "its parts contradict each other")
    if committed:
        legs = ledger.CrossBody.FromString(next(transaction.confirm.cross.body for _, transaction, _ in shown if transaction.HasField("confirm"))).legs
        if all(leg.chain in opened and leg.chain in settled for leg in legs if leg.chain != legs[-1].chain):
            return "settled"
    if opened and set(opened) <= set(refunded):
        frozen = any(transaction.refund.HasField("frozen") for _, transaction, _ in shown if transaction.HasField("refund"))
        cause = {"refuse": "refused_by_receiver", "cancel": "cancelled_by_initiator"}.get(next(iter(ended), ""), "chain_frozen" if frozen else "deadline_passed")
        return f"refunded: {cause}"
    refusals = [OUTCOMES[part.outcome] for _, transaction, part in shown if transaction.WhichOneof("kind") == "open" and part.outcome != 0]
    if refusals and not opened and not settled and not refunded:
        return f"rejected: {refusals[-1]}"
    return "open"


def main():
    file, *receipts = sys.argv[1:]
    network = Network(pathlib.Path(file).resolve().parent)
    failed = False
    for path in receipts:
        try:
            result, recorded = Verifier(network).verify(pathlib.Path(path).read_bytes())
            print(f"{path}  {result}, {'recorded' if recorded else 'not recorded'}")
        except Invalid as error:
            failed = True
            print(f"{path}  INVALID: {error}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
