#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/option.h"
#include "cli/say.h"
#include "cli/spoken.h"
#include "node/enrolment.h"

/* From the founders' requests to the genesis of their federation. */

struct arguments {
    const char *plan, *out;
    bool json;
};

static const struct option_row rows[] = {
    {"plan", "FILE", OPTION_TEXT, offsetof(struct arguments, plan),
     .help = "the plan that all sites were given: a scenario file"},
    {"out", "DIR", OPTION_TEXT, offsetof(struct arguments, out),
     .help = "where to write genesis.cbor and members.json; without it the requests are only checked"},
    {"format", "FORMAT", OPTION_FORMAT, offsetof(struct arguments, json),
     .help = "text (the default), or json for a program"},
};

static const struct option_table table = {
    .verb = "admit",
    .usage = "prismfed admit --plan FILE [--out DIR] REQUEST...\n",
    .about =
        "Makes the genesis document of a real federation out of the requests of all its founders, which prismfed init "
        "has made at each site. A request must be signed by the key that it brings and agree with the plan; names, "
        "keys and addresses must be unique, and no key may be one of a rehearsal. Compare each fingerprint with what "
        "the site tells you by voice.",
    .after =
        "Give both files to every site: they belong beside its node.json. The same requests make the same bytes in "
        "any order, so that every site can do this by itself and compare.\n"
        "Exit status: 0 all are admitted; 1 a request is refused, or one is missing, and nothing was written; 2 wrong "
        "usage, or a file that cannot be read or written.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

/* What was found, to be told at once (text) or at the end. */
struct finding {
    unsigned refused, missing;
    json_t *requests, *missing_names; /* with --format json, owned; else NULL */
};

static void tell_admitted(struct finding *f, const char *path, const struct request *request)
{
    struct digest fingerprint = key_fingerprint(&request->card.key);
    struct buf spoken = {0};

    if (f->requests != NULL) {
        json_t *row = json_object();

        json_put(row, "file", json_string(path));
        json_put(row, "admitted", json_true());
        json_put(row, "name", json_string(request->card.name));
        json_put(row, "fingerprint", json_hex(digest_bytes(&fingerprint)));
        json_put(row, "address", request->address[0] != '\0' ? json_string(request->address) : json_null());
        json_push(f->requests, row);
        return;
    }
    spoken_fingerprint(&fingerprint, &spoken);
    say(stdout, "admitted  %s, %s, stake %ju, %s\n", request->card.name, member_role_name(request->card.role),
        (uintmax_t)request->card.stake, request->address[0] != '\0' ? request->address : "listens nowhere");
    say(stdout, "          %s\n", buf_text(&spoken));
    buf_free(&spoken);
}

static void tell_refused(struct finding *f, const char *path, const char *why)
{
    f->refused++;
    if (f->requests == NULL) {
        say(stdout, "REFUSED   %s\n", why);
        return;
    }
    json_t *row = json_object();
    json_put(row, "file", json_string(path));
    json_put(row, "admitted", json_false());
    json_put(row, "why", json_string(why));
    json_push(f->requests, row);
}

static void tell_missing(struct finding *f, const char *name)
{
    f->missing++;
    if (f->missing_names != NULL)
        json_push(f->missing_names, json_string(name));
    else
        say(stdout, "MISSING   %s: the plan has it as a founder, and there is no request of it that can be admitted\n",
            name);
}

static int take(struct enrolment *a, const char *path, struct finding *f)
{
    struct request request;
    struct diag diag = {0};
    enum err err = request_load(path, &request, &diag);

    if (err == ERR_IO)
        return command_fail("admit", "%s", diag.text);
    if (err == ERR_OK) {
        err = enrolment_take(a, &request, &diag);
        if (err != ERR_OK)
            diag_prefix(&diag, err, "%s", path);
    }
    if (err == ERR_OK)
        tell_admitted(f, path, &request);
    else
        tell_refused(f, path, diag.text);
    return EXIT_FINE;
}

/* A folder has one federation: the file is not there, or is the very same. */
static enum err check_place(const char *path, struct bytes text, struct diag *diag)
{
    struct buf there = {0};
    struct stat st;
    enum err err;

    if (lstat(path, &st) != 0)
        return ERR_OK;
    err = file_read(path, GENESIS_SIZE_MAX, &there, diag);
    if (err == ERR_OK && !bytes_equal(bytes_of_buf(&there), text))
        err = diag_set(diag, ERR_STATE, "%s: the file exists, and is of another federation or another admission", path);
    buf_free(&there);
    return err;
}

static enum err write_both(const char *folder, struct bytes genesis, struct bytes members, struct diag *diag)
{
    struct buf first = {0}, second = {0};
    enum err err = file_make_folder(folder, diag);

    buf_printf(&first, "%s/genesis.cbor", folder);
    buf_printf(&second, "%s/members.json", folder);
    if (err == ERR_OK)
        err = check_place(buf_text(&first), genesis, diag);
    if (err == ERR_OK)
        err = check_place(buf_text(&second), members, diag);
    if (err == ERR_OK)
        err = file_write(buf_text(&first), genesis, diag);
    if (err == ERR_OK)
        err = file_write(buf_text(&second), members, diag);
    buf_free(&first);
    buf_free(&second);
    return err;
}

/* All are there: the federation's id, and its files. */
static enum err found(const struct enrolment *a, const char *folder, struct digest *id, struct diag *diag)
{
    struct buf genesis = {0}, text = {0};
    struct members members;
    enum err err = enrolment_genesis(a, &genesis, diag);

    if (err == ERR_OK) {
        enrolment_members(a, bytes_of_buf(&genesis), &members);
        *id = members.federation_id;
        members_render(&members, a->plan->name, &text);
        members_fini(&members);
        if (folder != NULL)
            err = write_both(folder, bytes_of_buf(&genesis), bytes_of_buf(&text), diag);
    }
    buf_free(&genesis);
    buf_free(&text);
    return err;
}

static void conclude_json(struct finding *f, const struct scenario *plan, const struct digest *id)
{
    json_t *out = json_object();
    struct buf text = {0};

    json_put(out, "federation", json_string(plan->name));
    json_put(out, "federation_id", id != NULL ? json_hex(digest_bytes(id)) : json_null());
    json_put(out, "requests", f->requests);
    json_put(out, "missing", f->missing_names);
    json_line(out, &text);
    puts(buf_text(&text));
    buf_free(&text);
    json_decref(out);
    f->requests = f->missing_names = NULL;
}

static void conclude_text(const struct finding *f, const struct arguments *a, const struct digest *id)
{
    struct buf spoken = {0};

    if (id == NULL) {
        say(stdout, "nothing was written: %u refused, %u missing\n", f->refused, f->missing);
        return;
    }
    spoken_fingerprint(id, &spoken);
    say(stdout, "federation id %s\n", buf_text(&spoken));
    if (a->out != NULL)
        say(stdout, "%s/genesis.cbor and %s/members.json belong beside every founder's node.json\n", a->out, a->out);
    else
        puts("nothing was written, because no --out DIR was named");
    buf_free(&spoken);
}

static int admit(struct enrolment *enrolment, const struct arguments *a, char **paths, int count, struct finding *f)
{
    struct digest id;
    struct diag diag = {0};
    int status = EXIT_FINE;

    for (int i = 0; i < count && status == EXIT_FINE; i++)
        status = take(enrolment, paths[i], f);
    if (status != EXIT_FINE)
        return status;
    for (unsigned i = 0; i < enrolment->plan->node_count; i++) {
        if (enrolment_misses(enrolment, i))
            tell_missing(f, enrolment->plan->nodes[i].card.name);
    }
    bool complete = f->refused == 0 && f->missing == 0;
    if (complete && found(enrolment, a->out, &id, &diag) != ERR_OK)
        return command_fail("admit", "%s", diag.text);
    if (a->json)
        conclude_json(f, enrolment->plan, complete ? &id : NULL);
    else
        conclude_text(f, a, complete ? &id : NULL);
    return complete ? EXIT_FINE : EXIT_WRONG;
}

int command_admit(int argc, char **argv)
{
    struct arguments a = {0};
    struct enrolment enrolment = {0};
    struct finding f = {0};
    struct diag diag = {0};
    struct scenario plan;
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (a.plan == NULL)
        return command_misuse("admit", "which plan? --plan FILE");
    if (operands == argc)
        return command_misuse("admit", "expected the founders' requests");
    if (scenario_load(a.plan, &plan, &diag) != ERR_OK)
        return command_fail("admit", "%s", diag.text);
    f.requests = a.json ? json_array() : NULL;
    f.missing_names = a.json ? json_array() : NULL;
    if (enrolment_init(&enrolment, &plan, &diag) != ERR_OK)
        status = command_fail("admit", "%s", diag.text);
    else
        status = admit(&enrolment, &a, argv + operands, argc - operands, &f);
    json_decref(f.requests);
    json_decref(f.missing_names);
    enrolment_fini(&enrolment);
    scenario_fini(&plan);
    return status;
}
