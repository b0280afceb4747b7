// State shared by the whole stand-in: counters, faults, the sticky error, and the control protocol.
// One lock guards everything: the stand-in has to be correct, not parallel.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#define STANDIN_API extern "C" __attribute__((visibility("default")))

namespace standin {

// cudaError_t values that the stand-in returns.
enum CudaError {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  MEMORY_ALLOCATION = 2,
  INVALID_CONFIGURATION = 9,
  INVALID_MEMCPY_DIRECTION = 21,
  INVALID_DEVICE = 101,
  INVALID_KERNEL_IMAGE = 200,
  UNSUPPORTED_LIMIT = 215,
  INVALID_RESOURCE_HANDLE = 400,
  ILLEGAL_STATE = 401,
  SYMBOL_NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  MISALIGNED_ADDRESS = 716,
  LAUNCH_FAILURE = 719,
  NOT_SUPPORTED = 801,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
  CAPTURE_MERGE = 902,
  CAPTURE_UNMATCHED = 903,
  CAPTURE_UNJOINED = 904,
  CAPTURE_ISOLATION = 905,
  CAPTURE_IMPLICIT = 906,
  CAPTURED_EVENT = 907,
  CAPTURE_WRONG_THREAD = 908,
  UNKNOWN = 999
};

enum class Library { CUDART, CUBLAS, CUDNN, NVRTC, NCCL };

// The kinds of live objects; the control protocol reads their counts in this order.
enum Kind {
  ALLOCATION,
  PINNED,
  STREAM,
  EVENT,
  LIBRARY,
  CUBLASLT_OBJECT,
  CUDNN_HANDLE,
  BACKEND_DESCRIPTOR,
  PROGRAM,
  GRAPH,
  GRAPH_EXECUTABLE,
  NCCL_COMMUNICATOR,
  KIND_COUNT
};

struct Fault {
  long call;           // the n-th call since the faults were set; 0 is every call
  int status;          // in the function's own library; -1 picks a typical one
  bool sticky;         // every later call fails too
  bool asynchronous;   // the call succeeds, and its stream fails
  bool refusing;       // every later call of any function is refused, and the context lives on
};

// A lock that a thread may take several times, and let go of altogether while it waits for other ranks.
class Lock {
 public:
  void lock() {
    mutex_.lock();
    depth_++;
  }
  void unlock() {
    depth_--;
    mutex_.unlock();
  }
  // Gives other threads and processes some time to go on.
  void yield();

 private:
  std::recursive_mutex mutex_;
  int depth_ = 0;  // read and written under the lock
};

struct State {
  Lock lock;
  std::map<std::string, std::vector<Fault>> faults;  // by function; "*" is any
  std::map<std::string, long> calls;                 // by function, since the faults were set
  long allCalls = 0;
  long live[KIND_COUNT] = {};
  size_t liveBytes = 0, peakBytes = 0, capacity = (size_t) 4 << 30;
  size_t graphBytes = 0;  // that executable graphs hold beside the allocations, in the peak too
  long launches = 0, violations = 0, pageableCopies = 0;
  int devices = 1;
  int stickyError = 0, lastError = 0;
  bool refuses = false;  // every call
  int pendingFault = 0;  // raised by the next operation put on a stream
  int pendingNcclFault = 0;  // of the work of the NCCL call that goes on
  std::string ncclEnvironment;  // what it was when a communicator was made last
  bool reversed = false, eager = false, quiet = false;
  uint64_t shuffled = 0;  // not 0: where the generator of random orders is
  std::string selected = "*", lastMessage;
};

State& state();

// The number of the calling thread's current device.
int thisDevice();

// What is left of the device's capacity.
size_t freeBytes();
// After more of it was taken.
void notePeak();

// The next number of the generator of random orders, which must be on.
uint64_t nextRandom();

// Reports a violation on stderr and counts it.
void complain(const char* format, ...) __attribute__((format(printf, 1, 2)));

// complain(), and returns a CUDA error, which kills the context if it is a sticky one.
int raise(int cudaError, const char* format, ...) __attribute__((format(printf, 2, 3)));
bool isSticky(int cudaError);

// Every function that can fail starts with one: it takes the lock, counts the call, and applies an
// injected fault or the sticky error.
class Call {
 public:
  Call(Library library, const char* function);
  // 0, or the status to return without doing anything.
  int status() const { return status_; }
  // A function that releases something does so even if it returns status().
  const char* function() const { return function_; }

 private:
  std::lock_guard<Lock> guard_;
  const char* function_;
  int status_;
};

// The functions behind cudaDeviceSetLimit and cudaDeviceGetLimit; see README.md.
int control(int limit, size_t value);
int readControl(int limit, size_t* value);

}  // namespace standin
