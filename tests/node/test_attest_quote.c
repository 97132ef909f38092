#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/attest_tpm.h"
#include "transport_nodes.h"

/* Quotes of TPMs, from simulators (swtpm) that the test starts: a quote counts for one connection, from the enrolled
 * TPM, with the enrolled registers. What this shows of machines it shows of their protocol only. */

enum { TPMS = 2, PCRS = 0xff };

static struct simulator {
    char folder[32];
    pid_t process;
    struct attest_tpm *tpm;
    struct attest_expected is; /* what is enrolled of it */
} simulators[TPMS];

static bool is_missing; /* there is no simulator here, or no tpm2-tss */
static struct secret_key alice, bob;
static struct attest_policy policy;
static const struct attest_expected *enrolled;

static void run_swtpm(const char *folder)
{
    char state[512], server[512], control[512];
    int nowhere = open("/dev/null", O_RDWR);

    snprintf(state, sizeof state, "dir=%s", folder);
    snprintf(server, sizeof server, "type=unixio,path=%s/tpm", folder);
    snprintf(control, sizeof control, "type=unixio,path=%s/tpm.ctrl", folder);
    dup2(nowhere, 1);
    dup2(nowhere, 2);
    execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl", control, "--flags",
           "not-need-init,startup-clear", (char *)NULL);
    _exit(127);
}

static bool simulator_begin(struct simulator *s)
{
    enum attest_quote_kind kind;
    char tcti[512], path[400];

    snprintf(s->folder, sizeof s->folder, "/tmp/prismfed-tpm-XXXXXX");
    if (mkdtemp(s->folder) == NULL)
        return false;
    s->process = fork();
    if (s->process == 0)
        run_swtpm(s->folder);
    snprintf(path, sizeof path, "%s/tpm", s->folder);
    for (unsigned i = 0; i < 200 && access(path, F_OK) != 0; i++)
        (void)poll(NULL, 0, 20);
    snprintf(tcti, sizeof tcti, "swtpm:path=%s", path);
    if (access(path, F_OK) != 0 || attest_tpm_open(tcti, PCRS, &s->tpm, &diag) != ERR_OK) {
        printf("# %s\n", diag.text);
        return false;
    }
    CHECK_OK(attest_tpm_describe(s->tpm, &kind, &s->is, &diag));
    CHECK(kind == ATTEST_QUOTE_SWTPM);
    return true;
}

static void simulator_end(struct simulator *s)
{
    char command[512];

    attest_tpm_close(s->tpm);
    if (s->process > 0) {
        kill(s->process, SIGTERM);
        waitpid(s->process, NULL, 0);
    }
    snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
    if (s->folder[0] != '\0')
        CHECK(system(command) == 0);
}

static const struct attest_expected *expects(void *context, const struct digest *peer)
{
    (void)context;
    CHECK(digest_equal(peer, &bob.fingerprint));
    return enrolled;
}

/* Bob gives evidence to alice, who has dialled. */
static struct attest_binding honest(void)
{
    return (struct attest_binding){.role = ATTEST_LISTENER,
                                   .giver = bob.fingerprint,
                                   .peer = alice.fingerprint,
                                   .nonce = digest_of(bytes_of_text("nonce")),
                                   .session = digest_of(bytes_of_text("session"))};
}

/* Bob's evidence is good, and holds a quote about this binding. What alice says. */
static enum attest_code judged(struct simulator *of, const struct attest_binding *quoted)
{
    const struct attest_binding b = honest();
    const struct digest qualifying = attest_binding_digest(quoted);
    struct buf quote = {0}, evidence = {0};
    enum attest_code code;

    if (of != NULL)
        CHECK_OK(attest_tpm_quote(of->tpm, &qualifying, &quote, &diag));
    attest_evidence(&bob, &b, &policy.own, bytes_of_buf(&quote), &evidence);
    code = attest_judge(bytes_of_buf(&evidence), &b, &bob.public, &policy, NULL);
    buf_free(&quote);
    buf_free(&evidence);
    return code;
}

static void set_up(void)
{
    key_library_init();
    key_simulated(3, "alice", &alice);
    key_simulated(3, "bob", &bob);
    policy.expected = expects;
    enrolled = &simulators[0].is;
    for (unsigned i = 0; i < TPMS && !is_missing; i++)
        is_missing = !simulator_begin(&simulators[i]);
}

#define NEEDS_TPM()                                                                                                    \
    do {                                                                                                               \
        if (is_missing)                                                                                                \
            SKIP("needs swtpm and tpm2-tss");                                                                          \
    } while (0)

static void a_quote_of_the_enrolled_tpm_is_accepted(void)
{
    const struct attest_binding b = honest();

    NEEDS_TPM();
    CHECK_EQ_U64(judged(&simulators[0], &b), ATTEST_ACCEPTED);
    policy.refuses_simulators = true;
    CHECK_EQ_U64(judged(&simulators[0], &b), ATTEST_QUOTE_SIMULATED);
    policy.refuses_simulators = false;
    CHECK_EQ_U64(judged(NULL, &b), ATTEST_NO_QUOTE);
    enrolled = NULL;
    CHECK_EQ_U64(judged(NULL, &b), ATTEST_ACCEPTED);
    CHECK_EQ_U64(judged(&simulators[0], &b), ATTEST_ACCEPTED);
    enrolled = &simulators[0].is;
}

static void another_attestation_key_is_refused(void)
{
    const struct attest_binding b = honest();

    NEEDS_TPM();
    CHECK(memcmp(simulators[0].is.key, simulators[1].is.key, ATTEST_QUOTE_KEY_SIZE) != 0);
    CHECK_EQ_U64(judged(&simulators[1], &b), ATTEST_QUOTE_KEY);
}

/* A member whose machine is not what is enrolled, and who signs with its own key whatever it likes, has quotes of the
 * right TPM that were made elsewhere. */
static void a_quote_made_for_something_else_is_refused(void)
{
    const struct attest_binding good = honest();
    struct attest_binding b[4] = {good, good, good, good};

    NEEDS_TPM();
    b[0].nonce = digest_of(bytes_of_text("another"));   /* replay */
    b[1].session = digest_of(bytes_of_text("another")); /* relay */
    b[2].role = ATTEST_DIALLER;                         /* reflection */
    b[3].peer = digest_of(bytes_of_text("another"));    /* diversion */
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ_U64(judged(&simulators[0], &b[i]), ATTEST_QUOTE_BOUND);
}

static void other_registers_are_refused(void)
{
    struct attest_expected other = simulators[0].is;
    const struct attest_binding b = honest();

    NEEDS_TPM();
    enrolled = &other;
    other.pcr_digest.b[0] ^= 1;
    CHECK_EQ_U64(judged(&simulators[0], &b), ATTEST_QUOTE_PCRS);
    other = simulators[0].is;
    other.pcrs = 1;
    CHECK_EQ_U64(judged(&simulators[0], &b), ATTEST_QUOTE_PCRS);
    enrolled = &simulators[0].is;
}

static void each_bit_of_a_quote_counts(void)
{
    const struct digest qualifying = digest_of(bytes_of_text("data"));
    struct buf quote = {0};

    NEEDS_TPM();
    REQUIRE_OK(attest_tpm_quote(simulators[0].tpm, &qualifying, &quote, &diag));
    for (size_t i = 0; i < 8 * quote.len; i++) {
        struct attest_quote q;

        quote.data[i / 8] ^= (uint8_t)(1U << i % 8);
        if (attest_quote_decode(bytes_of_buf(&quote), &q) == ERR_OK)
            CHECK(attest_quote_check(&q, &simulators[0].is, &qualifying) != ERR_OK);
        quote.data[i / 8] ^= (uint8_t)(1U << i % 8);
    }
    for (size_t len = 0; len < quote.len; len++) {
        struct attest_quote q;

        CHECK(attest_quote_decode(bytes_of(quote.data, len), &q) != ERR_OK);
    }
    buf_free(&quote);
}

static bool both_refused(void)
{
    return nodes[0].refused > 0 && nodes[1].refused > 0;
}

static void nodes_show_quotes_to_each_other(void)
{
    NEEDS_TPM();
    make_keys(2);
    nodes[0].tpm = simulators[0].tpm;
    nodes[1].tpm = simulators[1].tpm;
    nodes[0].expects = &simulators[1].is;
    nodes[1].expects = &simulators[0].is;
    node_open(0, "127.0.0.1:0");
    node_open(1, "127.0.0.1:0");
    dial(0, 1);
    CHECK(pass(3000 * ms, both_connected));
    finish();
    make_keys(2);
    nodes[0].tpm = simulators[1].tpm; /* as if somebody had moved the key to another machine */
    nodes[1].expects = &simulators[0].is;
    node_open(0, "127.0.0.1:0");
    node_open(1, "127.0.0.1:0");
    dial(0, 1);
    CHECK(pass(3000 * ms, both_refused));
    CHECK_EQ_U64(nodes[0].connected + nodes[1].connected, 0);
    CHECK(strstr(nodes[0].why, "code 13") != NULL && strstr(nodes[1].why, "code 13") != NULL);
    finish();
}

static void tests(void)
{
    set_up();
    TAP_RUN(a_quote_of_the_enrolled_tpm_is_accepted);
    TAP_RUN(another_attestation_key_is_refused);
    TAP_RUN(a_quote_made_for_something_else_is_refused);
    TAP_RUN(other_registers_are_refused);
    TAP_RUN(each_bit_of_a_quote_counts);
    TAP_RUN(nodes_show_quotes_to_each_other);
    for (unsigned i = 0; i < TPMS; i++)
        simulator_end(&simulators[i]);
}

int main(void)
{
    return nodes_main(tests);
}
