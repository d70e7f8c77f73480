"""``python -m pipeline.cli`` is the command ``faltung``."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
