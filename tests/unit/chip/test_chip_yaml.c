/* test_chip_yaml.c - reading a chip: what is asked for, and what each mistake in a file is answered with. */
#include "chip_fixture.h"

#include "ohm/file.h"

#include "chip_int.h"

#include <math.h>

static char *good; /* text of the shipped chip */

static int read_good(void **state)
{
    size_t length;

    (void)state;
    return ohm_file_read(&good, &length, FIXTURE_CHIP, OHM_TEXT_FILE_MAX, NULL) == OHM_OK ? 0 : -1;
}

static int free_good(void **state)
{
    (void)state;
    ohm_free(good);
    return 0;
}

/* The shipped text with the first `old` replaced. */
static void replaced(struct ohm_str *s, const char *old, const char *now)
{
    const char *const at = strstr(good, old);

    assert_non_null(at);
    ohm_str_clear(s);
    ohm_str_append_n(s, good, (size_t)(at - good));
    ohm_str_append(s, now);
    ohm_str_append(s, at + strlen(old));
}

static enum ohm_status parse(struct ohm_chip **chip, const struct ohm_str *s, struct ohm_diag *diag)
{
    return ohm_chip_parse(chip, ohm_str_text(s), s->length, "test.yaml", diag);
}

static int line_of(const char *text)
{
    const char *const at = strstr(good, text);
    int line = 1;

    assert_non_null(at);
    for (const char *c = good; c < at; c++)
        line += *c == '\n';
    return line;
}

static void each_mistake_is_told_with_its_line(void **state)
{
    static const struct {
        const char *old, *now;
        enum ohm_status status;
        const char *says; /* part of the message */
        int line;         /* after the line of `old`; -1: any */
    } rows[] = {
        {"chip: hermes64\n", "", OHM_ECONFIG, "'chip'", -1},
        {"chip: hermes64\n", "chip: 'her mes'\n", OHM_ECONFIG, "her mes", 0},
        {"model: multicore\n", "", OHM_ECONFIG, "'model'", -1},
        {"model: multicore\n", "model: multicor\n", OHM_ECONFIG, "multicore", 0},
        {"  cores: 64\n", "", OHM_ECONFIG, "cores", -1},
        {"  cores: 64\n", "  cores: 64.5\n", OHM_ECONFIG, "whole", 0},
        {"  cores: 64\n", "  cores: 0\n", OHM_ERANGE, "4096", 0},
        {"  cores: 64\n", "  cores: many\n", OHM_ECONFIG, "many", 0},
        {"  cores: 64\n", "  cores: [64]\n", OHM_ECONFIG, "cores", 0},
        {"  cores: 64\n", "  core: 64\n", OHM_ECONFIG, "cores", -1},
        {"  cores: 64\n", "  cores: 64\n  cores: 64\n", OHM_ECONFIG, "cores", 1},
        {"  mvm_1_phase_ns: 133\n", "  mvm_1_phase_ns: -133\n", OHM_ERANGE, "mvm_1_phase_ns", 0},
        {"  mvm_1_phase_ns: 133\n", "  mvm_1_phase_ns: .nan\n", OHM_ECONFIG, "mvm_1_phase_ns", 0},
        {"  mvm_1_phase_ns: 133\n", "  mvm_1_phase_us: 0.133\n", OHM_ECONFIG, "mvm_1_phase_ns", -1},
        {"  mark: fitted\n", "", OHM_ECONFIG, "mark", -1},
        {"  mark: fitted\n", "  mark: guessed\n", OHM_ECONFIG, "published", 0},
        {"  source: \"[LG] main text and methods\"\n", "", OHM_ECONFIG, "source", -1},
        {"  source: \"[LG] main text and methods\"\n", "  source: \"\"\n", OHM_ECONFIG, "where the numbers", 0},
        {"area:\n", "areas:\n", OHM_ECONFIG, "'area'", -1},
        {"area:\n", "fan: {}\narea:\n", OHM_ECONFIG, "fan", 0},
        {"area:\n", "area: 3\nrest:\n", OHM_ECONFIG, "area", 0},
    };
    struct ohm_str s = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ohm_diag diag = {0};
        struct ohm_chip *chip = (struct ohm_chip *)&s;
        bool found = false;

        replaced(&s, rows[i].old, rows[i].now);
        assert_int_not_equal(parse(&chip, &s, &diag), OHM_OK);
        assert_null(chip);
        for (int k = 0; k < diag.count; k++)
            found = found || (strstr(diag.item[k].text, rows[i].says) && diag.item[k].line > 0 &&
                              diag.item[k].status == rows[i].status && strcmp(diag.item[k].path, "test.yaml") == 0 &&
                              (rows[i].line < 0 || diag.item[k].line == line_of(rows[i].old) + rows[i].line));
        for (int k = 0; !found && k < diag.count; k++)
            print_error("line %d, %s: %s\n", diag.item[k].line, ohm_status_name(diag.item[k].status),
                        diag.item[k].text);
        if (!found)
            fail_msg("'%s' in place of '%s' is not answered with '%s'", rows[i].now, rows[i].old, rows[i].says);
        ohm_diag_release(&diag);
    }
    ohm_str_release(&s);
}

static void one_pass_shows_every_mistake(void **state)
{
    static const char text[] = "chip: x\nmodel: multicore\narray: {cores: 0, rows: a, cols: 256, row: 3}\n";
    struct ohm_diag diag = {0};
    struct ohm_chip *chip = NULL;

    (void)state;
    assert_int_not_equal(ohm_chip_parse(&chip, text, strlen(text), "test.yaml", &diag), OHM_OK);
    /* cores, rows, row, source and mark of the array, and five blocks that are missing */
    assert_int_equal(diag.count, 10);
    ohm_diag_release(&diag);
}

static void a_missing_file_is_not_found(void **state)
{
    struct ohm_diag diag = {0};
    struct ohm_chip *chip = NULL;

    (void)state;
    assert_int_equal(ohm_chip_load(&chip, "searchspaces/chips/no-such.yaml", &diag), OHM_ENOTFOUND);
    assert_null(chip);
    assert_int_equal(diag.count, 1);
    ohm_diag_release(&diag);
    assert_int_equal(ohm_chip_load(&chip, "searchspaces/chips/no-such.yaml", NULL), OHM_ENOTFOUND);
}

static void the_file_is_kept_and_the_hash_is_of_its_numbers(void **state)
{
    struct ohm_chip *const chip = fixture_chip();
    struct ohm_str s = {0};
    struct ohm_chip *other = NULL;
    int64_t rows, cols;

    (void)state;
    assert_string_equal(ohm_chip_name(chip), "hermes64");
    assert_string_equal(ohm_chip_source(chip), good);
    assert_int_equal(ohm_chip_cores(chip), 64);
    ohm_chip_tile(chip, &rows, &cols);
    assert_int_equal(rows, 256);
    assert_int_equal(cols, 256);
    replaced(&s, "main text and methods", "other words of the same");
    assert_int_equal(parse(&other, &s, NULL), OHM_OK);
    assert_true(ohm_chip_hash(other) == ohm_chip_hash(chip));
    ohm_chip_free(other);
    replaced(&s, "  rows: 256", "  rows: 512");
    assert_int_equal(parse(&other, &s, NULL), OHM_OK);
    assert_true(ohm_chip_hash(other) != ohm_chip_hash(chip));
    ohm_chip_free(other);
    ohm_chip_free(chip);
    ohm_str_release(&s);
}

static bool ends_in(const char *key, const char *unit)
{
    const size_t k = strlen(key), u = strlen(unit);

    return k >= u && strcmp(key + k - u, unit) == 0 && (k == u || key[k - u - 1] == '_');
}

/* The two tables of a model are kept in step by this test. */
static void every_number_of_every_model_has_its_unit_in_its_key(void **state)
{
    (void)state;
    for (int i = 0; i < ohm_chip_models(); i++) {
        const struct chip_model *const m = ohm_chip_model(i);

        assert_string_equal(ohm_chip_model_names[i], m->name);
        for (const struct chip_block *b = m->blocks; b->key; b++)
            for (const struct chip_number *n = b->numbers; n->key; n++) {
                assert_true(ends_in(n->key, n->unit));
                assert_true(n->min < n->max);
                assert_true(n->offset + sizeof(double) <= m->params_size);
            }
    }
    assert_null(ohm_chip_model_names[ohm_chip_models()]);
}

static void a_model_has_no_more_numbers_than_have_room(void **state)
{
    (void)state;
    for (int i = 0; i < ohm_chip_models(); i++) {
        int numbers = 0, blocks = 0;

        for (const struct chip_block *b = ohm_chip_model(i)->blocks; b->key; b++, blocks++)
            for (const struct chip_number *n = b->numbers; n->key; n++)
                numbers++;
        assert_in_range(numbers, 1, CHIP_NUMBERS_MAX);
        assert_in_range(blocks, 1, CHIP_NUMBERS_MAX);
    }
}

/* What a chip comes to, whichever way it is used. */
enum { FIGURES = 12 };

static void figures(double *f, const struct ohm_chip *chip, const struct ohm_chip_use *use)
{
    static const struct ohm_matrix matrix[] = {{2016, 500, 100, false}, {504, 2016, 1, true}};
    struct ohm_net_builder b = {0};
    struct ohm_cost a, c;
    struct ohm_chip_peak top = {0};
    const struct ohm_net *const net = fixture_separable(&b);
    int64_t n;

    ohm_chip_peak(chip, use, &top);
    assert_int_equal(ohm_cost_matrices(chip, use, matrix, 2, &a, NULL, NULL), OHM_OK);
    c = fixture_cost(chip, use, net);
    assert_int_equal(ohm_map_net(chip, use, net, NULL, 0, &n, NULL), OHM_OK);
    memcpy(f,
           (double[FIGURES]){a.energy_uJ, a.interval_us, a.area_mm2, a.chips, a.area_chips_mm2, top.tops,
                             top.tops_per_mm2, top.tops_per_W, c.energy_uJ, c.latency_us, c.area_mm2, (double)n},
           FIGURES * sizeof *f);
    ohm_net_release(&b);
}

/* Every option that is no number, one after the other away from its default. */
static bool changes_with(struct ohm_chip *chip, const struct chip_number *n, const struct ohm_chip_use *use)
{
    double *const value = (double *)(void *)((char *)chip->params + n->offset), was = *value;
    double before[FIGURES], after[FIGURES];

    figures(before, chip, use);
    *value = was == 1 ? 2 : n->whole ? floor(was / 2) : was * 0.5;
    ohm_chip_settle(chip);
    figures(after, chip, use);
    *value = was;
    ohm_chip_settle(chip);
    return memcmp(before, after, sizeof before) != 0;
}

static void set_option(struct ohm_chip_use *use, const struct ohm_field *f, int value)
{
    if (f->kind == OHM_FIELD_BOOL)
        *(bool *)((char *)use + f->offset) = value;
    else if (f->kind == OHM_FIELD_INT)
        *(int64_t *)(void *)((char *)use + f->offset) = (int64_t)f->fallback + value;
    else
        *(int *)(void *)((char *)use + f->offset) = value;
}

static int option_values(const struct ohm_field *f)
{
    int n = 0;

    if (f->kind == OHM_FIELD_BOOL || f->kind == OHM_FIELD_INT)
        return 2;
    while (f->names[n])
        n++;
    return n;
}

static bool some_use_reads(struct ohm_chip *chip, const struct chip_number *n)
{
    struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);

    if (changes_with(chip, n, &use))
        return true;
    for (const struct ohm_field *f = ohm_chip_use_fields; f->kind != OHM_FIELD_END; f++)
        for (int v = 0; ohm_chip_uses(chip, f) && v < option_values(f); v++) {
            use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
            set_option(&use, f, v);
            if (changes_with(chip, n, &use))
                return true;
        }
    return false;
}

/* A number that nothing reads would be a lie in the file. */
static void every_number_of_every_chip_changes_some_cost(void **state)
{
    (void)state;
    for (int c = 0; c < FIXTURE_CHIPS; c++) {
        struct ohm_chip *const chip = fixture_chip_named(fixture_chips[c]);

        for (const struct chip_block *b = chip->model->blocks; b->key; b++)
            for (const struct chip_number *n = b->numbers; n->key; n++)
                if (!some_use_reads(chip, n))
                    fail_msg("%s: %s.%s changes nothing", fixture_chips[c], b->key, n->key);
        ohm_chip_free(chip);
    }
}

static void an_option_that_the_chip_does_not_read_is_an_error(void **state)
{
    struct ohm_net_builder b = {0};
    const struct ohm_net *const net = fixture_separable(&b);

    (void)state;
    for (int c = 0; c < FIXTURE_CHIPS; c++) {
        struct ohm_chip *const chip = fixture_chip_named(fixture_chips[c]);

        for (const struct ohm_field *f = ohm_chip_use_fields; f->kind != OHM_FIELD_END; f++)
            for (int v = 0; v < option_values(f); v++) {
                struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
                struct ohm_error err = {0};
                struct ohm_cost cost;
                enum ohm_status st;

                set_option(&use, f, v);
                st = ohm_cost_net(chip, &use, net, &cost, NULL, &err);
                if (ohm_chip_uses(chip, f) || ohm_field_is_default(f, &use)) {
                    assert_int_equal(st, OHM_OK);
                    continue;
                }
                assert_int_equal(st, OHM_ECONFIG);
                assert_non_null(strstr(err.text, f->key));
                assert_non_null(strstr(err.text, fixture_chips[c]));
                assert_int_equal(ohm_map_net(chip, &use, net, NULL, 0, &(int64_t){0}, NULL), OHM_ECONFIG);
            }
        ohm_chip_free(chip);
    }
    ohm_net_release(&b);
}

static void numbers_can_be_set_by_name(void **state)
{
    static const struct {
        const char *key, *text;
        enum ohm_status status;
        const char *says;
    } rows[] = {
        {"energy.output_pJ", "many", OHM_ECONFIG, "many"},
        {"energy.output_pJ", "-1", OHM_ERANGE, "outside"},
        {"energy.output_pJ", "nan", OHM_ECONFIG, "nan"},
        {"energy.outputs_pJ", "1", OHM_ECONFIG, "energy.output_pJ"},
        {"array.cores", "3.5", OHM_ECONFIG, "whole"},
        {"array", "3", OHM_ECONFIG, "no number"},
        {"", "3", OHM_ECONFIG, "no number"},
    };
    struct ohm_chip *const chip = fixture_chip();
    const uint64_t hash = ohm_chip_hash(chip);
    struct ohm_chip_number number;
    struct ohm_error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(&err, 0, sizeof err);
        assert_int_equal(ohm_chip_set(chip, rows[i].key, rows[i].text, &err), rows[i].status);
        assert_non_null(strstr(err.text, rows[i].says));
        assert_true(ohm_chip_hash(chip) == hash);
    }
    assert_int_equal(ohm_chip_set(chip, "array.cores", "16", &err), OHM_OK);
    assert_int_equal(ohm_chip_cores(chip), 16);
    assert_true(ohm_chip_hash(chip) != hash);
    assert_true(ohm_chip_number(chip, 0, &number));
    assert_string_equal(number.block, "array");
    assert_string_equal(number.key, "cores");
    assert_true(number.value == 16);
    assert_string_equal(number.mark, "set");
    assert_true(ohm_chip_number(chip, 1, &number));
    assert_string_equal(number.mark, "published");
    assert_non_null(strstr(number.source, "[LG]"));
    assert_false(ohm_chip_number(chip, 1000, &number));
    assert_int_equal(ohm_chip_set(chip, "array.cores", "64", &err), OHM_OK);
    assert_true(ohm_chip_hash(chip) == hash);
    ohm_chip_free(chip);
}

/* Chips of the first files have no NMPU: their file stays good, and asking for one is an error. */
static void a_chip_without_nmpu_is_read_and_cannot_use_one(void **state)
{
    struct ohm_net_builder b = {0};
    struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    const char *const at = strstr(good, "nmpu:\n");
    struct ohm_chip *chip = NULL;
    struct ohm_error err = {0};
    struct ohm_cost cost;

    (void)state;
    assert_non_null(at);
    assert_int_equal(ohm_chip_parse(&chip, good, (size_t)(at - good), "test.yaml", NULL), OHM_OK);
    assert_int_equal(ohm_cost_net(chip, &use, fixture_separable(&b), &cost, NULL, NULL), OHM_OK);
    use.periphery = OHM_PERIPHERY_NMPU;
    assert_int_equal(ohm_cost_net(chip, &use, fixture_separable(&b), &cost, NULL, &err), OHM_ECONFIG);
    assert_non_null(strstr(err.text, "nmpu"));
    assert_int_equal(ohm_chip_set(chip, "nmpu.pass_ns", "5", NULL), OHM_ECONFIG);
    ohm_net_release(&b);
    ohm_chip_free(chip);
}

static void a_tile_need_not_be_a_power_of_two_or_square(void **state)
{
    static const struct ohm_matrix matrix = {1000, 700, 1, false};
    const struct ohm_chip_use use = fixture_use(OHM_READ_4_PHASE, OHM_SCHEDULE_SERIAL);
    struct ohm_str s = {0};
    struct ohm_chip *chip = NULL;
    struct ohm_cost_layer row;
    struct ohm_cost cost;

    (void)state;
    replaced(&s, "  rows: 256\n  cols: 256\n", "  rows: 300\n  cols: 128\n");
    assert_int_equal(parse(&chip, &s, NULL), OHM_OK);
    assert_int_equal(ohm_cost_matrices(chip, &use, &matrix, 1, &cost, &row, NULL), OHM_OK);
    assert_int_equal(row.row_tiles, 4);
    assert_int_equal(row.col_tiles, 6);
    assert_true(cost.util == 700000.0 / (24 * 300 * 128));
    ohm_chip_free(chip);
    ohm_str_release(&s);
}

static void each_failed_allocation_is_told_and_nothing_leaks(void **state)
{
    struct ohm_chip *chip = NULL;
    enum ohm_status st;
    long at = 0;

    (void)state;
    do {
        struct ohm_diag diag = {0};

        ohm_mem_fail_at(++at);
        st = ohm_chip_load(&chip, FIXTURE_CHIP, &diag);
        ohm_mem_fail_at(0);
        assert_true((st == OHM_OK) == (chip != NULL));
        if (st != OHM_OK)
            assert_true(st == OHM_ENOMEM);
        ohm_diag_release(&diag);
    } while (st != OHM_OK);
    assert_true(at > 5);
    ohm_chip_free(chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_told_with_its_line),
        cmocka_unit_test(one_pass_shows_every_mistake),
        cmocka_unit_test(a_missing_file_is_not_found),
        cmocka_unit_test(the_file_is_kept_and_the_hash_is_of_its_numbers),
        cmocka_unit_test(every_number_of_every_model_has_its_unit_in_its_key),
        cmocka_unit_test(a_model_has_no_more_numbers_than_have_room),
        cmocka_unit_test(every_number_of_every_chip_changes_some_cost),
        cmocka_unit_test(an_option_that_the_chip_does_not_read_is_an_error),
        cmocka_unit_test(numbers_can_be_set_by_name),
        cmocka_unit_test(a_chip_without_nmpu_is_read_and_cannot_use_one),
        cmocka_unit_test(a_tile_need_not_be_a_power_of_two_or_square),
        cmocka_unit_test(each_failed_allocation_is_told_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, read_good, free_good);
}
