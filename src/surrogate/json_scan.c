/* json_scan.c - a scanner of JSON text, and decimal to float with a single rounding. */
#include "json_scan.h"

#include "ohm/error.h"

#include <float.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ohm_json_fail(struct ohm_json_scan *s, const char *format, ...)
{
    char text[256];
    int line = 1;
    const char *start = s->begin;
    va_list args;

    if (s->status != OHM_OK)
        return false;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (const char *p = s->begin; p < s->at; p++)
        if (*p == '\n') {
            line++;
            start = p + 1;
        }
    s->status = ohm_fail_at(s->err, OHM_EDATA, OHM_ORIGIN, s->path, line,
                            s->at - start < INT_MAX ? (int)(s->at - start) + 1 : INT_MAX, "%s", text);
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The next byte that is no blank, without taking it; 0 at the end. */
static char next(struct ohm_json_scan *s)
{
    if (s->status != OHM_OK)
        return 0;
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
    return s->at < s->end ? *s->at : '\0';
}

static bool unexpected(struct ohm_json_scan *s, const char *wanted)
{
    if (s->at >= s->end)
        return ohm_json_fail(s, "the file ends where %s should come: it is cut off", wanted);
    if (*s->at > ' ' && *s->at < 127)
        return ohm_json_fail(s, "'%c' where %s should come", *s->at, wanted);
    return ohm_json_fail(s, "byte 0x%02x where %s should come", (unsigned)(unsigned char)*s->at, wanted);
}

char ohm_json_peek(struct ohm_json_scan *s)
{
    return next(s);
}

static bool take(struct ohm_json_scan *s, char c, const char *wanted)
{
    if (next(s) != c)
        return s->status == OHM_OK && unexpected(s, wanted);
    s->at++;
    return true;
}

static bool open_level(struct ohm_json_scan *s, char c, const char *wanted)
{
    if (!take(s, c, wanted))
        return false;
    if (++s->depth > JSON_DEPTH_MAX)
        return ohm_json_fail(s, "nested deeper than %d levels", JSON_DEPTH_MAX);
    return true;
}

/* True: another entry follows. Takes the opening bracket, the comma or the closing bracket. */
static bool entry(struct ohm_json_scan *s, bool *first, char open, char close, const char *wanted)
{
    if (*first) {
        *first = false;
        if (!open_level(s, open, wanted))
            return false;
        if (next(s) != close)
            return s->status == OHM_OK;
    } else if (next(s) == ',') {
        s->at++;
        return true;
    }
    if (!take(s, close, close == '}' ? "',' or '}'" : "',' or ']'"))
        return false;
    s->depth--;
    return false;
}

/* A text of which at most size - 1 bytes are kept; *whole tells whether that was all of it. */
static bool text_cut(struct ohm_json_scan *s, char *buffer, size_t size, bool *whole)
{
    size_t n = 0;

    *whole = true;
    if (!take(s, '"', "a text"))
        return false;
    while (s->at < s->end && *s->at != '"') {
        char c = *s->at++;

        if ((unsigned char)c < ' ') {
            s->at--;
            return unexpected(s, "the rest of a text");
        }
        if (c == '\\') {
            if (s->at >= s->end)
                break;
            c = *s->at++;
            if (!strchr("\"\\/bfnrtu", c))
                return ohm_json_fail(s, "unknown escape in a text");
            if (!strchr("\"\\/", c))
                *whole = false;
        }
        if (n + 1 < size)
            buffer[n++] = c;
        else
            *whole = false;
    }
    buffer[n] = '\0';
    return take(s, '"', "the end of a text");
}

bool ohm_json_member(struct ohm_json_scan *s, bool *first, char key[JSON_KEY_SIZE])
{
    bool whole;

    if (!entry(s, first, '{', '}', "'{'"))
        return false;
    return text_cut(s, key, JSON_KEY_SIZE, &whole) && take(s, ':', "':'");
}

bool ohm_json_item(struct ohm_json_scan *s, bool *first)
{
    return entry(s, first, '[', ']', "'['");
}

bool ohm_json_text(struct ohm_json_scan *s, char *buffer, size_t size)
{
    bool whole;

    if (!text_cut(s, buffer, size, &whole))
        return false;
    return whole || ohm_json_fail(s, "a text is longer than %zu bytes or has escapes", size - 1);
}

static const char *digits(const char *p, const char *end)
{
    while (p < end && is_digit(*p))
        p++;
    return p;
}

/* The end of the number at the current place, or NULL where there is none. */
static const char *number_end(struct ohm_json_scan *s)
{
    const char *p = s->at, *q;

    if (p < s->end && *p == '-')
        p++;
    if ((q = digits(p, s->end)) == p)
        return NULL;
    p = q;
    if (p < s->end && *p == '.') {
        if ((q = digits(p + 1, s->end)) == p + 1)
            return NULL;
        p = q;
    }
    if (p < s->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < s->end && (*p == '-' || *p == '+'))
            p++;
        if ((q = digits(p, s->end)) == p)
            return NULL;
        p = q;
    }
    return p;
}

/* strtof where the locale cannot reach it; for the few numbers that the quick way does not settle. */
static float slow_float(const char *begin, const char *end)
{
    char text[512];
    const size_t n = (size_t)(end - begin);
    locale_t c_locale;
    float value;

    if (n >= sizeof text)
        return NAN;
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    memcpy(text, begin, n);
    text[n] = '\0';
    value = c_locale ? strtof_l(text, NULL, c_locale) : strtof(text, NULL);
    if (c_locale)
        freelocale(c_locale);
    return value;
}

/* Mantissa of at most 19 digits and power of ten of a number, or false. */
static bool decompose(const char *p, const char *end, uint64_t *mantissa, int *power)
{
    int count = 0;
    bool point = false, minus = false;
    int e = 0;

    *mantissa = 0;
    *power = 0;
    for (; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        if (++count > 19)
            return false;
        *mantissa = *mantissa * 10 + (uint64_t)(*p - '0');
        *power -= point;
    }
    if (p == end)
        return true;
    p++;
    if (p < end && (*p == '-' || *p == '+'))
        minus = *p++ == '-';
    for (; p < end; p++) {
        if (e > 1000)
            return false;
        e = e * 10 + (*p - '0');
    }
    *power += minus ? -e : e;
    return true;
}

bool ohm_json_to_float(const char *begin, const char *end, float *value)
{
    static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const bool minus = begin < end && *begin == '-';
    uint64_t mantissa, bits;
    int power;
    double d;

    if (decompose(begin + minus, end, &mantissa, &power) && mantissa < (uint64_t)1 << 53 && power >= -22 &&
        power <= 22) {
        /* Both factors are exact, so d is the double nearest to the text. Its float is the float nearest to the text
         * unless d lies exactly between two floats, where the first rounding may have decided the second. */
        d = power < 0 ? (double)mantissa / ten[-power] : (double)mantissa * ten[power];
        memcpy(&bits, &d, sizeof bits);
        if ((bits & 0x1fffffff) != 0x10000000 && (d == 0 || d >= (double)FLT_MIN) && d < (double)FLT_MAX) {
            *value = (float)(minus ? -d : d);
            return true;
        }
    }
    *value = slow_float(begin, end);
    return isfinite(*value);
}

bool ohm_json_float(struct ohm_json_scan *s, float *value)
{
    const char *end;

    if (next(s) == 0 || (end = number_end(s)) == NULL)
        return s->status == OHM_OK && unexpected(s, "a number");
    if (!ohm_json_to_float(s->at, end, value))
        return ohm_json_fail(s, "a number is too large or too long for a float");
    s->at = end;
    return true;
}

static bool literal(struct ohm_json_scan *s, const char *word)
{
    const size_t n = strlen(word);

    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return false;
    s->at += n;
    return true;
}

bool ohm_json_int(struct ohm_json_scan *s, int *value)
{
    const char *end, *p;
    long long v = 0;

    if (next(s) == 't' && literal(s, "true")) {
        *value = 1;
        return true;
    }
    if (next(s) == 'f' && literal(s, "false")) {
        *value = 0;
        return true;
    }
    if (next(s) == 0 || (end = number_end(s)) == NULL)
        return s->status == OHM_OK && unexpected(s, "a whole number");
    for (p = s->at + (*s->at == '-'); p < end && is_digit(*p) && v <= INT_MAX; p++)
        v = v * 10 + (*p - '0');
    if (p < end || v > INT_MAX)
        return ohm_json_fail(s, "a number that should be a whole one below 2^31 is not");
    *value = (int)(*s->at == '-' ? -v : v);
    s->at = end;
    return true;
}

static bool skip_text(struct ohm_json_scan *s)
{
    char cut[2];
    bool whole;

    return text_cut(s, cut, sizeof cut, &whole);
}

bool ohm_json_skip(struct ohm_json_scan *s)
{
    char key[JSON_KEY_SIZE];
    bool first = true;
    const char *end;

    switch (next(s)) {
    case '{':
        while (ohm_json_member(s, &first, key))
            if (!ohm_json_skip(s))
                return false;
        return s->status == OHM_OK;
    case '[':
        while (ohm_json_item(s, &first))
            if (!ohm_json_skip(s))
                return false;
        return s->status == OHM_OK;
    case '"':
        return skip_text(s);
    case 't':
        return literal(s, "true") || unexpected(s, "a value");
    case 'f':
        return literal(s, "false") || unexpected(s, "a value");
    case 'n':
        return literal(s, "null") || unexpected(s, "a value");
    default:
        if (s->status != OHM_OK || s->at >= s->end || (end = number_end(s)) == NULL)
            return s->status == OHM_OK && unexpected(s, "a value");
        s->at = end;
        return true;
    }
}

bool ohm_json_end(struct ohm_json_scan *s)
{
    if (next(s) != 0 || (s->status == OHM_OK && s->at < s->end))
        return s->status == OHM_OK && unexpected(s, "the end of the file");
    return s->status == OHM_OK;
}
