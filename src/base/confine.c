/* Landlock and seccomp, by the numbers of the kernel's interface (Documentation/userspace-api/landlock.rst,
 * seccomp_filter.rst): the headers of Debian 12 know less than the kernel that runs. */
#define _GNU_SOURCE

#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mutate.h"

/* One number on every architecture since Linux 5.13. */
enum { NR_CREATE_RULESET = 444, NR_ADD_RULE = 445, NR_RESTRICT_SELF = 446 };
enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

/* The versions of Landlock's interface that brought something. */
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_TCP = 4, ABI_IOCTL = 5, ABI_SCOPE = 6 };

enum access_bits {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_FIRST = (1 << 13) - 1, /* all of the first version */
    FS_REFER = 1 << 13,
    FS_TRUNCATE = 1 << 14,
    FS_IOCTL_DEV = 1 << 15,
    FS_OF_A_FILE = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV,
    NET_BIND_TCP = 1 << 0,
    NET_CONNECT_TCP = 1 << 1,
    SCOPE_ABSTRACT_UNIX = 1 << 0,
    SCOPE_SIGNAL = 1 << 1,
};

struct ruleset_attr {
    uint64_t handled_fs, handled_net, scoped;
};

struct path_beneath_attr {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static uint64_t handled(int abi)
{
    uint64_t bits = FS_FIRST;

    bits |= abi >= ABI_REFER ? FS_REFER : 0;
    bits |= abi >= ABI_TRUNCATE ? FS_TRUNCATE : 0;
    return bits | (abi >= ABI_IOCTL ? FS_IOCTL_DEV : 0);
}

static uint64_t allowed(unsigned access, uint64_t of, bool is_folder)
{
    uint64_t bits = 0;

    bits |= access & CONFINE_READ ? FS_READ_FILE | FS_READ_DIR : 0;
    bits |= access & CONFINE_EXECUTE ? FS_EXECUTE : 0;
    bits |= access & CONFINE_LIST ? FS_READ_DIR : 0;
    bits |= access & CONFINE_WRITE ? of & ~(uint64_t)(FS_READ_FILE | FS_READ_DIR | FS_EXECUTE) : 0;
    return bits & of & (is_folder ? UINT64_MAX : FS_OF_A_FILE);
}

static enum err add_path(int ruleset, int abi, const struct confine_path *p, struct diag *diag)
{
    struct path_beneath_attr attr = {0};
    struct stat status;
    enum err err = ERR_OK;
    int fd = open(p->path, O_PATH | O_CLOEXEC);

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return ERR_OK;
    if (fd < 0 || fstat(fd, &status) != 0) {
        err = diag_set(diag, ERR_IO, "%s: %s", p->path, strerror(errno));
        goto done;
    }
    attr.parent = fd;
    attr.allowed = allowed(p->access, handled(abi), S_ISDIR(status.st_mode));
    if (attr.allowed != 0 && syscall(NR_ADD_RULE, ruleset, RULE_PATH_BENEATH, &attr, 0) != 0)
        err = diag_set(diag, ERR_IO, "%s: Landlock refuses a rule for it: %s", p->path, strerror(errno));
done:
    if (fd >= 0)
        close(fd);
    return err;
}

enum err confine_init(struct confine *c, const struct confine_rules *rules, struct diag *diag)
{
    int abi = (int)syscall(NR_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
    struct ruleset_attr attr = {.handled_fs = handled(abi)};
    size_t size = abi >= ABI_SCOPE ? sizeof attr : abi >= ABI_TCP ? sizeof attr - 8 : sizeof attr.handled_fs;
    enum err err = ERR_OK;

    *c = (struct confine){.ruleset = -1, .network_allowed = rules->network};
    if (abi < 1)
        return ERR_OK;
    c->network_tcp = abi >= ABI_TCP && !rules->network;
    c->signals = abi >= ABI_SCOPE;
    attr.handled_net = c->network_tcp ? NET_BIND_TCP | NET_CONNECT_TCP : 0;
    attr.scoped = c->signals ? SCOPE_SIGNAL | (rules->network ? 0 : SCOPE_ABSTRACT_UNIX) : 0;
    c->ruleset = (int)syscall(NR_CREATE_RULESET, &attr, size, 0); /* close-on-exec by itself */
    if (c->ruleset < 0)
        return ERR_OK;
    for (unsigned i = 0; i < rules->path_count && err == ERR_OK; i++)
        err = add_path(c->ruleset, abi, &rules->paths[i], diag);
    if (err != ERR_OK)
        confine_fini(c);
    return err;
}

void confine_fini(struct confine *c)
{
    if (c->ruleset >= 0)
        close(c->ruleset);
    c->ruleset = -1;
}

#if defined(__x86_64__)
#define ARCH_OWN AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_OWN AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH_OWN AUDIT_ARCH_RISCV64
#endif

#ifdef ARCH_OWN

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_EQUAL(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then), (otherwise))
#define IF_AT_LEAST(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (value), (then), (otherwise))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))

/* Calls of the 32-bit interface that x86-64 kernels offer, too. */
enum { NR_I386_SOCKETCALL = 102, NR_I386_SOCKET = 359, NR_X32_BIT = 0x40000000 };
enum { NR_IO_URING_SETUP = 425 }; /* one number everywhere; it can make sockets */

/* socket() fails with EACCES, as a firewall's refusal would; the rest is allowed. Calls of another architecture's
 * interface are refused, but for those of i386, which are looked at alike. */
static struct sock_filter no_sockets[] = {
    /* 0 */ LOAD(arch),
    /* 1 */ IF_EQUAL(ARCH_OWN, 5, 0),
    /* 2 */ IF_EQUAL(AUDIT_ARCH_I386, 0, 8),
    /* 3 */ LOAD(nr),
    /* 4 */ IF_EQUAL(NR_I386_SOCKETCALL, 6, 0),
    /* 5 */ IF_EQUAL(NR_I386_SOCKET, 5, 0),
    /* 6 */ IF_EQUAL(NR_IO_URING_SETUP, 4, 5),
    /* 7 */ LOAD(nr),
    /* 8 */ IF_EQUAL(SYS_socket, 2, 0),
    /* 9 */ IF_AT_LEAST(NR_X32_BIT, 1, 0),
    /* 10 */ IF_EQUAL(NR_IO_URING_SETUP, 0, 1),
    /* 11 */ ANSWER(SECCOMP_RET_ERRNO | EACCES),
    /* 12 */ ANSWER(SECCOMP_RET_ALLOW),
};

static bool forbid_sockets(void)
{
    struct sock_fprog program = {.len = sizeof no_sockets / sizeof no_sockets[0], .filter = no_sockets};

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

static bool forbid_sockets(void)
{
    return false;
}

#endif

struct confine_force confine_enter(const struct confine *c)
{
    struct confine_force force = {0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return force;
    if (c->ruleset >= 0 && MUTATE(CONFINE_NO_FILES, -1, syscall(NR_RESTRICT_SELF, c->ruleset, 0)) == 0)
        force = (struct confine_force){.files = true, .network_tcp = c->network_tcp, .signals = c->signals};
    if (!c->network_allowed)
        force.network = MUTATE(CONFINE_SOCKETS, false, forbid_sockets());
    return force;
}

void confine_text(const struct confine_force *force, struct buf *out)
{
    const char *network = force->network ? "network" : force->network_tcp ? "TCP" : NULL;
    size_t start = out->len;

    if (force->files)
        buf_add_text(out, "files");
    if (network != NULL)
        buf_printf(out, "%s%s", out->len > start ? ", " : "", network);
    if (force->signals)
        buf_printf(out, "%ssignals", out->len > start ? ", " : "");
    if (out->len == start)
        buf_add_text(out, "nothing");
}
