// Checks that the stand-in catches what it promises to catch.
#include "check.h"

#include <cstdint>

int failures, checks;

extern uint64_t resultHash;

void testCaptures();
void testGraphs();
void testKernels();
void testLibraries();
void testCublasLt();

namespace {

enum { CAPACITY = 1, REVERSED = 3, QUIET = 5, SELECT = 6, SHUFFLED = 9, VIOLATIONS = 36, CALLS = 37, OVERWRITTEN = 39, ALLOCATIONS = 64 };

void memory() {
  void *p, *q;
  check(!cudaMalloc(&p, 100), "malloc");
  check(!cudaFree(p), "free");
  check(cudaFree(p) == 1, "a double free");
  int local;
  check(cudaFree(&local) == 1, "a free of host memory");
  check(!cudaMalloc(&q, 100) && q != p, "addresses are not used twice");
  check(cudaMemcpy(q, p, 100, 3) == 1, "a copy from freed memory");
  std::vector<char> host(200);
  check(cudaMemcpy(q, host.data(), 101, 1) == 1, "a copy that is too long");
  check(cudaMemcpy(q, host.data(), 100, 2) == 21, "a copy of the wrong kind");
  cudaFree(q);
  const size_t old = read(CAPACITY);
  set(CAPACITY, 1000);
  check(cudaMalloc(&p, 1001) == 2 && !p, "too little memory");
  set(CAPACITY, old);
  check(read(ALLOCATIONS) == 0, "no memory is left allocated");
}

void pointers() {
  struct { int type, device; void *onDevice, *onHost; long reserved[8]; } a;
  void *p, *pinned;
  int local;
  cudaMalloc(&p, 100);
  cudaMallocHost(&pinned, 4);
  check(!cudaPointerGetAttributes(&a, (char*) p + 99) && a.type == 2 && a.device == 0, "of the device");
  check(!cudaPointerGetAttributes(&a, (char*) p + 100) && a.type == 0, "behind an allocation");
  check(!cudaPointerGetAttributes(&a, pinned) && a.type == 1, "pinned");
  check(!cudaPointerGetAttributes(&a, &local) && a.type == 0, "of the host");
  cudaFree(p);
  cudaFreeHost(pinned);
  check(!cudaPointerGetAttributes(&a, p) && a.type == 0, "freed");
}

void streams() {
  void *s, *t, *e, *pinned;
  cudaStreamCreateWithFlags(&s, 1);
  cudaStreamCreateWithFlags(&t, 1);
  cudaEventCreateWithFlags(&e, 2);
  cudaMallocHost(&pinned, 4);
  auto* value = (float*) pinned;
  *value = 1;
  Array<float> a(1);
  cudaMemcpyAsync(a.p, value, 4, 1, s);
  cudaEventRecord(e, s);
  *value = 2;
  check(cudaEventQuery(e) == 600, "an operation runs only when somebody waits for it");
  cudaStreamWaitEvent(t, e, 0);
  *value = 3;
  cudaMemcpyAsync(value, a.p, 4, 2, t);
  check(*value == 3, "a copy back that nobody waited for");
  cudaStreamSynchronize(t);
  check(*value == 3 && !cudaEventQuery(e), "the event's stream ran first, and read late");
  check(cudaStreamSynchronize((void*) 12345) == 400, "an invalid stream");
  cudaFreeHost(pinned);
  cudaEventDestroy(e);
  cudaStreamDestroy(s);
  cudaStreamDestroy(t);
}

void badKernels() {
  float host = 0;
  launch("vgg4j_relu_f32", 1, 32, &host, &host, 1ll);
  check(cudaDeviceSynchronize() == 700, "a host pointer in a kernel");
  check(cudaDeviceSynchronize() == 700, "the error stays");
  void* p;
  check(cudaMalloc(&p, 4) == 700, "in every call");
  reset();
  {
    Array<float> a(1024);
    launch("vgg4j_relu_f32", 1, 32, a.p, a.p, 5000ll);
    check(cudaDeviceSynchronize() == 700, "a kernel that runs over the end");
    reset();
    launch("vgg4j_relu_f32", 1, 32, a.p + 1, a.p + 1, 4ll);
    check(cudaDeviceSynchronize() == 716, "a misaligned argument");
    reset();
    check(launch("vgg4j_relu_f32", 1, 2000, a.p, a.p, 4ll) == 9, "too many threads");
    check(launch("vgg4j_adam_nothing", 1, 32, a.p) == 500, "a kernel that the image lacks");
  }
  float* dangling;
  {
    Array<float> a(4);
    dangling = a.p;
  }
  launch("vgg4j_relu_f32", 1, 32, dangling, dangling, 4ll);
  check(cudaDeviceSynchronize() == 700, "a kernel on freed memory");
  reset();
  const size_t before = read(VIOLATIONS);
  {
    Array<float> a(10);  // less than the padding behind it
    launch("vgg4j_relu_f32", 1, 32, a.p, a.p, 11ll);
    cudaDeviceSynchronize();
    check(read(OVERWRITTEN) == 1, "a write into the padding shows when it is asked for");
  }
  check(read(VIOLATIONS) == before + 2, "a write into the padding shows when it is freed");
  reset();
}

void injectedFaults() {
  void* p;
  faults("cudaMalloc@2=2");
  check(!cudaMalloc(&p, 4), "the first call");
  void* none;
  check(cudaMalloc(&none, 4) == 2, "the second call fails");
  set(SELECT, (size_t) "cudaMalloc");
  check(read(CALLS) == 2, "calls are counted");
  faults("cudaMemset@1=719");
  check(cudaMemset(p, 0, 4) == 719 && cudaFree(p) == 719, "a fault that stays");
  reset();
  check(read(ALLOCATIONS) == 0, "a failing release still releases");
  cudaMalloc(&p, 4);
  faults("cudaMemset@1=700~");
  check(!cudaMemset(p, 0, 4) && cudaDeviceSynchronize() == 700, "a fault that shows later");
  reset();
  faults("*@2");
  check(!cudaMemset(p, 0, 4) && cudaMemset(p, 0, 4) == 999, "the n-th call of any kind");
  faults("cudaMemset@2=9+");
  check(!cudaMemset(p, 0, 4) && cudaMemset(p, 0, 4) == 9, "the first call that is refused");
  check(cudaMalloc(&none, 4) == 1 && cudaFree(p) == 1, "every call after it is refused");
  reset();
  check(!cudaDeviceSynchronize() && read(ALLOCATIONS) == 0, "the context lives on");
}

// What a chain of sums comes to when each element is added to the next one: the order of the threads that
// add them shows.
float chain(unsigned grid, unsigned block) {
  const int n = 64;
  Array<float> a(std::vector<float>(n + 4, 1));
  launch("vgg4j_accumulate", grid, block, a.p, a.p + 4, (long long) n);
  check(!cudaDeviceSynchronize(), "a kernel on overlapping slabs runs");
  float sum = 0;
  for (const float value : a.get()) sum += value;
  return sum;
}

void randomOrders() {
  for (const unsigned grid : {16u, 1u}) {  // of blocks, and of the threads of one
    const unsigned block = 16 / grid;
    const float usual = chain(grid, block);
    check(chain(grid, block) == usual, "an order stays");
    set(REVERSED, 1);
    check(chain(grid, block) != usual, "the reversed order shows");
    set(REVERSED, 0);
    std::vector<float> seen;
    for (size_t seed = 1; seed <= 4; seed++) {
      set(SHUFFLED, seed);
      seen.push_back(chain(grid, block));
      set(SHUFFLED, seed);
      check(chain(grid, block) == seen.back(), "a seed repeats its order");
    }
    set(SHUFFLED, 0);
    std::sort(seen.begin(), seen.end());
    check(seen.front() != seen.back(), "random orders show");
  }
}

}  // namespace

int main() {
  set(QUIET, 1);
  memory();
  pointers();
  streams();
#ifndef __SANITIZE_ADDRESS__  // which ends the process at the first bad access
  badKernels();
#endif
  injectedFaults();
  randomOrders();
  testCaptures();
  testGraphs();
  testLibraries();
  testCublasLt();
  testKernels();
  const uint64_t inOrder = resultHash;
  resultHash = 0;
  // In reverse order, a missing barrier would show as a difference.
  set(REVERSED, 1);
  testKernels();
  check(resultHash == inOrder, "the kernels give the same bits in reverse order");
  set(REVERSED, 0);
  for (const size_t seed : {1, 2}) {
    resultHash = 0;
    set(SHUFFLED, seed);
    testKernels();
    check(resultHash == inOrder, "the kernels give the same bits in a random order");
  }
  set(SHUFFLED, 0);
  check(read(VIOLATIONS) == 0, "the kernels' tests are clean");
  check(read(ALLOCATIONS) == 0, "nothing is left at the end");
  printf("%d checks, %d failures\n", checks, failures);
  return failures ? 1 : 0;
}
