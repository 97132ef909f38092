/* prismfed tlog witness: checkpoints go to witnesses, their cosignatures come beside the validators'. */
#include "cli/tlog_witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/say.h"
#include "node/http_post.h"
#include "tlog/witness.h"

struct asking {
    const struct log_folder *folder;
    struct log_walk walk;
    uint64_t epoch; /* of the checkpoint */
    struct checkpoint checkpoint;
    struct buf path, note;
};

static enum err see_end(void *context, const struct log_walk *w, const struct log_epoch *e, struct diag *diag)
{
    struct asking *a = context;

    (void)w;
    (void)diag;
    a->epoch = e->epoch;
    return ERR_OK;
}

/* The last checkpoint must be that of the tree that was read: a witness would refuse another, or worse, cosign it. */
static enum err check_note(struct asking *a, struct diag *diag)
{
    struct digest root = merkle_tree_root(&a->walk.tree, a->walk.tree.size);
    struct note note;
    enum err err = note_parse(bytes_of_buf(&a->note), &note);

    if (err == ERR_OK) {
        err = checkpoint_parse(note.text, &a->checkpoint);
        note_fini(&note);
    }
    if (err == ERR_OK && (a->checkpoint.size != a->walk.tree.size || !digest_equal(&a->checkpoint.root, &root)))
        err = ERR_MISMATCH;
    return err == ERR_OK ? ERR_OK
                         : diag_set(diag, err, "%s: this is not the checkpoint of the log in the folder: %s",
                                    buf_text(&a->path), err_text(err));
}

static enum err read_log(struct asking *a, struct diag *diag)
{
    enum err err;

    a->walk = (struct log_walk){.folder = a->folder, .context = a, .ended = see_end};
    err = log_walk_run(&a->walk, diag);
    if (err == ERR_OK)
        err = log_folder_checkpoint(a->folder, a->epoch, &a->note, diag);
    log_folder_name(a->folder, a->epoch, ".checkpoint", &a->path);
    return err == ERR_OK ? check_note(a, diag) : err;
}

/* ---- one witness */

static enum err post(const struct asking *a, const char *url, uint64_t old, long *status, struct buf *answer,
                     struct diag *diag)
{
    struct merkle_proof proof = {0};
    struct buf request = {0};
    enum err err;

    if (old > 0)
        merkle_consistency_proof(&a->walk.tree, old, a->checkpoint.size, &proof);
    witness_request(old, &proof, bytes_of_buf(&a->note), &request);
    buf_clear(answer);
    err = http_post(url, "text/plain", bytes_of_buf(&request), status, answer, diag);
    buf_free(&request);
    return err;
}

/* A witness says where it is when one asks from nowhere. Who is ahead of the folder knows of more than is in it. */
static enum err ask(const struct asking *a, const char *url, long *status, struct buf *answer, struct diag *diag)
{
    uint64_t old = 0;
    enum err err = post(a, url, 0, status, answer, diag);

    for (unsigned tries = 0; err == ERR_OK && *status == 409 && tries < 3; tries++) {
        err = witness_size(bytes_of_buf(answer), &old);
        if (err != ERR_OK)
            return diag_set(diag, err, "%s: expected the size that it has", url);
        if (old > a->checkpoint.size)
            return diag_set(diag, ERR_STALE,
                            "%s: it has cosigned this log with %" PRIu64 " entries, and the folder has %" PRIu64, url,
                            old, a->checkpoint.size);
        err = post(a, url, old, status, answer, diag);
    }
    return err;
}

static enum err judge(const char *url, long status, struct diag *diag)
{
    if (status == 200)
        return ERR_OK;
    if (status == 422)
        return diag_set(diag, ERR_MISMATCH, "%s: refused: what it cosigned before is not part of this history", url);
    if (status == 403 || status == 404)
        return diag_set(diag, ERR_KEY, "%s: refused: it does not know this log, or none of the keys that signed (%ld)",
                        url, status);
    return diag_set(diag, ERR_STATE, "%s: refused with status %ld", url, status);
}

static enum err keep(struct asking *a, const struct note_key *key, struct bytes answer, const char *url,
                     struct diag *diag)
{
    struct buf note = {0};
    enum err err = witness_add(bytes_of_buf(&a->note), key, answer, &note);

    if (err != ERR_OK) {
        buf_free(&note);
        return diag_set(diag, err, "%s: its answer is no cosignature of its key: %s", url, err_text(err));
    }
    err = file_write(buf_text(&a->path), bytes_of_buf(&note), diag);
    buf_free(&a->note);
    a->note = note;
    return err;
}

/* Returns the exit status. */
static int ask_one(struct asking *a, const struct trust_witness *w)
{
    struct buf url = {0}, answer = {0};
    struct diag diag = {0};
    long status = 0;
    enum err err;

    buf_add(&url, w->url.data, w->url.len);
    while (url.len > 0 && url.data[url.len - 1] == '/')
        url.len--;
    buf_add_text(&url, "/add-checkpoint");
    err = ask(a, buf_text(&url), &status, &answer, &diag);
    if (err == ERR_OK)
        err = judge(buf_text(&url), status, &diag);
    if (err == ERR_OK)
        err = keep(a, &w->key, bytes_of_buf(&answer), buf_text(&url), &diag);
    if (err == ERR_OK)
        say(stdout, "%.*s cosigned %" PRIu64 " entries\n", (int)w->key.name.len, (const char *)w->key.name.data,
            a->checkpoint.size);
    else
        command_fail("tlog", "%s", diag.text);
    buf_free(&url);
    buf_free(&answer);
    return err == ERR_OK ? EXIT_FINE : err == ERR_IO ? EXIT_UNUSABLE : EXIT_WRONG;
}

static int ask_all(struct asking *a, const struct trust_policy *policy)
{
    int worst = EXIT_FINE;
    unsigned asked = 0;

    for (unsigned i = 0; i < policy->witness_count; i++) {
        int status;

        if (policy->witnesses[i].url.len == 0)
            continue;
        asked++;
        status = ask_one(a, &policy->witnesses[i]);
        if (status == EXIT_WRONG || worst == EXIT_FINE)
            worst = status;
    }
    return asked > 0 ? worst : command_fail("tlog", "no witness of the policy has a URL");
}

int tlog_witness(const struct log_folder *f, const struct trust_policy *policy)
{
    struct asking a = {.folder = f};
    struct diag diag = {0};
    enum err err = read_log(&a, &diag);
    int status;

    if (err != ERR_OK)
        status = (command_fail("tlog", "%s", diag.text), err == ERR_MISMATCH ? EXIT_WRONG : EXIT_UNUSABLE);
    else
        status = ask_all(&a, policy);
    log_walk_fini(&a.walk);
    buf_free(&a.path);
    buf_free(&a.note);
    return status;
}
