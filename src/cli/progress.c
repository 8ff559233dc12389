/* progress.c - how far a run is: one line that is redrawn on a terminal, else a line every few seconds. */
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const ohm_progress_forms[] = {"auto", "none", "line", "json", NULL};

enum { EVERY_S = 5 };

void ohm_progress_begin(struct ohm_progress *p, struct ohm_cli *cli, const char *form)
{
    *p = (struct ohm_progress){.cli = cli, .last_s = -1};
    if (strcmp(form, "none") == 0)
        p->form = OHM_PROGRESS_NONE;
    else if (strcmp(form, "json") == 0)
        p->form = OHM_PROGRESS_JSON;
    else
        p->form = isatty(STDERR_FILENO) && strcmp(form, "auto") == 0 ? OHM_PROGRESS_REDRAW : OHM_PROGRESS_LINE;
}

static void put_time(struct ohm_str *s, double seconds)
{
    const long long t = (long long)(seconds + 0.5);

    if (!isfinite(seconds) || t < 0)
        ohm_str_append(s, "-");
    else if (t >= 3600)
        ohm_str_printf(s, "%lldh%02lldm", t / 3600, t / 60 % 60);
    else if (t >= 60)
        ohm_str_printf(s, "%lldm%02llds", t / 60, t % 60);
    else
        ohm_str_printf(s, "%llds", t);
}

static void put_number(struct ohm_str *s, const char *name, double value)
{
    if (isfinite(value))
        ohm_str_printf(s, "  %s %.5g", name, value);
}

static double rate_of(const struct ohm_study_progress *p)
{
    return p->elapsed_s > 0 ? (double)p->ran / p->elapsed_s : NAN;
}

static void put_line(struct ohm_str *s, const struct ohm_study_progress *p)
{
    const double rate = rate_of(p);

    ohm_str_printf(s, "%lld/%lld  eta ", (long long)p->done, (long long)p->budget);
    put_time(s, rate > 0 ? (double)(p->budget - p->done) / rate : NAN);
    put_number(s, "best", p->best);
    put_number(s, "hv", p->hypervolume);
    ohm_str_printf(s, "  infeasible %lld  failed %lld", (long long)p->infeasible, (long long)p->failed);
    if (isfinite(rate))
        ohm_str_printf(s, "  %.0f trials/s", rate);
}

static void put_json(struct ohm_str *s, const struct ohm_study_progress *p)
{
    struct ohm_emit e = {.json = true, .compact = true};

    ohm_emit_map(&e, NULL);
    ohm_emit_text(&e, "schema", "ohmnas.progress/1");
    ohm_emit_int(&e, "done", p->done);
    ohm_emit_int(&e, "budget", p->budget);
    ohm_emit_int(&e, "infeasible", p->infeasible);
    ohm_emit_int(&e, "failed", p->failed);
    ohm_emit_double(&e, "best", p->best);
    ohm_emit_double(&e, "hypervolume", p->hypervolume);
    ohm_emit_double(&e, "elapsed_s", p->elapsed_s);
    ohm_emit_double(&e, "trials_per_s", rate_of(p));
    ohm_emit_end(&e);
    ohm_str_append(s, ohm_str_text(&e.out));
    ohm_str_release(&e.out);
}

static void show(struct ohm_progress *state, const struct ohm_study_progress *p)
{
    struct ohm_str s = {0};

    if (state->form == OHM_PROGRESS_JSON)
        put_json(&s, p);
    else
        put_line(&s, p);
    while (s.length > 0 && s.text[s.length - 1] == '\n')
        s.text[--s.length] = '\0';
    if (state->form == OHM_PROGRESS_REDRAW)
        fprintf(stderr, "\r\033[K%s", ohm_str_text(&s));
    else
        fprintf(stderr, "%s\n", ohm_str_text(&s));
    fflush(stderr);
    ohm_str_release(&s);
    state->last_s = p->elapsed_s;
    state->shown = true;
}

bool ohm_progress_show(void *context, const struct ohm_study_progress *p)
{
    struct ohm_progress *state = context;
    const double every = state->form == OHM_PROGRESS_REDRAW ? 0 : EVERY_S;

    state->cli->signal = ohm_signal_pending();
    if (state->form != OHM_PROGRESS_NONE && (state->last_s < 0 || p->elapsed_s - state->last_s >= every))
        show(state, p);
    return state->cli->signal == 0;
}

void ohm_progress_end(struct ohm_progress *state, const struct ohm_study_progress *p)
{
    if (state->form != OHM_PROGRESS_NONE && p->budget > 0)
        show(state, p);
    if (state->form == OHM_PROGRESS_REDRAW && state->shown)
        fputc('\n', stderr);
}
