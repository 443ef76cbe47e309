"""Runs every Python example of the docs, as it stands, against a network of the real binary: python docs_examples_test.py PATH_OF_CONCORDAT"""
import pathlib
import re
import shutil
import subprocess
import sys

from interop_test import Concordat, check, said

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What each example of a page must print, in the page's order. A page with Python that stands not here is found, too.
PRINTS = {
    "docs/taps.md": [
        r"5 candidates by (alpha|beta|notary)-1(, (alpha|beta|notary)-1)*",
        r"frame \d+: block (\d+) of alpha is final\nframe \d+: block (\d+) of alpha is final",
    ],
    "docs/load.md": [
        r"([1-9]\d*) of \1 are final, 0 lost; p99 \d+\.\d{3} s; exit code 0",
        r"([1-9]\d*) of \1 are final, p99 \d+\.\d+ s",
    ],
}


def examples(page):
    """The fenced blocks of Python in a page."""
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)


def workplace(concordat):
    """A folder in which the paths that examples name lead to this repository, this binary and this network."""
    folder = pathlib.Path(concordat.home) / "examples"
    (folder / ".build" / "release").mkdir(parents=True)
    (folder / ".build" / "release" / "concordat").symlink_to(pathlib.Path(concordat.path).resolve())
    (folder / ".concordat").symlink_to(concordat.folder)
    for name in ["Tests", "Shared"]:
        (folder / name).symlink_to(ROOT / name)
    return folder


def main():
    pages = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
    with_python = {page for page in pages if examples(page)}
    check(with_python == set(PRINTS), f"the pages with Python are those that this test knows: {sorted(with_python ^ set(PRINTS))}")
    concordat = Concordat(sys.argv[1])
    try:
        concordat.run("up", "--detach", "--nodes", "1", "--notaries", "1", "--port-base", "0")
        folder = workplace(concordat)
        for page, expected in PRINTS.items():
            blocks = examples(page)
            check(len(blocks) == len(expected), f"{page} has {len(blocks)} examples in Python, {len(expected)} are known")
            for number, (block, pattern) in enumerate(zip(blocks, expected), start=1):
                done = subprocess.run([sys.executable, "-c", block], cwd=folder, capture_output=True, text=True, timeout=60)
                check(done.returncode == 0, f"example {number} of {page} ends with {done.returncode}: {done.stdout}{done.stderr}")
                check(re.fullmatch(pattern, done.stdout.strip()), f"example {number} of {page} prints what it should: {done.stdout}{done.stderr}")
                said(f"{page}, example {number}: {done.stdout.strip().splitlines()[-1]}")
        concordat.stop()
        concordat.run("audit")
    finally:
        concordat.stop()
        shutil.rmtree(concordat.home, ignore_errors=True)
    print("examples of the docs: all passed")


if __name__ == "__main__":
    main()
