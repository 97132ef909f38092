#include "program/cost.h"

#include <inttypes.h>

/* Digits that can matter: COST_MAX has 19. */
enum { DIGITS_MAX = 24, EXPONENT_MAX = 100000 };

/* 0.d1 d2 d3 ... times 10^point, d1 not zero. */
struct decimal {
    char digits[DIGITS_MAX];
    long count; /* the first DIGITS_MAX of them are kept */
    long last;  /* the last one that is not zero, counted from 1; 0: there is none */
    long point;
    bool is_negative;
};

struct scan {
    const uint8_t *at, *end;
};

static bool is_digit(const struct scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static bool take(struct scan *s, char a, char b)
{
    bool found = s->at < s->end && (*s->at == (uint8_t)a || *s->at == (uint8_t)b);

    s->at += found;
    return found;
}

static void digit_add(struct decimal *d, char digit)
{
    if (d->count < DIGITS_MAX)
        d->digits[d->count] = digit;
    d->count++;
    if (digit != '0')
        d->last = d->count;
}

/* At least one digit, before or behind the point. */
static bool scan_digits(struct scan *s, struct decimal *d)
{
    bool any = is_digit(s);

    for (; is_digit(s); s->at++) {
        if (d->count == 0 && *s->at == '0')
            continue;
        digit_add(d, (char)*s->at);
        d->point++;
    }
    if (!take(s, '.', '.'))
        return any;
    any |= is_digit(s);
    for (; is_digit(s); s->at++) {
        if (d->count == 0 && *s->at == '0')
            d->point--;
        else
            digit_add(d, (char)*s->at);
    }
    return any;
}

static bool scan_exponent(struct scan *s, struct decimal *d)
{
    long exponent = 0;
    bool is_negative;

    if (!take(s, 'e', 'E'))
        return true;
    is_negative = take(s, '-', '-');
    if (!is_negative)
        (void)take(s, '+', '+');
    if (!is_digit(s))
        return false;
    for (; is_digit(s); s->at++)
        exponent = exponent < EXPONENT_MAX ? exponent * 10 + (*s->at - '0') : exponent;
    d->point += is_negative ? -exponent : exponent;
    return true;
}

static bool decimal_scan(struct bytes text, struct decimal *out)
{
    struct scan s = {text.data, text.data + text.len};

    *out = (struct decimal){0};
    if (text.len == 0)
        return false;
    out->is_negative = take(&s, '-', '-');
    if (!out->is_negative)
        (void)take(&s, '+', '+');
    return scan_digits(&s, out) && scan_exponent(&s, out) && s.at == s.end;
}

/* Is what stands behind the first `whole` digits at least a half; below zero, where up is towards zero, more than one?
 */
static bool rounds_away(const struct decimal *d, long whole)
{
    if (whole < 0 || whole >= d->count || whole >= DIGITS_MAX)
        return false;
    if (d->digits[whole] != '5' || !d->is_negative)
        return d->digits[whole] >= '5';
    return d->last > whole + 1;
}

static int64_t decimal_round(const struct decimal *d, long whole)
{
    int64_t v = 0;

    if (whole > 18)
        return d->is_negative ? -COST_MAX : COST_MAX;
    for (long i = 0; i < whole; i++)
        v = v * 10 + (i < d->count ? d->digits[i] - '0' : 0);
    v += rounds_away(d, whole);
    return d->is_negative ? -v : v;
}

enum err cost_parse(struct bytes text, unsigned decimals, int64_t *out, struct diag *diag)
{
    int shown = text.len < 40 ? (int)text.len : 40;
    const char *start = text.len > 0 ? (const char *)text.data : "";
    struct decimal d;
    long whole;

    ASSERT(decimals <= COST_DECIMALS_MAX);
    if (!decimal_scan(text, &d))
        return diag_set(diag, ERR_SYNTAX, "the cost \"%.*s\" is not a number", shown, start);
    if (d.count == 0) {
        *out = 0;
        return ERR_OK;
    }
    whole = d.point + (long)decimals;
    if (decimals == 0 && d.last > whole)
        return diag_set(diag, ERR_RANGE,
                        "the cost %.*s is not a whole number; \"decimals\" in the scenario says how many count", shown,
                        start);
    *out = decimal_round(&d, whole);
    return ERR_OK;
}

bool cost_is_exact(struct bytes text, unsigned decimals)
{
    struct decimal d;

    return decimal_scan(text, &d) && (d.count == 0 || d.last <= d.point + (long)decimals);
}

uint64_t cost_scale(unsigned decimals)
{
    uint64_t scale = 1;

    ASSERT(decimals <= COST_DECIMALS_MAX);
    for (unsigned i = 0; i < decimals; i++)
        scale *= 10;
    return scale;
}

void cost_print(int64_t cost, unsigned decimals, struct buf *out)
{
    uint64_t scale = cost_scale(decimals), size = cost < 0 ? -(uint64_t)cost : (uint64_t)cost, rest = size % scale;

    while (decimals > 0 && rest % 10 == 0) {
        rest /= 10;
        decimals--;
    }
    buf_printf(out, "%s%" PRIu64, cost < 0 ? "-" : "", size / scale);
    if (decimals > 0)
        buf_printf(out, ".%0*" PRIu64, (int)decimals, rest);
}
