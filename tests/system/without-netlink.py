"""Runs a program as if the kernel had no netlink protocol N: without-netlink.py N COMMAND... (x86_64)"""
import ctypes, errno, os, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06


def code(operation, yes, no, value):
    return struct.pack("HBBI", operation, yes, no, value)


# socket(AF_NETLINK, ..., N) fails with EPROTONOSUPPORT; seccomp(2).
program = b"".join(
    [
        code(LOAD, 0, 0, 0),
        code(EQUAL, 0, 5, 41),  # socket
        code(LOAD, 0, 0, 16),
        code(EQUAL, 0, 3, 16),  # AF_NETLINK
        code(LOAD, 0, 0, 32),
        code(EQUAL, 0, 1, int(sys.argv[1])),
        code(RETURN, 0, 0, 0x00050000 | errno.EPROTONOSUPPORT),
        code(RETURN, 0, 0, 0x7FFF0000),
    ]
)
text = ctypes.create_string_buffer(program, len(program))
filter = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(text))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.create_string_buffer(filter, len(filter)), 0, 0):
    sys.exit("prctl: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])
