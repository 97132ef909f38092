#include "cli/store_look.h"

#include <jansson.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/say.h"

int store_look(const char *verb, const char *path, struct store_report *out)
{
    struct diag diag = {0};

    if (store_check(path, out, &diag) != ERR_OK)
        return command_fail(verb, "%s", diag.text);
    for (size_t i = 0; i < out->count; i++)
        say(stderr, "prismfed %s: %s: FAIL %s: %s\n", verb, path, store_fault_name(out->findings[i].fault),
            out->findings[i].text.text);
    return out->verdict == STORE_SOUND ? EXIT_FINE : EXIT_WRONG;
}

void store_say_json(json_t *value)
{
    struct buf text = {0};

    json_line(value, &text);
    puts(buf_text(&text));
    buf_free(&text);
    json_decref(value);
}
