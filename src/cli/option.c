#include "cli/option.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

enum { ROWS_MAX = 32, WIDTH = 112, FIRST_ROW = 256 /* above every character */, HELP = FIRST_ROW + ROWS_MAX };

/* ---- --help */

static size_t row_width(const struct option_row *row)
{
    return strlen(row->name) + (row->argument != NULL ? 1 + strlen(row->argument) : 0);
}

/* Words in lines that are not too long, the first one after what is printed already; a newline stays one. */
static void print_words(const char *text, size_t indent)
{
    size_t column = indent;

    while (*text != '\0') {
        size_t word = strcspn(text, " \n");

        if (column > indent && column + 1 + word > WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        }
        column += (size_t)printf("%s%.*s", column > indent ? " " : "", (int)word, text);
        text += word + strspn(text + word, " ");
        if (*text != '\n')
            continue;
        printf("\n%*s", (int)indent, "");
        column = indent;
        text++;
    }
    putchar('\n');
}

static void print_row(const char *name, const char *argument, const char *help, size_t width)
{
    int printed = printf("  --%s%s%s", name, argument != NULL ? " " : "", argument != NULL ? argument : "");

    printf("%*s", (int)(4 + width + 2) - printed, "");
    print_words(help, 4 + width + 2);
}

static void print_help(const struct option_table *table)
{
    size_t width = strlen("help");

    for (unsigned i = 0; i < table->count; i++)
        width = row_width(&table->rows[i]) > width ? row_width(&table->rows[i]) : width;
    printf("usage: %s\n", table->usage);
    print_words(table->about, 0);
    putchar('\n');
    for (unsigned i = 0; i < table->count; i++)
        print_row(table->rows[i].name, table->rows[i].argument, table->rows[i].help, width);
    print_row("help", NULL, "this text", width);
    if (table->after == NULL)
        return;
    putchar('\n');
    print_words(table->after, 0);
}

/* ---- reading */

static void long_options_fill(const struct option_table *table, struct option out[ROWS_MAX + 2])
{
    ASSERT(table->count <= ROWS_MAX);
    for (unsigned i = 0; i < table->count; i++)
        out[i] = (struct option){table->rows[i].name, table->rows[i].argument != NULL ? required_argument : no_argument,
                                 NULL, FIRST_ROW + (int)i};
    out[table->count] = (struct option){"help", no_argument, NULL, HELP};
    out[table->count + 1] = (struct option){0};
}

static int take_format(const char *verb, const char *option, const char *value, bool *json)
{
    *json = strcmp(value, "json") == 0;
    if (*json || strcmp(value, "text") == 0)
        return EXIT_FINE;
    return command_misuse(verb, "%s must be text or json, not \"%s\"", option, value);
}

static int take(const struct option_table *table, const struct option_row *row, const char *value, void *arguments)
{
    void *target = (char *)arguments + row->target;
    char name[64];
    uint64_t number = 0;
    int status = EXIT_FINE;

    snprintf(name, sizeof name, "--%s", row->name);
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)target = true;
        break;
    case OPTION_TEXT:
        *(const char **)target = value;
        break;
    case OPTION_NUMBER:
        status = command_number(table->verb, name, value, row->low, row->high, target);
        break;
    case OPTION_UNSIGNED:
        status = command_number(table->verb, name, value, row->low, row->high, &number);
        if (status == EXIT_FINE)
            *(unsigned *)target = (unsigned)number;
        break;
    case OPTION_FORMAT:
        status = take_format(table->verb, name, value, target);
        break;
    case OPTION_TAKE:
        status = row->take(arguments, value);
        break;
    }
    if (status == EXIT_FINE && row->given > 0)
        *((bool *)arguments + row->given) = true;
    return status;
}

/* What getopt_long() (opterr = 0) has stumbled over: '?' or ':'. */
static int complain(const struct option_table *table, int answer, char **argv)
{
    const char *option = argv[optind - 1];

    if (answer == ':')
        return command_misuse(table->verb, "%s needs a value", option);
    return command_misuse(table->verb, "%s is not an option here", option);
}

int option_read(const struct option_table *table, int argc, char **argv, void *arguments, int *operands, bool *helped)
{
    struct option long_options[ROWS_MAX + 2];
    int option, status;

    *helped = false;
    long_options_fill(table, long_options);
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (option == HELP || option == 'h') {
            print_help(table);
            *helped = true;
            return EXIT_FINE;
        }
        if (option < FIRST_ROW)
            return complain(table, option, argv);
        status = take(table, &table->rows[option - FIRST_ROW], optarg, arguments);
        if (status != EXIT_FINE)
            return status;
    }
    *operands = optind;
    return EXIT_FINE;
}
