/* Files of answers: what is written is read again, what is damaged or foreign is told with its line, and trainings are
 * joined by item. */
#include "validate_fixture.h"

#include "ohm/answers.h"

#include <stdio.h>

#define PCM "searchspaces/devices/pcm.yaml"

/* ---- made by hand ---- */

enum { MOST = 8 };

struct made {
    struct ohm_answers a;
    struct ohm_answers_item item[MOST];
    int32_t right[3 * MOST];
    double t_s[2];
    const char *time[2];
    char weights[20], path[20];
    struct ohm_str text;
};

/* Items first, first + step, ...: their ids, classes and speakers follow from the number, the answers from the seed. */
static void make(struct made *m, int seed, int first, int step, int items)
{
    *m = (struct made){.time = {"0", "1d"}, .t_s = {0, 86400}};
    snprintf(m->weights, sizeof m->weights, "weights%d", seed);
    snprintf(m->path, sizeof m->path, "s%d.csv", seed);
    for (int i = 0; i < items; i++) {
        const int n = first + i * step;

        m->item[i] =
            (struct ohm_answers_item){.number = n, .label = n % 3, .id = 1000 + (uint32_t)n, .group = (uint32_t)n / 2};
        m->right[i] = n % 2;
        m->right[items + i] = (n + seed) % 5;
        m->right[2 * items + i] = n % 5;
    }
    m->a = (struct ohm_answers){.path = m->path,
                                .program = "test",
                                .network = "net",
                                .network_hash = "abc",
                                .weights = m->weights,
                                .task = "kws",
                                .samples = "123",
                                .split = "test",
                                .chip = "",
                                .device = "pcm",
                                .settings = "{\"a\":\"b: c\"}",
                                .seed = seed,
                                .draws = 2,
                                .reads = 2,
                                .grouped = true,
                                .items = items,
                                .times = 2,
                                .time = m->time,
                                .t_s = m->t_s,
                                .item = m->item,
                                .right = m->right};
}

static void write_made(struct made *m)
{
    ohm_str_clear(&m->text);
    ohm_answers_write(&m->text, &m->a);
    assert_false(m->text.failed);
}

static void what_is_written_is_read_again(void **state)
{
    struct made m;
    struct ohm_answers read;
    struct ohm_str again = {0};

    (void)state;
    for (int grouped = 0; grouped < 2; grouped++) {
        make(&m, 7, 3, 2, 5);
        m.a.grouped = grouped;
        write_made(&m);
        MUST(ohm_answers_parse(&read, ohm_str_text(&m.text), m.text.length, "a.csv", &must_err));
        assert_string_equal(read.path, "a.csv");
        assert_string_equal(read.settings, m.a.settings);
        assert_string_equal(read.chip, "");
        assert_true(read.seed == 7 && read.draws == 2 && read.reads == 2 && read.folds == 0 && read.items == 5);
        assert_true(read.grouped == grouped && read.times == 2 && read.t_s[1] == 86400);
        assert_true(read.item[4].number == 11 && read.item[4].label == 2 && read.item[4].id == 1011);
        assert_int_equal(read.item[4].group, grouped ? 5 : 0);
        assert_memory_equal(read.right, m.right, 15 * sizeof *m.right);
        assert_int_equal(ohm_answers_time(&read, 86400), 1);
        assert_int_equal(ohm_answers_time(&read, 60), -1);
        ohm_answers_write(&again, &read);
        assert_string_equal(ohm_str_text(&again), ohm_str_text(&m.text));
        ohm_answers_release(&read);
        ohm_str_release(&again);
        ohm_str_release(&m.text);
    }
}

/* Puts `to` in the place of `from`, reads, and wants that error at that line. */
static void expect_damage(const char *from, const char *to, int line, const char *want)
{
    struct made m;
    struct ohm_answers read;
    struct ohm_error err = {0};
    struct ohm_str text = {0};
    const char *at;

    make(&m, 7, 3, 2, 5);
    write_made(&m);
    at = strstr(ohm_str_text(&m.text), from);
    assert_non_null(at);
    ohm_str_append_n(&text, m.text.text, (size_t)(at - m.text.text));
    ohm_str_append(&text, to);
    ohm_str_append(&text, at + strlen(from));
    if (ohm_answers_parse(&read, ohm_str_text(&text), text.length, "a.csv", &err) != OHM_EDATA)
        fail_msg("'%s' for '%s' is taken", to, from);
    if (!strstr(err.text, want) || err.line != line || strcmp(err.path, "a.csv") != 0)
        fail_msg("'%s' for '%s': %s:%d: %s", to, from, err.path, err.line, err.text);
    assert_null(read.item);
    ohm_str_release(&text);
    ohm_str_release(&m.text);
}

/* Line 1 is the first, 2 to 11 are texts, 12 to 16 numbers, 17 the items, 18 the columns; 19 to 23 are rows. */
static void damage_is_told_with_its_line(void **state)
{
    (void)state;
    expect_damage("# ohmnas.answers/1", "# ohmnas.answers/2", 1, "first line");
    expect_damage("# task: kws\n", "", 1, "'# task: ...'");
    expect_damage("# items: 5\n", "", 1, "'# items: ...'");
    expect_damage("# draws: 2\n", "", 1, "'# draws: ...'");
    expect_damage("# draws: 2\n", "# draws: 0\n", 15, "draws is '0'");
    expect_damage("# items: 5", "# items: 6", 23, "the file is not whole");
    expect_damage("# items: 5", "# items: 4", 23, "the file is not whole");
    expect_damage("item,id,group", "item,name,group", 0, "'id'");
    expect_damage("digital,0,1d", "digital,0,soon", 0, "'soon' is no time");
    expect_damage("\n5,000003ed", "\n3,000003ed", 20, "item is '3'");
    expect_damage("\n5,000003ed", "\n5,000003eg", 20, "hex");
    expect_damage("000003ed,00000002,", "000003ed,0002,", 20, "hex");
    expect_damage("00000002,2,1,", "00000002,2,2,", 20, "digital is '2'");
    expect_damage("00000002,2,1,2,0", "00000002,2,1,5,0", 20, "0 is '5'");
    expect_damage("00000002,2,1,2,0", "00000002,2,1,2,5", 20, "1d is '5'");
    expect_damage("00000002,2,1,2,0", "00000002,2,1,2", 20, "");
    expect_damage("00000002,2,1,2,0", "00000002,-2,1,2,0", 20, "class is '-2'");
}

/* A file cut anywhere is not taken. */
static void no_part_of_a_file_is_taken_for_the_whole(void **state)
{
    struct made m;
    struct ohm_answers read;

    (void)state;
    make(&m, 7, 3, 2, 5);
    write_made(&m);
    for (size_t n = 0; n < m.text.length; n++)
        assert_int_equal(ohm_answers_parse(&read, ohm_str_text(&m.text), n, "a.csv", NULL), OHM_EDATA);
    ohm_str_release(&m.text);
}

/* ---- joined ---- */

static void trainings_are_joined_by_item(void **state)
{
    struct made m[2];
    struct ohm_answers file[2];
    struct ohm_answers_side side = {0};
    double share[2 * 5];
    uint64_t group[5];

    (void)state;
    for (int i = 0; i < 2; i++) {
        make(&m[i], i, 3, 2, 5);
        file[i] = m[i].a;
    }
    MUST(ohm_answers_join(&side, file, 2, &must_err));
    assert_true(side.seeds == 2 && side.items == 5);
    ohm_answers_shares(&side, share, 0);
    for (int i = 0; i < 5; i++) { /* items 3 5 7 9 11 */
        assert_true(share[i] == (3 + 2 * i) % 5 / 4.0);
        assert_true(share[5 + i] == (3 + 2 * i + 1) % 5 / 4.0);
    }
    ohm_answers_shares(&side, share, -1);
    assert_true(share[0] == 1 && share[9] == 1);
    assert_true(ohm_answers_groups(&side, group) && group[4] == 5);
    ohm_answers_side_release(&side);
}

/* Two seeds of two folds: even and odd items. */
static void folds_of_a_seed_are_one_training(void **state)
{
    struct made m[4];
    struct ohm_answers file[4];
    struct ohm_answers_side side = {0};
    struct ohm_error err = {0};
    double share[2 * 8];

    (void)state;
    for (int i = 0; i < 4; i++) {
        make(&m[i], i, i % 2, 2, 4);
        m[i].a.folds = 2;
        m[i].a.fold = i % 2;
        m[i].a.seed = 10 + i / 2;
        file[i] = m[i].a;
    }
    MUST(ohm_answers_join(&side, file, 4, &must_err));
    assert_true(side.seeds == 2 && side.items == 8);
    ohm_answers_shares(&side, share, 1);
    for (int i = 0; i < 16; i++)
        assert_true(side.place[i].number == i % 8 && share[i] == i % 8 % 5 / 4.0);
    ohm_answers_side_release(&side);
    assert_int_equal(ohm_answers_join(&side, file, 3, &err), OHM_EDATA); /* the second seed lacks a fold */
    assert_non_null(strstr(err.text, "item 1 is missing in s2.csv"));
    file[3].fold = 0;
    assert_int_equal(ohm_answers_join(&side, file, 4, &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "fold 0 of seed 11 is in s2.csv"));
}

static void expect_foreign(const struct ohm_answers *a, const struct ohm_answers *b, const char *want)
{
    const struct ohm_answers file[2] = {*a, *b};
    struct ohm_answers_side side;
    struct ohm_error err = {0};

    assert_int_equal(ohm_answers_join(&side, file, 2, &err), OHM_EDATA);
    if (!strstr(err.text, want) || strcmp(err.path, b->path) != 0)
        fail_msg("%s: %s, not %s", err.path, err.text, want);
    assert_null(side.place);
}

static void files_that_do_not_belong_together_are_refused(void **state)
{
    struct made a, b;
    double other[2] = {0, 60};

    (void)state;
    make(&a, 1, 0, 1, 5);
#define FOREIGN(change, want)                                                                                          \
    make(&b, 2, 0, 1, 5);                                                                                              \
    change;                                                                                                            \
    expect_foreign(&a.a, &b.a, want)
    FOREIGN(b.a.samples = "124", "samples");
    FOREIGN(b.a.task = "vww", "task");
    FOREIGN(b.a.split = "val", "split");
    FOREIGN(b.a.folds = 4, "4 folds");
    FOREIGN(b.a.t_s = other, "times");
    FOREIGN(b.a.times = 1, "times");
    FOREIGN(b.a.network_hash = "abd", "another network");
    FOREIGN(b.a.settings = "{}", "another hardware");
    FOREIGN(b.a.device = "reram", "another hardware");
    FOREIGN(b.a.weights = a.a.weights, "a training counts once");
#undef FOREIGN
}

static enum ohm_status match(const struct ohm_answers *a, const struct ohm_answers *b, struct ohm_error *err)
{
    struct ohm_answers_side x, y;
    enum ohm_status st;

    MUST(ohm_answers_join(&x, a, 1, &must_err));
    MUST(ohm_answers_join(&y, b, 1, &must_err));
    st = ohm_answers_match(&x, &y, err);
    ohm_answers_side_release(&x);
    ohm_answers_side_release(&y);
    return st;
}

static void sides_must_have_the_same_items(void **state)
{
    struct made a, b;
    struct ohm_error err = {0};

    (void)state;
    make(&a, 1, 0, 1, 5);
    make(&b, 2, 0, 1, 5);
    b.a.network_hash = "another";
    b.a.settings = "other hardware may be compared";
    MUST(match(&a.a, &b.a, &must_err));
    make(&b, 2, 0, 1, 4);
    assert_int_equal(match(&a.a, &b.a, &err), OHM_EDATA);
    assert_string_equal(err.text, "item 4 is missing in s2.csv");
    assert_int_equal(match(&b.a, &a.a, &err), OHM_EDATA);
    assert_string_equal(err.text, "item 4 is missing in s2.csv");
    make(&b, 2, 5, 1, 5);
    assert_int_equal(match(&a.a, &b.a, &err), OHM_EDATA);
    assert_string_equal(err.text, "no item is in s1.csv too");
    make(&b, 2, 0, 1, 5);
    b.item[2].id++;
    b.item[2].line = 21;
    assert_int_equal(match(&a.a, &b.a, &err), OHM_EDATA);
    assert_string_equal(err.text, "item 2 is another sample than in s1.csv");
    assert_int_equal(err.line, 21);
    make(&b, 2, 0, 1, 5);
    b.a.samples = "124";
    assert_int_equal(match(&a.a, &b.a, &err), OHM_EDATA);
}

static void every_allocation_may_fail(void **state)
{
    struct made m;
    struct ohm_answers read;
    struct ohm_answers_side side;
    long n = 1;

    (void)state;
    make(&m, 7, 3, 2, 5);
    write_made(&m);
    for (; n < 200; n++) {
        enum ohm_status st;

        ohm_mem_fail_at(n);
        st = ohm_answers_parse(&read, ohm_str_text(&m.text), m.text.length, "a.csv", NULL);
        if (st == OHM_OK)
            st = ohm_answers_join(&side, &read, 1, NULL);
        ohm_mem_fail_at(0);
        if (st == OHM_OK)
            break;
        assert_int_equal(st, OHM_ENOMEM);
        ohm_answers_release(&read);
    }
    assert_true(n > 3 && n < 200 && side.items == 5);
    ohm_answers_side_release(&side);
    ohm_answers_release(&read);
    ohm_str_release(&m.text);
}

/* ---- of a validation ---- */

static void answers_add_up_to_the_accuracies(void **state)
{
    struct bench b;
    struct ohm_validate_result bare = {0}, one = {0}, two = {0};

    (void)state;
    set_up(&b, PCM);
    b.spec.count = 70;
    MUST(ohm_validate(&bare, &b.spec, &must_err));
    assert_null(bare.answers.right);
    b.spec.answers = true;
    MUST(ohm_validate(&one, &b.spec, &must_err));
    b.spec.jobs = 2;
    b.spec.batch = 7;
    MUST(ohm_validate(&two, &b.spec, &must_err));
    assert_memory_equal(one.reading, bare.reading, (size_t)(3 * 4 * 2) * sizeof *one.reading);
    assert_memory_equal(one.answers.right, two.answers.right, (size_t)(5 * 70) * sizeof *one.answers.right);
    for (int t = -1; t < 4; t++) {
        const double want = t < 0 ? one.digital : one.moment[t].mean;
        double sum = 0;

        for (int i = 0; i < 70; i++) {
            const int32_t right = one.answers.right[(1 + t) * 70 + i];

            assert_true(right >= 0 && right <= (t < 0 ? 1 : 6));
            sum += right / (t < 0 ? 1.0 : 6.0);
        }
        assert_true(fabs(100 * sum / 70 - want) < 1e-9);
    }
    for (int i = 0; i < 70; i++) {
        assert_int_equal(one.answers.sample[i], spread(i, 70, 100));
        assert_int_equal(one.answers.label[i], one.answers.sample[i] % CLASSES);
    }
    ohm_validate_result_release(&bare);
    ohm_validate_result_release(&one);
    ohm_validate_result_release(&two);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(damage_is_told_with_its_line),
        cmocka_unit_test(no_part_of_a_file_is_taken_for_the_whole),
        cmocka_unit_test(trainings_are_joined_by_item),
        cmocka_unit_test(folds_of_a_seed_are_one_training),
        cmocka_unit_test(files_that_do_not_belong_together_are_refused),
        cmocka_unit_test(sides_must_have_the_same_items),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(answers_add_up_to_the_accuracies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
