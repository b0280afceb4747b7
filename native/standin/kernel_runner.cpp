#include "kernel_runner.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdint>
#include <cstring>

#include "memory.h"
#include "state.h"

namespace standin {

Coordinates coordinates;

namespace {

const size_t STACK_BYTES = 64 * 1024;
const unsigned MAX_THREADS = 1024;

enum FiberState { READY, AT_BLOCK_BARRIER, AT_WARP_BARRIER, FINISHED };

struct Fiber {
  ucontext_t context;
  FiberState state;
  Dim3 thread;
};

// The state's lock is held while a kernel runs, so one of each is enough.
Fiber* fibers;
char* stacks;
int running = -1;  // the running fiber, or -1
ucontext_t scheduler;
const Kernel* kernelOfFibers;
void** argumentsOfFibers;
alignas(16) char slots[MAX_THREADS][16];

void fiberMain() {
  kernelOfFibers->call(argumentsOfFibers);
  fibers[running].state = FINISHED;
}

void pauseFiber(FiberState why) {
  if (running < 0) {
    complain("a kernel that is registered as plain has a barrier");
    return;
  }
  Fiber& fiber = fibers[running];
  fiber.state = why;
  swapcontext(&fiber.context, &scheduler);
  coordinates.thread = fiber.thread;
}

// A fault inside a kernel becomes CUDA's illegal address; the JVM handles all others: its other
// threads fault at safepoints and null pointers while a kernel runs.
sigjmp_buf faulted;
volatile bool inKernel;
volatile pthread_t kernelThread;
void* volatile faultAddress;
struct sigaction previousAction;

void onFault(int signal, siginfo_t* info, void* context) {
  if (inKernel && pthread_equal(kernelThread, pthread_self())) {
    faultAddress = info->si_addr;
    siglongjmp(faulted, 1);
  }
  if (previousAction.sa_flags & SA_SIGINFO) {
    previousAction.sa_sigaction(signal, info, context);
  } else if (previousAction.sa_handler != SIG_DFL && previousAction.sa_handler != SIG_IGN) {
    previousAction.sa_handler(signal);
  } else {
    ::signal(signal, SIG_DFL);
  }
}

void installHandler() {
  static bool installed = false;
  if (installed) return;
  installed = true;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = onFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, &previousAction);
}

// Number i of so many threads or blocks.
Dim3 place(unsigned i, Dim3 size) {
  return {i % size.x, i / size.x % size.y, i / size.x / size.y};
}

// The orders of the running kernel's blocks and of its block's threads. Not local: a fault jumps out.
std::vector<unsigned> blockOrder, threadOrder;

void setOrder(std::vector<unsigned>& order, unsigned count) {
  const State& s = state();
  order.resize(count);
  for (unsigned n = 0; n < count; n++) order[n] = s.reversed ? count - 1 - n : n;
  if (!s.shuffled) return;
  for (unsigned n = count; n > 1; n--) std::swap(order[n - 1], order[nextRandom() % n]);
}

void runPlainBlock(const Kernel& kernel, void** arguments) {
  for (const unsigned i : threadOrder) {
    coordinates.thread = place(i, coordinates.blockSize);
    kernel.call(arguments);
  }
}

bool releaseBlock(unsigned threads) {
  unsigned atBarrier = 0, finished = 0;
  for (unsigned i = 0; i < threads; i++) {
    atBarrier += fibers[i].state == AT_BLOCK_BARRIER;
    finished += fibers[i].state == FINISHED;
  }
  if (atBarrier == 0 || atBarrier + finished < threads) return false;
  if (finished) complain("%s: %u threads miss a __syncthreads", kernelOfFibers->name, finished);
  for (unsigned i = 0; i < threads; i++) {
    if (fibers[i].state == AT_BLOCK_BARRIER) fibers[i].state = READY;
  }
  return true;
}

// A shuffle involves all 32 threads of its warp: each must arrive.
bool releaseWarps(unsigned threads) {
  bool released = false;
  for (unsigned first = 0; first < threads; first += 32) {
    const unsigned end = first + 32 < threads ? first + 32 : threads;
    unsigned waiting = 0;
    for (unsigned i = first; i < end; i++) waiting += fibers[i].state == AT_WARP_BARRIER;
    if (waiting == 0 || waiting < 32) continue;
    for (unsigned i = first; i < end; i++) fibers[i].state = READY;
    released = true;
  }
  return released;
}

bool allFinished(unsigned threads) {
  for (unsigned i = 0; i < threads; i++) {
    if (fibers[i].state != FINISHED) return false;
  }
  return true;
}

// False on deadlock.
bool runFiberBlock(unsigned threads) {
  for (unsigned i = 0; i < threads; i++) {
    Fiber& fiber = fibers[i];
    fiber.state = READY;
    fiber.thread = place(i, coordinates.blockSize);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = stacks + i * STACK_BYTES;
    fiber.context.uc_stack.ss_size = STACK_BYTES;
    fiber.context.uc_link = &scheduler;
    makecontext(&fiber.context, fiberMain, 0);
  }
  while (!allFinished(threads)) {
    bool moved = false;
    for (const unsigned i : threadOrder) {
      if (fibers[i].state != READY) continue;
      moved = true;
      running = (int) i;
      coordinates.thread = fibers[i].thread;
      swapcontext(&scheduler, &fibers[i].context);
    }
    running = -1;
    moved |= releaseBlock(threads);
    moved |= releaseWarps(threads);
    if (!moved) return false;
  }
  return true;
}

bool runGrid(const Kernel& kernel, Dim3 grid, unsigned threads, void** arguments) {
  setOrder(blockOrder, grid.x * grid.y * grid.z);
  setOrder(threadOrder, threads);
  for (const unsigned i : blockOrder) {
    coordinates.block = place(i, grid);
    if (state().shuffled) setOrder(threadOrder, threads);
    if (!kernel.hasBarriers) {
      runPlainBlock(kernel, arguments);
    } else if (!runFiberBlock(threads)) {
      return false;
    }
  }
  return true;
}

bool prepareFibers() {
  if (fibers) return true;
  void* p = mmap(nullptr, MAX_THREADS * STACK_BYTES, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return false;
  stacks = (char*) p;
  fibers = new Fiber[MAX_THREADS];
  return true;
}

int checkArguments(const Kernel& kernel, void** arguments) {
  for (size_t i = 0; i < kernel.parameters.size(); i++) {
    const Parameter& parameter = kernel.parameters[i];
    if (parameter.pointee == 0) continue;
    void* p = *(void**) arguments[i];
    if (!p) continue;  // some are optional; using a missing one faults
    if (!isDevice(p)) {
      return raise(ILLEGAL_ADDRESS, "%s: argument %zu is %p, not a device pointer", kernel.name, i, p);
    }
    if (!isLive(p, 1)) {
      return raise(ILLEGAL_ADDRESS, "%s: argument %zu is %p, outside every allocation",
                   kernel.name, i, p);
    }
    // Slabs are read 16 bytes at a time, whatever their type; bytes of images are not.
    const size_t alignment = parameter.pointee == 4 ? 16 : parameter.pointee;
    if ((uintptr_t) p % alignment) {
      return raise(MISALIGNED_ADDRESS, "%s: argument %zu is %p, not aligned to %zu bytes",
                   kernel.name, i, p, alignment);
    }
  }
  return SUCCESS;
}

}  // namespace

void waitForBlock() { pauseFiber(AT_BLOCK_BARRIER); }

void waitForWarp() { pauseFiber(AT_WARP_BARRIER); }

void* exchangeSlot(unsigned thread) { return slots[thread]; }

int runKernel(const Kernel& kernel, Dim3 grid, Dim3 block, void** arguments) {
  if (const int error = checkArguments(kernel, arguments)) return error;
  if (kernel.hasBarriers && !prepareFibers()) {
    return raise(LAUNCH_FAILURE, "the machine is out of memory for the threads of %s", kernel.name);
  }
  installHandler();
  coordinates.blockSize = block;
  coordinates.gridSize = grid;
  kernelOfFibers = &kernel;
  argumentsOfFibers = arguments;
  if (sigsetjmp(faulted, 1)) {
    inKernel = false;
    running = -1;
    return raise(ILLEGAL_ADDRESS, "%s: illegal access to %p by thread %u of block %u", kernel.name,
                 (void*) faultAddress, coordinates.thread.x, coordinates.block.x);
  }
  kernelThread = pthread_self();
  inKernel = true;
  const bool ended = runGrid(kernel, grid, block.x * block.y * block.z, arguments);
  inKernel = false;
  if (!ended) {
    return raise(LAUNCH_FAILURE, "%s: deadlock between its threads", kernel.name);
  }
  return SUCCESS;
}

}  // namespace standin
