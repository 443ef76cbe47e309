"""Two verifiers, one in Swift and one in Python, judge the same receipts: python receipt_test.py PATH_OF_CONCORDAT"""
import collections
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from google.protobuf.descriptor import FieldDescriptor

from chainwork import Network
from receipt import Invalid, Verifier
from schema import NESTED, messages

VALID, MUTATED, SEED = 200, 2_000, 20_267
FILES_A_CALL = 250
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


def main():
    binary = sys.argv[1]
    home = pathlib.Path(tempfile.mkdtemp(prefix="concordat-receipts-"))
    try:
        for engines in ([], ["--engines", "bft,pos,pow", "--standby", "1", "--epoch-slots", "16", "--epoch-margin", "8"]):
            judge(binary, home / ("engines" if engines else "default"), engines)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print("receipts: both verifiers agree")


def judge(binary, home, engines):
    run = subprocess.run([binary, "demo", "--out", str(home), *engines], cwd=EXAMPLES.parent, capture_output=True, text=True, timeout=300)
    if run.returncode != 0:
        raise AssertionError(f"demo ends with {run.returncode}: {run.stdout}{run.stderr}")
    folder = home / "network"
    network = Network(folder)
    whole = [path.read_bytes() for path in sorted((home / "receipts").glob("*.receipt"))]
    chosen = choose(whole)
    found = compare(binary, home, network, chosen)
    if any(verdict == "invalid" for verdict in found):
        raise AssertionError("a receipt of an honest network does not hold")
    print(f"  ok  {len(chosen)} receipts hold for both: {dict(collections.Counter(found))}", flush=True)
    random.seed(SEED)
    mutants, touched = mutate(chosen)
    found = compare(binary, home, network, mutants)
    refused = sum(verdict == "invalid" for verdict in found)
    if refused < len(found) * 9 // 10:
        raise AssertionError(f"only {refused} of {len(found)} changed receipts are refused")
    print(f"  ok  {len(mutants)} changed receipts, all {len(touched)} kinds of field touched: {refused} refused by both, the rest read alike", flush=True)


def choose(whole):
    """As many as there are up to VALID, the rarest shapes first: refunds and rejections before the many settled ones."""
    shapes = collections.defaultdict(list)
    for data in whole:
        shapes[tuple(sorted({field.label for field in regions(messages.Receipt.DESCRIPTOR, data)}))].append(data)
    chosen = []
    while len(chosen) < VALID and any(shapes.values()):
        for shape in sorted(shapes):
            if shapes[shape] and len(chosen) < VALID:
                chosen.append(shapes[shape].pop())
    return chosen


def compare(binary, home, network, receipts):
    """The verdicts, which must be the same."""
    folder = home / "judged"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    paths = []
    for number, data in enumerate(receipts):
        path = folder / f"{number:05}.receipt"
        path.write_bytes(data)
        paths.append(str(path))
    swift = []
    for start in range(0, len(paths), FILES_A_CALL):
        done = subprocess.run(
            [binary, "receipt", "verify", *paths[start:start + FILES_A_CALL], "--network", str(network.folder / "network.yaml"), "--json"],
            capture_output=True, text=True, timeout=300)
        swift += json.loads(done.stdout)
    verdicts = []
    for data, report in zip(receipts, swift, strict=True):
        theirs = "invalid"
        if report["holds"]:
            end = report["ending"] + (f": {report['reason']}" if "reason" in report else "")
            theirs = f"{end}, {'recorded' if report['recorded'] else 'not recorded'}"
        try:
            end, recorded = Verifier(network).verify(data)
            ours = f"{end}, {'recorded' if recorded else 'not recorded'}"
        except Invalid as error:
            ours, why = "invalid", error
        if ours != theirs:
            kept = pathlib.Path(tempfile.gettempdir()) / "disputed.receipt"
            kept.write_bytes(data)
            detail = report.get("fault", "") if theirs == "invalid" else (why if ours == "invalid" else "")
            raise AssertionError(f"Python says {ours}, Swift says {theirs} ({detail}); kept as {kept}")
        verdicts.append(ours)
    return verdicts


# Where the bytes of a receipt belong

Region = collections.namedtuple("Region", "label start end")


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            return value, at


def regions(descriptor, data, start=0, path=""):
    """Every field of a message and of those inside it: its tag, and its content."""
    found, at = [], 0
    while at < len(data):
        begin = at
        tag, at = varint(data, at)
        field = descriptor.fields_by_number[tag >> 3]
        label = f"{path}.{field.name}"
        if tag & 7 == 0:
            _, at = varint(data, at)
            found.append(Region(label, start + begin, start + at))
            continue
        size, at = varint(data, at)
        found.append(Region(label + "#", start + begin, start + at))
        inner = field.message_type if field.type == FieldDescriptor.TYPE_MESSAGE else NESTED.get((descriptor.name, field.name))
        if inner is not None:
            found += regions(getattr(inner, "DESCRIPTOR", inner), data[at:at + size], start + at, label)
        else:
            found.append(Region(label, start + at, start + at + size))
        at += size
    return [region for region in found if region.end > region.start]


def mutate(receipts):
    """MUTATED changed receipts; every kind of field of every receipt's shape gets its turn."""
    mapped = [regions(messages.Receipt.DESCRIPTOR, data) for data in receipts]
    places = collections.defaultdict(list)
    for number, list_ in enumerate(mapped):
        for region in list_:
            places[region.label].append((number, region))
    labels = sorted(places)
    mutants, touched = [], set()
    while len(mutants) < MUTATED or len(touched) < len(labels):
        label = labels[len(mutants) % len(labels)]
        number, region = random.choice(places[label])
        data = bytearray(receipts[number])
        at = random.randrange(region.start, region.end)
        way = random.randrange(10)
        if way < 6:
            data[at] ^= 1 << random.randrange(8)
        elif way == 6:
            del data[at]
        elif way == 7:
            data.insert(at, random.randrange(256))
        elif way == 8:
            del data[at:]
        else:
            other = random.choice(receipts)
            data[at:at + 32] = other[at:at + 32]
        touched.add(label)
        if bytes(data) not in (receipts[number], b""):
            mutants.append(bytes(data))
    for data in receipts[:20]:
        mutants += rearranged(data)
    return mutants, touched


def rearranged(data):
    """Parts left out, doubled, turned round; records left out: true parts that together say something else, or nothing."""
    whole = messages.Receipt.FromString(data)
    for number in range(len(whole.parts)):
        less, more, bare = (messages.Receipt.FromString(data) for _ in range(3))
        del less.parts[number]
        more.parts.append(whole.parts[number])
        for field in ("record", "record_index", "record_path", "record_final"):
            bare.parts[number].ClearField(field)
        for changed in (less, more, bare):
            yield changed.SerializeToString(deterministic=True)
    turned = messages.Receipt(id=whole.id, parts=reversed(whole.parts), handovers=whole.handovers)
    yield turned.SerializeToString(deterministic=True)


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(f"receipts: {error}")
