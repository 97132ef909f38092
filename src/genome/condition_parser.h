#ifndef PRISMFED_GENOME_CONDITION_PARSER_H
#define PRISMFED_GENOME_CONDITION_PARSER_H

#include "genome/condition_text.h"

/* Recursive descent straight into the pool: what the files that read expressions share. Items are in prefix order, so
 * an operator is put before what has been read of its left operand. */

enum operand_kind {
    OPERAND_NUMBER,
    OPERAND_TRUTH,
    OPERAND_CHOOSER, /* a gene with choices, alone */
    OPERAND_TEXT     /* a choice of whatever gene it is compared with; not in the pool */
};

struct operand {
    enum operand_kind kind;
    size_t at;            /* in the text */
    unsigned start;       /* in the pool */
    struct bytes literal; /* a number, a truth or a choice, as written; else no data */
    bool is_quoted;       /* with escapes, unless in PCS */
    bool is_open;         /* a sum or product without parentheses */
    unsigned gene;        /* of OPERAND_CHOOSER */
};

struct parser {
    struct scan *scan;
    enum condition_style style;
    struct genome_schema *schema;
    bool is_clause; /* one = is enough */
    bool is_exact;  /* unknown and false are not one here: below a "not" or the like */
    unsigned nesting;
};

static inline bool parser_failed(const struct parser *p)
{
    return p->scan->err != ERR_OK;
}

/* The pool; both complain when it is full. */
void parser_append(struct parser *p, struct condition_item item);
void parser_insert(struct parser *p, unsigned at, struct condition_item item);
/* Appends the items from first to end once more. */
void parser_repeat(struct parser *p, unsigned first, unsigned end);

/* Both complain about what is something else. */
void parser_want_number(struct parser *p, const struct operand *o);
void parser_want_truth(struct parser *p, const struct operand *o);

/* What the style has in names beside letters and digits. */
const char *parser_name_marks(const struct parser *p);

struct operand parser_value(struct parser *p);      /* a number, a gene, a choice, ..., without a sign */
struct operand parser_unary(struct parser *p);      /* a power of values, with or without a sign */
struct operand parser_sum(struct parser *p);        /* + and whatever binds tighter */
struct operand parser_comparison(struct parser *p); /* == and whatever binds tighter; condition_compare.c */
struct operand parser_or(struct parser *p);         /* anything */

/* Behind NAME( : the values and the parenthesis; condition_functions.c. */
void parser_arguments(struct parser *p, struct bytes name, struct operand *o);

#endif
