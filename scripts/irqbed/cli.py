# SPDX-License-Identifier: MIT
"""How the tools take their arguments: as exit statuses, 2 is taken."""

import argparse
import sys

from . import report


class Parser(argparse.ArgumentParser):
    """A bad argument is status 3: 2 would mean a run that died."""

    def __init__(self, prog, description, **more):
        super().__init__(
            prog=prog, description=description, allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter, **more)

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(report.NOT_STARTED, f"{self.prog}: {message}\n")
