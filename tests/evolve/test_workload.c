#include "evolve/workload.h"
#include "tap.h"

#include "evolve/family.h"
#include "genome/schema.h"

static const char *const family_list[] = {"queen", "mycielski", "insertions", "full_insertions",
                                          "rook",  "random",    "planted",    "geometric"};
enum { FAMILIES = sizeof family_list / sizeof family_list[0] };

static struct workload_spec spec_of(const char *family, unsigned instances)
{
    struct workload_spec spec = {.instances = instances};
    snprintf(spec.family, sizeof spec.family, "%s", family);
    return spec;
}

static void the_same_arguments_give_the_same_instances(void)
{
    for (unsigned f = 0; f < FAMILIES; f++) {
        struct workload_spec spec = spec_of(family_list[f], 4);
        struct workload a, b, c;
        REQUIRE_OK(workload_build(&spec, 1, "site-a", &a, NULL));
        REQUIRE_OK(workload_build(&spec, 1, "site-a", &b, NULL));
        REQUIRE_OK(workload_build(&spec, 1, "site-b", &c, NULL));
        CHECK_EQ_U64(a.count, 4);
        for (unsigned i = 0; i < 4; i++) {
            CHECK(digest_equal(&a.instances[i].hash, &b.instances[i].hash));
            CHECK(!digest_equal(&a.instances[i].hash, &c.instances[i].hash));
            for (unsigned j = 0; j < i; j++)
                CHECK(!digest_equal(&a.instances[i].hash, &a.instances[j].hash));
        }
        workload_fini(&a);
        workload_fini(&b);
        workload_fini(&c);
    }
}

static void a_longer_list_begins_the_same(void)
{
    struct workload_spec few = spec_of("random", 2), many = spec_of("random", 4);
    struct workload a, b;
    REQUIRE_OK(workload_build(&few, 9, "x", &a, NULL));
    REQUIRE_OK(workload_build(&many, 9, "x", &b, NULL));
    CHECK(digest_equal(&a.instances[1].hash, &b.instances[1].hash));
    workload_fini(&a);
    workload_fini(&b);
}

static void shards_stand_alone(void)
{
    struct workload_spec spec = spec_of("planted", 1);
    struct instance a, b, c;
    REQUIRE_OK(workload_build_shard(&spec, 1, 3, &a, NULL));
    REQUIRE_OK(workload_build_shard(&spec, 1, 3, &b, NULL));
    REQUIRE_OK(workload_build_shard(&spec, 1, 4, &c, NULL));
    CHECK(digest_equal(&a.hash, &b.hash));
    CHECK(!digest_equal(&a.hash, &c.hash));
    instance_fini(&a);
    instance_fini(&b);
    instance_fini(&c);
}

static struct evaluation evaluate(const struct instance *instance, const struct genome *genome, uint64_t epoch,
                                  uint64_t limit)
{
    return instance_evaluate(instance, workload_schema(), genome, epoch, limit);
}

/* What is asked for is possible (the best of some genomes meets it), also in the smallest sizes. */
static void targets_are_within_reach(void)
{
    const struct genome_schema *schema = workload_schema();
    for (unsigned f = 0; f < FAMILIES; f++) {
        struct workload_spec spec = spec_of(family_list[f], 3);
        struct workload w;
        for (unsigned round = 0; round < 2; round++) {
            spec.size_min = spec.size_max = round == 0 ? 0 : family_find(family_list[f])->size_lo;
            REQUIRE_OK(workload_build(&spec, 5, "reach", &w, NULL));
            for (unsigned i = 0; i < w.count; i++) {
                struct prng prng;
                bool solved = false;
                tap_seed(60 + i);
                prng_seed(&prng, 60 + i);
                for (unsigned tries = 0; tries < 60 && !solved; tries++) {
                    struct genome genome;
                    genome_random(schema, &prng, &genome);
                    solved = evaluate(&w.instances[i], &genome, tries, 8000).status == EVALUATION_SUCCESS;
                }
                if (!CHECK(solved))
                    tap_note("%s %u: %u vertices, %u colours", family_list[f], i, w.instances[i].graph->vertices,
                             w.instances[i].colours);
            }
            workload_fini(&w);
        }
    }
}

static void bad_specs_say_what_is_wrong(void)
{
    char *missing[] = {(char[]){"/nonexistent/a.col"}};
    const struct {
        struct workload_spec spec;
        enum err want;
        const char *says;
    } cases[] = {
        {{.family = "queens", .instances = 1}, ERR_UNKNOWN, "no family \"queens\"; there are queen,"},
        {{.family = "", .instances = 1}, ERR_UNKNOWN, "no family"},
        {{.family = "queen", .instances = 0}, ERR_LIMIT, "0 instances"},
        {{.family = "queen", .instances = 1025}, ERR_LIMIT, "1025 instances"},
        {{.family = "queen", .instances = 1, .size_min = 9, .size_max = 8}, ERR_RANGE, "sizes 9 to 8"},
        {{.family = "queen", .instances = 1, .size_min = 3, .size_max = 8}, ERR_RANGE, "sizes 3 to 8"},
        {{.family = "queen", .instances = 1, .size_min = 5, .size_max = 33}, ERR_RANGE, "sizes 5 to 33"},
        {{.family = "files", .instances = 1}, ERR_MISSING, "the family \"files\""},
        {{.family = "files", .instances = 1, .file_count = 1, .files = missing}, ERR_IO, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct workload w;
        struct diag diag = {0};
        CHECK_ERR(workload_build(&cases[i].spec, 1, "x", &w, &diag), cases[i].want);
        if (!CHECK(strstr(diag.text, cases[i].says) != NULL && diag.text[0] != 0))
            tap_note("%s", diag.text);
    }
}

static void files_are_instances(void)
{
    const char *path = tap_shared("dimacs/myciel5.col");
    if (path == NULL)
        SKIP("no shared files");
    char *copy = strdup(path);
    struct workload_spec spec = {.family = "files", .instances = 2, .file_count = 1, .files = &copy};
    struct workload w;
    if (CHECK_OK(workload_build(&spec, 1, "x", &w, NULL))) {
        struct graph *g = graph_mycielski(5);
        struct digest a = graph_hash(g), b = graph_hash(w.instances[0].graph);
        CHECK(digest_equal(&a, &b));
        CHECK_EQ_U64(w.instances[0].colours, 6);
        CHECK(!digest_equal(&w.instances[0].hash, &w.instances[1].hash)); /* the second turn is numbered anew */
        graph_free(g);
        workload_fini(&w);
    }
    free(copy);
}

static void costs_are_pure_and_within_their_limits(void)
{
    const struct genome_schema *schema = workload_schema();
    struct workload_spec spec = spec_of("queen", 1);
    struct workload w;
    struct genome genome, other;
    spec.size_min = spec.size_max = 6;
    REQUIRE_OK(workload_build(&spec, 3, "x", &w, NULL));
    genome_default(schema, &genome);
    struct evaluation found = evaluate(&w.instances[0], &genome, 1, 4000);
    struct evaluation again = evaluate(&w.instances[0], &genome, 1, 4000);
    struct evaluation cut = evaluate(&w.instances[0], &genome, 1, 3);
    CHECK(found.status == EVALUATION_SUCCESS ? found.work == found.cost : found.work == 4000);
    CHECK_EQ_U64(again.cost, found.cost);
    CHECK(cut.status == EVALUATION_TIMEOUT);
    CHECK_EQ_U64(cut.cost, 6); /* WORKLOAD_PAR * 3 */
    CHECK_EQ_U64(cut.work, 3);
    other = genome;
    other.values[1].real = 0.001; /* tenure_alpha: another hash, and so other runs */
    bool differs = false;
    for (uint64_t epoch = 1; epoch < 6; epoch++)
        differs = differs || evaluate(&w.instances[0], &other, epoch, 4000).cost !=
                                 evaluate(&w.instances[0], &genome, epoch, 4000).cost;
    CHECK(differs);
    workload_fini(&w);
}

static void there_is_room_for_many_instances(void)
{
    struct workload_spec spec = spec_of("queen", 1);
    struct workload w;
    spec.size_min = spec.size_max = 5;
    spec.instances = WORKLOAD_INSTANCES_MAX;
    REQUIRE_OK(workload_build(&spec, 3, "x", &w, NULL));
    CHECK_EQ_U64(w.count, 1024);
    workload_fini(&w);
}

static void the_schema_is_sound_and_pinned(void)
{
    char hex[2 * DIGEST_SIZE + 1];
    struct diag diag = {0};
    CHECK_OK(genome_schema_check(workload_schema(), &diag));
    CHECK_EQ_U64(workload_schema()->count, 8);
    struct digest hash = genome_schema_hash(workload_schema());
    digest_hex(&hash, hex);
    CHECK_EQ_TEXT(hex, "b27319fcf556a2f7313ec0f66826ce6d5ab7d7487cd1f8cbf9bd594cab58d725");
}

int main(void)
{
    TAP_RUN(the_same_arguments_give_the_same_instances);
    TAP_RUN(a_longer_list_begins_the_same);
    TAP_RUN(shards_stand_alone);
    TAP_RUN(targets_are_within_reach);
    TAP_RUN(bad_specs_say_what_is_wrong);
    TAP_RUN(files_are_instances);
    TAP_RUN(costs_are_pure_and_within_their_limits);
    TAP_RUN(there_is_room_for_many_instances);
    TAP_RUN(the_schema_is_sound_and_pinned);
    return tap_done();
}
