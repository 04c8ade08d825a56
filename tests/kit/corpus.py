"""The Lua files of this project, as texts to try readers of Lua on."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def lua_files(*folders: str) -> list[Path]:
    """Those below some folders of the project, folder by folder, in order."""
    return [path for folder in folders for path in sorted((ROOT / folder).glob("**/*.lua"))]


def whole_files(*folders: str) -> list[Path]:
    """Those that are not broken on purpose."""
    return [path for path in lua_files(*folders) if path.parent.name != "broken"]
