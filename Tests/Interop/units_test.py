"""The systemd units, judged by systemd's own tools with a real program in place: python3 units_test.py PATH_OF_CONCORDAT"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

UNITS = pathlib.Path(__file__).resolve().parents[2] / "compose/systemd"
# What systemd-analyze calls "OK" ends at 4.9; without any protection it says 9.6.
EXPOSURE_MAX = 2.5


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


def said(sentence):
    print(f"  ok  {sentence}", flush=True)


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr).strip()


class Units:
    """The units as they would lie on a machine, but for where the program is."""

    def __init__(self, folder, program):
        self.folder = pathlib.Path(folder)
        for unit in UNITS.glob("concordat*.*"):
            text = unit.read_text()
            check(unit.suffix != ".service" or text.count("/usr/bin/concordat") == 1, f"{unit.name} starts something else")
            (self.folder / unit.name).write_text(text.replace("/usr/bin/concordat", program))

    def instance(self, name, drop_in=None):
        """A unit for one role or bus, as systemctl would make it; returns its path."""
        unit = subprocess.run(["systemd-escape", "--template=concordat@.service", name], capture_output=True, text=True, check=True).stdout.strip()
        path = self.folder / unit
        if not path.exists():
            path.symlink_to("concordat@.service")
        if drop_in:
            place = self.folder / f"{unit}.d"
            place.mkdir(exist_ok=True)
            shutil.copy(drop_in, place)
        return path


def verify(path):
    """Systemd ignores a line that it does not know, says so, and ends with 0: what it says counts."""
    code, text = run("systemd-analyze", "verify", "--man=no", str(path))
    return code == 0 and not text, text


def main(program):
    program = str(pathlib.Path(program).resolve())
    with tempfile.TemporaryDirectory(prefix="concordat-units-") as folder:
        units = Units(folder, program)
        for path in [units.folder / "concordat.target"] + [units.instance(name) for name in ("bus@alpha", "consensus.alpha@alpha-1", "collector.alpha@alpha-1/2")]:
            fine, text = verify(path)
            check(fine, f"{path.name}: {text}")
        said("systemd takes the template and the target, for a bus, a role, and a second collector")
        for drop_in in sorted((UNITS / "drop-ins").glob("*.conf")):
            fine, text = verify(units.instance("collector.beta@beta-2/1", drop_in))
            check(fine, f"{drop_in.name}: {text}")
        said("systemd takes each drop-in")
        unit = units.instance("collector.alpha@alpha-1/2")
        code, back = run("systemd-escape", "--unescape", "--instance", unit.name)
        check(code == 0 and back == "collector.alpha@alpha-1/2", f"{unit.name} names the role {back}")
        line = re.search(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)[1].replace("%I", back).split()
        done = subprocess.run([*line, "--data", f"{folder}/nowhere"], capture_output=True, text=True, timeout=30, env={**os.environ, "CONCORDAT_METRICS": "127.0.0.1:0"})
        check(done.returncode == 78 and "network.yaml" in done.stderr, f"the unit's command does not get as far as reading the network: {done.stderr}")
        prevented = re.search(r"^RestartPreventExitStatus=(.*)$", unit.read_text(), re.MULTILINE)[1].split()
        check(prevented == ["64", "78"], f"a unit whose configuration is bad would be started again and again: {prevented}")
        said("an instance's name comes back as the role, and the unit's command takes it; bad configuration is not started again")
        code, text = run("systemd-analyze", "security", "--offline=yes", str(unit))
        exposure = float(re.search(r"exposure level for \S+: ([0-9.]+)", text)[1])
        check(exposure <= EXPOSURE_MAX, f"the unit is exposed by {exposure}")
        said(f"systemd calls the unit's exposure {exposure}, of 10")
        planted = units.folder / "concordat@.service"
        planted.write_text(planted.read_text().replace("ProtectHome=", "ProtectHme="))
        check(not verify(planted)[0], "a wrong line goes by unseen")
        said("a wrong line is seen")
        code, text = run("systemd-sysusers", "--dry-run", str(UNITS / "concordat.sysusers"))
        check(code == 0 and "concordat" in text, f"concordat.sysusers: {text}")
        said("systemd would make the user")


if __name__ == "__main__":
    main(sys.argv[1])
