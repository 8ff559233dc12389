/* fuzz_expr.c (text) - any text as an expression: a value, a violation and SQL, or an error with a column. */
#include "ohm/expr.h"
#include "ohm/mem.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static int find(const void *context, const char *name)
{
    (void)context;
    return name[0] % 4;
}

static const char *column(const void *context, const char *name)
{
    (void)context;
    (void)name;
    return "c";
}

static void use(struct ohm_expr *e)
{
    const double value[4] = {NAN, -1.5, 0, 1e300};
    const char *const text[4] = {"failed", NULL, NULL, NULL};
    struct ohm_str sql = {0};
    struct ohm_error err = {0};
    double v, by;

    require(ohm_expr_bind(e, find, NULL, NULL, 0, NULL) == OHM_OK);
    ohm_expr_eval(e, value, text);
    v = ohm_expr_eval(e, value, NULL);
    by = ohm_expr_violation(e, value, NULL);
    require(isnan(by) || by >= 0);
    require((by == 0) == (v != 0 && !isnan(v)));
    if (ohm_expr_sql(e, &sql, column, NULL, &err) != OHM_OK)
        require(strstr(err.text, "nested too deeply") != NULL);
    else
        require(!strstr(sql.text, "--") || strpbrk(ohm_expr_source(e), "\"'"));
    ohm_str_release(&sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = ohm_alloc(size + 1, 1);
    struct ohm_expr *e = NULL;
    struct ohm_error err = {0};

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    if (ohm_expr_parse(&e, text, &err) == OHM_OK)
        use(e);
    else
        require(e == NULL && err.text[0] != '\0' && (err.column > 0 || strlen(text) > OHM_EXPR_LENGTH_MAX));
    ohm_expr_free(e);
    ohm_free(text);
    return 0;
}
