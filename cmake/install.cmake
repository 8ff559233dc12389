# What `cmake --install` puts where: the program, the library with its headers and pkg-config file, the data, the man
# page and the completions (both printed by the program from its own option tables).

set(module_objects "")
foreach(module IN LISTS OHM_MODULES)
  if(NOT module STREQUAL cli)
    list(APPEND module_objects $<TARGET_OBJECTS:ohm_${module}>)
  endif()
endforeach()
add_library(ohmnas_library STATIC ${module_objects})
set_target_properties(ohmnas_library PROPERTIES OUTPUT_NAME ohmnas LINKER_LANGUAGE C)

set(generated ${PROJECT_BINARY_DIR}/generated)
set(completions ${generated}/ohmnas.bash ${generated}/_ohmnas ${generated}/ohmnas.fish)
add_custom_command(OUTPUT ${generated}/ohmnas.1 ${completions}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}
  COMMAND ohmnas help --man > ${generated}/ohmnas.1
  COMMAND ohmnas completion bash > ${generated}/ohmnas.bash
  COMMAND ohmnas completion zsh > ${generated}/_ohmnas
  COMMAND ohmnas completion fish > ${generated}/ohmnas.fish
  DEPENDS ohmnas VERBATIM)
add_custom_target(ohmnas_documents ALL DEPENDS ${generated}/ohmnas.1 ${completions})

configure_file(cmake/ohmnas.pc.in ${generated}/ohmnas.pc @ONLY)

install(TARGETS ohmnas ohmnas_library)
install(DIRECTORY include/ohm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${generated}/ohmnas.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(DIRECTORY searchspaces surrogates DESTINATION ${CMAKE_INSTALL_DATADIR}/ohmnas)
install(FILES ${generated}/ohmnas.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${generated}/ohmnas.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ohmnas)
install(FILES ${generated}/_ohmnas DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${generated}/ohmnas.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
