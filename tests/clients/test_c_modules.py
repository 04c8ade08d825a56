"""C modules as Debian installs them: they link against the Lua that Tidelock runs."""

from __future__ import annotations

import pytest

from kit.places import Place

pytestmark = pytest.mark.clients

CODE = """
local lfs, lpeg = require 'lfs', require 'lpeg'
lfs.mkdir('made')
return lfs.attributes('made', 'mode'), lpeg.match(lpeg.C(lpeg.R('az')^1), 'tide 7')
"""


@pytest.mark.parametrize("lua", ["5.1", "5.2", "5.3", "5.4", "luajit"])
def test_debians_modules_are_found_and_work(place: Place, lua: str) -> None:
    """Debian has none for 5.5."""
    result = place.run("exec", CODE, "--lua", lua)
    assert result.code == 0, f"{result}\ntests/clients/install.sh installs lua-filesystem, lua-lpeg"
    assert result.stdout == '"directory"\t"tide"\n'
