/* chip_arg.c - chips and their use from the command line. */
#include "chip_arg.h"

#include "ohm/chip_axes.h"

#include <string.h>

enum ohm_status ohm_cli_chip_use(struct ohm_chip_use *use, const struct ohm_words *set, struct ohm_error *err)
{
    ohm_fields_default(ohm_chip_use_fields, use);
    return ohm_opt_set_fields(ohm_chip_use_fields, use, set, err);
}

static enum ohm_status set_one(struct ohm_chip_arg *arg, const char *word, struct ohm_error *err)
{
    const char *equals = strchr(word, '=');
    char key[80];
    enum ohm_status st;

    if (!equals || (size_t)(equals - word) >= sizeof(key))
        return ohm_fail(err, OHM_ECONFIG, "'%.80s' is not key=value", word);
    memcpy(key, word, (size_t)(equals - word));
    key[equals - word] = '\0';
    if (strchr(key, '.'))
        return ohm_chip_set(arg->chip, key, equals + 1, err);
    st = ohm_chip_put_size(arg->chip, key, equals + 1, err);
    return st == OHM_ENOTFOUND ? ohm_field_set(ohm_chip_use_fields, &arg->use, key, equals + 1, err) : st;
}

static enum ohm_status set_all(struct ohm_chip_arg *arg, const struct ohm_words *set, int from, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = from; set && i < set->count && st == OHM_OK; i++)
        st = set_one(arg, set->item[i], err);
    return st;
}

enum ohm_status ohm_chip_arg_load(struct ohm_cli *cli, struct ohm_chip_arg *arg, const char *text,
                                  const struct ohm_words *set, struct ohm_error *err)
{
    struct ohm_words words = {0};
    enum ohm_status st;

    *arg = (struct ohm_chip_arg){.label = text};
    ohm_fields_default(ohm_chip_use_fields, &arg->use);
    if ((st = ohm_words_split(cli, text, ':', &words, err)) != OHM_OK)
        return st;
    if (words.count < 1)
        return ohm_fail(err, OHM_ECONFIG, "the name of the chip is missing");
    if ((st = ohm_cli_chip(cli, words.item[0], &arg->chip)) == OHM_OK &&
        (st = set_all(arg, &words, 1, err)) == OHM_OK && (st = set_all(arg, set, 0, err)) == OHM_OK)
        st = ohm_chip_check_use(arg->chip, &arg->use, err);
    return st;
}

void ohm_chip_arg_release(struct ohm_chip_arg *arg)
{
    ohm_chip_free(arg->chip);
    *arg = (struct ohm_chip_arg){0};
}

void ohm_chip_arg_print_use(struct ohm_str *s, const struct ohm_chip_arg *arg)
{
    const char *divider = "";

    for (const struct ohm_field *f = ohm_chip_use_fields; f->kind != OHM_FIELD_END; f++) {
        if (!ohm_chip_uses(arg->chip, f))
            continue;
        ohm_str_printf(s, "%s%s=", divider, f->key);
        ohm_field_print(s, f, &arg->use);
        divider = " ";
    }
}

void ohm_chip_arg_print_numbers(struct ohm_str *s, const struct ohm_chip_arg *arg)
{
    const char *divider = "";
    struct ohm_chip_number n;

    for (int i = 0; ohm_chip_number(arg->chip, i, &n); i++) {
        if (strcmp(n.mark, "set") != 0)
            continue;
        ohm_str_printf(s, "%s%s.%s=", divider, n.block, n.key);
        ohm_str_append_double(s, n.value);
        divider = " ";
    }
}
