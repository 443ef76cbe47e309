"""The gateway of a real network, under what a document allows, what it forbids, and what no client should do: python gateway_test.py PATH_OF_CONCORDAT"""
import json
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

IDLE_CONNECTIONS = 10_000
SLOW_CLIENTS = 20
EXAMPLES_EACH = 25
OPEN_FILES = 1_500


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


def said(sentence):
    print(f"  ok  {sentence}", flush=True)


class Gateway:
    """A network, devices that answer, and its gateway, in a folder of their own."""

    def __init__(self, path, *options, devices=True):
        self.path = path
        self.home = tempfile.mkdtemp(prefix="concordat-gateway-")
        self.folder = self.home + "/network"
        self.processes = []
        self.run("up", "--port-base", "0", "--detach", *(options or ("--nodes", "1", "--notaries", "1")))
        if devices:
            self.start("agent")
        self.process = self.start("gateway", "--listen", "127.0.0.1:0", "--json")
        self.url = json.loads(self.process.stdout.readline())["url"]
        self.port = int(self.url.rsplit(":", 1)[1])

    def start(self, *arguments):
        # A pipe that nobody reads would hold up who writes.
        output = subprocess.PIPE if arguments[0] == "gateway" else subprocess.DEVNULL
        process = subprocess.Popen([self.path, *arguments, "--data", self.folder], stdout=output, stderr=open(f"{self.home}/{arguments[0]}.log", "w"), text=True)
        self.processes.append(process)
        return process

    def run(self, *arguments):
        done = subprocess.run([self.path, *arguments, "--data", self.folder], capture_output=True, text=True, timeout=120)
        check(done.returncode == 0, f"concordat {arguments[0]} ends with 0, not {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def get(self, path, timeout=5):
        with urllib.request.urlopen(self.url + path, timeout=timeout) as answer:
            return json.load(answer)

    def connect(self, timeout=5):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def memory_mebibytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) // 1024

    def stop_gateway(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def remove(self):
        for process in self.processes:
            process.kill()
        subprocess.run([self.path, "down", "--force", "--data", self.folder], capture_output=True, timeout=60)
        shutil.rmtree(self.home, ignore_errors=True)


def fuzzed(gateway, payment):
    """Every request that the document allows or forbids, made up at random: the answers are as the document says."""
    status = gateway.get(f"/v1/cross-transactions/{payment}")
    known = {"id": payment, "account": status["cross"]["initiator"]}
    lines = ["[checks.positive_data_acceptance]", 'expected-statuses = ["2xx", "403", "404", "409", "422"]',
             # Its defaults lack the refusal of a body that is too large.
             "[checks.negative_data_rejection]", 'expected-statuses = ["400", "403", "404", "405", "406", "409", "413", "415", "422", "429"]']
    for number, (title, parameters) in enumerate([("made up", {}), ("known", known)]):
        config = pathlib.Path(gateway.home) / f"schemathesis-{number}.toml"
        extra = ["[parameters]"] + [f'"{name}" = "{value}"' for name, value in parameters.items()] if parameters else []
        # Well-formed content may still be refused with a reason: a transaction that nobody has signed.
        config.write_text("\n".join(extra + lines) + "\n")
        done = subprocess.run(
            [str(pathlib.Path(sys.executable).parent / "st"), "--config-file", str(config), "run", f"{gateway.url}/v1/openapi.json", "--checks", "all",
             "--exclude-path", "/v1/events", "--max-examples", str(EXAMPLES_EACH), "--no-color", "--request-timeout", "20"],
            capture_output=True, text=True, timeout=900, cwd=gateway.home)
        check(done.returncode == 0, f"schemathesis finds nothing with {title} names: {done.stdout[-200_000:]}{done.stderr[-2000:]}")
        cases = next(line for line in done.stdout.splitlines() if " generated" in line and line.strip()[0].isdigit()).strip()
        said(f"schemathesis with {title} names: {cases}")


def until_closed(connection, seconds):
    """What comes until the other side closes; None when it does not within the time."""
    connection.settimeout(seconds)
    received = b""
    try:
        while True:
            part = connection.recv(65_536)
            if not part:
                return received
            received += part
    except ConnectionResetError:
        return received
    except TimeoutError:
        return None


def oversized(gateway):
    for title, bytes_sent, answer in [
        ("a header of 1 MiB", b"GET /v1/network HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * (1 << 20), b"400"),
        ("10,000 headers", b"GET /v1/network HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 10_000, b"400"),
        ("a path of 1 MiB", b"GET /" + b"a" * (1 << 20), b"400"),
        ("a body of 1 GiB by its length", b"POST /v1/chains/alpha/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n", b"413"),
        ("an endless body in chunks", b"POST /v1/chains/alpha/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
         + b"8000\r\n" + b"a" * 0x8000 + b"\r\n" + b"8000\r\n" + b"a" * 0x8000 + b"\r\n" + b"8000\r\n" + b"a" * 0x8000 + b"\r\n", b"413"),
        ("a body where none belongs", b"GET /v1/network HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
        ("no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    ]:
        connection = gateway.connect()
        try:
            connection.sendall(bytes_sent)
        except (ConnectionResetError, BrokenPipeError):
            pass
        received = until_closed(connection, 5)
        check(received is not None and received.split(b" ")[1:2] in ([answer], []), f"{title} is refused with {answer.decode()} and ends the connection: {(received or b'still open')[:200]}")
        connection.close()
        gateway.get("/v1/network")
    said("headers, paths and bodies beyond the bounds are refused and end their connection")


def slow(gateway):
    """Slow-loris: heads and bodies that never end, a byte at a time."""
    heads = [gateway.connect() for _ in range(200)]
    bodies = [gateway.connect() for _ in range(200)]
    begin = time.monotonic()
    for connection in heads:
        connection.sendall(b"GET /v1/network HTTP/1.1\r\nHost: localhost\r\n")
    for connection in bodies:
        connection.sendall(b"POST /v1/chains/alpha/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{")
    open_ones, longest = heads + bodies, 0.0
    while open_ones and time.monotonic() - begin < 40:
        for connection in list(open_ones):
            try:
                connection.sendall(b"a: b\r\n" if connection in heads else b"x")
            except OSError:
                open_ones.remove(connection)
        asked = time.monotonic()
        gateway.get("/v1/chains")
        longest = max(longest, time.monotonic() - asked)
        time.sleep(0.5)
    check(not open_ones, f"{len(open_ones)} slow connections are still open after 40 s")
    check(longest < 2, f"others are served in {longest:.2f} s meanwhile")
    said(f"400 senders of a byte at a time are cut off within {time.monotonic() - begin:.0f} s; others wait {longest * 1000:.0f} ms at most")


def idle(gateway):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    before = gateway.memory_mebibytes()
    connections = []
    begin = time.monotonic()
    try:
        while len(connections) < IDLE_CONNECTIONS:
            connections.append(gateway.connect())
        took = time.monotonic() - begin
        asked = time.monotonic()
        gateway.get("/v1/chains")
        served = time.monotonic() - asked
        check(served < 2, f"a request is served in {served:.2f} s beside {IDLE_CONNECTIONS} idle connections")
        said(f"{IDLE_CONNECTIONS} idle connections in {took:.1f} s, {gateway.memory_mebibytes() - before} MiB more; a request beside them takes {served * 1000:.0f} ms")
        # The gateway gets rid of them by itself.
        end = time.monotonic() + 60
        while time.monotonic() < end:
            open_count = len(list(pathlib.Path(f"/proc/{gateway.process.pid}/fd").iterdir()))
            if open_count < 1_000:
                break
            time.sleep(1)
        check(open_count < 1_000, f"idle connections are closed: {open_count} descriptors are still open")
        said("idle connections are closed")
    finally:
        for connection in connections:
            connection.close()


def events(gateway):
    """Server-sent events: what happens is told, places are bounded, and given back."""
    def listen(kinds):
        connection = gateway.connect()
        connection.sendall(f"GET /v1/events?kinds={kinds} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return connection

    def read(connection, until, seconds=20):
        connection.settimeout(seconds)
        received = b""
        while until not in received:
            part = connection.recv(65_536)
            check(part, f"the stream goes on until {until}: {received[-500:]}")
            received += part
        return received

    one = listen("block,transaction")
    read(one, b"retry:")
    payment = json.loads(gateway.run("send", "--from", "alice", "--to", "bob", "--asset", "X", "--amount", "6", "--json"))["id"]
    told = read(one, b'"state":"settled"')
    check(payment.encode() in told and b"event: block" in told and b"event: board" not in told, f"the payment is told: {told[-2000:]}")
    said("a payment is told by events as it goes on")
    others = [listen("alarm") for _ in range(255)]
    for connection in others:
        read(connection, b"retry:")
    extra = listen("alarm")
    check(b"503" in extra.recv(65_536), "the next one is refused")
    for connection in [one, extra] + others:
        connection.close()
    end = time.monotonic() + 10
    while True:
        again = listen("alarm")
        answer = again.recv(65_536)
        again.close()
        if b" 200 " in answer:
            break
        check(time.monotonic() < end, f"places are given back: {answer[:100]}")
        time.sleep(0.1)
    said("256 hear events and the next is refused; places of those who are gone are given back")


def unread(gateway):
    """Clients that hear events and do not read them: they are cut off, and one that reads beside them misses nothing."""
    def listen(receive_bytes=None):
        connection = socket.socket()
        if receive_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.settimeout(40)
        connection.connect(("127.0.0.1", gateway.port))
        connection.sendall(b"GET /v1/events?kinds=board,block,transaction HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return connection

    def held():
        """Connections to the gateway on which somebody hears: those of this process have a number each."""
        states = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        served = {line[2].rsplit(":", 1)[1] for line in states if int(line[1].rsplit(":", 1)[1], 16) == gateway.port and line[3] == "01"}
        return [connection for connection in deaf if f"{connection.getsockname()[1]:04X}" in served]

    before = gateway.memory_mebibytes()
    deaf, reader, heard, stopped = [listen(2_048) for _ in range(SLOW_CLIENTS)], listen(), bytearray(), threading.Event()
    fault = []

    def read():
        while not stopped.is_set():
            try:
                part = reader.recv(1 << 20)
            except OSError as error:
                fault.append(error)
                return
            if not part:
                fault.append("closed")
                return
            heard.extend(part)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    time.sleep(1)
    check(len(held()) == SLOW_CLIENTS, f"{len(held())} of {SLOW_CLIENTS} hear")
    begin, most = time.monotonic(), 0
    load = subprocess.Popen([gateway.path, "load", "--rate", "250", "--duration", "30s", "--verify", "none", "--data", gateway.folder, "--out", f"{gateway.home}/load", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        while held() and time.monotonic() - begin < 60:
            most = max(most, gateway.memory_mebibytes())
            time.sleep(0.5)
        took = time.monotonic() - begin
        check(not held(), f"{len(held())} clients that do not read are still heard after {took:.0f} s")
        counts = json.loads(load.communicate(timeout=120)[0])["counts"]
    finally:
        load.kill()
    time.sleep(2)
    check(b"event: cut" not in heard and not fault, f"who reads is not cut off: {fault} after {len(heard)} bytes: {bytes(heard[-300:])}")
    stopped.set()
    thread.join(40)
    told = [json.loads(line[6:]) for line in bytes(heard).split(b"\n") if line.startswith(b"data: {") and line.endswith(b"}")]
    ends = {event["id"] for event in told if event.get("ended") is True}
    check(len(ends) >= counts["settled"], f"who reads is told of {len(ends)} ends of {counts['settled']} payments")
    check(most - before < 64, f"the gateway keeps {most - before} MiB for those who do not read")
    said(f"{SLOW_CLIENTS} clients that do not read are cut off within {took:.0f} s, {most - before} MiB at most are kept for them; one that reads is told how each of {counts['settled']} payments ended")
    for connection in deaf + [reader]:
        connection.close()


def crowded(path):
    """With more open files than Foundation's Process can count, nothing is started, and it is said why."""
    home = tempfile.mkdtemp(prefix="concordat-gateway-")
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    files = [open("/dev/null") for _ in range(OPEN_FILES)]
    done = subprocess.run(
        [path, "up", "--data", f"{home}/network", "--nodes", "1", "--notaries", "1", "--port-base", "0"], pass_fds=[file.fileno() for file in files],
        capture_output=True, text=True, timeout=60)
    for file in files:
        file.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
    shutil.rmtree(home)
    check(done.returncode == 1 and re.search(r"Error: this process has \d+ files open", done.stderr), f"with {OPEN_FILES} open files `up` ends with {done.returncode}: {done.stderr}")
    said(f"with {OPEN_FILES} files open nothing is started, and it is said why")


def main():
    crowded(sys.argv[1])
    gateway = Gateway(sys.argv[1])
    try:
        payment = json.loads(gateway.run("send", "--from", "alice", "--to", "bob", "--asset", "X", "--amount", "5", "--json"))["id"]
        fuzzed(gateway, payment)
        events(gateway)
        unread(gateway)
        oversized(gateway)
        slow(gateway)
        idle(gateway)
        gateway.get("/v1/chains")
        check(gateway.stop_gateway() == 0, "the gateway stops cleanly")
        said("after all that the gateway answers, and stops cleanly")
    except AssertionError:
        print(pathlib.Path(f"{gateway.home}/gateway.log").read_text()[-3000:])
        raise
    finally:
        gateway.remove()
    print("gateway: all passed")


if __name__ == "__main__":
    main()
