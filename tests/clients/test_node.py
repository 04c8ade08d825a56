"""Microsoft's debug client, under node."""

from __future__ import annotations

import shutil

import pytest

from clients.installed import HERE, REPOSITORY, node_packages, search_path, system_program
from kit.places import Place

pytestmark = pytest.mark.clients


def test_a_debug_session(place: Place) -> None:
    shutil.copytree(REPOSITORY / "examples" / "tides", place.work, dirs_exist_ok=True)
    env = {
        "PATH": search_path(),
        "PROGRAM": str(place.work / "main.lua"),
        "TIDELOCK_CLIENTS": str(node_packages()),
    }
    node = [system_program("node"), "--test", "--test-reporter=spec"]
    result = place.run(HERE / "dap.test.mjs", program=node, env=env, timeout=90).expect(0)
    assert "pass 2" in result.stdout, result
