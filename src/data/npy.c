/* npy.c - the header of a .npy file (NumPy's NEP 1, versions 1 to 3; C order, little-endian). */
#include "data_int.h"

#include <stdio.h>
#include <string.h>

#define fail(...) ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, name, 0, 0, __VA_ARGS__)
enum { HEADER_MAX = 4096 };

/* The text behind 'key': in the dictionary, or NULL. */
static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);

    if (!at)
        return NULL;
    at += strlen(key);
    while (*at == ' ' || *at == ':')
        at++;
    return at;
}

static enum ohm_status read_type(struct npy *a, const char *header, const char *name, struct ohm_error *err)
{
    const char *const at = value_of(header, "'descr'");
    static const char legal[][4] = {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"};

    for (size_t i = 0; at && i < sizeof legal / sizeof legal[0]; i++)
        if (at[0] == '\'' && (at[1] == '<' || (at[1] == '|' && legal[i][1] == '1')) &&
            strncmp(at + 2, legal[i], 2) == 0 && at[4] == '\'') {
            a->kind = legal[i][0];
            a->bytes = legal[i][1] - '0';
            return OHM_OK;
        }
    return fail("the array's type is '%.12s'; legal are |u1 |i1 <u2 <i2 <u4 <i4 <u8 <i8 <f4 <f8", at ? at + 1 : "");
}

static enum ohm_status read_shape(struct npy *a, const char *header, const char *name, struct ohm_error *err)
{
    const char *at = value_of(header, "'shape'"), *const order = value_of(header, "'fortran_order'");

    if (!order || strncmp(order, "False", 5) != 0)
        return fail("the array is not in C order");
    if (!at || *at++ != '(')
        return fail("the header has no shape");
    a->items = 1;
    while (*at != ')') {
        size_t side = 0;

        if (*at < '0' || *at > '9' || a->dims == 8)
            return fail("the header's shape is not understood");
        for (; *at >= '0' && *at <= '9'; at++)
            if (!ohm_mul_size(&side, side, 10) || side > SIZE_MAX - 9)
                return fail("the array is too large");
            else
                side += (size_t)(*at - '0');
        if (!ohm_mul_size(&a->items, a->items, side))
            return fail("the array is too large");
        a->shape[a->dims++] = side;
        while (*at == ',' || *at == ' ')
            at++;
    }
    return OHM_OK;
}

enum ohm_status npy_parse(struct npy *out, const unsigned char *bytes, size_t length, const char *name,
                          struct ohm_error *err)
{
    char header[HEADER_MAX + 1];
    const int wide = length > 6 && bytes[6] >= 2; /* 4 bytes of header length */
    const size_t start = wide ? 12 : 10;
    struct npy a = {0};
    size_t n, size;
    enum ohm_status st;

    *out = a;
    if (length < start || memcmp(bytes, "\x93NUMPY", 6) != 0 || bytes[6] < 1 || bytes[6] > 3)
        return fail("this is no .npy file");
    n = (size_t)bytes[8] | (size_t)bytes[9] << 8 | (wide ? (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24 : 0);
    if (n > HEADER_MAX || n > length - start)
        return fail("the .npy file is cut short in its header");
    memcpy(header, bytes + start, n);
    header[n] = '\0';
    if ((st = read_type(&a, header, name, err)) != OHM_OK || (st = read_shape(&a, header, name, err)) != OHM_OK)
        return st;
    if (!ohm_mul_size(&size, a.items, (size_t)a.bytes) || size != length - start - n)
        return fail("the array has %zu bytes, its shape and type ask for %zu items of %d", length - start - n, a.items,
                    a.bytes);
    a.data = bytes + start + n;
    *out = a;
    return OHM_OK;
}

double npy_value(const struct npy *a, size_t i)
{
    const unsigned char *const p = a->data + i * (size_t)a->bytes;
    uint64_t u = 0;
    float f;
    double d;

    if (a->kind == 'f' && a->bytes == 4)
        return memcpy(&f, p, sizeof f), (double)f;
    if (a->kind == 'f')
        return memcpy(&d, p, sizeof d), d;
    for (int k = a->bytes - 1; k >= 0; k--)
        u = u << 8 | p[k];
    if (a->kind == 'u')
        return (double)u;
    return a->bytes == 1 ? (int8_t)u : a->bytes == 2 ? (int16_t)u : a->bytes == 4 ? (int32_t)u : (double)(int64_t)u;
}
