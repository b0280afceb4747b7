// NCCL 2.29: communicators that do not block, and sums between the ranks of one process or of several.
#include <cfloat>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <set>

#include "arithmetic.h"
#include "memory.h"
#include "nccl_group.h"
#include "state.h"
#include "streams.h"

using namespace standin;

namespace {

enum Status { OK, CUDA_ERROR, SYSTEM_ERROR, INTERNAL_ERROR, INVALID_ARGUMENT, INVALID_USAGE, REMOTE_ERROR, IN_PROGRESS };
enum Kind { ALL_REDUCE, BROADCAST, ALL_GATHER };
enum Type { INT8, UINT8, INT32, UINT32, INT64, UINT64, F16, F32, F64, BF16 };

struct UniqueId {
  char internal[128];
};

// The first fields of ncclConfig_t.
struct Config {
  size_t size;
  unsigned magic, version;
  int blocking;
};
const unsigned MAGIC = 0xcafebeef;
const int VERSION = 22903;

struct Communicator {
  std::unique_ptr<Group> group;
  int device;
  int error = OK;       // what the work came to
  bool meeting = true;  // the ranks are not all there
  bool hangs = false;   // by an injected fault: nothing goes on any more
  bool aborted = false, finalized = false, arrived = false;
  int polls = 0;  // of what is in progress
  std::function<int()> pending;  // what is enqueued when it has been asked for
  void* stream = nullptr;        // the last one used
  std::shared_ptr<int> captured = std::make_shared<int>();  // graphs hold it, too
};

std::set<Communicator*> communicators;
std::string lastError;

Communicator* find(const Call& call, void* handle) {
  auto found = communicators.find((Communicator*) handle);
  if (found != communicators.end()) return *found;
  complain("%s got a communicator that is not alive", call.function());
  return nullptr;
}

int refuse(const Call& call, int status, const std::string& why) {
  lastError = std::string(call.function()) + ": " + why;
  complain("%s", lastError.c_str());
  return status;
}

int takeFault() {
  State& s = state();
  const int fault = s.pendingNcclFault;
  s.pendingNcclFault = 0;
  return fault;
}

// An error of the work itself, which ends it all.
void fail(Communicator& c, int status, const std::string& why) {
  if (c.error == OK) {
    c.error = status;
    lastError = why;
  }
}

size_t sizeOf(int type) {
  switch (type) {
    case INT8: case UINT8: return 1;
    case F16: case BF16: return 2;
    case INT32: case UINT32: case F32: return 4;
    case INT64: case UINT64: case F64: return 8;
    default: return 0;
  }
}

// One operation, once it comes to its turn; a graph runs it again and again.
struct Work {
  Communicator* communicator;
  Collective collective;
  const char* from;
  char* to;
  int fault;
  std::shared_ptr<int> captured;  // null outside of a graph
  bool arrived = false;

  size_t bytes() const { return collective.count * sizeOf(collective.type); }
  size_t written() const { return bytes() * (collective.kind == ALL_GATHER ? communicator->group->world() : 1); }
  bool isDead() const { return !communicators.count(communicator) || communicator->aborted; }

  bool isReady() {
    if (isDead()) return true;
    Communicator& c = *communicator;
    if (fault == IN_PROGRESS) c.hangs = true;
    if (fault && !c.hangs) fail(c, fault, "an injected fault");
    if (c.error || c.hangs) return false;
    if (!isLive(from, bytes()) || !isLive(to, written())) return true;
    if (!arrived) {
      if (c.arrived) complain("two operations of a communicator, and nothing orders them");
      c.group->arrive(collective, from, bytes());
      arrived = c.arrived = true;
    }
    if (!c.group->isComplete() && !state().shuffled) drive();
    const int other = c.group->disagrees();
    if (other >= 0) {
      complain("rank %d and rank %d ask for different operations, or different counts", c.group->rank(), other);
      fail(c, INVALID_USAGE, "ranks do not agree");
      return false;
    }
    return c.group->isComplete();
  }

  // Other ranks of this process come to their parts when somebody runs their streams.
  static void drive() {
    static bool driving = false;
    if (driving) return;
    driving = true;
    advanceOtherDevices();
    driving = false;
  }

  int run() {
    const bool came = arrived;
    arrived = false;
    if (!communicators.count(communicator)) {
      return raise(ILLEGAL_ADDRESS, "an operation of a communicator that is gone runs");
    }
    Communicator& c = *communicator;
    if (c.aborted) {
      memset(to, 0xff, isLive(to, written()) ? written() : 0);  // NaN: what is left then is no sum
      return SUCCESS;
    }
    c.arrived = false;
    if (!came) return raise(ILLEGAL_ADDRESS, "NCCL works on memory that was freed");
    if (collective.kind == ALL_GATHER) {
      for (int i = 0; i < c.group->world(); i++) c.group->read(i, to + i * bytes(), bytes());
    } else if (collective.kind == BROADCAST) {
      c.group->read(collective.root, to, bytes());
    } else {
      sum(c);
    }
    return SUCCESS;
  }

  template <class T, class Sum, class Read, class Write>
  void sumAs(Communicator& c, Read read, Write write) const {
    std::vector<T> part(collective.count);
    std::vector<Sum> total(collective.count);
    for (int rank = 0; rank < c.group->world(); rank++) {
      c.group->read(rank, part.data(), bytes());
      for (size_t i = 0; i < part.size(); i++) total[i] = rank ? total[i] + read(part[i]) : read(part[i]);
    }
    for (size_t i = 0; i < part.size(); i++) part[i] = write(total[i]);
    memcpy(to, part.data(), bytes());
  }

  void sum(Communicator& c) const {
    if (collective.type == F64) {
      sumAs<double, double>(c, [](double x) { return x; }, [](double x) { return x; });
    } else if (collective.type == F32) {
      sumAs<float, float>(c, [](float x) { return x; }, [](float x) { return x; });
    } else {
      sumAs<uint16_t, float>(c, fromBf16, toBf16);
    }
  }
};

int begin(const Call& call, void* handle, const Collective& collective, const void* from, void* to, void* stream) {
  if (call.status()) return call.status();
  const int fault = takeFault();
  Communicator* c = find(call, handle);
  if (!c) return INVALID_ARGUMENT;
  if (c->aborted || c->finalized) return refuse(call, INVALID_USAGE, "the communicator was ended");
  if (c->meeting || c->pending) {
    return refuse(call, INVALID_ARGUMENT, "the operation before is in progress: ncclCommGetAsyncError says when it is not");
  }
  if (c->error) return c->error;
  auto work = std::make_shared<Work>(Work{c, collective, (const char*) from, (char*) to, fault, nullptr});
  const size_t size = sizeOf(collective.type), bytes = work->bytes();
  if (!size || (collective.kind == ALL_REDUCE && (collective.op != 0 || (collective.type != F32 && collective.type != F64 && collective.type != BF16)))) {
    return refuse(call, INVALID_ARGUMENT, "no such type or operation in the stand-in");
  }
  if (collective.root < 0 || collective.root >= c->group->world()) return refuse(call, INVALID_ARGUMENT, "no such root");
  if (!collective.count || !isLive(from, bytes) || !isLive(to, work->written())) {
    return refuse(call, INVALID_ARGUMENT, "the elements are not all in an allocation");
  }
  if (deviceOf(from) != c->device || deviceOf(to) != c->device) {
    return refuse(call, INVALID_ARGUMENT, "the elements are in the memory of another device");
  }
  const char* inPlace = (char*) to + (collective.kind == ALL_GATHER ? c->group->rank() * bytes : 0);
  if (from != inPlace && (char*) from < (char*) to + work->written() && (char*) to < (char*) from + bytes) {
    return refuse(call, INVALID_ARGUMENT, "input and output overlap");
  }
  if (!isStream(stream)) return refuse(call, INVALID_ARGUMENT, "no such stream");
  c->stream = stream;
  c->polls = 0;
  // As a communicator that does not block: another thread enqueues, and says so later.
  c->pending = [=] {
    if (isCaptured(stream)) work->captured = c->captured;
    return enqueue(stream, [work] { return work->run(); }, {{to, work->written()}}, [work] { return work->isReady(); });
  };
  return IN_PROGRESS;
}

// Goes on with what is in progress; the first question finds it unfinished.
int goOn(Communicator& c) {
  if (c.error || c.hangs) return c.error ? c.error : c.meeting ? IN_PROGRESS : OK;
  const std::string trouble = c.group->trouble();
  if (!trouble.empty()) {
    fail(c, REMOTE_ERROR, trouble);
    return c.error;
  }
  if (c.meeting) {
    const int other = c.group->sharesDevice();
    if (other >= 0) {
      fail(c, INVALID_USAGE, "Duplicate GPU detected : rank " + std::to_string(c.group->rank()) + " and rank " + std::to_string(other));
      return c.error;
    }
    if (!c.group->meet()) return IN_PROGRESS;
    c.meeting = false;
    return OK;
  }
  if ((c.pending || c.finalized) && !c.polls++) return IN_PROGRESS;
  if (c.finalized) return !c.stream || advance(c.stream) ? OK : IN_PROGRESS;
  if (c.pending) {
    const auto enqueueIt = std::move(c.pending);
    c.pending = nullptr;
    if (enqueueIt()) fail(c, CUDA_ERROR, "the stream took nothing");
  }
  return c.error;
}

void forget(Communicator* c) {
  communicators.erase(c);
  state().live[NCCL_COMMUNICATOR]--;
  delete c;
}

void noteEnvironment() {
  std::string text;
  for (const char* name : {"NCCL_ALGO", "NCCL_PROTO", "NCCL_NVLS_ENABLE", "NCCL_SOCKET_IFNAME"}) {
    const char* value = getenv(name);
    if (value) text += std::string(name) + "=" + value + "\n";
  }
  state().ncclEnvironment = text;
}

}  // namespace

STANDIN_API int ncclGetVersion(int* version) {
  Call call(Library::NCCL, "ncclGetVersion");
  *version = VERSION;
  return OK;
}

STANDIN_API const char* ncclGetErrorString(int status) {
  switch (status) {
    case OK: return "no error";
    case CUDA_ERROR: return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
    case SYSTEM_ERROR: return "unhandled system error (run with NCCL_DEBUG=INFO for details)";
    case INTERNAL_ERROR: return "internal error - please report this issue to the NCCL developers";
    case INVALID_ARGUMENT: return "invalid argument (run with NCCL_DEBUG=WARN for details)";
    case INVALID_USAGE: return "invalid usage (run with NCCL_DEBUG=WARN for details)";
    case REMOTE_ERROR: return "remote process exited or there was a network error";
    case IN_PROGRESS: return "NCCL operation in progress";
    default: return "unknown result code";
  }
}

STANDIN_API const char* ncclGetLastError(void*) { return lastError.c_str(); }

STANDIN_API int ncclGetUniqueId(UniqueId* id) {
  Call call(Library::NCCL, "ncclGetUniqueId");
  if (call.status()) return call.status();
  const std::string name = Group::found();
  if (name.empty() || name.size() >= sizeof id->internal) return SYSTEM_ERROR;
  memset(id, 0, sizeof *id);
  memcpy(id->internal, name.data(), name.size());
  return OK;
}

STANDIN_API int ncclCommInitRankConfig(void** handle, int world, UniqueId id, int rank, const Config* config) {
  Call call(Library::NCCL, "ncclCommInitRankConfig");
  *handle = nullptr;
  if (call.status()) return call.status();
  const int fault = takeFault();
  if (!config || config->magic != MAGIC || config->size < sizeof(Config) || !config->version) {
    return refuse(call, INVALID_ARGUMENT, "the configuration was not initialized");
  }
  if (config->blocking != 0) return refuse(call, INVALID_USAGE, "the stand-in's communicators do not block");
  if (world < 1 || world > MOST_RANKS || rank < 0 || rank >= world) {
    return refuse(call, INVALID_ARGUMENT, "no such rank");
  }
  noteEnvironment();
  auto c = std::make_unique<Communicator>();
  std::string why;
  c->device = thisDevice();
  c->group = Group::join(std::string(id.internal, strnlen(id.internal, sizeof id.internal)), rank, world, c->device, &why);
  if (!c->group) {
    lastError = why;
    return why.find("answers") != std::string::npos ? SYSTEM_ERROR : INVALID_USAGE;
  }
  if (fault == IN_PROGRESS) c->hangs = true;
  if (fault && !c->hangs) fail(*c, fault, "an injected fault");
  *handle = c.get();
  communicators.insert(c.release());
  state().live[NCCL_COMMUNICATOR]++;
  return IN_PROGRESS;
}

STANDIN_API int ncclCommGetAsyncError(void* handle, int* error) {
  Call call(Library::NCCL, "ncclCommGetAsyncError");
  if (call.status()) return call.status();
  Communicator* c = find(call, handle);
  if (!c) return INVALID_ARGUMENT;
  *error = goOn(*c);
  return OK;
}

STANDIN_API int ncclAllReduce(const void* from, void* to, size_t count, int type, int op, void* handle, void* stream) {
  Call call(Library::NCCL, "ncclAllReduce");
  return begin(call, handle, {ALL_REDUCE, type, op, 0, count}, from, to, stream);
}

STANDIN_API int ncclBroadcast(const void* from, void* to, size_t count, int type, int root, void* handle, void* stream) {
  Call call(Library::NCCL, "ncclBroadcast");
  return begin(call, handle, {BROADCAST, type, 0, root, count}, from, to, stream);
}

STANDIN_API int ncclAllGather(const void* from, void* to, size_t count, int type, void* handle, void* stream) {
  Call call(Library::NCCL, "ncclAllGather");
  return begin(call, handle, {ALL_GATHER, type, 0, 0, count}, from, to, stream);
}

STANDIN_API int ncclCommFinalize(void* handle) {
  Call call(Library::NCCL, "ncclCommFinalize");
  if (call.status()) return call.status();
  Communicator* c = find(call, handle);
  if (!c) return INVALID_ARGUMENT;
  if (c->finalized || c->aborted) return refuse(call, INVALID_USAGE, "the communicator was ended");
  if (c->meeting || c->pending) return refuse(call, INVALID_ARGUMENT, "the operation before is in progress");
  c->finalized = true;
  c->polls = 0;
  return IN_PROGRESS;
}

// The real one waits until no graph is left that was captured with it.
STANDIN_API int ncclCommDestroy(void* handle) {
  Call call(Library::NCCL, "ncclCommDestroy");
  Communicator* c = find(call, handle);
  if (!c) return INVALID_ARGUMENT;
  if (c->captured.use_count() > 1) complain("ncclCommDestroy would wait for ever: a graph holds the communicator");
  if (!c->finalized) complain("ncclCommDestroy of a communicator that was not finalized");
  c->group->leave(Group::LEFT);
  forget(c);
  return call.status();
}

// Ends what hangs at once, and then waits for graphs, as the real one does.
STANDIN_API int ncclCommAbort(void* handle) {
  Call call(Library::NCCL, "ncclCommAbort");
  Communicator* c = find(call, handle);
  if (!c) return INVALID_ARGUMENT;
  c->aborted = true;
  c->group->leave(Group::ABORTED);
  while (c->captured.use_count() > 1) state().lock.yield();
  if (c->stream && isStream(c->stream)) {
    while (!advance(c->stream)) state().lock.yield();
  }
  forget(c);
  return call.status();
}
