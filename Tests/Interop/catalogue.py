"""Which processes a network consists of, as the program itself says, and whether options exist that somebody writes."""
import functools
import pathlib
import re
import subprocess

import yaml


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


def said(sentence):
    print(f"  ok  {sentence}", flush=True)


class Catalogue:
    """A network of a given size, made in a folder."""

    def __init__(self, program, folder, nodes, notaries):
        self.program = program
        self.made, self.parts = f"{folder}/made-{nodes}", f"{folder}/parts-{nodes}"
        self.run("init", "--data", self.made, "--host", "bus-SITE", "--nodes", str(nodes), "--notaries", str(notaries))
        self.run("keys", "split", "--data", self.made, "--to", self.parts)
        self.network = yaml.safe_load(pathlib.Path(self.made, "network.yaml").read_text())

    def run(self, *words):
        done = subprocess.run([self.program, *words], capture_output=True, text=True, timeout=60)
        check(done.returncode == 0, f"{words} ends with {done.returncode}: {done.stderr}")
        return done.stdout

    @property
    def processes(self):
        """Names of every role, without replicas, and of every bus."""
        roles = {member["name"] for member in self.network["members"] if member["role"] != "tap"}
        return roles | {f"bus@{site['id']}" for site in self.network["sites"]}

    @property
    def sites(self):
        return {site["id"]: site["endpoints"] for site in self.network["sites"]}


@functools.cache
def help_of(program, command):
    done = subprocess.run([program, *command, "--help"], capture_output=True, text=True, timeout=30)
    check(done.returncode == 0, f"{' '.join(command)} is no command: {done.stderr}")
    return done.stdout


def options(program, command):
    """Every option that a command's help names."""
    return set(re.findall(r"--[a-z][a-z-]*", help_of(program, command)))


def served(program, words):
    """Names of the roles and buses that a command line runs; its options must exist."""
    check(words and not words[0].startswith("-"), f"{words} names no command")
    command = (words[0],)
    if len(words) > 1 and re.search(rf"^  {re.escape(words[1])} ", help_of(program, command).partition("SUBCOMMANDS:")[2], re.MULTILINE):
        command = (words[0], words[1])
    for word in words[len(command):]:
        if word.startswith("--"):
            check(word.split("=")[0] in options(program, command), f"concordat {' '.join(command)} has no option {word}: {words}")
    roles = [words[place + 1] for place, word in enumerate(words) if word == "--role"]
    return [role.split("/")[0] for role in roles]


def in_shell(text):
    """The command lines of the program that a shell script calls."""
    lines = re.findall(r"(?:exec |\|\| |^\s*)concordat ([a-z][^|&\n>]*)", text, re.MULTILINE)
    return [re.findall(r'"[^"]*"|\S+', line) for line in lines]


def twins(program):
    """Options of any command that containers use, as variables of the environment."""
    words = set()
    for command in [("run",), ("init",), ("load",), ("health",), ("gateway",), ("status",), ("up",)]:
        words |= options(program, command)
    return {"CONCORDAT_" + word[2:].upper().replace("-", "_") for word in words}
