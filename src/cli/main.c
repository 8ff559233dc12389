/* main.c - the table of commands: a row here and a file cmd_x.c is a command. */
#include "cli_int.h"

static const struct ohm_command *const commands[] = {
    &ohm_cmd_init,
    &ohm_cmd_check,
    &ohm_cmd_sample,
    &ohm_cmd_show,
    &ohm_cmd_cost,
    &ohm_cmd_search,
    &ohm_cmd_resume,
    &ohm_cmd_ls_studies,
    &ohm_cmd_ls_trials,
    &ohm_cmd_ls_trainings,
    &ohm_cmd_ls_validations,
    &ohm_cmd_best,
    &ohm_cmd_pareto,
    &ohm_cmd_diff,
    &ohm_cmd_sql,
    &ohm_cmd_plot,
    &ohm_cmd_export,
    &ohm_cmd_import,
    &ohm_cmd_db_check,
    &ohm_cmd_db_upgrade,
    &ohm_cmd_db_backup,
    &ohm_cmd_surrogate_train,
    &ohm_cmd_surrogate_eval,
    &ohm_cmd_surrogate_predict,
    &ohm_cmd_surrogate_info,
    &ohm_cmd_bench,
    &ohm_cmd_train,
    &ohm_cmd_eval,
    &ohm_cmd_validate,
    &ohm_cmd_data_check,
    &ohm_cmd_data_stats,
    &ohm_cmd_data_features,
    &ohm_cmd_device_list,
    &ohm_cmd_device_show,
    &ohm_cmd_device_sample,
    &ohm_cmd_device_mvm,
    &ohm_cmd_device_fit,
    &ohm_cmd_doctor,
    &ohm_cmd_version,
    &ohm_cmd_completion,
    &ohm_cmd_help,
    NULL,
};

int main(int argc, char **argv)
{
    return ohm_cli_main(commands, argc, argv);
}
