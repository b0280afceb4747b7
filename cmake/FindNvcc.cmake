# Finds nvcc and the host compiler that it works with.
#   Nvcc_FOUND
#   Nvcc_EXECUTABLE
#   Nvcc_ARCHITECTURES   what it compiles for, such as 90;100;120
find_program(Nvcc_EXECUTABLE nvcc
  HINTS $ENV{CUDA_HOME} $ENV{CUDA_PATH} /usr/local/cuda
  PATH_SUFFIXES bin)
find_program(Nvcc_HOST_COMPILER NAMES g++ clang++ cl)
mark_as_advanced(Nvcc_EXECUTABLE Nvcc_HOST_COMPILER)

set(Nvcc_ARCHITECTURES "")
if(Nvcc_EXECUTABLE)
  execute_process(COMMAND ${Nvcc_EXECUTABLE} --list-gpu-code OUTPUT_VARIABLE codes ERROR_QUIET)
  string(REGEX MATCHALL "sm_[0-9]+" codes "${codes}")
  string(REPLACE "sm_" "" Nvcc_ARCHITECTURES "${codes}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Nvcc
  REQUIRED_VARS Nvcc_EXECUTABLE Nvcc_HOST_COMPILER Nvcc_ARCHITECTURES)
