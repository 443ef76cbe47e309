"""The quorum profile in real containers, under payments: scaled, killed piece by piece, and audited.

python containers_test.py STATICALLY_LINKED_CONCORDAT PODMAN_COMPOSE FOLDER
"""
import json
import pathlib
import re
import signal
import sys
import time

import yaml

from catalogue import check, said
from podman import IMAGE, Podman, wait

PROJECT = "concordat-e2e"
COMPOSE = pathlib.Path(__file__).resolve().parents[2] / "compose/compose.yaml"
READY_SECONDS = 300
# What is killed, one after the other: a notary, a node of a chain, a chain's bus, a collector.
KILLED = ["notary-2", "alpha-2", "bus-beta", "collector-beta-1"]
AWAY_SECONDS = 5
LOAD_SECONDS = 120


class Trial:
    def __init__(self, podman):
        self.podman = podman
        services = yaml.safe_load(COMPOSE.read_text())["services"]
        self.processes = [name for name, service in services.items() if "quorum" in service["profiles"] and service["command"][0] == "run"]

    def ready(self, service, number=1):
        """What the container's own health check says: True, or why not."""
        name = self.podman.container(service, number)
        if self.podman.succeeds("healthcheck", "run", name):
            return True
        state = self.podman.state(service, number)
        if not state.startswith("running"):
            return f"{name} is {state or 'not there'}: {self.log(service, number)}"
        return f"{name}: " + self.podman.run("exec", name, "concordat", "health", "--at", "127.0.0.1:9464", "--ready", allowed=None).strip()

    def log(self, service, number=1):
        return self.podman.log(self.podman.container(service, number))

    def client(self, *words, allowed=(0,)):
        return self.podman.compose("run", "--rm", "-T", "client", *words, profile="tools", allowed=allowed)

    def starts(self):
        begin = time.monotonic()
        self.podman.compose("up", "-d", "--no-build")
        for service in self.processes:
            wait(READY_SECONDS - (time.monotonic() - begin), f"{service} is not ready", lambda: self.ready(service))
        self.client("status", "--wait-ready", "240")
        said(f"{len(self.processes)} containers are ready after {time.monotonic() - begin:.0f} s, by their health checks")

    def looks_right(self):
        """As the image promises: no root, nothing to write on, and only one's own keys."""
        name = self.podman.container("alpha-1")
        check(self.podman.run("exec", name, "id", "-u").strip() == "10001", "a process is root")
        refused = self.podman.command(["sh", "-c", f"podman exec {name} sh -c 'touch /usr/x || touch /var/lib/concordat/keys/x' 2>&1; true"], 60, (0,))
        check(refused.count("Read-only file system") == 2, f"a process may write to its image or its keys: {refused}")
        keys = self.podman.run("exec", name, "find", "/var/lib/concordat/keys", "-type", "f").split()
        check(len(keys) == 4 and all("alpha-1" in key for key in keys), f"alpha-1 sees {keys}")
        inspected = json.loads(self.podman.run("image", "inspect", IMAGE))[0]
        check(inspected["Config"]["StopSignal"] == "SIGTERM" and inspected["Config"]["User"] == "concordat", "the image stops or runs otherwise")
        check("/var/lib/concordat" in inspected["Config"]["Volumes"] and inspected["Healthcheck"]["Test"][1:2] == ["concordat"], "the image has no volume or no health check")
        held = self.podman.run("run", "--rm", "--entrypoint", "find", IMAGE, "/var/lib/concordat", "-name", "*.key")
        check(not held.strip(), f"the image holds keys: {held}")
        said("a process runs as nobody in particular, on a read-only image, with its own keys and no others; the image holds none")

    def scales(self):
        self.podman.compose("up", "-d", "--no-build", "--no-recreate", "--scale", "collector-alpha-1=2")
        wait(60, "the second collector is not ready", lambda: self.ready("collector-alpha-1", 2))
        log = self.log("collector-alpha-1", 1) + self.log("collector-alpha-1", 2)
        names = set(re.findall(r'"as":"([^"]+)"', log))
        check(names == {"collector.alpha@alpha-1/1", "collector.alpha@alpha-1/2"}, f"the collectors call themselves {names}: {log}")
        self.podman.run("stop", "-t", "60", self.podman.container("collector-alpha-1", 2))
        check(self.podman.state("collector-alpha-1", 2) == "exited 0", f"the second collector did not drain: {self.podman.state('collector-alpha-1', 2)}")
        check("drained" in self.log("collector-alpha-1", 2), f"the second collector did not drain: {self.log('collector-alpha-1', 2)}")
        self.podman.run("rm", self.podman.container("collector-alpha-1", 2))
        said("collectors of a node go from one to two and back: each has a number of its own, and the one that goes drains")

    def kills(self):
        for service in KILLED:
            name = self.podman.container(service)
            self.podman.run("kill", name)
            wait(30, f"{name} lives", lambda: True if not self.podman.state(service).startswith("running") else "running")
            time.sleep(AWAY_SECONDS)
            self.podman.run("start", name)
            wait(120, f"{service} did not come back", lambda: self.ready(service))
            said(f"{service} was killed, and is ready again")

    def judges(self, load):
        code = load.wait(timeout=LOAD_SECONDS + 180)
        text = pathlib.Path(load.path).read_text()
        check(code == 0, f"the load ends with {code}: {text[-4000:]}")
        lines = [" ".join(line.split()) for line in text.splitlines() if re.match(r"COUNTS|VERIFY|final ", line)]
        said("the load ends with 0 and says: " + " | ".join(lines))

    def stops(self):
        begin = time.monotonic()
        def kind(name):
            return "bus" if name.startswith("bus-") else "collector" if name.startswith("collector-") else "node"

        # Collectors have something to finish, and buses carry it.
        for part in ("collector", "node", "bus"):
            self.podman.run("stop", "-t", "60", *(self.podman.container(name) for name in self.processes if kind(name) == part), seconds=300)
        codes = {name: self.podman.state(name) for name in self.processes}
        wrong = {name: state for name, state in codes.items() if state != "exited 0"}
        check(not wrong, f"not every process stopped cleanly: {wrong}")
        said(f"all stop cleanly in {time.monotonic() - begin:.0f} s")
        output = self.podman.compose("run", "--rm", "-T", "audit", "audit", "--json", profile="tools")
        audit = json.loads(next(line for line in output.splitlines() if line.startswith("{")))
        check(audit["violations"] == [], f"the audit says {audit}")
        said("the audit of all stores finds no violation")


def main(program, compose, folder):
    # Whoever stops the test finds nothing left, either.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    podman = Podman(folder, compose, PROJECT)
    podman.remove_all()
    try:
        begin = time.monotonic()
        podman.make_base()
        podman.make_image(program)
        said(f"the image is made in {time.monotonic() - begin:.0f} s")
        begin = time.monotonic()
        trial = Trial(podman)
        trial.starts()
        trial.looks_right()
        path = pathlib.Path(folder) / "load.log"
        with open(path, "w") as log:
            podman.environment.update(LOAD_RATE="10", LOAD_DURATION=f"{LOAD_SECONDS}s")
            load = podman.start(["--profile", "load", "run", "--rm", "-T", "load"], log)
        load.path = path
        trial.scales()
        trial.kills()
        trial.judges(load)
        trial.stops()
        said(f"all of it took {time.monotonic() - begin:.0f} s")
    finally:
        podman.remove_all()


if __name__ == "__main__":
    main(*sys.argv[1:4])
