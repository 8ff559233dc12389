/* cmd_sample.c - draws networks of a space. */
#include "cli_int.h"

#include "ohm/decode.h"
#include "ohm/rng.h"

struct sample {
    int64_t count, seed;
    bool key;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_INT(sample, count, "count", 'n', "N", "10", 1, 10000000, "networks to draw"),
    OHM_OPT_INT(sample, seed, "seed", 0, "S", "1", 0, 9e15, "of the random draws", .env = "OHMNAS_SEED"),
    OHM_OPT_FLAG(sample, key, "key", 0, "also the key by which tables name the network"),
    OHM_OPT_FORMAT(sample),
    OHM_OPT_END,
};

static void out_network(struct ohm_out *o, const struct sample *opt, const struct ohm_space *space,
                        const struct ohm_genotype *g, const struct ohm_net *net, struct ohm_str *text)
{
    char id[OHM_ID_TEXT_SIZE];

    ohm_out_row(o);
    ohm_out_text(o, "net", ohm_id_text(ohm_genotype_id(space, g), id));
    if (opt->key) {
        ohm_str_clear(text);
        ohm_genotype_key(space, g, text);
        ohm_out_str(o, "key", text);
    }
    ohm_out_int(o, "params", net->params);
    ohm_out_int(o, "macs", net->macs);
    ohm_str_clear(text);
    ohm_genotype_print(space, g, text);
    ohm_out_str(o, "genotype", text);
    ohm_out_row_end(o);
}

static enum ohm_status draw(struct ohm_out *o, const struct sample *opt, const struct ohm_space *space,
                            struct ohm_error *err)
{
    const struct ohm_rng root = ohm_rng_seed((uint64_t)opt->seed);
    struct ohm_net_builder builder = {0};
    struct ohm_str text = {0};
    enum ohm_status st = OHM_OK;

    for (int64_t i = 0; i < opt->count && st == OHM_OK; i++) {
        struct ohm_rng rng = ohm_rng_child(&root, (uint64_t)i);
        struct ohm_genotype g = {{0}};
        const struct ohm_net *net = NULL;

        if ((st = ohm_genotype_sample(space, &g, &rng, err)) == OHM_OK &&
            (st = ohm_decode(space, &g, &builder, &net, err)) == OHM_OK)
            out_network(o, opt, space, &g, net, &text);
    }
    ohm_str_release(&text);
    ohm_net_release(&builder);
    return st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct sample *opt = object;
    struct ohm_space *space = NULL;
    struct ohm_out out;
    enum ohm_status st, end;

    if ((st = ohm_cli_space(cli, args->word[0], &space)) != OHM_OK)
        return st;
    ohm_out_begin(&out, &opt->format, "ohmnas.networks/1");
    ohm_out_text(&out, "space", ohm_space_name(space));
    ohm_out_list(&out, "networks");
    st = draw(&out, opt, space, err);
    ohm_out_list_end(&out);
    end = ohm_out_end(&out, st == OHM_OK ? err : NULL);
    ohm_space_free(space);
    return st == OHM_OK ? end : st;
}

static const char *const examples[] = {"ohmnas sample nb201 -n 5", "ohmnas sample resnet-kws -n 1000 --seed 7 --csv",
                                       NULL};

const struct ohm_command ohm_cmd_sample = {
    .name = "sample",
    .operands = "SPACE",
    .words_min = 1,
    .words_max = 1,
    .complete = "space",
    .summary = "draw random networks of a space",
    .examples = examples,
    .options = options,
    .size = sizeof(struct sample),
    .run = run,
};
