# The steps of src/analog are one source built once per instruction set, as the kernels of src/tensor
# (tensor.cmake, which comes first, has vector_flags).
set_source_files_properties(src/analog/steps_base.c PROPERTIES COMPILE_OPTIONS "${vector_flags}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set_source_files_properties(src/analog/steps_avx2.c PROPERTIES COMPILE_OPTIONS "${vector_flags};-march=x86-64-v3")
  set_source_files_properties(src/analog/steps_avx512.c PROPERTIES
    COMPILE_OPTIONS "${vector_flags};-march=x86-64-v4;-mprefer-vector-width=512")
endif()
