/* validate_out.c - what a validation measured, as its command and `show v:ID` print it. */
#include "validate_out.h"

#include <math.h>

void ohm_out_validation(struct ohm_out *o, const struct ohm_validate_result *r)
{
    ohm_out_int(o, "samples", r->samples);
    ohm_out_int(o, "draws", r->draws);
    ohm_out_int(o, "reads_each", r->reads); /* "reads" is the list of all */
    ohm_out_int(o, "ranges_calibrated", r->calibrated);
    ohm_out_double(o, "digital", r->digital);
    ohm_out_double(o, "digital_low", r->digital_low);
    ohm_out_double(o, "digital_high", r->digital_high);
    ohm_out_double(o, "avm", r->draws > 0 ? r->avm : NAN);
}

static void out_moment(struct ohm_out *o, const char *time, const struct ohm_validate_moment *m, double digital)
{
    ohm_out_row(o);
    ohm_out_text(o, "time", time);
    ohm_out_double(o, "t_s", m->t_s);
    ohm_out_double(o, "top1", m->mean);
    ohm_out_double(o, "sd", m->sd);
    ohm_out_double(o, "low", m->low);
    ohm_out_double(o, "high", m->high);
    ohm_out_double(o, "q05", m->q05);
    ohm_out_double(o, "median", m->median);
    ohm_out_double(o, "q95", m->q95);
    ohm_out_double(o, "drop", digital - m->mean);
    ohm_out_double(o, "dw", m->dw);
    ohm_out_double(o, "alpha", m->alpha);
    ohm_out_row_end(o);
}

/* Every single accuracy, for programs that want to look for themselves. */
static void out_reads(struct ohm_out *o, const struct ohm_validate_result *r, const struct ohm_words *times)
{
    const struct ohm_validate_reading *reading = r->reading;

    ohm_out_list(o, "reads");
    for (int draw = 0; draw < r->draws; draw++)
        for (int time = 0; time < r->times; time++)
            for (int read = 0; read < r->reads; read++, reading++) {
                ohm_out_row(o);
                ohm_out_int(o, "draw", draw + 1);
                ohm_out_text(o, "time", times->item[time]);
                ohm_out_int(o, "read", read + 1);
                ohm_out_double(o, "top1", reading->top1);
                ohm_out_double(o, "dw", reading->dw);
                ohm_out_double(o, "alpha", reading->alpha);
                ohm_out_row_end(o);
            }
    ohm_out_list_end(o);
}

void ohm_out_validation_times(struct ohm_out *o, const struct ohm_validate_result *r, const struct ohm_words *times,
                              bool reads)
{
    ohm_out_list(o, "times");
    for (int i = 0; i < r->times && r->draws > 0; i++)
        out_moment(o, times->item[i], &r->moment[i], r->digital);
    ohm_out_list_end(o);
    if (reads)
        out_reads(o, r, times);
}
