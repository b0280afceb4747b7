// NVRTC: a compiled program holds the kernels of its source.
#include "check.h"

extern "C" {
int nvrtcCreateProgram(void**, const char*, const char*, int, void*, void*);
int nvrtcCompileProgram(void*, int, const char**);
int nvrtcGetCUBINSize(void*, size_t*);
int nvrtcGetCUBIN(void*, char*);
int nvrtcDestroyProgram(void**);
}

namespace {

void compiler() {
  void *program, *library, *kernel;
  check(!nvrtcCreateProgram(&program, "extern \"C\" __global__ void vgg4j_accumulate() {}", "k.cu", 0, 0, 0),
        "create program");
  const char* option = "--gpu-architecture=sm_90";
  check(!nvrtcCompileProgram(program, 1, &option), "compile");
  size_t bytes;
  nvrtcGetCUBINSize(program, &bytes);
  std::vector<char> cubin(bytes);
  nvrtcGetCUBIN(program, cubin.data());
  check(!nvrtcDestroyProgram(&program), "destroy program");
  check(!cudaLibraryLoadData(&library, cubin.data(), 0, 0, 0, 0, 0, 0), "load the cubin");
  check(!cudaLibraryGetKernel(&kernel, library, "vgg4j_accumulate"), "a kernel of the cubin");
  check(cudaLibraryGetKernel(&kernel, library, "vgg4j_adam") == 500, "a kernel of another source");
  check(!cudaLibraryUnload(library), "unload");
  reset();
}

}  // namespace

void testLibraries() {
  compiler();
  reset();
}
