"""``python -m tidelock.terminal`` is the command ``tidelock``."""

import sys

from tidelock.terminal.main import main

sys.exit(main())
