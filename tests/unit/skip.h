/*
 * A test that this machine cannot run says why: tests/run prints it behind the test's name. What is missing
 * is found by trying it, never concluded from the machine's name; an emulator of programs has no seccomp, no
 * bpf(2) and few of netlink's families.
 */
#ifndef LXCBOX_TESTS_UNIT_SKIP_H
#define LXCBOX_TESTS_UNIT_SKIP_H

#define SKIP(why)                                                                                            \
    do {                                                                                                     \
        print_message("# because %s\n", why);                                                                \
        skip();                                                                                              \
    } while (0)

#endif
