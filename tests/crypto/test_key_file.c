#include <stdlib.h>
#include <sys/stat.h>

#include "crypto/key_file.h"
#include "tap.h"

/* Key files as a program reads them; tests/cli/test_keys.sh looks at them with openssl. */

static char folder[] = "/tmp/prismfed_key_file.XXXXXX";
static const uint8_t seed[KEY_SEED_SIZE] = {1, 2, 3};

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void secret_comes_back(void)
{
    const char *path = path_of("secret");
    struct secret_key made, read;
    struct diag diag = {0};

    key_from_seed(seed, &made);
    REQUIRE_OK(key_file_write(path, seed, &diag));
    REQUIRE_OK(key_file_read_secret(path, NULL, &read, &diag));
    CHECK(memcmp(made.b, read.b, sizeof made.b) == 0);
    CHECK(digest_equal(&made.fingerprint, &read.fingerprint));
}

static void open_secret_is_refused(void)
{
    const char *path = path_of("secret");
    struct secret_key key;
    struct diag diag = {0};

    CHECK(chmod(path, 0640) == 0);
    CHECK_ERR(key_file_read_secret(path, NULL, &key, &diag), ERR_STATE);
    CHECK(strstr(diag.text, "chmod 600") != NULL);
    CHECK(chmod(path, 0600) == 0);
}

static void public_is_no_secret(void)
{
    const char *path = path_of("public");
    struct public_key public;
    struct secret_key key;
    struct buf pem = {0};
    struct diag diag = {0};
    FILE *f = fopen(path, "w");

    REQUIRE(f != NULL);
    key_from_seed(seed, &key);
    key_file_public_pem(&key.public, &pem);
    CHECK(fwrite(pem.data, 1, pem.len, f) == pem.len);
    CHECK(fclose(f) == 0);
    REQUIRE_OK(key_file_read_public(path, NULL, &public, &diag));
    CHECK(memcmp(&public, &key.public, sizeof public) == 0);
    CHECK_ERR(key_file_read_secret(path, NULL, &key, &diag), ERR_KEY);
    buf_free(&pem);
}

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");

    if (!CHECK(f != NULL))
        return;
    CHECK(fputs(text, f) >= 0);
    CHECK(fclose(f) == 0);
    CHECK(chmod(path, mode) == 0);
}

static void sealed_opens_with_its_passphrase_only(void)
{
    static const uint8_t salt[KEY_SALT_SIZE] = {9, 8, 7};
    static const char phrase[] = "a long enough one";
    char path[128], words[128];
    struct secret_key made, read;
    struct diag diag = {0};

    snprintf(path, sizeof path, "%s", path_of("sealed"));
    snprintf(words, sizeof words, "%s", path_of("words"));
    key_from_seed(seed, &made);
    REQUIRE_OK(key_file_write_sealed(path, seed, bytes_of_text(phrase), salt, &diag));
    put(words, "a long enough one\nand another line\n", 0600);
    REQUIRE_OK(key_file_read_secret(path, words, &read, &diag));
    CHECK(memcmp(made.b, read.b, sizeof made.b) == 0);
    CHECK_ERR(key_file_read_secret(path, NULL, &read, &diag), ERR_STATE);
    CHECK(strstr(diag.text, "passphrase") != NULL);
    put(words, "another long one\n", 0600);
    CHECK(key_file_read_secret(path, words, &read, &diag) != ERR_OK);
    CHECK(strstr(diag.text, "does not open it") != NULL);
    put(words, "\n", 0600);
    CHECK_ERR(key_file_read_secret(path, words, &read, &diag), ERR_RANGE);
    CHECK_ERR(key_file_write_sealed(path_of("short"), seed, bytes_of_text("short"), salt, &diag), ERR_RANGE);
    put(words, "a long enough one\n", 0644);
    CHECK_ERR(key_file_read_secret(path, words, &read, &diag), ERR_STATE);
    unlink(path);
    unlink(words);
}

int main(void)
{
    key_library_init();
    if (mkdtemp(folder) == NULL)
        return 1;
    TAP_RUN(secret_comes_back);
    TAP_RUN(open_secret_is_refused);
    TAP_RUN(public_is_no_secret);
    TAP_RUN(sealed_opens_with_its_passphrase_only);
    unlink(path_of("secret"));
    unlink(path_of("public"));
    rmdir(folder);
    return tap_done();
}
