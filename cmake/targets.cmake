# What is built from the modules: the program, the library, the tests, the benchmarks, the fuzz targets.

add_executable(ohmnas $<TARGET_OBJECTS:ohm_cli>)
target_link_libraries(ohmnas PRIVATE ohm_cli)

if(OHM_TESTS)
  enable_testing()
  set(test_environment OMP_WAIT_POLICY=passive)
  if(OHM_SANITIZE) # tests/cli/lib.sh does less there
    list(APPEND test_environment OHM_SANITIZED=1)
  endif()
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
  # tests/unit/<module>/test_<file>.c is linked with its module and what that uses, and nothing else.
  file(GLOB unit_sources CONFIGURE_DEPENDS tests/unit/*/test_*.c)
  foreach(source IN LISTS unit_sources)
    get_filename_component(name ${source} NAME_WE)
    get_filename_component(dir ${source} DIRECTORY)
    get_filename_component(module ${dir} NAME)
    add_executable(${name} ${source})
    target_include_directories(${name} PRIVATE src/${module} tests)
    target_link_libraries(${name} PRIVATE ohm_${module} PkgConfig::CMOCKA)
    add_test(NAME ${module}/${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${module}/${name} PROPERTIES
      ENVIRONMENT "${test_environment}" SKIP_RETURN_CODE 77 TIMEOUT 600)
  endforeach()
  # tests/cli/<name>.sh runs the program as its user would. Sanitized, these take minutes.
  set(slow test_networks test_publish test_refine test_report_chain test_reproduce test_run_log test_study_resume test_training
           test_validations)
  file(GLOB cli_tests CONFIGURE_DEPENDS tests/cli/test_*.sh)
  foreach(script IN LISTS cli_tests)
    get_filename_component(name ${script} NAME_WE)
    add_test(NAME cli/${name} COMMAND bash ${script} $<TARGET_FILE:ohmnas> WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(cli/${name} PROPERTIES
      ENVIRONMENT "${test_environment}" SKIP_RETURN_CODE 77 TIMEOUT 600
      COST 100) # begun first: the longest tests are among these, and one left for the end would run alone
    if(name IN_LIST slow)
      set_tests_properties(cli/${name} PROPERTIES LABELS slow)
    endif()
  endforeach()
endif()

if(OHM_BENCH)
  file(GLOB bench_sources CONFIGURE_DEPENDS tests/bench/bench_*.c)
  foreach(source IN LISTS bench_sources)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE ohm_study ohm_validate ohm_train ohm_tensor ohm_device)
  endforeach()
endif()

if(OHM_FUZZ)
  # tests/fuzz/fuzz_<reader>.c begins with "/* fuzz_<reader>.c (<module>) - ..." and is linked with that module and what
  # it uses; one that names no module, with the study. Seeds: tests/fuzz/corpus/<reader>/.
  # Coverage without -fsanitize=fuzzer-no-link, whose traces of comparisons make a search four times slower;
  # strcmp and memcmp guide the fuzzer all the same, by the address sanitizer.
  target_compile_options(ohm_flags INTERFACE -fsanitize-coverage=inline-8bit-counters,pc-table)
  file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/fuzz_*.c)
  foreach(source IN LISTS fuzz_sources)
    get_filename_component(name ${source} NAME_WE)
    file(STRINGS ${source} first_line LIMIT_COUNT 1)
    set(module study)
    if(first_line MATCHES "^/\\* fuzz_[a-z0-9_]+\\.c \\(([a-z]+)\\)")
      set(module ${CMAKE_MATCH_1})
    endif()
    add_executable(${name} ${source})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE ohm_${module})
  endforeach()
endif()
