"""The soak in short: clients that do everything at once, and what they would notice."""

from __future__ import annotations

from pathlib import Path

import pytest

import soak
from kit.jupyter import JupyterPeer
from kit.kernels import external


def test_nothing_goes_astray_and_nothing_is_left(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        assert served.process is not None
        crowd = soak.Soak(served.fields, 4)
        try:
            crowd.go(lambda done: done < 30)
            before = soak.Footprint.of(served.process.pid)
            crowd.go(lambda done: done < 60)
            assert soak.Footprint.of(served.process.pid) - before == 0
        finally:
            crowd.close()
        assert sum(crowd.counts.values()) == 4 * 90
        assert len(crowd.counts) == 8  # everything was done


def test_an_output_that_is_not_what_it_must_be_ends_it(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        spoilt = JupyterPeer(served.fields)
        assert (
            spoilt.execute("local old = print function print(s) old(s .. '?') end").status == "ok"
        )
        spoilt.close()
        crowd = soak.Soak(served.fields, 2)
        try:
            with pytest.raises(soak.AstrayError, match=r"a client met: c\d got .*\?"):
                crowd.go(lambda done: done < 60)
        finally:
            crowd.close()
