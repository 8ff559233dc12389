/* test_json.c - JSON as the same tree, with places. */
#include "text_fixture.h"

#include "ohm/json.h"

static struct ohm_doc *read_json(const char *text, struct ohm_diag *diag)
{
    struct ohm_doc *doc = NULL;

    ohm_json_parse(&doc, text, strlen(text), "t.json", diag);
    return doc;
}

static void json_gives_the_tree_of_yaml_with_places(void **state)
{
    (void)state;
    struct ohm_doc *doc =
        read_json("{\"a\": [1, 2.50, \"\xc3\xa9\\\"\"],\n  \"b\": {\"c\": null, \"d\": true}, \"e\": \"7\"}", NULL);
    struct ohm_node *root = ohm_doc_root(doc), *a = root->item[0], *b = root->item[1];
    long long n;

    assert_int_equal(root->count, 3);
    assert_int_equal(a->column, 7);
    assert_string_equal(a->item[1]->text, "2.50");
    assert_int_equal(a->item[2]->column, 17);
    assert_string_equal(a->item[2]->text, "\xc3\xa9\"");
    assert_int_equal(b->line, 2);
    assert_int_equal(root->key[1]->column, 3);
    assert_int_equal(b->item[0]->kind, OHM_NODE_NULL);
    assert_int_equal(b->item[1]->column, 25);
    assert_true(ohm_node_int(a->item[0], "a", 0, 9, &n, NULL) && n == 1);
    assert_false(ohm_node_int(root->item[2], "e", 0, 9, &n, NULL)); /* "7" is a text */
    ohm_doc_free(doc);
}

static void bad_json_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;
        const char *part;
    } bad[] = {
        {"", 0, "the file is empty"},
        {" \n", 0, "the file is empty"},
        {"{\"a\": 1,\n \"a\": 2}", 2, "duplicate"},
        {"{\"a\": 1,\n \"b\" 2}", 2, "':' expected"},
        {"[1, 2]\n[3]", 2, "end of file"},
        {"\"\\u0000\"", 1, "\\u0000"},
        {"[\"\xff\"]", 1, "unable to decode byte 0xff"},
        {"[1e999]", 1, "overflow"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ohm_diag diag = {0};

        assert_null(read_json(bad[i].text, &diag));
        assert_int_equal(diag.count, 1);
        assert_int_equal(diag.item[0].line, bad[i].line);
        if (!strstr(diag.item[0].text, bad[i].part))
            fail_msg("'%s' does not hold '%s'", diag.item[0].text, bad[i].part);
        ohm_diag_release(&diag);
    }
}

static void a_nul_byte_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_doc *doc;

    assert_int_equal(ohm_json_parse(&doc, "[null\0, 1]", 10, "t.json", &diag), OHM_ECONFIG);
    assert_problem(&diag, 0, 0, "byte 6 is NUL");
    ohm_diag_release(&diag);
}

static void limits_of_depth_and_number_hold_for_json(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_str text = {0};

    for (int i = 0; i <= OHM_DOC_DEPTH_MAX; i++)
        ohm_str_append(&text, "[");
    for (int i = 0; i <= OHM_DOC_DEPTH_MAX; i++)
        ohm_str_append(&text, "]");
    assert_null(read_json(ohm_str_text(&text), &diag));
    assert_problem(&diag, 1, 65, "nested more than 64 deep");
    ohm_diag_release(&diag);
    ohm_str_clear(&text);
    ohm_str_append(&text, "[0");
    for (int i = 0; i < OHM_DOC_NODES_MAX; i++)
        ohm_str_append(&text, ",0");
    ohm_str_append(&text, "]");
    assert_null(read_json(ohm_str_text(&text), &diag));
    assert_problem(&diag, 0, 0, "more than 1000000 nodes");
    ohm_diag_release(&diag);
    ohm_str_release(&text);
}

static void a_path_that_ends_in_json_is_read_as_json(void **state)
{
    (void)state;
    char path[] = "/tmp/ohm_json_XXXXXX.json";
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = NULL;
    const int fd = mkstemps(path, 5);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(ohm_file_write(path, "{\"a\":\t1}", 8, NULL), OHM_OK);
    assert_int_equal(ohm_doc_load(&doc, path, &diag), OHM_OK);
    ohm_doc_free(doc);
    assert_int_equal(ohm_file_write(path, "a: 1", 4, NULL), OHM_OK); /* YAML, but no JSON */
    assert_int_equal(ohm_doc_load(&doc, path, &diag), OHM_ECONFIG);
    assert_problem(&diag, 1, 1, "not JSON");
    unlink(path);
    ohm_diag_release(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_gives_the_tree_of_yaml_with_places),
        cmocka_unit_test(bad_json_is_refused_with_its_line),
        cmocka_unit_test(a_nul_byte_is_refused_wherever_it_stands),
        cmocka_unit_test(limits_of_depth_and_number_hold_for_json),
        cmocka_unit_test(a_path_that_ends_in_json_is_read_as_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
