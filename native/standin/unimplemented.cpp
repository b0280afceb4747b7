// What the generated stubs do: a call to a function that the stand-in lacks reports its name, where
// the dynamic linker would end the JVM.
#include <cstring>

#include "state.h"

using namespace standin;

STANDIN_API int standinUnimplemented(const char* function) {
  std::lock_guard<Lock> guard(state().lock);
  complain("%s is not in the stand-in", function);
  if (!strncmp(function, "cudnn", 5)) return 3000;   // CUDNN_STATUS_NOT_SUPPORTED
  if (!strncmp(function, "cublas", 6)) return 15;    // CUBLAS_STATUS_NOT_SUPPORTED
  if (strstr(function, "nccl")) return 5;            // ncclInvalidUsage
  return state().lastError = NOT_SUPPORTED;
}
