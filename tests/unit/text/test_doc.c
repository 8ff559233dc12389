/* test_doc.c - YAML as a tree: places, values, and every mistake of a file in one pass. */
#include "text_fixture.h"

static void every_node_knows_its_line_and_column(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = read_yaml("a: 1\nlist:\n  - x\n  - {k: 'v'}\n", &diag);
    struct ohm_node *root = ohm_doc_root(doc), *list = ohm_map_get(root, "list");

    assert_int_equal(diag.count, 0);
    assert_int_equal(root->kind, OHM_NODE_MAP);
    assert_int_equal(root->count, 2);
    assert_int_equal(root->key[1]->line, 2);
    assert_int_equal(list->line, 3);
    assert_int_equal(list->column, 3);
    assert_int_equal(list->item[1]->key[0]->column, 6);
    assert_true(list->item[1]->item[0]->quoted);
    assert_string_equal(list->item[1]->item[0]->text, "v");
    assert_int_equal(list->item[1]->item[0]->column, 9);
    ohm_doc_free(doc);
}

static void null_is_tilde_null_or_nothing_but_not_in_quotes(void **state)
{
    (void)state;
    struct ohm_doc *doc = read_yaml("[~, null, NULL, '', 'null', !!str null, nul, '~']", NULL);
    struct ohm_node *root = ohm_doc_root(doc);
    static const enum ohm_node_kind kind[] = {OHM_NODE_NULL,   OHM_NODE_NULL,   OHM_NODE_NULL,   OHM_NODE_SCALAR,
                                              OHM_NODE_SCALAR, OHM_NODE_SCALAR, OHM_NODE_SCALAR, OHM_NODE_SCALAR};

    assert_int_equal(root->count, 8);
    for (int i = 0; i < 8; i++)
        assert_int_equal(root->item[i]->kind, kind[i]);
    ohm_doc_free(doc);
}

static void all_mistakes_of_a_file_are_found_in_one_pass(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = read_yaml("population: 4x\nseed: 7\nseed: 8\npopulatoin: 3\nrate: 2\nmode: fats\n", &diag);
    struct ohm_node *root = ohm_doc_root(doc);
    static const char *const modes[] = {"slow", "fast"};
    static const char *const expected[] = {
        "duplicate key 'seed', first given in line 2",
        "population is '4x', not a whole number",
        "rate is 2, outside [0, 1]",
        "mode is 'fats', not one of: slow, fast; did you mean 'fast'?",
        "missing key 'budget'",
        "unknown key 'populatoin'; did you mean 'population'?",
    };
    static const int line[] = {3, 1, 5, 6, 1, 4};
    long long n = -1;
    double rate = -1;
    int mode = -1;

    ohm_node_int(ohm_map_get(root, "population"), "population", 1, 10, &n, &diag);
    ohm_node_double(ohm_map_get(root, "rate"), "rate", 0, 1, &rate, &diag);
    ohm_node_choice(ohm_map_get(root, "mode"), "mode", modes, 2, &mode, &diag);
    assert_true(ohm_node_int(ohm_map_get(root, "seed"), "seed", 0, 10, &n, &diag));
    assert_int_equal(n, 7);
    assert_false(ohm_node_int(ohm_map_need(root, "budget", &diag), "budget", 0, 1, &n, &diag));
    ohm_map_finish(root, &diag);
    assert_int_equal(diag.count, 6);
    for (int i = 0; i < 6; i++) {
        assert_string_equal(diag.item[i].text, expected[i]);
        assert_int_equal(diag.item[i].line, line[i]);
    }
    assert_int_equal(diag.item[2].status, OHM_ERANGE);
    assert_true(rate == -1 && mode == -1);
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
}

static void the_nearest_known_key_may_be_one_that_the_file_lacks(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = read_yaml("tournment: 5\nqqqqqq: 1\n", &diag);
    struct ohm_node *root = ohm_doc_root(doc);

    assert_null(ohm_map_get(root, "tournament"));
    ohm_map_finish(root, &diag);
    assert_int_equal(diag.count, 2);
    assert_string_equal(diag.item[0].text, "unknown key 'tournment'; did you mean 'tournament'?");
    assert_string_equal(diag.item[1].text, "unknown key 'qqqqqq'; known here: tournament");
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
}

static void values_are_read_by_their_kind(void **state)
{
    (void)state;
    struct ohm_doc *doc = read_yaml("[12, -1.5e-3, yes, \"12\", 1_000, [], 0x10, true, .5, inf]", NULL);
    struct ohm_node *const *v = ohm_doc_root(doc)->item;
    long long n;
    double x;
    bool b;
    const char *text;

    assert_true(ohm_node_int(v[0], "v", 0, 99, &n, NULL) && n == 12);
    assert_true(ohm_node_double(v[0], "v", 0, 99, &x, NULL) && x == 12);
    assert_true(ohm_node_double(v[1], "v", -1, 1, &x, NULL) && x == -1.5e-3);
    assert_false(ohm_node_int(v[1], "v", 0, 99, &n, NULL));
    assert_true(ohm_node_bool(v[2], "v", &b, NULL) && b);
    assert_false(ohm_node_int(v[3], "v", 0, 99, &n, NULL));
    assert_true(ohm_node_text(v[3], "v", &text, NULL) && strcmp(text, "12") == 0);
    assert_false(ohm_node_int(v[4], "v", 0, 9999, &n, NULL));
    assert_false(ohm_node_text(v[5], "v", &text, NULL));
    assert_true(ohm_node_is_list(v[5], "v", NULL));
    assert_false(ohm_node_is_map(v[5], "v", NULL));
    assert_false(ohm_node_int(v[6], "v", 0, 99, &n, NULL));
    assert_false(ohm_node_double(v[7], "v", 0, 99, &x, NULL));
    assert_true(ohm_node_double(v[8], "v", 0, 1, &x, NULL) && x == 0.5);
    assert_false(ohm_node_double(v[9], "v", 0, INFINITY, &x, NULL));
    assert_false(ohm_node_int(NULL, "v", 0, 99, &n, NULL));
    ohm_doc_free(doc);
}

static void bad_files_are_refused_with_their_place_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line, column;
        const char *part;
    } bad[] = {
        {"", 0, 0, "the file is empty"},
        {"# only a comment\n", 0, 0, "no YAML document"},
        {"a:\n\t- b\n", 2, 1, "a tab; YAML is indented by spaces"},
        {"a: b\nc: \xff\n", 2, 4, "invalid leading UTF-8 octet (byte 0xff)"},
        {"\xc3\xa9: \xc3(\n", 1, 5, "UTF-8"},
        {"a: 1\n---\nb: 2\n", 2, 1, "a second document"},
        {"a: *b\n", 1, 4, "unknown alias '*b'"},
        {"a: &x [1, *x]\n", 1, 11, "stands inside what it names"},
        {"a: !chip {}\n", 1, 4, "the tag '!chip' is not supported"},
        {"a: \"x\\0y\"\n", 1, 4, "the character NUL"},
        {"a: [1, 2\nb: 3\n", 2, 2, "flow sequence that starts in line 1"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ohm_diag diag = {0};

        assert_null(read_yaml(bad[i].text, &diag));
        assert_problem(&diag, bad[i].line, bad[i].column, bad[i].part);
        assert_int_equal(diag.item[0].status, OHM_ECONFIG);
        assert_string_equal(diag.item[0].path, "t.yaml");
        ohm_diag_release(&diag);
    }
}

static void a_key_that_is_no_text_is_noted_and_passed_over(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = read_yaml("a: 1\n[x]: 2\n~: 3\nb: 4\n", &diag);

    assert_int_equal(diag.count, 2);
    assert_string_equal(diag.item[0].text, "a key is a list, not a text");
    assert_string_equal(diag.item[1].text, "a key is empty, not a text");
    assert_int_equal(ohm_doc_root(doc)->count, 2);
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
}

static void an_alias_means_the_node_itself(void **state)
{
    (void)state;
    struct ohm_doc *doc = read_yaml("a: &x {k: 1}\nb: *x\nc: &x 5\nd: *x\n", NULL);
    struct ohm_node *root = ohm_doc_root(doc);

    assert_ptr_equal(root->item[0], root->item[1]);
    assert_ptr_equal(root->item[2], root->item[3]);
    assert_string_equal(root->item[3]->text, "5");
    ohm_doc_free(doc);
}

static void an_alias_bomb_is_an_error_and_quick(void **state)
{
    (void)state;
    struct ohm_str text = {0};
    struct ohm_diag diag = {0};

    ohm_str_append(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 20; i++) {
        ohm_str_printf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            ohm_str_printf(&text, "%s*a%d", k ? "," : "", i - 1);
        ohm_str_append(&text, "]\n");
    }
    assert_null(read_yaml(ohm_str_text(&text), &diag));
    assert_int_equal(diag.count, 1);
    assert_string_equal(diag.item[0].text, "aliases expand to more than 1000000 nodes");
    assert_int_equal(diag.item[0].line, 6);
    ohm_diag_release(&diag);
    ohm_str_release(&text);
}

static void nesting_is_limited_also_through_aliases(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_str text = {0};
    struct ohm_doc *doc;

    for (int i = 0; i < OHM_DOC_DEPTH_MAX; i++)
        ohm_str_append(&text, "[");
    for (int i = 0; i < OHM_DOC_DEPTH_MAX; i++)
        ohm_str_append(&text, "]");
    doc = read_yaml(ohm_str_text(&text), &diag);
    assert_non_null(doc);
    ohm_doc_free(doc);
    ohm_str_clear(&text);
    ohm_str_append(&text, "k0: &a0 [[[x]]]\n");
    for (int i = 1; i < 30; i++)
        ohm_str_printf(&text, "k%d: &a%d [[[*a%d]]]\n", i, i, i - 1);
    assert_null(read_yaml(ohm_str_text(&text), &diag));
    assert_int_equal(diag.count, 1);
    assert_string_equal(diag.item[0].text, "lists and maps are nested more than 64 deep");
    assert_int_equal(diag.item[0].line, 22); /* k21 is the first with 1 + 3 * 22 levels */
    ohm_diag_release(&diag);
    ohm_str_release(&text);
}

static void a_map_of_many_keys_is_read_quickly_with_its_duplicate(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_str text = {0};
    struct ohm_doc *doc;

    for (int i = 0; i < 100000; i++)
        ohm_str_printf(&text, "k%d: 0\n", i == 99999 ? 5 : i);
    doc = read_yaml(ohm_str_text(&text), &diag);
    assert_problem(&diag, 100000, 1, "duplicate key 'k5', first given in line 6");
    assert_int_equal(ohm_doc_root(doc)->count, 99999);
    ohm_map_finish(ohm_doc_root(doc), &diag);
    assert_int_equal(diag.count, 100000);
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
    ohm_str_release(&text);
}

static void more_nodes_than_the_limit_are_an_error(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_str text = {0};

    ohm_str_append(&text, "[");
    for (int i = 0; i < OHM_DOC_NODES_MAX; i++)
        ohm_str_append(&text, "1,");
    ohm_str_append(&text, "]");
    assert_null(read_yaml(ohm_str_text(&text), &diag));
    assert_int_equal(diag.count, 1);
    assert_string_equal(diag.item[0].text, "the document has more than 1000000 nodes");
    ohm_diag_release(&diag);
    ohm_str_release(&text);
}

static void a_file_of_100_MB_is_refused_unread(void **state)
{
    (void)state;
    char path[] = "/tmp/ohm_doc_XXXXXX";
    struct ohm_diag diag = {0};
    struct ohm_doc *doc;
    const int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 100000000), 0); /* a hole: nothing is written */
    close(fd);
    assert_int_equal(ohm_doc_load(&doc, path, &diag), OHM_EDATA);
    assert_null(doc);
    assert_problem(&diag, 0, 0, "the file has 100000000 bytes, more than the limit of 67108864");
    unlink(path);
    ohm_diag_release(&diag);
}

static void a_file_that_is_not_there_is_said_by_name(void **state)
{
    (void)state;
    struct ohm_diag diag = {0};
    struct ohm_doc *doc;

    assert_int_equal(ohm_doc_load(&doc, "no/such.yaml", &diag), OHM_ENOTFOUND);
    assert_string_equal(diag.item[0].path, "no/such.yaml");
    ohm_diag_release(&diag);
}

static void a_failed_allocation_is_an_error_and_loses_nothing(void **state)
{
    (void)state;
    enum ohm_status st = OHM_ENOMEM;

    for (long n = 1; st != OHM_OK; n++) {
        static const char text[] = "a: &x [1, 2, {b: c}]\nd: *x\ne: {f: 1, g: 2, f: 3}\n";
        struct ohm_diag diag = {0};
        struct ohm_doc *doc = NULL;

        assert_true(n < 200);
        ohm_mem_fail_at(n);
        st = ohm_doc_parse(&doc, text, sizeof text - 1, "t.yaml", &diag);
        ohm_mem_fail_at(0);
        assert_true(st == OHM_OK || st == OHM_ENOMEM);
        assert_true((st == OHM_OK) == (doc != NULL));
        assert_true(diag.count > 0);
        ohm_diag_release(&diag);
        ohm_doc_free(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_knows_its_line_and_column),
        cmocka_unit_test(null_is_tilde_null_or_nothing_but_not_in_quotes),
        cmocka_unit_test(all_mistakes_of_a_file_are_found_in_one_pass),
        cmocka_unit_test(the_nearest_known_key_may_be_one_that_the_file_lacks),
        cmocka_unit_test(values_are_read_by_their_kind),
        cmocka_unit_test(bad_files_are_refused_with_their_place_and_reason),
        cmocka_unit_test(a_key_that_is_no_text_is_noted_and_passed_over),
        cmocka_unit_test(an_alias_means_the_node_itself),
        cmocka_unit_test(an_alias_bomb_is_an_error_and_quick),
        cmocka_unit_test(nesting_is_limited_also_through_aliases),
        cmocka_unit_test(a_map_of_many_keys_is_read_quickly_with_its_duplicate),
        cmocka_unit_test(more_nodes_than_the_limit_are_an_error),
        cmocka_unit_test(a_file_of_100_MB_is_refused_unread),
        cmocka_unit_test(a_file_that_is_not_there_is_said_by_name),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
