#!/usr/bin/python3
"""Run a command on a terminal of its own, as a person would.

    terminal.py [-s ROWSxCOLUMNS] COMMAND... < script

The script's lines, each done in its turn:
    expect REGEX    wait until the output since the last match has it (Python's, with DOTALL)
    send TEXT       type it; C escapes as in \\r (the Enter key), \\x01 (Ctrl and A)
    size ROWS COLUMNS   give the terminal this size, of which SIGWINCH notifies the foreground
    mode            print the terminal's mode, "mode: cooked" or "mode: raw"
    raw             wait until the command has put the terminal in raw mode: what is typed before may be dropped
    end             wait until the command has ended
    leave           hang up, as by closing the window; the exit status is 0

All output is printed; the exit status is the command's (128 + signal), 124 when what was expected did not come within
10 seconds, 125 for a mistake in the script.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

TIMEOUT_SECONDS = 10


class Session:
    def __init__(self, command, rows, columns):
        self.seen = b""
        self.ended = False
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.execvp(command[0], command)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def mode(self):
        print("mode: %s" % ("raw" if self.is_raw() else "cooked"), flush=True)

    def raw(self):
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not self.is_raw():
            self.read()
            if time.monotonic() > deadline:
                self.give_up("did not make the terminal raw")

    def status(self):
        """The command's exit status once it has ended, else None."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return None if pid == 0 else os.waitstatus_to_exitcode(status)

    def read(self):
        """Take what output there is; whether there was any."""
        if not select.select([self.master], [], [], 0.02)[0]:
            return False
        got = os.read(self.master, 65536)
        self.seen += got
        sys.stdout.buffer.write(got)
        sys.stdout.flush()
        return True

    def expect(self, regex):
        pattern = re.compile(regex.encode(), re.DOTALL)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            match = pattern.search(self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return
            self.read()
            if time.monotonic() > deadline:
                self.give_up("did not say: " + regex)

    def end(self):
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            self.read()
            status = self.status()
            if status is not None:
                while self.read():
                    pass
                return 128 - status if status < 0 else status
            if time.monotonic() > deadline:
                self.give_up("did not end")

    def give_up(self, why):
        print("\nterminal.py: the command " + why, flush=True)
        os.kill(self.pid, signal.SIGKILL)
        sys.exit(124)


def main():
    arguments = sys.argv[1:]
    rows, columns = 24, 80
    if arguments[:1] == ["-s"]:
        rows, columns = map(int, arguments[1].split("x"))
        arguments = arguments[2:]
    session = Session(arguments, rows, columns)
    result = None
    for line in map(str.rstrip, sys.stdin):
        word, _, rest = line.strip().partition(" ")
        if word == "expect":
            session.expect(rest)
        elif word == "send":
            os.write(session.master, rest.encode().decode("unicode_escape").encode("latin-1"))
        elif word == "size":
            session.resize(*map(int, rest.split()))
        elif word == "raw":
            session.raw()
        elif word == "mode":
            session.mode()
        elif word == "end":
            result = session.end()
        elif word == "leave":
            os.kill(session.pid, signal.SIGKILL)
            os.waitpid(session.pid, 0)
            sys.exit(0)
        elif word:
            print("terminal.py: no such word: " + word)
            sys.exit(125)
    sys.exit(session.end() if result is None else result)


main()
