/* fuzz_csv.c (text) - any bytes as CSV: a table, which written again reads the same, or an error. */
#include "ohm/csv.h"
#include "ohm/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* A lone empty cell would be an empty line, which the reader passes over: it is written in quotes. */
static void write_row(struct ohm_str *s, const char *const *cell, int n)
{
    for (int i = 0; i < n; i++) {
        if (i)
            ohm_str_append(s, ",");
        ohm_csv_append(s, cell[i]);
    }
    ohm_str_append(s, n == 1 && cell[0][0] == '\0' ? "\"\"\n" : "\n");
}

static void check_again(const struct ohm_csv *csv)
{
    struct ohm_str text = {0};
    struct ohm_csv again;
    double value;

    write_row(&text, csv->name, csv->columns);
    for (int i = 0; i < csv->rows; i++)
        write_row(&text, csv->cell + (size_t)i * (size_t)csv->columns, csv->columns);
    require(ohm_csv_parse(&again, text.text, text.length, "again", NULL) == OHM_OK);
    require(again.rows == csv->rows && again.columns == csv->columns);
    for (int i = 0; i < csv->rows * csv->columns; i++)
        require(strcmp(again.cell[i], csv->cell[i]) == 0);
    for (int i = 0; i < csv->columns; i++) {
        require(ohm_csv_column(&again, csv->name[i]) == i);
        if (csv->rows)
            ohm_csv_double(csv, csv->rows - 1, i, &value, NULL);
    }
    ohm_csv_release(&again);
    ohm_str_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_error err = {0};
    struct ohm_csv csv;

    if (ohm_csv_parse(&csv, (const char *)data, size, "input.csv", &err) == OHM_OK)
        check_again(&csv);
    else
        require(err.text[0] != '\0' && csv.cell == NULL);
    ohm_csv_release(&csv);
    return 0;
}
