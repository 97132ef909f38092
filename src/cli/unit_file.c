#include "cli/unit_file.h"

#include "base/text.h"

/* A word between quotes (systemd.syntax(7), "Quoting"), without specifiers (systemd.unit(5)); of a command also without
 * variables (systemd.service(5), "Command lines"). */
static void add_word(struct buf *out, const char *word, bool of_command)
{
    buf_add_byte(out, '"');
    for (; *word != '\0'; word++) {
        if (*word == '"' || *word == '\\')
            buf_add_byte(out, '\\');
        if (*word == '%' || (*word == '$' && of_command))
            buf_add_byte(out, (uint8_t)*word);
        buf_add_byte(out, (uint8_t)*word);
    }
    buf_add_byte(out, '"');
}

static void add_commands(const struct unit_file *u, struct buf *out)
{
    struct buf config = {0};

    buf_printf(&config, "%s/node.json", u->folder);
    buf_add_text(out, "ExecStart=");
    add_word(out, u->program, true);
    buf_add_text(out, " node run --config ");
    add_word(out, buf_text(&config), true);
    buf_add_text(out, "\nReadWritePaths=");
    add_word(out, u->folder, false);
    buf_add_byte(out, '\n');
    buf_free(&config);
}

static const char service[] = "Type=exec\n"
                              "Restart=on-failure\n"
                              "RestartSec=2\n"
                              "# 2: the configuration cannot be used, and will not be better in two seconds.\n"
                              "RestartPreventExitStatus=2\n"
                              "TimeoutStopSec=30\n"
                              "UMask=0077\n"
                              "LimitNOFILE=65536\n"
                              "LimitCORE=0\n"
                              "\n"
                              "NoNewPrivileges=yes\n"
                              "CapabilityBoundingSet=\n"
                              "AmbientCapabilities=\n"
                              "ProtectSystem=strict\n"
                              "ProtectHome=read-only\n"
                              "PrivateDevices=yes\n"
                              "ProtectClock=yes\n"
                              "ProtectHostname=yes\n"
                              "ProtectKernelLogs=yes\n"
                              "ProtectKernelModules=yes\n"
                              "ProtectKernelTunables=yes\n"
                              "LockPersonality=yes\n"
                              "RestrictRealtime=yes\n"
                              "RestrictSUIDSGID=yes\n"
                              "RemoveIPC=yes\n"
                              "KeyringMode=private\n"
                              "SystemCallArchitectures=native\n"
                              "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK\n";

/* By which a process gives up what it may do (landlock(7), seccomp(2)); systemd has a name for them from version 256.
 */
#define CONFINING "landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp"

/* How the users' programs are kept in is the node's own business, which needs namespaces, control groups, and the calls
 * that make them. */
static const char with_programs[] = "Delegate=yes\n"
                                    "RestrictNamespaces=user pid ipc net mnt\n"
                                    "SystemCallFilter=@system-service @mount unshare " CONFINING "\n"
                                    "SystemCallErrorNumber=EPERM\n";

static const char without_programs[] = "ProtectControlGroups=yes\n"
                                       "ProtectProc=invisible\n"
                                       "RestrictNamespaces=yes\n"
                                       "MemoryDenyWriteExecute=yes\n"
                                       "SystemCallFilter=@system-service " CONFINING "\n"
                                       "SystemCallFilter=~@privileged @resources\n"
                                       "SystemCallErrorNumber=EPERM\n";

static bool is_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);

    return strncmp(path, folder, n) == 0 && path[n] == '/';
}

static enum err check_path(const char *path, struct diag *diag)
{
    if (text_is_plain(bytes_of_text(path)))
        return ERR_OK;
    return diag_set(diag, ERR_SYNTAX, "%s: " TEXT_NOT_PLAIN " in the paths of a systemd unit", path);
}

enum err unit_file_print(const struct unit_file *u, struct buf *out, struct diag *diag)
{
    enum err err = check_path(u->folder, diag);

    if (err == ERR_OK)
        err = check_path(u->program, diag);
    if (err != ERR_OK)
        return err;
    buf_printf(out,
               "# Made by prismfed init; systemd-analyze security shows what it may do.\n"
               "[Unit]\n"
               "Description=prismfed node %s of the federation %s\n"
               "Wants=network-online.target time-sync.target\n"
               "After=network-online.target time-sync.target\n"
               "StartLimitIntervalSec=300\n"
               "StartLimitBurst=20\n"
               "\n"
               "[Service]\n",
               u->node, u->federation);
    buf_printf(out, "User=%s\n", u->user);
    add_commands(u, out);
    buf_add_text(out, service);
    if (!is_below(u->folder, "/tmp") && !is_below(u->folder, "/var/tmp"))
        buf_add_text(out, "PrivateTmp=yes\n");
    buf_add_text(out, u->programs ? with_programs : without_programs);
    buf_add_text(out, "\n[Install]\nWantedBy=multi-user.target\n");
    return ERR_OK;
}
