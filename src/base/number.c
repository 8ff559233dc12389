/* number.c - numbers from and to text, whatever the locale; and the nearest of some names. */
#include "ohm/str.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool ohm_parse_uint64(const char *text, uint64_t *value)
{
    uint64_t v = 0;

    if (!*text)
        return false;
    for (const char *p = text; *p; p++) {
        if (!is_digit(*p) || __builtin_mul_overflow(v, (uint64_t)10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
            return false;
    }
    *value = v;
    return true;
}

bool ohm_parse_int64(const char *text, int64_t *value)
{
    const bool negative = *text == '-';
    uint64_t magnitude;

    if (*text == '-' || *text == '+')
        text++;
    if (!ohm_parse_uint64(text, &magnitude) || magnitude > (uint64_t)INT64_MAX + (negative ? 1u : 0u))
        return false;
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* Digits, at most one point, an exponent: what strtod would also take but we do not (hex, inf, blanks) is kept out. */
static bool is_decimal(const char *p)
{
    int digits = 0;

    if (*p == '-' || *p == '+')
        p++;
    for (; is_digit(*p); p++)
        digits++;
    if (*p == '.')
        for (p++; is_digit(*p); p++)
            digits++;
    if (!digits)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '-' || *p == '+')
            p++;
        if (!is_digit(*p))
            return false;
        while (is_digit(*p))
            p++;
    }
    return *p == '\0';
}

bool ohm_parse_double(const char *text, double *value)
{
    locale_t c_locale, before;
    double v;

    if (!is_decimal(text))
        return false;
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    before = c_locale ? uselocale(c_locale) : (locale_t)0;
    v = strtod(text, NULL);
    if (c_locale) {
        uselocale(before);
        freelocale(c_locale);
    }
    if (!isfinite(v))
        return false;
    *value = v;
    return true;
}

bool ohm_parse_bool(const char *text, bool *value)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };

    for (int i = 0; i < 6; i++)
        if (strcmp(text, words[i]) == 0) {
            *value = i % 2 == 1;
            return true;
        }
    return false;
}

/* printf's point may be a comma in the user's locale. */
static void point_to_dot(char *text)
{
    char *comma = strchr(text, ',');

    if (comma)
        *comma = '.';
}

char *ohm_format_double(char buffer[32], double value)
{
    if (isnan(value) || isinf(value)) {
        snprintf(buffer, 32, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return buffer;
    }
    if (fabs(value) < 1e15 && value == (double)(int64_t)value && !(value == 0 && signbit(value))) {
        snprintf(buffer, 32, "%lld", (long long)value);
        return buffer;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, 32, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value)
            break;
    }
    point_to_dot(buffer);
    return buffer;
}

enum { WORD_MAX = 63 };

int ohm_edit_distance(const char *a, const char *b, int limit)
{
    const int na = (int)strnlen(a, WORD_MAX + 1), nb = (int)strnlen(b, WORD_MAX + 1);
    int row[WORD_MAX + 1];

    if (na > WORD_MAX || nb > WORD_MAX || abs(na - nb) > limit)
        return -1;
    for (int j = 0; j <= nb; j++)
        row[j] = j;
    for (int i = 1; i <= na; i++) {
        int diagonal = row[0];

        row[0] = i;
        for (int j = 1; j <= nb; j++) {
            const int change = diagonal + (a[i - 1] != b[j - 1]);
            const int gap = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = change < gap ? change : gap;
        }
    }
    return row[nb] <= limit ? row[nb] : -1;
}

const char *ohm_nearest(const char *word, const char *const *names, int n)
{
    const char *best = NULL;
    const size_t length = strlen(word);
    int limit = length <= 3 ? 1 : length <= 6 ? 2 : 3;

    for (int i = 0; i < n; i++) {
        const int distance = names[i] ? ohm_edit_distance(word, names[i], limit) : -1;

        if (distance >= 0) {
            best = names[i];
            limit = distance - 1;
        }
        if (limit < 0)
            break;
    }
    return best;
}
