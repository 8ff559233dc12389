/* infer.c - what a network says to inputs, digitally. */
#include "train_int.h"

#include <string.h>

enum ohm_status ohm_net_infer(float *y, struct ohm_weights *w, const float *x, int n, int batch, int jobs,
                              struct ohm_error *err)
{
    const struct ohm_shape in = w->net->input;
    const size_t numbers = (size_t)in.h * (size_t)in.w * (size_t)in.c, classes = (size_t)w->net->classes;
    struct ohm_tape *t = NULL;
    const enum ohm_status st = ohm_tape_create(&t, w, NULL, batch, false, jobs, err);

    if (st != OHM_OK)
        return st;
    ohm_tape_pack(t);
    for (int first = 0; first < n; first += batch) {
        const int some = n - first < batch ? n - first : batch;

        memcpy(ohm_tape_input(t), x + (size_t)first * numbers, (size_t)some * numbers * sizeof(*x));
        ohm_tape_forward(t, some);
        memcpy(y + (size_t)first * classes, ohm_tape_output(t), (size_t)some * classes * sizeof(*y));
    }
    ohm_tape_free(t);
    return OHM_OK;
}
