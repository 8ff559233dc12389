/* test_field.c - one table: defaults, YAML, key=value, and back to text. */
#include "text_fixture.h"

#include "ohm/field.h"

struct demo_options {
    int64_t population;
    double rate;
    bool greedy;
    int order;
    char label[OHM_FIELD_TEXT_SIZE];
    int64_t copies;
};

static const char *const orders[] = {"random", "sorted", NULL};

static const struct ohm_field fields[] = {
    OHM_INT(demo_options, population, 100, 2, 100000, "individuals"),
    OHM_REAL(demo_options, rate, 0.25, 0, 1, "chance"),
    OHM_BOOL(demo_options, greedy, 1, "take the best"),
    OHM_CHOICE(demo_options, order, 1, orders, "of visits"),
    OHM_TEXT(demo_options, label, "none", "for the log"),
    OHM_LATER_INT(demo_options, copies, 1, 1, 9, "came later"),
    OHM_FIELDS_END,
};

static void defaults_come_from_the_table(void **state)
{
    (void)state;
    struct demo_options o;
    struct ohm_str s = {0};

    ohm_fields_default(fields, &o);
    ohm_fields_print(&s, fields, &o);
    assert_string_equal(ohm_str_text(&s), "population=100 rate=0.25 greedy=true order=sorted label=none");
    ohm_str_release(&s);
}

/* What was printed before there was the field must stay the same. */
static void what_came_later_is_told_of_where_it_is_no_default(void **state)
{
    (void)state;
    struct demo_options o;
    struct ohm_str s = {0};

    ohm_fields_default(fields, &o);
    o.copies = 3;
    for (const struct ohm_field *f = fields; f->kind != OHM_FIELD_END; f++)
        assert_int_equal(ohm_field_is_default(f, &o), strcmp(f->key, "copies") != 0);
    ohm_fields_print(&s, fields, &o);
    assert_string_equal(ohm_str_text(&s), "population=100 rate=0.25 greedy=true order=sorted label=none copies=3");
    ohm_str_release(&s);
}

static void what_is_printed_reads_back(void **state)
{
    (void)state;
    struct demo_options a = {7, 1.0 / 3, false, 0, "x y", 4}, b;

    ohm_fields_default(fields, &b);
    for (const struct ohm_field *f = fields; f->kind != OHM_FIELD_END; f++) {
        struct ohm_str s = {0};

        ohm_field_print(&s, f, &a);
        assert_int_equal(ohm_field_set(fields, &b, f->key, ohm_str_text(&s), NULL), OHM_OK);
        ohm_str_release(&s);
    }
    assert_true(b.population == 7 && b.rate == 1.0 / 3 && !b.greedy && b.order == 0 && b.copies == 4);
    assert_string_equal(b.label, "x y");
}

static void a_wrong_value_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text;
        enum ohm_status status;
        const char *message;
    } bad[] = {
        {"population", "4.5", OHM_ECONFIG, "population is '4.5', not a whole number"},
        {"population", "1", OHM_ERANGE, "population is 1, outside [2, 100000]"},
        {"rate", "1.5", OHM_ERANGE, "rate is 1.5, outside [0, 1]"},
        {"rate", "nan", OHM_ECONFIG, "rate is 'nan', not a number"},
        {"greedy", "2", OHM_ECONFIG, "greedy is '2', not true or false"},
        {"order", "sort", OHM_ECONFIG, "order is 'sort', not one of: random, sorted; did you mean 'sorted'?"},
        {"popluation", "5", OHM_ECONFIG, "unknown key 'popluation'; did you mean 'population'?"},
        {"zzz", "5", OHM_ECONFIG, "unknown key 'zzz'; known here: population, rate, greedy, order, label, copies"},
    };
    struct demo_options o, before;

    memset(&o, 0, sizeof o);
    ohm_fields_default(fields, &o);
    before = o;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ohm_error err;

        assert_int_equal(ohm_field_set(fields, &o, bad[i].key, bad[i].text, &err), bad[i].status);
        assert_string_equal(err.text, bad[i].message);
    }
    assert_true(o.population == before.population && o.rate == before.rate && o.greedy == before.greedy &&
                o.order == before.order);
}

static void a_text_longer_than_its_place_is_refused(void **state)
{
    (void)state;
    struct demo_options o;
    char text[OHM_FIELD_TEXT_SIZE + 1];

    ohm_fields_default(fields, &o);
    memset(text, 'x', sizeof text);
    text[OHM_FIELD_TEXT_SIZE] = '\0';
    assert_int_equal(ohm_field_set(fields, &o, "label", text, NULL), OHM_ERANGE);
    assert_string_equal(o.label, "none");
    text[OHM_FIELD_TEXT_SIZE - 1] = '\0';
    assert_int_equal(ohm_field_set(fields, &o, "label", text, NULL), OHM_OK);
    assert_string_equal(o.label, text);
}

static void a_map_sets_the_members_and_notes_what_is_wrong(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = read_yaml("population: 40\nrate: \"0.5\"\norder: [1]\nraet: 1\ngreedy: off\n", &diag);
    struct demo_options o;

    ohm_fields_default(fields, &o);
    ohm_fields_read(fields, &o, ohm_doc_root(doc), &diag);
    ohm_map_finish(ohm_doc_root(doc), &diag);
    assert_true(o.population == 40 && o.rate == 0.25 && o.order == 1 && !o.greedy);
    assert_int_equal(diag.count, 3);
    assert_string_equal(diag.item[0].text, "rate is the text \"0.5\", not a number");
    assert_int_equal(diag.item[0].line, 2);
    assert_string_equal(diag.item[1].text, "order is a list, not a text");
    assert_string_equal(diag.item[2].text, "unknown key 'raet'; did you mean 'rate'?");
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_come_from_the_table),
        cmocka_unit_test(what_came_later_is_told_of_where_it_is_no_default),
        cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(a_wrong_value_is_refused_and_changes_nothing),
        cmocka_unit_test(a_text_longer_than_its_place_is_refused),
        cmocka_unit_test(a_map_sets_the_members_and_notes_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
