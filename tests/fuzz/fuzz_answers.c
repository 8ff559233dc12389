/* fuzz_answers.c (validate) - any bytes as answers of a validation: a table that written again reads the same and joins
 * with itself as two trainings or not at all, or an error with its file. */
#include "ohm/answers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_sums(const struct ohm_answers *a)
{
    for (int t = 0; t <= a->times; t++)
        for (int i = 0; i < a->items; i++) {
            const int32_t right = a->right[(size_t)t * (size_t)a->items + (size_t)i];

            require(right >= 0 && right <= (t ? a->draws * a->reads : 1));
            require(i == 0 || a->item[i].number > a->item[i - 1].number);
        }
}

static void check_again(const struct ohm_answers *a)
{
    struct ohm_str text = {0}, twice = {0};
    struct ohm_answers again;

    ohm_answers_write(&text, a);
    require(ohm_answers_parse(&again, ohm_str_text(&text), text.length, "again", NULL) == OHM_OK);
    ohm_answers_write(&twice, &again);
    require(strcmp(ohm_str_text(&text), ohm_str_text(&twice)) == 0);
    ohm_answers_release(&again);
    ohm_str_release(&twice);
    ohm_str_release(&text);
}

static void check_join(const struct ohm_answers *a)
{
    struct ohm_answers two[2] = {*a, *a};
    struct ohm_answers_side side;
    double *const share = malloc(2 * (size_t)a->items * sizeof *share);

    require(ohm_answers_join(&side, two, 2, NULL) == OHM_EDATA); /* one training counts once */
    two[1].weights = "others";
    two[1].seed = a->seed ? 0 : 1;
    if (share && ohm_answers_join(&side, two, 2, NULL) == OHM_OK) {
        require(side.seeds == 2 && side.items == a->items);
        ohm_answers_shares(&side, share, a->times - 1);
        for (int i = 0; i < a->items; i++)
            require(share[i] >= 0 && share[i] <= 1 && !(share[i] < share[a->items + i]));
        require(ohm_answers_match(&side, &side, NULL) == OHM_OK);
        ohm_answers_side_release(&side);
    }
    free(share);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_error err = {0};
    struct ohm_answers a;

    if (ohm_answers_parse(&a, (const char *)data, size, "input.csv", &err) == OHM_OK) {
        check_sums(&a);
        check_again(&a);
        check_join(&a);
    } else {
        require(err.text[0] != '\0' && strcmp(err.path, "input.csv") == 0 && a.item == NULL);
    }
    ohm_answers_release(&a);
    return 0;
}
