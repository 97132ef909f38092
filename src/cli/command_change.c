#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/genesis_file.h"
#include "cli/option.h"
#include "cli/say.h"
#include "crypto/key_file.h"
#include "scenario/scenario.h"
#include "state/change.h"

struct arguments {
    const char *genesis, *node, *key, *plan, *sponsor, *out, *passphrase;
    uint64_t stake, until, version;
};

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"genesis", "FILE", OPTION_TEXT, OF(genesis), .help = "the federation's genesis document"},
    {"node", "NAME", OPTION_TEXT, OF(node), .help = "the member that the change is about, or who joins"},
    {"until", "EPOCH", OPTION_NUMBER, OF(until), 1, UINT64_MAX,
     .help = "the last epoch in which it may be agreed, at most 64 after the present one"},
    {"stake", "N", OPTION_NUMBER, OF(stake), 1, MEMBER_STAKE_MAX, .help = "with stake: the new one"},
    {"version", "N", OPTION_NUMBER, OF(version), PROTOCOL_FIRST + 1, PROTOCOL_MAX,
     .help = "with protocol: the version that is to be spoken, one above the present one"},
    {"key", "FILE", OPTION_TEXT, OF(key),
     .help = "with join and rotate: the private key that the member will have, which proves that somebody has it"},
    {"passphrase", "FILE", OPTION_TEXT, OF(passphrase),
     .help = "the file with that key's passphrase, where it has one"},
    {"plan", "FILE", OPTION_TEXT, OF(plan),
     .help = "with join: a scenario file in which the newcomer stands with its role, region, site and stake"},
    {"sponsor", "NAME", OPTION_TEXT, OF(sponsor), .help = "with join: the validator by whose wish it is"},
    {"out", "FILE", OPTION_TEXT, OF(out), .help = "where to write it"},
};

static const struct option_table table = {
    .verb = "change",
    .usage = "prismfed change leave --node NAME OPTION...\n"
             "       prismfed change stake --node NAME --stake N OPTION...\n"
             "       prismfed change rotate --node NAME --key FILE OPTION...\n"
             "       prismfed change join --node NAME --key FILE --plan FILE --sponsor NAME OPTION...\n"
             "       prismfed change protocol --version N OPTION...\n",
    .about =
        "Makes the file that says how the members of a federation are to change, or which version of the protocol they "
        "are to speak. It takes effect when a quorum of the "
        "validators has signed the same file off, each with prismfed node sign-off, and the epoch has ended.",
    .after = "Exit status: 0 the file is there; 2 wrong usage or unusable input.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static const char *const verbs[] = {[CHANGE_JOIN] = "join",
                                    [CHANGE_LEAVE] = "leave",
                                    [CHANGE_STAKE] = "stake",
                                    [CHANGE_ROTATE] = "rotate",
                                    [CHANGE_PROTOCOL] = "protocol"};

/* What the verb needs and nobody said; NULL: nothing. */
static const char *missing(const struct arguments *a, enum change_kind kind)
{
    if (a->genesis == NULL)
        return "--genesis FILE";
    if (a->node == NULL && kind != CHANGE_PROTOCOL)
        return "--node NAME";
    if (a->until == 0)
        return "--until EPOCH";
    if (a->out == NULL)
        return "--out FILE";
    if (kind == CHANGE_PROTOCOL && a->version == 0)
        return "--version N";
    if (kind == CHANGE_STAKE && a->stake == 0)
        return "--stake N";
    if ((kind == CHANGE_JOIN || kind == CHANGE_ROTATE) && a->key == NULL)
        return "--key FILE";
    if (kind == CHANGE_JOIN && a->plan == NULL)
        return "--plan FILE";
    return kind == CHANGE_JOIN && a->sponsor == NULL ? "--sponsor NAME" : NULL;
}

static enum err card_of_plan(const struct arguments *a, struct member_card *out, struct diag *diag)
{
    struct scenario plan;
    int node;
    enum err err = scenario_load(a->plan, &plan, diag);

    if (err != ERR_OK)
        return err;
    node = scenario_find_node(&plan, a->node);
    err = node >= 0 ? scenario_blank_card(&plan, (unsigned)node, out, diag)
                    : diag_set(diag, ERR_UNKNOWN, "%s: there is no node \"%s\"", a->plan, a->node);
    scenario_fini(&plan);
    return err;
}

static enum err make(const struct arguments *a, enum change_kind kind, struct diag *diag)
{
    struct change change = {.kind = kind};
    struct secret_key key = {.b = {0}};
    struct digest federation_id;
    struct buf genesis = {0}, body = {0};
    enum err err = genesis_file_read(a->genesis, &genesis, &federation_id, diag);

    if (err == ERR_OK && kind == CHANGE_JOIN)
        err = card_of_plan(a, &change.card, diag);
    if (err == ERR_OK && a->key != NULL)
        err = key_file_read_secret(a->key, a->passphrase, &key, diag);
    if (err == ERR_OK) {
        snprintf(change.card.name, sizeof change.card.name, "%s", a->node != NULL ? a->node : "");
        snprintf(change.sponsor, sizeof change.sponsor, "%s", a->sponsor != NULL ? a->sponsor : "");
        if (kind == CHANGE_STAKE)
            change.card.stake = a->stake;
        change.card.key = key.public;
        change.protocol = a->version;
        change_body_encode(&change, a->until, &federation_id, change_has_key(&change) ? &key : NULL, &body);
        err = file_write(a->out, bytes_of_buf(&body), diag);
    }
    key_wipe(&key);
    buf_free(&genesis);
    buf_free(&body);
    return err;
}

int command_change(int argc, char **argv)
{
    struct arguments a = {0};
    struct diag diag = {0};
    unsigned kind = 0;
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (operands + 1 != argc)
        return command_misuse("change", "join, leave, stake, rotate or protocol?");
    while (kind <= CHANGE_PROTOCOL && strcmp(argv[operands], verbs[kind]) != 0)
        kind++;
    if (kind > CHANGE_PROTOCOL)
        return command_misuse("change", "\"%s\": join, leave, stake, rotate or protocol?", argv[operands]);
    if (missing(&a, (enum change_kind)kind) != NULL)
        return command_misuse("change", "%s is missing", missing(&a, (enum change_kind)kind));
    return make(&a, (enum change_kind)kind, &diag) == ERR_OK ? EXIT_FINE : command_fail("change", "%s", diag.text);
}
