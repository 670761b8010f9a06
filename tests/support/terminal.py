"""A terminal for a child to write to."""

import os
import pty
import sys


class Terminal:
    """`slave` is handed to the child; text() is what was written once everybody closed it. A machine
    without pseudo-terminals (a bare chroot) has none: then `there` is false."""

    def __init__(self):
        try:
            self.master, self.slave = pty.openpty()
            self.there = True
        except OSError as error:
            print(f"not looked at, this machine has no pseudo-terminals: {error}", file=sys.stderr)
            self.there = False

    def text(self):
        """Reads to the end; the parent's own end of the child's side is closed first."""
        os.close(self.slave)
        seen = b""
        try:
            while part := os.read(self.master, 65536):
                seen += part
        except OSError:  # a terminal has no other end
            pass
        os.close(self.master)
        return seen
