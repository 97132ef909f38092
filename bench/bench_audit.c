#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/file.h"
#include "bench.h"
#include "codec/cbor.h"
#include "crypto/key.h"

/* What an audit takes, from files to verdict, beside what no auditor can do without: SHA-256 of all bytes and one
 * Ed25519 verification for each distinct signature. Both are processor time of the same process, so that neither other
 * work on the machine nor the number of threads shows. `bench_audit EPOCHS` audits a ledger of so many epochs with 26
 * entries each; 38462 are a million entries (and 4 GB of files below /tmp). */

enum { EPOCHS = 100, FILE_MAX = 256 << 20 };

/* ---- what there is in a folder */

struct content {
    uint64_t bytes, entries;
    size_t count, cap;
    uint64_t *signatures; /* the first bytes of each; owned */
};

static void add_signature(struct content *c, struct bytes signature)
{
    if (c->count == c->cap) {
        c->cap = c->cap > 0 ? 2 * c->cap : 1024;
        c->signatures = mem_resize(c->signatures, c->cap, sizeof c->signatures[0]);
    }
    ASSERT(signature.len >= 8);
    c->signatures[c->count++] = be64_get(signature.data);
}

/* The signature is the last thing in a COSE_Sign1. */
static void add_cose(struct content *c, struct bytes cose)
{
    if (cose.len >= SIGNATURE_SIZE)
        add_signature(c, bytes_of(cose.data + cose.len - SIGNATURE_SIZE, SIGNATURE_SIZE));
}

static void add_block(struct content *c, const struct block *b)
{
    struct cbor_reader r;

    c->entries += b->count;
    for (unsigned i = 0; i < b->count; i++)
        add_cose(c, b->entries[i]);
    cbor_reader_init(&r, b->certificate);
    for (uint64_t votes = cbor_get_array(&r); votes > 0; votes--)
        add_cose(c, cbor_get_raw(&r));
}

/* A note's lines of signatures begin with a dash; the last bytes of each are its own. */
static void add_note(struct content *c, struct bytes text)
{
    for (size_t i = 0; i + 3 < text.len; i++) {
        if (memcmp(text.data + i, "\xe2\x80\x94 ", 4) != 0 || (i > 0 && text.data[i - 1] != '\n'))
            continue;
        const uint8_t *end = memchr(text.data + i, '\n', text.len - i);
        if (end != NULL && end - (text.data + i) > 44)
            add_signature(c, bytes_of(end - 40, 8));
    }
}

static void add_file(struct content *c, const char *path, const char *name)
{
    struct buf text = {0};
    struct diag diag = {0};
    struct epoch_file file;

    if (file_read(path, FILE_MAX, &text, &diag) != ERR_OK) {
        fprintf(stderr, "%s\n", diag.text);
        exit(2);
    }
    c->bytes += text.len;
    if (strstr(name, ".checkpoint") != NULL) {
        add_note(c, bytes_of_buf(&text));
    } else if (strncmp(name, "epoch_summary", 13) != 0 && epoch_file_scan(bytes_of_buf(&text), &file)) {
        for (unsigned i = 0; i < file.block_count; i++)
            add_block(c, &file.blocks[i]);
        add_cose(c, bytes_of_buf(&file.signature));
        epoch_file_fini(&file);
    }
    buf_free(&text);
}

static void add_folder(struct content *c, const char *folder)
{
    struct dirent *e;
    DIR *d = opendir(folder);

    ASSERT(d != NULL);
    while ((e = readdir(d)) != NULL) {
        char path[512];

        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.')
            continue;
        if (strchr(e->d_name, '.') == NULL)
            add_folder(c, path);
        else
            add_file(c, path, e->d_name);
    }
    closedir(d);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static size_t distinct(struct content *c)
{
    size_t count = 0;

    qsort(c->signatures, c->count, sizeof c->signatures[0], compare);
    for (size_t i = 0; i < c->count; i++)
        count += i == 0 || c->signatures[i] != c->signatures[i - 1];
    return count;
}

/* ---- what it takes */

static double hash_seconds_per_byte(void)
{
    enum { SIZE = 4 << 20 };
    uint8_t *bytes = mem_array(SIZE, 1);
    double runs[BENCH_RUNS];

    for (size_t run = 0; run < BENCH_RUNS; run++) {
        double start = bench_seconds();
        struct digest d = digest_of(bytes_of(bytes, SIZE));

        bytes[0] ^= d.b[0];
        runs[run] = (bench_seconds() - start) / SIZE;
    }
    mem_free(bytes);
    return bench_median(runs, BENCH_RUNS);
}

static double audit_seconds(const char *folder)
{
    struct audit_options options = {0};
    struct audit_report report = {0};
    struct diag diag = {0};
    double start = bench_seconds(), seconds;

    if (audit_folder(folder, &options, &report, &diag) != ERR_OK || report.finding_count != 0) {
        fprintf(stderr, "the audit of the benchmark's own artifacts failed: %s\n", diag.text);
        exit(1);
    }
    seconds = bench_seconds() - start;
    audit_report_free(&report);
    return seconds;
}

struct job {
    const char *scenario, *folder;
    unsigned epochs;
    size_t runs; /* of the audit */
};

static void make(const struct job *job)
{
    (void)bench_run_scenario(job->scenario, job->epochs, job->folder);
}

static void measure(const struct job *job)
{
    struct content content = {0};
    double runs[BENCH_RUNS], seconds, megabytes, bound;

    for (size_t run = 0; run < job->runs; run++)
        runs[run] = audit_seconds(job->folder);
    megabytes = bench_peak_megabytes(); /* before this program looks at the files itself */
    seconds = bench_median(runs, job->runs);
    add_folder(&content, job->folder);
    size_t signatures = distinct(&content);
    bound = (double)signatures * bench_verify_seconds() + (double)content.bytes * hash_seconds_per_byte();
    printf("%s, %u epochs, %llu entries, %.1f MB, %zu distinct signatures: %.0f entries/s of processor time; "
           "verifications and hashes alone: %.0f/s; ratio %.3f; %.1f MB of memory\n",
           job->scenario, job->epochs, (unsigned long long)content.entries, (double)content.bytes / 1e6, signatures,
           (double)content.entries / seconds, (double)content.entries / bound, bound / seconds, megabytes);
    mem_free(content.signatures);
}

/* In a process of its own, whose memory is nobody else's. */
static void in_process(const struct job *job, void (*run)(const struct job *job))
{
    int status;

    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        run(job);
        fflush(stdout);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "the benchmark's own process failed\n");
        exit(1);
    }
}

int main(int argc, char **argv)
{
    unsigned epochs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : EPOCHS;
    const struct job jobs[] = {{"artifacts/mec/M5/scenarios/lying_site.json", NULL, 5, BENCH_RUNS},
                               {"bench/lean.json", NULL, epochs, epochs > EPOCHS ? 1 : BENCH_RUNS}};

    key_library_init();
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        char folder[] = "/tmp/prismfed-bench-XXXXXX";
        struct job job = jobs[i];

        if (mkdtemp(folder) == NULL) {
            perror(folder);
            return 2;
        }
        job.folder = folder;
        in_process(&job, make);
        in_process(&job, measure);
        if (bench_remove(folder) != 0)
            return 2;
    }
    return 0;
}
