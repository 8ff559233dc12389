/* test_csv.c - CSV by RFC 4180: quotes, line ends, comments, and errors with their line. */
#include "text_fixture.h"

#include "ohm/csv.h"

static enum ohm_status read_csv(struct ohm_csv *csv, const char *text, struct ohm_error *err)
{
    return ohm_csv_parse(csv, text, strlen(text), "t.csv", err);
}

static void quotes_line_ends_comments_and_empty_lines_are_read(void **state)
{
    (void)state;
    struct ohm_csv csv;
    static const char *const cells[] = {"1", "a,b", "say \"hi\"", "2", "two\r\nlines", "", "", "last", " x "};

    assert_int_equal(read_csv(&csv,
                              "\xef\xbb\xbf# comment\n\nid,text,\"n,ote\"\r\n1,\"a,b\",\"say \"\"hi\"\"\"\r\n\r\n"
                              "2,\"two\r\nlines\",\n,last, x ",
                              NULL),
                     OHM_OK);
    assert_int_equal(csv.columns, 3);
    assert_int_equal(csv.rows, 3);
    assert_string_equal(csv.name[2], "n,ote");
    for (int i = 0; i < 9; i++)
        assert_string_equal(csv.cell[i], cells[i]);
    assert_int_equal(csv.line[0], 4);
    assert_int_equal(csv.line[1], 6);
    assert_int_equal(csv.line[2], 8);
    ohm_csv_release(&csv);
}

static void columns_are_found_by_name_or_the_nearest_is_told(void **state)
{
    (void)state;
    struct ohm_csv csv;
    struct ohm_error err;
    int column = -1;

    assert_int_equal(read_csv(&csv, "net,acc_1d\nn1,85\n", NULL), OHM_OK);
    assert_int_equal(ohm_csv_column(&csv, "acc_1d"), 1);
    assert_int_equal(ohm_csv_column(&csv, "acc"), -1);
    assert_int_equal(ohm_csv_need(&csv, "acc_1d", &column, &err), OHM_OK);
    assert_int_equal(column, 1);
    assert_int_equal(ohm_csv_need(&csv, "acc_1", &column, &err), OHM_ENOTFOUND);
    assert_string_equal(err.text, "there is no column 'acc_1'; did you mean 'acc_1d'?");
    assert_string_equal(err.path, "t.csv");
    assert_int_equal(ohm_csv_need(&csv, "genotype", &column, &err), OHM_ENOTFOUND);
    assert_string_equal(err.text, "there is no column 'genotype'; there are: net, acc_1d");
    ohm_csv_release(&csv);
}

static void many_columns_are_listed_as_far_as_there_is_room(void **state)
{
    (void)state;
    struct ohm_csv csv;
    struct ohm_error err;
    struct ohm_str text = {0};
    int column = -1;

    for (int i = 0; i < 200; i++)
        ohm_str_printf(&text, "%scolumn%d", i ? "," : "", i);
    ohm_str_append(&text, "\n");
    assert_int_equal(read_csv(&csv, ohm_str_text(&text), NULL), OHM_OK);
    assert_int_equal(ohm_csv_need(&csv, "ops", &column, &err), OHM_ENOTFOUND);
    assert_non_null(strstr(err.text, "there are: column0, column1, "));
    assert_string_equal(err.text + strlen(err.text) - 3, "...");
    ohm_csv_release(&csv);
    ohm_str_release(&text);
}

static void a_cell_is_a_number_or_missing_or_an_error_with_its_line(void **state)
{
    (void)state;
    struct ohm_csv csv;
    struct ohm_error err;
    double v = 0;

    assert_int_equal(read_csv(&csv, "a,b\n1.5e-3,\nnan,NaN\n\"\nx\",2\n", NULL), OHM_OK);
    assert_int_equal(ohm_csv_double(&csv, 0, 0, &v, NULL), OHM_OK);
    assert_true(v == 1.5e-3);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(ohm_csv_double(&csv, i / 2, i % 2, &v, NULL), OHM_OK);
        assert_true(isnan(v));
    }
    assert_int_equal(ohm_csv_double(&csv, 2, 0, &v, &err), OHM_EDATA);
    assert_int_equal(err.line, 4);
    assert_non_null(strstr(err.text, "not a number"));
    ohm_csv_release(&csv);
}

static void bad_tables_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;
        const char *part;
    } bad[] = {
        {"", 0, "no line that names the columns"},
        {"# only this\n\n", 0, "no line that names the columns"},
        {"a,b\n1,2\n1,2,3\n", 3, "the row has 3 cells, the header 2"},
        {"a,b\n\"x\n\",2\n1\n", 4, "the row has 1 cells, the header 2"},
        {"a,b\n1,\"open\n2,3\n", 2, "a quote is opened here and never closed"},
        {"a,b\n\"x\"y,2\n", 2, "found 'y'"},
        {"a,b,a\n", 1, "two columns are named 'a'"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ohm_error err;
        struct ohm_csv csv;

        assert_int_equal(read_csv(&csv, bad[i].text, &err), OHM_EDATA);
        assert_int_equal(err.line, bad[i].line);
        if (!strstr(err.text, bad[i].part))
            fail_msg("'%s' does not hold '%s'", err.text, bad[i].part);
        assert_null(csv.cell);
    }
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    struct ohm_csv csv;
    struct ohm_error err;

    assert_int_equal(ohm_csv_parse(&csv, "a,b\n1,\0\n", 8, "t.csv", &err), OHM_EDATA);
    assert_string_equal(err.text, "byte 7 is NUL: this is no text");
}

static void what_is_appended_reads_back(void **state)
{
    (void)state;
    static const char *const fields[] = {"plain",        "a,b",           "say \"hi\"", "two\nlines",
                                         "# no comment", "\xef\xbb\xbfx", " x ",        "\r"};
    struct ohm_str s = {0};
    struct ohm_csv csv;

    for (int i = 0; i < 8; i++) {
        ohm_str_append(&s, i ? "," : "");
        ohm_csv_append(&s, fields[i]);
    }
    assert_int_equal(read_csv(&csv, ohm_str_text(&s), NULL), OHM_OK);
    assert_int_equal(csv.columns, 8);
    for (int i = 0; i < 8; i++)
        assert_string_equal(csv.name[i], fields[i]);
    ohm_csv_release(&csv);
    ohm_str_release(&s);
}

static void a_file_that_is_not_there_leaves_an_empty_table(void **state)
{
    (void)state;
    struct ohm_csv csv;

    assert_int_equal(ohm_csv_load(&csv, "no/such.csv", NULL), OHM_ENOTFOUND);
    assert_int_equal(csv.columns, 0);
    ohm_csv_release(&csv);
}

static void a_failed_allocation_is_an_error(void **state)
{
    (void)state;
    enum ohm_status st = OHM_ENOMEM;

    for (long n = 1; st != OHM_OK; n++) {
        struct ohm_csv csv;

        assert_true(n < 100);
        ohm_mem_fail_at(n);
        st = read_csv(&csv, "a,b,c\n1,2,3\n4,5,6\n7,8,9\n", NULL);
        ohm_mem_fail_at(0);
        assert_true(st == OHM_OK || st == OHM_ENOMEM);
        ohm_csv_release(&csv);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_line_ends_comments_and_empty_lines_are_read),
        cmocka_unit_test(columns_are_found_by_name_or_the_nearest_is_told),
        cmocka_unit_test(many_columns_are_listed_as_far_as_there_is_room),
        cmocka_unit_test(a_cell_is_a_number_or_missing_or_an_error_with_its_line),
        cmocka_unit_test(bad_tables_are_refused_with_their_line),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(what_is_appended_reads_back),
        cmocka_unit_test(a_file_that_is_not_there_leaves_an_empty_table),
        cmocka_unit_test(a_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
