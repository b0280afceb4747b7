// Loading and launching kernels. The image must be valid and contain the kernel's name; what then runs
// is the host build of the same source.
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "capture.h"
#include "kernel_runner.h"
#include "state.h"
#include "streams.h"

using namespace standin;

namespace {

struct LoadedKernel;

struct KernelLibrary {
  std::string image;
  std::vector<std::shared_ptr<LoadedKernel>> kernels;
};

struct LoadedKernel {
  const Kernel* kernel;
};

std::set<KernelLibrary*> libraries;
std::map<LoadedKernel*, std::weak_ptr<LoadedKernel>> kernels;  // of the libraries that are loaded

const uint32_t FATBIN_MAGIC = 0xBA55ED50, ELF_MAGIC = 0x464C457F;

// The size of a fatbin, a cubin (an ELF file) or PTX text; 0 if it is something else.
size_t imageBytes(const char* image) {
  uint32_t magic;
  memcpy(&magic, image, sizeof magic);
  if (magic == FATBIN_MAGIC) {
    uint16_t headerBytes;
    uint64_t bodyBytes;
    memcpy(&headerBytes, image + 6, sizeof headerBytes);
    memcpy(&bodyBytes, image + 8, sizeof bodyBytes);
    return headerBytes + bodyBytes;
  }
  if (magic == ELF_MAGIC) {
    uint64_t tableOffset;
    uint16_t entryBytes, entries;
    memcpy(&tableOffset, image + 40, sizeof tableOffset);
    memcpy(&entryBytes, image + 58, sizeof entryBytes);
    memcpy(&entries, image + 60, sizeof entries);
    return tableOffset + (size_t) entryBytes * entries;
  }
  return strstr(image, ".version") ? strlen(image) : 0;
}

bool holds(const std::string& image, const char* name) {
  return memmem(image.data(), image.size(), name, strlen(name)) != nullptr;
}

bool isGrid(Dim3 grid, Dim3 block) {
  return grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffffu && grid.y <= 65535
      && grid.z <= 65535 && block.x > 0 && block.y > 0 && block.z > 0
      && (uint64_t) block.x * block.y * block.z <= 1024 && block.z <= 64;
}

}  // namespace

STANDIN_API int cudaLibraryLoadData(
    void** library, const void* image, void*, void*, unsigned, void*, void*, unsigned) {
  Call call(Library::CUDART, "cudaLibraryLoadData");
  if (call.status()) return call.status();
  if (const int error = forbiddenInCapture(call.function())) return error;
  const size_t bytes = imageBytes((const char*) image);
  if (!bytes) return raise(INVALID_KERNEL_IMAGE, "cudaLibraryLoadData: not a fatbin, cubin or PTX");
  auto* loaded = new KernelLibrary{std::string((const char*) image, bytes), {}};
  libraries.insert(loaded);
  state().live[LIBRARY]++;
  *library = loaded;
  return SUCCESS;
}

STANDIN_API int cudaLibraryUnload(void* handle) {
  Call call(Library::CUDART, "cudaLibraryUnload");
  auto* library = (KernelLibrary*) handle;
  if (!libraries.erase(library)) {
    return raise(INVALID_RESOURCE_HANDLE, "cudaLibraryUnload: no such library");
  }
  runAll();
  for (auto& kernel : library->kernels) kernels.erase(kernel.get());
  delete library;
  state().live[LIBRARY]--;
  return call.status();
}

STANDIN_API int cudaLibraryGetKernel(void** kernel, void* handle, const char* name) {
  Call call(Library::CUDART, "cudaLibraryGetKernel");
  if (call.status()) return call.status();
  auto* library = (KernelLibrary*) handle;
  if (!libraries.count(library)) {
    return raise(INVALID_RESOURCE_HANDLE, "cudaLibraryGetKernel: no such library");
  }
  if (!holds(library->image, name)) {
    return raise(SYMBOL_NOT_FOUND, "the image holds no kernel %s: is it stale?", name);
  }
  const Kernel* host = findKernel(name);
  if (!host) return raise(SYMBOL_NOT_FOUND, "the stand-in has no host build of kernel %s", name);
  library->kernels.push_back(std::make_shared<LoadedKernel>(LoadedKernel{host}));
  kernels[library->kernels.back().get()] = library->kernels.back();
  *kernel = library->kernels.back().get();
  return SUCCESS;
}

STANDIN_API int cudaLaunchKernel(
    const void* function, Dim3 grid, Dim3 block, void** arguments, size_t sharedBytes,
    void* stream) {
  Call call(Library::CUDART, "cudaLaunchKernel");
  if (call.status()) return call.status();
  auto found = kernels.find((LoadedKernel*) function);
  if (found == kernels.end()) {
    return raise(INVALID_RESOURCE_HANDLE, "cudaLaunchKernel: no kernel of a loaded library");
  }
  if (!isStream(stream)) return raise(INVALID_RESOURCE_HANDLE, "cudaLaunchKernel: no such stream");
  const Kernel* kernel = found->first->kernel;
  if (!isGrid(grid, block) || sharedBytes > 48 * 1024) {
    return raise(INVALID_CONFIGURATION, "%s: grid %u,%u,%u block %u,%u,%u", kernel->name, grid.x,
                 grid.y, grid.z, block.x, block.y, block.z);
  }
  // Reads the arguments now, as CUDA does; the caller may change them afterwards.
  auto values = std::make_shared<std::vector<std::vector<char>>>();
  for (size_t i = 0; i < kernel->parameters.size(); i++) {
    if (!arguments[i]) {
      return raise(INVALID_VALUE, "%s: argument %zu is missing", kernel->name, i);
    }
    const char* from = (const char*) arguments[i];
    values->emplace_back(from, from + kernel->parameters[i].size);
  }
  state().launches++;
  const std::weak_ptr<LoadedKernel> loaded = found->second;
  return enqueue(stream, [=]() -> int {
    // A graph may outlive it.
    if (loaded.expired()) {
      return raise(ILLEGAL_ADDRESS, "%s runs after its library was unloaded", kernel->name);
    }
    std::vector<void*> pointers;
    for (auto& value : *values) pointers.push_back(value.data());
    return runKernel(*kernel, grid, block, pointers.data());
  });
}
