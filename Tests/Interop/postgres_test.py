"""Recorders that keep their older blocks in a real PostgreSQL server: python postgres_test.py PATH_OF_CONCORDAT

Needs nothing but Python, the server's own programs, and a binary that was built with PostgreSQL.
"""
import glob
import hashlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PASSWORD = "not-to-be-shown-9f3a"
KEEP = 8
RECORDERS = ["notary-1", "notary-2"]


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


def said(sentence):
    print(f"  ok  {sentence}", flush=True)


def until(seconds, sentence, condition):
    end = time.monotonic() + seconds
    while not (found := condition()):
        check(time.monotonic() < end, f"within {seconds} s: {sentence}")
        time.sleep(0.2)
    return found


def parent(stat):
    """Of a process, by its line in /proc; 0 when it has gone."""
    try:
        return int(stat.read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


class Server:
    """A PostgreSQL server in a folder of its own, run by somebody who is not root."""

    def __init__(self, home):
        self.programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.folder = home + "/postgresql"
        self.data = self.folder + "/data"
        os.mkdir(self.folder)
        self.user = {}
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chmod(home, 0o755)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self.user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        secret = pathlib.Path(self.folder, "password")
        secret.write_text("another-one\n")
        secret.chmod(0o644)
        self.own("initdb", "-D", self.data, "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync", "-E", "UTF8", "--locale=C")
        self.process = None
        self.start()
        self.ask("CREATE ROLE concordat LOGIN PASSWORD '" + PASSWORD + "'", database="postgres")
        self.ask("CREATE DATABASE ledger OWNER concordat", database="postgres")
        passfile = pathlib.Path(home, "pgpass")
        passfile.write_text(f"127.0.0.1:{self.port}:ledger:concordat:{PASSWORD}\n")
        passfile.chmod(0o600)
        self.environment = {"PGPASSFILE": str(passfile)}
        self.address = f"postgresql://concordat@127.0.0.1:{self.port}/ledger"

    def own(self, program, *arguments):
        done = subprocess.run([f"{self.programs}/{program}", *arguments], capture_output=True, text=True, timeout=120, cwd="/", **self.user)
        check(done.returncode == 0, f"{program} works: {done.stderr}")

    def start(self):
        log = open(self.folder + "/log", "ab")
        self.process = subprocess.Popen(
            [f"{self.programs}/postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder, "-c", "listen_addresses=127.0.0.1",
             "-c", "max_wal_size=256MB"], stdout=log, stderr=log, cwd="/", start_new_session=True, **self.user)
        until(60, "the server answers", lambda: self.answers())

    def answers(self):
        return subprocess.run([f"{self.programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], timeout=20).returncode == 0

    def signal(self, number):
        """To all of its processes at once."""
        children = [int(entry.parent.name) for entry in pathlib.Path("/proc").glob("[0-9]*/stat") if parent(entry) == self.process.pid]
        for process in [self.process.pid, *children]:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """As when its machine loses power."""
        self.signal(signal.SIGKILL)
        self.process.wait(20)
        until(20, "the server has gone", lambda: not self.answers())

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)

    def ask(self, statement, database="ledger"):
        environment = {**os.environ, "PGPASSWORD": "another-one"}
        done = subprocess.run(
            [f"{self.programs}/psql", "-X", "-A", "-t", "-F", ",", "-h", "127.0.0.1", "-p", str(self.port), "-U", "owner", "-d", database, "-v", "ON_ERROR_STOP=1",
             "-c", statement], capture_output=True, text=True, timeout=120, env=environment)
        check(done.returncode == 0, f"psql works: {done.stderr}")
        return [line.split(",") for line in done.stdout.splitlines()]


class Network:
    """A network of real processes whose recorders archive in the server."""

    def __init__(self, path, home, server):
        self.path, self.server = path, server
        self.folder = home + "/network"
        self.gateway = None
        self.environment = {**os.environ, **server.environment}

    def run(self, *arguments, expected=0, timeout=300):
        done = subprocess.run([self.path, *arguments, "--data", self.folder], capture_output=True, text=True, timeout=timeout, env=self.environment)
        check(done.returncode == expected, f"concordat {' '.join(arguments)} ends with {expected}, not {done.returncode}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout + ("" if expected == 0 else done.stderr)

    def up(self, *options):
        self.run("up", "--detach", *options)

    def load(self, seconds, out):
        return subprocess.Popen(
            [self.path, "load", "--data", self.folder, "--closed", "120", "--duration", f"{seconds}s", "--mix", "transfer=20,cross=80", "--verify", "sample",
             "--slo", "lost<1", "--slo", "pending<1", "--out", out, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment)

    def pay(self, seconds, out):
        process = self.load(seconds, out)
        output, errors = process.communicate(timeout=300)
        check(process.returncode == 0, f"load ends well: {output[-2000:]}{errors[-2000:]}")
        return json.loads(output)

    def metrics(self, node, name, label=""):
        targets = json.loads(pathlib.Path(self.folder, "run/targets.json").read_text())
        address = next(entry["targets"][0] for entry in targets if entry["labels"]["instance"] == f"recorder.notary@{node}/1")
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name + "{") and label in line)

    def open_gateway(self):
        self.gateway = subprocess.Popen(
            [self.path, "gateway", "--data", self.folder, "--listen", "127.0.0.1:0", "--json"], stdout=subprocess.PIPE, text=True, env=self.environment)
        self.url = json.loads(self.gateway.stdout.readline())["url"]

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def stop(self):
        if self.gateway:
            self.gateway.terminate()
            self.gateway.wait(20)
            self.gateway = None
        subprocess.run([self.path, "down", "--force", "--data", self.folder], capture_output=True, timeout=120)

    def store(self, node):
        return f"{self.folder}/data/{node}/recorder.notary"

    def rows(self, node):
        """What a recorder's own file has: chain by number, height, bytes."""
        database = sqlite3.connect(f"file:{self.store(node)}/store.sqlite?mode=ro", uri=True)
        try:
            return {(number, height): hashlib.md5(value).hexdigest()
                    for number in range(3) for height, value in database.execute(f"SELECT key, value FROM archive_{number}")}
        finally:
            database.close()


CHAINS = ["alpha", "beta", "notary"]


def archived(server, node):
    """What the server has of a recorder, as `Network.rows` says it."""
    schema = server.ask(f"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'concordat\\_%\\_{node}'")[0][0]
    rows = server.ask(f'SELECT chain, height, md5(value) FROM "{schema}".blocks')
    return schema, {(CHAINS.index(chain), int(height)): digest for chain, height, digest in rows}


def same(server, network, node, reference):
    """Every block is in the server, each chain from its first on, and each as the recorder had it."""
    schema, rows = archived(server, node)
    for number, chain in enumerate(CHAINS):
        heights = sorted(height for other, height in rows if other == number)
        check(heights == list(range(1, len(heights) + 1)) and heights, f"{chain} of {node} is whole: {len(heights)} blocks, newest {heights[-1:]}")
    differing = [key for key, digest in reference.items() if rows.get(key) != digest]
    check(not differing, f"{len(differing)} blocks of {node} differ, such as {differing[:3]}")
    return schema, rows


def refusals(network, server):
    secret = server.address.replace("concordat@", f"concordat:{PASSWORD}@")
    words = network.run("up", "--archive", secret, "--port-base", "0", expected=64)
    check(PASSWORD not in words and "PGPASSFILE" in words, f"a password in the address is refused and not shown: {words}")
    said("an address with a password is refused, without showing it")


def filled(network, server, home):
    """The first run: everything stays in the store, and is copied."""
    network.up("--nodes", "1", "--notaries", "2", "--port-base", "0", "--archive", server.address, "--archive-keep", "1000000")
    network.pay(15, home + "/run-1")
    until(30, "all blocks are copied", lambda: all(network.metrics(node, "concordat_archive_waiting_blocks") == 0 for node in RECORDERS))
    network.stop()
    reference = {node: network.rows(node) for node in RECORDERS}
    for node in RECORDERS:
        _, rows = same(server, network, node, reference[node])
        said(f"{node}: {len(rows)} blocks in PostgreSQL, every one as its store has it")
    return reference


def broken(network, server, home):
    """The server dies under payments and comes back; the recorders were not told again where it is."""
    network.up("--archive-keep", str(KEEP))
    network.open_gateway()
    payments = [json.loads(line) for line in pathlib.Path(home, "run-1/results.ndjson").read_text().splitlines()]
    ids = [item["id"] for item in payments]
    # The receipt of a transfer's id shows its end.
    oldest, older = next(item["id"] for item in payments if item["kind"] == "transfer"), ids[1:len(ids) // 2:len(ids) // 12 + 1]
    rounds = 0
    while min(network.metrics(node, "concordat_archive_trimmed_blocks_total") for node in RECORDERS) < 64:
        rounds += 1
        check(rounds <= 8, "blocks leave the store")
        network.pay(15, f"{home}/round-{rounds}")
    said(f"blocks have left the recorders' stores after {rounds} rounds of payments")
    status, receipt = network.get(f"/v1/receipts/{oldest}")
    check(status == 200, f"the receipt of the oldest payment is there: {status} {receipt}")
    load = network.load(40, home + "/under-fire")
    time.sleep(5)
    server.kill()
    dead = time.monotonic()
    until(20, "recorders say that their archive is away", lambda: all(network.metrics(node, "concordat_archive_reached") == 0 for node in RECORDERS))
    words = network.run("health", "--ready", expected=2)
    check("the archive does not answer" in words, f"health says so: {words}")
    answers = [network.get(f"/v1/receipts/{id}")[0] for id in older]
    # Recorders keep in memory what was asked for last.
    check(set(answers) <= {200, 503} and answers.count(503) >= 2, f"who asks for an older block is told to come again, not that there is none: {answers}")
    while time.monotonic() < dead + 6:
        time.sleep(0.1)
    check(load.poll() is None, "payments go on")
    server.start()
    away = time.monotonic() - dead
    until(30, "recorders find it again", lambda: all(network.metrics(node, "concordat_archive_reached") == 1 for node in RECORDERS))
    output, errors = load.communicate(timeout=300)
    check(load.returncode == 0, f"every payment ended well although the server was away: {output[-2000:]}{errors[-2000:]}")
    said(f"the server was killed under load and away for {away:.0f} s: every payment settled, older blocks were said to be unreachable meanwhile")
    until(60, "all blocks are copied", lambda: all(network.metrics(node, "concordat_archive_waiting_blocks") == 0 for node in RECORDERS))
    answers = [network.get(f"/v1/receipts/{id}")[0] for id in [oldest, *older]]
    check(set(answers) == {200}, f"the receipts of the oldest payments are there again: {answers}")
    status, block = network.get("/v1/chains/alpha/blocks/1")
    check(status == 200 and block["height"] == 1, f"the explorer shows the first block: {status} {block}")
    network.run("receipt", "get", oldest, "--out", home + "/oldest.receipt")
    network.run("receipt", "verify", home + "/oldest.receipt")
    said("receipt, proof and block of the oldest payment are answered from PostgreSQL")


def hung(network, server, home):
    """The server neither answers nor breaks its connections."""
    load = network.load(30, home + "/hung")
    time.sleep(3)
    server.signal(signal.SIGSTOP)
    frozen = time.monotonic()
    until(30, "recorders notice that no answer comes", lambda: all(network.metrics(node, "concordat_archive_reached") == 0 for node in RECORDERS))
    seconds = time.monotonic() - frozen
    check(load.poll() is None, "payments go on")
    server.signal(signal.SIGCONT)
    until(30, "recorders find it again", lambda: all(network.metrics(node, "concordat_archive_reached") == 1 for node in RECORDERS))
    output, errors = load.communicate(timeout=300)
    check(load.returncode == 0, f"every payment ended well: {output[-2000:]}{errors[-2000:]}")
    said(f"a server that hangs is given up after {seconds:.0f} s; every payment settled")


def judged(network, server, reference):
    sizes = {node: os.path.getsize(network.store(node) + "/store.sqlite") for node in RECORDERS}
    network.stop()
    for node in RECORDERS:
        own = network.rows(node)
        _, rows = same(server, network, node, {**reference[node], **own})
        gone = [key for key in rows if key not in own]
        check(len(gone) > 64, f"{len(gone)} blocks have left the store of {node}")
        said(f"{node}: {len(rows)} blocks in PostgreSQL, equal to what the recorder had; {len(own)} of them still in its store")
    report = json.loads(network.run("audit", "--json", timeout=600))
    check(report["violations"] == [] and not any("not judged" in line for line in report["warnings"]), f"the audit finds nothing: {report}")
    network.run("rebuild", "alpha", "--check", "--archive", network.store("notary-1"))
    said("the audit reads both places and finds nothing wrong; rebuild builds alpha from them")
    network.up("--archive-keep", str(KEEP))
    network.stop()
    for node in RECORDERS:
        print(f"      {node}: the store's file had {sizes[node] / 1e6:.1f} MB, and {os.path.getsize(network.store(node) + '/store.sqlite') / 1e6:.1f} MB after the next start")


def lost(network, server):
    schema = archived(server, "notary-1")[0]
    other = archived(server, "notary-2")[0]
    server.ask(f'DELETE FROM "{schema}".blocks_alpha WHERE height <= 10')
    network.run("audit", expected=1, timeout=600)
    server.ask(f'INSERT INTO "{schema}".blocks SELECT * FROM "{other}".blocks ON CONFLICT DO NOTHING')
    network.run("audit", timeout=600)
    said("blocks that somebody deleted in the server are missed by the audit; another recorder's schema gives them back")
    # All of it, as when the server's disk is gone and there is no backup.
    server.ask(f'DELETE FROM "{schema}".blocks')
    network.up("--archive-keep", str(KEEP))
    missing = until(30, "a recorder sees that its archive has lost blocks", lambda: network.metrics("notary-1", "concordat_archive_lost_blocks"))
    begin = time.monotonic()
    words = network.run("health", "--ready", expected=2)
    check("the archive has lost" in words, f"health says so: {words}")
    until(10, "it raises an alarm", lambda: network.metrics("notary-1", "concordat_alarms_total", 'code="archive_lost"') == 1)
    until(120, "the recorder has fetched them from its peers", lambda: network.metrics("notary-1", "concordat_archive_lost_blocks") == 0)
    seconds = time.monotonic() - begin
    network.run("health", "--ready")
    network.stop()
    network.run("audit", timeout=600)
    said(f"an archive that was emptied is missed by the recorder and by health; it has its {missing:.0f} blocks again from peers after {seconds:.0f} s, and the audit passes")


def measured(server, home):
    payments = sum(len(pathlib.Path(file).read_text().splitlines()) for file in glob.glob(home + "/*/results.ndjson"))
    for node in RECORDERS:
        schema = archived(server, node)[0]
        line = server.ask(
            f"SELECT count(*), sum(octet_length(value)), (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE n.nspname = '{schema}' AND c.relkind = 'r' AND c.relname LIKE 'blocks_%') FROM \"{schema}\".blocks")[0]
        blocks, content, disk = map(int, line)
        print(f"      {node}: {blocks} blocks, {content / blocks:.0f} bytes each, {content / 1e6:.1f} MB; the server's files: {disk / 1e6:.1f} MB, {disk / payments:.0f} bytes for each of {payments} payments")


def main():
    home = tempfile.mkdtemp(prefix="concordat-postgres-")
    server = network = None
    try:
        server = Server(home)
        network = Network(sys.argv[1], home, server)
        refusals(network, server)
        reference = filled(network, server, home)
        broken(network, server, home)
        hung(network, server, home)
        judged(network, server, reference)
        measured(server, home)
        lost(network, server)
        for path in [home + "/network", home + "/run-1"]:
            found = subprocess.run(["grep", "-rl", PASSWORD, path], capture_output=True, text=True).stdout
            check(not found, f"the password stands in {found}")
        said("the password stands in no log and no file of the network")
    except BaseException:
        if network:
            for log in glob.glob(home + "/network/run/logs/recorder*"):
                print(f"--- {log}\n{pathlib.Path(log).read_text()[-3000:]}")
        raise
    finally:
        if network:
            network.stop()
        if server:
            server.stop()
        shutil.rmtree(home, ignore_errors=True)
    print("PostgreSQL archive: all passed")


if __name__ == "__main__":
    main()
