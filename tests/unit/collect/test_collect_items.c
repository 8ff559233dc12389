/* Rows by genotype: the networks that somebody has chosen, and further seeds of networks that were drawn. */
#include "collect_fixture.h"

static void take(const struct set *s, struct ohm_collect_item *item, int network, int repeat)
{
    *item = (struct ohm_collect_item){.genotype = *ohm_collect_genotype(s->collect, network), .repeat = repeat};
    snprintf(item->base, sizeof item->base, "%d", network);
}

static void name_by_genotype(const struct set *s, struct ohm_collect_item *item)
{
    char name[OHM_ID_TEXT_SIZE];

    snprintf(item->base, sizeof item->base, "%s", ohm_id_text(ohm_genotype_id(s->space, &item->genotype), name));
}

static void run_items(struct set *s, const struct ohm_collect_item *item, int items)
{
    s->run.item = item;
    s->run.items = items;
    MUST(ohm_collect_run(s->collect, &s->run, &must_err));
    s->run.item = NULL;
}

static struct ohm_csv rows_of(const struct set *s)
{
    struct ohm_csv rows = {0};

    MUST(ohm_collect_rows(&rows, s->collect, s->path, &must_err));
    return rows;
}

static void same_but_id(const struct ohm_csv *a, const char *id, const struct ohm_csv *b, const char *other)
{
    const int i = log_find(a, id), k = log_find(b, other);

    assert_true(i >= 0 && k >= 0);
    for (int c = 1; c < a->columns; c++)
        if (!row_column_is_time(a->name[c]))
            assert_string_equal(log_cell(a, i, a->name[c]), log_cell(b, k, a->name[c]));
}

/* What a row holds is a matter of genotype and seed, whatever the network is called and whoever asked for it. */
static void a_row_by_genotype_is_the_row_of_the_draw(void **state)
{
    char *const few = changed(RECIPE, "networks: 7", "networks: 2");
    struct ohm_collect_item item[4];
    struct set drawn, chosen;
    struct ohm_csv a, b;
    char id[OHM_COLLECT_ID_SIZE];

    (void)state;
    set_up(&drawn, few);
    MUST(ohm_collect_run(drawn.collect, &drawn.run, &must_err));
    set_up(&chosen, few);
    take(&chosen, &item[0], 1, 0);
    take(&chosen, &item[1], 1, 1);
    take(&chosen, &item[2], 0, 0);
    item[3] = item[0];
    name_by_genotype(&chosen, &item[3]);
    run_items(&chosen, item, 4);
    a = rows_of(&drawn);
    b = rows_of(&chosen);
    assert_int_equal(b.rows, 4);
    ohm_collect_item_id(id, &item[1]);
    assert_string_equal(id, "1.1");
    same_but_id(&a, "0", &b, "0");
    same_but_id(&a, "1", &b, "1");
    same_but_id(&a, "1.1", &b, "1.1");
    ohm_collect_item_id(id, &item[3]);
    same_but_id(&a, "1", &b, id);
    ohm_csv_release(&a);
    ohm_csv_release(&b);
    tear_down(&drawn);
    tear_down(&chosen);
    ohm_free(few);
}

static void rows_by_genotype_come_out_again(void **state)
{
    char *const few = changed(RECIPE, "networks: 7", "networks: 2");
    struct ohm_collect_item item[3];
    struct ohm_error err = {0};
    struct ohm_str difference = {0};
    struct set s;
    bool same = false;

    (void)state;
    set_up(&s, few);
    take(&s, &item[0], 1, 0);
    name_by_genotype(&s, &item[0]);
    item[1] = item[0];
    item[1].repeat = 3;
    take(&s, &item[2], 0, 5); /* the recipe has two seeds */
    s.run.jobs = 2;
    run_items(&s, item, 3);
    for (int i = 0; i < 3; i++) {
        char id[OHM_COLLECT_ID_SIZE];

        ohm_collect_item_id(id, &item[i]);
        same = false;
        MUST(ohm_collect_repeat(s.collect, id, &same, &difference, &s.run, &must_err));
        assert_true(same && difference.length == 0);
    }
    assert_int_equal(ohm_collect_repeat(s.collect, "n:0", &same, &difference, &s.run, &err), OHM_ENOTFOUND);
    ohm_str_release(&difference);
    tear_down(&s);
    ohm_free(few);
}

/* An id that is not the genotype's, a repeat that is no number: rows that nobody here has written. */
static void a_row_with_a_foreign_id_does_not_come_out_again(void **state)
{
    static const char *const foreign[] = {"n:123456789abc", "1.x", "1.0", "1.-2", "ds-cnn"};
    char *const few = changed(RECIPE, "networks: 7\nrepeats: {networks: 2, seeds: 2}", "networks: 1");
    char *bytes = NULL;
    size_t length;
    struct set s;

    (void)state;
    set_up(&s, few);
    MUST(ohm_collect_run(s.collect, &s.run, &must_err));
    MUST(ohm_file_read(&bytes, &length, s.path, 1 << 20, &must_err));
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        const char *const at = strstr(bytes, "\n0,");
        struct ohm_str text = {0}, difference = {0};
        bool same;

        assert_non_null(at);
        ohm_str_append_n(&text, bytes, (size_t)(at - bytes));
        ohm_str_printf(&text, "\n%s%s", foreign[i], at + 2);
        MUST(ohm_file_write(s.path, ohm_str_text(&text), text.length, &must_err));
        assert_int_equal(ohm_collect_repeat(s.collect, foreign[i], &same, &difference, &s.run, NULL), OHM_ENOTFOUND);
        ohm_str_release(&text);
        ohm_str_release(&difference);
    }
    ohm_free(bytes);
    tear_down(&s);
    ohm_free(few);
}

/* A number beyond the pilots means what it means to a collection, so that the row is the same there and here. */
static void numbers_beyond_the_pilots_are_stopped_early_and_genotypes_are_not(void **state)
{
    char *const text =
        changed(RECIPE, "collect: test", "halving: {pilots: 3, epochs: [1], share: 0.99}\ncollect: test");
    struct ohm_collect_item item[9];
    struct set s, lacking;
    struct ohm_csv rows;
    struct ohm_error err = {0};
    int censored = 0;

    (void)state;
    set_up(&s, text);
    take(&s, &item[0], 5, 0); /* the pilots come first all the same */
    for (int i = 0; i < 7; i++)
        take(&s, &item[1 + i], i == 5 ? 6 : i == 6 ? 4 : i, 0);
    take(&s, &item[8], 5, 0);
    name_by_genotype(&s, &item[8]);
    run_items(&s, item, 9);
    rows = rows_of(&s);
    for (int i = 0; i < rows.rows; i++) {
        const char *const id = log_cell(&rows, i, "id");
        const bool stopped = strcmp(log_cell(&rows, i, "state"), "censored") == 0;

        censored += stopped;
        assert_false(stopped && (id[0] == 'n' || atoi(id) < 3));
        if (i < 4)
            assert_true(id[0] == 'n' || atoi(id) < 3);
    }
    assert_true(censored > 0);
    ohm_csv_release(&rows);
    set_up(&lacking, text);
    lacking.run.item = item;
    lacking.run.items = 1;
    assert_int_equal(ohm_collect_run(lacking.collect, &lacking.run, &err), OHM_ENOTFOUND);
    assert_non_null(strstr(err.text, "pilot"));
    tear_down(&s);
    tear_down(&lacking);
    ohm_free(text);
}

static void a_last_line_that_was_cut_off_is_not_read(void **state)
{
    char *const few = changed(RECIPE, "networks: 7\nrepeats: {networks: 2, seeds: 2}", "networks: 2");
    char *bytes = NULL;
    size_t length;
    struct set s;
    struct ohm_csv rows;

    (void)state;
    set_up(&s, few);
    MUST(ohm_collect_run(s.collect, &s.run, &must_err));
    MUST(ohm_file_read(&bytes, &length, s.path, 1 << 20, &must_err));
    MUST(ohm_file_write(s.path, bytes, length - 30, &must_err));
    rows = rows_of(&s);
    assert_int_equal(rows.rows, 1);
    ohm_csv_release(&rows);
    unlink(s.path);
    assert_int_equal(ohm_collect_rows(&rows, s.collect, s.path, NULL), OHM_ENOTFOUND);
    ohm_free(bytes);
    tear_down(&s);
    ohm_free(few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_by_genotype_is_the_row_of_the_draw),
        cmocka_unit_test(rows_by_genotype_come_out_again),
        cmocka_unit_test(a_row_with_a_foreign_id_does_not_come_out_again),
        cmocka_unit_test(numbers_beyond_the_pilots_are_stopped_early_and_genotypes_are_not),
        cmocka_unit_test(a_last_line_that_was_cut_off_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
