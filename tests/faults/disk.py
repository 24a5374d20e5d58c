#!/usr/bin/python3
"""A disk whose writes and flushes are recorded, and what is left of it after a loss of power.

disk.py record DIRECTORY IMAGE LOG    mounts a file system at DIRECTORY (FUSE, by its protocol) whose file "disk" has
                                      the contents of IMAGE, and serves it until it is unmounted; a loop device on that
                                      file is the disk. Each write and each flush goes to LOG, and what is written to
                                      the file "mark", such as "begin"
disk.py flushes LOG                   prints how many flushes there are from "begin" on
disk.py cut LOG IMAGE N [SEED]        IMAGE, as it was at "begin", becomes the disk after a loss of power that kept all
                                      until the Nth flush, and of what was written between it and the next one nothing,
                                      or with SEED some: a disk may write in any order what has not been flushed
"""
import ctypes, errno, os, random, struct, sys

WRITE, FLUSH, MARK = b"W", b"F", b"M"
RECORD = struct.Struct("<cQI")  # kind, offset, bytes that follow

# --- Recording: the requests of linux/fuse.h that a file in use as a disk gets ---

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITES, STATFS, RELEASE, FSYNC = 1, 2, 3, 4, 14, 15, 16, 17, 18, 20
FLUSHES, INIT, OPENDIR, RELEASEDIR, INTERRUPT, DESTROY, BATCH_FORGET = 25, 26, 27, 29, 36, 38, 42
MAX_WRITE = 128 << 10
ROOT, DISK, MARKS = 1, 2, 3
NAMES = {b"disk": DISK, b"mark": MARKS}


class Disk:
    def __init__(self, image, log):
        self.image = os.open(image, os.O_RDWR)
        self.size = os.fstat(self.image).st_size
        self.log = open(log, "wb")

    def attributes(self, node):
        size = self.size if node == DISK else 0
        mode = 0o40755 if node == ROOT else 0o100600
        return struct.pack("<6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def record(self, kind, offset, data=b""):
        self.log.write(RECORD.pack(kind, offset, len(data)))
        self.log.write(data)
        if kind != WRITE:
            self.log.flush()

    def write(self, node, body):
        _, offset, size = struct.unpack_from("<QQI", body)
        data = body[40:40 + size]
        if node == DISK:
            os.pwrite(self.image, data, offset)
            self.record(WRITE, offset, data)
        else:
            self.record(MARK, 0, data.strip())
        return struct.pack("<II", size, 0)

    def answer(self, opcode, node, body):
        """The body of the answer, or a number of errno."""
        if opcode == INIT:
            return struct.pack("<4I2H2I2H8I", 7, 31, 65536, 1 << 5, 16, 12, MAX_WRITE, 1, 0, 0, *[0] * 8)
        if opcode == LOOKUP:
            found = NAMES.get(body.rstrip(b"\0"))
            return struct.pack("<4Q2I", found, 0, 60, 60, 0, 0) + self.attributes(found) if found else errno.ENOENT
        if opcode in (GETATTR, SETATTR):
            return struct.pack("<Q2I", 60, 0, 0) + self.attributes(node)
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<Q2I", 0, 0, 0)
        if opcode == READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            return os.pread(self.image, size, offset) if node == DISK else b""
        if opcode == WRITES:
            return self.write(node, body)
        if opcode == FSYNC:
            self.record(FLUSH, 0)
            return b""
        if opcode in (FLUSHES, RELEASE, RELEASEDIR, DESTROY):
            return b""
        if opcode == STATFS:
            return struct.pack("<5Q4I6I", *[0] * 5, 4096, 255, 4096, *[0] * 7)
        return errno.ENOSYS

    def serve(self, device):
        buffer = bytearray(MAX_WRITE + 4096)
        while True:
            try:
                length = os.readv(device, [buffer])
            except OSError as e:
                if e.errno == errno.ENODEV:  # unmounted
                    return
                if e.errno in (errno.EINTR, errno.ENOENT):
                    continue
                raise
            _, opcode, unique, node = struct.unpack_from("<IIQQ", buffer)
            if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
                continue
            got = self.answer(opcode, node, bytes(buffer[40:length]))
            error, got = (-got, b"") if isinstance(got, int) else (0, got)
            os.write(device, struct.pack("<IiQ", 16 + len(got), error, unique) + got)


def record(directory, image, log):
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % device
    if libc.mount(b"disk", directory.encode(), b"fuse", 0, options) < 0:
        sys.exit("cannot mount: " + os.strerror(ctypes.get_errno()))
    Disk(image, log).serve(device)


# --- After the loss of power ---

def records(log):
    """(kind, offset, data) from "begin" on."""
    begun = False
    with open(log, "rb") as f:
        while len(head := f.read(RECORD.size)) == RECORD.size:
            kind, offset, length = RECORD.unpack(head)
            data = f.read(length)
            if begun:
                yield kind, offset, data
            begun = begun or (kind == MARK and data == b"begin")


def cut(log, image, flushes, seed):
    disk = os.open(image, os.O_WRONLY)
    chance = random.Random(seed)
    done = 0
    for kind, offset, data in records(log):
        if kind == FLUSH:
            done += 1
        if done > flushes:
            break
        if kind == WRITE and (done < flushes or (seed is not None and chance.random() < 0.5)):
            os.pwrite(disk, data, offset)


if sys.argv[1] == "record":
    record(*sys.argv[2:])
elif sys.argv[1] == "flushes":
    print(sum(kind == FLUSH for kind, _, _ in records(sys.argv[2])))
else:
    cut(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]) if len(sys.argv) > 5 else None)
