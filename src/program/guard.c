/* A filter of system calls (seccomp_filter.rst): a signal to one of a few processes, or to all processes, fails with
 * EPERM; so does tracing, and writing into another's memory or limits. */
#define _GNU_SOURCE

#include "program/guard.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/mutate.h"

#if defined(__x86_64__)
#define ARCH_OWN AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_OWN AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH_OWN AUDIT_ARCH_RISCV64
#endif

#ifdef ARCH_OWN

/* One number everywhere since Linux 5.1. */
enum { NR_PIDFD_SEND_SIGNAL = 424, X32_BIT = 0x40000000, ALL = -1 };

#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (at))
#define IF_EQUAL(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), (then), (otherwise))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))

/* Of a pid_t only the lower half of the argument counts; these architectures keep it first. */
enum { ARGUMENT = offsetof(struct seccomp_data, args) };

bool guard_enter(const pid_t *guarded, unsigned count)
{
    static const int refused[] = {SYS_ptrace, SYS_process_vm_writev, SYS_tkill, NR_PIDFD_SEND_SIGNAL};
    static const int judged[] = {SYS_kill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_prlimit64};
    static const struct sock_filter load_number = LOAD(offsetof(struct seccomp_data, nr)),
                                    load_argument = LOAD(ARGUMENT);
    static const struct sock_filter load_arch = LOAD(offsetof(struct seccomp_data, arch));
    static const struct sock_filter refuse = ANSWER(SECCOMP_RET_ERRNO | EPERM), allow = ANSWER(SECCOMP_RET_ALLOW);
    struct sock_filter code[64];
    unsigned n = 0;

    code[n++] = load_arch;
    code[n++] = (struct sock_filter)IF_EQUAL(ARCH_OWN, 1, 0);
    code[n++] = refuse; /* another interface has other numbers */
    code[n++] = load_number;
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    code[n++] = refuse;
    for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        code[n++] = (struct sock_filter)IF_EQUAL(refused[i], 0, 1);
        code[n++] = refuse;
    }
    for (unsigned i = 0; i < sizeof judged / sizeof judged[0]; i++) /* to what judges the argument, past the ALLOW */
        code[n++] = (struct sock_filter)IF_EQUAL(judged[i], sizeof judged / sizeof judged[0] - i, 0);
    code[n++] = allow;
    code[n++] = load_argument;
    code[n++] = (struct sock_filter)IF_EQUAL(ALL, 0, 1);
    code[n++] = refuse;
    count = MUTATE(GUARD_NOBODY, 0, count);
    for (unsigned i = 0; i < count && i < GUARD_MAX; i++) {
        code[n++] = (struct sock_filter)IF_EQUAL(guarded[i], 1, 0);
        code[n++] = (struct sock_filter)IF_EQUAL(-guarded[i], 0, 1);
        code[n++] = refuse;
    }
    code[n++] = allow;
    struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

bool guard_enter(const pid_t *guarded, unsigned count)
{
    (void)guarded;
    (void)count;
    return false;
}

#endif
