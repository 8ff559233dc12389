/* units.h - what makes outputs of the counts of a column: the digital unit of the chip and the fixed-point one.
 * Included by steps.h. */

enum { COUNT_MOST = 4095 }; /* counters of 12 bits */

/* The ADC of a column has a gain for each of its counters; which one, the sign of what counts says. */
static void gain(float *y, int n, int width, float *const by[COUNTERS], float sign, bool back)
{
    const float *const plus = by[PLUS], *const minus = by[MINUS];

    for (int i = 0; i < n; i++) {
        float *restrict const own = y + (size_t)i * (size_t)width;

        if (back)
            for (int c = 0; c < width; c++)
                own[c] /= sign * own[c] < 0 ? minus[c] : plus[c];
        else
            for (int c = 0; c < width; c++)
                own[c] *= sign * own[c] < 0 ? minus[c] : plus[c];
    }
}

/* y is a whole number of steps, as nearly as a float can be. */
static void count_up(float *const count[COUNTERS], const float *y, int n, float step, float sign)
{
    float *restrict const plus = count[PLUS], *restrict const minus = count[MINUS];
    const float inverse = 1 / step;

    for (int i = 0; i < n; i++) {
        const float k = round_even(sign * y[i] * inverse);

        plus[i] += k > 0 ? k : 0;
        minus[i] += k < 0 ? -k : 0;
    }
}

/* ---- vectors, columns beyond the last one in whole lines ---- */

INLINE doubles chosen(longs which, doubles yes, doubles no)
{
    return (doubles)(((longs)yes & which) | ((longs)no & ~which));
}

INLINE doubles all_of(double x)
{
    return (doubles){0} + x;
}

/* As half_of of half.h: what is added and taken away has its last place where a binary16 of that size has its own, and
 * what is 2^16 then becomes infinite on a way to 2^1024. */
INLINE doubles halved(doubles x)
{
    const doubles exponent = (doubles)((longs)x & ((int64_t)0x7ff << 52));
    const doubles power = less_of(more_of(exponent, all_of(0x1p-14)), all_of(0x1p16)); /* infinite x stays so */
    const doubles magic = power * (1.5 * 0x1p42), rounded = (x + magic) - magic;

    return rounded * 0x1p1008 * 0x1p-1008;
}

/* The same of counters, which hold whole numbers from 0 to COUNT_MOST: from 2048 on those that are even. */
INLINE doubles halved_count(doubles x)
{
    const double magic = 1.5 * 0x1p53;

    return chosen(x > 2048, (x + magic) - magic, x);
}

INLINE doubles wider(const float *from)
{
    few x;

    memcpy(&x, from, sizeof x);
    return __builtin_convertvector(x, doubles);
}

INLINE doubles load_doubles(const double *from)
{
    doubles x;

    memcpy(&x, from, sizeof x);
    return x;
}

/* A line of columns: INT8 of the tile of rows before and after, counters, what these have without any current. */
struct line {
    float *y;
    const float *count[COUNTERS], *zero[COUNTERS];
};

/* Two multiply-adds, P - N, the affine map and the INT8 from the link, each rounded to binary16. A chain of roundings
 * is long: those of a line go side by side. */
INLINE void ldpu_line(const struct line *l, const struct ldpu *u, int c, double least)
{
    enum { SIDE_BY_SIDE = 2 * LINE / WIDE, EACH = WIDE / 2 };
    const double ties = 6755399441055744.0; /* 1.5 2^52: to the nearest whole number, halves to even */
    doubles part[COUNTERS][SIDE_BY_SIDE], z[SIDE_BY_SIDE];

    UNROLL
    for (int k = 0; k < COUNTERS; k++)
        UNROLL
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        const doubles all = wider(l->count[k] + i * EACH) + wider(l->zero[k] + i * EACH);
        const doubles count = halved_count(less_of(all, all_of(COUNT_MOST)));

        part[k][i] =
            halved(count * load_doubles(u->scale[k] + c + i * EACH) + load_doubles(u->offset[k] + c + i * EACH));
    }
    UNROLL
    for (int i = 0; i < SIDE_BY_SIDE; i++)
        z[i] = halved(part[PLUS][i] - part[MINUS][i]);
    UNROLL
    for (int i = 0; i < SIDE_BY_SIDE; i++)
        z[i] = halved(z[i] * load_doubles(u->norm_scale + c + i * EACH) + load_doubles(u->norm_offset + c + i * EACH));
    UNROLL
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        const doubles sum = halved(z[i] + wider(l->y + i * EACH));
        const doubles held = more_of(less_of(all_of(127), sum), all_of(-128));
        const few out = __builtin_convertvector(more_of(all_of(least), (held + ties) - ties), few);

        memcpy(l->y + i * EACH, &out, sizeof out);
    }
}

INLINE whole load_codes(const int32_t *from)
{
    whole x;

    memcpy(&x, from, sizeof x);
    return x;
}

INLINE whole held_to(whole x, int32_t most)
{
    const whole over = x > most, under = x < -most - 1;

    x = (x & ~over) | (over & most);
    return (x & ~under) | (under & (-most - 1));
}

/* Down, as in nmpu.c. With counts of 12 bits a branch is below 2^21 and a product below 2^30, of which a multiple is
 * added and taken away so that what is shifted has no sign. */
INLINE whole shifted(whole x, int bits, int32_t up)
{
    const int32_t base = 1 << 30;

    return (whole)((words)(x + (up + base)) >> (uint32_t)bits) - (base >> bits);
}

/* Constants of the fixed-point unit; _up: what rounding adds. */
struct fixed {
    int32_t most, least, guard_up, fraction_up;
    int guard, fraction;
};
enum { SCALE_BITS = 7, OFFSET_BITS = 1 }; /* of fractions */

INLINE void nmpu_line(const struct line *l, const struct nmpu *u, int c, const struct fixed *f)
{
    UNROLL
    for (int i = 0; i < LINE; i += WIDE) {
        whole part[COUNTERS], q;

        UNROLL
        for (int k = 0; k < COUNTERS; k++) {
            const reals all = load(l->count[k] + i) + load(l->zero[k] + i);
            const whole count = __builtin_convertvector(less(all, splat(COUNT_MOST)), whole);

            part[k] = held_to(count * load_codes(u->scale[k] + c + i) +
                                  load_codes(u->offset[k] + c + i) * (1 << (SCALE_BITS - OFFSET_BITS)),
                              f->most);
        }
        q = shifted(part[PLUS] - part[MINUS], f->guard, f->guard_up) * load_codes(u->norm_scale + c + i) +
            load_codes(u->norm_offset + c + i) * (1 << (f->fraction - OFFSET_BITS));
        q = held_to(shifted(q, f->fraction, f->fraction_up), 127);
        q = held_to(q + __builtin_convertvector(load(l->y + i), whole), 127);
        store(l->y + i, more(__builtin_convertvector(q, reals), splat((float)f->least)));
    }
}

static struct fixed fixed_of(const struct link *l, const struct ohm_nmpu_config *config)
{
    const int guard = SCALE_BITS - (int)config->guard_bits, fraction = SCALE_BITS + (int)config->guard_bits;
    const bool up = config->rounding == OHM_NMPU_HALF_UP;

    return (struct fixed){.most = (int32_t)(((int64_t)1 << (config->branch_bits - 1)) - 1),
                          .least = l->relu ? 0 : -128,
                          .guard_up = up ? (1 << guard) / 2 : 0,
                          .fraction_up = up ? (1 << fraction) / 2 : 0,
                          .guard = guard,
                          .fraction = fraction};
}

/* One of the two. Of the last line of a row some columns may be those of the next row. */
INLINE void run_units(const struct link *l, const struct ldpu *floating, const struct nmpu *codes,
                      const struct ohm_nmpu_config *config)
{
    const struct fixed fixed = codes ? fixed_of(l, config) : (struct fixed){0};

    for (size_t i = 0; i < (size_t)l->n; i++)
        for (int c = 0; c < l->width; c += LINE) {
            const size_t at = i * (size_t)l->width + (size_t)c, left = (size_t)(l->width - c);
            float *const y = l->y + i * l->stride + c, some[1 + COUNTERS][LINE];
            struct line line = {
                y, {l->count[PLUS] + at, l->count[MINUS] + at}, {l->zero[PLUS] + c, l->zero[MINUS] + c}};

            if (left < LINE) {
                memset(some, 0, sizeof some);
                line.y = memcpy(some[0], y, left * sizeof *y);
                for (int k = 0; k < COUNTERS; k++)
                    line.count[k] = memcpy(some[1 + k], l->count[k] + at, left * sizeof *y);
            }
            if (codes)
                nmpu_line(&line, codes, c, &fixed);
            else
                ldpu_line(&line, floating, c, l->relu ? 0 : -128);
            if (left < LINE)
                memcpy(y, some[0], left * sizeof *y);
        }
}

static void ldpu(const struct link *l, const struct ldpu *u)
{
    run_units(l, u, NULL, NULL);
}

static void nmpu(const struct link *l, const struct nmpu *u, const struct ohm_nmpu_config *config)
{
    run_units(l, NULL, u, config);
}
