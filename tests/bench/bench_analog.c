/* bench_analog.c - layers and networks on analog tiles: what a tile costs beside the multiply-add peak of the same run,
 * and how many pictures a validation judges.
 *
 *   bench_analog [layers|network [JOBS]] [--net FILE] [--set KEY=VALUE]...
 *
 * Layers run on one thread, with 8-bit converters on tiles of 256 x 256; their inputs are those behind a ReLU. The bars
 * are 60 % of the peak with output noise and 85 % without on 3 x 3 layers of 32 and 64 channels. The network
 * (searchspaces/reference/resnet20.yaml) has random weights on programmed PCM devices and runs on JOBS threads (2) as
 * `ohmnas validate` does. Its bars are 15 times the fastest CPU tile of aihwkit and 40 times its preset with voltage
 * drop and read noise, and a voltage drop for at most 2.5 times the price of none; settings given with --set run alone.
 * Each figure is the best of many repeats; the exit status is 1 when one misses its bar. */
#include "peak.h"

#include "ohm/doc.h"
#include "ohm/layer_list.h"
#include "ohm/mem.h"
#include "ohm/validate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pictures per second of ResNet-20, aihwkit 1.1.0 as we measured it on another machine, two virtual cores of an EPYC
 * (Zen 4): fastest C++ tile; PCMPreset with ir_drop and output-referred read noise. */
static const double aihwkit_plain = 116, aihwkit_preset = 13.7;

static void die(const struct ohm_error *err)
{
    fprintf(stderr, "bench_analog: %s\n", err->text[0] ? err->text : "out of memory");
    exit(1);
}

static struct ohm_tile_config config_of(const char *settings)
{
    struct ohm_tile_config c;
    char text[256], *rest = text, *word;

    ohm_fields_default(ohm_tile_fields, &c);
    snprintf(text, sizeof text, "%s", settings);
    while ((word = strsep(&rest, " "))) {
        char *const equals = strchr(word, '=');
        struct ohm_error err = {0};

        if (!equals)
            continue;
        *equals = '\0';
        if (ohm_field_set(ohm_tile_fields, &c, word, equals + 1, &err) != OHM_OK)
            die(&err);
    }
    return c;
}

/* ---- layers ---- */

static const double PASS_S = 0.05;

/* A batch, so that images come from where they lie in a network; some are run at a time, so that a busy machine leaves
 * some of these times alone. */
enum { IMAGES = 64, AT_ONCE = 4, GROUPS_MAX = 64 };

struct layer {
    struct ohm_conv2d d;
    struct ohm_buffer x, y, w, scratch;
};

static void fill(struct ohm_buffer *b, size_t n, bool relu)
{
    struct ohm_error err = {0};
    struct ohm_rng rng = ohm_rng_seed(n);

    if (ohm_buffer_init(b, n, &err) != OHM_OK)
        die(&err);
    for (size_t i = 0; i < n; i++) {
        const float v = (float)ohm_rng_normal(&rng) * 0.3F;

        b->data[i] = relu && v < 0 ? 0 : v;
    }
}

static double speed_of(struct layer *l, const char *settings)
{
    const struct ohm_conv2d *const d = &l->d;
    const struct ohm_exec alone = {.jobs = 1, .isa = OHM_ISA_BEST};
    const struct ohm_tile_config config = config_of(settings);
    const struct ohm_tiles_spec spec = {.w = l->w.data,
                                        .outputs = d->c_out / d->groups,
                                        .inputs = d->k_h * d->k_w * d->c_in / d->groups,
                                        .input_range = 1};
    struct ohm_mvm mvm = {.stream = ohm_rng_seed(1)};
    const double flops = 2.0 * (double)l->y.n * spec.inputs * AT_ONCE / d->n;
    struct ohm_tiles *group[GROUPS_MAX] = {0};
    struct ohm_error err = {0};
    double best = 0;

    for (int g = 0; g < d->groups; g++)
        if (ohm_tiles_create(&group[g], &config, &spec, &err) != OHM_OK)
            die(&err);
    if (ohm_buffer_init(&l->scratch, ohm_tiles_conv_scratch(group, d, 1), &err) != OHM_OK)
        die(&err);
    mvm.scratch = l->scratch.data;
    mvm.n = AT_ONCE;
    for (double end = ohm_now_s() + PASS_S; ohm_now_s() < end; mvm.first = (mvm.first + AT_ONCE) % (size_t)d->n) {
        const double start = ohm_now_s();

        mvm.x = l->x.data + l->x.n / (size_t)d->n * mvm.first;
        ohm_tiles_conv(group, l->y.data + l->y.n / (size_t)d->n * mvm.first, &mvm, d, alone);
        best = fmax(best, flops / (ohm_now_s() - start) / 1e9);
    }
    ohm_buffer_release(&l->scratch);
    for (int g = 0; g < d->groups; g++)
        ohm_tiles_free(group[g]);
    return best;
}

static const struct {
    const char *name, *settings;
    double bar; /* share of the peak */
} costs[] = {
    {"no noise", "out_noise=0", 0.85},
    {"noise", "", 0.6},
    {"ir drop", "ir_drop=1", 0},
    {"ir, pcm_read", "ir_drop=1 weight_noise=pcm_read", 0},
    {"four_phase", "read_mode=four_phase", 0},
};
enum { COSTS = sizeof costs / sizeof costs[0] };

enum { SHAPES = 3, JUDGED = 2, ROUNDS = 8 };

static const int shapes[SHAPES][2] = {{32, 16}, {64, 8}, {16, 32}}; /* channels, size; the first two are judged */

struct measured {
    double peak, speed[SHAPES][COSTS]; /* GF/s */
};

/* Peak and layers in turn, so that what else the machine does meets both. */
static struct measured best_of_rounds(void)
{
    struct measured best = {0};
    struct layer l[SHAPES];

    for (int i = 0; i < SHAPES; i++) {
        const int c = shapes[i][0], size = shapes[i][1];

        l[i] = (struct layer){.d = {IMAGES, size, size, c, c, 3, 3, 1, 1, 1, 1, 1, 1, 1}};
        fill(&l[i].x, (size_t)IMAGES * (size_t)(size * size * c), true);
        fill(&l[i].y, l[i].x.n, false);
        fill(&l[i].w, (size_t)(9 * c * c), false);
    }
    for (int round = 0; round < ROUNDS; round++) {
        best.peak = fmax(best.peak, peak_of(ohm_isa_best()));
        for (int i = 0; i < SHAPES; i++)
            for (int k = 0; k < COSTS; k++)
                best.speed[i][k] = fmax(best.speed[i][k], speed_of(&l[i], costs[k].settings));
    }
    for (int i = 0; i < SHAPES; i++) {
        ohm_buffer_release(&l[i].x);
        ohm_buffer_release(&l[i].y);
        ohm_buffer_release(&l[i].w);
    }
    return best;
}

static bool layers(void)
{
    const struct measured best = best_of_rounds();
    bool good = true;

    printf("%s, 1 thread: peak %.1f GF/s\n  %-20s", ohm_isa_name(ohm_isa_best()), best.peak, "");
    for (int k = 0; k < COSTS; k++)
        printf(" %20s", costs[k].name);
    for (int i = 0; i < SHAPES; i++) {
        printf("\n  %2d -> %2d %2d x %2d k 3", shapes[i][0], shapes[i][0], shapes[i][1], shapes[i][1]);
        for (int k = 0; k < COSTS; k++) {
            const double gf = best.speed[i][k], ratio = gf / best.peak;
            const bool missed = i < JUDGED && ratio < costs[k].bar;

            good = good && !missed;
            printf("  %7.1f GF/s %4.1f %%%c", gf, 100 * ratio, missed ? '!' : ' ');
        }
    }
    printf("\n");
    return good;
}

/* Nanoseconds for a sum, of the quickest pass, and how many times those of the first row they are. */
static void tell_sum(const char *name, const struct ohm_conv2d *d, const char *settings, double *first)
{
    struct layer l = {.d = *d};
    const double taps = (double)(d->k_h * d->k_w * d->c_in / d->groups);
    double ns;

    fill(&l.x, (size_t)IMAGES * (size_t)(d->h * d->w * d->c_in), true);
    fill(&l.y, (size_t)IMAGES * (size_t)(ohm_conv2d_out_h(d) * ohm_conv2d_out_w(d) * d->c_out), false);
    fill(&l.w, (size_t)taps * (size_t)d->c_out, false);
    ns = 2 * taps / speed_of(&l, settings);
    *first = *first > 0 ? *first : ns;
    printf("  %-24s %-52s %6.2f ns %5.2f\n", name, settings, ns, ns / *first);
    ohm_buffer_release(&l.x);
    ohm_buffer_release(&l.y);
    ohm_buffer_release(&l.w);
}

/* What a sum costs: of a dense layer, of one in which no channel meets another, behind the units of the chip. */
static void sums(void)
{
    static const struct ohm_conv2d dense = {IMAGES, 16, 16, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1};
    static const char *const ways[] = {"", "read_mode=four_phase", "ir_drop=1 weight_noise=pcm_read"};
    static const char *const units[] = {"", "adc_gain_sd=0.07", "adc_gain_sd=0.07 periphery=fp16",
                                        "adc_gain_sd=0.07 periphery=nmpu"};
    struct ohm_conv2d depthwise = dense, pointwise = dense;
    char settings[128];
    double first;

    depthwise.groups = 64;
    pointwise.k_h = pointwise.k_w = 1;
    pointwise.pad_top = pointwise.pad_left = pointwise.pad_bottom = pointwise.pad_right = 0;
    printf("a sum, 64 -> 64 16 x 16, 1 thread\n");
    for (int i = 0; i < 3; i++) {
        first = 0;
        tell_sum("k 3", &dense, ways[i], &first);
        tell_sum("k 1", &pointwise, ways[i], &first);
        tell_sum("k 3 depthwise", &depthwise, ways[i], &first);
    }
    for (int i = 0; i < 8; i++) {
        first = i % 4 == 0 ? 0 : first;
        snprintf(settings, sizeof settings, "%s%s", i < 4 ? "" : "read_mode=four_phase ", units[i % 4]);
        tell_sum("k 3", &dense, settings, &first);
    }
}

/* ---- a network ---- */

enum { BATCH = 100, COUNT = 400, READS = 4, CALLS = COUNT / BATCH * (READS + 1) };

struct judged {
    struct ohm_buffer x;
    size_t numbers;
    int classes, calls;
    double at[CALLS + 1]; /* when pictures were asked for: digital, then for each read */
};

static enum ohm_status pictures(void *context, float *x, int32_t *label, int part, const int *sample, int n,
                                const struct ohm_rng *augment, int jobs, struct ohm_error *err)
{
    struct judged *const j = context;

    (void)augment;
    (void)jobs;
    (void)err;
    for (int i = 0; i < n; i++) {
        memcpy(x + (size_t)i * j->numbers, j->x.data + (size_t)(sample[i] % BATCH) * j->numbers,
               j->numbers * sizeof *x);
        label[i] = sample[i] % j->classes;
    }
    if (part == 1 && j->calls < CALLS)
        j->at[j->calls++] = ohm_now_s();
    return OHM_OK;
}

/* Pictures per second, the quickest batch; of those whose end is the begin of another in the same read. */
static double quickest(const struct judged *j, int first, int end)
{
    double best = INFINITY;

    for (int i = first; i < end; i++)
        if ((i + 1) % (COUNT / BATCH) != 0)
            best = fmin(best, j->at[i + 1] - j->at[i]);
    return BATCH / best;
}

struct speeds {
    double digital, analog;
};

static struct speeds judge(const struct ohm_net *net, const struct ohm_device *device, const char *settings, int jobs)
{
    static const double now[] = {0};
    const struct ohm_shape in = net->layer[0].out;
    const struct ohm_tile_config config = config_of(settings);
    struct judged j = {.numbers = (size_t)in.h * (size_t)in.w * (size_t)in.c, .classes = net->classes};
    const struct ohm_samples samples = {.context = &j, .count = {COUNT, COUNT}, .fill = pictures};
    struct ohm_weights w = {0};
    const struct ohm_validate_spec spec = {.w = &w,
                                           .samples = &samples,
                                           .device = device,
                                           .tile = &config,
                                           .t_s = now,
                                           .times = 1,
                                           .draws = 1,
                                           .reads = READS,
                                           .calibrate = BATCH,
                                           .seed = 1,
                                           .batch = BATCH,
                                           .jobs = jobs};
    struct ohm_validate_result result = {0};
    struct ohm_error err = {0};

    fill(&j.x, BATCH * j.numbers, false);
    if (ohm_weights_init(&w, net, &err) != OHM_OK || ohm_validate(&result, &spec, &err) != OHM_OK)
        die(&err);
    ohm_validate_result_release(&result);
    ohm_weights_release(&w);
    ohm_buffer_release(&j.x);
    return (struct speeds){quickest(&j, 0, COUNT / BATCH), quickest(&j, COUNT / BATCH, CALLS)};
}

static double tell(const struct ohm_net *net, const struct ohm_device *device, const char *settings, int jobs,
                   double bar)
{
    const struct speeds s = judge(net, device, settings, jobs);

    printf("  %-48s %6.0f pictures/s", settings[0] ? settings : "(defaults)", s.analog);
    if (bar > 0)
        printf("  bar %5.0f%s", bar, s.analog < bar ? " missed" : "");
    printf("  digital %6.0f\n", s.digital);
    return s.analog;
}

static bool network(const struct ohm_net *net, const struct ohm_device *device, const char *settings, int jobs)
{
    double plain, drop, all;

    printf("network, %d threads\n", jobs);
    if (settings[0])
        return tell(net, device, settings, jobs, 0) > 0;
    plain = tell(net, device, "", jobs, 15 * aihwkit_plain);
    drop = tell(net, device, "ir_drop=1", jobs, 0);
    all = tell(net, device, "ir_drop=1 weight_noise=pcm_read", jobs, 40 * aihwkit_preset);
    (void)tell(net, device, "read_mode=four_phase", jobs, 0);
    printf("  a voltage drop is %.2f times the price of none, bar 2.5%s\n", plain / drop,
           plain / drop > 2.5 ? " missed" : "");
    return plain >= 15 * aihwkit_plain && all >= 40 * aihwkit_preset && plain / drop <= 2.5;
}

static const struct ohm_net *load(struct ohm_net_builder *b, struct ohm_doc **doc, const char *path)
{
    struct ohm_diag diag = {0};
    const struct ohm_net *net = NULL;
    const char *name;

    if (ohm_doc_load(doc, path, &diag) != OHM_OK || ohm_layer_list_read(b, &net, &name, *doc, &diag) != OHM_OK) {
        fprintf(stderr, "bench_analog: %s is no network\n", path);
        exit(1);
    }
    return net;
}

int main(int argc, char **argv)
{
    const char *net = "searchspaces/reference/resnet20.yaml", *what = "";
    struct ohm_net_builder builder = {0};
    struct ohm_device *device = NULL;
    struct ohm_doc *doc = NULL;
    char settings[256] = "";
    bool good = true;
    int jobs = 2;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--net") == 0 && i + 1 < argc)
            net = argv[++i];
        else if (strcmp(argv[i], "--set") == 0 && i + 1 < argc)
            snprintf(settings + strlen(settings), sizeof settings - strlen(settings), "%s ", argv[++i]);
        else if (strcmp(argv[i], "layers") == 0 || strcmp(argv[i], "network") == 0)
            what = argv[i];
        else if (atoi(argv[i]) > 0)
            jobs = atoi(argv[i]);
        else {
            fprintf(stderr, "usage: bench_analog [layers|network [JOBS]] [--net FILE] [--set KEY=VALUE]...\n");
            return 2;
        }
    }
    if (strcmp(what, "network") != 0) {
        good = layers();
        sums();
    }
    if (strcmp(what, "layers") != 0) {
        if (ohm_device_load(&device, "searchspaces/devices/pcm.yaml", NULL) != OHM_OK)
            die(&(struct ohm_error){.text = "searchspaces/devices/pcm.yaml is no device"});
        good = network(load(&builder, &doc, net), device, settings, jobs) && good;
    }
    ohm_device_free(device);
    ohm_net_release(&builder);
    ohm_doc_free(doc);
    return good ? 0 : 1;
}
