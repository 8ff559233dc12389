/* report_json.c - a report as JSON, for programs: everything that is in the text, with all digits. */
#include "report_groups.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_study(struct ohm_emit *e, const struct ohm_report *r)
{
    ohm_emit_map(e, "study");
    ohm_emit_text(e, "name", r->study.name);
    ohm_emit_text(e, "state", r->study.state);
    ohm_emit_text(e, "created", r->study.created);
    ohm_emit_text(e, "program", "ohmnas " OHM_VERSION);
    ohm_emit_text(e, "space", r->study.space);
    ohm_emit_text(e, "space_size", r->size[0] ? r->size : NULL);
    ohm_emit_int(e, "trials", r->study.trials);
    ohm_emit_int(e, "feasible", r->study.feasible);
    ohm_emit_int(e, "failed", r->study.failed);
    ohm_emit_int(e, "budget", r->study.budget);
    ohm_emit_double(e, "time_s", r->study.time_s);
    ohm_emit_list(e, "settings");
    for (int i = 0; i < r->settings; i++) {
        const struct ohm_setting *const s = r->setting[i];

        ohm_emit_map(e, NULL);
        ohm_emit_text(e, "key", s->key);
        ohm_emit_text(e, "value", s->value);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
    ohm_emit_end(e);
}

static void put_score(struct ohm_emit *e, const struct ohm_target_score *s)
{
    ohm_emit_map(e, NULL);
    ohm_emit_text(e, "target", s->target.name);
    ohm_emit_text(e, "unit", s->target.unit);
    ohm_emit_int(e, "rows", s->rows);
    ohm_emit_double(e, "tau", s->tau);
    ohm_emit_double(e, "spearman", s->spearman);
    ohm_emit_double(e, "rmse", s->rmse);
    ohm_emit_double(e, "coverage90", s->coverage90);
    ohm_emit_double(e, "params_tau", s->params_tau);
    ohm_emit_double(e, "macs_tau", s->macs_tau);
    ohm_emit_end(e);
}

static void put_surrogates(struct ohm_emit *e, const struct ohm_report *r)
{
    ohm_emit_list(e, "surrogates");
    for (int i = 0; i < r->surrogates; i++) {
        const struct ohm_report_surrogate *const s = &r->surrogate[i];

        ohm_emit_map(e, NULL);
        ohm_emit_text(e, "name", s->name);
        ohm_emit_text(e, "protocol", s->protocol);
        ohm_emit_text(e, "source", s->source);
        ohm_emit_list(e, "scores");
        for (int k = 0; s->model && k < ohm_surrogate_targets(s->model); k++)
            if (ohm_surrogate_score(s->model, k))
                put_score(e, ohm_surrogate_score(s->model, k));
        ohm_emit_end(e);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
}

static void put_rows(struct ohm_emit *e, const char *key, const struct ohm_report_rows *rows)
{
    if (!rows->path) {
        ohm_emit_null(e, key);
        return;
    }
    ohm_emit_map(e, key);
    ohm_emit_text(e, "file", rows->path);
    ohm_emit_text(e, "recipe", rows->recipe);
    ohm_emit_text(e, "fingerprint", rows->fingerprint);
    ohm_emit_int(e, "networks", rows->networks);
    ohm_emit_int(e, "chosen", rows->chosen);
    ohm_emit_int(e, "done", rows->done);
    ohm_emit_int(e, "censored", rows->censored);
    ohm_emit_int(e, "failed", rows->failed);
    ohm_emit_double(e, "hours", rows->hours);
    ohm_emit_end(e);
}

static void put_measured(struct ohm_emit *e, const struct ohm_report *r, const struct ohm_report_measured *m)
{
    char name[64];

    ohm_emit_text(e, "fingerprint", m->fingerprint);
    ohm_emit_bool(e, "same_recipe", m->fingerprint && !m->other);
    ohm_emit_int(e, "seeds", m->seeds);
    ohm_emit_text(e, "state", m->state);
    ohm_emit_map(e, "measured");
    for (int i = 0; i < r->measures.count; i++) {
        ohm_emit_double(e, r->measures.name[i], m->mean[i]);
        snprintf(name, sizeof name, "%.50s_spread", r->measures.name[i]);
        ohm_emit_double(e, name, m->spread[i]);
    }
    ohm_emit_end(e);
}

static void put_net(struct ohm_emit *e, const struct ohm_report *r, const struct ohm_report_net *n)
{
    ohm_emit_map(e, NULL);
    ohm_emit_text(e, "net", n->name);
    if (n->trial >= 0)
        ohm_emit_int(e, "trial", n->trial);
    ohm_emit_text(e, "genotype", n->genotype);
    ohm_emit_double(e, "params", n->params);
    ohm_emit_double(e, "macs", n->macs);
    if (n->priced) {
        ohm_emit_int(e, "cores", n->cost.cores);
        ohm_emit_bool(e, "fits", n->cost.fits);
        ohm_emit_double(e, "latency_us", n->cost.latency_us);
        ohm_emit_double(e, "energy_uJ", n->cost.energy_uJ);
        ohm_emit_int(e, "mvm_steps", n->cost.mvm_steps);
    }
    ohm_emit_map(e, "metrics");
    for (int i = 0; i < r->metrics.count; i++)
        ohm_emit_double(e, r->metrics.name[i], n->metric[i]);
    ohm_emit_end(e);
    put_measured(e, r, &n->measured);
    ohm_emit_end(e);
}

static void put_nets(struct ohm_emit *e, const char *key, const struct ohm_report *r, const struct ohm_report_net *net,
                     int n)
{
    ohm_emit_list(e, key);
    for (int i = 0; i < n; i++)
        put_net(e, r, &net[i]);
    ohm_emit_end(e);
}

static void put_best(struct ohm_emit *e, const struct ohm_report *r)
{
    ohm_emit_map(e, "best");
    ohm_emit_text(e, "net", r->best.name);
    ohm_emit_int(e, "trial", r->best.trial);
    ohm_emit_text(e, "genotype", ohm_str_text(&r->best.genotype_text));
    if (r->best_chip) {
        ohm_emit_int(e, "cores", r->best_cost.cores);
        ohm_emit_bool(e, "fits", r->best_cost.fits);
        ohm_emit_double(e, "util", r->best_cost.util);
        ohm_emit_double(e, "latency_us", r->best_cost.latency_us);
        ohm_emit_double(e, "energy_uJ", r->best_cost.energy_uJ);
        ohm_emit_int(e, "mvm_steps", r->best_cost.mvm_steps);
    }
    ohm_emit_list(e, "layers");
    for (int i = 0; i < r->best_layers; i++) {
        const struct ohm_cost_layer *const l = &r->best_layer[i];

        ohm_emit_map(e, NULL);
        ohm_emit_text(e, "name", r->best.net->layer[l->layer].name);
        ohm_emit_int(e, "rows", l->rows);
        ohm_emit_int(e, "cols", l->cols);
        ohm_emit_int(e, "positions", l->positions);
        ohm_emit_int(e, "tiles", l->tiles);
        ohm_emit_double(e, "util", l->util);
        ohm_emit_double(e, "latency_us", l->latency_us);
        ohm_emit_double(e, "energy_uJ", l->energy_uJ);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
    ohm_emit_end(e);
}

static void put_range(struct ohm_emit *e, const char *what, const struct ohm_race_range *range)
{
    char name[40];

    snprintf(name, sizeof name, "random_%.20s_low", what);
    ohm_emit_double(e, name, range->low);
    snprintf(name, sizeof name, "random_%.20s_median", what);
    ohm_emit_double(e, name, range->median);
    snprintf(name, sizeof name, "random_%.20s_high", what);
    ohm_emit_double(e, name, range->high);
}

static void put_race(struct ohm_emit *e, const struct ohm_report *r)
{
    const int64_t overtaken = ohm_race_overtaken(&r->race, r->objectives.sign[0]);

    ohm_emit_map(e, "race");
    ohm_emit_int(e, "random_runs", r->race.runs - 1);
    ohm_emit_int(e, "first_seed", r->study.seed);
    if (overtaken >= 0)
        ohm_emit_int(e, "study_reached_random", overtaken);
    else
        ohm_emit_null(e, "study_reached_random");
    ohm_emit_list(e, "box");
    for (int k = 0; k < r->race.objectives && r->race.objectives > 1; k++) {
        const int sign = r->objectives.sign[k] > 0 ? -1 : 1;

        ohm_emit_map(e, NULL);
        ohm_emit_text(e, "objective", r->objectives.name[k]);
        ohm_emit_double(e, "best", sign * r->race.ideal[k]);
        ohm_emit_double(e, "reference", sign * r->race.reference[k]);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
    ohm_emit_list(e, "steps");
    for (int i = 0; i < r->race.steps; i++) {
        const struct ohm_race_found *const f = ohm_race_at(&r->race, 0, i);
        const struct ohm_race_range volume = ohm_race_random(&r->race, i, false),
                                    best = ohm_race_random(&r->race, i, true);

        ohm_emit_map(e, NULL);
        ohm_emit_int(e, "networks", r->race.at[i]);
        ohm_emit_double(e, "volume", f->volume);
        put_range(e, "volume", &volume);
        ohm_emit_double(e, "best", f->best);
        put_range(e, "best", &best);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
    ohm_emit_end(e);
}

static void put_moment(struct ohm_emit *e, const struct ohm_report *r, const struct ohm_report_run *run, int time)
{
    const struct ohm_validate_moment *const m = &run->result.moment[time];
    const int target = ohm_report_target(r, run, time);
    char name[OHM_TARGET_NAME_SIZE + 8];
    int sd = -1;

    if (target >= 0) {
        snprintf(name, sizeof name, "%.32s_sd", r->metrics.name[target]);
        sd = ohm_metric_names_find(&r->metrics, name);
    }
    ohm_emit_map(e, NULL);
    ohm_emit_text(e, "time", run->times.item[time]);
    ohm_emit_double(e, "t_s", m->t_s);
    ohm_emit_double(e, "top1", m->mean);
    ohm_emit_double(e, "sd", m->sd);
    ohm_emit_double(e, "low", m->low);
    ohm_emit_double(e, "high", m->high);
    ohm_emit_double(e, "predicted", target >= 0 ? run->metric[target] : (double)NAN);
    ohm_emit_double(e, "predicted_sd", sd >= 0 ? run->metric[sd] : (double)NAN);
    ohm_emit_end(e);
}

static void put_run_cost(struct ohm_emit *e, const struct ohm_cost *cost)
{
    ohm_emit_int(e, "cores", cost->cores);
    ohm_emit_int(e, "mvm_steps", cost->mvm_steps);
    ohm_emit_double(e, "latency_us", cost->latency_us);
    ohm_emit_double(e, "energy_uJ", cost->energy_uJ);
}

static void put_runs(struct ohm_emit *e, const struct ohm_report *r)
{
    ohm_emit_list(e, "validations");
    for (int i = 0; i < r->runs; i++) {
        const struct ohm_report_run *const run = &r->run[i];
        char id[32];

        snprintf(id, sizeof id, "v:%lld", (long long)run->row.id);
        ohm_emit_map(e, NULL);
        ohm_emit_text(e, "validation", id);
        ohm_emit_text(e, "net", run->row.network);
        if (run->of_study)
            ohm_emit_int(e, "trial", run->row.trial);
        ohm_emit_text(e, "weights", run->weights);
        ohm_emit_text(e, "training", run->kind);
        ohm_emit_text(e, "chip", run->row.chip);
        ohm_emit_text(e, "device", run->row.device);
        ohm_emit_int(e, "redundancy", run->redundancy);
        if (run->repriced && run->priced)
            put_run_cost(e, &run->cost);
        ohm_emit_int(e, "folds", run->row.folds);
        ohm_emit_int(e, "fold", run->row.fold);
        ohm_emit_int(e, "draws", run->result.draws);
        ohm_emit_int(e, "samples", run->result.samples);
        ohm_emit_double(e, "digital", run->result.digital);
        ohm_emit_double(e, "avm", run->result.draws > 0 ? run->result.avm : (double)NAN);
        ohm_emit_list(e, "times");
        for (int t = 0; t < run->result.times && run->result.draws > 0; t++)
            put_moment(e, r, run, t);
        ohm_emit_end(e);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
}

static void put_comparison(void *context, const struct ohm_report_comparison *c)
{
    struct ohm_emit *const e = context;

    ohm_emit_map(e, NULL);
    ohm_emit_text(e, "net", c->net);
    ohm_emit_text(e, "baseline", c->baseline);
    ohm_emit_text(e, "time", c->time);
    ohm_emit_int(e, "seeds", c->seeds);
    ohm_emit_double(e, "difference", c->difference);
    ohm_emit_double(e, "low", c->low);
    ohm_emit_double(e, "high", c->high);
    ohm_emit_double(e, "mvm_steps_ratio", c->steps);
    ohm_emit_double(e, "latency_ratio", c->latency);
    ohm_emit_double(e, "energy_ratio", c->energy);
    ohm_emit_end(e);
}

void ohm_report_write_json(struct ohm_str *s, const struct ohm_report *r)
{
    struct ohm_emit e = {.json = true};

    ohm_emit_map(&e, NULL);
    ohm_emit_text(&e, "schema", "ohmnas.report/1");
    put_study(&e, r);
    put_surrogates(&e, r);
    put_rows(&e, "rows", &r->rows);
    put_rows(&e, "baseline_rows", &r->baseline_rows);
    put_nets(&e, "front", r, r->net, r->nets);
    if (r->knee >= 0)
        ohm_emit_text(&e, "knee", r->net[r->knee].name);
    put_best(&e, r);
    put_race(&e, r);
    ohm_report_emit_loops(&e, r);
    put_nets(&e, "baselines", r, r->baseline, r->baselines);
    put_runs(&e, r);
    ohm_emit_list(&e, "comparisons");
    s->failed |= !ohm_report_each_comparison(r, put_comparison, &e);
    ohm_emit_end(&e);
    ohm_report_emit_paired(&e, r);
    ohm_emit_list(&e, "commands");
    for (int i = 0; i < r->commands.count; i++)
        ohm_emit_text(&e, NULL, r->commands.item[i]);
    ohm_emit_end(&e);
    ohm_emit_end(&e);
    s->failed |= e.out.failed;
    ohm_str_append_n(s, ohm_str_text(&e.out), e.out.length);
    ohm_str_release(&e.out);
}
