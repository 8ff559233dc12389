/* space_load.c - loads a space with the families that this program knows. */
#include "space_int.h"

#include "ohm/file.h"

enum ohm_status ohm_space_parse(struct ohm_space **out, const char *bytes, size_t length, const char *path,
                                struct ohm_diag *diag)
{
    return ohm_space_read(out, bytes, length, path, ohm_family_find, ohm_family_names(), diag);
}

enum ohm_status ohm_space_load(struct ohm_space **out, const char *path, struct ohm_diag *diag)
{
    struct ohm_error err = {0};
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st;

    *out = NULL;
    if (ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, &err) != OHM_OK)
        return ohm_diag_take(diag, &err);
    st = ohm_space_parse(out, bytes, length, path, diag);
    ohm_free(bytes);
    return st;
}
