/* metric.c - the table of metrics that a network and its cost on the chip have. */
#include "eval_int.h"

#include <math.h>
#include <string.h>

#define NET(name_, sign_, help_, expr_)                                                                                \
    static double value_##name_(const struct ohm_net *net, const struct ohm_cost *cost)                                \
    {                                                                                                                  \
        (void)cost;                                                                                                    \
        return (double)(expr_);                                                                                        \
    }
#define CHIP(name_, sign_, help_, expr_)                                                                               \
    static double value_##name_(const struct ohm_net *net, const struct ohm_cost *cost)                                \
    {                                                                                                                  \
        (void)net;                                                                                                     \
        return (double)(expr_);                                                                                        \
    }
/* name, natural direction, help, value */
#define NET_METRICS(X)                                                                                                 \
    X(params, -1, "trainable numbers: weights, biases, batch-norm scales and shifts", net->params)                     \
    X(weights, -1, "numbers that sit on crossbars", net->weights)                                                      \
    X(macs, -1, "multiply-accumulates of one inference", net->macs)                                                    \
    X(depth, -1, "conv and dense layers on the longest path", net->depth)                                              \
    X(mvm_layers, -1, "conv and dense layers in all", net->mvm_layers)
#define CHIP_METRICS(X)                                                                                                \
    X(cores, -1, "crossbar cores in use, copies included", cost->cores)                                                \
    X(chips, -1, "chips needed to hold the network", cost->chips)                                                      \
    X(util, 1, "share of the occupied crossbars' cells that hold a weight", cost->util)                                \
    X(latency_us, -1, "time of one inference", cost->latency_us)                                                       \
    X(interval_us, -1, "time between inferences", cost->interval_us)                                                   \
    X(energy_uJ, -1, "energy of one inference, static share included", cost->energy_uJ)                                \
    X(area_mm2, -1, "area of the cores in use", cost->area_mm2)                                                        \
    X(power_mW, -1, "energy of one inference over the interval", cost->power_mW)                                       \
    X(tops, 1, "tera-operations per second, 2 per multiply-accumulate", cost->tops)                                    \
    X(tops_per_W, 1, "tera-operations per joule", cost->tops_per_W)                                                    \
    X(mvm_steps, -1, "sequential matrix-vector products of one inference", cost->mvm_steps)

NET_METRICS(NET)
CHIP_METRICS(CHIP)

#define NET_ROW(name_, sign_, help_, expr_) { { #name_, "net", help_, true, sign_ }, false, value_##name_ },
#define CHIP_ROW(name_, sign_, help_, expr_) { { #name_, "chip", help_, true, sign_ }, true, value_##name_ },
static const struct fixed_metric table[] = { NET_METRICS(NET_ROW) CHIP_METRICS(CHIP_ROW) };

const struct fixed_metric *fixed_metrics(int *count)
{
    *count = (int)(sizeof table / sizeof table[0]);
    return table;
}

const struct ohm_metric *ohm_fixed_metric(int i)
{
    return i >= 0 && i < (int)(sizeof table / sizeof table[0]) ? &table[i].metric : NULL;
}

bool ohm_cost_metric(double *value, const struct ohm_cost *cost, const char *name)
{
    for (int i = 0; i < (int)(sizeof table / sizeof table[0]); i++)
        if (table[i].needs_chip && strcmp(table[i].metric.name, name) == 0) {
            *value = cost ? table[i].value(NULL, cost) : (double)NAN;
            return true;
        }
    return false;
}

int ohm_metric_sign(const char *name)
{
    for (int i = 0; ohm_fixed_metric(i); i++)
        if (strcmp(ohm_fixed_metric(i)->name, name) == 0)
            return ohm_fixed_metric(i)->sign;
    return strncmp(name, "acc", 3) == 0 || strncmp(name, "rank", 4) == 0 ? 1 : -1;
}
