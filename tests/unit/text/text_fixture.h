/* text_fixture.h - what the tests of text share: the order of cmocka's headers, and reading a text in one line. */
#ifndef TEXT_FIXTURE_H
#define TEXT_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ohm/doc.h"
#include "ohm/file.h"
#include "ohm/mem.h"

static inline struct ohm_doc *read_yaml(const char *text, struct ohm_diag *diag)
{
    struct ohm_doc *doc = NULL;

    ohm_doc_parse(&doc, text, strlen(text), "t.yaml", diag);
    return doc;
}

/* The text of the only problem, which must stand at this place. */
static inline void assert_problem(const struct ohm_diag *diag, int line, int column, const char *part)
{
    assert_int_equal(diag->count, 1);
    if (!strstr(diag->item[0].text, part))
        fail_msg("'%s' does not hold '%s'", diag->item[0].text, part);
    assert_int_equal(diag->item[0].line, line);
    assert_int_equal(diag->item[0].column, column);
}

#endif
