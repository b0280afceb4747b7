#include "state.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "memory.h"

namespace standin {

State& state() {
  static State* s = new State;  // never destroyed: the JVM's threads may outlive static objects
  return *s;
}

void Lock::yield() {
  const int depth = depth_;
  for (int i = 0; i < depth; i++) unlock();
  std::this_thread::sleep_for(std::chrono::microseconds(200));
  for (int i = 0; i < depth; i++) lock();
}

size_t freeBytes() {
  const State& s = state();
  const size_t used = s.liveBytes + s.graphBytes;
  return s.capacity > used ? s.capacity - used : 0;
}

void notePeak() {
  State& s = state();
  const size_t used = s.liveBytes + s.graphBytes;
  if (used > s.peakBytes) s.peakBytes = used;
}

// Without a zero among its states (xorshift64).
uint64_t nextRandom() {
  uint64_t& s = state().shuffled;
  s ^= s << 13;
  s ^= s >> 7;
  return s ^= s << 17;
}

static void say(const char* format, va_list arguments) {
  char message[1024];
  vsnprintf(message, sizeof message, format, arguments);
  State& s = state();
  s.violations++;
  s.lastMessage = message;
  if (!s.quiet) fprintf(stderr, "[stand-in] %s\n", message);
}

void complain(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(format, arguments);
  va_end(arguments);
}

// The errors after which CUDA requires the process to end.
bool isSticky(int e) {
  return e == 700 || e == 702 || e == 710 || (e >= 714 && e <= 719);
}

int raise(int cudaError, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(format, arguments);
  va_end(arguments);
  State& s = state();
  if (isSticky(cudaError) && !s.stickyError) s.stickyError = cudaError;
  return s.lastError = cudaError;
}

static int usualStatus(Library library) {
  switch (library) {
    case Library::CUDART: return UNKNOWN;
    case Library::CUBLAS: return 14;   // CUBLAS_STATUS_INTERNAL_ERROR
    case Library::CUDNN: return 5000;  // CUDNN_STATUS_EXECUTION_FAILED
    case Library::NVRTC: return 11;    // NVRTC_ERROR_INTERNAL_ERROR
    case Library::NCCL: return 1;      // ncclUnhandledCudaError
  }
  return UNKNOWN;
}

// The status of a call that is refused and harms nothing.
static int refusal(Library library) {
  return library == Library::CUDART ? state().lastError = INVALID_VALUE : usualStatus(library);
}

static const Fault* findFault(const std::string& name, long call) {
  auto found = state().faults.find(name);
  if (found == state().faults.end()) return nullptr;
  for (const Fault& fault : found->second) {
    if (fault.call == 0 || fault.call == call) return &fault;
  }
  return nullptr;
}

static int injected(Library library, const char* function) {
  State& s = state();
  const long call = ++s.calls[function];
  const long any = ++s.allCalls;
  const Fault* fault = findFault(function, call);
  if (!fault) fault = findFault("*", any);
  if (!fault) return s.refuses ? refusal(library) : 0;
  int status = fault->status < 0 ? usualStatus(library) : fault->status;
  s.refuses = s.refuses || fault->refusing;
  if (fault->asynchronous) {
    (library == Library::NCCL ? s.pendingNcclFault : s.pendingFault) = status;
    return 0;
  }
  if (fault->sticky || (library == Library::CUDART && isSticky(status))) {
    s.stickyError = library == Library::CUDART && status >= 700 ? status : LAUNCH_FAILURE;
  }
  if (library == Library::CUDART) s.lastError = status;
  return status;
}

Call::Call(Library library, const char* function) : guard_(state().lock), function_(function) {
  status_ = injected(library, function);
  State& s = state();
  if (!status_ && s.stickyError && library != Library::NVRTC) {
    status_ = library == Library::CUDART ? s.stickyError : usualStatus(library);
    if (library == Library::CUDART) s.lastError = status_;
  }
}

// "cudaMalloc@3=2;cudnnConvolutionForward@1=5000;cudaMemcpyAsync@2=700~;*@17": see README.md.
static bool setFaults(const char* text) {
  State& s = state();
  s.faults.clear();
  s.calls.clear();
  s.allCalls = 0;
  s.pendingFault = s.pendingNcclFault = 0;
  s.refuses = false;
  std::string spec = text ? text : "";
  for (size_t from = 0; from < spec.size();) {
    size_t to = spec.find(';', from);
    if (to == std::string::npos) to = spec.size();
    const std::string one = spec.substr(from, to - from);
    from = to + 1;
    const size_t at = one.find('@');
    if (one.empty()) continue;
    if (at == std::string::npos || at == 0) return false;
    const size_t equals = one.find('=', at);
    Fault fault = {};
    fault.call = atol(one.c_str() + at + 1);
    fault.status = equals == std::string::npos ? -1 : atoi(one.c_str() + equals + 1);
    fault.sticky = one.back() == '!';
    fault.asynchronous = one.back() == '~';
    fault.refusing = one.back() == '+';
    s.faults[one.substr(0, at)].push_back(fault);
  }
  return true;
}

enum Control {
  BASE = 0x51A40000,
  FAULTS = 0,
  CAPACITY,
  RESET,
  REVERSED,
  EAGER,
  QUIET,
  SELECT,
  MESSAGE,
  DEVICES,
  SHUFFLED,
  CALLED,
  NCCL_ENVIRONMENT,
  IS_STANDIN = 32,
  LIVE_BYTES,
  PEAK_BYTES,
  LAUNCHES,
  VIOLATIONS,
  CALLS,
  PAGEABLE_COPIES,
  OVERWRITTEN,
  GRAPH_BYTES,
  LIVE = 64
};

int control(int limit, size_t value) {
  State& s = state();
  std::lock_guard<Lock> guard(s.lock);
  switch (limit - BASE) {
    case FAULTS: return setFaults((const char*) value) ? SUCCESS : INVALID_VALUE;
    case CAPACITY: s.capacity = value; return SUCCESS;
    case RESET:
      s.stickyError = s.lastError = 0;
      s.violations = s.launches = s.pageableCopies = 0;
      s.peakBytes = s.liveBytes + s.graphBytes;
      s.lastMessage.clear();
      setFaults("");
      return SUCCESS;
    case SHUFFLED: s.shuffled = value; return SUCCESS;
    case REVERSED: s.reversed = value != 0; return SUCCESS;
    case EAGER: s.eager = value != 0; return SUCCESS;
    case QUIET: s.quiet = value != 0; return SUCCESS;
    case SELECT: s.selected = (const char*) value; return SUCCESS;
    case DEVICES: s.devices = (int) value; return SUCCESS;
    case CALLED: {
      std::string called;
      for (const auto& one : s.calls) called += one.first + " " + std::to_string(one.second) + "\n";
      snprintf((char*) value, 8192, "%s", called.c_str());
      return SUCCESS;
    }
    case NCCL_ENVIRONMENT:
      snprintf((char*) value, 1024, "%s", s.ncclEnvironment.c_str());
      return SUCCESS;
    case MESSAGE: snprintf((char*) value, 1024, "%s", s.lastMessage.c_str()); return SUCCESS;
  }
  return UNSUPPORTED_LIMIT;
}

int readControl(int limit, size_t* value) {
  State& s = state();
  std::lock_guard<Lock> guard(s.lock);
  const int what = limit - BASE;
  if (what >= LIVE && what < LIVE + KIND_COUNT) {
    *value = s.live[what - LIVE];
    return SUCCESS;
  }
  switch (what) {
    case CAPACITY: *value = s.capacity; return SUCCESS;
    case IS_STANDIN: *value = 1; return SUCCESS;
    case LIVE_BYTES: *value = s.liveBytes; return SUCCESS;
    case PEAK_BYTES: *value = s.peakBytes; return SUCCESS;
    case LAUNCHES: *value = s.launches; return SUCCESS;
    case VIOLATIONS: *value = s.violations; return SUCCESS;
    case CALLS: *value = s.selected == "*" ? s.allCalls : s.calls[s.selected]; return SUCCESS;
    case PAGEABLE_COPIES: *value = s.pageableCopies; return SUCCESS;
    case GRAPH_BYTES: *value = s.graphBytes; return SUCCESS;
    case OVERWRITTEN: *value = checkCanaries(); return SUCCESS;
  }
  return UNSUPPORTED_LIMIT;
}

}  // namespace standin
