#!/usr/bin/env python3
"""Runs every check of the model, one after another: `run.py [WORD]` only those whose name has WORD, and then shows their trails."""
import pathlib, re, shutil, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).parent
SMALL = ["BLOCKS=3", "ENTRIES=2"]
MIDDLE = ["BLOCKS=3", "ENTRIES=3"]
WHOLE = ["SORTED", "HEAL"]
HOLDS, REACHED, WRONG = "holds", "reachable", "found wrong, as it must be"

CHECKS = [
    # name, what is demanded, macros
    ("settled", REACHED, MIDDLE + ["REACH=1"]),
    ("refunded by deadline", REACHED, MIDDLE + ["REACH=2"]),
    ("refunded by refusal", REACHED, MIDDLE + ["REACH=3"]),
    ("refunded by freeze", REACHED, MIDDLE + ["REACH=4"]),
    ("two histories of B final", REACHED, MIDDLE + ["REACH=5"]),
    ("one branch of a fork recorded", REACHED, MIDDLE + ["REACH=6"]),
    ("the other branch recorded", REACHED, MIDDLE + ["REACH=7"]),
    ("settled by a block after a thaw", REACHED, SMALL + ["FEW_KINDS", "REACH=8"]),
    ("without R7", WRONG, MIDDLE + ["NO_R7"]),
    ("without R8's condition", WRONG, MIDDLE + ["NO_R8_CONDITION"]),
    ("quorum 2 of 4", WRONG, MIDDLE + ["QUORUM=2"]),
    ("deadline compared the wrong way", WRONG, SMALL + ["FEW_KINDS", "DEADLINE_WRONG"]),
    ("deadline off by one on both sides", WRONG, SMALL + ["SORTED", "REFUND_AT_DEADLINE", "LEG_AFTER_DEADLINE"]),
    ("without R5", WRONG, MIDDLE + ["NO_ONE_RESOLUTION"]),
    ("votes to record bind nobody", WRONG, MIDDLE + ["RECORD_VOTES_DO_NOT_BIND"]),
    ("votes to freeze bind nobody", WRONG, MIDDLE + ["FREEZE_VOTES_DO_NOT_BIND"]),
    ("a rival that is only signed releases", WRONG, MIDDLE + ["RIVAL_NOT_CERTIFIED"]),
    ("holds older than a thaw may be decided", WRONG, MIDDLE + ["FEW_KINDS", "OLD_HOLDS_AFTER_THAW"]),
    ("signatures bind for ever: an end", WRONG, MIDDLE + ["HEAL", "NO_LAPSE"]),
    ("signatures outlast a record: settles", WRONG, MIDDLE + ["HEAL", "NO_LAPSE", "STANDING_ONLY", "BOUND_FOR_EVER"]),
    ("signatures bind until a record: settles", HOLDS, SMALL + WHOLE + ["NO_LAPSE", "STANDING_ONLY"]),
    ("refund at the deadline itself", HOLDS, SMALL + WHOLE + ["REFUND_AT_DEADLINE"]),
    ("deciding leg one tick late", HOLDS, SMALL + WHOLE + ["LEG_AFTER_DEADLINE"]),
    ("R1-R8: 3 blocks, 3 entries", HOLDS, MIDDLE + WHOLE),
    ("R1-R8: 3 blocks, 4 entries", HOLDS, ["BLOCKS=3", "ENTRIES=4", "FEW_KINDS"] + WHOLE),
    ("R1-R8: 4 blocks, 3 entries", HOLDS, ["BLOCKS=4", "ENTRIES=3", "FEW_KINDS"] + WHOLE),
]


def call(command, folder):
    """What the command prints. The model checker says what it found in words, so its exit code is not looked at."""
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def number(pattern, text):
    found = re.search(pattern, text)
    return int(float(found.group(1))) if found else 0


def run(demanded, macros, folder):
    """Explores all states; shortest trails first where something must be found. Gives states, depth and verdict."""
    defines = ["-D" + macro for macro in macros]
    said = call(["spin", *defines, "-a", "cross.pml"], folder)
    how = ["-O2"] if demanded == HOLDS else ["-O1", "-DBFS"]
    said += call(["gcc", "-w", "-DSAFETY", "-DNOCLAIM", "-DNOREDUCE", "-DMEMLIM=3500", *how, "-o", "pan", "pan.c"], folder)
    said += call(["./pan", "-m200000", "-w25" if demanded == HOLDS else "-w22"], folder)
    states, depth = number(r"(\S+) states, stored", said), number(r"depth reached (\d+)", said)
    whole = "errors:" in said and "not completed" not in said and "max search depth" not in said
    broken = re.search(r"pan:1: assertion violated .*\(at depth (\d+)\)", said)
    if broken:
        return states, depth, WRONG if demanded == WRONG else REACHED if demanded == REACHED else "found wrong", int(broken.group(1))
    if whole and "errors: 0" in said:
        return states, depth, HOLDS if demanded == HOLDS else "not found", 0
    return states, depth, "could not be checked: " + " ".join(said.split())[-300:], 0


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    bad = 0
    begun = time.monotonic()
    print(f"{'check':42} {'states':>11} {'depth':>6} {'seconds':>8}  verdict", flush=True)
    for name, demanded, macros in CHECKS:
        if word not in name:
            continue
        with tempfile.TemporaryDirectory(prefix="concordat-model-") as folder:
            for file in HERE.glob("*.pml"):
                shutil.copy(file, folder)
            start = time.monotonic()
            states, depth, verdict, steps = run(demanded, macros, folder)
            bad += verdict != demanded
            trail = f": {steps}-step trail" if steps else ""
            print(f"{name:42} {states:11,} {depth:6} {time.monotonic() - start:8.1f}  {verdict}{trail}", flush=True)
            if steps and (word or verdict != demanded):
                print(call(["spin", *["-D" + macro for macro in macros], "-t", "-T", "cross.pml"], folder).split("#processes")[0])
    print(f"{bad} of the checks went otherwise than demanded; {time.monotonic() - begun:.0f} s" if bad else
          f"All as demanded; {time.monotonic() - begun:.0f} s")
    return 1 if bad else 0


sys.exit(main())
