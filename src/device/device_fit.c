/* device_fit.c - programming error, drift exponents and read noise of measured devices.
 *
 * Reads are grouped by target, within it by device. The spread of first reads is that of programming and of read noise;
 * slopes of ln g over ln t scatter by the spread of the exponents and by read noise. What is left around the slopes is
 * read noise, so that it can be taken out of both. */
#include "device_int.h"

#include "ohm/device_fit.h"
#include "ohm/emit.h"
#include "ohm/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = OHM_CURVE_POINTS_MAX, DEVICES_MIN = 3 };

struct reading {
    const char *device;
    double target, t, g;
    int line;
};

/* All that is known of one target. */
struct group {
    double target;
    int line, devices, slopes;
    double first, first_square;        /* sums over first reads, of g - target */
    double nu, nu_square, nu_error;    /* sums over slopes; nu_error: of 1 / Sxx */
    double rest, freedom, noise_units; /* sum of squares around the slopes; of ln((t + t_read) / 2 t_read) over reads */
    int noise_reads;
    double total, bias, sigma, nu_mean, nu_sd, q, fitted; /* results */
};

struct fit {
    const struct ohm_csv *csv;
    const struct ohm_device_fit *options;
    struct reading *read; /* [csv->rows] */
    struct group *group;  /* [GROUPS_MAX] */
    int groups, devices;
    double t0, g_max, c[OHM_CURVE_TERMS_MAX];
    bool noise; /* could be told */
};

static int by_target_device_time(const void *a, const void *b)
{
    const struct reading *const x = a, *const y = b;
    const int name = strcmp(x->device, y->device);

    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    if (name != 0)
        return name;
    if (x->t != y->t)
        return x->t < y->t ? -1 : 1;
    return x->line - y->line;
}

static enum ohm_status fail_at(const struct fit *f, int line, const char *what, double found, struct ohm_error *err)
{
    return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, f->csv->path, line, 0, "%s (found %g)", what, found);
}

static enum ohm_status read_row(struct fit *f, int row, const int column[4], struct ohm_error *err)
{
    struct reading *const r = &f->read[row];
    double *const value[4] = {NULL, &r->target, &r->t, &r->g};
    enum ohm_status st = OHM_OK;

    r->device = f->csv->cell[row * f->csv->columns + column[0]];
    r->line = f->csv->line[row];
    for (int i = 1; i < 4 && st == OHM_OK; i++)
        st = ohm_csv_double(f->csv, row, column[i], value[i], err);
    if (st != OHM_OK)
        return st;
    if (!(r->target >= 0 && r->target <= 1e6))
        return fail_at(f, r->line, "g_target_uS must be in [0, 1e6]", r->target, err);
    if (!(r->t > 0 && r->t <= 1e12))
        return fail_at(f, r->line, "t_s must be in (0, 1e12]: the time since programming", r->t, err);
    if (!(fabs(r->g) <= 1e6))
        return fail_at(f, r->line, "g_uS must be in [-1e6, 1e6]", r->g, err);
    return OHM_OK;
}

static enum ohm_status read_table(struct fit *f, struct ohm_error *err)
{
    static const char *const names[4] = {"device", "g_target_uS", "t_s", "g_uS"};
    int column[4];
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < 4 && st == OHM_OK; i++)
        st = ohm_csv_need(f->csv, names[i], &column[i], err);
    for (int row = 0; row < f->csv->rows && st == OHM_OK; row++)
        st = read_row(f, row, column, err);
    if (st != OHM_OK)
        return st;
    if (f->csv->rows == 0)
        return fail_at(f, 1, "the table has no rows", 0, err);
    qsort(f->read, (size_t)f->csv->rows, sizeof *f->read, by_target_device_time);
    f->t0 = f->read[0].t;
    f->g_max = f->options->g_max_uS;
    for (int i = 0; i < f->csv->rows; i++) {
        f->t0 = fmin(f->t0, f->read[i].t);
        if (f->options->g_max_uS == 0)
            f->g_max = fmax(f->g_max, f->read[i].target);
        if (f->options->g_max_uS > 0 && f->read[i].target > f->g_max)
            return ohm_fail_at(err, OHM_ERANGE, OHM_ORIGIN, f->csv->path, f->read[i].line, 0,
                               "the target of %g uS is above g_max, %g uS", f->read[i].target, f->g_max);
    }
    return f->g_max > 0 ? OHM_OK : fail_at(f, 1, "all targets are 0: g_max is not known", 0, err);
}

/* One device: its slope of ln g over ln t, by least squares; reads of 0 and below say nothing of it. */
static void add_slope(const struct fit *f, struct group *g, const struct reading *r, int n)
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0, k = 0;

    for (int i = 0; i < n; i++)
        if (r[i].g > 0) {
            const double x = log(r[i].t / f->t0), y = log(r[i].g);

            k++;
            sx += x;
            sy += y;
            sxx += x * x;
            sxy += x * y;
            syy += y * y;
            g->noise_units += fmax(0, log((r[i].t + f->options->t_read_s) / (2 * f->options->t_read_s)));
            g->noise_reads++;
        }
    if (k < 2 || !(sxx - sx * sx / k > 1e-12))
        return;
    sxx -= sx * sx / k;
    sxy -= sx * sy / k;
    syy -= sy * sy / k;
    g->slopes++;
    g->nu -= sxy / sxx;
    g->nu_square += sxy / sxx * (sxy / sxx);
    g->nu_error += 1 / sxx;
    g->rest += fmax(0, syy - sxy * sxy / sxx);
    g->freedom += k - 2;
}

static enum ohm_status add_device(struct fit *f, const struct reading *r, int n, struct ohm_error *err)
{
    struct group *g = f->groups > 0 ? &f->group[f->groups - 1] : NULL;

    if (r->t > 1.1 * f->t0)
        return fail_at(f, r->line, "a device is not read at the earliest time of the table, within 10 %", r->t, err);
    if (!g || g->target != r->target) {
        if (f->groups == GROUPS_MAX)
            return fail_at(f, r->line, "the table has too many targets, more than 1024", r->target, err);
        g = &f->group[f->groups++];
        *g = (struct group){.target = r->target, .line = r->line};
    }
    g->devices++;
    f->devices++;
    g->first += r->g - r->target;
    g->first_square += (r->g - r->target) * (r->g - r->target);
    add_slope(f, g, r, n);
    return OHM_OK;
}

static enum ohm_status add_devices(struct fit *f, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0, n; i < f->csv->rows && st == OHM_OK; i += n) {
        const struct reading *const r = &f->read[i];

        for (n = 1; i + n < f->csv->rows && r[n].target == r->target && strcmp(r[n].device, r->device) == 0;)
            n++;
        st = add_device(f, r, n, err);
    }
    return st;
}

static double variance(double sum, double square, double n)
{
    return fmax(0, (square - sum * sum / n) / (n - 1));
}

static enum ohm_status conclude(struct fit *f, struct group *g, struct ohm_error *err)
{
    const double n = g->devices, m = g->slopes, s0 = log((f->t0 + f->options->t_read_s) / (2 * f->options->t_read_s));
    double around;

    if (g->devices < DEVICES_MIN)
        return fail_at(f, g->line, "a target needs three devices or more", g->devices, err);
    if (g->slopes < DEVICES_MIN && g->target > 0)
        return fail_at(f, g->line, "a target needs three devices that were read above 0 at two times or more",
                       g->slopes, err);
    around = g->freedom > 0 ? g->rest / g->freedom : 0;
    f->noise = f->noise || g->freedom > 0;
    g->bias = g->first / n;
    g->q = g->noise_units > 0 ? sqrt(around / (g->noise_units / g->noise_reads)) : 0;
    g->total = sqrt(variance(g->first, g->first_square, n));
    g->sigma = sqrt(fmax(0, g->total * g->total - pow(g->q * (g->target + g->bias), 2) * fmax(0, s0)));
    if (g->slopes >= DEVICES_MIN) {
        g->nu_mean = g->nu / m;
        g->nu_sd = sqrt(fmax(0, variance(g->nu, g->nu_square, m) - around * g->nu_error / m));
    }
    return OHM_OK;
}

/* Gauss with the largest pivot, in place; false: singular. */
static bool solve(double a[OHM_CURVE_TERMS_MAX][OHM_CURVE_TERMS_MAX + 1], int n)
{
    for (int k = 0; k < n; k++) {
        int pivot = k;

        for (int i = k + 1; i < n; i++)
            if (fabs(a[i][k]) > fabs(a[pivot][k]))
                pivot = i;
        for (int j = 0; j <= n; j++) {
            const double held = a[k][j];

            a[k][j] = a[pivot][j];
            a[pivot][j] = held;
        }
        if (!(fabs(a[k][k]) > 1e-13))
            return false;
        for (int i = 0; i < n; i++) {
            const double factor = i == k ? 0 : a[i][k] / a[k][k];

            for (int j = k; j <= n; j++)
                a[i][j] -= factor * a[k][j];
        }
    }
    for (int i = 0; i < n; i++)
        a[i][n] /= a[i][i];
    return true;
}

static double fitted_sigma(const struct fit *f, double x)
{
    double p = 0;

    for (int k = f->options->degree; k >= 0; k--)
        p = p * x + f->c[k];
    return p > 0 ? p : 0;
}

/* A spread of n values is known to a share of 1 / sqrt(2 n) of itself: weights n over its square, read noise included.
 */
static enum ohm_status fit_sigma(struct fit *f, struct ohm_error *err)
{
    double a[OHM_CURVE_TERMS_MAX][OHM_CURVE_TERMS_MAX + 1] = {{0}}, most = 0;
    const int n = f->options->degree + 1;

    if (f->groups < n)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, f->csv->path, 0, 0,
                           "%d targets are too few for a polynomial of degree %d", f->groups, f->options->degree);
    for (int g = 0; g < f->groups; g++)
        most = fmax(most, f->group[g].total);
    for (int g = 0; g < f->groups; g++) {
        const double x = f->group[g].target / f->g_max, s = f->group[g].sigma;
        const double unit = fmax(f->group[g].total / (most > 0 ? most : 1), 1e-3);
        const double weight = f->group[g].devices / (unit * unit) / f->devices;

        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++)
                a[i][j] += weight * pow(x, i + j);
            a[i][n] += weight * pow(x, i) * s;
        }
    }
    if (!solve(a, n))
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, f->csv->path, 0, 0,
                           "the targets lie too close together for a polynomial of degree %d", f->options->degree);
    for (int i = 0; i < n; i++)
        f->c[i] = a[i][n];
    for (int g = 0; g < f->groups; g++)
        f->group[g].fitted = fitted_sigma(f, f->group[g].target / f->g_max);
    return OHM_OK;
}

/* ---- the file ---- */

static void write_head(struct ohm_str *s, const struct fit *f)
{
    ohm_str_printf(s, "# Fitted to %d devices at %d targets.\n#\n", f->devices, f->groups);
    ohm_str_append(
        s, "# g_target_uS  devices      bias_uS     sigma_uS    fitted_uS      nu_mean        nu_sd            q\n");
    for (int i = 0; i < f->groups; i++) {
        const struct group *const g = &f->group[i];

        ohm_str_printf(s, "# %11.5g  %7d  %11.5g  %11.5g  %11.5g  %11.5g  %11.5g  %11.5g\n", g->target, g->devices,
                       g->bias, g->sigma, g->fitted, g->nu_mean, g->nu_sd, g->q);
    }
}

static void open_block(struct ohm_emit *e, const char *key, const char *source, bool measured)
{
    ohm_emit_map(e, key);
    ohm_emit_text(e, "source", source);
    ohm_emit_text(e, "mark", measured ? "measured" : "default");
}

/* Points of the targets where the value is known; a single one becomes two, since a table has two at least. */
static void write_table(struct ohm_emit *e, const struct fit *f, const char *key, size_t member)
{
    int points = 0;

    ohm_emit_map(e, key);
    ohm_emit_list(e, "table");
    for (int i = 0; i < f->groups; i++) {
        const struct group *const g = &f->group[i];
        double value;

        if (g->slopes < DEVICES_MIN)
            continue;
        memcpy(&value, (const char *)g + member, sizeof value);
        ohm_emit_flow_list(e, NULL);
        ohm_emit_double(e, NULL, g->target / f->g_max);
        ohm_emit_double(e, NULL, value);
        ohm_emit_end(e);
        if (points++ == 0 && i == f->groups - 1) {
            ohm_emit_flow_list(e, NULL);
            ohm_emit_double(e, NULL, g->target / f->g_max + 1);
            ohm_emit_double(e, NULL, value);
            ohm_emit_end(e);
        }
    }
    ohm_emit_end(e);
    ohm_emit_end(e);
}

static void write_blocks(struct ohm_emit *e, const struct fit *f, const char *source)
{
    open_block(e, "range", source, f->options->g_max_uS == 0);
    ohm_emit_double(e, "g_max_uS", f->g_max);
    ohm_emit_double(e, "g_min_uS", 0);
    ohm_emit_end(e);
    open_block(e, "programming", source, true);
    ohm_emit_double(e, "g_ref_uS", f->g_max);
    ohm_emit_list(e, "sigma_uS");
    ohm_emit_flow_map(e, NULL);
    ohm_emit_list(e, "poly");
    for (int i = 0; i <= f->options->degree; i++)
        ohm_emit_double(e, NULL, f->c[i]);
    ohm_emit_end(e);
    ohm_emit_list(e, "clip"); /* where little is known a polynomial may dip below 0 */
    ohm_emit_double(e, NULL, 0);
    ohm_emit_double(e, NULL, 1e6);
    ohm_emit_end(e);
    ohm_emit_end(e);
    ohm_emit_end(e);
    ohm_emit_end(e);
    open_block(e, "drift", source, true);
    ohm_emit_double(e, "t0_s", f->t0);
    write_table(e, f, "nu_mean", offsetof(struct group, nu_mean));
    write_table(e, f, "nu_sd", offsetof(struct group, nu_sd));
    ohm_emit_end(e);
    open_block(e, "read", f->noise ? source : "no device was read three times: no noise is known", f->noise);
    ohm_emit_double(e, "t_read_s", f->options->t_read_s);
    write_table(e, f, "q", offsetof(struct group, q));
    ohm_emit_end(e);
}

static void write_file(struct ohm_str *yaml, const struct fit *f)
{
    struct ohm_emit e = {0};
    struct ohm_str about = {0}, source = {0};
    const char *const slash = strrchr(f->csv->path, '/');

    ohm_str_printf(&source, "measurement %.180s", slash ? slash + 1 : f->csv->path);
    ohm_str_printf(&about, "fitted to %.180s", slash ? slash + 1 : f->csv->path);
    write_head(yaml, f);
    ohm_emit_map(&e, NULL);
    ohm_emit_text(&e, "device", f->options->name);
    ohm_emit_text(&e, "model", "power_law");
    ohm_emit_text(&e, "about", ohm_str_text(&about));
    write_blocks(&e, f, ohm_str_text(&source));
    ohm_emit_end(&e);
    ohm_str_append(yaml, ohm_str_text(&e.out));
    yaml->failed = yaml->failed || e.out.failed || about.failed || source.failed;
    ohm_str_release(&e.out);
    ohm_str_release(&about);
    ohm_str_release(&source);
}

enum ohm_status ohm_device_fit(struct ohm_str *yaml, const struct ohm_csv *table, const struct ohm_device_fit *options,
                               struct ohm_error *err)
{
    struct fit f = {.csv = table, .options = options};
    enum ohm_status st = OHM_OK;

    f.read = ohm_alloc((size_t)table->rows, sizeof *f.read);
    f.group = ohm_alloc(GROUPS_MAX, sizeof *f.group);
    if (!f.read || !f.group)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (st == OHM_OK && (st = read_table(&f, err)) == OHM_OK && (st = add_devices(&f, err)) == OHM_OK) {
        for (int i = 0; i < f.groups && st == OHM_OK; i++)
            st = conclude(&f, &f.group[i], err);
        if (st == OHM_OK && (st = fit_sigma(&f, err)) == OHM_OK)
            write_file(yaml, &f);
    }
    ohm_free(f.read);
    ohm_free(f.group);
    return st == OHM_OK && yaml->failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : st;
}
