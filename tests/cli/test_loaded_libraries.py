"""Which commands load what takes a second to load: only those that compare or examine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from terminal import Terminal

from varde.cli.main import COMMANDS

HEAVY = ("numba", "cv2")
MAY_LOAD = {"demo", "hunt", "match", "process", "serve"}
"""And `exhibit add --process`, `known import` of a folder, `known release`."""

RUN = [
    ["audit", "verify"],
    ["case", "list"],
    ["doctor"],
    ["exchange", "list"],
    ["exhibit", "list", "case"],
    ["find", "photo"],
    ["issue", "list", "case"],
    ["item", "list", "case"],
    ["known", "import", "LIST", "--name", "list", "--role", "alert"],
    ["known", "list"],
    ["known", "show", "list"],
    ["known", "withdraw", "list", "--whole-set", "--reason", "test"],
    ["report", "case", "--output", "OUTPUT"],
    ["scheme", "list"],
    ["token", "list"],
]

PROGRAM = f"""
import importlib, json, sys
from varde.cli.main import main
modules, commands = json.loads(sys.argv[1])
told = {{}}
def note(what, code):
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    told[what] = [code, loaded]
    for name in loaded:
        del sys.modules[name]
for module in modules:
    importlib.import_module("varde.cli." + module)
    note(module, 0)
for words in commands:
    note(" ".join(words[2:4]), main(words))
print(json.dumps(told), file=sys.__stderr__)
"""


def test_only_commands_that_compare_load_what_comparing_needs(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal("case", "new", "case", "--authorisation", "test").code == 0
    known = tmp_path / "list.txt"
    known.write_text(f"{'0' * 31}1\n")
    places = {"LIST": str(known), "OUTPUT": str(tmp_path / "report")}
    commands = [["--site", str(terminal.site), *(places.get(word, word) for word in words)] for words in RUN]
    given = json.dumps([sorted(set(COMMANDS) - MAY_LOAD), commands])
    done = subprocess.run([sys.executable, "-c", PROGRAM, given], capture_output=True, text=True, check=True)
    told = json.loads(done.stderr.splitlines()[-1])
    assert {what: loaded for what, (_, loaded) in told.items() if loaded} == {}
    assert {what: code for what, (code, _) in told.items() if code} == {}, done.stderr
