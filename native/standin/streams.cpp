#include "streams.h"

#include <chrono>
#include <deque>
#include <memory>
#include <set>

#include "state.h"

using namespace standin;

namespace {

struct Stream {
  std::deque<std::function<int()>> operations;
  bool blocking;  // waits for, and is waited for by, the null stream
};

// One cudaEventRecord.
struct Record {
  Stream* stream;
  bool done;
  double milliseconds;
};

struct Event {
  std::shared_ptr<Record> last;
  bool asked;  // the first query before it ran answers "not ready"
};

Stream nullStream;
std::set<Stream*> streams;
std::set<Event*> events;

void runNext(Stream* stream) {
  State& s = state();
  std::function<int()> operation = std::move(stream->operations.front());
  stream->operations.pop_front();
  if (s.stickyError) return;
  const int error = operation();
  if (error && !s.stickyError) s.stickyError = error;
}

void run(Stream* stream) {
  while (!stream->operations.empty()) runNext(stream);
}

// Runs the null stream after every blocking one, as CUDA's legacy default stream does.
void runNullStream() {
  for (Stream* stream : streams) {
    if (stream->blocking) run(stream);
  }
  run(&nullStream);
}

Stream* find(void* handle) {
  if (!handle || handle == (void*) 1) return &nullStream;
  auto found = streams.find((Stream*) handle);
  return found == streams.end() ? nullptr : *found;
}

void wait(const std::shared_ptr<Record>& record) {
  while (!record->done && !record->stream->operations.empty()) runNext(record->stream);
}

double now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(since).count();
}

int badHandle(const Call& call) {
  return raise(INVALID_RESOURCE_HANDLE, "%s got a handle that is not alive", call.function());
}

int finished() {
  State& s = state();
  return s.stickyError ? s.lastError = s.stickyError : SUCCESS;
}

}  // namespace

namespace standin {

bool isStream(void* stream) { return find(stream) != nullptr; }

void enqueue(void* handle, std::function<int()> operation) {
  State& s = state();
  Stream* stream = find(handle);
  if (s.pendingFault) {
    const int error = s.pendingFault;
    s.pendingFault = 0;
    operation = [error] { return raise(error, "an injected fault"); };
  }
  if (stream == &nullStream) {
    for (Stream* other : streams) {
      if (other->blocking) run(other);
    }
  } else if (stream->blocking) {
    run(&nullStream);
  }
  stream->operations.push_back(std::move(operation));
  if (s.eager) run(stream);
}

int synchronize(void* handle) {
  Stream* stream = find(handle);
  if (stream == &nullStream) {
    runNullStream();
  } else {
    run(stream);
  }
  return finished();
}

void runAll() {
  if (state().reversed) {
    for (auto s = streams.rbegin(); s != streams.rend(); ++s) run(*s);
  } else {
    for (Stream* stream : streams) run(stream);
  }
  run(&nullStream);
}

}  // namespace standin

STANDIN_API int cudaStreamCreateWithFlags(void** stream, unsigned flags) {
  Call call(Library::CUDART, "cudaStreamCreateWithFlags");
  if (call.status()) return call.status();
  auto* created = new Stream{{}, (flags & 1) == 0};
  streams.insert(created);
  state().live[STREAM]++;
  *stream = created;
  return SUCCESS;
}

STANDIN_API int cudaStreamDestroy(void* handle) {
  Call call(Library::CUDART, "cudaStreamDestroy");
  auto found = streams.find((Stream*) handle);
  if (found == streams.end()) return badHandle(call);
  run(*found);
  delete *found;
  streams.erase(found);
  state().live[STREAM]--;
  return call.status();
}

STANDIN_API int cudaStreamSynchronize(void* handle) {
  Call call(Library::CUDART, "cudaStreamSynchronize");
  if (call.status()) return call.status();
  return find(handle) ? synchronize(handle) : badHandle(call);
}

STANDIN_API int cudaDeviceSynchronize() {
  Call call(Library::CUDART, "cudaDeviceSynchronize");
  if (call.status()) return call.status();
  runAll();
  return finished();
}

STANDIN_API int cudaStreamWaitEvent(void* handle, void* event, unsigned) {
  Call call(Library::CUDART, "cudaStreamWaitEvent");
  if (call.status()) return call.status();
  auto found = events.find((Event*) event);
  if (!find(handle) || found == events.end()) return badHandle(call);
  // Waiting for an event that was never recorded does nothing, as in CUDA.
  std::shared_ptr<Record> record = (*found)->last;
  if (record) {
    enqueue(handle, [record] {
      wait(record);
      return 0;
    });
  }
  return SUCCESS;
}

STANDIN_API int cudaEventCreateWithFlags(void** event, unsigned) {
  Call call(Library::CUDART, "cudaEventCreateWithFlags");
  if (call.status()) return call.status();
  auto* created = new Event{nullptr, false};
  events.insert(created);
  state().live[EVENT]++;
  *event = created;
  return SUCCESS;
}

STANDIN_API int cudaEventDestroy(void* event) {
  Call call(Library::CUDART, "cudaEventDestroy");
  auto found = events.find((Event*) event);
  if (found == events.end()) return badHandle(call);
  delete *found;
  events.erase(found);
  state().live[EVENT]--;
  return call.status();
}

STANDIN_API int cudaEventRecord(void* event, void* handle) {
  Call call(Library::CUDART, "cudaEventRecord");
  if (call.status()) return call.status();
  auto found = events.find((Event*) event);
  Stream* stream = find(handle);
  if (!stream || found == events.end()) return badHandle(call);
  auto record = std::make_shared<Record>(Record{stream, false, 0});
  (*found)->last = record;
  (*found)->asked = false;
  enqueue(handle, [record] {
    record->done = true;
    record->milliseconds = now();
    return 0;
  });
  return SUCCESS;
}

STANDIN_API int cudaEventQuery(void* event) {
  Call call(Library::CUDART, "cudaEventQuery");
  if (call.status()) return call.status();
  auto found = events.find((Event*) event);
  if (found == events.end()) return badHandle(call);
  if (!(*found)->last || (*found)->last->done) return finished();
  // The first query finds the work unfinished; a polling loop still ends.
  if (!(*found)->asked) {
    (*found)->asked = true;
    return NOT_READY;
  }
  wait((*found)->last);
  return finished();
}

STANDIN_API int cudaEventSynchronize(void* event) {
  Call call(Library::CUDART, "cudaEventSynchronize");
  if (call.status()) return call.status();
  auto found = events.find((Event*) event);
  if (found == events.end()) return badHandle(call);
  if ((*found)->last) wait((*found)->last);
  return finished();
}

STANDIN_API int cudaEventElapsedTime(float* milliseconds, void* from, void* to) {
  Call call(Library::CUDART, "cudaEventElapsedTime");
  if (call.status()) return call.status();
  auto first = events.find((Event*) from), second = events.find((Event*) to);
  if (first == events.end() || second == events.end()) return badHandle(call);
  if (!(*first)->last || !(*second)->last) return badHandle(call);
  if (!(*first)->last->done || !(*second)->last->done) return NOT_READY;
  *milliseconds = (float) ((*second)->last->milliseconds - (*first)->last->milliseconds);
  return SUCCESS;
}
