/* curve.c - the learning curve as a text, as checkpoints and files of weights keep it. */
#include "train_int.h"

#include <string.h>

static const char heading[] = "loss accuracy val_loss val_accuracy lr;";
enum { NUMBERS = 5 };

void ohm_curve_print(struct ohm_str *s, const struct ohm_train_result *r)
{
    ohm_str_append(s, heading);
    for (int i = 0; i < r->epochs; i++) {
        const struct ohm_train_epoch *e = &r->curve[i];
        const double number[NUMBERS] = {e->loss, e->accuracy, e->val_loss, e->val_accuracy, e->lr};

        for (int k = 0; k < NUMBERS; k++) {
            ohm_str_append_double(s, number[k]);
            ohm_str_append(s, k + 1 < NUMBERS ? " " : ";");
        }
    }
}

/* The number that *text begins with; *text goes past it and the character behind it. */
static bool next_number(const char **text, double *value)
{
    char number[40];
    const size_t n = strcspn(*text, " ;");

    if (n == 0 || n >= sizeof(number) || (*text)[n] == '\0')
        return false;
    memcpy(number, *text, n);
    number[n] = '\0';
    *text += n + 1;
    return ohm_parse_double(number, value);
}

bool ohm_curve_parse(struct ohm_train_result *r, const char *text, int64_t most)
{
    int epochs = 0;

    if (!text || strncmp(text, heading, sizeof(heading) - 1) != 0)
        return false;
    for (text += sizeof(heading) - 1; *text; epochs++) {
        double e[NUMBERS];

        if (epochs >= most)
            return false;
        for (int k = 0; k < NUMBERS; k++)
            if (!next_number(&text, &e[k]))
                return false;
        r->curve[epochs] = (struct ohm_train_epoch){e[0], e[1], e[2], e[3], e[4]};
    }
    r->epochs = epochs;
    return true;
}
