"""Calls of the Linux kernel that no student's code may make, as the kernel reads it."""

from __future__ import annotations

import os
import struct

# by machine: the kernel's name for it (linux/audit.h), and the numbers of its calls
MACHINES = {
    "x86_64": (0xC000003E, {"unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155,
                            "ptrace": 101, "memfd_create": 319, "memfd_secret": 447, "shmget": 29, "bpf": 321,
                            "keyctl": 250,
                            "add_key": 248, "request_key": 249, "userfaultfd": 323, "perf_event_open": 298,
                            "io_uring_setup": 425, "open_by_handle_at": 304, "process_vm_writev": 311, "msgget": 68,
                            "fsopen": 430, "move_mount": 429, "open_tree": 428, "kexec_load": 246, "syslog": 103},
               56, 435),
    "aarch64": (0xC00000B7, {"unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "ptrace": 117,
                             "memfd_create": 279, "memfd_secret": 447, "shmget": 194, "bpf": 280, "keyctl": 219,
                             "add_key": 217, "request_key": 218, "userfaultfd": 282, "perf_event_open": 241,
                             "io_uring_setup": 425, "open_by_handle_at": 265, "process_vm_writev": 271, "msgget": 186,
                             "fsopen": 430, "move_mount": 429, "open_tree": 428, "kexec_load": 104, "syslog": 116},
                220, 435),
}
NEW_USERS = 0x10000000  # CLONE_NEWUSER of linux/sched.h


def forbidden_calls():
    """Return the filter of the kernel's calls, in its own language (linux/filter.h, linux/seccomp.h).

    Refused are calls that make memory which no process is charged with (``memfd_create``, System V's), name spaces of
    users, which may mount such memory, and what a grader has no need of. ``clone3`` is said to be missing, so that
    ``clone`` is used, whose flags can be read here.

    Returns
    -------
    bytes
        Eight for each instruction.
    """
    kernel, calls, clone, clone3 = MACHINES[os.uname().machine]
    allow, refuse, missing, kill = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000  # EPERM is 1, ENOSYS 38
    program = [(0x20, 0, 0, 4), (0x15, 1, 0, kernel), (0x06, 0, 0, kill),  # another machine's calls: end it
               (0x20, 0, 0, 0), (0x35, 0, 1, 0x40000000), (0x06, 0, 0, kill)]  # and those of x32
    program += [part for number in calls.values() for part in ((0x15, 0, 1, number), (0x06, 0, 0, refuse))]
    program += [(0x15, 0, 1, clone3), (0x06, 0, 0, missing)]
    program += [(0x15, 0, 3, clone), (0x20, 0, 0, 16), (0x45, 0, 1, NEW_USERS), (0x06, 0, 0, refuse)]
    program += [(0x06, 0, 0, allow)]
    return b"".join(struct.pack("=HBBI", *part) for part in program)
