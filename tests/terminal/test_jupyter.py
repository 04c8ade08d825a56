"""``tidelock kernel install``: Jupyter finds the kernel, starts it, and forgets it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager

from kit.lua import build_under_test
from kit.programs import environment

from .conftest import Place


def kernels(place: Place) -> Path:
    return place.home / "data" / "jupyter" / "kernels"


def fields(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "kernel.json").read_text())
    return read


def test_what_is_written(place: Place) -> None:
    folder = kernels(place) / "tidelock"
    output = place.run("kernel", "install", "--user").expect().stdout
    assert output == f"Installed tidelock, 'Lua (Tidelock)', in {folder}\n"
    assert sorted(path.name for path in folder.iterdir()) == [
        "kernel.json",
        "logo-32x32.png",
        "logo-64x64.png",
        "logo-svg.svg",
    ]
    spec = KernelSpec.from_resource_dir(str(folder))
    assert (spec.language, spec.interrupt_mode) == ("lua", "message")
    assert spec.metadata["debugger"] is True
    assert spec.kernel_protocol_version == "5.5"
    place.run("kernel", "install", "--user", "--display-name", "Mine").expect()
    assert fields(folder)["display_name"] == "Mine"


def test_one_for_each_lua(place: Place) -> None:
    build = build_under_test()
    place.run("kernel", "install", "--user", "--lua", build.option).expect()
    (folder,) = kernels(place).iterdir()
    assert folder.name.startswith("tidelock-")
    assert fields(folder)["argv"][-2] == "--lua"
    bad = place.run("kernel", "install", "--user", "--lua", "4.0").expect(2)
    assert "unknown Lua version '4.0'" in bad.stderr


def test_it_is_listed_and_removed(place: Place) -> None:
    place.run("kernel", "install", "--prefix", "there", "--name", "moon").expect()
    folder = place.work / "there" / "share" / "jupyter" / "kernels" / "moon"
    listed = place.run("kernel", "install", "--list", "--prefix", "there").expect().stdout
    assert listed == f"moon  {folder}\n"
    gone = place.run("kernel", "uninstall", "--prefix", "there", "--name", "moon").expect()
    assert gone.stdout == f"Removed moon from {folder}\n"
    assert not folder.exists()
    none = place.run("kernel", "uninstall", "--prefix", "there", "--name", "moon").expect(4)
    assert "no kernel specification 'moon' of Tidelock" in none.stderr


def test_specifications_of_others_are_left_alone(place: Place) -> None:
    folder = kernels(place) / "tidelock"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text('{"argv": ["other"]}')
    taken = place.run("kernel", "install", "--user").expect(4)
    assert f"{folder} belongs to another kernel" in taken.stderr
    place.run("kernel", "uninstall", "--user").expect(4)
    assert fields(folder) == {"argv": ["other"]}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--user", "--sys-prefix"], "name several places"),
        (["--user", "--name", "../up"], "--name '../up'"),
    ],
)
def test_bad_flags(place: Place, flags: list[str], said: str) -> None:
    assert said in place.run("kernel", "install", *flags).expect(2).stderr


def test_a_place_that_cannot_be_written(place: Place) -> None:
    place.file("file", "")
    refused = place.run("kernel", "install", "--prefix", "file").expect(5).stderr
    assert f"writing {place.work}/file/share/jupyter/kernels/tidelock" in refused
    assert "--user installs into your own folder" in refused


def test_jupyter_starts_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    build = build_under_test()
    place.run("kernel", "install", "--user", "--name", "moon", "--lua", build.option).expect()
    for name, value in environment(place.home).items():
        if name.startswith(("TIDELOCK_", "XDG_", "HOME")):
            monkeypatch.setenv(name, value)
    # A file of the notebook's folder must not stand in for a module of the kernel's own.
    place.file("json.py", "raise SystemExit('the wrong one')")
    manager = KernelManager(
        kernel_name="moon",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(kernels(place))]),
    )
    manager.start_kernel(cwd=str(place.work))
    client = manager.blocking_client()
    texts: list[str] = []
    try:
        client.start_channels()
        client.wait_for_ready(timeout=30)
        reply = client.execute_interactive(
            "io.write(type(jit), ' ', _VERSION)",
            output_hook=lambda message: texts.append(message["content"].get("text", "")),
            timeout=30,
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert reply["content"]["status"] == "ok"
    version = "5.1" if build.jit else build.option
    assert "".join(texts) == f"{'table' if build.jit else 'nil'} Lua {version}"
