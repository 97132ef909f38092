/* The trust policy of C2SP tlog-policy: read, judged by, and written for a set of validators. */
#include "tlog/trust_policy.h"

#include <inttypes.h>
#include <string.h>

#include "base/mutate.h"
#include "base/text.h"

enum { WORDS_MAX = TRUST_ITEMS_MAX + 3 };

/* One line on its way. */
struct line {
    struct trust_policy *p;
    unsigned number;
    unsigned count;
    struct bytes words[WORDS_MAX];
    struct diag *diag;
};

static enum err complain(const struct line *l, enum err err, const char *why)
{
    return diag_set(l->diag, err, "line %u of the policy: %s", l->number, why);
}

static bool is_word(struct bytes word, const char *text)
{
    return bytes_equal(word, bytes_of_text(text));
}

static int find_item(const struct trust_policy *p, struct bytes name)
{
    for (unsigned i = 0; i < p->item_count; i++) {
        if (bytes_equal(p->items[i].name, name))
            return (int)i;
    }
    return -1;
}

/* ---- logs and witnesses */

static enum err read_key(const struct line *l, struct bytes word, enum note_key_type type, struct note_key *out)
{
    enum err err = note_key_parse(word, out);

    if (err != ERR_OK)
        return complain(l, err,
                        err == ERR_MISMATCH ? "the id of the key is not that of its name and bytes"
                                            : "expected a verifier key, NAME+ID+KEY, of Ed25519");
    if (out->type != type)
        return complain(l, ERR_TYPE,
                        type == NOTE_KEY_LOG ? "expected a key of a log (type 1)"
                                             : "expected a key of a cosigner (type 4)");
    return ERR_OK;
}

static enum err read_log(const struct line *l)
{
    struct trust_policy *p = l->p;
    struct note_key key;
    enum err err;

    if (l->count < 2 || l->count > 3)
        return complain(l, ERR_SYNTAX, "expected: log VKEY [URL]");
    err = read_key(l, l->words[1], NOTE_KEY_LOG, &key);
    if (err != ERR_OK)
        return err;
    for (unsigned i = 0; i < p->log_count; i++) {
        if (memcmp(&p->logs[i].public, &key.public, sizeof key.public) == 0)
            return complain(l, ERR_DUPLICATE, "the key stands there twice");
    }
    p->logs = mem_resize(p->logs, p->log_count + 1, sizeof p->logs[0]);
    p->logs[p->log_count++] = key;
    return ERR_OK;
}

static enum err add_item(const struct line *l, struct trust_item item)
{
    struct trust_policy *p = l->p;

    if (is_word(item.name, "none"))
        return complain(l, ERR_SYNTAX, "\"none\" is nobody's name");
    if (find_item(p, item.name) >= 0)
        return complain(l, ERR_DUPLICATE, "the name is taken");
    if (p->item_count == TRUST_ITEMS_MAX)
        return complain(l, ERR_LIMIT, "there are too many witnesses and groups");
    p->items = mem_resize(p->items, p->item_count + 1, sizeof p->items[0]);
    p->items[p->item_count++] = item;
    return ERR_OK;
}

static enum err read_witness(const struct line *l)
{
    struct trust_policy *p = l->p;
    struct trust_witness w = {0};
    enum err err;

    if (l->count < 3 || l->count > 4)
        return complain(l, ERR_SYNTAX, "expected: witness NAME VKEY [URL]");
    err = read_key(l, l->words[2], NOTE_KEY_COSIGNER, &w.key);
    if (err != ERR_OK)
        return err;
    if (l->count == 4)
        w.url = l->words[3];
    for (unsigned i = 0; i < p->witness_count; i++) {
        if (MUTATE(POLICY_KEY_TWICE, false, memcmp(&p->witnesses[i].key.public, &w.key.public, KEY_PUBLIC_SIZE) == 0))
            return complain(l, ERR_DUPLICATE, "the key stands there twice: one key is one witness");
    }
    err = add_item(l, (struct trust_item){.name = l->words[1], .witness = p->witness_count});
    if (err != ERR_OK)
        return err;
    p->witnesses = mem_resize(p->witnesses, p->witness_count + 1, sizeof p->witnesses[0]);
    p->witnesses[p->witness_count++] = w;
    return ERR_OK;
}

/* ---- groups and the quorum */

static enum err read_threshold(const struct line *l, unsigned members, unsigned *out)
{
    char digits[8] = {0};
    uint64_t k = 0;

    if (is_word(l->words[2], "all") || is_word(l->words[2], "any")) {
        *out = is_word(l->words[2], "all") ? members : 1;
        return ERR_OK;
    }
    if (l->words[2].len < sizeof digits)
        memcpy(digits, l->words[2].data, l->words[2].len);
    if (u64_parse(digits, &k) != ERR_OK || k > members || MUTATE(POLICY_ZERO, false, k == 0))
        return complain(l, ERR_RANGE, "expected all, any, or a number from 1 to that of the members");
    *out = (unsigned)k;
    return ERR_OK;
}

static enum err read_members(const struct line *l, struct trust_item *group)
{
    struct trust_policy *p = l->p;

    group->first = p->member_count;
    for (unsigned i = 3; i < l->count; i++) {
        int at = find_item(p, l->words[i]);

        if (at < 0)
            return complain(l, ERR_UNKNOWN, "a member is no witness or group of the lines above");
        if (MUTATE(POLICY_MEMBER_TWICE, false, p->items[at].taken))
            return complain(l, ERR_DUPLICATE, "a member is in a group already");
        p->items[at].taken = true;
        p->members = mem_resize(p->members, p->member_count + 1, sizeof p->members[0]);
        p->members[p->member_count++] = (unsigned)at;
        group->count++;
    }
    return ERR_OK;
}

static enum err read_group(const struct line *l)
{
    struct trust_item group = {.is_group = true};
    enum err err;

    if (l->count < 4)
        return complain(l, ERR_SYNTAX, "expected: group NAME all|any|K MEMBER...");
    group.name = l->words[1];
    err = read_threshold(l, l->count - 3, &group.needed);
    if (err == ERR_OK)
        err = read_members(l, &group);
    return err == ERR_OK ? add_item(l, group) : err;
}

static enum err read_quorum(const struct line *l)
{
    struct trust_policy *p = l->p;

    if (l->count != 2)
        return complain(l, ERR_SYNTAX, "expected: quorum NAME");
    if (p->has_quorum)
        return complain(l, ERR_DUPLICATE, "there is a quorum already");
    p->has_quorum = true;
    p->quorum = find_item(p, l->words[1]);
    if (p->quorum < 0 && !is_word(l->words[1], "none"))
        return complain(l, ERR_UNKNOWN, "the quorum is no witness or group of the lines above");
    return ERR_OK;
}

/* ---- the file */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static enum err split(struct line *l, struct bytes text)
{
    size_t i = 0;

    l->count = 0;
    for (;;) {
        size_t start;

        while (i < text.len && is_blank(text.data[i]))
            i++;
        if (i == text.len || (l->count == 0 && text.data[i] == '#'))
            return ERR_OK;
        for (start = i; i < text.len && !is_blank(text.data[i]); i++) {
            if (text.data[i] < ' ' || text.data[i] == 0x7f)
                return complain(l, ERR_SYNTAX, "a control character");
        }
        if (l->count == WORDS_MAX)
            return complain(l, ERR_LIMIT, "too many words");
        l->words[l->count++] = bytes_of(text.data + start, i - start);
    }
}

static enum err read_line(struct line *l, struct bytes text)
{
    enum err err = split(l, text);

    if (err != ERR_OK || l->count == 0)
        return err;
    if (is_word(l->words[0], "log"))
        return read_log(l);
    if (is_word(l->words[0], "witness"))
        return read_witness(l);
    if (is_word(l->words[0], "group"))
        return read_group(l);
    if (is_word(l->words[0], "quorum"))
        return read_quorum(l);
    return complain(l, ERR_UNKNOWN, "expected log, witness, group or quorum");
}

static enum err read_lines(struct line *l)
{
    struct bytes rest = bytes_of_buf(&l->p->text);
    enum err err = ERR_OK;

    while (rest.len > 0 && err == ERR_OK) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.data) : 0;

        l->number++;
        if (end == NULL)
            return complain(l, ERR_TRUNCATED, "expected a newline at its end");
        err = read_line(l, bytes_of(rest.data, len));
        rest = bytes_of(rest.data + len + 1, rest.len - len - 1);
    }
    return err;
}

enum err trust_policy_parse(struct bytes text, struct trust_policy *out, struct diag *diag)
{
    struct trust_policy p = {.quorum = -1};
    struct line *l;
    enum err err;

    if (text.len > TRUST_POLICY_SIZE_MAX)
        return diag_set(diag, ERR_LIMIT, "the policy is larger than %d bytes", (int)TRUST_POLICY_SIZE_MAX);
    l = mem_alloc(sizeof *l);
    l->p = &p;
    l->diag = diag;
    buf_add(&p.text, text.data, text.len);
    err = read_lines(l);
    if (err == ERR_OK && !p.has_quorum)
        err = diag_set(diag, ERR_MISSING, "the policy has no line \"quorum NAME\"");
    mem_free(l);
    if (err != ERR_OK)
        trust_policy_free(&p);
    else
        *out = p;
    return err;
}

void trust_policy_free(struct trust_policy *p)
{
    buf_free(&p->text);
    mem_free(p->logs);
    mem_free(p->witnesses);
    mem_free(p->items);
    mem_free(p->members);
    *p = (struct trust_policy){0};
}

/* ---- judging */

/* A log of the policy is the log of this text if its name is the origin. */
static enum err judge_logs(const struct trust_policy *p, const struct note *n, struct trust_finding *f)
{
    struct checkpoint c;
    enum err err = checkpoint_parse(n->text, &c);

    for (unsigned i = 0; i < p->log_count && err == ERR_OK; i++) {
        if (MUTATE(POLICY_ANY_ORIGIN, false, !bytes_equal(p->logs[i].name, c.origin)))
            continue;
        err = checkpoint_verify(n, &p->logs[i], NULL);
        f->logs += err == ERR_OK;
        if (err == ERR_MISSING)
            err = ERR_OK;
    }
    return err;
}

/* Items come after their members, so one pass settles all. */
bool trust_policy_quorum(const struct trust_policy *p, const bool *cosigned)
{
    bool *holds = mem_array(p->item_count + 1, sizeof holds[0]), quorum;

    for (unsigned i = 0; i < p->item_count; i++) {
        const struct trust_item *item = &p->items[i];
        unsigned have = 0;

        for (unsigned k = 0; k < item->count; k++)
            have += holds[p->members[item->first + k]];
        holds[i] = item->is_group ? have >= item->needed : cosigned[item->witness];
    }
    quorum = p->quorum < 0 || holds[p->quorum];
    mem_free(holds);
    return quorum;
}

enum err trust_policy_judge(const struct trust_policy *p, const struct note *n, struct trust_finding *finding)
{
    bool *cosigned = mem_array(p->witness_count + 1, sizeof cosigned[0]);
    enum err err;

    *finding = (struct trust_finding){0};
    err = judge_logs(p, n, finding);
    for (unsigned i = 0; i < p->witness_count && err == ERR_OK; i++) {
        err = checkpoint_verify(n, &p->witnesses[i].key, NULL);
        cosigned[i] = err == ERR_OK;
        finding->witnesses += cosigned[i];
        if (err == ERR_MISSING)
            err = ERR_OK;
    }
    finding->quorum = err == ERR_OK && trust_policy_quorum(p, cosigned);
    mem_free(cosigned);
    if (err == ERR_OK && finding->logs == 0 && p->log_count > 0)
        err = ERR_KEY;
    if (err == ERR_OK && MUTATE(POLICY_NO_QUORUM, false, !finding->quorum))
        err = ERR_QUORUM;
    return err;
}

/* ---- writing */

static void print_key(struct bytes name, enum note_key_type type, const struct public_key *public, struct buf *out)
{
    struct note_key key = note_key_of(name, type, public);

    note_key_print(&key, out);
    buf_add_byte(out, '\n');
}

static void print_validators(const struct voter_set *voters, const struct digest *federation_id, struct buf *out)
{
    struct buf name = {0};

    checkpoint_origin(federation_id, &name);
    for (unsigned i = 0; i < voters->count; i++) {
        buf_add_text(out, "log ");
        print_key(bytes_of_buf(&name), NOTE_KEY_LOG, &voters->keys[i], out);
    }
    buf_add_byte(out, '\n');
    for (unsigned i = 0; i < voters->count; i++) {
        buf_clear(&name);
        checkpoint_cosigner(&voters->fingerprints[i], &name);
        buf_printf(out, "witness V%u ", i + 1);
        print_key(bytes_of_buf(&name), NOTE_KEY_COSIGNER, &voters->keys[i], out);
    }
    buf_printf(out, "group validators %u", voters->quorum);
    for (unsigned i = 0; i < voters->count; i++)
        buf_printf(out, " V%u", i + 1);
    buf_add_byte(out, '\n');
    buf_free(&name);
}

void trust_policy_print(const struct voter_set *voters, const struct digest *federation_id,
                        const struct trust_extra *extra, unsigned count, unsigned needed, struct buf *out)
{
    ASSERT(count == 0 || (needed >= 1 && needed <= count));
    buf_printf(out, "# The validators of membership epoch %" PRIu64 ". Each may sign as the log; %u of %u cosign.\n",
               voters->membership_epoch, voters->quorum, voters->count);
    print_validators(voters, federation_id, out);
    if (count == 0) {
        buf_add_text(out, "\nquorum validators\n");
        return;
    }
    buf_add_byte(out, '\n');
    for (unsigned i = 0; i < count; i++) {
        buf_printf(out, "witness W%u ", i + 1);
        buf_add(out, extra[i].vkey.data, extra[i].vkey.len);
        if (extra[i].url.len > 0)
            buf_add_byte(out, ' ');
        buf_add(out, extra[i].url.data, extra[i].url.len);
        buf_add_byte(out, '\n');
    }
    buf_printf(out, "group witnesses %u", needed);
    for (unsigned i = 0; i < count; i++)
        buf_printf(out, " W%u", i + 1);
    buf_add_text(out, "\n\ngroup validators-and-witnesses all validators witnesses\nquorum validators-and-witnesses\n");
}
