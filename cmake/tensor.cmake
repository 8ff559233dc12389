# The kernels of src/tensor are one source built once per instruction set; which build runs is chosen at run time.
# Always -O3: at -O2 gcc keeps the sums of a tile in memory, at less than half the speed. -march=native is avoided: gcc
# 12 then tunes for another processor (see docs/kernels.md).
set(vector_flags -O3)
if(OHM_SANITIZE) # sanitized code is slow anyway, and its compiler takes eight times as long with -O3
  set(vector_flags -O1)
  if(CMAKE_C_COMPILER_ID MATCHES Clang) # minutes a file with these, 13 s without
    list(APPEND vector_flags -fno-sanitize=alignment,null,pointer-overflow,object-size,signed-integer-overflow)
  endif()
endif()
if(OHM_FUZZ) # the readers are fuzzed, the kernels are not
  list(APPEND vector_flags -fno-sanitize-coverage=inline-8bit-counters,pc-table)
endif()
set(kernels_flags ${vector_flags})
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
  # Without the second scheduling 16 -> 16 channels gave 207 GF/s and with it 203, on a busy Zen 5: little, and near the
  # noise. Following variables through hundreds of unrolled registers takes gcc minutes and serves no one.
  list(APPEND kernels_flags -fno-schedule-insns2 -fno-var-tracking)
endif()
if(OHM_SANITIZE OR OHM_FUZZ)
  list(APPEND kernels_flags -DOHM_FEW_TILES)
endif()
set_source_files_properties(src/tensor/kernels_base.c PROPERTIES COMPILE_OPTIONS "${kernels_flags}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set_source_files_properties(src/tensor/kernels_avx2.c PROPERTIES
    COMPILE_OPTIONS "${kernels_flags};-march=x86-64-v3")
  set_source_files_properties(src/tensor/kernels_avx512.c PROPERTIES
    COMPILE_OPTIONS "${kernels_flags};-march=x86-64-v4;-mprefer-vector-width=512")
endif()
# So are the curves, which need none of the flags for large kernels.
set_source_files_properties(src/tensor/curves_base.c PROPERTIES COMPILE_OPTIONS "${vector_flags}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set_source_files_properties(src/tensor/curves_avx2.c PROPERTIES COMPILE_OPTIONS "${vector_flags};-march=x86-64-v3")
  set_source_files_properties(src/tensor/curves_avx512.c PROPERTIES
    COMPILE_OPTIONS "${vector_flags};-march=x86-64-v4;-mprefer-vector-width=512")
endif()
