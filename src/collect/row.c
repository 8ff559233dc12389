/* row.c - a measured network as a line of CSV. Numbers are written so that they read back as the same bits. */
#include "collect_int.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const ohm_collect_state_names[OHM_COLLECT_STATES + 1] = {"done", "censored", "failed", NULL};

void ohm_collect_row_release(struct ohm_collect_row *row)
{
    ohm_str_release(&row->genotype);
}

/* The same walk writes the header and a row, so that they cannot differ. */
struct writer {
    struct ohm_str *line;
    bool header, begun;
};

/* A row is a line: whatever a text holds, it has no ends of lines. */
static void put(struct writer *w, const char *name, const char *value)
{
    const char *const text = w->header ? name : value;
    struct ohm_str plain = {0};

    if (w->begun)
        ohm_str_append(w->line, ",");
    w->begun = true;
    for (const char *p = text; *p; p++)
        ohm_str_append_n(&plain, (unsigned char)*p < ' ' ? " " : p, 1);
    ohm_csv_append(w->line, ohm_str_text(&plain));
    w->line->failed |= plain.failed;
    ohm_str_release(&plain);
}

static void put_number(struct writer *w, const char *name, double value)
{
    char text[32] = "";

    put(w, name, isnan(value) ? "" : ohm_format_double(text, value));
}

static void put_hex(struct writer *w, const char *name, uint64_t value)
{
    char text[17];

    snprintf(text, sizeof text, "%016" PRIx64, value);
    put(w, name, text);
}

static void put_time(struct writer *w, const char *what, const char *time, double value)
{
    char name[64];

    snprintf(name, sizeof name, "%s_%s", what, time);
    put_number(w, name, value);
}

static void put_curve(struct writer *w, const struct ohm_collect_row *row)
{
    struct ohm_str text = {0};

    for (int i = 0; i < row->curve_count; i++) {
        ohm_str_append(&text, i ? " " : "");
        ohm_str_append_double(&text, row->curve[i]);
    }
    put(w, "curve", ohm_str_text(&text));
    w->line->failed |= text.failed;
    ohm_str_release(&text);
}

static void put_size(struct writer *w, const struct ohm_collect_size *s)
{
    put_number(w, "params", s->params);
    put_number(w, "weights", s->weights);
    put_number(w, "macs", s->macs);
    put_number(w, "depth", s->depth);
    put_number(w, "cores", s->cores);
    put_number(w, "util", s->util);
    put_number(w, "latency_us", s->latency_us);
    put_number(w, "energy_uJ", s->energy_uJ);
    put_number(w, "mvm_steps", s->mvm_steps);
}

static void put_row(struct writer *w, const struct ohm_collect_recipe *r, const struct ohm_collect_row *row,
                    uint64_t fingerprint)
{
    put(w, "id", row->id);
    put(w, "state", ohm_collect_state_names[row->state]);
    put(w, "reason", row->reason);
    put(w, "genotype", ohm_str_text(&row->genotype));
    put_hex(w, "net", row->net_hash);
    put_number(w, "seed", (double)row->seed);
    put_size(w, &row->size);
    put_number(w, "acc_digital", row->acc_digital);
    put_number(w, "acc_exact", row->acc_exact);
    for (int i = 0; i < r->times; i++) {
        put_time(w, "acc", r->time_name[i], row->acc[i]);
        put_time(w, "spread", r->time_name[i], row->spread[i]);
    }
    put_number(w, "avm", row->avm);
    put_curve(w, row);
    put_number(w, "trained_on", (double)row->trained_on);
    put_number(w, "judged_on", (double)row->judged_on);
    put(w, "recipe", r->use.collect);
    put_hex(w, "fingerprint", fingerprint);
    put_number(w, "train_s", row->train_s);
    put_number(w, "validate_s", row->validate_s);
    ohm_str_append(w->line, "\n");
}

void row_header(struct ohm_str *line, const struct ohm_collect_recipe *recipe)
{
    static const struct ohm_collect_row none;
    struct writer w = {.line = line, .header = true};

    put_row(&w, recipe, &none, 0);
}

void row_print(struct ohm_str *line, const struct ohm_collect *c, const struct ohm_collect_row *row)
{
    struct writer w = {.line = line};

    put_row(&w, c->recipe, row, c->fingerprint);
}

bool row_column_is_time(const char *name)
{
    return strcmp(name, "train_s") == 0 || strcmp(name, "validate_s") == 0;
}
