#include <fcntl.h>
#include <sys/stat.h>

#include "scenario/scenario.h"
#include "tap.h"

/* Bad scenarios: each gets one line that names the place and what was expected. In the texts ' stands for ". */

#define HEAD "'name':'x','max_ledger_drift':1,'epoch_start':1,"
#define CORE(id) "{'id':'" id "','region':'r','role':'core','stake':1}"
#define EDGE(id) "{'id':'" id "','region':'r','role':'edge','stake':1}"
#define ONE "'quorum':1,'nodes':[" CORE("a") "," EDGE("e") "]"
#define FOUR "'nodes':[" CORE("a") "," CORE("b") "," CORE("c") "," CORE("d") "]"
#define EVENT(event) "{" HEAD ONE ",'events':[" event "]}"

#define NODE(names) "{" HEAD "'quorum':1,'nodes':[{" names ",'role':'core','stake':1}]}"

#define SPACE "'space':{'genes':[{'name':'x','type':'toggle'}]},"
#define PROGRAM(members)                                                                                               \
    "{" HEAD SPACE "'quorum':1,'nodes':[{'id':'a','region':'r','role':'core','stake':1,\n"                             \
    "'workload':{'program':{" members "}}}]}"
#define RUN "'runner':'irace','command':['x'],'instances':['y']"

static const struct {
    const char *text;
    enum err err;
    const char *says[3];
} bad[] = {
    {PROGRAM("'runner':'irace','command':['x']"),
     ERR_MISSING,
     {"bad.json:2:", "/nodes/0/workload/program", "\"instances\""}},
    {PROGRAM("'runner':'irase','command':['x'],'instances':['y']"),
     ERR_UNKNOWN,
     {"program/runner", "jsonl, irace, smac"}},
    {PROGRAM("'runner':'irace','command':'x','instances':['y']"), ERR_TYPE, {"program/command: expected an array"}},
    {PROGRAM("'runner':'irace','command':[],'instances':['y']"),
     ERR_RANGE,
     {"program/command: expected 1 to 64 texts"}},
    {PROGRAM("'runner':'irace','command':['x',''],'instances':['y']"),
     ERR_TYPE,
     {"program/command/1: expected a text"}},
    {PROGRAM(RUN ",'cutof_ms':1"), ERR_UNKNOWN, {"program/cutof_ms: unknown key", "\"cutoff_ms\""}},
    {PROGRAM(RUN ",'cutoff_ms':1"), ERR_RANGE, {"program/cutoff_ms: 1 is outside 10.."}},
    {PROGRAM("'runner':'smac','command':['x'],'instances':['y'],'bound':true"),
     ERR_UNKNOWN,
     {"only target runners of irace"}},
    {PROGRAM("'runner':'jsonl','command':['x'],'instances':['y'],'cpu_s':1"), ERR_UNKNOWN, {"stays alive"}},
    {PROGRAM(RUN "},'family':'queen'},'workload':{'program':{"), ERR_DUPLICATE, {"bad.json:2:"}},
    {PROGRAM(RUN "},'family':{"), ERR_UNKNOWN, {"workload/family: unknown key"}},
    {PROGRAM("'runner':'irace','command':['x\\u001b'],'instances':['y']"),
     ERR_SYNTAX,
     {"program/command/0: control characters"}},
    {"{" HEAD SPACE ONE "}", ERR_MISSING, {"/nodes: with a \"space\", the workload of a needs a \"program\""}},
    {"{" HEAD "'space':'nothere.txt'," ONE "}", ERR_IO, {"/space: ", "nothere.txt"}},
    {"{" HEAD "'space':7," ONE "}", ERR_TYPE, {"/space: expected an object"}},
    {"{" HEAD "'space':{'genes':[]}," ONE "}", ERR_RANGE, {"/space/genes"}},
    {"{" HEAD "'workload':{'program':{" RUN "}}," ONE "}", ERR_MISSING, {"programs need the key \"space\""}},
    {"", ERR_TRUNCATED, {"bad.json:1:1"}},
    {"{" HEAD ONE, ERR_TRUNCATED, {"bad.json:1:"}},
    {"[1]", ERR_TYPE, {"a scenario is a JSON object"}},
    {"{" HEAD ONE "} x", ERR_SYNTAX, {"bad.json:1:"}},
    {"{'name':'x','name':'y'}", ERR_DUPLICATE, {"bad.json:1:"}},
    {"{'name':'\xff'}", ERR_SYNTAX, {"bad.json:1:"}},
    {"{\n 'quorom':1,\n" HEAD ONE "}", ERR_UNKNOWN, {"bad.json:2:11: /quorom: unknown key", "\"quorum\""}},
    {"{" HEAD ONE ",'zzzzzzzzzz':1}",
     ERR_UNKNOWN,
     {"/zzzzzzzzzz: unknown key; known here: name, quorum, max_ledger_drift, ", ", policy"}},
    {"{" HEAD ONE ",'guard_rails':{'retry':{'first_m':1}}}",
     ERR_UNKNOWN,
     {"/guard_rails/retry/first_m: unknown key; did you mean \"first_ms\"? known here: budget, first_ms, max_ms"}},
    {"{" HEAD "'quorum':1,'nodes':[{'id':'a','region':'r','role':'core','stake':1,'\\u001b':2}]}",
     ERR_UNKNOWN,
     {"/nodes/0/\\u{1b}: unknown key; known here: id, "}},
    {"{" HEAD "'nodes':[" CORE("a") "]}", ERR_MISSING, {"\"quorum\" is missing"}},
    {"{" HEAD "'quorum':1,'nodes':[]}", ERR_RANGE, {"/nodes: expected 1 to 16384 nodes, found 0"}},
    {"{" HEAD "'quorum':1,'nodes':{}}", ERR_TYPE, {"/nodes: expected an array, found an object"}},
    {"{" HEAD "'quorum':1,'nodes':[7]}", ERR_TYPE, {"/nodes/0: expected an object, found an integer"}},
    {"{" HEAD "'quorum':1,'nodes':[" EDGE("a") "]}", ERR_MISSING, {"none of the 1 nodes is a validator"}},
    {"{" HEAD "'quorum':1,'nodes':[" CORE("a") ",\n" EDGE("a") "]}",
     ERR_DUPLICATE,
     {"bad.json:2:", "/nodes/1/id", "\"a\" is the id of /nodes/0 already"}},
    {"{" HEAD "'quorum':5," FOUR "}", ERR_RANGE, {"/quorum", "5", "4 validators"}},
    {"{" HEAD "'quorum':2," FOUR "}", ERR_RANGE, {"/quorum", "ceil((4+1+1)/2) = 3"}},
    {"{" HEAD "'quorum':0," FOUR "}", ERR_RANGE, {"/quorum: 0 is outside 1..256"}},
    {"{" HEAD "'quorum':-1," FOUR "}", ERR_RANGE, {"/quorum: -1 is outside"}},
    {"{" HEAD "'quorum':2.5," FOUR "}", ERR_TYPE, {"/quorum: expected an integer, found a number with decimals"}},
    {"{" HEAD "'quorum':'2'," FOUR "}", ERR_TYPE, {"/quorum: expected an integer, found a text"}},
    {"{" HEAD "'quorum':3,'max_byzantine':2," FOUR "}", ERR_RANGE, {"/max_byzantine", "floor((4-1)/3) = 1"}},
    {"{" HEAD "'quorum':99999999999999999999," FOUR "}", ERR_RANGE, {"bad.json:1:"}},
    {"{" HEAD ONE ",'seed':-4}", ERR_RANGE, {"/seed"}},
    {"{" HEAD ONE ",'seed':'18446744073709551616'}", ERR_RANGE, {"/seed: expected a decimal number below 2^64"}},
    {"{" HEAD ONE ",'limit_ms':1e300}", ERR_RANGE, {"/limit_ms: 1e+300 is outside"}},
    {"{" HEAD ONE ",'limit_ms':-1}", ERR_RANGE, {"/limit_ms: -1 is outside"}},
    {"{'name':'','quorum':1,'max_ledger_drift':1,'epoch_start':1,'nodes':[" CORE("a") "]}", ERR_LIMIT, {"/name"}},
    {"{'name':'a\\u001bb','quorum':1,'max_ledger_drift':1,'epoch_start':1,'nodes':[" CORE("a") "]}",
     ERR_SYNTAX,
     {"/name: ", "a\\u{1b}b", "letters, digits and . _ + - of ASCII"}},
    {NODE("'id':'../../etc/x','region':'r'"), ERR_SYNTAX, {"/nodes/0/id: ", "../../etc/x", "letters, digits"}},
    {NODE("'id':'*','region':'r'"), ERR_SYNTAX, {"/nodes/0/id: "}},
    {NODE("'id':'a b','region':'r'"), ERR_SYNTAX, {"/nodes/0/id: "}},
    {NODE("'id':'-x','region':'r'"), ERR_SYNTAX, {"/nodes/0/id: "}},
    {NODE("'id':'.x','region':'r'"), ERR_SYNTAX, {"/nodes/0/id: "}},
    {NODE("'id':'a\xc2\x9b"
          "31m','region':'r'"),
     ERR_SYNTAX,
     {"/nodes/0/id: ", "a\\u{9b}31m"}},
    {NODE("'id':'a\xe2\x80\xae','region':'r'"), ERR_SYNTAX, {"/nodes/0/id: ", "a\\u{202e}"}},
    {NODE("'id':'a','region':'r\xe2\x80\x8b'"), ERR_SYNTAX, {"/nodes/0/region: ", "r\\u{200b}"}},
    {NODE("'id':'a','region':'r/s'"), ERR_SYNTAX, {"/nodes/0/region: "}},
    {"{" HEAD "'quorum':1,'nodes':[{'id':'a','region':'r','role':'boss','stake':1}]}",
     ERR_UNKNOWN,
     {"/nodes/0/role: \"boss\"", "core_validator"}},
    {"{" HEAD "'quorum':1,'nodes':[{'id':'a','region':'r','role':'core','stake':0}]}",
     ERR_RANGE,
     {"/nodes/0/stake: 0 is outside 1.."}},
    {"{" HEAD "'quorum':1,'nodes':[{'id':'a','region':'r','role':'core','stake':0.5}]}",
     ERR_TYPE,
     {"/nodes/0/stake: expected an integer, found a number with decimals"}},
    {"{" HEAD "'quorum':1,'nodes':[{'id':'a','role':'core','stake':1}]}", ERR_MISSING, {"\"region\" is missing"}},
    {"{" HEAD ONE ",'workload':{'family':'files','files':['none.col']}}",
     ERR_IO,
     {"/workload/files/0: cannot read the graph none.col"}},
    {"{" HEAD ONE ",'workload':{'family':'files'}}", ERR_MISSING, {"needs the key \"files\""}},
    {"{" HEAD ONE ",'workload':{'family':'queen','size_min':99}}", ERR_RANGE, {"/workload/size_min: 99 is outside"}},
    {"{" HEAD ONE ",'workload':{'family':'queen','size_min':9,'size_max':8}}", ERR_RANGE, {"is below size_min"}},
    {"{" HEAD ONE ",'workload':{'instances':3}}", ERR_MISSING, {"\"family\" is missing"}},
    {"{" HEAD ONE ",'network':{'links':[{'between':['r','q']}]}}", ERR_UNKNOWN, {"no node is in the region \"q\""}},
    {"{" HEAD ONE ",'network':{'links':[{'between':['r','r']},{'between':['r','r']}]}}",
     ERR_DUPLICATE,
     {"/network/links/1/between", "/network/links/0"}},
    {"{" HEAD ONE ",'network':{'default':{'latency_ms':-5}}}", ERR_RANGE, {"/network/default/latency_ms"}},
    {"{" HEAD ONE ",'guard_rails':{'min_participants':3}}", ERR_RANGE, {"/guard_rails/min_participants: 3"}},
    {"{" HEAD ONE ",'guard_rails':{'retry':{'first_ms':9,'max_ms':8}}}", ERR_RANGE, {"below first_ms"}},
    {"{" HEAD ONE ",'policy':{'rule':'mean'}}", ERR_UNKNOWN, {"/policy/rule", "trimmed_rank, median_rank, borda"}},
    {"{" HEAD ONE ",'rebalance':{}}", ERR_MISSING, {"\"shards\" is missing"}},
    {EVENT("{'kind':'explode','at_ms':1}"), ERR_UNKNOWN, {"/events/0/kind: \"explode\"", "latency_spike"}},
    {EVENT("{'kind':'crash','node':'a'}"), ERR_MISSING, {"either \"at_ms\" or \"epoch\""}},
    {EVENT("{'kind':'crash','node':'a','at_ms':1,'epoch':1}"), ERR_MISSING, {"either \"at_ms\" or \"epoch\""}},
    {EVENT("{'kind':'crash','node':'q','at_ms':1}"), ERR_UNKNOWN, {"/events/0/node: no node has the id \"q\""}},
    {EVENT("{'kind':'crash','at_ms':1}"), ERR_MISSING, {"name one of \"node\", \"nodes\" and \"primary\": true"}},
    {EVENT("{'kind':'crash','at_ms':1,'node':'a','factor':2}"),
     ERR_UNKNOWN,
     {"\"crash\" does not take this key; it takes: kind, at_ms, epoch, after_ms, node, primary, duration_ms, nodes, "
      "repeat"}},
    {EVENT("{'kind':'restart','epoch':0,'node':'a'}"), ERR_RANGE, {"/events/0/epoch: 0 is outside 1.."}},
    {EVENT("{'kind':'restart','at_ms':1}"), ERR_MISSING, {"name one of \"node\" and \"nodes\""}},
    {EVENT("{'kind':'partition','at_ms':1,'groups':[['a'],['a']]}"), ERR_DUPLICATE, {"\"a\" is in a group already"}},
    {EVENT("{'kind':'crash','at_ms':1,'node':'a','nodes':['e']}"), ERR_MISSING, {"name one of \"node\", \"nodes\""}},
    {EVENT("{'kind':'crash','at_ms':1,'nodes':[]}"), ERR_MISSING, {"/events/0/nodes: chooses no node"}},
    {EVENT("{'kind':'crash','at_ms':1,'nodes':['a','q']}"),
     ERR_UNKNOWN,
     {"/events/0/nodes: element 1: no node has the id \"q\""}},
    {EVENT("{'kind':'crash','at_ms':1,'nodes':['a','a']}"), ERR_DUPLICATE, {"element 1: \"a\" is named twice"}},
    {EVENT("{'kind':'crash','at_ms':1,'nodes':'a'}"), ERR_TYPE, {"a list of node ids, or an object with role"}},
    {EVENT("{'kind':'crash','at_ms':1,'nodes':{'rolle':'core'}}"), ERR_UNKNOWN, {"did you mean \"role\""}},
    {EVENT("{'kind':'crash','at_ms':1,'nodes':{'region':'q'}}"),
     ERR_UNKNOWN,
     {"nodes/region: no node is in the region"}},
    {EVENT("{'kind':'crash','at_ms':1,'nodes':{'role':'core','site':'edge'}}"), ERR_MISSING, {"chooses no node"}},
    {EVENT("{'kind':'crash','at_ms':1,'nodes':{'fraction':0}}"), ERR_RANGE, {"fraction: 0 is outside"}},
    {EVENT("{'kind':'crash','at_ms':1,'node':'a','repeat':{'every_ms':5}}"), ERR_MISSING, {"repeat", "\"times\""}},
    {EVENT("{'kind':'crash','at_ms':1,'node':'a','repeat':{'times':5}}"), ERR_MISSING, {"either \"every_ms\""}},
    {EVENT("{'kind':'crash','at_ms':1,'node':'a','repeat':{'times':5,'every_epochs':1}}"),
     ERR_UNKNOWN,
     {"every_epochs: goes with \"epoch\" only"}},
    {EVENT("{'kind':'crash','at_ms':1,'nodes':['a','e'],'repeat':{'times':4000,'every_ms':1}}"),
     ERR_LIMIT,
     {"events are more than 4096"}},
    {EVENT("{'kind':'join','at_ms':1,'node':'e','repeat':{'times':2,'every_ms':5}}"), ERR_UNKNOWN, {"does not take"}},
    {EVENT("{'kind':'pause','at_ms':1,'node':'a'}"), ERR_MISSING, {"\"duration_ms\" is missing"}},
    {EVENT("{'kind':'random_crashes','at_ms':1,'node':'a','duration_ms':9,'mtbf_ms':9}"),
     ERR_MISSING,
     {"\"mttr_ms\" is missing"}},
    {EVENT("{'kind':'random_crashes','at_ms':1,'node':'a','duration_ms':1e9,'mtbf_ms':1,'mttr_ms':1}"),
     ERR_LIMIT,
     {"events are more than 4096"}},
    {EVENT("{'kind':'clock_skew','at_ms':1,'node':'a','ahead_ms':-5,'drift_ppm':0}"), ERR_RANGE, {"ahead_ms: -5"}},
    {EVENT("{'kind':'loss_burst','at_ms':1,'loss_ppm':5,'between':['r','q']}"),
     ERR_UNKNOWN,
     {"/events/0/between: no node is in the region \"q\""}},
    {EVENT("{'kind':'loss_burst','at_ms':1,'loss_ppm':5,'between':['r']}"), ERR_TYPE, {"an array of two regions"}},
    {EVENT("{'kind':'partition','at_ms':1}"), ERR_MISSING, {"name one of \"groups\", and \"from\" with \"to\""}},
    {EVENT("{'kind':'partition','at_ms':1,'from':['a']}"), ERR_MISSING, {"\"from\" and \"to\" go together"}},
    {EVENT("{'kind':'partition','at_ms':1,'from':['a'],'to':['e'],'groups':[['a']]}"), ERR_MISSING, {"name one of"}},
    {EVENT("{'kind':'partition','at_ms':1,'groups':[]}"), ERR_MISSING, {"at least one group"}},
    {EVENT("{'kind':'partition','at_ms':1,'groups':[5]}"), ERR_TYPE, {"not a list of node ids"}},
    {EVENT("{'kind':'join','at_ms':1,'node':'a'}"),
     ERR_MISSING,
     {"none of the 2 nodes is a validator (role core) from"}},
    {EVENT("{'kind':'join','at_ms':1,'node':'e','sponsor':'e'}"), ERR_STATE, {"/sponsor: \"e\" is a participant"}},
    {EVENT("{'kind':'join','at_ms':1,'node':'a','sponsor':'a'}"), ERR_STATE, {"nobody is its own sponsor"}},
    {EVENT("{'kind':'join','at_ms':1,'node':'e','sponsor':'q'}"), ERR_UNKNOWN, {"/events/0/sponsor: no node has"}},
    {EVENT("{'kind':'leave','at_ms':1,'node':'e','sponsor':'a'}"), ERR_UNKNOWN, {"\"leave\" does not take this key"}},
    {EVENT("{'kind':'stake','at_ms':1,'node':'e'}"), ERR_MISSING, {"\"stake\" is missing"}},
    {EVENT("{'kind':'stake','at_ms':1,'node':'e','stake':0}"), ERR_RANGE, {"/events/0/stake: 0 is outside 1.."}},
    {EVENT("{'kind':'stake','at_ms':1,'node':'e','stake':1000}"),
     ERR_RANGE,
     {"/events/0/stake: \"e\" cannot get a stake of 1000: the greatest of the founders' is 1"}},
    {"{" HEAD "'quorum':1,'nodes':[" CORE("a") ",{'id':'e','region':'r','role':'edge','stake':2}],"
                                               "'events':[{'kind':'join','at_ms':1,'node':'e'}]}",
     ERR_RANGE,
     {"/events/0/node: \"e\" cannot get a stake of 2"}},
    {"{" HEAD ONE ",'policy':{'checkpoint_interval':0}}", ERR_RANGE, {"/policy/checkpoint_interval: 0 is outside 1.."}},
    {"{" HEAD ONE ",'policy':{'window':4097}}", ERR_RANGE, {"/policy/window: 4097 is outside 2..4096"}},
    {"{" HEAD ONE ",'policy':{'window':30}}",
     ERR_RANGE,
     {"/policy/window: 30 is less than twice the checkpoint_interval, 16"}},
    {"{" HEAD ONE ",'policy':{'cohort':1}}", ERR_RANGE, {"/policy/cohort: 1 is less than min_participants, 2"}},
    {"{" HEAD ONE ",'policy':{'cohort_weights':'stake'}}",
     ERR_RANGE,
     {"/policy/cohort_weights: goes with \"cohort\" only"}},
    {"{" HEAD ONE ",'policy':{'cohort':2,'cohort_validators':'none'}}", ERR_UNKNOWN, {"/policy/cohort_validators: "}},
    {"{" HEAD ONE ",'policy':{'joins_per_epoch':9}}", ERR_RANGE, {"/policy/joins_per_epoch: 9 is outside 0..8"}},
    {EVENT("{'kind':'rotate_key','at_ms':1,'node':'a'},{'kind':'rotate_key','at_ms':2,'node':'a'}"),
     ERR_DUPLICATE,
     {"\"a\" rotates its key twice"}},
    {EVENT("{'kind':'join','at_ms':1,'node':'e'},{'kind':'join','at_ms':2,'node':'e'}"), ERR_DUPLICATE, {"twice"}},
    {"{" HEAD ONE ",'guard_rails':{'min_participants':2},'events':[{'kind':'join','at_ms':1,'node':'e'}]}",
     ERR_RANGE,
     {"/guard_rails: min_participants is 2, but only 1"}},
    {"{" HEAD ONE
     ",'network':{'local':{'latency_ms':50,'jitter_ms':0},'disk_ms':2},'guard_rails':{'latency_limit_ms':100}}",
     ERR_RANGE,
     {"/guard_rails: latency_limit_ms is 100, but a decision may take 4 * (50 + 2) = 208 ms"}},
    {"{" HEAD ONE ",'network':{'local':{'latency_ms':50,'jitter_ms':0,'bandwidth_kbps':100},'disk_ms':2},"
     "'guard_rails':{'latency_limit_ms':300}}",
     ERR_RANGE,
     {"/guard_rails: latency_limit_ms is 300, but a decision may take 4 * (50 + 2) + ", " bytes from ",
      "at 12500 bytes a second"}},
    {"{" HEAD ONE ",'network':{'local':{'latency_ms':50,'jitter_ms':0,'bandwidth_kbps':100},'disk_ms':2},"
     "'guard_rails':{'collect_deadline_ms':300}}",
     ERR_RANGE,
     {"/guard_rails: collect_deadline_ms is 300, but until an entry is decided it may take "}},
    {"{" HEAD FOUR ",'quorum':3,'policy':{'checkpoint_interval':500,'window':1000},"
     "'network':{'local':{'latency_ms':50,'jitter_ms':0,'bandwidth_kbps':100},'disk_ms':2},"
     "'guard_rails':{'latency_limit_ms':10000}}",
     ERR_RANGE,
     {"/guard_rails: latency_limit_ms is 10000, but a change of view takes "}},
    {EVENT("{'kind':'lie','at_ms':1,'node':'e','behaviour':'rude'}"), ERR_UNKNOWN, {"inverted_scores"}},
    {EVENT("{'kind':'slow_down','at_ms':1,'node':'e','factor':0.5}"), ERR_RANGE, {"0.5 is outside 1..10000"}},
    {EVENT("{'kind':'loss_burst','at_ms':1,'loss_ppm':1000001}"), ERR_RANGE, {"/events/0/loss_ppm"}},
    {EVENT("{'kind':'heal','at_ms':1,'after_ms':5}"), ERR_UNKNOWN, {"goes with \"epoch\" only"}},
};

static void check_complaint(enum err got, enum err want, const char *const says[3], const struct diag *diag)
{
    bool ok = CHECK_EQ_U64(got, want);

    for (unsigned i = 0; i < 3 && says[i] != NULL; i++)
        ok &= CHECK(strstr(diag->text, says[i]) != NULL);
    ok &= CHECK(strchr(diag->text, '\n') == NULL && diag->text[0] != '\0');
    if (!ok)
        tap_note("it says: %s", diag->text);
}

static void each_bad_text_has_its_line(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buf text = {0};
        struct scenario s;
        struct diag diag = {0};

        buf_add_text(&text, bad[i].text);
        for (size_t j = 0; j < text.len; j++)
            text.data[j] = text.data[j] == '\'' ? '"' : text.data[j];
        check_complaint(scenario_parse("bad.json", bytes_of_buf(&text), &s, &diag), bad[i].err, bad[i].says, &diag);
        buf_free(&text);
    }
}

static void deep_nesting(void)
{
    struct buf text = {0};
    struct scenario s;
    struct diag diag = {0};

    for (unsigned i = 0; i < 100000; i++)
        buf_add_byte(&text, '[');
    check_complaint(scenario_parse("deep.json", bytes_of_buf(&text), &s, &diag), ERR_LIMIT,
                    (const char *const[3]){"deep.json:1:65", "nested"}, &diag);
    buf_free(&text);
}

/* Every prefix of a good file, as a kill in the middle of writing would leave it. */
static void every_truncation(void)
{
    static const char whole[] = "{\"name\":\"x\",\"max_ledger_drift\":1,\"epoch_start\":1,\"quorum\":1,"
                                "\"nodes\":[{\"id\":\"a\",\"region\":\"r\",\"role\":\"core\",\"stake\":12}]}";
    struct scenario s;
    struct diag diag = {0};

    for (size_t len = 0; len + 1 < sizeof whole; len++)
        CHECK(scenario_parse("cut.json", bytes_of(whole, len), &s, &diag) != ERR_OK);
    REQUIRE_OK(scenario_parse("cut.json", bytes_of(whole, sizeof whole - 1), &s, &diag));
    scenario_fini(&s);
}

static void files_that_cannot_be_read(void)
{
    char folder[] = "/tmp/scenario-XXXXXX", path[64];
    struct scenario s;
    struct diag diag = {0};

    REQUIRE(mkdtemp(folder) != NULL);
    check_complaint(scenario_load(folder, &s, &diag), ERR_IO, (const char *const[3]){folder}, &diag);
    snprintf(path, sizeof path, "%s/huge.json", folder);
    check_complaint(scenario_load(path, &s, &diag), ERR_IO, (const char *const[3]){path}, &diag);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    REQUIRE(fd >= 0);
    CHECK(ftruncate(fd, 1 << 30) == 0); /* a gigabyte, sparse */
    close(fd);
    check_complaint(scenario_load(path, &s, &diag), ERR_LIMIT, (const char *const[3]){path, "1073741824"}, &diag);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    TAP_RUN(each_bad_text_has_its_line);
    TAP_RUN(deep_nesting);
    TAP_RUN(every_truncation);
    TAP_RUN(files_that_cannot_be_read);
    return tap_done();
}
