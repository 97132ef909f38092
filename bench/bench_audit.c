#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "bench.h"
#include "codec/json.h"
#include "crypto/key.h"

/* Entries audited a second, from files to verdict, as a ratio to what no auditor can do without: one signature
 * verification for the entry and one hash for each level of the tree. */

static size_t count_entries(const char *folder)
{
    size_t entries = 0;
    struct dirent *e;
    DIR *d = opendir(folder);

    ASSERT(d != NULL);
    while ((e = readdir(d)) != NULL) {
        char path[512];
        struct json_doc doc;
        struct diag diag;

        if (strncmp(e->d_name, "epoch_", 6) != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        ASSERT(json_doc_load(&doc, path, 64 << 20, &diag) == ERR_OK);
        entries += json_array_size(json_object_get(doc.root, "entries"));
        json_doc_free(&doc);
    }
    closedir(d);
    return entries;
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

int main(void)
{
    char folder[] = "/tmp/prismfed-bench-XXXXXX", ledger[128], command[160];
    double runs[BENCH_RUNS], seconds, floor_seconds;
    size_t entries, levels = 0;

    key_library_init();
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 2;
    }
    (void)bench_run_scenario("artifacts/mec/M5/scenarios/lying_site.json", 5, folder);
    (void)snprintf(ledger, sizeof ledger, "%s/ledger/lying_site", folder);
    entries = count_entries(ledger);
    while ((size_t)1 << levels < entries)
        levels++;
    for (size_t run = 0; run < BENCH_RUNS; run++)
        runs[run] = audit_seconds(folder);
    seconds = bench_median(runs, BENCH_RUNS) / (double)entries;
    floor_seconds = bench_verify_seconds() + (double)levels * bench_hash_seconds();
    printf("audit of lying_site, %zu entries, median of %d runs\n", entries, BENCH_RUNS);
    printf("%.0f entries/s; one verification and %zu hashes: %.0f/s; ratio %.3f\n", 1 / seconds, levels,
           1 / floor_seconds, floor_seconds / seconds);
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command) == 0 ? 0 : 2;
}
