"""Files read here and by processes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tidelock.shared.language.index import scanning
from tidelock.shared.language.index.scanning import scan
from tidelock.shared.language.index.worker import read_file, serve


def put(folder: Path, count: int) -> list[str]:
    paths = []
    for number in range(count):
        path = folder / f"f{number}.lua"
        path.write_text(f"name{number} = 1")
        paths.append(str(path))
    return paths


@pytest.mark.parametrize("count", [3, 40])
def test_every_file_is_read_once(tmp_path: Path, count: int) -> None:
    paths = [*put(tmp_path, count), str(tmp_path / "missing.lua")]
    reads = list(scan(paths, "5.4", workers=2))
    assert sorted(read.path for read in reads) == sorted(paths)
    found = {read.path: read.summary for read in reads}
    assert found[paths[-1]] is None
    assert found[paths[1]] == read_file(paths[1], "5.4").summary


def test_a_worker_that_dies_leaves_its_files_to_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = put(tmp_path, 40)
    monkeypatch.setattr(scanning.sys, "executable", "/bin/false")
    assert sorted(read.path for read in scan(paths, "5.4")) == sorted(paths)


def test_a_scan_can_be_given_up(tmp_path: Path) -> None:
    reads = scan(put(tmp_path, 40), "5.4", workers=1)
    next(reads)
    reads.close()  # type: ignore[attr-defined]
    assert list(reads) == []


def test_a_worker_answers_line_by_line(tmp_path: Path) -> None:
    paths = put(tmp_path, 60)
    output = io.StringIO()
    serve("5.4", io.StringIO("".join(json.dumps(path) + "\n" for path in paths)), output)
    answers = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [path for path, _, _ in answers] == paths
    assert answers[0][2][1] == ["name0"]
