/* str.c - growing text. */
#include "ohm/str.h"

#include "ohm/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool reserve(struct ohm_str *s, size_t extra)
{
    if (s->failed)
        return false;
    if (extra >= SIZE_MAX - s->length || !ohm_grow(&s->text, &s->capacity, s->length + extra + 1, 1)) {
        s->failed = true;
        return false;
    }
    return true;
}

void ohm_str_append_n(struct ohm_str *s, const char *text, size_t n)
{
    if (!reserve(s, n))
        return;
    if (n)
        memcpy(s->text + s->length, text, n);
    s->length += n;
    s->text[s->length] = '\0';
}

void ohm_str_append(struct ohm_str *s, const char *text)
{
    ohm_str_append_n(s, text, strlen(text));
}

void ohm_str_append_word(struct ohm_str *s, const char *word)
{
    if (*word &&
        strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,") == strlen(word)) {
        ohm_str_append(s, word);
        return;
    }
    ohm_str_append(s, "'");
    for (; *word; word++)
        ohm_str_append_n(s, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    ohm_str_append(s, "'");
}

void ohm_str_printf(struct ohm_str *s, const char *format, ...)
{
    va_list args, again;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        s->failed = true;
    else if (reserve(s, (size_t)n)) {
        vsnprintf(s->text + s->length, (size_t)n + 1, format, again);
        s->length += (size_t)n;
    }
    va_end(again);
}

void ohm_str_append_double(struct ohm_str *s, double value)
{
    char buffer[32];

    ohm_str_append(s, ohm_format_double(buffer, value));
}

const char *ohm_str_text(const struct ohm_str *s)
{
    return s->text ? s->text : "";
}

void ohm_str_clear(struct ohm_str *s)
{
    s->length = 0;
    s->failed = false;
    if (s->text)
        s->text[0] = '\0';
}

void ohm_str_release(struct ohm_str *s)
{
    ohm_free(s->text);
    *s = (struct ohm_str){0};
}

uint64_t ohm_hash_mix(uint64_t a, uint64_t b)
{
    uint64_t h = a ^ (b + UINT64_C(0x9e3779b97f4a7c15) + (a << 6) + (a >> 2));

    h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
    return h ^ (h >> 31);
}

uint64_t ohm_hash(const void *bytes, size_t n)
{
    const unsigned char *byte = bytes;
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < n; i++)
        h = (h ^ byte[i]) * UINT64_C(0x100000001b3);
    return ohm_hash_mix(h, n);
}
