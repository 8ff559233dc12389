/* cmd_map.c - where the weights of a network lie on a chip, drawn. */
#include "chip_arg.h"

#include "ohm/file.h"

#include <stdio.h>
#include <string.h>

struct map {
    const char *chip, *output;
    struct ohm_words set;
    bool force;
    struct ohm_net_options net;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(map, chip, "chip", 0, "CHIP", "name or file of the chip", .fallback = "hermes64", .complete = "chip"),
    OHM_OPT_LIST(map, set, "set", 0, "KEY=VALUE", "how the chip is used, or a number of its file"),
    OHM_OPT_TEXT(map, output, "output", 'o', "FILE.svg", "draw it as SVG into this file", .complete = "file"),
    OHM_OPT_FLAG(map, force, "force", 0, "overwrite the file"),
    OHM_OPT_NET(map),
    OHM_OPT_FORMAT(map),
    OHM_OPT_END,
};

struct drawing {
    const struct ohm_net *net;
    struct ohm_placement *place; /* [n], by core */
    int64_t n, rows, cols;       /* of a core */
    int64_t cores;               /* in use */
    const char *chip, *name;
};

static const char *layer_name(const struct drawing *d, int32_t layer, char buffer[24])
{
    if (d->net->layer[layer].name)
        return d->net->layer[layer].name;
    snprintf(buffer, 24, "layer %d", (int)layer);
    return buffer;
}

/* The placements of one core: [*from, end). */
static int64_t end_of_core(const struct drawing *d, int64_t from)
{
    int64_t end = from;

    while (end < d->n && d->place[end].core == d->place[from].core)
        end++;
    return end;
}

/* ---- characters ---- */

enum { WIDE_MAX = 64, HIGH_MAX = 24, TEXT_CORES_MAX = 4096 };

/* Characters of a box: one core alone has room. */
struct box {
    int wide, high;
};

static struct box box_of(const struct drawing *d)
{
    return d->cores == 1 ? (struct box){WIDE_MAX, HIGH_MAX} : (struct box){12, 5};
}

/* Layers in turn; a core holds few of them, and the legend names each. */
static char letter(int32_t number)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    return letters[number % (int32_t)(sizeof letters - 1)];
}

/* First and one past the last of `parts` that [at, at + size) of `whole` takes: at least one. */
static void share(int64_t at, int64_t size, int64_t whole, int parts, int *first, int *end)
{
    *first = (int)(at * parts / whole);
    *end = (int)(((at + size) * parts + whole / 2) / whole);
    if (*end <= *first)
        *end = *first + 1;
    if (*end > parts)
        *end = parts;
}

struct canvas {
    char cell[HIGH_MAX][WIDE_MAX];
    int32_t core;
};

static void fill(struct canvas *c, struct box box, const struct drawing *d, const int32_t *number, int64_t from,
                 int64_t end)
{
    memset(c->cell, '.', sizeof(c->cell));
    c->core = d->place[from].core;
    for (int64_t i = from; i < end; i++) {
        const struct ohm_placement *const p = &d->place[i];
        int top, bottom, left, right;

        share(p->at_row, p->rows, d->rows, box.high, &top, &bottom);
        share(p->at_col, p->cols, d->cols, box.wide, &left, &right);
        for (int y = top; y < bottom; y++)
            memset(&c->cell[y][left], letter(number[p->layer]), (size_t)(right - left));
    }
}

enum { ACROSS_MAX = 16 };

static void put_band(struct ohm_str *s, struct box box, const struct canvas *band, int n)
{
    for (int i = 0; i < n; i++)
        ohm_str_printf(s, "%-*d ", box.wide, (int)band[i].core);
    ohm_str_append(s, "\n");
    for (int y = 0; y < box.high; y++) {
        for (int i = 0; i < n; i++) {
            ohm_str_append_n(s, band[i].cell[y], (size_t)box.wide);
            ohm_str_append(s, " ");
        }
        ohm_str_append(s, "\n");
    }
}

static void put_legend(struct ohm_str *s, const struct drawing *d, const int32_t *number)
{
    char buffer[24];

    ohm_str_append(s, "\n");
    for (int32_t i = 0; i < d->net->layers; i++)
        if (number[i] >= 0)
            ohm_str_printf(s, "%c  %s\n", letter(number[i]), layer_name(d, i, buffer));
}

/* As many cores side by side as the terminal is wide. */
static void draw_text(struct ohm_str *s, const struct drawing *d, const int32_t *number)
{
    const struct box box = box_of(d);
    const int width = ohm_terminal_width() > 0 ? ohm_terminal_width() : 8 * 13;
    const int fit = width / (box.wide + 1), across = fit < 1 ? 1 : fit > ACROSS_MAX ? ACROSS_MAX : fit;
    struct canvas band[ACROSS_MAX];
    int used = 0;

    ohm_str_printf(s, "%s on %s: %lld of %lld x %lld in use\n\n", d->name, d->chip, (long long)d->cores,
                   (long long)d->rows, (long long)d->cols);
    for (int64_t i = 0, end; i < d->n && d->place[i].core < TEXT_CORES_MAX; i = end) {
        end = end_of_core(d, i);
        fill(&band[used++], box, d, number, i, end);
        if (used == across || end == d->n) {
            put_band(s, box, band, used);
            used = 0;
        }
    }
    if (used)
        put_band(s, box, band, used);
    if (d->cores > TEXT_CORES_MAX)
        ohm_str_printf(s, "... and %lld more (all with -o or --csv)\n", (long long)(d->cores - TEXT_CORES_MAX));
    put_legend(s, d, number);
}

/* ---- SVG ---- */

enum { SIDE = 120, GAP = 14, SVG_ACROSS = 8 };

static void put_escaped(struct ohm_str *s, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            ohm_str_append(s, "&lt;");
            break;
        case '&':
            ohm_str_append(s, "&amp;");
            break;
        default:
            ohm_str_append_n(s, text, 1);
        }
}

/* Neighbouring layers differ: the golden angle walks round the circle of hues. */
static int hue(int32_t number)
{
    return (int)(number * INT64_C(137508) / 1000 % 360);
}

static void put_rect(struct ohm_str *s, const struct drawing *d, const struct ohm_placement *p, int32_t number,
                     double x0, double y0, double unit)
{
    const double x = x0 + p->at_col * unit, y = y0 + p->at_row * unit;
    const double w = p->cols * unit, h = p->rows * unit;
    char buffer[24];

    ohm_str_printf(s,
                   "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"hsl(%d,60%%,70%%)\" "
                   "stroke=\"#333\" stroke-width=\"0.4\"><title>",
                   x, y, w, h, hue(number));
    put_escaped(s, layer_name(d, p->layer, buffer));
    ohm_str_printf(s, ", copy %d: rows %lld to %lld, columns %lld to %lld</title></rect>\n", (int)p->copy,
                   (long long)p->row, (long long)(p->row + p->rows - 1), (long long)p->col,
                   (long long)(p->col + p->cols - 1));
    if (w < 40 || h < 10)
        return;
    ohm_str_printf(s, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"7\">", x + 2, y + 8);
    put_escaped(s, layer_name(d, p->layer, buffer));
    ohm_str_append(s, "</text>\n");
}

static void draw_svg(struct ohm_str *s, const struct drawing *d, const int32_t *number)
{
    const double unit = (double)SIDE / (double)(d->rows > d->cols ? d->rows : d->cols);
    const double wide = (double)d->cols * unit, high = (double)d->rows * unit;
    const int64_t across = d->cores < SVG_ACROSS ? d->cores : SVG_ACROSS;
    const int64_t down = across ? (d->cores + across - 1) / across : 0;

    ohm_str_printf(s,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                   "font-family=\"sans-serif\">\n<title>",
                   (double)across * (wide + GAP) + GAP, (double)down * (high + GAP) + 2 * GAP);
    put_escaped(s, d->name);
    ohm_str_append(s, " on ");
    put_escaped(s, d->chip);
    ohm_str_append(s, "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
    for (int64_t i = 0, end, at = 0; i < d->n; i = end, at++) {
        const double x = GAP + (double)(at % across) * (wide + GAP), y = GAP + (double)(at / across) * (high + GAP);

        end = end_of_core(d, i);
        ohm_str_printf(s,
                       "<text x=\"%.2f\" y=\"%.2f\" font-size=\"8\">%d</text>\n<rect x=\"%.2f\" y=\"%.2f\" "
                       "width=\"%.2f\" height=\"%.2f\" fill=\"#eee\" stroke=\"#333\"/>\n",
                       x, y - 3, (int)d->place[i].core, x, y, wide, high);
        for (int64_t k = i; k < end; k++)
            put_rect(s, d, &d->place[k], number[d->place[k].layer], x, y, unit);
    }
    ohm_str_append(s, "</svg>\n");
}

/* ---- rows ---- */

static enum ohm_status out_rows(const struct map *opt, const struct drawing *d, struct ohm_error *err)
{
    struct ohm_out out;
    char buffer[24];

    ohm_out_begin(&out, &opt->format, "ohmnas.map/1");
    ohm_out_text(&out, "net", d->name);
    ohm_out_text(&out, "chip", d->chip);
    ohm_out_int(&out, "cores", d->cores);
    ohm_out_list(&out, "placements");
    for (int64_t i = 0; i < d->n; i++) {
        const struct ohm_placement *const p = &d->place[i];

        ohm_out_row(&out);
        ohm_out_int(&out, "core", p->core);
        ohm_out_int(&out, "at_row", p->at_row);
        ohm_out_int(&out, "at_col", p->at_col);
        ohm_out_int(&out, "rows", p->rows);
        ohm_out_int(&out, "cols", p->cols);
        ohm_out_int(&out, "layer", p->layer);
        ohm_out_text(&out, "name", layer_name(d, p->layer, buffer));
        ohm_out_int(&out, "copy", p->copy);
        ohm_out_int(&out, "row", p->row);
        ohm_out_int(&out, "col", p->col);
        ohm_out_row_end(&out);
    }
    ohm_out_list_end(&out);
    return ohm_out_end(&out, err);
}

/* ---- the command ---- */

/* number[layers]: which of the layers on the chip it is, counted from 0, or -1. */
static enum ohm_status number_layers(const struct drawing *d, int32_t **number, struct ohm_error *err)
{
    int32_t next = 0;

    if (!(*number = ohm_alloc((size_t)d->net->layers, sizeof(**number))))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int32_t i = 0; i < d->net->layers; i++)
        (*number)[i] = -1;
    for (int64_t i = 0; i < d->n; i++)
        (*number)[d->place[i].layer] = 0;
    for (int32_t i = 0; i < d->net->layers; i++)
        if ((*number)[i] >= 0)
            (*number)[i] = next++;
    return OHM_OK;
}

static enum ohm_status draw(const struct map *opt, struct drawing *d, struct ohm_error *err)
{
    struct ohm_str s = {0};
    int32_t *number = NULL;
    enum ohm_status st;

    for (int64_t i = 0; i < d->n; i = end_of_core(d, i))
        d->cores++;
    if (!opt->output && (opt->format.json || opt->format.jsonl || opt->format.csv))
        return out_rows(opt, d, err);
    if ((st = number_layers(d, &number, err)) == OHM_OK) {
        if (opt->output)
            draw_svg(&s, d, number);
        else
            draw_text(&s, d, number);
        st = ohm_write(opt->output, &s, err);
    }
    ohm_free(number);
    ohm_str_release(&s);
    return st;
}

static enum ohm_status map_net(const struct map *opt, const struct ohm_chip_arg *arg, const struct ohm_named_net *n,
                               struct ohm_error *err)
{
    struct drawing d = {.net = n->net, .chip = arg->label, .name = n->name};
    enum ohm_status st = ohm_map_net(arg->chip, &arg->use, n->net, NULL, 0, &d.n, err);

    if (st != OHM_OK)
        return st;
    ohm_chip_tile(arg->chip, &d.rows, &d.cols);
    if (d.rows == 0)
        return ohm_fail(err, OHM_ECONFIG, "chip %s has no crossbars: weights have no place on it", arg->label);
    if (!(d.place = ohm_alloc((size_t)d.n + 1, sizeof(*d.place))))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = ohm_map_net(arg->chip, &arg->use, n->net, d.place, d.n, &d.n, err)) == OHM_OK)
        st = draw(opt, &d, err);
    ohm_free(d.place);
    return st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct map *opt = object;
    const bool to_file = opt->output && strcmp(opt->output, "-") != 0;
    struct ohm_named_net net = {0};
    struct ohm_chip_arg arg = {0};
    enum ohm_status st;

    if (to_file && !opt->force && ohm_file_exists(opt->output))
        return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, opt->output, 0, 0, "the file exists (--force overwrites it)");
    if ((st = ohm_net_arg(cli, &net, args->word[0], &opt->net, err)) == OHM_OK &&
        (st = ohm_chip_arg_load(cli, &arg, opt->chip, &opt->set, err)) == OHM_OK)
        st = map_net(opt, &arg, &net, err);
    ohm_chip_arg_release(&arg);
    ohm_net_arg_release(&net);
    return st;
}

static const char *const examples[] = {
    "ohmnas map searchspaces/reference/resnet9-hermes.yaml", "ohmnas map n:3fa9c1 --chip imc-cluster -o map.svg",
    "ohmnas map searchspaces/reference/analognet-vww.yaml --chip aon-cim --csv", NULL};

const struct ohm_command ohm_cmd_map = {
    .name = "map",
    .operands = "NET",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "draw where the weights of a network lie on a chip",
    .details = "One box a core, a letter a layer; as SVG with -o, each rectangle with its rows and columns of the "
               "layer's matrix. NET is named as for cost.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct map),
    .run = run,
};
