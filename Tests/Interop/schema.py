"""The schema's messages, generated into a temporary folder from Shared/Wire/proto, and their strict decoding."""
import importlib
import pathlib
import sys
import tempfile

from google.protobuf.unknown_fields import UnknownFieldSet
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "Shared" / "Wire" / "proto"
_folder = tempfile.TemporaryDirectory()


def _generate():
    names = sorted(path.name for path in PROTO.glob("*.proto"))
    if protoc.main(["protoc", f"-I{PROTO}", f"--python_out={_folder.name}", *names]) != 0:
        raise SystemExit("the schema cannot be compiled")
    sys.path.insert(0, _folder.name)
    return [importlib.import_module(name.replace(".proto", "_pb2")) for name in names]


bus, ledger, messages = _generate()

# Fields that carry the exact bytes of another message, by the message they stand in.
NESTED = {
    ("Register", "body"): ledger.RegisterBody,
    ("Transfer", "body"): ledger.TransferBody,
    ("SignedCross", "body"): ledger.CrossBody,
    ("Block", "header"): ledger.BlockHeader,
    ("Block", "transactions"): ledger.Transaction,
    ("FinalHeader", "header"): ledger.BlockHeader,
    ("FinalHeader", "descendants"): ledger.BlockHeader,
    ("CertifiedCandidate", "header"): ledger.BlockHeader,
    ("PooledTransaction", "transaction"): ledger.Transaction,
    ("ReceiptPart", "transaction"): ledger.Transaction,
    ("ReceiptPart", "record"): ledger.Transaction,
    ("StakeOrder", "body"): ledger.StakeBody,
    ("Candidacy", "body"): ledger.CandidacyBody,
    ("Ballot", "body"): ledger.BallotBody,
    ("Closing", "body"): ledger.ClosingBody,
}


class Undecodable(Exception):
    """Bytes that do not follow the schema to the last one."""


def decode(kind, data):
    """A message and everything inside it; raises Undecodable on a field that the schema does not know."""
    message = kind()
    try:
        message.ParseFromString(data)
    except Exception as error:
        raise Undecodable(f"{kind.DESCRIPTOR.name}: {error}") from error
    inspect(message)
    return message


def inspect(message):
    name = message.DESCRIPTOR.name
    unknown = UnknownFieldSet(message)
    if len(unknown):
        raise Undecodable(f"{name} has unknown field {unknown[0].field_number}")
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        for item in values:
            if field.type == field.TYPE_MESSAGE:
                inspect(item)
            elif (name, field.name) in NESTED:
                inner = decode(NESTED[(name, field.name)], item)
                # What is hashed or signed is canonical (H-4): encoding it again gives the same bytes.
                if inner.SerializeToString(deterministic=True) != item:
                    raise Undecodable(f"{name}.{field.name} is not canonical")
