/* JSON documents: what is accepted renders to text that is accepted again and is equal,
 * and rendering that once more changes nothing. */

#include "codec/json.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_doc first, second;
    struct diag diag = {0};
    struct buf text = {0}, again = {0}, pointer = {0};

    if (json_doc_parse(&first, "fuzz", bytes_of(data, size), &diag) != ERR_OK)
        return 0;
    json_render(first.root, &text);
    ASSERT(json_doc_parse(&second, "fuzz", bytes_of_buf(&text), &diag) == ERR_OK);
    ASSERT(!json_difference(first.root, second.root, &pointer));
    json_render(second.root, &again);
    ASSERT(bytes_equal(bytes_of_buf(&text), bytes_of_buf(&again)));
    buf_clear(&text);
    buf_clear(&again);
    json_canonical(first.root, &text);
    json_canonical(second.root, &again);
    ASSERT(bytes_equal(bytes_of_buf(&text), bytes_of_buf(&again)));
    json_doc_free(&first);
    json_doc_free(&second);
    buf_free(&text);
    buf_free(&again);
    buf_free(&pointer);
    return 0;
}
