/* test_emit.c - what is written reads back as the same, in both dialects. */
#include "text_fixture.h"

#include "ohm/emit.h"
#include "ohm/json.h"

static void write_example(struct ohm_emit *e)
{
    ohm_emit_map(e, NULL);
    ohm_emit_text(e, "net", "n:3fa9c1");
    ohm_emit_list(e, "layers");
    ohm_emit_map(e, NULL);
    ohm_emit_int(e, "id", 1);
    ohm_emit_double(e, "x", 1e-7);
    ohm_emit_flow_list(e, "shape");
    ohm_emit_int(e, NULL, 3);
    ohm_emit_text(e, NULL, "a:b");
    ohm_emit_end(e);
    ohm_emit_map(e, "none");
    ohm_emit_end(e);
    ohm_emit_end(e);
    ohm_emit_list(e, NULL);
    ohm_emit_text(e, NULL, "yes");
    ohm_emit_list(e, NULL);
    ohm_emit_end(e);
    ohm_emit_end(e);
    ohm_emit_end(e);
    ohm_emit_flow_map(e, "at");
    ohm_emit_bool(e, "ok", true);
    ohm_emit_double(e, "nan", NAN);
    ohm_emit_end(e);
    ohm_emit_text(e, "last", NULL);
    ohm_emit_end(e);
}

static void the_example_is_written_in_block_style_yaml(void **state)
{
    (void)state;
    struct ohm_emit e = {0};

    write_example(&e);
    assert_string_equal(ohm_str_text(&e.out), "net: n:3fa9c1\n"
                                              "layers:\n"
                                              "  - id: 1\n"
                                              "    x: 1.0e-07\n"
                                              "    shape: [3, \"a:b\"]\n"
                                              "    none: {}\n"
                                              "  - - \"yes\"\n"
                                              "    - []\n"
                                              "at: {ok: true, nan: null}\n"
                                              "last: null\n");
    ohm_str_release(&e.out);
}

static void the_example_is_written_in_json_on_one_line_or_indented(void **state)
{
    (void)state;
    struct ohm_emit compact = {.json = true, .compact = true}, json = {.json = true};

    write_example(&compact);
    assert_string_equal(ohm_str_text(&compact.out),
                        "{\"net\":\"n:3fa9c1\",\"layers\":[{\"id\":1,\"x\":1e-07,\"shape\":[3,\"a:b\"],\"none\":{}},"
                        "[\"yes\",[]]],\"at\":{\"ok\":true,\"nan\":null},\"last\":null}\n");
    write_example(&json);
    assert_non_null(strstr(ohm_str_text(&json.out), "{\n  \"net\": \"n:3fa9c1\",\n  \"layers\": [\n    {\n"));
    assert_non_null(strstr(ohm_str_text(&json.out), "      \"shape\": [3, \"a:b\"],\n      \"none\": {}\n    },\n"));
    ohm_str_release(&compact.out);
    ohm_str_release(&json.out);
}

static void every_dialect_reads_back_as_the_same_tree(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct ohm_emit e = {.json = k > 0, .compact = k == 2};
        struct ohm_doc *doc = NULL;
        struct ohm_node *root, *layers;
        double x = 0;

        write_example(&e);
        assert_int_equal((k ? ohm_json_parse : ohm_doc_parse)(&doc, e.out.text, e.out.length, "t", NULL), OHM_OK);
        root = ohm_doc_root(doc);
        layers = ohm_map_get(root, "layers");
        assert_int_equal(root->count, 4);
        assert_string_equal(root->item[0]->text, "n:3fa9c1");
        assert_true(ohm_node_double(ohm_map_get(layers->item[0], "x"), "x", 0, 1, &x, NULL) && x == 1e-7);
        assert_string_equal(layers->item[0]->item[2]->item[1]->text, "a:b");
        assert_int_equal(layers->item[0]->item[3]->kind, OHM_NODE_MAP);
        assert_true(layers->item[1]->item[0]->quoted);
        assert_int_equal(layers->item[1]->item[1]->kind, OHM_NODE_LIST);
        assert_int_equal(root->item[3]->kind, OHM_NODE_NULL);
        ohm_doc_free(doc);
        ohm_str_release(&e.out);
    }
}

/* Texts that YAML or JSON might take for something else, as value, key and in flow style. */
static void any_text_comes_back_as_it_was(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "plain",
        "two words",
        "",
        " lead",
        "trail ",
        "yes",
        "No",
        "null",
        "~",
        "12",
        "1e5",
        "-",
        "- a",
        "a: b",
        "a:",
        ":a",
        "a #b",
        "#a",
        "\"q\"",
        "'q'",
        "a\nb",
        "tab\there",
        "\x01\x7f",
        "\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82",
        "\xc2\x85\xe2\x80\xa8\xef\xbb\xbf",
        "{a}",
        "[a]",
        "a, b",
        "*x",
        "&x",
        "!x",
        "%x",
        "@x",
        "`x`",
        "|",
        ">",
        "? a",
        "acc_1d >= 85 && energy_uJ < 5",
        "acc >= 85",
        "n:3fa9c1",
        "---",
        "...",
        "a\\b",
        "<<",
        "=",
        "2026-01-01",
        ".5",
    };

    for (int k = 0; k < 4; k++)
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            struct ohm_emit e = {.json = k > 1, .compact = k == 3};
            struct ohm_diag diag = {0};
            struct ohm_doc *doc = NULL;
            struct ohm_node *root;

            (k % 2 ? ohm_emit_flow_map : ohm_emit_map)(&e, NULL);
            ohm_emit_text(&e, texts[i], texts[i]);
            ohm_emit_end(&e);
            if ((k > 1 ? ohm_json_parse : ohm_doc_parse)(&doc, e.out.text, e.out.length, "t", &diag) != OHM_OK)
                fail_msg("%s: %s", e.out.text, diag.item[0].text);
            root = ohm_doc_root(doc);
            assert_string_equal(root->key[0]->text, texts[i]);
            assert_int_equal(root->item[0]->kind, OHM_NODE_SCALAR);
            assert_string_equal(root->item[0]->text, texts[i]);
            ohm_doc_free(doc);
            ohm_str_release(&e.out);
        }
}

static void doubles_come_back_to_the_last_bit(void **state)
{
    (void)state;
    static const double values[] = {0.1, 1.0 / 3, 1e300, 5e-324, -2.5, 1e15, 123456789012345680.0, 0x1p-1022};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (int json = 0; json < 2; json++) {
            struct ohm_emit e = {.json = json};
            struct ohm_doc *doc = NULL;
            double v = 0;

            ohm_emit_list(&e, NULL);
            ohm_emit_double(&e, NULL, values[i]);
            ohm_emit_end(&e);
            assert_int_equal((json ? ohm_json_parse : ohm_doc_parse)(&doc, e.out.text, e.out.length, "t", NULL),
                             OHM_OK);
            assert_true(ohm_node_double(ohm_doc_root(doc)->item[0], "v", -1e308, 1e308, &v, NULL));
            assert_true(v == values[i]);
            ohm_doc_free(doc);
            ohm_str_release(&e.out);
        }
}

static void bytes_that_are_no_utf8_become_the_replacement_character(void **state)
{
    (void)state;
    struct ohm_emit e = {.json = true};

    ohm_emit_text(&e, NULL, "a\xff\xc3(\xed\xa0\x80z");
    assert_string_equal(ohm_str_text(&e.out), "\"a\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffdz\"\n");
    ohm_str_release(&e.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_written_in_block_style_yaml),
        cmocka_unit_test(the_example_is_written_in_json_on_one_line_or_indented),
        cmocka_unit_test(every_dialect_reads_back_as_the_same_tree),
        cmocka_unit_test(any_text_comes_back_as_it_was),
        cmocka_unit_test(doubles_come_back_to_the_last_bit),
        cmocka_unit_test(bytes_that_are_no_utf8_become_the_replacement_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
