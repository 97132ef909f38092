/* The proofs of transparency-dev/merkle, most of which must fail. */

#include <dirent.h>
#include <jansson.h>
#include <sys/stat.h>

#include "hex.h"
#include "merkle/tree.h"
#include "tap.h"

static struct {
    unsigned seen, refused;
} count;

/* Some roots in the vectors are short texts. Hashing those keeps equal ones equal
 * and different ones different. */
static struct digest digest_field(const json_t *value)
{
    struct buf raw = base64_buf(json_string_value(value));
    struct digest d = raw.len == DIGEST_SIZE ? digest_from(bytes_of_buf(&raw)) : digest_of(bytes_of_buf(&raw));

    buf_free(&raw);
    return d;
}

static struct digest digest_member(const json_t *vector, const char *key)
{
    return digest_field(json_object_get(vector, key));
}

/* Numbers were read as doubles: some are past int64. */
static uint64_t number(const json_t *vector, const char *key)
{
    double v = json_number_value(json_object_get(vector, key));

    return v < 0x1p63 ? (uint64_t)v : UINT64_MAX;
}

static bool is_digest(const json_t *value)
{
    struct buf raw = base64_buf(json_string_value(value));
    bool is = raw.len == DIGEST_SIZE;

    buf_free(&raw);
    return is;
}

/* False for nodes that are no digests: no parser would let them through. */
static bool proof_member(const json_t *vector, struct merkle_proof *out)
{
    const json_t *nodes = json_object_get(vector, "proof"), *node;
    bool whole = true;
    size_t i;

    *out = (struct merkle_proof){0};
    if (json_array_size(nodes) > MERKLE_PROOF_MAX)
        return false;
    json_array_foreach(nodes, i, node)
    {
        whole = whole && is_digest(node);
        out->nodes[out->count++] = digest_field(node);
    }
    return whole;
}

static enum err verify(const json_t *vector)
{
    struct digest root1, root2, leaf, root;
    struct merkle_proof proof;

    if (!proof_member(vector, &proof))
        return ERR_SYNTAX;
    if (json_object_get(vector, "size1") == NULL) {
        if (!is_digest(json_object_get(vector, "leafHash")) || !is_digest(json_object_get(vector, "root")))
            return ERR_SYNTAX;
        leaf = digest_member(vector, "leafHash");
        root = digest_member(vector, "root");
        return merkle_inclusion_verify(&leaf, number(vector, "leafIdx"), number(vector, "treeSize"), &proof, &root);
    }
    root1 = digest_member(vector, "root1");
    root2 = digest_member(vector, "root2");
    return merkle_consistency_verify(number(vector, "size1"), number(vector, "size2"), &proof, &root1, &root2);
}

static void check_file(const char *path)
{
    json_t *vector = json_load_file(path, JSON_DECODE_INT_AS_REAL, NULL);
    bool refuse, refused;

    REQUIRE(vector != NULL);
    refuse = json_is_true(json_object_get(vector, "wantErr"));
    refused = verify(vector) != ERR_OK;
    if (!CHECK(refuse == refused))
        tap_note("%s", path);
    count.seen++;
    count.refused += refused;
    json_decref(vector);
}

static void check_folder(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    REQUIRE(dir != NULL);
    while ((entry = readdir(dir)) != NULL) {
        struct buf below = {0};
        struct stat st;

        if (entry->d_name[0] == '.')
            continue;
        buf_printf(&below, "%s/%s", path, entry->d_name);
        if (CHECK(stat(buf_text(&below), &st) == 0) && S_ISDIR(st.st_mode))
            check_folder(buf_text(&below));
        else
            check_file(buf_text(&below));
        buf_free(&below);
    }
    closedir(dir);
}

static void check_vectors(const char *relative, unsigned seen, unsigned refused)
{
    const char *path = tap_shared(relative);

    if (path == NULL)
        SKIP("no vectors");
    memset(&count, 0, sizeof count);
    check_folder(path);
    CHECK_EQ_U64(count.seen, seen);
    CHECK_EQ_U64(count.refused, refused);
}

static void inclusion(void)
{
    check_vectors("vectors/merkle/inclusion", 98, 92);
}

static void consistency(void)
{
    check_vectors("vectors/merkle/consistency", 98, 92);
}

int main(void)
{
    TAP_RUN(inclusion);
    TAP_RUN(consistency);
    return tap_done();
}
