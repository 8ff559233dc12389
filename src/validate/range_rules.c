/* range_rules.c - from what was seen of the inputs of a layer to a range for them.
 *
 * Inputs are counted by the leading bits of their size (sign dropped, 7 bits of mantissa): good to 1 %, the same in any
 * order, in little memory. A quantile is the upper end of its bin. */
#include "validate_int.h"

#include "ohm/mem.h"

#include <math.h>
#include <string.h>

enum { SHIFT = 16 };

static const struct {
    const char *name;
    bool value;
} rules[] = {{"trained", false}, {"max", false}, {"quantile", true}, {"sigma", true}, {"mse", false}};

enum ohm_status ohm_range_rule_parse(struct ohm_range_rule *rule, const char *text, struct ohm_error *err)
{
    const size_t length = strcspn(text, ":");
    double value = 0;

    for (int i = 0; i < (int)(sizeof rules / sizeof *rules); i++) {
        const bool known = strlen(rules[i].name) == length && strncmp(text, rules[i].name, length) == 0;

        if (!known || rules[i].value != (text[length] == ':'))
            continue;
        if (rules[i].value && !ohm_parse_double(text + length + 1, &value))
            break;
        if (i == OHM_RANGES_QUANTILE && !(value > 0 && value <= 1))
            return ohm_fail(err, OHM_ERANGE, "ranges: the quantile is %g, outside (0, 1]", value);
        if (i == OHM_RANGES_SIGMA && !(value > 0 && value <= 1000))
            return ohm_fail(err, OHM_ERANGE, "ranges: sigma is %g, outside (0, 1000]", value);
        *rule = (struct ohm_range_rule){.kind = i, .value = value};
        return OHM_OK;
    }
    return ohm_fail(err, OHM_ECONFIG, "ranges are '%.60s', not trained, max, quantile:Q, sigma:S or mse", text);
}

/* ---- what was seen ---- */

enum ohm_status seen_init(struct census *s, struct ohm_error *err)
{
    *s = (struct census){.count = ohm_alloc(SEEN_BINS, sizeof *s->count)};
    return s->count ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
}

void seen_release(struct census *s)
{
    ohm_free(s->count);
    *s = (struct census){0};
}

void seen_add(struct census *s, const float *x, int64_t n)
{
    double sum = s->sum, squares = s->squares;
    float most = s->most;

    for (int64_t i = 0; i < n; i++) {
        const float size = fabsf(x[i]);
        uint32_t bits;

        memcpy(&bits, &size, sizeof bits);
        s->count[bits >> SHIFT]++;
        most = size > most ? size : most;
        sum += (double)x[i];
        squares += (double)x[i] * (double)x[i];
    }
    s->sum = sum;
    s->squares = squares;
    s->most = most;
    s->n += n;
}

/* ---- rules ---- */

/* The size with which bin `bin` begins; the one after that is its end. */
static float start_of(int bin)
{
    const uint32_t bits = (uint32_t)bin << SHIFT;
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static float quantile(const struct census *s, double share)
{
    const uint64_t wanted = (uint64_t)((double)s->n * share);
    uint64_t below = 0;
    int bin = 0;

    while (bin + 1 < SEEN_BINS && (below += s->count[bin]) < wanted)
        bin++;
    return bin > 0 ? start_of(bin + 1) : 0;
}

static float deviations(const struct census *s, double sigma)
{
    const double mean = s->sum / (double)s->n, variance = s->squares / (double)s->n - mean * mean;

    return variance > 0 ? (float)(sigma * sqrt(variance)) : 0;
}

/* Sums over all bins below one: numbers, sizes, squares of sizes. */
struct below {
    double n, sum, squares;
};

/* What is off in the mean square, times n, when inputs end at the beginning of `bin`: squares below half a step, a
 * twelfth of step^2 above that, what is cut off beyond the end. */
static double loss_at(const struct below *b, int bin, int levels)
{
    const struct below all = b[SEEN_BINS], in = b[bin];
    const double end = (double)start_of(bin), step = end / levels;
    const float half = (float)(step / 2);
    uint32_t bits;
    struct below small;

    memcpy(&bits, &half, sizeof bits);
    small = b[bits >> SHIFT];
    return small.squares + (in.n - small.n) * step * step / 12 + (all.squares - in.squares) -
           2 * end * (all.sum - in.sum) + end * end * (all.n - in.n);
}

static enum ohm_status least_loss(float *range, const struct census *s, int levels, struct ohm_error *err)
{
    struct below *const b = ohm_alloc(SEEN_BINS + 1, sizeof *b);
    double least = INFINITY;

    if (!b)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < SEEN_BINS; i++) {
        const double n = (double)s->count[i], x = n > 0 ? ((double)start_of(i) + (double)start_of(i + 1)) / 2 : 0;

        b[i + 1] = (struct below){b[i].n + n, b[i].sum + n * x, b[i].squares + n * x * x};
    }
    /* Beyond four octaves below the largest more is cut off than steps can win back. */
    for (int i = 1; i < SEEN_BINS - 1 && start_of(i - 1) <= s->most; i++) {
        const double loss = start_of(i) < s->most / 16 ? INFINITY : loss_at(b, i, levels);

        if (loss < least) {
            least = loss;
            *range = start_of(i);
        }
    }
    ohm_free(b);
    return OHM_OK;
}

enum ohm_status seen_range(float *range, const struct census *s, const struct ohm_range_rule *rule, int64_t dac_bits,
                           struct ohm_error *err)
{
    /* The share is aihwkit's default for calibration after training (InputRangeCalibrationType.CACHE_QUANTILE). */
    const double share = rule->kind == OHM_RANGES_QUANTILE ? rule->value : 0.99995;
    const int levels = dac_bits > 1 ? (1 << (dac_bits - 1)) - 1 : 0;
    enum ohm_status st = OHM_OK;

    *range = 0;
    if (!isfinite(s->most))
        return ohm_fail(err, OHM_EDATA, "its inputs overflow");
    if (rule->kind == OHM_RANGES_SIGMA)
        *range = s->n > 0 ? deviations(s, rule->value) : 0;
    else if (rule->kind == OHM_RANGES_MSE && levels > 0 && s->most > 0)
        st = least_loss(range, s, levels, err);
    else if (rule->kind == OHM_RANGES_MAX || rule->kind == OHM_RANGES_MSE)
        *range = s->most;
    else
        *range = quantile(s, share);
    if (st == OHM_OK && !(*range > 0))
        *range = 1; /* nothing but zeros came, or nothing that differs */
    return isfinite(*range) ? st : ohm_fail(err, OHM_EDATA, "its inputs overflow");
}
