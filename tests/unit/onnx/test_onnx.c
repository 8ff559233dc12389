/* ONNX files: every layer kind there and back to the same bits, folded batch norms, damaged files, what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "onnx_int.h"

#include "ohm/layer_list.h"
#include "ohm/train.h"

#define ALL_KINDS                                                                                                      \
    "network: all\ninput: [9, 10, 3]\nlayers:\n"                                                                       \
    "  - { kind: conv, name: a, out: 8, kernel: [3, 2], stride: [2, 1], pad: [0, 1, 2, 3] }\n"                         \
    "  - { kind: batch_norm, name: b }\n"                                                                              \
    "  - { kind: relu, name: c }\n"                                                                                    \
    "  - { kind: conv, name: d, out: 8, kernel: 3, depthwise: true, bias: true }\n"                                    \
    "  - { kind: shift, name: e, from: c }\n"                                                                          \
    "  - { kind: zero, name: f }\n"                                                                                    \
    "  - { kind: add, name: g, from: [c, d, e, f] }\n"                                                                 \
    "  - { kind: avg_pool, name: h, kernel: 3, stride: 1, pad: 1, count_include_pad: true }\n"                         \
    "  - { kind: avg_pool, name: i, kernel: 3, stride: 1, pad: 1, from: g }\n"                                         \
    "  - { kind: max_pool, name: j, kernel: 3, stride: 1, pad: 1, from: g }\n"                                         \
    "  - { kind: concat, name: k, from: [h, i, j, c] }\n"                                                              \
    "  - { kind: batch_norm, name: l }\n"                                                                              \
    "  - { kind: dense, name: m, out: 12 }\n"                                                                          \
    "  - { kind: batch_norm, name: n }\n"                                                                              \
    "  - { kind: relu, name: o }\n"                                                                                    \
    "  - { kind: global_avg_pool, name: p, from: k }\n"                                                                \
    "  - { kind: dense, name: q, out: 12, bias: false }\n"                                                             \
    "  - { kind: add, name: r, from: [o, q] }\n"                                                                       \
    "  - { kind: dense, name: s, out: 5 }\n"

struct made {
    struct ohm_net_builder b;
    const struct ohm_net *net;
    struct ohm_weights w;
    struct ohm_doc *doc;
};

/* A network with random numbers everywhere; variances are positive. */
static void make(struct made *m, const char *text, uint64_t seed)
{
    struct ohm_diag diag = {0};
    struct ohm_error err = {0};
    struct ohm_rng rng = ohm_rng_seed(seed);

    *m = (struct made){0};
    if (ohm_doc_parse(&m->doc, text, strlen(text), "made.yaml", &diag) != OHM_OK ||
        ohm_layer_list_read(&m->b, &m->net, NULL, m->doc, &diag) != OHM_OK)
        fail_msg("%s", diag.item[0].text);
    if (ohm_weights_init(&m->w, m->net, &err) != OHM_OK)
        fail_msg("%s", err.text);
    ohm_weights_draw(&m->w, &rng);
    for (int i = 0; i < m->w.params; i++) {
        const struct ohm_param *p = &m->w.param[i];

        for (size_t k = 0; k < p->count && p->role != OHM_WEIGHT; k++) {
            const double x = ohm_rng_normal(&rng);

            m->w.value[p->first + k] = (float)(p->role == OHM_VARIANCE || p->role == OHM_RANGE ? 0.2 + x * x
                                               : p->role == OHM_SCALE                          ? 1 + 0.3 * x
                                                                                               : 0.5 * x);
        }
    }
    ohm_diag_release(&diag);
}

static void release(struct made *m)
{
    ohm_weights_release(&m->w);
    ohm_net_release(&m->b);
    ohm_doc_free(m->doc);
}

static void write_it(struct ohm_str *bytes, const struct ohm_weights *w, bool fold)
{
    static const struct ohm_meta meta[] = {{"task", "none"}, {"seed", "7"}};
    const struct ohm_onnx_writing how = {"net", "1.2.3", fold, meta, 2};
    struct ohm_error err = {0};

    if (ohm_onnx_write(bytes, w, &how, &err) != OHM_OK)
        fail_msg("%s", err.text);
}

static void read_it(struct ohm_onnx_file *f, const struct ohm_str *bytes)
{
    struct ohm_error err = {0};

    if (ohm_onnx_parse(f, bytes->text, bytes->length, "made.onnx", &err) != OHM_OK)
        fail_msg("%s", err.text);
}

/* The largest difference of what two networks say to two random pictures, relative to the largest answer. */
static double apart(struct ohm_weights *a, struct ohm_weights *b)
{
    enum { N = 2 };
    const size_t in = (size_t)a->net->input.h * (size_t)a->net->input.w * (size_t)a->net->input.c;
    const size_t classes = (size_t)a->net->classes;
    float *x = ohm_alloc(N * in, sizeof(*x)), *y = ohm_alloc(2 * N * classes, sizeof(*y));
    struct ohm_rng rng = ohm_rng_seed(3);
    double most = 0, largest = 0;

    for (size_t i = 0; i < N * in; i++)
        x[i] = (float)ohm_rng_normal(&rng);
    assert_int_equal(a->net->classes, b->net->classes);
    assert_int_equal(ohm_net_infer(y, a, x, N, N, 1, NULL), OHM_OK);
    assert_int_equal(ohm_net_infer(y + N * classes, b, x, N, 1, 1, NULL), OHM_OK);
    for (size_t i = 0; i < N * classes; i++) {
        most = fmax(most, fabs((double)y[i] - (double)y[N * classes + i]));
        largest = fmax(largest, fabs((double)y[i]));
    }
    assert_true(largest > 0.01);
    ohm_free(x);
    ohm_free(y);
    return most / largest;
}

static void every_layer_kind_comes_back_to_the_same_bits(void **state)
{
    struct ohm_str bytes = {0}, text = {0};
    struct ohm_onnx_file f;
    struct ohm_error err = {0};
    struct made m, again;

    (void)state;
    make(&m, ALL_KINDS, 1);
    write_it(&bytes, &m.w, false);
    read_it(&f, &bytes);
    assert_true(ohm_net_hash(f.net) == ohm_net_hash(m.net));
    assert_int_equal(f.weights.count, m.w.count);
    assert_memory_equal(f.weights.value, m.w.value, m.w.count * sizeof(float));
    assert_true(apart(&f.weights, &m.w) == 0);
    assert_string_equal(f.name, "net");
    assert_string_equal(f.producer, "ohmnas 1.2.3");
    assert_string_equal(f.meta[0].key, "ohmnas.task");
    assert_string_equal(f.meta[1].value, "7");
    for (int i = 1; i < m.net->layers; i++)
        assert_string_equal(f.net->layer[i].name, m.net->layer[i].name);

    if (ohm_layer_list_write(&text, f.net, "all", "a test", &err) != OHM_OK)
        fail_msg("%s", err.text);
    make(&again, ohm_str_text(&text), 2);
    assert_true(ohm_net_hash(again.net) == ohm_net_hash(m.net));
    release(&again);
    ohm_str_release(&text);
    ohm_onnx_release(&f);
    ohm_str_release(&bytes);
    release(&m);
}

/* Pictures, flat rows of one pixel, and the two nodes that a log cosh is. */
#define ALL_CURVES                                                                                                     \
    "network: curves\ninput: [6, 5, 4]\nlayers:\n"                                                                     \
    "  - { kind: conv, name: a, out: 8, kernel: 3 }\n"                                                                 \
    "  - { kind: elu, name: b }\n"                                                                                     \
    "  - { kind: slice, name: c, first: 1, out: 3 }\n"                                                                 \
    "  - { kind: sigmoid, name: d }\n"                                                                                 \
    "  - { kind: slice, name: e, first: 5, out: 3, from: b }\n"                                                        \
    "  - { kind: tanh, name: f }\n"                                                                                    \
    "  - { kind: mul, name: g, from: [d, f] }\n"                                                                       \
    "  - { kind: channel_sum, name: h }\n"                                                                             \
    "  - { kind: channel_norm, name: i, from: b }\n"                                                                   \
    "  - { kind: concat, name: j, from: [g, h, i] }\n"                                                                 \
    "  - { kind: log_cosh, name: k }\n"                                                                                \
    "  - { kind: dense, name: l, out: 9 }\n"                                                                           \
    "  - { kind: log_cosh, name: m }\n"                                                                                \
    "  - { kind: slice, name: n, first: 2, out: 6 }\n"                                                                 \
    "  - { kind: mul, name: o, from: [n, n] }\n"                                                                       \
    "  - { kind: channel_norm, name: p }\n"                                                                            \
    "  - { kind: channel_sum, name: q, from: m }\n"                                                                    \
    "  - { kind: concat, name: r, from: [p, q, o] }\n"

static void curves_and_parts_of_channels_come_back_to_the_same_bits(void **state)
{
    struct ohm_str bytes = {0};
    struct ohm_onnx_file f;
    struct made m;

    (void)state;
    make(&m, ALL_CURVES, 6);
    write_it(&bytes, &m.w, false);
    read_it(&f, &bytes);
    assert_true(ohm_net_hash(f.net) == ohm_net_hash(m.net));
    assert_memory_equal(f.weights.value, m.w.value, m.w.count * sizeof(float));
    assert_true(apart(&f.weights, &m.w) == 0);
    for (int i = 1; i < m.net->layers; i++)
        assert_string_equal(f.net->layer[i].name, m.net->layer[i].name);
    ohm_onnx_release(&f);
    ohm_str_release(&bytes);
    release(&m);
}

static void slices_that_differ_only_in_where_they_begin_have_different_hashes(void **state)
{
    struct made a, b;

    (void)state;
    make(&a, "network: s\ninput: [1, 1, 4]\nlayers:\n  - { kind: slice, first: 1, out: 2 }\n", 1);
    make(&b, "network: s\ninput: [1, 1, 4]\nlayers:\n  - { kind: slice, first: 2, out: 2 }\n", 1);
    assert_true(ohm_net_hash(a.net) != ohm_net_hash(b.net));
    release(&a);
    release(&b);
}

static void folded_batch_norms_give_the_same_answers(void **state)
{
    struct ohm_str bytes = {0}, twice = {0};
    struct ohm_onnx_file f, g;
    struct made m;
    int norms = 0;

    (void)state;
    make(&m, ALL_KINDS, 5);
    write_it(&bytes, &m.w, true);
    read_it(&f, &bytes);
    for (int i = 0; i < f.net->layers; i++)
        norms += f.net->layer[i].kind == OHM_BATCH_NORM;
    assert_int_equal(norms, 1); /* the one behind the concat has nothing to go into */
    assert_int_equal(f.net->params, ohm_net_params_folded(m.net));
    assert_true(apart(&m.w, &f.weights) < 1e-5);
    write_it(&twice, &f.weights, true);
    read_it(&g, &twice);
    assert_true(ohm_net_hash(f.net) == ohm_net_hash(g.net));
    assert_memory_equal(f.weights.value, g.weights.value, f.weights.count * sizeof(float));
    ohm_onnx_release(&g);
    ohm_onnx_release(&f);
    ohm_str_release(&twice);
    ohm_str_release(&bytes);
    release(&m);
}

static void a_flatten_is_kept_in_order(void **state)
{
    static const char *const text[] = {
        "network: f\ninput: [4, 5, 3]\nlayers:\n  - { kind: conv, out: 4, kernel: 3 }\n  - { kind: flatten }\n"
        "  - { kind: batch_norm }\n  - { kind: relu }\n  - { kind: dense, out: 3 }\n",
        "network: f\ninput: [4, 5, 3]\nlayers:\n  - { kind: global_avg_pool }\n  - { kind: flatten, name: a }\n"
        "  - { kind: conv, out: 4 }\n  - { kind: concat, from: [a, input_too] }\n  - { kind: dense, out: 3 }\n",
    };
    struct ohm_str bytes = {0};
    struct ohm_onnx_file f;
    struct ohm_error err = {0};
    struct made m;
    char second[400];

    (void)state;
    make(&m, text[0], 8);
    write_it(&bytes, &m.w, false);
    /* A batch norm of single features of a picture is one that no layer kind of ours does behind a flatten. */
    assert_int_equal(ohm_onnx_parse(&f, bytes.text, bytes.length, "x.onnx", &err), OHM_EUNFIT);
    assert_non_null(strstr(err.text, "(BatchNormalization)"));
    ohm_str_clear(&bytes);
    release(&m);

    (void)snprintf(second, sizeof(second), "%s", text[1]);
    memcpy(strstr(second, "input_too"), "a        ", 9);
    make(&m, second, 9);
    write_it(&bytes, &m.w, false);
    read_it(&f, &bytes);
    assert_true(apart(&m.w, &f.weights) == 0);
    ohm_onnx_release(&f);
    ohm_str_release(&bytes);
    release(&m);
}

/* ---- damaged files ---- */

/* Any answer but a crash is right, and what is read must be whole. */
static void try_bytes(const char *bytes, size_t n)
{
    struct ohm_onnx_file f;
    struct ohm_error err = {0};

    if (ohm_onnx_parse(&f, bytes, n, "bad.onnx", &err) == OHM_OK) {
        for (size_t i = 0; i < f.weights.count; i++)
            assert_true(isfinite(f.weights.value[i]));
        ohm_onnx_release(&f);
        return;
    }
    assert_int_not_equal(err.status, OHM_OK);
    assert_string_equal(err.path, "bad.onnx");
    assert_true(strlen(err.text) > 10);
}

static void five_hundred_damaged_files_give_errors(void **state)
{
    struct ohm_str bytes = {0};
    struct ohm_rng rng = ohm_rng_seed(4);
    struct made m;
    char *bad;
    int refused = 0;

    (void)state;
    make(&m, ALL_KINDS, 1);
    write_it(&bytes, &m.w, false);
    bad = ohm_alloc(bytes.length, 1);
    for (int i = 0; i < 250; i++) {
        struct ohm_onnx_file f;
        const size_t cut = (size_t)ohm_rng_below(&rng, (uint32_t)bytes.length);

        try_bytes(bytes.text, cut);
        refused += ohm_onnx_parse(&f, bytes.text, cut, "bad.onnx", NULL) != OHM_OK;
    }
    assert_int_equal(refused, 250); /* cut short it is never whole */
    for (int i = 0; i < 500; i++) {
        memcpy(bad, bytes.text, bytes.length);
        for (int k = 0; k < 1 + i % 20; k++)
            bad[ohm_rng_below(&rng, (uint32_t)bytes.length)] = (char)ohm_rng_below(&rng, 256);
        try_bytes(bad, bytes.length);
    }
    ohm_free(bad);
    ohm_str_release(&bytes);
    release(&m);
}

static void nesting_is_limited(void **state)
{
    /* graph (7) > node (1) > attribute (5) > graph (6) > node ...: 3000 levels, lengths of 5 bytes */
    enum { LEVELS = 9000 };
    static const char tag[] = {0x0a, 0x2a, 0x32}; /* node, attribute, graph of the attribute */
    char *bytes = ohm_alloc(6, LEVELS);
    struct ohm_onnx_file f;
    struct ohm_error err = {0};

    (void)state;
    for (int i = 0; i < LEVELS; i++) {
        const uint32_t rest = (uint32_t)(6 * (LEVELS - i - 1));

        bytes[6 * i] = i == 0 ? 0x3a : tag[(i - 1) % 3];
        for (int k = 0; k < 5; k++)
            bytes[6 * i + 1 + k] = (char)((rest >> (7 * k) & 0x7f) | (k < 4 ? 0x80 : 0));
    }
    assert_int_equal(ohm_onnx_parse(&f, bytes, 6 * LEVELS, "deep.onnx", &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "too deep"));
    ohm_free(bytes);
}

static void memory_that_runs_out_is_an_error(void **state)
{
    struct ohm_str bytes = {0};
    struct ohm_onnx_file f;
    struct made m;
    enum ohm_status st = OHM_ENOMEM;
    long n = 1;

    (void)state;
    make(&m, "network: s\ninput: [4, 4, 2]\nlayers:\n  - { kind: conv, out: 2 }\n  - { kind: batch_norm }\n", 1);
    write_it(&bytes, &m.w, false);
    for (; st != OHM_OK && n < 2000; n++) {
        struct ohm_error err = {0};

        ohm_mem_fail_at(n);
        st = ohm_onnx_parse(&f, bytes.text, bytes.length, "x.onnx", &err);
        ohm_mem_fail_at(0);
        if (st != OHM_OK)
            assert_int_equal(err.status, OHM_ENOMEM);
    }
    assert_true(n > 10 && st == OHM_OK);
    ohm_onnx_release(&f);
    ohm_str_clear(&bytes);
    for (st = OHM_ENOMEM, n = 1; st != OHM_OK && n < 2000; n++) {
        const struct ohm_onnx_writing how = {.name = "net", .program_version = "1"};

        ohm_mem_fail_at(n);
        st = ohm_onnx_write(&bytes, &m.w, &how, NULL);
        ohm_mem_fail_at(0);
        if (st != OHM_OK) {
            assert_int_equal(st, OHM_ENOMEM);
            ohm_str_release(&bytes);
        }
    }
    assert_int_equal(st, OHM_OK);
    ohm_str_release(&bytes);
    release(&m);
}

/* ---- what is refused, by name ---- */

struct change {
    const char *op, *becomes; /* the first node of this operator becomes another */
    const char *attribute;    /* or its attribute of this name */
    int64_t value;            /* gets this number, or these for all its numbers */
    const char *says[2];
};

static void change_node(onnx_model *model, const struct change *c)
{
    onnx_node *node = NULL;

    for (size_t i = 0; i < model->graph->n_node && !node; i++)
        if (strcmp(model->graph->node[i]->op_type, c->op) == 0)
            node = model->graph->node[i];
    assert_non_null(node);
    if (c->becomes) {
        ohm_free(node->op_type);
        node->op_type = ohm_strdup(c->becomes);
    }
    for (size_t i = 0; i < node->n_attribute && c->attribute; i++)
        if (strcmp(node->attribute[i]->name, c->attribute) == 0) {
            node->attribute[i]->i = c->value;
            for (size_t k = 0; k < node->attribute[i]->n_ints; k++)
                node->attribute[i]->ints[k] = c->value;
            return;
        }
    assert_null(c->attribute);
}

static void what_no_layer_does_is_named_with_its_node(void **state)
{
    static const struct change change[] = {
        {"Relu", "Erf", NULL, 0, {"node 'c' (Erf)", "no layer kind"}},
        {"Relu", "Cosh", NULL, 0, {"node 'd' (Conv)", "only a Log takes in"}},
        {"Relu", "Log", NULL, 0, {"node 'c' (Log)", "only the Log of a Cosh"}},
        {"Relu", "LSTM", NULL, 0, {"node 'c' (LSTM)", "one step"}},
        {"Relu", "ReduceL2", NULL, 0, {"node 'c' (ReduceL2)", "only channels"}},
        {"Relu", "Split", NULL, 0, {"node 'c' (Split)", "only channels"}},
        {"Relu", "Softmax", NULL, 0, {"node 'c' (Softmax)", "logits"}},
        {"Relu", "Transpose", NULL, 0, {"node 'c' (Transpose)", "channels last"}},
        {"Conv", "ConvTranspose", NULL, 0, {"node 'a' (ConvTranspose)", "no layer kind"}},
        {"Conv", NULL, "group", 2, {"node 'a' (Conv)", "do not fit 3 input channels"}},
        {"Conv", NULL, "kernel_shape", 5, {"node 'a' (Conv)", "kernel_shape is 5 x 5"}},
        {"Conv", NULL, "pads", -1, {"node 'a' (Conv)", "pads"}},
        {"AveragePool", NULL, "kernel_shape", 40, {"node 'h' (AveragePool)", "does not fit"}},
        {"Gemm", NULL, "transB", 0, {"node 'm' (Gemm)", "do not fit"}},
        {"Concat", NULL, "axis", 2, {"node 'k' (Concat)", "axis 2"}},
        {"Add", "Div", NULL, 0, {"node 'r' (Div)", "no layer kind"}},
        {"Mul", "Add", NULL, 0, {"node 'f' (Add)", "constant"}},
        {"Pad", "Slice", NULL, 0, {"(Slice)", "shift"}},
    };
    struct ohm_str bytes = {0};
    struct made m;

    (void)state;
    make(&m, ALL_KINDS, 1);
    write_it(&bytes, &m.w, false);
    for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
        onnx_model *model = NULL;
        struct ohm_onnx_file f;
        struct ohm_error err = {0};
        uint8_t *changed;
        size_t n;
        enum ohm_status st;

        assert_int_equal(ohm_onnx_unpack(&model, bytes.text, bytes.length, "x", &err), OHM_OK);
        change_node(model, &change[i]);
        changed = ohm_alloc(ohm_onnx__model_proto__get_packed_size(model), 1);
        n = ohm_onnx__model_proto__pack(model, changed);
        st = ohm_onnx_parse(&f, (const char *)changed, n, "x.onnx", &err);
        if (st != OHM_EUNFIT && st != OHM_EDATA && st != OHM_ERANGE)
            fail_msg("change %zu is read (%d)", i, st);
        for (int k = 0; k < 2; k++)
            if (!strstr(err.text, change[i].says[k]))
                fail_msg("change %zu: '%s' lacks '%s'", i, err.text, change[i].says[k]);
        ohm_free(changed);
        ohm_onnx_free(model);
    }
    ohm_str_release(&bytes);
    release(&m);
}

static onnx_attribute *real_attribute(const char *name, float value)
{
    onnx_attribute *a = ohm_alloc(1, sizeof(*a));

    ohm_onnx__attribute_proto__init(a);
    a->name = ohm_strdup(name);
    a->has_f = 1;
    a->f = value;
    return a;
}

static onnx_attribute *int_attribute(const char *name, int64_t value)
{
    onnx_attribute *a = ohm_alloc(1, sizeof(*a));

    ohm_onnx__attribute_proto__init(a);
    a->name = ohm_strdup(name);
    a->has_i = 1;
    a->i = value;
    return a;
}

/* The first Slice becomes a Split that gives what both gave; nobody reads the second any more. Sizes are equal, or
 * those of `split`. */
static void join_slices(onnx_model *model, int64_t axis, const int64_t *split)
{
    onnx_graph *g = model->graph;
    onnx_node *first = NULL;
    size_t second = 0;

    for (size_t i = 0; i < g->n_node; i++)
        if (strcmp(g->node[i]->op_type, "Slice") == 0) {
            first = first ? first : g->node[i];
            second = i;
        }
    assert_non_null(first);
    ohm_free(first->op_type);
    first->op_type = ohm_strdup("Split");
    first->output = ohm_realloc(first->output, 2, sizeof(*first->output));
    first->output[1] = ohm_strdup(g->node[second]->output[0]);
    first->n_output = 2;
    for (; first->n_input > 1; first->n_input--)
        ohm_free(first->input[first->n_input - 1]);
    first->attribute = ohm_realloc(first->attribute, 2, sizeof(*first->attribute));
    first->attribute[first->n_attribute++] = int_attribute("axis", axis);
    if (split) {
        onnx_attribute *sizes = int_attribute("split", 0);

        sizes->has_i = 0;
        sizes->n_ints = 2;
        sizes->ints = ohm_alloc(2, sizeof(*sizes->ints));
        memcpy(sizes->ints, split, 2 * sizeof(*split));
        first->attribute[first->n_attribute++] = sizes;
    }
    ohm_free(g->node[second]->output[0]);
    g->node[second]->output[0] = ohm_strdup("nobody");
}

static void a_split_is_slices_of_all_channels(void **state)
{
    static const char text[] = "network: s\ninput: [1, 1, 3]\nlayers:\n  - { kind: dense, name: a, out: 6 }\n"
                               "  - { kind: slice, name: b, out: 3 }\n"
                               "  - { kind: slice, name: c, from: a, first: 3, out: 3 }\n"
                               "  - { kind: mul, name: d, from: [b, c] }\n";
    static const struct {
        int64_t axis, split[2];
        bool sizes;
        const char *says; /* NULL: it is read */
    } each[] = {
        {1, {0, 0}, false, NULL},         {-1, {3, 3}, true, NULL},          {0, {0, 0}, false, "only channels"},
        {1, {4, 1}, true, "all of them"}, {1, {-3, 9}, true, "all of them"}, {1, {2, 4}, true, "do not match"}};
    struct ohm_str bytes = {0};
    struct made m;

    (void)state;
    make(&m, text, 3);
    write_it(&bytes, &m.w, false);
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        onnx_model *model = NULL;
        struct ohm_onnx_file f;
        struct ohm_error err = {0};
        uint8_t *changed;
        size_t n;
        enum ohm_status st;

        assert_int_equal(ohm_onnx_unpack(&model, bytes.text, bytes.length, "x", &err), OHM_OK);
        join_slices(model, each[i].axis, each[i].sizes ? each[i].split : NULL);
        changed = ohm_alloc(ohm_onnx__model_proto__get_packed_size(model), 1);
        n = ohm_onnx__model_proto__pack(model, changed);
        st = ohm_onnx_parse(&f, (const char *)changed, n, "x.onnx", &err);
        if (each[i].says) {
            if (st == OHM_OK || !strstr(err.text, each[i].says))
                fail_msg("split %zu: '%s' lacks '%s'", i, err.text, each[i].says);
        } else {
            if (st != OHM_OK)
                fail_msg("split %zu: %s", i, err.text);
            assert_true(ohm_net_hash(f.net) == ohm_net_hash(m.net));
            assert_true(apart(&f.weights, &m.w) == 0);
            ohm_onnx_release(&f);
        }
        ohm_free(changed);
        ohm_onnx_free(model);
    }
    ohm_str_release(&bytes);
    release(&m);
}

static void a_clip_is_a_relu_or_refused_with_its_bounds(void **state)
{
    static const struct {
        float low, high;
        enum ohm_status st;
        const char *says;
    } clip[] = {{0, INFINITY, OHM_OK, ""}, {0, 6, OHM_EUNFIT, "node 'c' (Clip): clips to [0, 6]; only [0, inf]"}};
    struct ohm_str bytes = {0};
    struct made m;

    (void)state;
    make(&m, ALL_KINDS, 1);
    write_it(&bytes, &m.w, false);
    for (size_t i = 0; i < 2; i++) {
        onnx_model *model = NULL;
        onnx_node *node;
        struct ohm_onnx_file f;
        struct ohm_error err = {0};
        uint8_t *changed;

        assert_int_equal(ohm_onnx_unpack(&model, bytes.text, bytes.length, "x", &err), OHM_OK);
        node = model->graph->node[2];
        assert_string_equal(node->op_type, "Relu");
        memcpy(node->op_type, "Clip", 4);
        node->attribute = ohm_alloc(2, sizeof(*node->attribute));
        node->n_attribute = 2;
        node->attribute[0] = real_attribute("min", clip[i].low);
        node->attribute[1] = real_attribute("max", clip[i].high);
        changed = ohm_alloc(ohm_onnx__model_proto__get_packed_size(model), 1);
        assert_int_equal(
            ohm_onnx_parse(&f, (const char *)changed, ohm_onnx__model_proto__pack(model, changed), "x.onnx", &err),
            clip[i].st);
        if (clip[i].st == OHM_OK) {
            assert_true(ohm_net_hash(f.net) == ohm_net_hash(m.net));
            ohm_onnx_release(&f);
        }
        assert_non_null(strstr(err.text, clip[i].says));
        ohm_free(changed);
        ohm_onnx_free(model);
    }
    ohm_str_release(&bytes);
    release(&m);
}

/* others-NAME.onnx are written by python3-onnx: padding by name, Pad, MatMul and Add, old opsets, lists of floats.
 * ours-NAME.onnx is what import and export made of it. */
static void files_of_others_are_read_as_what_they_are(void **state)
{
    static const struct {
        const char *name;
        int layers, classes;
    } file[] = {{"same", 8, 5}, {"old", 6, 3}, {"turned", 3, 4}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct ohm_onnx_file others, ours;
        struct ohm_error err = {0};
        char path[100];

        (void)snprintf(path, sizeof(path), "tests/fuzz/corpus/onnx/others-%s.onnx", file[i].name);
        if (ohm_onnx_read(&others, path, &err) != OHM_OK)
            fail_msg("%s: %s", path, err.text);
        (void)snprintf(path, sizeof(path), "tests/fuzz/corpus/onnx/ours-%s.onnx", file[i].name);
        if (ohm_onnx_read(&ours, path, &err) != OHM_OK)
            fail_msg("%s: %s", path, err.text);
        assert_int_equal(others.net->layers, file[i].layers);
        assert_int_equal(others.net->classes, file[i].classes);
        assert_true(ohm_net_hash(others.net) == ohm_net_hash(ours.net));
        assert_memory_equal(others.weights.value, ours.weights.value, ours.weights.count * sizeof(float));
        assert_true(apart(&others.weights, &ours.weights) == 0);
        ohm_onnx_release(&others);
        ohm_onnx_release(&ours);
    }
}

static void files_of_another_kind_are_told_apart(void **state)
{
    static const char *const text[] = {"", "network: x\n", "{\"a\": 1}", "\x08\x07", "\x3a\x00", "\x89PNG\r\n\x1a\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        struct ohm_onnx_file f;
        struct ohm_error err = {0};

        assert_int_equal(ohm_onnx_parse(&f, text[i], strlen(text[i]), "x", &err), OHM_EDATA);
        assert_non_null(strstr(err.text, "no ONNX file"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_kind_comes_back_to_the_same_bits),
        cmocka_unit_test(curves_and_parts_of_channels_come_back_to_the_same_bits),
        cmocka_unit_test(slices_that_differ_only_in_where_they_begin_have_different_hashes),
        cmocka_unit_test(folded_batch_norms_give_the_same_answers),
        cmocka_unit_test(a_flatten_is_kept_in_order),
        cmocka_unit_test(five_hundred_damaged_files_give_errors),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
        cmocka_unit_test(what_no_layer_does_is_named_with_its_node),
        cmocka_unit_test(a_split_is_slices_of_all_channels),
        cmocka_unit_test(a_clip_is_a_relu_or_refused_with_its_bounds),
        cmocka_unit_test(files_of_others_are_read_as_what_they_are),
        cmocka_unit_test(files_of_another_kind_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
