#include "program/program.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "mark.h"

/* What a user's program may do, and what becomes of it: every way to be asked, every way to fail. */

static const struct space space = {
    .schema =
        {
            .count = 4,
            .word_count = 2,
            .words = {"slow", "fast"},
            .genes = {{.name = "x", .type = GENE_DISCRETE, .ilo = 0, .ihi = 100, .default_integer = 3},
                      {.name = "alpha", .type = GENE_CONTINUOUS, .lo = 0, .hi = 1, .default_real = 0.1},
                      {.name = "mode", .type = GENE_CATEGORICAL, .choice_count = 2},
                      {.name = "flag", .type = GENE_TOGGLE, .default_integer = 1}},
        },
    .has_switches = true,
    .switches = {"--x=", "-a ", "", "--deep flag "},
};

static char scratch[] = "/tmp/prismfed-test-XXXXXX";

enum { LIMIT = 20000 };

struct setup {
    struct program_spec spec;
    struct programs *programs;
    struct workload workload;
    struct genome genome;
};

/* The words of a command, split at blanks; it runs in tests/program/programs, and its instance is runner.sh. */
static void setup_init(struct setup *s, enum program_runner runner, const char *command)
{
    char words[256];

    memset(s, 0, sizeof *s);
    program_spec_init(&s->spec);
    s->spec.runner = runner;
    s->spec.arguments = mem_array(PROGRAM_ARGUMENTS_MAX, sizeof s->spec.arguments[0]);
    snprintf(words, sizeof words, "%s", command);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        s->spec.arguments[s->spec.argument_count++] = strdup(word);
    s->spec.folder = strdup(tap_source("tests/program/programs"));
    s->spec.files = mem_array(2, sizeof s->spec.files[0]);
    s->spec.files[s->spec.file_count++] = strdup("runner.sh");
    s->spec.environment = mem_array(3, sizeof s->spec.environment[0]);
    s->spec.environment[s->spec.environment_count++] = strdup("TEST_MARK");
    s->spec.environment[s->spec.environment_count++] = strdup("TEST_SCRATCH");
    s->spec.readable = mem_array(2, sizeof s->spec.readable[0]);
    s->spec.readable[s->spec.readable_count++] = strdup(scratch);
    s->spec.limits =
        (struct child_limits){.cutoff_ms = 20000, .memory_mb = 256, .output_kb = 64, .file_mb = 16, .processes = 16};
    genome_default(&space.schema, &s->genome);
}

static bool setup_start(struct setup *s)
{
    s->programs = programs_new(&space);
    return CHECK_OK(programs_workload(s->programs, &s->spec, &s->workload, NULL));
}

static void setup_fini(struct setup *s)
{
    workload_fini(&s->workload);
    programs_free(s->programs);
    program_spec_fini(&s->spec);
}

static struct evaluation ask(struct setup *s, uint64_t epoch)
{
    return instance_evaluate(&s->workload.instances[0], &space.schema, &s->genome, epoch, LIMIT);
}

static struct program_tally tally(struct setup *s)
{
    struct program_tally t;

    programs_tally(s->programs, 0, &t, NULL);
    return t;
}

struct failure {
    const char *command;
    enum evaluation_status status;
    const char *says;
    unsigned cutoff_ms; /* 0: plenty */
};

/* Each of them: the right kind of failure, its cost, its name, and no process left behind. */
static void fails(enum program_runner runner, const struct failure *f)
{
    struct setup s;
    struct program_tally t;
    uint64_t want = f->status == EVALUATION_TIMEOUT ? 2 * LIMIT : 4 * LIMIT;

    setup_init(&s, runner, f->command);
    s.spec.retries = 0;
    if (f->cutoff_ms > 0)
        s.spec.limits.cutoff_ms = f->cutoff_ms;
    if (!setup_start(&s))
        return;
    struct evaluation e = ask(&s, 1);
    t = tally(&s);
    bool fine = CHECK_EQ_U64(e.status, f->status) && CHECK_EQ_U64(e.cost, want) && CHECK_EQ_U64(e.work, LIMIT) &&
                CHECK(strstr(t.says[f->status], f->says) != NULL) && CHECK_EQ_U64(t.count[f->status], 1);
    if (!fine)
        tap_note("%s %s: %s \"%s\"", program_runner_name(runner), f->command, evaluation_status_name(e.status),
                 t.says[e.status]);
    setup_fini(&s);
    if (!CHECK(!mark_is_alive()))
        tap_note("%s %s leaves processes behind", program_runner_name(runner), f->command);
}

static void every_way_of_asking_works(void)
{
    static const struct {
        enum program_runner runner;
        const char *command;
    } ways[] = {
        {RUNNER_IRACE, "./runner.sh irace well"}, {RUNNER_SMAC, "./runner.sh smac well"},
        {RUNNER_ACLIB, "./runner.sh aclib well"}, {RUNNER_IRACE, "sh ./runner.sh irace orphans"},
        {RUNNER_JSONL, "./talker.sh well"},       {RUNNER_JSONL, "./talker.sh beats"},
    };

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct setup s;

        setup_init(&s, ways[i].runner, ways[i].command);
        if (!setup_start(&s))
            continue;
        struct evaluation e = ask(&s, 1);
        if (!CHECK_EQ_U64(e.status, EVALUATION_SUCCESS) || !CHECK(e.cost >= 300 && e.cost < 307) ||
            !CHECK_EQ_U64(e.work, e.cost))
            tap_note("%s: %s", ways[i].command, tally(&s).says[e.status]);
        s.genome.values[0].integer = 7;
        CHECK_EQ_U64(ask(&s, 1).cost / 100, 7);
        setup_fini(&s);
        CHECK(!mark_is_alive());
    }
}

static void words_are_as_their_users_know_them(void)
{
    static const struct {
        enum program_runner runner;
        const char *way, *want; /* without what comes first, with numbers */
    } cases[] = {
        {RUNNER_IRACE, "irace", "runner.sh --x=3 -a 0.1 slow --deep flag 1"},
        {RUNNER_SMAC, "smac", "--x=3 --alpha=0.1 --mode=slow --flag=1"},
        {RUNNER_ACLIB, "aclib", "--config -x 3 -alpha 0.1 -mode slow -flag 1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct setup s;
        char command[64];

        snprintf(command, sizeof command, "./runner.sh %s words", cases[i].way);
        setup_init(&s, cases[i].runner, command);
        s.spec.retries = 0;
        if (!setup_start(&s))
            continue;
        CHECK_EQ_U64(ask(&s, 1).status, EVALUATION_CRASHED);
        if (!CHECK(strstr(tally(&s).says[EVALUATION_CRASHED], cases[i].want) != NULL))
            tap_note("%s", tally(&s).says[EVALUATION_CRASHED]);
        setup_fini(&s);
    }
}

static void runners_that_fail(void)
{
    static const struct failure failures[] = {
        {"./runner.sh irace hang", EVALUATION_TIMEOUT, "no answer after 300 ms", 300},
        {"./runner.sh irace bomb", EVALUATION_CRASHED, "more than 16 processes", 0},
        {"./runner.sh irace memory", EVALUATION_CRASHED, "", 0},
        {"./runner.sh irace flood", EVALUATION_CRASHED, "printed more than 64 KB", 0},
        {"./runner.sh irace dies", EVALUATION_CRASHED, "killed by SIGSEGV", 0},
        {"./runner.sh irace fails", EVALUATION_CRASHED, "exit status 3; its last words: I cannot", 0},
        {"./runner.sh irace nothing", EVALUATION_CRASHED, "it printed nothing", 0},
        {"./runner.sh irace nan", EVALUATION_ABORT, "\"NaN\" is not a number", 0},
        {"./runner.sh irace infinite", EVALUATION_ABORT, "\"Infinity\" is not a number", 0},
        {"./runner.sh irace negative", EVALUATION_ABORT, "-1 is below zero", 0},
        {"./runner.sh irace fraction", EVALUATION_ABORT, "1.25 is not a whole number", 0},
        {"./runner.sh irace talks", EVALUATION_ABORT, "expected one or two numbers, it printed \"the cost", 0},
        {"./runner.sh irace huge", EVALUATION_TIMEOUT, "a cost of 1000000 is above the limit of 20000", 0},
    };

    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        fails(RUNNER_IRACE, &failures[i]);
}

static void what_smac_and_aclib_have_words_for(void)
{
    static const struct failure failures[] = {
        {"./runner.sh smac nan", EVALUATION_ABORT, "\"NaN\" is not a number", 0},
        {"./runner.sh smac talks", EVALUATION_CRASHED, "no \"cost=...\"", 0},
        {"./runner.sh smac says_timeout", EVALUATION_TIMEOUT, "says so itself", 0},
        {"./runner.sh smac says_crashed", EVALUATION_CRASHED, "says so itself", 0},
        {"./runner.sh smac says_abort", EVALUATION_ABORT, "says so itself", 0},
        {"./runner.sh smac says_other", EVALUATION_ABORT, "\"WONDERFUL\", which nobody knows", 0},
        {"./runner.sh aclib nan", EVALUATION_ABORT, "NaN", 0},
        {"./runner.sh aclib talks", EVALUATION_CRASHED, "no \"Result of", 0},
        {"./runner.sh aclib says_timeout", EVALUATION_TIMEOUT, "says so itself", 0},
        {"./runner.sh aclib says_other", EVALUATION_ABORT, "WONDERFUL", 0},
    };

    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        fails(strstr(failures[i].command, "smac") != NULL ? RUNNER_SMAC : RUNNER_ACLIB, &failures[i]);
}

static void talkers_that_fail(void)
{
    static const struct failure failures[] = {
        {"./talker.sh early", EVALUATION_CRASHED, "exit status 4", 0},
        {"./talker.sh version", EVALUATION_ABORT, "it speaks version 2, here is version 1", 0},
        {"./talker.sh space", EVALUATION_ABORT, "another search space", 0},
        {"./talker.sh no_hello", EVALUATION_ABORT, "should be a hello", 0},
        {"./talker.sh text", EVALUATION_ABORT, "not a line of JSON", 0},
        {"./talker.sh hang", EVALUATION_TIMEOUT, "no answer after 300 ms", 300},
        {"./talker.sh dies", EVALUATION_CRASHED, "exit status 5", 0},
        {"./talker.sh wrong_id", EVALUATION_ABORT, "a result with the id 2, asked was 1", 0},
        {"./talker.sh other_type", EVALUATION_ABORT, "a \"progress\"", 0},
        {"./talker.sh nan", EVALUATION_ABORT, "NaN", 0},
        {"./talker.sh no_cost", EVALUATION_ABORT, "no cost", 0},
        {"./talker.sh broken", EVALUATION_ABORT, "not a line of JSON", 0},
        {"./talker.sh flood", EVALUATION_CRASHED, "printed more than 64 KB", 0},
        {"./talker.sh half", EVALUATION_ABORT, "not a whole number", 0},
        {"./talker.sh beats_then_hangs", EVALUATION_CRASHED, "no heartbeat for 400 ms", 0},
        {"./talker.sh crashed", EVALUATION_CRASHED, "says so itself", 0},
    };

    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        fails(RUNNER_JSONL, &failures[i]);
}

/* A second result that nobody asked for is no answer to the next question. */
static void a_talker_that_says_things_twice(void)
{
    struct setup s;

    setup_init(&s, RUNNER_JSONL, "./talker.sh twice");
    s.spec.deterministic = false;
    REQUIRE(setup_start(&s));
    CHECK_EQ_U64(ask(&s, 1).status, EVALUATION_SUCCESS);
    CHECK_EQ_U64(ask(&s, 2).status, EVALUATION_ABORT);
    CHECK(strstr(tally(&s).says[EVALUATION_ABORT], "id 1, asked was 2") != NULL);
    CHECK_EQ_U64(ask(&s, 3).status, EVALUATION_SUCCESS); /* a new one was started */
    setup_fini(&s);
}

/* Lines for the programs to take, one a run, from a pipe of the test's in its folder. */
static int pipe_fill(const char *first, unsigned numbers)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "%s/pipe", scratch);
    unlink(path);
    if (mkfifo(path, 0600) != 0 || (fd = open(path, O_RDWR)) < 0)
        return -1;
    dprintf(fd, "%s", first);
    for (unsigned i = 1; i <= numbers; i++)
        dprintf(fd, "%u\n", i);
    return fd;
}

static void crashes_are_tried_again(void)
{
    int lines = pipe_fill("crash\nfine\n", 0);
    struct setup s;

    CHECK(lines >= 0);
    setup_init(&s, RUNNER_IRACE, "./runner.sh irace once");
    s.spec.deterministic = false;
    REQUIRE(setup_start(&s));
    CHECK_EQ_U64(ask(&s, 1).status, EVALUATION_SUCCESS);
    CHECK_EQ_U64(tally(&s).retried, 1);
    CHECK_EQ_U64(tally(&s).runs, 2);
    setup_fini(&s);
    close(lines);
    setup_init(&s, RUNNER_JSONL, "./talker.sh dies_second");
    s.spec.deterministic = false;
    REQUIRE(setup_start(&s));
    for (uint64_t epoch = 1; epoch < 5; epoch++)
        CHECK_EQ_U64(ask(&s, epoch).status, EVALUATION_SUCCESS);
    CHECK_EQ_U64(tally(&s).retried, 3);
    setup_fini(&s);
}

static void decimals_are_counted(void)
{
    struct setup s;

    setup_init(&s, RUNNER_IRACE, "./runner.sh irace fraction");
    s.spec.decimals = 3;
    REQUIRE(setup_start(&s));
    struct evaluation e = ask(&s, 1);
    CHECK_EQ_U64(e.cost, 1250);
    CHECK_EQ_U64(e.work, 2);
    setup_fini(&s);
    setup_init(&s, RUNNER_JSONL, "./talker.sh half");
    s.spec.decimals = 1;
    REQUIRE(setup_start(&s));
    CHECK_EQ_U64(ask(&s, 1).cost, 3003); /* 300.25 */
    setup_fini(&s);
}

static void an_answer_is_kept_and_a_liar_noticed(void)
{
    int lines = pipe_fill("", 200);
    struct setup s;

    CHECK(lines >= 0);
    setup_init(&s, RUNNER_IRACE, "./runner.sh irace count");
    REQUIRE(setup_start(&s));
    uint64_t first = ask(&s, 1).cost;
    CHECK_EQ_U64(ask(&s, 1).cost, first);
    CHECK_EQ_U64(tally(&s).kept, 1);
    for (uint64_t epoch = 2; epoch < 40; epoch++)
        (void)ask(&s, epoch);
    CHECK(tally(&s).checked > 0);
    CHECK_EQ_U64(tally(&s).differed, tally(&s).checked);
    setup_fini(&s);
    close(lines);
    setup_init(&s, RUNNER_JSONL, "./talker.sh drifts");
    REQUIRE(setup_start(&s));
    for (uint64_t epoch = 1; epoch < 40; epoch++)
        (void)ask(&s, epoch);
    CHECK(tally(&s).differed > 0);
    setup_fini(&s);
    setup_init(&s, RUNNER_JSONL, "./talker.sh random"); /* it says so: nothing is run twice but what came before */
    REQUIRE(setup_start(&s));
    for (uint64_t epoch = 1; epoch < 40; epoch++)
        (void)ask(&s, epoch);
    CHECK(tally(&s).checked <= 1);
    setup_fini(&s);
}

struct asker {
    struct setup *setup;
    uint64_t costs[24];
};

static void *ask_all(void *context)
{
    struct asker *a = context;

    for (uint64_t i = 0; i < 24; i++)
        a->costs[i] = ask(a->setup, i / 2).cost;
    return NULL;
}

static void threads_change_nothing(void)
{
    static const char *const commands[] = {"./runner.sh irace well", "./talker.sh well"};

    for (int i = 0; i < 2; i++) {
        struct setup s;
        struct asker askers[4];
        pthread_t threads[4];

        setup_init(&s, i == 0 ? RUNNER_IRACE : RUNNER_JSONL, commands[i]);
        s.spec.deterministic = false; /* no second runs: they are counted */
        REQUIRE(setup_start(&s));
        for (int t = 0; t < 4; t++) {
            askers[t].setup = &s;
            REQUIRE(pthread_create(&threads[t], NULL, ask_all, &askers[t]) == 0);
        }
        for (int t = 0; t < 4; t++)
            pthread_join(threads[t], NULL);
        for (int t = 1; t < 4; t++)
            CHECK(memcmp(askers[t].costs, askers[0].costs, sizeof askers[0].costs) == 0);
        CHECK_EQ_U64(tally(&s).runs, 12); /* each question once, whoever asks */
        CHECK_EQ_U64(tally(&s).kept, 4 * 24 - 12);
        setup_fini(&s);
    }
}

static void what_is_not_there_is_named(void)
{
    static const struct {
        const char *command, *file, *says;
    } cases[] = {
        {"./nothere.sh", "runner.sh", "programs/./nothere.sh cannot be executed: No such file"},
        {"./meson.build", "runner.sh", "cannot be executed"},
        {"nothere", "runner.sh", "no program \"nothere\" on the PATH"},
        {"./runner.sh", "nothere.cnf", "nothere.cnf: cannot open"},
        {"./runner.sh", "../programs", "not a regular file"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct setup s;
        struct diag diag = {0};

        setup_init(&s, RUNNER_IRACE, cases[i].command);
        mem_free(s.spec.files[0]);
        s.spec.files[0] = strdup(cases[i].file);
        s.programs = programs_new(&space);
        CHECK_ERR(programs_workload(s.programs, &s.spec, &s.workload, &diag), ERR_IO);
        if (!CHECK(strstr(diag.text, cases[i].says) != NULL))
            tap_note("%s", diag.text);
        setup_fini(&s);
    }
}

/* A genome as one types it, for every kind of command line. */
static void a_genome_in_words(void)
{
    static const struct {
        enum program_runner runner;
        const char *words;
    } cases[] = {
        {RUNNER_IRACE, "--x=3 -a 0.1 'it'\\''s' --deep flag 1"},
        {RUNNER_SMAC, "--x=3 --alpha=0.1 '--mode=it'\\''s' --flag=1"},
        {RUNNER_ACLIB, "-x 3 -alpha 0.1 -mode 'it'\\''s' -flag 1"},
        {RUNNER_JSONL, ""},
    };
    struct space odd = space;

    snprintf(odd.schema.words[0], sizeof odd.schema.words[0], "it's");
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct setup s;
        struct buf words = {0};

        setup_init(&s, cases[i].runner, "./runner.sh");
        program_genome_words(&s.spec, &odd, &s.genome, &words);
        CHECK_EQ_TEXT(buf_text(&words), cases[i].words);
        buf_free(&words);
        setup_fini(&s);
    }
}

/* A switch and a choice of irace, as the words that a shell makes of them. */
static void irace_has_the_words_of_a_shell(void)
{
    static const struct {
        const char *flag, *choice, *words;
    } cases[] = {
        {"", "", ""},
        {"", " ", ""},
        {"", "--fast ", "--fast"},
        {"", "--deep 1 --wide 2", "--deep 1 --wide 2"},
        {"--m=", "", "--m="},
        {"--m ", "", "--m"},
        {"--m ", "\"\"", "--m ''"},
        {"--m=", "a b", "--m=a b"},
        {"--m=", "'a b'", "'--m=a b'"},
        {"--m=", "\"a \\\"b\\\" c\"'d'", "'--m=a \"b\" cd'"},
        {"-a  -b\t", "c\\ d", "-a -b 'c d'"},
        {"", "it's", "'it'\\''s'"},
        {"", "5\" \\", "'5\"' '\\'"},
        {"", "$HOME;*", "'$HOME;*'"},
    };
    struct space odd = space;

    odd.schema.genes[0] = odd.schema.genes[2];
    odd.schema.count = 1;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct setup s;
        struct buf words = {0};
        struct genome genome = {.count = 1};

        setup_init(&s, RUNNER_IRACE, "./runner.sh");
        snprintf(odd.schema.words[0], sizeof odd.schema.words[0], "%s", cases[i].choice);
        snprintf(odd.switches[0], sizeof odd.switches[0], "%s", cases[i].flag);
        program_genome_words(&s.spec, &odd, &genome, &words);
        CHECK_EQ_TEXT(buf_text(&words), cases[i].words);
        buf_free(&words);
        setup_fini(&s);
    }
}

/* Switches that are all empty are switches: the values stand alone. Without any each value has its name. */
static void empty_switches_are_switches(void)
{
    struct space odd = space;
    struct setup s;
    struct buf words = {0};

    memset(odd.switches, 0, sizeof odd.switches);
    setup_init(&s, RUNNER_IRACE, "./runner.sh");
    program_genome_words(&s.spec, &odd, &s.genome, &words);
    CHECK_EQ_TEXT(buf_text(&words), "3 0.1 slow 1");
    buf_clear(&words);
    odd.has_switches = false;
    program_genome_words(&s.spec, &odd, &s.genome, &words);
    CHECK_EQ_TEXT(buf_text(&words), "--x=3 --alpha=0.1 --mode=slow --flag=1");
    buf_free(&words);
    setup_fini(&s);
}

int main(void)
{
    char command[64];

    if (mkdtemp(scratch) == NULL)
        return 1;
    mark_init();
    setenv("TEST_SCRATCH", scratch, 1);
    TAP_RUN(every_way_of_asking_works);
    TAP_RUN(words_are_as_their_users_know_them);
    TAP_RUN(a_genome_in_words);
    TAP_RUN(irace_has_the_words_of_a_shell);
    TAP_RUN(empty_switches_are_switches);
    TAP_RUN(runners_that_fail);
    TAP_RUN(what_smac_and_aclib_have_words_for);
    TAP_RUN(talkers_that_fail);
    TAP_RUN(a_talker_that_says_things_twice);
    TAP_RUN(crashes_are_tried_again);
    TAP_RUN(decimals_are_counted);
    TAP_RUN(an_answer_is_kept_and_a_liar_noticed);
    TAP_RUN(threads_change_nothing);
    TAP_RUN(what_is_not_there_is_named);
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    return system(command) == 0 ? tap_done() : 1;
}
