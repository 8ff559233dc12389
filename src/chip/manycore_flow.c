/* manycore_flow.c - how long the first image takes through the pipeline.
 *
 * A layer begins when the layers before it have made the rows that its first window covers: for a k x k kernel
 * ((k-1)/2 rows and (k-1)/2 + 1 positions) x stride. The longest chain of such fills through the graph is what stands
 * before and after the layer that works longest, whose full time it takes in place of its fill. */
#include "manycore.h"

#include "ohm/mem.h"

/* When the output of a layer of the net is there, ns after the start of the image. */
struct flow {
    double first; /* its first position */
    double last;  /* its last position, by the layer's own pace */
    double end;   /* its last position, where a layer before it worked longer than this one */
    int64_t positions;
};

/* When the first n positions are there: evenly from the first to the last. */
static double ready(const struct flow *f, int64_t n)
{
    if (n >= f->positions)
        return f->last;
    if (n == 1)
        return f->first;
    return f->first + (f->last - f->first) * ((double)(n - 1) / (double)(f->positions - 1));
}

/* Positions of a plane `width` wide that a window of this kernel takes up. */
static int64_t window(const struct ohm_layer *l, int32_t width)
{
    return (int64_t)((l->k_h - 1) / 2) * width + (l->k_w - 1) / 2 + 1;
}

/* Positions of its input that a layer needs to begin; more than there are means all. */
static int64_t needs(const struct ohm_layer *l)
{
    switch (l->kind) {
    case OHM_CONV:
    case OHM_AVG_POOL:
    case OHM_MAX_POOL:
        return window(l, l->in.w) * l->stride_h;
    case OHM_DENSE:
    case OHM_FLATTEN:
    case OHM_GLOBAL_AVG_POOL:
        return INT64_MAX;
    default:
        return 1;
    }
}

/* The latest of a layer's inputs, at its first position, its last one, and at its end. */
static struct flow gather(const struct ohm_net *net, const struct ohm_layer *l, const struct flow *flow)
{
    const int64_t need = needs(l);
    struct flow in = {0};

    for (int i = 0; i < l->inputs; i++) {
        const struct flow *const f = &flow[net->edge[l->first_input + i]];
        const double first = ready(f, need);

        in.first = first > in.first ? first : in.first;
        in.last = f->last > in.last ? f->last : in.last;
        in.end = f->end > in.end ? f->end : in.end;
    }
    in.positions = (int64_t)l->out.h * l->out.w;
    return in;
}

/* A crossbar layer that may begin at in.first. */
static struct flow work(struct flow in, const struct ohm_layer *l, const struct priced *p, int32_t copies)
{
    const double begin = in.first, whole = p->layer_ns / copies;
    const int64_t left = window(l, l->out.w); /* positions still to do when the last input arrives */
    const double tail = left >= p->positions ? p->layer_ns : p->one_ns + (double)(left - 1) * p->next_ns;

    in.first = begin + p->one_ns;
    in.last = begin + whole > in.first ? begin + whole : in.first;
    in.end += copies == 1 ? tail : tail / copies > p->one_ns ? tail / copies : p->one_ns;
    in.end = in.end > in.last ? in.end : in.last;
    return in;
}

enum ohm_status ohm_manycore_first_image(double *ns, const struct ohm_net *net, const struct priced *p,
                                         const int32_t *copies, struct ohm_error *err)
{
    struct flow *const flow = ohm_alloc((size_t)net->layers, sizeof *flow);
    int mvm = 0;

    if (!flow)
        return ohm_fail(err, OHM_ENOMEM, "no memory for the pipeline of %d layers", net->layers);
    *ns = 0;
    for (int i = 0; i < net->layers; i++) {
        const struct ohm_layer *const l = &net->layer[i];

        flow[i] = gather(net, l, flow);
        if (takes_crossbar(l)) {
            flow[i] = work(flow[i], l, &p[mvm], copies[mvm]);
            mvm++;
        }
        *ns = flow[i].end > *ns ? flow[i].end : *ns;
    }
    ohm_free(flow);
    return OHM_OK;
}
