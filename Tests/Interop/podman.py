"""Containers in a store of their own, so that everything made for a test can be removed again."""
import os
import pathlib
import shutil
import subprocess
import time

from catalogue import check

DEBIAN = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
BASE = "localhost/debian-bookworm"
IMAGE = "localhost/concordat"
# What runs inside containers on machines where they are nested, too.
SETTINGS = """[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
log_driver = "k8s-file"
"""


class Podman:
    """Images, containers, volumes and networks under one folder."""

    def __init__(self, folder, compose, project):
        self.folder, self.compose_program, self.project = pathlib.Path(folder).resolve(), compose, project
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "containers.conf").write_text(SETTINGS.format(folder=self.folder))
        (self.folder / "storage.conf").write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{self.folder}/store"\nrunroot = "{self.folder}/run"\n')
        self.environment = {
            **os.environ, "CONTAINERS_CONF": f"{self.folder}/containers.conf", "CONTAINERS_STORAGE_CONF": f"{self.folder}/storage.conf",
            "COMPOSE_PROJECT_NAME": project,
        }

    def run(self, *words, seconds=120, allowed=(0,)):
        """Runs podman; returns what it printed on standard output."""
        return self.command(["podman", *words], seconds, allowed)

    def succeeds(self, *words):
        return subprocess.run(["podman", *words], env=self.environment, capture_output=True, timeout=120).returncode == 0

    def log(self, name):
        """What a container wrote last, on either stream."""
        done = subprocess.run(["podman", "logs", "--tail", "30", name], env=self.environment, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def compose(self, *words, profile="quorum", seconds=300, allowed=(0,)):
        return self.command([self.compose_program, "-f", "compose/compose.yaml", "--profile", profile, *words], seconds, allowed)

    def command(self, words, seconds, allowed):
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=seconds, cwd=pathlib.Path(__file__).resolve().parents[2])
        check(allowed is None or done.returncode in allowed, f"{' '.join(words)} ends with {done.returncode}: {done.stdout[-1500:]}{done.stderr[-3000:]}")
        return done.stdout

    def start(self, words, log):
        """Runs podman-compose in the background."""
        return subprocess.Popen(
            [self.compose_program, "-f", "compose/compose.yaml", *words], env=self.environment, stdout=log, stderr=subprocess.STDOUT,
            cwd=pathlib.Path(__file__).resolve().parents[2])

    def container(self, service, number=1):
        return f"{self.project}_{service}_{number}"

    def state(self, service, number=1):
        """How a container stands: running, exited and its exit code, or nothing where there is none."""
        return self.run("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", self.container(service, number), allowed=(0, 125)).strip()

    def make_base(self):
        """Debian, as its own mirror has it: no registry is needed. The archive is kept for the next time."""
        archive = self.folder / "base.tar"
        if not archive.exists():
            root = self.folder / "base"
            shutil.rmtree(root, ignore_errors=True)
            self.command(["debootstrap", "--variant=minbase", "bookworm", str(root), DEBIAN], 1200, (0,))
            self.command(["tar", "-C", str(root), "--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*", "-cf", f"{archive}.new", "."], 300, (0,))
            archive.with_suffix(".tar.new").rename(archive)
            shutil.rmtree(root)
        self.run("import", str(archive), BASE, seconds=300)

    def make_image(self, program):
        """The second stage of the Containerfile, with a program that was built on this machine."""
        context = self.folder / "context"
        shutil.rmtree(context, ignore_errors=True)
        context.mkdir()
        self.command(["strip", "-o", str(context / "concordat"), str(program)], 120, (0,))
        self.run("build", "--format", "docker", "--target", "packaged", "--build-arg", f"BASE={BASE}", "-t", IMAGE, "-f", "compose/Containerfile", str(context), seconds=900)
        shutil.rmtree(context)

    def remove_all(self):
        """Everything of this store, running or not; the base's archive stays."""
        def quietly(*words):
            return subprocess.run(["podman", *words], env=self.environment, capture_output=True, text=True, timeout=600).stdout.split()

        for _ in range(3):
            quietly("rm", "-a", "-f", "-t", "0")
            if not quietly("ps", "-a", "-q"):
                break
        for network in quietly("network", "ls", "--format", "{{.Name}}"):
            if network.startswith(self.project):
                quietly("network", "rm", "-f", network)
        # Names of containers that died together with whoever looked after them would be found in the DNS for ever.
        for file in pathlib.Path("/run/containers/networks/aardvark-dns").glob(f"{self.project}_*"):
            file.unlink()
        mounts = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted((mount for mount in mounts if mount.startswith(f"{self.folder}/")), reverse=True):
            subprocess.run(["umount", mount], capture_output=True)
        for place in ("store", "run", "context", "base", "networks"):
            shutil.rmtree(self.folder / place, ignore_errors=True)
        left = [place for place in ("store", "run", "networks") if (self.folder / place).exists()]
        check(not left, f"{left} in {self.folder} could not be removed")


def wait(seconds, sentence, condition):
    end = time.monotonic() + seconds
    while True:
        seen = condition()
        if seen is True:
            return
        check(time.monotonic() < end, f"after {seconds} s: {sentence}: {seen}")
        time.sleep(1)
