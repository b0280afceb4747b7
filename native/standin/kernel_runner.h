// Runs the host build of a kernel: block after block, thread after thread. Kernels with barriers or
// shuffles get one fiber per thread; the others are plain calls in a loop.
#pragma once
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace standin {

struct Dim3 {
  unsigned x, y, z;
};

struct Coordinates {
  Dim3 thread, block, blockSize, gridSize;
};

extern Coordinates coordinates;  // of the running simulated thread

void waitForBlock();
void waitForWarp();
void* exchangeSlot(unsigned thread);

template <class T>
T exchange(T value, int mask) {
  const unsigned me = coordinates.thread.x;
  *(T*) exchangeSlot(me) = value;
  waitForWarp();
  const T other = *(T*) exchangeSlot(me ^ mask);
  waitForWarp();
  return other;
}

struct Parameter {
  size_t size;
  size_t pointee;  // the alignment of its target; 0 if it is not a pointer
};

struct Kernel {
  const char* name;
  bool hasBarriers;
  std::vector<Parameter> parameters;
  std::function<void(void**)> call;
};

// Finds a kernel by name, or returns null.
const Kernel* findKernel(const char* name);

template <class T>
constexpr size_t pointeeAlignment() {
  if constexpr (std::is_pointer_v<T>) {
    return alignof(std::remove_pointer_t<T>);
  } else {
    return 0;
  }
}

template <class... A, size_t... I>
void invoke(void (*function)(A...), void** arguments, std::index_sequence<I...>) {
  function(*(std::remove_cv_t<A>*) arguments[I]...);
}

template <class... A>
Kernel makeKernel(const char* name, void (*function)(A...), bool hasBarriers) {
  return {name, hasBarriers, {Parameter{sizeof(A), pointeeAlignment<A>()}...},
          [function](void** arguments) {
            invoke(function, arguments, std::index_sequence_for<A...>{});
          }};
}

// Runs a whole grid; returns 0 or a CUDA error.
int runKernel(const Kernel& kernel, Dim3 grid, Dim3 block, void** arguments);

}  // namespace standin
