#include "document.h"

#include <stdio.h>
#include <string.h>

/* Behind the line <!-- name -->, or NULL. */
static const char *marker(const char *text, const char *name)
{
    char line[96];

    snprintf(line, sizeof line, "<!-- %s -->\n", name);
    const char *place = strstr(text, line);
    return place != NULL ? place + strlen(line) : NULL;
}

static const char *next_line(const char *at)
{
    const char *end = strchr(at, '\n');

    return end != NULL ? end + 1 : at + strlen(at);
}

bool document_block(const char *text, const char *name, struct buf *out)
{
    const char *at = marker(text, name);

    if (at == NULL || strncmp(at, "```", 3) != 0)
        return false;
    for (at = next_line(at); *at != '\0' && strncmp(at, "```", 3) != 0; at++) {
        if (*at != ' ' && *at != '\n')
            buf_add_byte(out, (uint8_t)*at);
    }
    return *at != '\0';
}

static unsigned split(const char *line, char cells[][64], unsigned max)
{
    unsigned count = 0;

    for (line++; *line != '\0' && *line != '\n' && count < max; line++) {
        size_t length = strcspn(line, "|\n"), begin = 0, end = length;

        while (begin < end && line[begin] == ' ')
            begin++;
        while (end > begin && line[end - 1] == ' ')
            end--;
        snprintf(cells[count++], 64, "%.*s", (int)(end - begin), line + begin);
        line += length;
        if (line[0] == '|' && (line[1] == '\n' || line[1] == '\0'))
            break;
    }
    return count;
}

unsigned document_row(const char *text, const char *name, const char **at, char cells[][64], unsigned max)
{
    if (*at == NULL) {
        *at = marker(text, name);
        if (*at == NULL)
            return 0;
        *at = next_line(next_line(*at));
    }
    if (**at != '|')
        return 0;
    unsigned count = split(*at, cells, max);
    *at = next_line(*at);
    return count;
}
