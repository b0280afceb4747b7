// An NVRTC that compiles nothing. Its "cubin" and "PTX" contain the source text, so that the runtime
// finds the kernels' names in them.
#include <cstring>
#include <set>
#include <string>

#include "state.h"

using namespace standin;

namespace {

enum Status { OK = 0, INVALID_INPUT = 3, INVALID_PROGRAM = 4, INVALID_OPTION = 5, COMPILATION = 6 };

struct Program {
  std::string source;
  std::string log;
  std::string cubin, ptx;
};

std::set<Program*> programs;

Program* find(const Call& call, void* program) {
  auto found = programs.find((Program*) program);
  if (found != programs.end()) return *found;
  complain("%s got a program that is not alive", call.function());
  return nullptr;
}

// An ELF header whose (empty) section table follows the text.
std::string fakeCubin(const std::string& source) {
  std::string elf(64, '\0');
  memcpy(&elf[0], "\x7f" "ELF", 4);
  elf += source;
  const uint64_t end = elf.size();
  memcpy(&elf[40], &end, sizeof end);
  return elf;
}

int fail(Program* program, Status status, const std::string& why) {
  program->log = why;
  return status;
}

}  // namespace

STANDIN_API int nvrtcVersion(int* major, int* minor) {
  Call call(Library::NVRTC, "nvrtcVersion");
  if (call.status()) return call.status();
  *major = 13;
  *minor = 0;
  return OK;
}

STANDIN_API const char* nvrtcGetErrorString(int status) {
  switch (status) {
    case OK: return "NVRTC_SUCCESS";
    case INVALID_INPUT: return "NVRTC_ERROR_INVALID_INPUT";
    case INVALID_PROGRAM: return "NVRTC_ERROR_INVALID_PROGRAM";
    case INVALID_OPTION: return "NVRTC_ERROR_INVALID_OPTION";
    case COMPILATION: return "NVRTC_ERROR_COMPILATION";
    default: return "NVRTC_ERROR_INTERNAL_ERROR";
  }
}

STANDIN_API int nvrtcCreateProgram(
    void** program, const char* source, const char*, int headers, const char* const*,
    const char* const*) {
  Call call(Library::NVRTC, "nvrtcCreateProgram");
  if (call.status()) return call.status();
  if (!source || headers != 0) return INVALID_INPUT;
  auto* created = new Program{source, "", "", ""};
  programs.insert(created);
  state().live[PROGRAM]++;
  *program = created;
  return OK;
}

STANDIN_API int nvrtcDestroyProgram(void** program) {
  Call call(Library::NVRTC, "nvrtcDestroyProgram");
  Program* p = find(call, *program);
  if (!p) return INVALID_PROGRAM;
  programs.erase(p);
  delete p;
  *program = nullptr;
  state().live[PROGRAM]--;
  return call.status();
}

STANDIN_API int nvrtcCompileProgram(void* program, int count, const char* const* options) {
  Call call(Library::NVRTC, "nvrtcCompileProgram");
  if (call.status()) return call.status();
  Program* p = find(call, program);
  if (!p) return INVALID_PROGRAM;
  bool hasRealArchitecture = false;
  for (int i = 0; i < count; i++) {
    const std::string option = options[i];
    if (option.empty() || option[0] != '-') return fail(p, INVALID_OPTION, option);
    hasRealArchitecture |= option.find("arch") != std::string::npos
        && option.find("=sm_") != std::string::npos;
  }
  // There are no headers to find; real NVRTC fails here, too.
  if (p->source.find("#include") != std::string::npos) {
    return fail(p, COMPILATION, "error: cannot open an included file");
  }
  p->log = "";
  p->ptx = ".version 9.0\n// " + p->source;
  // As in real NVRTC, which makes a cubin only for a real architecture.
  p->cubin = hasRealArchitecture ? fakeCubin(p->source) : "";
  return OK;
}

static int sizeOf(const char* function, void* program, std::string Program::*text, size_t* bytes) {
  Call call(Library::NVRTC, function);
  if (call.status()) return call.status();
  Program* p = find(call, program);
  if (!p) return INVALID_PROGRAM;
  // Texts end with a zero byte; a cubin does not.
  *bytes = (p->*text).size() + (text == &Program::cubin ? 0 : 1);
  return OK;
}

static int copyOf(const char* function, void* program, std::string Program::*text, char* into) {
  Call call(Library::NVRTC, function);
  if (call.status()) return call.status();
  Program* p = find(call, program);
  if (!p) return INVALID_PROGRAM;
  const std::string& from = p->*text;
  memcpy(into, from.c_str(), from.size() + (text == &Program::cubin ? 0 : 1));
  return OK;
}

STANDIN_API int nvrtcGetPTXSize(void* program, size_t* bytes) {
  return sizeOf("nvrtcGetPTXSize", program, &Program::ptx, bytes);
}

STANDIN_API int nvrtcGetPTX(void* program, char* into) {
  return copyOf("nvrtcGetPTX", program, &Program::ptx, into);
}

STANDIN_API int nvrtcGetCUBINSize(void* program, size_t* bytes) {
  return sizeOf("nvrtcGetCUBINSize", program, &Program::cubin, bytes);
}

STANDIN_API int nvrtcGetCUBIN(void* program, char* into) {
  return copyOf("nvrtcGetCUBIN", program, &Program::cubin, into);
}

STANDIN_API int nvrtcGetProgramLogSize(void* program, size_t* bytes) {
  return sizeOf("nvrtcGetProgramLogSize", program, &Program::log, bytes);
}

STANDIN_API int nvrtcGetProgramLog(void* program, char* into) {
  return copyOf("nvrtcGetProgramLog", program, &Program::log, into);
}
