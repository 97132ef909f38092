#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/option.h"
#include "cli/say.h"
#include "codec/json.h"
#include "crypto/key_file.h"
#include "crypto/key_remote.h"

struct arguments {
    const char *key, *passphrase, *memory, *socket;
    bool json;
};

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"memory", "FILE", OPTION_TEXT, OF(memory), .help = "what the key has signed"},
    {"key", "FILE", OPTION_TEXT, OF(key), .help = "with run: the private key, or the URI of one in a token"},
    {"passphrase", "FILE", OPTION_TEXT, OF(passphrase), .help = "with run: the file with the key's passphrase or PIN"},
    {"socket", "FILE", OPTION_TEXT, OF(socket), .help = "with run: where nodes reach it"},
    {"format", "FORMAT", OPTION_FORMAT, OF(json), .help = "how show prints: text (the default) or json"},
};

static const struct option_table table = {
    .verb = "signer",
    .usage = "prismfed signer create --memory FILE\n"
             "       prismfed signer run --key FILE [--passphrase FILE] --memory FILE --socket FILE\n"
             "       prismfed signer show --memory FILE [--format json]\n",
    .about = "Signs for a validator, and remembers what: a second statement for one type, membership epoch, view and "
             "sequence number is refused, whatever became of the node's store, and however many nodes ask. create "
             "makes the memory, once in the life of a key; run signs until SIGTERM or SIGINT for nodes whose "
             "configuration has \"key\": \"signer:SOCKET\"; show prints how far the key has signed.",
    .after = "Exit status: 0 done; 2 wrong usage, or a key or a memory that cannot be used.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static volatile int stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void tell_refusal(const char *text)
{
    say(stderr, "prismfed signer: refused: %s\n", text);
}

static int create(const struct arguments *a)
{
    struct diag diag = {0};

    return key_memory_create(a->memory, &diag) == ERR_OK ? EXIT_FINE : command_fail("signer", "%s", diag.text);
}

static int run(const struct arguments *a)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct key_memory *memory = NULL;
    struct diag diag = {0};
    struct secret_key key;
    enum err err;

    if (a->key == NULL || a->socket == NULL)
        return command_misuse("signer", "which key, and where? --key FILE --socket FILE");
    if (key_file_read_secret(a->key, a->passphrase, &key, &diag) != ERR_OK)
        return command_fail("signer", "%s", diag.text);
    err = key_memory_open(a->memory, &memory, &diag);
    if (err == ERR_OK) {
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGINT, &action, NULL);
        err = key_remote_serve(a->socket, &key, memory, &stopped, tell_refusal, &diag);
    }
    key_memory_close(memory);
    key_wipe(&key);
    return err == ERR_OK ? EXIT_FINE : command_fail("signer", "%s", diag.text);
}

/* ---- show */

static void row_text(void *context, const struct key_memory_row *row)
{
    char kid[2 * DIGEST_SIZE + 1];

    (void)context;
    digest_hex(&row->kid, kid);
    say(stdout, "%.12s  %-12s  membership epoch %llu  view %llu  sequence %llu  (%u remembered)\n", kid, row->subject,
        (unsigned long long)row->membership_epoch, (unsigned long long)row->view, (unsigned long long)row->sequence,
        row->count);
}

static void row_json(void *context, const struct key_memory_row *row)
{
    json_t *o = json_object();

    json_put(o, "node_fingerprint", json_hex(digest_bytes(&row->kid)));
    json_put(o, "federation_id", json_hex(digest_bytes(&row->federation_id)));
    json_put(o, "statement", json_string(row->subject));
    json_put(o, "membership_epoch", json_u64(row->membership_epoch));
    json_put(o, "view", json_u64(row->view));
    json_put(o, "sequence", json_u64(row->sequence));
    json_put(o, "remembered", json_u64(row->count));
    json_push(context, o);
}

static int show(const struct arguments *a)
{
    struct key_memory *memory;
    struct diag diag = {0};
    struct buf text = {0};

    if (key_memory_open(a->memory, &memory, &diag) != ERR_OK)
        return command_fail("signer", "%s", diag.text);
    if (a->json) {
        json_t *all = json_array();

        key_memory_each(memory, row_json, all);
        json_line(all, &text);
        say(stdout, "%s\n", buf_text(&text));
        json_decref(all);
    } else {
        key_memory_each(memory, row_text, NULL);
    }
    buf_free(&text);
    key_memory_close(memory);
    return EXIT_FINE;
}

int command_signer(int argc, char **argv)
{
    struct arguments a = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (operands + 1 != argc)
        return command_misuse("signer", "what? create, run or show");
    if (a.memory == NULL)
        return command_misuse("signer", "which memory? --memory FILE");
    if (strcmp(argv[operands], "create") == 0)
        return create(&a);
    if (strcmp(argv[operands], "run") == 0)
        return run(&a);
    if (strcmp(argv[operands], "show") == 0)
        return show(&a);
    return command_misuse("signer", "%s: expected create, run or show", argv[operands]);
}
